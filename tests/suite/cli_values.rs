//! Values in the phrase, by the command line: what is found fills the inputs, is told, and is confirmed by a
//! person before anything starts.

use serde_json::{Value, json};

use crate::support::Home;
use crate::support::cli::{Said, say, say_with};
use crate::support::terminal::Terminal;

const KEYS: &str = "\
examples: [deploy checkout to prod, deploy checkout somewhere, deploy checkout to prod or staging]
inputs:
  service: { prompt: Which service? }
  environment: { prompt: Where to?, options: [staging, production] }";
const STEPS: &str = r#"  - id: go
    title: Roll it out
    run: 'echo "$SERVICE goes to $WHERE"'
    env: { SERVICE: "${{ inputs.service }}", WHERE: "${{ inputs.environment }}" }"#;

fn home() -> Home {
    let home = Home::new();
    home.workflow_with("deploy", KEYS, STEPS);
    home
}

/// What was found of each input.
fn found(said: &Said) -> Value {
    let json = said.json();
    let all = json["values"].as_array().expect("values").iter();
    all.map(|v| (v["name"].as_str().expect("a name").to_owned(), v["value"].clone())).collect()
}

#[test]
fn match_tells_what_the_phrase_says_of_the_inputs() {
    let home = home();
    let matched = say(&home, &["match", "deploy checkout to prod", "--json"]).ok();
    let expected = json!([
        { "name": "environment", "value": "production", "start": 19, "end": 23, "how": "abbreviation" },
    ]);
    assert_eq!(matched.json()["values"], expected);
    let told = say(&home, &["match", "deploy checkout to prod"]).ok();
    assert!(told.out.contains("environment = production, from your phrase: “prod”"), "{told:?}");
    let open = say(&home, &["match", "deploy checkout to prod or staging", "--json"]).ok();
    assert_eq!(found(&open), json!({}));

    let batch = "deploy checkout to prod\ndeploy checkout somewhere\nwater the plants on the balcony\n";
    let lines = say_with(&home, &["match", "--batch", "--json"], batch).ok().lines();
    let counts: Vec<usize> = lines.iter().map(|l| l["values"].as_array().map_or(9, Vec::len)).collect();
    assert_eq!(counts, [1, 0, 0]);
}

#[test]
fn names_of_earlier_runs_are_found_and_change_no_decision() {
    let home = home();
    let before = say(&home, &["match", "deploy checkout to prod", "--json"]).ok();
    let inputs = ["--input", "service=checkout", "--input", "environment=staging"];
    say(&home, &[&["run", "deploy", "--no-input"][..], &inputs[..]].concat()).ok();
    let after = say(&home, &["match", "deploy checkout to prod", "--json"]).ok();
    assert_eq!(found(&after), json!({ "service": "checkout", "environment": "production" }));
    assert_eq!(after.json()["decision"], before.json()["decision"]);
    assert_eq!(after.json()["candidates"], before.json()["candidates"]);
    // Without an engine none is started to look for names.
    say(&home, &["engine", "stop"]).ok();
    let alone = say(&home, &["match", "--no-learned", "deploy checkout to prod", "--json"]).ok();
    assert_eq!(found(&alone), json!({ "environment": "production" }));
    assert!(home.engines().is_empty());
}

#[test]
fn a_run_takes_what_the_phrase_says_once_it_is_confirmed() {
    let home = home();
    let phrase = ["run", "deploy checkout to prod"];
    let mut terminal = Terminal::open(&home, &phrase, 100, 24);
    terminal
        .shows("production")
        .shows(", from your phrase: “prod”")
        .shows("Which service?")
        .types("checkout\r");
    terminal.shows("input").shows("checkout").shows("production").shows(", from your phrase: “prod”");
    terminal.shows("start").types("\r").shows("checkout goes to production").shows("completed");
    assert_eq!(terminal.exit(), 0);

    // Now the service is known; what is given goes before what is said.
    let given = [&phrase[..], &["--input", "environment=staging"][..]].concat();
    let mut terminal = Terminal::open(&home, &given, 100, 24);
    terminal.shows("service").shows("checkout").shows(", from your phrase").shows("staging").shows("start");
    terminal.types("\r").shows("checkout goes to staging").shows("completed");
    assert_eq!(terminal.exit(), 0);
}

#[test]
fn without_a_person_a_phrase_fills_a_dry_run_alone() {
    let home = home();
    let dry = ["run", "deploy checkout to prod", "--input", "service=cart", "--dry-run"];
    let planned = say(&home, &[&dry[..], &["--json"][..]].concat()).ok().json();
    assert_eq!(planned["inputs"], json!({ "service": "cart", "environment": "production" }));
    assert_eq!(planned["from_phrase"][0]["name"], "environment");
    assert_eq!(planned["steps"][0]["work"]["env"]["WHERE"], "production");
    let told = say(&home, &dry).ok();
    assert!(told.out.contains("environment = production, from your phrase: “prod”"), "{told:?}");

    let refused = say(&home, &["run", "deploy checkout to prod", "--no-input"]);
    assert_eq!(refused.code, 5, "{refused:?}");
    let command = "mwtui run deploy --phrase 'deploy checkout to prod' --input environment=production";
    assert!(refused.err.contains(command), "{refused:?}");
    // Nobody would see what was read out of it.
    let missing = say(&home, &["run", "deploy", "--phrase", "deploy checkout to prod", "--no-input"]);
    assert_eq!(missing.code, 2, "{missing:?}");
    assert!(missing.err.contains("environment is missing"), "{missing:?}");
}
