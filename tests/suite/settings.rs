//! Settings through the whole program: every layer, what is refused, and which profile an engine has.

use serde_json::Value;

use crate::support::Home;
use crate::support::cli::{Said, say};

fn home(text: &str) -> Home {
    let home = Home::new();
    std::fs::write(home.paths.config_file(), text).expect("the settings");
    home.workflow("good", "  - { id: work, title: Work, run: 'echo \"profile=$MWTUI_PROFILE\"' }");
    home
}

fn with(home: &Home, variables: &[(&str, &str)], words: &[&str]) -> Said {
    let mut command = home.command();
    command.envs(variables.iter().copied()).args(words).stdin(std::process::Stdio::null());
    let output = command.output().expect("the binary ends");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Said { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

const FILE: &str = "theme = \"light\"\n[servers.git]\ncommand = [\"git-mcp\"]\nenv = { TOKEN = \"hunter2\", OTHER = \"env:OTHER_TOKEN\" }\n[profiles.staging.limits]\nparallel = 2\n";

#[test]
fn config_tells_what_holds_and_where_it_comes_from() {
    let home = home(FILE);
    let variables = [("MWTUI_MATCHING_CAUTION", "5"), ("MWTUI_ODD_ONE", "x")];
    let words = ["config", "--json", "--profile", "staging", "--config", "colour=256"];
    let told = with(&home, &variables, &words).ok();
    let json = told.json();
    let row = |key: &str| {
        let rows = json["settings"].as_array().expect("rows");
        let row = rows.iter().find(|r| r["key"] == key).unwrap_or_else(|| panic!("{key}: {json}"));
        (
            row["value"].clone(),
            row["from"].as_str().expect("from").to_owned(),
            row["at"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let place = |at: &str| format!("{}:{at}", home.paths.config_file().display());
    assert_eq!(row("theme"), ("light".into(), "file".into(), place("1:9")));
    assert_eq!(row("limits.parallel"), (2.into(), "profile".into(), place("6:12")));
    assert_eq!(row("matching.caution"), (5.into(), "environment".into(), "MWTUI_MATCHING_CAUTION".into()));
    assert_eq!(row("colour"), ("256".into(), "option".into(), "--config colour".into()));
    assert_eq!(row("engine.idle"), ("30s".into(), "default".into(), String::new()));
    assert_eq!(row("profile").0, "staging");
    assert_eq!(row("servers.git.env.OTHER").0, "env:OTHER_TOKEN");
    assert_eq!(row("servers.git.env.TOKEN").0, Value::Null);
    assert_eq!(json["unknown_variables"], serde_json::json!(["MWTUI_ODD_ONE"]));
    let people = with(&home, &variables, &["config"]).ok();
    let line = |key: &str| {
        people.out.lines().find(|l| l.starts_with(key)).unwrap_or_else(|| panic!("{key}: {people:?}"))
    };
    assert!(
        line("theme ").ends_with("config.toml:1:9") && line("theme ").contains("= \"light\""),
        "{people:?}"
    );
    assert!(line("servers.git.env.TOKEN").contains("(hidden)"), "{people:?}");
    assert!(
        people.err.contains("MWTUI_ODD_ONE is no setting") && people.err.contains("Profiles: staging"),
        "{people:?}"
    );
    for said in [&told, &people] {
        assert!(!said.out.contains("hunter2") && !said.err.contains("hunter2"), "{said:?}");
    }
    let path = say(&home, &["config", "path"]).ok();
    assert_eq!(path.out.trim_end(), home.paths.config_file().display().to_string());
}

#[test]
fn what_is_wrong_stops_what_needs_the_settings_and_nothing_else() {
    let home = home("[limits]\nparalel = 2\n");
    let told = "config.toml:2:1: `limits` has no setting `paralel`";
    for words in [&["list"][..], &["run", "good"], &["config"], &["doctor"], &["config", "check"]] {
        let said = say(&home, words);
        assert!(said.code == 2 || words == ["doctor"] && said.code == 1, "{words:?}: {said:?}");
        let all = format!("{}{}", said.out, said.err);
        assert!(all.contains(told) && all.contains("Did you mean `parallel`?"), "{words:?}: {said:?}");
    }
    say(&home, &["runs"]).ok();
    say(&home, &["engine", "status"]).ok();
    std::fs::write(home.paths.config_file(), FILE).expect("mended");
    let said = say(&home, &["config", "check"]).ok();
    assert!(said.out.contains("reads, with each of its profiles: staging"), "{said:?}");
    std::fs::write(home.project.join("new.toml"), "[profiles.x]\nthem = \"a\"\n").expect("a file");
    let said = say(&home, &["config", "check", "new.toml"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("new.toml:2:1: there is no setting `them`"), "{said:?}");
    assert_eq!(say(&home, &["config", "check", "none.toml"]).code, 3);
    let said = with(&home, &[("MWTUI_LIMITS_PARALEL", "2")], &["list"]);
    assert_eq!(said.code, 2);
    assert!(
        said.err.contains("MWTUI_LIMITS_PARALEL") && said.err.contains("Did you mean MWTUI_LIMITS_PARALLEL?"),
        "{said:?}"
    );
    let said = say(&home, &["list", "--profile", "stagin"]);
    assert!(said.code == 2 && said.err.contains("Did you mean `staging`?"), "{said:?}");
}

#[test]
fn an_engine_has_the_profile_of_whoever_started_it_and_starts_nothing_for_another() {
    let home = home(&format!("{FILE}[profiles.production]\n"));
    say(&home, &["run", "good", "--no-input", "--profile", "staging"]).ok();
    assert!(say(&home, &["logs", "last"]).ok().out.contains("profile=staging"), "scripts ask for the same");
    let said = say(&home, &["run", "good", "--no-input", "--profile", "production"]);
    assert_eq!(said.code, 4, "{said:?}");
    assert!(
        said.err.contains("works with the profile `staging`, and this asks for the profile `production`")
            && said.err.contains("mwtui engine stop"),
        "{said:?}"
    );
    assert_eq!(say(&home, &["run", "good", "--no-input"]).code, 4);
    say(&home, &["status", "last"]).ok();
    let doctor = say(&home, &["doctor"]);
    assert!(doctor.out.contains("engine: its profile is `staging`, that of this command none"), "{doctor:?}");
    say(&home, &["engine", "stop"]).ok();
    with(&home, &[("MWTUI_PROFILE", "production")], &["run", "good", "--no-input"]).ok();
    assert!(say(&home, &["logs", "last"]).ok().out.contains("profile=production"));
}

#[test]
fn workflows_may_lie_elsewhere() {
    let home = home("");
    std::fs::rename(home.paths.workflows(), home.project.join("bank")).expect("moved");
    assert!(!say(&home, &["list"]).ok().out.contains("Test good"));
    let setting = format!("paths.workflows={}", home.project.join("bank").display());
    assert!(say(&home, &["list", "--config", &setting]).ok().out.contains("Test good"));
    std::fs::write(
        home.paths.config_file(),
        format!("[paths]\nworkflows = \"{}\"\n", home.project.join("bank").display()),
    )
    .expect("the settings");
    say(&home, &["run", "good", "--no-input"]).ok();
}
