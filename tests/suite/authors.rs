//! What authors have on the command line: the checks of their phrases, and examples written into their files.

use std::os::unix::fs::PermissionsExt as _;

use mwtui::matching::{Answer, Decision, Index, Learned, key};
use mwtui::workflow::{Registry, Workflow};

use crate::support::Home;
use crate::support::cli::{say, say_with};

const STEP: &str = "  - title: Look # with your own eyes";

/// Every trigger phrase means its own workflow or, where several have it, asks between them.
fn triggers_find_their_own(registry: &Registry) {
    let index = Index::new(registry.workflows());
    let mut tried = 0;
    for workflow in registry.workflows() {
        for phrase in &workflow.trigger_phrases {
            let Answer { decision, candidates, .. } = index.decide(phrase, &Learned::default());
            let asked = match decision {
                Decision::Match => 1,
                Decision::Ambiguous { choices } => choices,
                other => panic!("{}: “{phrase}”: {other:?}", workflow.id),
            };
            assert!(
                candidates[..asked].iter().any(|c| c.id == workflow.id),
                "{}: “{phrase}”: {candidates:?}",
                workflow.id
            );
            let has_it = |w: &Workflow| w.trigger_phrases.iter().any(|p| key(p) == key(phrase));
            let owners = registry.workflows().filter(|w| has_it(w)).count();
            assert!(owners == asked, "{}: “{phrase}” asks between {asked}", workflow.id);
            tried += 1;
        }
    }
    assert!(tried > 0, "a registry with workflows");
}

#[test]
fn every_trigger_phrase_means_its_own_workflow_or_asks() {
    let home = Home::new();
    let bundled = Registry::load(&home.paths, &home.project);
    triggers_find_their_own(&bundled);
    // Two that share a phrase, and one whose phrase is also addressed to the console.
    home.workflow_with("start-tool", "examples: [one more tool]", STEP);
    for (id, phrases) in
        [("new-tool", "Add a tool"), ("connect-tool", "add a tool"), ("stop-all", "stop everything")]
    {
        let text = format!("id: {id}\nname: {id}\ntrigger_phrases: [{phrases}]\nscope: s\nsteps:\n{STEP}\n");
        std::fs::write(home.paths.workflows().join(format!("{id}.yaml")), text).expect("written");
    }
    let registry = Registry::load(&home.paths, &home.project);
    triggers_find_their_own(&registry);
    let index = Index::new(registry.workflows());
    let answer = index.decide("Add a tool", &Learned::default());
    assert_eq!(answer.decision, Decision::Ambiguous { choices: 2 });
    let alone = Registry::load_folder(&home.paths.workflows());
    assert_eq!(alone.workflows().count(), 4);
    triggers_find_their_own(&alone);
}

/// With two that share a phrase, a phrase that is short and one that the console takes.
fn faulty() -> Home {
    let home = Home::new();
    for (id, phrases) in [("restart", "sync the mcp server, x"), ("stop-it", "cancel, halt the line")] {
        let text =
            format!("id: {id}\nname: {id} now\ntrigger_phrases: [{phrases}]\nscope: s\nsteps:\n{STEP}\n");
        std::fs::write(home.paths.workflows().join(format!("{id}.yaml")), text).expect("written");
    }
    home
}

#[test]
fn match_check_finds_what_cannot_be_told_apart() {
    let home = Home::new();
    let fine = say(&home, &["match", "check"]).ok();
    assert!(fine.out.ends_with(" workflows checked: 0 errors, 0 warnings\n"), "{fine:?}");

    let home = faulty();
    let said = say(&home, &["match", "check"]);
    assert_eq!(said.code, 1, "{said:?}");
    for part in [
        "“sync the mcp server” is too near to “Sync MCP server” of MW-004",
        "`disambiguates_from` of restart what tells it from MW-004",
        "restart.yaml:3:19",
        "“x” is too short",
        "“cancel” is addressed to the console",
        " workflows checked: 2 errors, 1 warning",
    ] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    let json = say(&home, &["match", "check", "--json"]).json();
    let findings = json["findings"].as_array().expect("findings");
    let kinds: Vec<&str> = findings.iter().map(|f| f["kind"].as_str().expect("a kind")).collect();
    assert_eq!(kinds, ["clash", "too_short", "control_phrase"]);
    assert_eq!((&findings[0]["line"], &findings[0]["severity"]), (&3.into(), &"warning".into()));

    let folder = home.paths.workflows();
    let folder = folder.to_str().expect("a path");
    let alone = say(&home, &["match", "check", "--workflows", folder]);
    assert!(alone.code == 1 && alone.out.contains("2 workflows checked: 2 errors, 0 warnings"), "{alone:?}");
}

#[test]
fn one_phrase_is_checked_for_a_workflow_that_need_not_exist() {
    let home = Home::new();
    let said = say(&home, &["match", "check", "sync", "the", "mcp", "servers", "--of", "mw-003"]);
    assert!(said.code == 1 && said.out.contains("of MW-004"), "{said:?}");
    let fine = say(&home, &["match", "check", "feed the office fish", "--of", "fish", "--json"]).ok().json();
    assert!(fine["fine"] == true && fine["known"] == false, "{fine}");
    // A phrase that begins with the command's name is a phrase.
    let matched = say(&home, &["match", "check", "the", "mcp", "tools", "--json"]).json();
    assert_eq!(matched["phrase"], "check the mcp tools");
    assert_eq!(say(&home, &["match", "check", "--of", "MW-001"]).code, 2);
    assert_eq!(say(&home, &["match", "check", "--workflows", "nowhere"]).code, 3);
}

#[test]
fn validate_tells_of_clashes_with_the_bank_and_of_few_examples() {
    let home = faulty();
    let file = home.paths.workflows().join("stop-it.yaml");
    let file = file.to_str().expect("a path");
    let said = say(&home, &["validate", file]).ok();
    assert!(said.out.contains("no errors, 2 warnings"), "what parsing says is not said twice: {said:?}");
    assert!(said.out.contains("“cancel” is also addressed to the console"), "{said:?}");
    assert!(
        said.out.contains("no examples yet") && said.out.contains("mwtui examples stop-it --add"),
        "{said:?}"
    );

    // One that is not in the bank yet, against those that are.
    let ten: String = (0..10).fold(String::new(), |text, n| text + &format!("  - way number {n} to look\n"));
    let draft = home.project.join("draft.yaml");
    let text = format!(
        "id: draft\nname: Draft\ntrigger_phrases:\n  - halt the line!\nexamples:\n{ten}scope: s\nsteps:\n{STEP}\n"
    );
    std::fs::write(&draft, text).expect("written");
    let said = say(&home, &["validate", "draft.yaml"]).ok();
    assert!(said.out.contains("“halt the line!” is already there, in stop-it  draft.yaml:4:5"), "{said:?}");
    assert!(said.out.contains("no errors, 1 warning"), "{said:?}");
}

#[test]
fn examples_are_listed_and_added_and_the_rest_of_the_file_stays() {
    let home = Home::new();
    home.workflow_with("restart", "# Why: see the wiki\nexamples:\n    - \"bounce the api\"   # ana's", STEP);
    let file = home.paths.workflows().join("restart.yaml");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).expect("chmod");
    let before = std::fs::read_to_string(&file).expect("a file");
    assert_eq!(say(&home, &["examples", "restart"]).ok().out, "bounce the api\n");

    let input = "the api hangs again\n- kick the \"api\": now\n\nsync the mcp server\nBounce the API!\ndo it\nthe api hangs, again\n";
    let said = say_with(&home, &["examples", "RESTART", "--add"], input).ok();
    for part in [
        "✓ “the api hangs again”",
        "✓ “kick the \"api\": now”",
        "left out: “sync the mcp server” is too near to “Sync MCP server” of MW-004",
        "left out: “Bounce the API!” is already there, in restart",
        "left out: “do it” is made of common words alone",
        "left out: “the api hangs, again” is given twice",
        "2 added to restart, 4 left out; it has 3 examples now",
    ] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    let after = std::fs::read_to_string(&file).expect("a file");
    let new = "\n    - \"the api hangs again\"\n    - \"kick the \\\"api\\\": now\"";
    let (head, tail) = before.split_once("# ana's").expect("the comment");
    assert_eq!(after, format!("{head}# ana's{new}{tail}"));
    assert_eq!(std::fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o640);

    let forced = say_with(&home, &["examples", "restart", "--add", "--force", "--json"], input).ok().json();
    assert_eq!((&forced["added"], &forced["examples"]), (&1.into(), &4.into()), "{forced}");
    assert_eq!(forced["sentences"][2]["trouble"]["kind"], "clash");
    // All there already: nothing to do, and nothing went wrong.
    say_with(&home, &["examples", "restart", "--add"], "bounce the api\n").ok();
    assert_eq!(say_with(&home, &["examples", "restart", "--add"], "do it\n").code, 1);
    assert_eq!(say(&home, &["examples", "restart", "--add"]).code, 2, "nothing was given");
    assert_eq!(say(&home, &["examples", "nosuch"]).code, 3);
}

#[test]
fn limits_of_examples_are_kept_and_said() {
    let home = Home::new();
    home.workflow("restart", STEP);
    let mut input: String =
        (0..203).fold(String::new(), |text, n| text + &format!("the api hangs on host-{n}x{n}\n"));
    input.push_str(&"long ".repeat(300));
    input.push_str("\nbad \u{1b}[31mred\n");
    let said = say_with(&home, &["examples", "restart", "--add", "--json"], &input).ok().json();
    assert_eq!((&said["added"], &said["examples"]), (&200.into(), &200.into()));
    let why = |n: usize| said["sentences"][n]["why"].as_str().unwrap_or_default().to_owned();
    assert!(why(202).contains("one too many: 200"), "{}", why(202));
    assert!(why(203).contains("too long: 1024 bytes"), "{}", why(203));
    assert!(why(204).contains("control character"), "{}", why(204));
    let over = "a sentence of some length\n".repeat(50_000);
    assert_eq!(say_with(&home, &["examples", "restart", "--add"], &over).code, 2);
}

#[test]
fn only_files_that_may_be_changed_are_changed() {
    let home = Home::new();
    let bundled = say_with(&home, &["examples", "MW-004", "--add"], "ship the server\n");
    assert_eq!(bundled.code, 4, "{bundled:?}");
    assert!(bundled.err.contains("mwtui new MW-004 --copy"), "{bundled:?}");
    // As the hint says.
    let pathless = say(&home, &["show", "MW-004", "--path"]);
    assert!(pathless.code == 4 && pathless.err.contains("mwtui new MW-004 --copy"), "{pathless:?}");
    let copied = say(&home, &["new", "MW-004", "--copy", "--no-input"]).ok();
    assert_eq!(copied.out.trim(), home.paths.workflows().join("MW-004.yaml").to_string_lossy());
    assert_eq!(say(&home, &["show", "MW-004", "--path"]).ok().out, copied.out);
    let twice = say(&home, &["new", "MW-004", "--copy", "--no-input"]);
    assert!(twice.code == 4 && twice.err.contains("yours already"), "{twice:?}");
    say_with(&home, &["examples", "MW-004", "--add"], "hoist the sails of the server\n").ok();
    let listed = say(&home, &["examples", "MW-004"]).ok().out;
    assert!(
        listed.ends_with("\nhoist the sails of the server\n") && listed.lines().count() == 31,
        "{listed}"
    );

    let folder = home.project.join(".mwtui/workflows");
    std::fs::create_dir_all(&folder).expect("a folder");
    let own = folder.join("own.yaml");
    std::fs::write(
        &own,
        format!("id: own\nname: Own\ntrigger_phrases: [water the plants]\nscope: s\nsteps:\n{STEP}\n"),
    )
    .expect("written");
    let said = say_with(&home, &["examples", "own", "--add"], "the ficus is dry\n");
    assert!(said.code == 4 && said.err.contains("mwtui trust"), "{said:?}");
    say(&home, &["trust", "own"]).ok();
    let said = say_with(&home, &["examples", "own", "--add"], "the ficus is dry\n").ok();
    assert!(said.err.contains("untrusted: its file has changed"), "{said:?}");
    let refused = say_with(&home, &["examples", "own", "--add"], "the palm is dry\n");
    assert_eq!(refused.code, 4, "it must be trusted again: {refused:?}");
}
