//! Why a candidate is one, in words: the matcher's short reason as a sentence that people read in passing.

/// `said: deploy MCP changes; typo: chnages→changes` → `one of its phrases: “deploy MCP changes”; chnages was read as
/// changes`. What is not known here is told as it stands.
pub fn in_words(reason: &str) -> String {
    let parts = reason.split("; ").map(|part| match part.split_once(": ") {
        Some(("said", text)) => format!("one of its phrases: “{text}”"),
        Some(("name", text)) => format!("you named it: “{text}”"),
        Some(("scope", text)) => format!("it is for this: “{text}”"),
        Some(("id", _)) => "you gave its id".to_owned(),
        Some(("shares", words)) => {
            let several = if words.contains(", ") { "the words" } else { "the word" };
            format!("you share {several} {words}")
        }
        Some(("letters", letters)) => format!("its name holds the letters {letters}"),
        Some(("typo", pairs)) => told(pairs, "was read as"),
        Some(("begins", pairs)) => told(pairs, "may become"),
        Some(("like", pairs)) => told(pairs, "is like"),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("; ")
}

/// `a→b, c→d` → `a is like b, c is like d`.
fn told(pairs: &str, between: &str) -> String {
    let pairs = pairs.split(", ").map(|pair| match pair.split_once('→') {
        Some((one, other)) => format!("{one} {between} {other}"),
        None => pair.to_owned(),
    });
    pairs.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_sentences() {
        assert_eq!(
            in_words("said: deploy MCP changes; typo: chnages→changes"),
            "one of its phrases: “deploy MCP changes”; chnages was read as changes"
        );
        assert_eq!(in_words("shares: mcp"), "you share the word mcp");
        assert_eq!(in_words("shares: mcp, tool"), "you share the words mcp, tool");
        assert_eq!(
            in_words("like: k8s→kubernetes, db→database"),
            "k8s is like kubernetes, db is like database"
        );
        assert_eq!(in_words("begins: dep→deploy"), "dep may become deploy");
        assert_eq!(in_words("id: MW-004"), "you gave its id");
        for other in ["", "something new: altogether", "shares only common words"] {
            assert_eq!(in_words(other), other);
        }
    }
}
