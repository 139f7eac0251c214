//! A light English stemmer: what is left of `deploys`, `deployed`, `deploying`, `deployment` is
//! one and the same. It need not give words that exist, only the same one for the same thing.

/// The stem of a folded word. Words of other scripts, and short ones, come back as they are.
pub fn stem(word: &str) -> String {
    if word.len() <= 3 || !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return word.to_owned();
    }
    let mut stem = without_plural(word);
    drop_end(&mut stem, "ly", |rest| rest.len() >= 4);
    stem = without_ending(stem);
    drop_end(&mut stem, "ion", |rest| rest.len() >= 4 && rest.ends_with(['s', 't']));
    drop_end(&mut stem, "e", |rest| rest.len() >= 3);
    drop_end(&mut stem, "at", |rest| rest.len() >= 6);
    drop_end(&mut stem, "ment", |rest| rest.len() >= 4);
    drop_end(&mut stem, "ness", |rest| rest.len() >= 4);
    undouble(&mut stem);
    stem
}

/// Drops an ending where what is left can stand.
fn drop_end(stem: &mut String, end: &str, stands: impl Fn(&str) -> bool) {
    if let Some(length) = stem.strip_suffix(end).filter(|rest| stands(rest)).map(str::len) {
        stem.truncate(length);
    }
}

fn without_plural(word: &str) -> String {
    if let Some(rest) = word.strip_suffix("ies").filter(|r| r.len() >= 2) {
        return format!("{rest}y");
    }
    let sibilant = ["sses", "ches", "shes", "xes", "zes"].iter().any(|s| word.ends_with(s));
    if sibilant && let Some(rest) = word.strip_suffix("es") {
        return rest.to_owned();
    }
    if word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") {
        return word.to_owned();
    }
    word.strip_suffix('s').unwrap_or(word).to_owned()
}

fn without_ending(word: String) -> String {
    if let Some(rest) = word.strip_suffix("ied").filter(|r| r.len() >= 2) {
        return format!("{rest}y");
    }
    if word.ends_with("eed") {
        return word;
    }
    for suffix in ["ing", "ed"] {
        if let Some(rest) = word.strip_suffix(suffix)
            && rest.len() >= 3
            && rest.contains(['a', 'e', 'i', 'o', 'u', 'y'])
        {
            return rest.to_owned();
        }
    }
    word
}

/// `debugg` and `install` both lose one: only that they agree with `debug` and `instal` counts.
fn undouble(stem: &mut String) {
    let bytes = stem.as_bytes();
    if let [.., before, last] = bytes
        && before == last
        && bytes.len() >= 4
        && !b"aeiou".contains(last)
    {
        stem.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_word_meet() {
        for family in [
            &["deploy", "deploys", "deployed", "deploying", "deployment", "deployments"][..],
            &["create", "creates", "created", "creating", "creation"],
            &["debug", "debugs", "debugging", "debugged"],
            &["verify", "verifies", "verified", "verifying"],
            &["migrate", "migration", "migrations", "migrating"],
            &["install", "installed", "installation", "installing"],
            &["configure", "configuration", "configured"],
            &["document", "documentation", "documents", "documenting"],
            &["release", "releases", "releasing"],
            &["patch", "patches", "patching", "patched"],
            &["category", "categories"],
        ] {
            for word in family {
                assert_eq!(stem(word), stem(family[0]), "{word} and {}", family[0]);
            }
        }
    }

    #[test]
    fn different_words_stay_apart() {
        for (a, b) in
            [("server", "serve"), ("user", "use"), ("need", "ne"), ("status", "state"), ("test", "tenant")]
        {
            assert_ne!(stem(a), stem(b), "{a} and {b}");
        }
    }

    #[test]
    fn short_words_and_other_scripts_are_left_alone() {
        for word in ["dns", "aws", "k8s", "日本語です", "ünïs", "", "v1x"] {
            assert_eq!(stem(word), word);
        }
    }
}
