use super::*;
use crate::config::tree;

fn read(file: &str, text: &str) -> Result<Option<SecondOpinion>> {
    super::read(tree::from_file(file, text)?.get(TABLE))
}

fn wrong(text: &str) -> (String, Option<String>) {
    let error = read("config.toml", text).expect_err("refused");
    (error.message, error.hint)
}

#[test]
fn a_command_and_an_endpoint_are_read_however_the_table_is_written() {
    let command = read("c", "[second_opinion]\ncommand = [\"/opt/ask\", \"--one\"]\n");
    let command = command.expect("reads").expect("is there");
    assert_eq!(command.name, "ask");
    assert_eq!(command.within, Millis(2_000));
    assert_eq!(command.asks, Asks::Command(vec!["/opt/ask".into(), "--one".into()]));
    let inline = "second_opinion = { embeddings = { url = \"http://[::1]:8080/v1/embeddings\", model = \"m\" }, name = \"Ada\", within = \"500ms\" }";
    let inline = read("c", inline).expect("reads").expect("is there");
    assert_eq!((inline.name.as_str(), inline.within), ("Ada", Millis(500)));
    let Asks::Embeddings { url, .. } = inline.asks else { panic!("embeddings") };
    assert_eq!((url.authority(), url.path()), ("[::1]:8080", "/v1/embeddings"));
    let dotted = "second_opinion.command = ['a']";
    assert!(read("c", dotted).expect("reads").is_some());
    assert_eq!(read("c", "theme = \"dark\"").expect("reads"), None);
}

#[test]
fn errors_name_the_place_inside_the_table() {
    let (told, hint) = wrong("theme = \"dark\"\n[second_opinion]\ncomand = [\"a\"]\n");
    assert_eq!(told, "config.toml:3:1: `second_opinion` has no setting `comand`");
    assert_eq!(hint.as_deref(), Some("Did you mean `command`?"));
    let (told, _) = wrong("[second_opinion]\nembeddings = { url = \"http://[::1]/e\", modell = \"m\" }\n");
    assert!(told.starts_with("config.toml:2:40: `embeddings` has no setting `modell`"), "{told}");
    let (told, _) = wrong("[second_opinion]\ncommand = [\"a\", 1]\n");
    assert!(told.starts_with("config.toml:2:17: this is no word of a command"), "{told}");
    for (text, place, part) in [
        ("second_opinion = 1", "1:18", "is a table"),
        ("[second_opinion]\n", "1:2", "needs somebody to ask"),
        ("[second_opinion]\ncommand = \"a b\"", "2:11", "is a list"),
        ("[second_opinion]\ncommand = []", "2:11", "is a list"),
        ("[second_opinion]\ncommand = [\"\"]", "2:12", "no word of a command"),
        ("[second_opinion]\ncommand = [\"a\"]\nwithin = \"2h\"", "3:10", "from 100 ms to 1 m"),
        ("[second_opinion]\ncommand = [\"a\"]\nwithin = 2", "3:10", "from 100 ms to 1 m"),
        ("[second_opinion]\ncommand = [\"a\"]\nname = \" \"", "3:8", "not empty"),
        ("[second_opinion]\nembeddings = { model = \"m\" }", "2:14", "lacks `url`"),
        ("[second_opinion.embeddings]\nurl = \"http://[::1]/e\"", "1:1", "lacks `model`"),
        (
            "[second_opinion]\ncommand = [\"a\"]\nembeddings = { url = \"http://[::1]/e\", model = \"m\" }",
            "3:14",
            "not of both",
        ),
    ] {
        let (told, _) = wrong(text);
        assert!(told.starts_with(&format!("config.toml:{place}: ")) && told.contains(part), "{told}");
    }
}

#[test]
fn only_this_machine_is_asked_for_embeddings() {
    for good in [
        "http://127.0.0.1:11434/api/embed",
        "http://127.8.9.10/v1/embeddings",
        "http://localhost:8080/v1/embeddings",
        "http://[::1]/v1/embeddings",
    ] {
        let parsed = Loopback::parse(good).expect(good);
        assert!(!parsed.addresses().is_empty() && parsed.addresses().iter().all(|a| a.ip().is_loopback()));
    }
    for elsewhere in [
        "http://10.0.0.3:11434/api/embed",
        "http://0.0.0.0:11434/api/embed",
        "http://example.org/v1/embeddings",
        "http://localhost.example.org/v1/embeddings",
        "http://[::ffff:127.0.0.1]/v1/embeddings",
        "http://2130706433/v1/embeddings",
        "http:///v1/embeddings",
    ] {
        let (what, hint) = Loopback::parse(elsewhere).expect_err(elsewhere);
        assert!(what.contains("is not this machine") && hint.contains("command"), "{what}");
    }
    for broken in [
        "https://127.0.0.1/api/embed",
        "127.0.0.1:11434/api/embed",
        "http://127.0.0.1:11434",
        "http://127.0.0.1:11434/",
        "http://127.0.0.1:0/api/embed",
        "http://127.0.0.1:x/api/embed",
        "http://127.0.0.1@example.org/api/embed",
        "http://127.0.0.1/api\r\nHost: x",
        "http://127.0.0.1\\@example.org/x",
    ] {
        let (what, _) = Loopback::parse(broken).expect_err(broken);
        assert!(!what.contains("is not this machine"), "{what}");
    }
    let (told, hint) = wrong(
        "[second_opinion]\nembeddings = { url = \"http://models.example.org/v1/embeddings\", model = \"m\" }",
    );
    assert!(told.starts_with("config.toml:2:22: `models.example.org` is not this machine"), "{told}");
    assert!(hint.is_some_and(|h| h.contains("configure a command")));
}
