//! What is learned from phrases, through the whole program: a choice leads next time, in every console
//! and on the command line; it is forgotten, survives renaming, and is never an assistant's.

use mwtui::base::{ErrorKind, WorkflowId};
use mwtui::matching::Chosen;
use mwtui::protocol::ClientKind;
use serde_json::Value;

use crate::support::Home;
use crate::support::cli::{say, say_with};
use crate::support::terminal::Terminal;

const CTRL_C: &str = "\x03";
const ALT_L: &str = "\x1bl";
const ONE_STEP: &str = "  - id: look\n    title: Look at it\n    actions: [Open it]\n";

/// Decision, first candidate, and whether that was learned.
fn matched(home: &Home, words: &[&str]) -> (String, String, bool) {
    let said = say(home, &[&["match", "--json"], words].concat()).json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let first = &said["candidates"][0];
    (text(&said["decision"]), text(&first["id"]), first["learned"] == true)
}

fn learned(home: &Home) -> Vec<Value> {
    say(home, &["match", "learned", "--json"]).ok().json()["learned"].as_array().expect("a list").clone()
}

#[test]
fn an_answer_at_the_prompt_leads_next_time_until_it_is_forgotten() {
    let home = Home::new();
    home.plain_bank();
    assert_eq!(matched(&home, &["add", "a", "tool"]).0, "ambiguous");
    assert!(home.engines().is_empty(), "nothing has been taught yet, so nobody need be asked");

    // Leaving the question, or the card behind it, teaches nothing.
    let mut left = Terminal::open(&home, &["run", "add", "a", "tool"], 100, 24);
    left.shows("none of these").types("q\r");
    assert_eq!(left.exit(), 5);
    let mut left = Terminal::open(&home, &["run", "add", "a", "tool"], 100, 24);
    left.shows("none of these").types("2\r").shows("not this").types("q\r").shows("Nothing was started");
    assert_eq!(left.exit(), 0);
    assert_eq!(learned(&home), [] as [Value; 0]);

    let mut run = Terminal::open(&home, &["run", "add", "a", "tool"], 100, 24);
    run.shows("none of these").types("2\r").shows("not this").types("\r").shows("› ").types("q\r");
    run.exit();
    let led = ("match".to_owned(), "MW-007".to_owned(), true);
    assert_eq!(matched(&home, &["Add a tool!"]), led);
    assert!(say(&home, &["match", "add a tool"]).ok().out.contains("you chose it before"));
    let batch = say_with(&home, &["match", "--batch", "--json"], "add a tool\n").ok();
    assert_eq!(batch.lines()[0]["candidates"][0]["learned"], true);
    assert_eq!(matched(&home, &["--no-learned", "add a tool"]).0, "ambiguous");

    // Said again, it asks no more; the start confirms it.
    let mut again = Terminal::open(&home, &["run", "add", "a", "tool"], 100, 24);
    again.shows("MW-007").shows("Enter").types("\r").shows("› ").types("q\r");
    again.exit();
    let [lesson] = &learned(&home)[..] else { panic!("one lesson") };
    assert_eq!((&lesson["times"], &lesson["standing"]), (&2.into(), &"counts".into()), "{lesson}");

    assert_eq!(say(&home, &["match", "forget", "ADD a tool"]).code, 0);
    assert_eq!(matched(&home, &["add", "a", "tool"]).0, "ambiguous");
    assert_eq!(say(&home, &["match", "forget", "add a tool"]).code, 3, "it is forgotten already");
}

#[test]
fn what_fits_nothing_is_remembered_at_the_prompt() {
    let home = Home::new();
    let mut none = Terminal::open(&home, &["run", "bake", "a", "chocolate", "cake"], 100, 24);
    none.shows("means no workflow");
    assert_eq!(none.exit(), 5);
    say(&home, &["run", "paint", "the", "garden", "fence"]);
    let missed = say(&home, &["match", "missed", "--json"]).ok().json();
    let phrases: Vec<&Value> =
        missed["missed"].as_array().expect("a list").iter().map(|m| &m["phrase"]).collect();
    assert_eq!(phrases, ["bake a chocolate cake"], "a script's phrases are nobody's wishes");
    say(&home, &["match", "forget", "--all"]).ok();
    assert!(say(&home, &["match", "missed"]).ok().out.contains("Every phrase has fitted"));
}

#[test]
fn words_that_begin_like_a_command_are_phrases_still() {
    let home = Home::new();
    home.workflow_with(
        "lessons",
        "examples: [learned something today, forget it all, missed the train]\n",
        ONE_STEP,
    );
    for words in [
        &["learned something today"][..],
        &["learned", "something", "today"],
        &["--", "learned", "something", "today"],
        &["missed", "the", "train"],
        &["forget it all"],
        &["--", "forget", "it", "all"],
    ] {
        assert_eq!(matched(&home, words).1, "lessons", "{words:?}");
    }
    let mixed = say(&home, &["match", "--no-learned", "learned"]);
    assert_eq!(mixed.code, 2, "{mixed:?}");
    assert!(mixed.err.contains("`--`"), "{mixed:?}");
}

#[test]
fn two_consoles_share_what_one_of_them_learned() {
    let home = Home::new();
    home.plain_bank();
    let mut one = Terminal::open(&home, &[], 100, 30);
    let mut two = Terminal::open(&home, &[], 100, 30);
    one.has("The bank: ").types("add a tool").has("could be meant").types("\r").has("Which one do you mean?");
    two.has("The bank: ").types("add a tool").has("could be meant");
    one.types("2").has("Why this one").types("\r").has("waiting for you");
    two.has("you chose it before").has_no("could be meant");
    assert_eq!(matched(&home, &["add a tool"]), ("match".to_owned(), "MW-007".to_owned(), true));

    one.types(ALT_L).has("Learned phrases").has("counts").types("x").has("Nothing has been learned yet");
    two.has("could be meant").types("\r").has("Which one do you mean?").types("\x1b");
    two.has_no("Which one").types(CTRL_C).has("again").types(CTRL_C);
    assert_eq!(two.exit(), 0);
    assert_eq!(matched(&home, &["add a tool"]).0, "ambiguous");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assistant_teaches_nothing() {
    let home = Home::new();
    let folder = home.project.to_string_lossy().into_owned();
    let agent = home.client_as(ClientKind::Mcp { agent: "claude".to_owned() }).await;
    let person = home.client().await;
    let id = || WorkflowId::new("MW-007");
    person.learn("add a tool", id(), Chosen::Asked, folder.clone()).await.expect("a person may");
    let before = person.learned().await.expect("listed");
    for refused in [
        agent.learn("add a tool", id(), Chosen::Confirmed, folder.clone()).await.expect_err("learn"),
        agent.miss("bake a cake", folder.clone()).await.expect_err("miss"),
        agent.forget(Some("add a tool".to_owned()), folder.clone()).await.map(drop).expect_err("forget"),
        agent.forget(None, folder.clone()).await.map(drop).expect_err("forget all"),
    ] {
        assert_eq!(refused.kind, ErrorKind::Refused);
        let told = format!("{refused} {}", refused.causes.join(" "));
        assert!(told.contains("claude") && told.contains("learned from people alone"), "{told}");
    }
    assert_eq!(agent.learned().await.expect("an assistant may look"), before);

    let unknown = person.learn("x y", WorkflowId::new("nothing"), Chosen::Asked, folder.clone()).await;
    assert_eq!(unknown.expect_err("no such workflow").kind, ErrorKind::NotFound);
    let wordless = person.learn("?!", id(), Chosen::Asked, folder).await;
    assert_eq!(wordless.expect_err("no word").kind, ErrorKind::Usage);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lesson_belongs_to_the_workflow_and_not_to_its_file() {
    let home = Home::new();
    home.workflow("water", ONE_STEP);
    let folder = home.project.to_string_lossy().into_owned();
    let client = home.client().await;
    for _ in 0..3 {
        let id = WorkflowId::new("water");
        client.learn("look after the plants", id, Chosen::Asked, folder.clone()).await.expect("learned");
    }
    let file = |name: &str| home.paths.workflows().join(name);
    std::fs::rename(file("water.yaml"), file("plants.yaml")).expect("renamed");
    assert_eq!(matched(&home, &["look after the plants"]), ("match".to_owned(), "water".to_owned(), true));
    let listed = learned(&home);
    assert_eq!(listed[0]["standing"], "proved");
    assert_eq!(listed[0]["proposal"]["line"], "- \"look after the plants\"");
    assert!(listed[0]["proposal"]["file"].as_str().is_some_and(|f| f.ends_with("plants.yaml")));
    // The line is one that a workflow file takes.
    let text = std::fs::read_to_string(file("plants.yaml")).expect("the file");
    let line = format!("trigger_phrases:\n  {}", listed[0]["proposal"]["line"].as_str().expect("a line"));
    std::fs::write(file("plants.yaml"), text.replace("trigger_phrases: [run the test water]", &line))
        .expect("written");
    assert_eq!(learned(&home)[0]["standing"], "counts", "it is a trigger phrase now");

    std::fs::remove_file(file("plants.yaml")).expect("removed");
    assert_eq!(learned(&home)[0]["standing"], "gone");
    assert!(!matched(&home, &["look after the plants"]).2, "what is gone leads nowhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projects_own_registry_has_lessons_of_its_own() {
    let home = Home::new();
    let own = home.project.join(".mwtui/workflows");
    std::fs::create_dir_all(&own).expect("the project's folder");
    let text = format!(
        "id: shop\nname: Shop\ntrigger_phrases: [open the shop]\nscope: The shop\nsteps:\n{ONE_STEP}"
    );
    std::fs::write(own.join("shop.yaml"), text).expect("written");
    let elsewhere = tempfile::tempdir().expect("another folder");
    let client = home.client().await;
    let (here, there) =
        (home.project.to_string_lossy().into_owned(), elsewhere.path().to_string_lossy().into_owned());
    client.learn("begin the day", WorkflowId::new("shop"), Chosen::Asked, here.clone()).await.expect("here");
    assert_eq!(matched(&home, &["begin the day"]).1, "shop");
    let refused = client.learn("begin the day", WorkflowId::new("shop"), Chosen::Asked, there.clone()).await;
    assert_eq!(refused.expect_err("it is not in that registry").kind, ErrorKind::NotFound);
    client
        .learn("end the day", WorkflowId::new("MW-001"), Chosen::Asked, there.clone())
        .await
        .expect("there");
    assert_eq!(matched(&home, &["end the day"]).1, "MW-001", "what everybody has counts everywhere");
    assert_eq!(client.forget(None, there).await.expect("forgotten there"), 1);
    assert_eq!(learned(&home).len(), 1);
}

#[test]
fn where_the_engine_cannot_be_asked_that_is_said_once_and_matching_goes_on() {
    let home = Home::new();
    std::fs::write(home.paths.store_file(), "not a database").expect("a damaged store");
    let said = say(&home, &["match", "this thread is ending"]).ok();
    assert!(said.out.contains("MW-001"), "{said:?}");
    assert_eq!(said.err.matches("What was learned is left out").count(), 1, "{said:?}");
    let batch = say_with(&home, &["match", "--batch", "--json"], "this thread is ending\nadd a tool\n").ok();
    let warning: Value = serde_json::from_str(&batch.err).unwrap_or_else(|e| panic!("{e}: {batch:?}"));
    assert_eq!((&warning["schema_version"], batch.lines().len()), (&1.into(), 2));
    assert_eq!(say(&home, &["match", "--no-learned", "this thread is ending"]).ok().err, "");
    let folder = home.paths.workflows().to_string_lossy().into_owned();
    assert_eq!(say(&home, &["match", "--workflows", &folder, "x y z"]).err, "");
    assert_eq!(say(&home, &["match", "learned"]).code, 6);
}
