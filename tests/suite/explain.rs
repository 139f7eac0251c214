//! How a decision came about, and what may be set of it, by the command line: `match --explain`, `--caution`,
//! `match words`, and `[matching]` of config.toml.

use mwtui::matching::FEATURES;
use serde_json::Value;

use crate::support::Home;
use crate::support::cli::{say, say_with};

fn configured(text: &str) -> Home {
    let home = Home::new();
    std::fs::create_dir_all(&home.paths.config).expect("a folder");
    std::fs::write(home.paths.config_file(), text).expect("written");
    home
}

fn decision(home: &Home, words: &[&str]) -> String {
    let said = say(home, &[&["match", "--json"], words].concat());
    said.json()["decision"].as_str().expect("a decision").to_owned()
}

fn is_number(value: &Value) -> bool {
    value.as_f64().is_some_and(f64::is_finite)
}

#[test]
fn everything_behind_a_decision_is_told() {
    let home = Home::new();
    let told = say(&home, &["match", "--explain", "delpoy", "the", "mcp", "changes"]).ok().out;
    for part in [
        "MW-004  Deploy MCP Changes",
        "text     Deploy MCP changes",
        "why      said: Deploy MCP changes; typo: delpoy→deploy",
        "met      delpoy   deploy   typo",
        "         changes  changes  same",
        "how likely no workflow is meant",
        "doubt      ",
        "signs      none",
        "of 100 of that is in words nobody knows",
    ] {
        assert!(told.contains(part), "{part:?} is missing:\n{told}");
    }
    for name in FEATURES {
        assert!(told.contains(name), "{name}: {told}");
    }
    let told = say(&home, &["match", "--explain", "we don't want to deploy the mcp changes yet"]).out;
    assert!(told.contains("signs      sounds like a refusal"), "{told}");
    assert!(told.contains("elsewhere   0."), "{told}");
}

#[test]
fn programs_get_all_of_it_and_what_the_weights_are_fitted_on() {
    let home = Home::new();
    let alone = say(&home, &["match", "--json", "--explain", "Add a tool"]).json();
    let lines =
        say_with(&home, &["match", "--batch", "--json", "--explain"], "Add a tool\nhelp\n\n").ok().lines();
    assert_eq!(lines.len(), 3);
    assert_eq!((&lines[0]["explain"], &lines[0]["measured"]), (&alone["explain"], &alone["measured"]));
    assert_eq!(alone["candidates"].as_array().map(Vec::len), Some(2), "what is asked stays what it was");
    for line in &lines {
        let (explain, measured) = (&line["explain"], &line["measured"]);
        assert!(is_number(&explain["none"]) && explain["signs"]["refuses"].is_boolean(), "{explain}");
        let phrase = &measured["phrase"];
        assert!(
            ["unknown", "weight", "sentences", "workflows", "covered"].iter().all(|n| is_number(&phrase[n])),
            "{phrase}"
        );
        let shape = ["told_apart", "ahead", "together", "crowded"];
        assert!(shape.iter().all(|n| is_number(&phrase["shape"][n])), "{phrase}");
        assert_eq!(phrase["elsewhere"].as_array().map(Vec::len), Some(2), "{phrase}");
        assert!(phrase["signs"]["asks_past"].is_boolean() && phrase["signs"]["asks_to_know"].is_boolean());
        for one in measured["candidates"].as_array().expect("a list") {
            let features = one["features"].as_array().expect("numbers");
            assert!(features.len() == FEATURES.len() && features.iter().all(is_number), "{one}");
            assert!(one["id"].is_string() && one["opposed"].is_boolean());
        }
    }
    let first = &alone["explain"]["candidates"][0];
    let names: Vec<&str> =
        first["features"].as_object().expect("by name").keys().map(String::as_str).collect();
    assert_eq!(names, FEATURES);
    assert_eq!(first["met"][0]["how"], "same", "{first}");
    assert!(alone["explain"]["doubt"].is_string());
    let plain = say(&home, &["match", "--json", "Add a tool"]).json();
    assert!(plain.get("explain").is_none() && plain.get("measured").is_none());
}

#[test]
fn config_toml_says_which_words_mean_the_same() {
    let said = "zorp the quux changes";
    assert_eq!(decision(&Home::new(), &[said]), "none");
    let home = configured("[matching]\nwords = [\"= zorp deploy\", \"= quux mcp\"]\n");
    assert_eq!(decision(&home, &[said]), "match");
    let met = say(&home, &["match", "--explain", said]).ok().out;
    assert!(met.contains("zorp") && met.contains("abbreviation"), "{met}");
    let known = say(&home, &["match", "words", "Zorp"]).ok().out;
    assert!(known.contains("the same, written differently: zorp deploy  config.toml"), "{known}");

    // The files of a folder are judged by themselves.
    let bank = concat!(env!("CARGO_MANIFEST_DIR"), "/workflows");
    assert_eq!(decision(&home, &["--workflows", bank, said]), "none");
}

#[test]
fn caution_decides_between_a_guess_and_a_question() {
    let home = Home::new();
    let batch = |words: &[&str]| {
        let phrases =
            "delpoy the mcp\ncreate something for flux\nbuild a tool\ncheck the tools\nupdate zed\nwrap up\n";
        let lines = say_with(&home, &[&["match", "--batch", "--json"], words].concat(), phrases).ok().lines();
        lines.iter().filter(|l| l["decision"] == "match").count()
    };
    let (bold, usual, careful) = (batch(&["--caution", "1"]), batch(&[]), batch(&["--caution", "20"]));
    assert!(bold >= usual && usual > careful, "{bold}, {usual}, {careful}");
    let bank = concat!(env!("CARGO_MANIFEST_DIR"), "/workflows");
    assert_eq!(batch(&["--workflows", bank, "--caution", "20"]), careful);

    std::fs::create_dir_all(&home.paths.config).expect("a folder");
    std::fs::write(home.paths.config_file(), "[matching]\ncaution = 20\n").expect("written");
    assert_eq!(batch(&[]), careful);
    assert_eq!(batch(&["--caution", "1"]), bold, "what is asked for goes before what is set");
    assert_eq!(batch(&["--workflows", bank]), usual);

    for wrong in ["0", "21", "nan", "much"] {
        let said = say(&home, &["match", "--caution", wrong, "deploy"]);
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.err.contains("it is a number from 1 to 20"), "{said:?}");
    }
}

#[test]
fn the_table_of_words_can_be_read() {
    let home = Home::new();
    let known = say(&home, &["match", "words", "k8s"]).ok().out;
    assert!(known.contains("the same, written differently: k8s kubernetes"), "{known}");
    let all = say(&home, &["match", "words"]).ok().out;
    assert!(all.lines().count() > 300 && all.contains("= k8s kubernetes"), "{}", all.lines().count());
    let json = say(&home, &["match", "words", "rollback", "--json"]).ok().json();
    let apart: Vec<&str> =
        json["words"].as_array().expect("a list").iter().filter_map(|w| w["word"].as_str()).collect();
    assert_eq!(apart, ["roll", "back"]);
    assert!(
        say(&home, &["match", "words", "rollback"]).ok().out.contains("is compared as 2 words: roll, back")
    );
    assert!(say(&home, &["match", "words", "xyzzy"]).ok().out.contains("xyzzy stands in no entry"));
    assert_eq!(say(&home, &["match", "words", "--caution", "3", "k8s"]).code, 2);
    let phrase = say(&home, &["match", "--json", "words", "are", "cheap"]).json();
    assert_eq!(phrase["phrase"], "words are cheap");

    let without = configured("[matching]\nsynonyms = false\n");
    assert_eq!(say(&without, &["match", "words"]).ok().out, "");
}

#[test]
fn settings_that_do_not_read_say_where() {
    for (text, told) in [
        ("[matching]\nwords = [\"gtm gotomarket\"]\n", "config.toml:2:10: `gtm` is no mark of an entry"),
        (
            "[matching]\nwords = [\"~ undo rollback\"]\n",
            "config.toml:2:10: `rollback` is not compared as one word",
        ),
        ("[matching]\ncaution = 0.1\n", "config.toml:2:11: `caution` is a number from 1 to 20"),
    ] {
        let home = configured(text);
        for words in [&["match", "deploy"][..], &["match", "words"], &["run", "deploy", "it", "--dry-run"]] {
            let said = say(&home, words);
            assert!(said.code == 2 && said.err.contains(told), "{words:?}: {said:?}");
        }
    }
}
