//! Loops, several open steps, agents' prompts and child runs on the command line.

use crate::support::Home;
use crate::support::cli::{Said, say, say_with};
use crate::support::terminal::Terminal;

#[track_caller]
fn ends_with(code: i32, said: &Said) {
    assert_eq!(said.code, code, "{said:?}");
}

#[track_caller]
fn has(said: &Said, wanted: &[&str]) {
    for text in wanted {
        assert!(said.out.contains(text) || said.err.contains(text), "no {text:?} in {said:?}");
    }
}

fn status(home: &Home) -> serde_json::Value {
    say(home, &["status", "last", "--json"]).ok().json()
}

const LOOP: &str = "  - id: build
    title: Build
    needs: []
    for_each: { items: [api, web], parallel: 2 }
    run: echo building \"$S\"; test \"$S\" = api || test -e mended
    env: { S: \"${{ item }}\" }
    rollback: echo unbuild \"$S\"
  - id: think
    title: Think
    needs: []
    agent: analyst
    prompt: What do you think?
    expects: done
  - id: look
    title: Look
    actions: [See it]
    needs: [build, think]
";

#[test]
fn several_open_steps_are_told_and_one_of_them_is_named() {
    let home = Home::new();
    home.workflow("loop", LOOP);
    let started = say(&home, &["run", "loop", "--no-input"]);
    ends_with(1, &started);
    has(&started, &["2 times: api, web", "building web", "Build: web", "▲ agent  Think  think"]);
    let waiting = say(&home, &["walk", "last", "--no-input", "--json"]).json();
    let names: Vec<_> = waiting["waiting"].as_array().expect("a list").iter().map(|w| &w["step"]).collect();
    assert_eq!(names, ["build.2", "think"]);
    has(&say(&home, &["status", "last"]).ok(), &["each run", "build.2", "for analyst", "--step build.2"]);

    // Which is meant follows from what is said; where it does not, they are named.
    let which = say(&home, &["skip", "last", "--reason", "x"]);
    ends_with(4, &which);
    has(&which, &["build.2 (failed)", "think (agent)", "--step build.2"]);
    let wrong = say(&home, &["approve", "last"]);
    ends_with(4, &wrong);
    has(&wrong, &["No open step", "build.2 (failed)"]);
    let short = say_with(&home, &["answer", "last", "--file", "-"], "I do not know\n");
    ends_with(4, &short);
    has(&short, &["should have “done” in it"]);
    say_with(&home, &["answer", "last", "--file", "-"], "It is fine.\nSTATUS: DONE\n").ok();
    std::fs::write(home.project.join("mended"), "").expect("written");
    has(&say(&home, &["retry", "last", "--step", "3", "--preview"]).ok(), &["S = web"]);
    has(&say(&home, &["retry", "last"]).ok(), &["Look"]);
    assert_eq!(say(&home, &["logs", "last", "build.2"]).ok().out, "building web\nbuilding web\n");
    assert_eq!(say(&home, &["logs", "last", "build"]).ok().out.lines().count(), 3);
}

#[test]
fn a_rollback_lists_what_it_undoes_newest_first() {
    let home = Home::new();
    home.workflow_with(
        "undo",
        "moves: { from: [Built], to: Shipped }",
        "  - id: one\n    title: One\n    run: echo one\n    rollback: echo un-one\n  - id: two\n    title: Two\n    run: echo two\n    rollback: { title: Take two back, run: echo un-two }\n  - id: three\n    title: Three\n    run: echo three\n",
    );
    let elsewhere = say(&home, &["run", "undo", "--subject", "shop", "--no-input"]);
    ends_with(4, &elsewhere);
    has(&elsewhere, &["Nothing is known", "subject set shop"]);
    ends_with(1, &say(&home, &["run", "undo", "--subject", "shop", "--dry-run"]));
    ends_with(1, &say(&home, &["run", "undo", "--dry-run"]));
    say(&home, &["subject", "set", "shop", "Built", "--reason", "by hand"]).ok();
    has(
        &say(&home, &["run", "undo", "--subject", "shop", "--dry-run"]).ok(),
        &["Built to Shipped", "now Built"],
    );
    ends_with(0, &say(&home, &["run", "undo", "--subject", "shop", "--no-input"]));
    has(&say(&home, &["subject", "show", "shop"]).ok(), &["shop is Shipped"]);

    let listed = say(&home, &["rollback", "last", "--reason", "x", "--preview"]).ok();
    let (two, one) = (listed.out.find("Take two back"), listed.out.find("un-one"));
    assert!(two.is_some() && two < one, "newest first: {listed:?}");
    has(&listed, &["stays as it is  three"]);
    let plan = say(&home, &["rollback", "last", "--reason", "x", "--preview", "--json"]).ok().json();
    assert_eq!(plan["steps"][0]["step"], "two");
    assert_eq!(plan["steps"][0]["work"]["script"], "echo un-two");
    assert_eq!(status(&home)["run"]["status"], "completed", "a preview undoes nothing");

    has(&say(&home, &["rollback", "last", "--reason", "too early"]).ok(), &["rolled back"]);
    has(&say(&home, &["status", "last"]).ok(), &["too early", "undoes two", "undoes one"]);
    has(&say(&home, &["runs"]).ok(), &["undone"]);
    assert!(say(&home, &["logs", "last"]).ok().out.ends_with("un-two\nun-one\n"));
    has(&say(&home, &["subject", "show", "shop"]).ok(), &["shop is Built", "Shipped → Built"]);
    ends_with(4, &say(&home, &["rollback", "last", "--reason", "again"]));
}

fn parent_and_child(home: &Home) {
    home.workflow(
        "parent",
        "  - id: deploy\n    title: Deploy\n    workflow: child\n    inputs: { where: staging }\n  - id: after\n    title: After\n    run: echo after\n",
    );
    home.workflow_with(
        "child",
        "inputs: { where: { prompt: Where? } }",
        "  - id: go\n    title: Go there\n    run: echo going to \"$W\"\n    env: { W: \"${{ inputs.where }}\" }\n  - id: verify\n    title: Verify\n    approve: Is it well in ${{ inputs.where }}?\n  - id: again\n    title: Again\n    workflow: parent\n    if: inputs.where == \"moon\"\n",
    );
}

#[test]
fn a_cancelled_run_says_what_can_be_undone() {
    let home = Home::new();
    home.workflow(
        "undo",
        "  - id: one\n    title: One\n    run: echo one\n    rollback: echo un-one\n  - id: look\n    title: Look\n    actions: [See it]\n",
    );
    ends_with(7, &say(&home, &["run", "undo", "--no-input"]));
    let cancelled = say(&home, &["cancel", "last"]).ok();
    has(&cancelled, &["mwtui rollback", "undoes one"]);
    ends_with(1, &say(&home, &["walk", "last", "--no-input"]));
    has(&say(&home, &["rollback", "last", "--reason", "as offered"]).ok(), &["rolled back"]);
}

#[test]
fn a_child_run_is_followed_and_answered_through_its_parent() {
    let home = Home::new();
    parent_and_child(&home);
    let started = say(&home, &["run", "parent", "--no-input"]);
    ends_with(7, &started);
    has(&started, &["deploy/1 Go there", "going to staging", "▲ approve  Verify  deploy/verify"]);
    let parent = status(&home);
    assert_eq!(parent["run"]["workflow"], "parent", "the last run is the one that somebody started");
    assert_eq!(parent["children"][0]["step"], "deploy");
    assert_eq!(parent["children"][0]["run"]["status"], "waiting");
    has(&say(&home, &["status", "last"]).ok(), &["Go there", "deploy/verify", "Is it well in staging?"]);
    has(&say(&home, &["runs"]).ok(), &["Deploy › Verify", "of run"]);

    say(&home, &["note", "last", "looks odd", "--step", "deploy/verify"]).ok();
    ends_with(3, &say(&home, &["note", "last", "x", "--step", "deploy/nosuch"]));
    ends_with(3, &say(&home, &["note", "last", "x", "--step", "after/go"]));
    say(&home, &["push-back", "last", "--to", "go", "--feedback", "once more"]).ok();
    assert_eq!(say(&home, &["logs", "last", "deploy/go"]).ok().out, "going to staging\ngoing to staging\n");
    let approved = say(&home, &["approve", "last"]).ok();
    has(&approved, &["Is it well in staging?", "parent"]);
    ends_with(0, &say(&home, &["walk", "last", "--no-input"]));
    assert_eq!(say(&home, &["logs", "last"]).ok().out, "going to staging\ngoing to staging\nafter\n");
    let steps: Vec<_> =
        say(&home, &["logs", "last", "--json"]).ok().lines().iter().map(|l| l["step"].clone()).collect();
    assert_eq!(steps, ["deploy/go", "deploy/go", "after"]);
}

#[test]
fn a_dry_run_shows_child_runs_as_deep_as_they_go() {
    let home = Home::new();
    parent_and_child(&home);
    let shown = say(&home, &["run", "parent", "--dry-run"]).ok();
    has(&shown, &["runs child", "Go there", "W = staging", "Is it well in staging?", "is false"]);
    // Where the child is in turn its parent's, it is shown once.
    let cut = say(&home, &["run", "child", "--input", "where=moon", "--dry-run"]).ok();
    has(&cut, &["runs parent", "run again here"]);
    let plan = say(&home, &["run", "parent", "--dry-run", "--json"]).ok().json();
    assert_eq!(plan["steps"][0]["child"]["steps"][0]["work"]["env"]["W"], "staging");

    // What the child is given is known only later, so it is not said that its step is left out.
    home.workflow_with(
        "quiet",
        "inputs: { why: { required: false } }",
        "  - id: ask\n    title: Ask\n    if: inputs.why is none\n    run: 'true'",
    );
    home.workflow("later", "  - id: first\n    title: First\n    run: 'echo \"W: x\"'\n  - id: then\n    title: Then\n    workflow: quiet\n    inputs: { why: \"${{ steps.first.outputs.W }}\" }");
    has(&say(&home, &["run", "later", "--dry-run"]).ok(), &["only if inputs.why is none"]);

    home.workflow("lost", "  - id: far\n    title: Far\n    workflow: nowhere\n  - id: ask\n    title: Ask\n    call: nobody.tool\n  - id: each\n    title: Each\n    for_each: [1, 2]\n    run: echo \"$N\"\n    env: { N: \"${{ item }}\" }\n");
    let lost = say(&home, &["run", "lost", "--dry-run"]);
    ends_with(1, &lost);
    has(&lost, &["far: There is no workflow nowhere", "[servers.nobody]", "N = 2"]);
    let object = say(&home, &["run", "lost", "--dry-run", "--json"]);
    ends_with(1, &object);
    let object = object.json();
    assert_eq!(object["could_start"], false);
    assert_eq!(object["steps"][2]["iterations"][1]["work"]["env"]["N"], "2");
    assert_eq!(say(&home, &["runs", "--json"]).ok().json()["runs"].as_array().map(Vec::len), Some(0));
}

#[test]
fn at_the_prompt_one_of_several_is_chosen_and_an_agent_is_answered_in_lines() {
    let home = Home::new();
    home.workflow(
        "both",
        "  - id: look\n    title: Look\n    needs: []\n    actions: [See it]\n  - id: think\n    title: Think\n    needs: []\n    agent: analyst\n    prompt: What do you think?\n  - id: say\n    title: Say it\n    needs: [look, think]\n    run: echo \"$T\"\n    env: { T: \"${{ steps.think.outputs.text }}\" }\n",
    );
    let mut terminal = Terminal::open(&home, &["run", "both"], 100, 24);
    terminal
        .shows("start")
        .types("\r")
        .shows("2 steps need you")
        .shows("Think")
        .shows("which first")
        .shows("› ");
    terminal.types("2\r").shows("for the agent").shows("What do you think?").shows("› ").types("\r");
    terminal
        .shows("single .")
        .shows("│ ")
        .types("first\r")
        .shows("│ ")
        .types("second\r")
        .shows("│ ")
        .types(".\r");
    terminal.shows("See it").shows("› ").types("\r").shows("first").shows("second").shows("completed");
    assert_eq!(terminal.exit(), 0);
}

#[test]
fn what_works_beside_a_question_can_be_watched() {
    let home = Home::new();
    home.workflow(
        "beside",
        "  - id: look\n    title: Look\n    needs: []\n    actions: [See it]\n  - id: work\n    title: Work\n    needs: []\n    run: echo be''gun; until test -e stop; do sleep 0.05; done; echo en''ded\n",
    );
    let mut terminal = Terminal::open(&home, &["run", "beside"], 100, 24);
    terminal.shows("start").types("\r").shows("See it").shows("watch what works").shows("› ").types("w\r");
    std::fs::write(home.project.join("stop"), "").expect("written");
    terminal.shows("ended").shows("See it").shows("› ").types("\r").shows("completed");
    assert_eq!(terminal.exit(), 0);
}

const UNDONE_PARENT: &str = "  - id: note
    title: Note it
    run: echo noted >> log
    rollback: echo un-noted >> log
  - id: deploy
    title: Deploy
    workflow: child
  - id: after
    title: After
    run: echo after >> log
    rollback: echo un-after >> log
";

fn log(home: &Home) -> Vec<String> {
    let text = std::fs::read_to_string(home.project.join("log")).expect("the log");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_rollback_rolls_child_runs_back_in_their_turn() {
    let home = Home::new();
    home.workflow("parent", UNDONE_PARENT);
    home.workflow(
        "child",
        "  - id: one\n    title: One\n    run: echo one >> log\n    rollback: echo un-one >> log; echo taken back\n  - id: deep\n    title: Deep\n    for_each: [a, b]\n    workflow: grandchild\n    inputs: { what: \"${{ item }}\" }\n",
    );
    home.workflow_with(
        "grandchild",
        "inputs: { what: { prompt: What? } }",
        "  - id: dig\n    title: Dig\n    run: echo \"dug $W\" >> log\n    env: { W: \"${{ inputs.what }}\" }\n    rollback: echo \"filled $W\" >> log\n",
    );
    has(&say(&home, &["show", "parent"]).ok(), &["the run of this step is rolled back too"]);
    has(&say(&home, &["run", "parent", "--dry-run"]).ok(), &["undone by rolling its run back"]);
    ends_with(0, &say(&home, &["run", "parent", "--no-input"]));
    assert_eq!(log(&home), ["noted", "one", "dug a", "dug b", "after"]);

    let listed = say(&home, &["rollback", "last", "--reason", "x", "--preview"]).ok();
    has(&listed, &["Undo: Deploy", "rolls back run", "undoes deploy"]);
    assert!(!listed.out.contains("stays as it is"), "{listed:?}");
    has(&say(&home, &["rollback", "last", "--reason", "too early"]).ok(), &["rolled back"]);
    assert_eq!(log(&home)[5..], ["un-after", "filled b", "filled a", "un-one", "un-noted"]);
    has(&say(&home, &["status", "last"]).ok(), &["Undo: Deploy", "undoes deploy"]);
    has(&say(&home, &["events", "last"]).ok(), &["Test child (run", "was rolled back"]);
    let parent = status(&home);
    assert_eq!(parent["run"]["status"], "cancelled");
    let runs = say(&home, &["runs", "--json"]).ok().json()["runs"].clone();
    let child = runs.as_array().and_then(|runs| runs.iter().find(|run| run["workflow"] == "child"));
    let child = child.expect("the child run");
    assert_eq!((&child["status"], &child["rolled_back"]), (&"cancelled".into(), &true.into()));
    let walked = say(&home, &["walk", "last", "--no-input"]);
    let (completed, undone) = (walked.out.find("of Test child completed"), walked.out.find("$ echo un-one"));
    assert!(completed.is_some() && completed < undone, "each in its turn: {walked:?}");
    has(&say(&home, &["logs", "last"]).ok(), &["taken back"]);
    ends_with(4, &say(&home, &["rollback", "last", "--reason", "again"]));
}

#[test]
fn a_child_run_that_goes_on_is_ended_and_undone_and_asks_in_its_parent() {
    let home = Home::new();
    home.workflow("parent", UNDONE_PARENT);
    home.workflow(
        "child",
        "  - id: one\n    title: One\n    run: echo one >> log\n    rollback: test -e mended && echo un-one >> log\n  - id: look\n    title: Look\n    actions: [See it]\n",
    );
    ends_with(7, &say(&home, &["run", "parent", "--no-input"]));
    say(&home, &["rollback", "last", "--reason", "too early"]).ok();
    has(&say(&home, &["status", "last"]).ok(), &["deploy.rollback/one.rollback"]);
    assert_eq!(status(&home)["run"]["need"]["kind"], "failed");
    std::fs::write(home.project.join("mended"), "").expect("written");
    say(&home, &["retry", "last"]).ok();
    ends_with(1, &say(&home, &["walk", "last", "--no-input"]));
    assert_eq!(log(&home), ["noted", "one", "un-one", "un-noted"]);
}

#[test]
fn a_child_run_with_nothing_to_undo_is_undone_at_once() {
    let home = Home::new();
    home.workflow("parent", UNDONE_PARENT);
    home.workflow("child", "  - id: one\n    title: One\n    run: \"true\"\n");
    ends_with(0, &say(&home, &["run", "parent", "--no-input"]));
    say(&home, &["rollback", "last", "--reason", "too early"]).ok();
    has(&say(&home, &["events", "last"]).ok(), &["did nothing that can be undone"]);
    assert_eq!(log(&home), ["noted", "after", "un-after", "un-noted"]);
}
