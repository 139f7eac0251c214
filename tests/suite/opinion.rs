//! A second opinion through the whole program: only when configured and told to, a suggestion and no
//! decision, and nothing is left of it when nobody waits any more.

use std::path::Path;

use mwtui::base::WorkflowId;
use mwtui::client::Client;
use mwtui::matching::{Question, Subject};
use serde_json::Value;

use crate::support::cli::{Said, say};
use crate::support::{Home, is_alive, until};

/// A home whose command is a script.
fn home(script: &str, more: &str) -> Home {
    let home = Home::new();
    let file = home.paths.config.join("ask.sh");
    std::fs::write(&file, script).expect("the script");
    let config = format!("[second_opinion]\ncommand = [\"sh\", \"ask.sh\"]\nname = \"ada\"\n{more}\n");
    std::fs::write(home.paths.config_file(), config).expect("the settings");
    home
}

const ANSWERS: &str =
    "cat > asked.json; echo asked >&2; echo '{\"id\": \"MW-002\", \"reason\": \"a single one is meant\"}'";

#[test]
fn match_asks_only_when_told_to_and_its_decision_stands() {
    let home = home(ANSWERS, "within = \"20s\"");
    let asked = home.paths.config.join("asked.json");
    let plain = say(&home, &["match", "add a tool"]);
    assert_eq!(plain.code, 5);
    assert!(!asked.exists(), "nobody was asked");
    assert!(plain.out.find("MW-002") < plain.out.find("MW-007"));

    let told = say(&home, &["match", "--second-opinion", "add a tool"]);
    assert_eq!(told.code, 5, "a suggestion is no decision: {told:?}");
    assert!(told.out.starts_with(&plain.out), "{told:?}");
    assert!(told.out.contains("ada suggests MW-002  New MCP Tool Development: a single one"), "{told:?}");
    let question: Value =
        serde_json::from_slice(&std::fs::read(&asked).expect("it was asked")).expect("one object");
    assert_eq!(question["phrase"], "add a tool");
    assert!(question["candidates"].as_array().is_some_and(|c| c.iter().any(|c| c["id"] == "MW-002")));
    let log = std::fs::read_dir(home.paths.logs()).expect("logs").flatten();
    let log: String = log.filter_map(|e| std::fs::read_to_string(e.path()).ok()).collect();
    assert!(
        log.contains("a second opinion remarks") && log.contains("\"line\":\"asked\""),
        "its remarks are in the log"
    );

    let json = say(&home, &["match", "--second-opinion", "--json", "add a tool"]).json();
    assert_eq!(json["decision"], "ambiguous");
    assert_eq!(json["second_opinion"]["by"], "ada");
    assert_eq!(json["second_opinion"]["id"], "MW-002");

    std::fs::remove_file(&asked).expect("removed");
    let sure = say(&home, &["match", "--second-opinion", "--json", "create a new tool category"]).ok().json();
    assert_eq!(sure["second_opinion"], Value::Null);
    assert!(!asked.exists(), "a sure decision asks nobody");
}

#[test]
fn what_goes_wrong_in_asking_is_one_sentence() {
    let fails = |script: &str, more: &str, told: &str| {
        let home = home(script, more);
        let said = say(&home, &["match", "--second-opinion", "add a tool"]);
        assert_eq!(said.code, 5, "{said:?}");
        assert_eq!(said.out.lines().last(), Some(told), "{said:?}");
        assert_eq!(said.err, "", "{said:?}");
        let json = say(&home, &["match", "--second-opinion", "--json", "add a tool"]).json();
        assert!(json["second_opinion"]["error"]["message"].is_string(), "{json}");
    };
    fails("exit 3", "", "ada gave no usable answer: it failed: exit 3");
    fails("sleep 600", "within = \"300ms\"", "ada gave no answer within 300 ms");
    fails(
        "echo hello",
        "",
        "ada gave no usable answer: it said something that is no JSON object: expected value at line 1 column 1",
    );
}

#[test]
fn without_settings_that_say_whom_to_ask_nobody_is_asked() {
    let home = Home::new();
    let said = say(&home, &["match", "--second-opinion", "add a tool"]);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(
        said.err.contains("No second opinion is configured") && said.err.contains("config.toml"),
        "{said:?}"
    );
    let away = "[second_opinion]\nembeddings = { url = \"http://192.0.2.7/api/embed\", model = \"m\" }\n";
    std::fs::write(home.paths.config_file(), away).expect("the settings");
    let said = say(&home, &["match", "--second-opinion", "add a tool"]);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("config.toml:2:22: `192.0.2.7` is not this machine"), "{said:?}");
    let plain = say(&home, &["match", "add a tool"]);
    assert_eq!(plain.code, 2, "settings that cannot be right are told, not passed over: {plain:?}");
    let alone = say(&home, &["match", "--workflows", ".", "add a tool"]);
    assert_eq!(alone.code, 5, "files judged by themselves need no settings: {alone:?}");
}

fn finding(said: &Said) -> &str {
    said.out.lines().find(|l| l.contains("second opinion")).expect("a finding")
}

#[test]
fn doctor_says_whether_one_is_configured_and_whether_it_answers() {
    let none = Home::new();
    let said = say(&none, &["doctor"]);
    assert!(finding(&said).contains("none is configured"), "{said:?}");
    let answers = home("cat >/dev/null; echo '{\"id\": null, \"reason\": \"nobody\"}'", "within = \"20s\"");
    let said = say(&answers, &["doctor"]);
    assert_eq!(finding(&said), "✓ second opinion: ada answers");
    let broken = home("exit 1", "");
    let said = say(&broken, &["doctor"]);
    assert_eq!(said.code, 1);
    assert!(
        finding(&said).contains("✗ second opinion: ada gave no usable answer; it failed: exit 1"),
        "{said:?}"
    );
    std::fs::write(broken.paths.config_file(), "[second_opinion]\ncomand = []\n").expect("the settings");
    let said = say(&broken, &["doctor"]);
    assert!(finding(&said).contains("config.toml:2:1: `second_opinion` has no setting `comand`"), "{said:?}");
}

fn question() -> Question {
    let subject = Subject {
        id: WorkflowId::new("MW-001"),
        name: "One".to_owned(),
        scope: String::new(),
        trigger_phrases: vec!["do it".to_owned()],
        examples: Vec::new(),
    };
    Question { phrase: "what is it".to_owned(), candidates: vec![subject] }
}

/// Ignores TERM, as does its child, and writes down both numbers.
const STUBBORN: &str = "trap '' TERM; sleep 600 & echo $$ $! > pids.new; mv pids.new pids; wait; wait";

/// The numbers that the script has written, once it has; the file is taken away.
async fn pids(file: &Path) -> Vec<u32> {
    let pids = until("the command runs", async || std::fs::read_to_string(file).ok()).await;
    std::fs::remove_file(file).expect("removed");
    pids.split_whitespace().map(|pid| pid.parse().expect("a number")).collect()
}

async fn gone(pids: &[u32]) {
    assert_eq!(pids.len(), 2);
    until("nothing is left", async || (!pids.iter().any(|pid| is_alive(*pid))).then_some(())).await;
}

fn asking(
    client: &Client,
    number: u64,
) -> tokio::task::JoinHandle<mwtui::base::Result<mwtui::matching::Opinion>> {
    let client = client.clone();
    tokio::spawn(async move { client.opinion(number, question()).await })
}

#[tokio::test]
async fn who_waits_no_longer_leaves_nothing_behind() {
    let home = home(STUBBORN, "within = \"60s\"");
    let file = home.paths.config.join("pids");
    let client = home.client().await;

    let first = asking(&client, 1);
    let running = pids(&file).await;
    client.cancel_opinion(7).await.expect("another question's number changes nothing");
    assert!(running.iter().all(|pid| is_alive(*pid)));
    client.cancel_opinion(1).await.expect("cancelled");
    let error = first.await.expect("no panic").expect_err("cancelled");
    assert!(error.message.contains("no longer waited for"), "{error:?}");
    gone(&running).await;

    let second = asking(&client, 2);
    let running = pids(&file).await;
    let third = asking(&client, 3);
    assert!(second.await.expect("no panic").is_err(), "the next question ends the one before");
    gone(&running).await;

    let running = pids(&file).await;
    third.abort();
    assert!(third.await.is_err(), "nobody holds the connection any more");
    drop(client);
    gone(&running).await;
}

#[tokio::test]
async fn an_engine_that_ends_takes_it_along() {
    let home = home(STUBBORN, "within = \"60s\"");
    let client = home.client().await;
    let asked = asking(&client, 1);
    let running = pids(&home.paths.config.join("pids")).await;
    say(&home, &["engine", "stop"]).ok();
    assert!(asked.await.expect("no panic").is_err());
    gone(&running).await;
}
