//! How commands end and in what shape they answer: exit codes, errors, `--json`, closed pipes,
//! nothing but text where there is no terminal.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use crate::support::Home;
use crate::support::cli::{Said, say, say_with};

const TWO_STEPS: &str = "  - id: build\n    title: Build\n    run: echo built\n  - id: look\n    title: Look at it\n    actions: [Open it]\n";

#[track_caller]
fn ends_with(code: i32, said: &Said) {
    assert_eq!(said.code, code, "{said:?}");
}

#[test]
fn every_way_to_end_has_its_code() {
    let home = Home::new();
    home.workflow("good", "  - id: build\n    title: Build\n    run: echo built");
    home.workflow("bad", "  - id: build\n    title: Build\n    run: exit 3");
    home.workflow("person", TWO_STEPS);
    std::fs::write(home.paths.workflows().join("broken.yaml"), "id: broken\nsteps: 7\n").expect("written");

    ends_with(0, &say(&home, &["list"]));
    ends_with(0, &say(&home, &["--help"]));
    ends_with(0, &say(&home, &["run", "good", "--no-input"]));
    ends_with(1, &say(&home, &["run", "bad", "--no-input"]));
    ends_with(1, &say(&home, &["show", "broken"]));
    ends_with(2, &say(&home, &["list", "--nonsense"]));
    ends_with(2, &say(&home, &["run", "good", "--input", "nonsense"]));
    ends_with(2, &say(&home, &["run", "good", "--input", "nobody=1"]));
    ends_with(3, &say(&home, &["show", "nosuch"]));
    ends_with(3, &say(&home, &["run", "nosuch", "--no-input"]));
    ends_with(3, &say(&home, &["status", "ffffffffff"]));
    ends_with(4, &say(&home, &["run", "broken"]));
    ends_with(5, &say(&home, &["match", "Add a tool"]));
    ends_with(5, &say(&home, &["match", "water the plants on the balcony"]));
    ends_with(5, &say(&home, &["run", "this", "thread", "is", "ending", "--no-input"]));
    ends_with(7, &say(&home, &["run", "person", "--no-input"]));
    // A run that has ended takes no more answers.
    ends_with(0, &say(&home, &["done", "last"]));
    let refused = say(&home, &["pause", "last"]);
    ends_with(4, &refused);
    assert!(refused.err.starts_with("error: "), "{refused:?}");
}

#[test]
fn a_damaged_store_is_engine_trouble() {
    let home = Home::new();
    std::fs::write(home.paths.store_file(), vec![7; 4096]).expect("written");
    std::fs::set_permissions(home.paths.store_file(), std::fs::Permissions::from_mode(0o600)).expect("chmod");
    let said = say(&home, &["runs", "--json"]);
    ends_with(6, &said);
    let error: serde_json::Value = serde_json::from_str(&said.err).expect("an object on stderr");
    assert_eq!(error["error"]["kind"], "internal");
    assert!(error["error"]["hint"].is_string(), "{error}");
    assert_eq!(std::fs::read(home.paths.store_file()).expect("still there"), vec![7; 4096]);
}

#[test]
fn without_a_terminal_the_console_says_so_and_writes_no_escapes() {
    let home = Home::new();
    let said = say(&home, &[]);
    ends_with(2, &said);
    assert_eq!(said.out, "");
    assert!(said.err.contains("terminal") && !said.err.contains('\x1b'), "{said:?}");
}

#[test]
fn errors_are_objects_with_json() {
    let home = Home::new();
    for (words, kind, exit) in [
        (&["show", "nosuch", "--json"][..], "not_found", 3),
        (&["list", "--nonsense", "--json"], "usage", 2),
        (&["--json"], "usage", 2),
        (&["engine", "status", "--json"], "not_found", 3),
    ] {
        let said = say(&home, words);
        ends_with(exit, &said);
        let error: serde_json::Value =
            serde_json::from_str(&said.err).unwrap_or_else(|e| panic!("{e}: {said:?}"));
        assert_eq!(error["schema_version"], 1);
        assert_eq!(
            (error["error"]["kind"].as_str(), error["exit"].as_i64()),
            (Some(kind), Some(exit.into()))
        );
        assert_eq!(said.out, "");
    }
}

#[test]
fn objects_have_a_version_and_their_fields() {
    let home = Home::new();
    home.workflow("person", TWO_STEPS);
    let listed = say(&home, &["list", "--json"]).ok().json();
    assert!(listed["workflows"].as_array().is_some_and(|w| w.len() >= 8), "{listed}");
    let shown = say(&home, &["show", "MW-001", "--json"]).ok().json();
    assert_eq!(shown["workflow"]["id"], "MW-001");
    let planned = say(&home, &["run", "person", "--dry-run", "--json"]).ok().json();
    assert_eq!(planned["steps"][0]["work"]["script"], "echo built");
    assert_eq!(say(&home, &["runs", "--json"]).ok().json()["runs"].as_array().map(Vec::len), Some(0));

    ends_with(7, &say(&home, &["run", "person", "--no-input"]));
    let runs = say(&home, &["runs", "--status", "waiting", "--since", "1h", "--json"]).ok().json();
    assert_eq!(runs["runs"][0]["need"]["kind"], "check");
    let logs = say(&home, &["logs", "last", "--json"]).ok().lines();
    assert_eq!(logs[0]["line"], "built");
    assert_eq!(say(&home, &["logs", "last", "build"]).ok().out, "built\n");
    for event in say(&home, &["events", "last", "--json"]).ok().lines() {
        assert_eq!(event["schema_version"], 1);
    }
    assert!(say(&home, &["doctor", "--json"]).json()["findings"].is_array());
    assert_eq!(say(&home, &["engine", "stop", "--json"]).ok().json()["stopped"], true);
    assert_eq!(say(&home, &["engine", "stop", "--json"]).ok().json()["stopped"], false);
}

#[test]
fn a_batch_of_phrases_keeps_the_order_and_exits_well() {
    let home = Home::new();
    let said = say_with(
        &home,
        &["match", "--batch", "--json"],
        "This thread is ending\nAdd a tool\n\nzzz qqq\nhelp\n",
    )
    .ok();
    let decisions: Vec<_> = said.lines().iter().map(|l| l["decision"].as_str().map(str::to_owned)).collect();
    let expected = ["match", "ambiguous", "none", "none", "control"].map(|d| Some(d.to_owned()));
    assert_eq!(decisions, expected, "{said:?}");
    for line in said.lines() {
        assert!(line["elapsed_us"].is_u64() && line["candidates"].is_array() && line["phrase"].is_string());
    }
    assert!(home.engines().is_empty(), "matching needs no engine");
}

#[test]
fn a_reader_who_leaves_is_no_error() {
    let home = Home::new();
    let mut child = home
        .command()
        .args(["match", "--batch", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().expect("a pipe");
    for _ in 0..20_000 {
        // It may stop reading, once it finds nobody listening.
        if std::io::Write::write_all(&mut stdin, b"This thread is ending\n").is_err() {
            break;
        }
    }
    drop(stdin);
    let output = child.wait_with_output().expect("the binary ends");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn output_cannot_steer_the_terminal() {
    let home = Home::new();
    home.workflow(
        "evil",
        r#"  - id: shout
    title: "Shout \u202e backwards"
    run: printf 'a\033]0;title\007b\033[2Jc\342\200\256d\n'
"#,
    );
    let walked = say(&home, &["run", "evil", "--no-input"]).ok();
    let logs = say(&home, &["logs", "last"]).ok();
    let status = say(&home, &["status", "last"]).ok();
    let object = say(&home, &["status", "last", "--json"]).ok();
    for said in [&walked, &logs, &status, &object] {
        let steering = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!said.out.contains(steering) && !said.err.contains(steering), "{said:?}");
    }
    assert_eq!(logs.out, "abcd\n");
}

#[test]
fn a_file_with_errors_is_told_with_its_place() {
    let home = Home::new();
    let file = home.project.join("deploy.yaml");
    std::fs::write(&file, "id: deploy\nname: Deploy\nversion: 1\ntrigger_phrases: [deploy it]\nscope: x\nsteps:\n  - title: Go\n    runn: make\n").expect("written");
    let said = say(&home, &["validate", "deploy.yaml"]);
    ends_with(1, &said);
    assert!(said.out.contains("deploy.yaml:8:") && said.out.contains("runn"), "{said:?}");
    let object = say(&home, &["validate", "deploy.yaml", "--json"]);
    ends_with(1, &object);
    assert_eq!(object.json()["valid"], false);
    ends_with(3, &say(&home, &["validate", "nosuch.yaml"]));
}

#[test]
fn a_projects_workflow_is_run_only_once_trusted() {
    let home = Home::new();
    let folder = home.project.join(".mwtui/workflows");
    std::fs::create_dir_all(&folder).expect("mkdir");
    std::fs::create_dir(home.project.join(".git")).expect("a working tree's root");
    let file = folder.join("deploy.yaml");
    let text = "id: deploy\nname: Deploy\nversion: 1\nstatus: active\ntrigger_phrases: [deploy it]\nscope: Deploys\nsteps:\n  - id: go\n    title: Go\n    run: echo gone\n";
    std::fs::write(&file, text).expect("written");
    ends_with(0, &say(&home, &["show", "deploy"]));
    ends_with(4, &say(&home, &["run", "deploy", "--no-input"]));
    ends_with(0, &say(&home, &["trust", ".mwtui/workflows/deploy.yaml"]));
    ends_with(0, &say(&home, &["run", "deploy", "--no-input"]));
    std::fs::write(&file, text.replace("gone", "changed")).expect("written");
    ends_with(4, &say(&home, &["run", "deploy", "--no-input"]));
    ends_with(0, &say(&home, &["trust", "deploy"]));
    ends_with(0, &say(&home, &["trust", "deploy", "--remove"]));
    ends_with(4, &say(&home, &["run", "deploy", "--no-input"]));
}

#[test]
fn answers_and_approvals_are_taken_only_as_they_were_asked() {
    let home = Home::new();
    home.workflow(
        "roll",
        "  - id: plan\n    title: Plan\n    ask:\n      - { name: replicas, prompt: How many?, type: number }\n      - { name: where, prompt: Where?, type: choice, options: [staging, production] }\n  - id: agree\n    title: Agree\n    approve: Roll out to ${{ answers.where }}?\n  - id: go\n    title: Go\n    run: echo went\n",
    );
    ends_with(7, &say(&home, &["run", "roll", "--no-input"]));
    let wrong = say(&home, &["answer", "last", "--set", "replicas=many", "--set", "wher=moon"]);
    ends_with(2, &wrong);
    for problem in ["replicas", "did you mean where?", "where is missing"] {
        assert!(wrong.err.contains(problem), "all problems at once: {wrong:?}");
    }
    ends_with(0, &say(&home, &["answer", "last", "--set", "replicas=3", "--set", "where=staging"]));
    ends_with(7, &say(&home, &["walk", "last", "--no-input"]));
    ends_with(4, &say(&home, &["approve", "last", "--digest", "0000000000000000"]));
    let approved = say(&home, &["approve", "last"]).ok();
    assert!(approved.out.contains("Roll out to staging?") && approved.out.contains("sha256"), "{approved:?}");
    ends_with(0, &say(&home, &["walk", "last", "--no-input"]));
    assert_eq!(say(&home, &["logs", "last", "go"]).ok().out, "went\n");
}

#[test]
fn a_failing_prerequisite_stops_a_start_that_nobody_watches() {
    let home = Home::new();
    let keys = "prerequisites:\n  - { check: 'false', says: The moon is full }";
    home.workflow_with("moon", keys, "  - id: howl\n    title: Howl\n    run: echo awoo");
    let refused = say(&home, &["run", "moon", "--no-input"]);
    ends_with(4, &refused);
    assert!(refused.err.contains("The moon is full"), "{refused:?}");
    assert_eq!(say(&home, &["runs", "--json"]).ok().json()["runs"].as_array().map(Vec::len), Some(0));
    ends_with(0, &say(&home, &["run", "moon", "--no-input", "--skip-prerequisites"]));
}

#[test]
fn the_log_is_private_json_of_every_part() {
    let home = Home::new();
    home.workflow("good", "  - id: build\n    title: Build\n    run: echo built");
    let said = say(&home, &["run", "good", "--no-input"]).ok();
    assert_eq!(said.err, "", "nothing of the log on the terminal");
    ends_with(3, &say(&home, &["show", "nosuch\u{1b}[2J"]));
    let mut components = std::collections::BTreeSet::new();
    let mut errors = 0;
    for entry in std::fs::read_dir(home.paths.logs()).expect("the logs") {
        let entry = entry.expect("readable");
        let mode = entry.metadata().expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.path());
        if entry.file_name().to_string_lossy().starts_with("mwtui.log") {
            let text = std::fs::read_to_string(entry.path()).expect("readable");
            assert!(!text.contains('\u{1b}'), "{text}");
            for line in text.lines() {
                let value: serde_json::Value = serde_json::from_str(line).expect("one object a line");
                components.insert(value["component"].as_str().expect("a component").to_owned());
                errors += u32::from(value["level"] == "ERROR" && value["component"] == "cli");
            }
        }
    }
    assert!(components.contains("cli") && components.contains("engine"), "{components:?}");
    assert_eq!(errors, 1, "what was shown as an error is logged, once");
}

#[test]
fn the_doctor_finds_what_is_wrong() {
    let home = Home::new();
    ends_with(0, &say(&home, &["doctor"]));
    std::fs::set_permissions(&home.paths.run, std::fs::Permissions::from_mode(0o755)).expect("chmod");
    std::fs::write(home.paths.workflows().join("broken.yaml"), "id: broken\nsteps: 7\n").expect("written");
    let said = say(&home, &["doctor"]);
    ends_with(1, &said);
    assert!(said.out.contains("chmod 700") && said.out.contains("mwtui show broken"), "{said:?}");
    assert!(home.engines().is_empty(), "the doctor starts nothing");
}

#[test]
fn a_broken_store_is_kept_and_the_doctor_says_how_to_go_on() {
    let home = Home::new();
    let store = home.paths.store_file();
    let garbage = b"this is no store".repeat(500);
    std::fs::write(&store, &garbage).expect("a broken store");
    let runs = say(&home, &["runs"]);
    assert_eq!(runs.code, 6, "{runs:?}");
    assert!(runs.err.contains("left as it is") || runs.err.contains("left as it was"), "{runs:?}");
    let without = say(&home, &["doctor"]);
    assert_eq!(without.code, 1, "{without:?}");
    assert!(without.out.contains("There is no backup in"), "{without:?}");
    assert_eq!(std::fs::read(&store).expect("still there"), garbage, "not a byte of it is changed");
}
