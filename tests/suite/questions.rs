//! Questions whose options a command prints, and that depend on earlier answers, from the command line.

use mwtui::base::ErrorKind;
use mwtui::protocol::OptionsOf;
use mwtui::run::RunStatus;
use serde_json::{Map, Value, json};

use crate::support::cli::say;
use crate::support::terminal::Terminal;
use crate::support::{Home, ended, run_is};

const INPUTS: &str = r#"env: [STAGE]
inputs:
  region: { type: choice, options: [eu, us] }
  service: { type: choice, options_from: 'cat "services-$INPUT_REGION"; echo "$STAGE" >> asked', prompt: Which service? }
  zones: { type: multi_choice, options: [a, b, c], required: false }
  approver: { prompt: Who approves it?, if: inputs.region == "us", pattern: '[a-z]+', pattern_says: small letters }"#;
const STEP: &str = "  - id: go\n    title: Go\n    run: 'echo \"$ALL\"'\n    env: { ALL: \"${{ inputs.service }} ${{ inputs.zones | join(\\\"+\\\") }} ${{ inputs.approver }}\" }";

fn home() -> Home {
    let home = Home::new();
    home.workflow_with("pick", INPUTS, &STEP.replace("\\\"", "'"));
    std::fs::write(home.project.join("services-eu"), "api\ncart\n").expect("write");
    std::fs::write(home.project.join("services-us"), "us-api\n").expect("write");
    home
}

fn of(home: &Home) -> OptionsOf {
    let start = home.start("pick");
    OptionsOf::Input { workflow: start.workflow, digest: start.digest, folder: start.folder, env: start.env }
}

fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().expect("an object")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_prints_the_options_with_the_answers_so_far() {
    let home = home();
    let client = home.client().await;
    let options =
        async |region: &str| client.options(of(&home), "service", map(json!({ "region": region }))).await;
    assert_eq!(options("eu").await.expect("options"), ["api", "cart"]);
    assert_eq!(options("us").await.expect("options"), ["us-api"]);
    // What does not fit its own question reaches no command.
    let error = options("../x").await.expect_err("no such file");
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(error.causes[0].contains("services-"), "{error:?}");
    let offered = client.offered().await.expect("offered");
    assert_eq!(offered[&"pick".into()].names("service"), ["api", "cart", "us-api"], "a phrase may say them");
    let none = client.options(of(&home), "region", Map::new()).await.expect_err("no command");
    assert_eq!(none.kind, ErrorKind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_of_a_workflow_that_nobody_trusts_is_run() {
    let home = Home::new();
    let folder = home.project.join(".mwtui/workflows");
    std::fs::create_dir_all(&folder).expect("the project's own");
    let text = "id: sly\nname: Sly\ntrigger_phrases: [be sly]\nscope: A test\ninputs: { a: { options_from: touch ran; ls } }\nsteps:\n  - title: Go\n";
    std::fs::write(folder.join("sly.yaml"), text).expect("write");
    let client = home.client().await;
    let start = home.start("sly");
    let of = OptionsOf::Input {
        workflow: start.workflow,
        digest: start.digest,
        folder: start.folder,
        env: start.env,
    };
    let error = client.options(of.clone(), "a", Map::new()).await.expect_err("refused");
    assert!(error.message.contains("nobody trusts it yet"), "{error:?}");
    assert!(!home.project.join("ran").exists());
    say(&home, &["trust", ".mwtui/workflows/sly.yaml"]).ok();
    client.options(of, "a", Map::new()).await.expect("trusted now");
    assert!(home.project.join("ran").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_in_a_run_are_held_to_what_was_asked() {
    let home = Home::new();
    std::fs::write(home.project.join("names"), "fix\nmain\n").expect("write");
    let steps = "  - id: ask\n    title: Ask\n    ask:\n      - { name: plan, options: [patch, wait] }\n      - { name: branch, type: choice, options_from: 'cat names', if: answers.plan == \"patch\" }\n  - id: go\n    title: Go\n    if: answers.plan == \"patch\"\n    run: echo \"$B\"\n    env: { B: \"${{ answers.branch }}\" }";
    home.workflow("asks", steps);
    let client = home.client().await;
    let started = client.start(home.start("asks")).await.expect("started");
    run_is(&client, &started.run, RunStatus::Waiting).await;
    for (set, part) in [
        (
            &["--set", "plan=wait", "--set", "branch=fix"][..],
            "branch is asked only where answers.plan == \"patch\"",
        ),
        (&["--set", "plan=patch"][..], "branch is missing"),
        (&["--set", "plan=patch", "--set", "branch=other"][..], "needs one of fix, main, not `other`"),
    ] {
        let words: Vec<&str> = ["answer", "last"].iter().chain(set).copied().collect();
        let said = say(&home, &words);
        assert!(said.code == 2 && said.err.contains(part), "{said:?}");
    }
    say(&home, &["answer", "last", "--set", "plan=patch", "--set", "branch=1"]).ok();
    let run = ended(&client, &started).await;
    assert_eq!(run.status(), RunStatus::Completed, "{run:#?}");
    assert!(say(&home, &["logs", "last"]).ok().out.contains("fix"));
}

#[test]
fn inputs_as_arguments_are_held_to_their_options() {
    let home = home();
    let run = |more: &[&str]| {
        let words: Vec<&str> = ["run", "pick", "--no-input"].iter().chain(more).copied().collect();
        say(&home, &words)
    };
    let other = run(&["--input", "region=eu", "--input", "service=us-api"]);
    assert!(other.code == 2 && other.err.contains("needs one of api, cart, not `us-api`"), "{other:?}");
    let letters = run(&["--input", "region=us", "--input", "service=us-api", "--input", "approver=ANA"]);
    assert!(letters.code == 2 && letters.err.contains("needs small letters, not `ANA`"), "{letters:?}");
    let missing = run(&["--input", "region=us", "--input", "service=us-api"]);
    assert!(missing.code == 2 && missing.err.contains("approver is missing"), "{missing:?}");
    let fine = run(&["--input", "region=eu", "--input", "service=ca", "--input", "zones=c,1"]);
    assert!(fine.code == 0 && fine.out.contains("cart a+c"), "{fine:?}");
}

#[test]
fn at_the_prompt_one_goes_back_and_answers_again() {
    let home = home();
    let mut terminal = Terminal::open(&home, &["run", "pick"], 100, 40);
    terminal
        .shows("goes back a question")
        .shows("region")
        .types("us\r")
        .shows("Which service?")
        .shows("us-api");
    // The other region has other services, and nobody approves.
    terminal.types("<\r").shows("region").shows("[us]").types("eu\r").shows("api / cart").types("2\r");
    terminal.shows("cart").shows("start").types("\r").shows("cart").shows("completed");
    assert_eq!(terminal.exit(), 0);
    let mut terminal = Terminal::open(&home, &["run", "pick"], 100, 40);
    terminal.shows("region").types("us\r").shows("Which service?").types("1\r").shows("Who approves it?");
    terminal.types("X1\r").shows("needs small letters").types("ana\r").shows("start").types("\r");
    terminal.shows("us-api  ana").shows("completed");
    assert_eq!(terminal.exit(), 0);
}
