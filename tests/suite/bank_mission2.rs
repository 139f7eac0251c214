//! The workflows of agents that update, speed up, migrate, refactor, document and integrate, run to their ends with
//! agents that do as the test says: what is good is kept, what is not is undone.

use mwtui::run::{Run, RunStatus, StepStatus};
use serde_json::{Value, json};

use crate::support::bank::{Place, Walk, status};
use crate::support::until;

/// Keeps what each agent was asked last, and has in `$n` how often it was asked.
const ASKED: &str = r#"cat > "$HERE/$MWTUI_AGENT.prompt"
n=$(($(cat "$HERE/$MWTUI_AGENT.n" 2>/dev/null || echo 0) + 1))
echo "$n" > "$HERE/$MWTUI_AGENT.n"
"#;

/// A repository, stand-ins, and agents whose command is a `case` on `$MWTUI_AGENT` with these arms.
fn place(arms: &str, stand_ins: &[(&str, &str)], files: &[(&str, &str)]) -> Place {
    let script = format!("{ASKED}case $MWTUI_AGENT in\n{arms}\nesac\necho 'STATUS: done'");
    let mut all = vec![("agents", script.as_str())];
    all.extend(stand_ins);
    let place = Place::new(&all);
    let command = json!([place.file("bin/agents")]);
    let names = [
        "analyzer",
        "auditor",
        "developer",
        "planner",
        "researcher",
        "reviewer",
        "rollback-planner",
        "tester",
        "verifier",
        "writer",
    ];
    place.settings(&names.map(|name| format!("[agents.{name}]\ncommand = {command}\n")).concat());
    place.repository("git@github.example:team/shop.git", files);
    place
}

fn file(place: &Place, name: &str) -> String {
    std::fs::read_to_string(place.home.project.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn put(place: &Place, name: &str, text: &str) {
    std::fs::write(place.home.project.join(name), text).expect(name);
}

#[track_caller]
fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part}: {text}");
    }
}

fn attempts(run: &Run, step: &str) -> usize {
    run.record(&mwtui::base::StepId::new(step)).expect(step).1.attempts.len()
}

async fn is(walk: &Walk, wanted: RunStatus) -> Run {
    until(&format!("the run is {}", wanted.word()), async || {
        let run = walk.run().await;
        (run.status() == wanted).then_some(run)
    })
    .await
}

/// Nothing is left of the branch, and nothing was lost.
#[track_caller]
fn as_before(place: &Place) {
    assert_eq!(place.git(&["branch", "--format=%(refname:short)"]), "main");
    assert_eq!(place.git(&["status", "--porcelain"]), "");
    assert_eq!(place.git(&["log", "--format=%s"]), "Begin the shop");
}

/// Plans an unknown name the first time.
const UPDATERS: &str = r#"auditor) printf 'SECURITY: gamma\nRISKY: beta\n' ;;
planner) if [ "$n" = 1 ]; then echo 'ORDER: omega'; else printf 'ORDER: gamma beta alpha\nLEAVE: none\n'; fi ;;
developer) echo 'NEEDS: call beta with two arguments' ;;
tester) echo 'NEW_WARNINGS: none' ;;
verifier) echo 'VERDICT: good' ;;"#;

/// Three versions in a file; beta 1.1 breaks the tests.
fn dependencies() -> (Place, Vec<(&'static str, Value)>) {
    let files = [
        ("deps.txt", "alpha 1.0.0\nbeta 1.0.0\ndelta 1.0.0\ngamma 0.9.1\n"),
        ("newest.txt", "alpha 1.0.1\nbeta 1.1.0\ndelta 2.0.0\ngamma 0.9.4\n"),
        (
            "test.sh",
            "echo trace > left-behind\nif grep -q 'beta 1.1' deps.txt; then echo beta wants two arguments; exit 1; fi\n",
        ),
    ];
    let inputs = vec![
        ("ecosystem", json!("other")),
        ("list_command", json!("join deps.txt newest.txt")),
        ("update_command", json!(r#"sed "s/^$NAME .*/$NAME $NEW/" deps.txt >.new && mv .new deps.txt"#)),
        ("test_command", json!("sh test.sh")),
    ];
    (place(UPDATERS, &[], &files), inputs)
}

#[tokio::test(flavor = "multi_thread")]
async fn dependencies_are_updated_one_by_one_and_the_one_that_breaks_is_undone() {
    let (place, inputs) = dependencies();
    let walk = Walk::start(&place, "dependency-update", &inputs).await;
    let question = walk.approve("agree").await;
    has(&question, &["gamma=0.9.1=0.9.4 beta=1.0.0=1.1.0 alpha=1.0.0=1.0.1", "weakness asks for: gamma"]);
    let question = walk.approve("keep").await;
    has(&question, &["with 2 updates", "Undone: beta."]);
    let run = walk.end().await;
    assert_eq!(run.status(), RunStatus::Completed, "{run:#?}");
    assert_eq!((attempts(&run, "plan"), run.backs.len()), (2, 1), "an unknown name is planned again");
    assert_eq!(status(&run, "update.1"), StepStatus::Done);
    assert_eq!(status(&run, "update.2"), StepStatus::Failed);
    assert_eq!(status(&run, "update.3"), StepStatus::Done);
    assert_eq!(
        file(&place, "deps.txt"),
        "alpha 1.0.1\nbeta 1.0.0\ndelta 1.0.0\ngamma 0.9.4\n",
        "delta would move too far"
    );
    assert_eq!(
        place.git(&["log", "--format=%s", "main..update-dependencies"]),
        "Report of the updated dependencies\nUpdate alpha from 1.0.0 to 1.0.1\nUpdate gamma from 0.9.1 to 0.9.4"
    );
    let changed = place.git(&["diff", "--name-only", "main", "HEAD"]);
    let report = changed.lines().find(|f| f.starts_with("docs/dependencies/")).expect("a report").to_owned();
    assert_eq!(changed, format!("deps.txt\n{report}"), "nothing that the tests left behind");
    let report = file(&place, &report);
    has(
        &report,
        &["| beta | 1.0.0 | 1.1.0 | undone |", "- `beta`: call beta with two arguments", "1 more would"],
    );
    assert!(!report.contains("${{"), "{report}");
    has(&place.read("developer.prompt"), &["2=beta", "beta wants two arguments"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_that_nobody_wants_leave_nothing_behind() {
    let (place, inputs) = dependencies();
    let walk = Walk::start(&place, "dependency-update", &inputs).await;
    walk.approve("agree").await;
    walk.reject("keep", "not before the fair").await;
    let run = is(&walk, RunStatus::Failed).await;
    assert_eq!(status(&run, "branch.rollback"), StepStatus::Done, "{run:#?}");
    as_before(&place);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_npm_says_is_outdated_is_installed_by_npm() {
    let npm = r#"case "$*" in
"outdated --parseable")
  printf '%s:@shop/cart@2.1.3:@shop/cart@2.1.0:@shop/cart@3.0.0:shop\n' "$PWD/node_modules/@shop/cart"
  printf '%s:left-pad@1.3.0:left-pad@1.2.0:left-pad@1.3.0:shop\n' "$PWD/node_modules/left-pad"; exit 1 ;;
install\ *) echo "$2" >> package-lock.json ;;
ci|test|audit) ;;
*) exit 2 ;;
esac"#;
    let arms = "planner) echo 'ORDER: @shop/cart left-pad' ;;";
    let place = place(arms, &[("npm", npm)], &[("package.json", "{}\n"), ("package-lock.json", "{}\n")]);
    let walk = Walk::start(&place, "dependency-update", &[("reach", json!("major"))]).await;
    walk.approve("agree").await;
    walk.approve("keep").await;
    let run = walk.end().await;
    assert_eq!(run.status(), RunStatus::Completed, "{run:#?}");
    let installed = place.calls("npm", "install");
    assert_eq!(installed, ["install @shop/cart@3.0.0", "install left-pad@1.3.0"]);
    assert_eq!(place.calls("npm", "test").len(), 4, "before, after each, and with all together");
    has(&place.git(&["log", "--format=%s"]), &["Update @shop/cart from 2.1.0 to 3.0.0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_is_outdated_there_is_no_branch() {
    let (place, mut inputs) = dependencies();
    inputs[1].1 = json!("true");
    let walk = Walk::start(&place, "dependency-update", &inputs).await;
    let run = walk.end().await;
    assert_eq!(
        (run.status(), status(&run, "agree")),
        (RunStatus::Completed, StepStatus::Skipped),
        "{run:#?}"
    );
    as_before(&place);
}

/// Sleeps a little less at first, and then hardly at all.
const SPEEDERS: &str = r#"analyzer) echo 'BOTTLENECK: it sleeps' ;;
planner) printf 'CHANGE: sleep less, try %s\nEXPECTED: 90 %%\n' "$n" ;;
developer) if [ "$n" = 1 ]; then echo 'sleep 0.39; echo 42' > work.sh; else echo 'sleep 0.01; echo 42' > work.sh; fi
  echo 'CHANGED: Sleep less' ;;
reviewer) printf 'VERDICT: approved\nREMARK: none\nCOST: none\n' ;;"#;

fn slow(arms: &str, stand_ins: &[(&str, &str)]) -> (Place, Vec<(&'static str, Value)>) {
    let inputs = vec![
        ("goal", json!("The work takes too long")),
        ("command", json!("sh work.sh")),
        ("test_command", json!("sh test.sh")),
        ("threshold", json!(40)),
        ("runs", json!(3)),
    ];
    (
        place(
            arms,
            stand_ins,
            &[
                ("work.sh", "sleep 0.4; echo 42\n"),
                ("test.sh", "echo trace > left-behind\nsh work.sh | grep 42\n"),
            ],
        ),
        inputs,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_kept_once_it_is_measurably_faster() {
    let (place, inputs) = slow(SPEEDERS, &[]);
    let walk = Walk::start(&place, "performance-optimization", &inputs).await;
    let question = walk.approve("agree").await;
    has(&question, &["Commit on optimize-performance: Sleep less?"]);
    let run = walk.end().await;
    assert_eq!(run.status(), RunStatus::Completed, "{run:#?}");
    assert_eq!((attempts(&run, "measure"), attempts(&run, "baseline")), (2, 1));
    has(&place.read("planner.prompt"), &["“sleep less, try 1” is faster by", "it was undone"]);
    assert_eq!(file(&place, "work.sh"), "sleep 0.01; echo 42\n");
    has(&place.git(&["log", "-1", "--format=%B"]), &["Sleep less\n\nFaster by ", "Measured: sh work.sh"]);
    let report = file(&place, "docs/performance/optimize-performance.md");
    has(&report, &["# Sleep less", "asked were 40 %", "Measured 3 times each by", "Bottleneck: it sleeps"]);
    assert_eq!(place.git(&["rev-list", "--count", "main..HEAD"]), "1");
    assert_eq!(place.git(&["status", "--porcelain"]), "");
}

/// A stand-in measures 100, 101 and 102 ms at first, and what the file `times` says later.
const HYPERFINE: &str = r#"while [ "$1" != --export-json ]; do shift; done
if [ -e "$HERE/measured" ]; then times=$(cat "$HERE/times"); else times='0.100 0.101 0.102'; : > "$HERE/measured"; fi
{ printf '{\n  "results": [\n    {\n      "command": "x",\n      "times": [\n'
  printf '        %s,\n' $times | sed '$s/,$//'
  printf '      ],\n      "exit_codes": [\n        0\n      ]\n    }\n  ]\n}\n'; } > "$2""#;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_faster_by_the_threshold_is_refused_and_undone() {
    // Faster by 30 %, where 40 were asked for.
    let (place, inputs) = slow(SPEEDERS, &[("hyperfine", HYPERFINE)]);
    place.put("times", "0.071 0.0707 0.070");
    let walk = Walk::start(&place, "performance-optimization", &inputs).await;
    let run = is(&walk, RunStatus::Failed).await;
    assert_eq!(status(&run, "refuse"), StepStatus::Failed, "{run:#?}");
    assert_eq!(
        (attempts(&run, "develop"), attempts(&run, "agree")),
        (2, 0),
        "as many tries as were asked for"
    );
    has(&walk.said("compare").await, &["BEFORE_MS: 101.0\nAFTER_MS: 70.7\nGAIN: 30.0\n"]);
    has(&walk.said("refuse").await, &["“sleep less, try 2” is faster by 30.0 %, asked were 40 %"]);
    has(&place.calls("hyperfine", "").concat(), &["--runs 3 --shell sh"]);
    as_before(&place);
    assert_eq!(file(&place, "work.sh"), "sleep 0.4; echo 42\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_faster_within_the_noise_or_says_something_else_is_refused() {
    // The median is better by 50 %, but half of the times are anywhere.
    let (place, mut inputs) = slow(SPEEDERS, &[("hyperfine", HYPERFINE)]);
    inputs.push(("tries", json!(1)));
    place.put("times", "0.010 0.050 0.180");
    let walk = Walk::start(&place, "performance-optimization", &inputs).await;
    is(&walk, RunStatus::Failed).await;
    has(&walk.said("refuse").await, &["is faster by 50.5 %, asked were 40 %, and the noise is 84.2 %"]);
    as_before(&place);

    let wrong = "developer) echo 'echo 42, almost' > work.sh ;;";
    let (place, mut inputs) = slow(wrong, &[("hyperfine", HYPERFINE)]);
    inputs.push(("tries", json!(1)));
    place.put("times", "0.001 0.001 0.001");
    let walk = Walk::start(&place, "performance-optimization", &inputs).await;
    is(&walk, RunStatus::Failed).await;
    has(&walk.said("refuse").await, &["prints something else than before"]);
    as_before(&place);
}

/// The reviewer wants a change of the first migration, and the second one fails on the copy.
const MIGRATORS: &str = r#"planner) printf 'ROWS: orders -1, done +1\nRISK: low\nDOWNTIME: a minute\n' ;;
developer) mkdir -p migrations
  case $n in
  1) echo 'rm "$DB"' > migrations/next.sql ;;
  2) echo 'cat no-such-file >> "$DB"' > migrations/next.sql ;;
  *) cp "$HERE/migration" migrations/next.sql ;;
  esac
  echo 'CHANGED: Finished orders are kept apart' ;;
reviewer) if [ "$n" = 1 ]; then printf 'VERDICT: changes needed\nREMARK: it deletes everything\n'
  else printf 'VERDICT: approved\nREMARK: none\n'; fi ;;
verifier) printf 'VERDICT: good\nREMARK: none\n' ;;
rollback-planner) echo 'BACK: move the row back by hand' ;;"#;

const GOOD: &str = "sed 's/^orders 1$/done 1/' \"$DB\" > \"$DB.new\"\nmv \"$DB.new\" \"$DB\"\n";
const ROWS: &str = "orders 1\norders 2\nusers 1\n";

/// A database that is a file of rows, each with the name of its table.
fn database(migration: &str) -> (Place, Vec<(&'static str, Value)>) {
    let place = place(MIGRATORS, &[], &[("shop.rows", ROWS)]);
    place.put("migration", migration);
    let inputs = vec![
        ("kind", json!("other")),
        ("database", json!("shop.rows")),
        ("backup_command", json!(r#"cp "$DB" "$BACKUP""#)),
        ("restore_command", json!(r#"cp "$BACKUP" "$DB""#)),
        ("apply_command", json!(r#"sh -e "$SCRIPT""#)),
        ("counts_command", json!(r#"cut -d' ' -f1 "$DB" | sort | uniq -c | awk '{ print $2, $1 }'"#)),
        ("drop_command", json!(r#"rm -f "$DB""#)),
        ("change", json!("Keep finished orders apart")),
        ("check_command", json!(r#"grep -q '^done 1$' "$DB""#)),
    ];
    (place, inputs)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_is_rehearsed_on_a_copy_counted_and_applied() {
    let (place, inputs) = database(GOOD);
    let walk = Walk::start(&place, "data-migration", &inputs).await;
    walk.waits("agree").await;
    assert_eq!(file(&place, "shop.rows"), ROWS, "nothing is applied before it is approved");
    assert_eq!(file(&place, "shop.rows.mwtui-copy"), "done 1\norders 2\nusers 1\n");
    let question = walk.approve("agree").await;
    has(
        &question,
        &["orders 2 to 1", "done none to 1", "restored once: the same rows in 2 tables", "Risk: low"],
    );
    walk.done("see", "the shop shows the finished order").await;
    let run = walk.end().await;
    assert_eq!(run.status(), RunStatus::Completed, "{run:#?}");
    assert_eq!((attempts(&run, "develop"), attempts(&run, "rehearse"), attempts(&run, "apply")), (3, 2, 1));
    has(&place.read("developer.prompt"), &["The reviewer: it deletes everything", "no-such-file"]);
    assert_eq!(file(&place, "shop.rows"), "done 1\norders 2\nusers 1\n");
    assert!(!place.home.project.join("shop.rows.mwtui-copy").exists());
    let reports = place.home.project.join("docs/migrations");
    let report = crate::support::bank::only_file(&reports);
    has(
        &report,
        &["| orders | 2 | 1 |", "| done | - | 1 |", "move the row back by hand", "cp \"$BACKUP\" \"$DB\""],
    );

    // Once something new was written, rolling back does not lose it.
    put(&place, "shop.rows", "done 1\norders 2\norders 3\nusers 1\n");
    walk.roll_back("the report is wrong").await;
    let said = walk.failed("apply.rollback").await;
    has(&said, &["restoring would lose them"]);
    assert_eq!(file(&place, "shop.rows"), "done 1\norders 2\norders 3\nusers 1\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_fails_half_way_is_undone_by_the_backup() {
    // On the copy it is well.
    let half = format!("case $DB in *-copy) ;; *) echo half > \"$DB\"; exit 1 ;; esac\n{GOOD}");
    let (place, inputs) = database(&half);
    let walk = Walk::start(&place, "data-migration", &inputs).await;
    walk.approve("agree").await;
    let run = is(&walk, RunStatus::Failed).await;
    assert_eq!(status(&run, "apply.rollback"), StepStatus::Done, "{run:#?}");
    assert_eq!(file(&place, "shop.rows"), ROWS);
    assert!(!place.home.project.join("shop.rows.mwtui-copy").exists(), "the copy is removed");
    assert!(!place.home.project.join("docs").exists(), "there is no report of what did not happen");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_with_other_rows_than_the_rehearsal_is_restored() {
    let more = format!("{GOOD}case $DB in *-copy) ;; *) echo users 2 >> \"$DB\" ;; esac\n");
    let (place, inputs) = database(&more);
    let walk = Walk::start(&place, "data-migration", &inputs).await;
    walk.approve("agree").await;
    let run = is(&walk, RunStatus::Failed).await;
    assert_eq!(
        (status(&run, "apply"), status(&run, "after")),
        (StepStatus::Done, StepStatus::Failed),
        "{run:#?}"
    );
    has(&walk.said("after").await, &["< users 1\n", "> users 2\n"]);
    assert_eq!(file(&place, "shop.rows"), ROWS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_written_to_since_the_backup_is_left_alone() {
    let (place, inputs) = database(GOOD);
    let walk = Walk::start(&place, "data-migration", &inputs).await;
    walk.waits("agree").await;
    let rows = format!("{ROWS}users 2\n");
    put(&place, "shop.rows", &rows);
    walk.approve("agree").await;
    let run = is(&walk, RunStatus::Failed).await;
    has(&walk.said("apply").await, &["Rows came or went since the backup"]);
    has(&walk.said("apply.rollback").await, &["Nothing was applied, so nothing is restored."]);
    assert_eq!(status(&run, "apply.rollback"), StepStatus::Done);
    assert_eq!(file(&place, "shop.rows"), rows, "what was written stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_changes_after_its_approval_is_not_applied() {
    let (place, inputs) = database(GOOD);
    let walk = Walk::start(&place, "data-migration", &inputs).await;
    walk.waits("agree").await;
    put(&place, "migrations/next.sql", "rm \"$DB\"\n");
    walk.approve("agree").await;
    is(&walk, RunStatus::Failed).await;
    has(&walk.said("apply").await, &["is not the file that was approved"]);
    assert_eq!(file(&place, "shop.rows"), ROWS);
}

/// The first step breaks the tests once.
const REFACTORERS: &str = r#"analyzer) echo 'BEHAVIOUR: the words stay' ;;
planner) echo 'STEPS: add say | use say for bye' ;;
tester) mkdir -p pinned; printf '. ./lib.sh\ntest "$(bye ana)" = "bye ana"\n' > pinned/bye ;;
developer) case $n in
  1) echo > lib.sh ;;
  2) echo 'say() { echo "$@"; }' >> lib.sh ;;
  *) sed -i.old 's/echo "bye $1"/say bye "$1"/' lib.sh; rm lib.sh.old; sh "$HERE/extra" ;;
  esac
  echo 'CHANGED: Step '"$n" ;;
verifier) echo 'VERDICT: good' ;;"#;

fn legacy(extra: &str) -> (Place, Vec<(&'static str, Value)>) {
    let lib = "greet() {\n  echo \"hello $1\"\n}\nbye() {\n  echo \"bye $1\"\n}\n";
    let test = "echo trace > left-behind\n. ./lib.sh\ntest \"$(greet ana)\" = 'hello ana' || exit 1\nfor t in pinned/*; do test ! -e \"$t\" || sh \"$t\" || exit 1; done\n";
    let place = place(REFACTORERS, &[], &[("lib.sh", lib), ("test.sh", test)]);
    place.put("extra", extra);
    let inputs = vec![
        ("path", json!("lib.sh")),
        ("goal", json!("One way to say things")),
        ("test_command", json!("sh test.sh")),
    ];
    (place, inputs)
}

#[tokio::test(flavor = "multi_thread")]
async fn code_is_refactored_in_small_commits_over_pinned_behaviour() {
    let (place, inputs) = legacy("");
    let walk = Walk::start(&place, "refactoring", &inputs).await;
    has(&walk.approve("agree").await, &["add say | use say for bye", "the words stay"]);
    has(&walk.approve("keep").await, &["1 declarations are new"]);
    let run = walk.end().await;
    assert_eq!(run.status(), RunStatus::Completed, "{run:#?}");
    assert_eq!(
        place.git(&["log", "--reverse", "--format=%s", "main..HEAD"]),
        "Pin the behaviour of lib.sh down before it is refactored\nStep 2\nStep 3\nWrite down what was refactored"
    );
    has(&file(&place, "docs/refactoring/refactor.md"), &["in 2 steps", "nothing of 2 declarations is gone"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refactoring_that_takes_something_public_away_comes_before_a_person() {
    let (place, inputs) = legacy(
        "sed -i.old 's/^greet() {/greet () {/;s/^say() { /_say() { /;s/say bye/_say bye/' lib.sh; echo 'greet() { echo \"hello $1\"; }' >> lib.sh; rm lib.sh.old",
    );
    let walk = Walk::start(&place, "refactoring", &inputs).await;
    walk.approve("agree").await;
    has(&walk.failed("same").await, &["< greet()", "is gone or different"]);
    assert_eq!(place.git(&["branch", "--show-current"]), "refactor");
    walk.roll_back("too clever").await;
    is(&walk, RunStatus::Cancelled).await;
    as_before(&place);
}

/// Writes into the code at first, then a link that leads nowhere, then a broken sample.
const WRITERS: &str = r#"analyzer) echo 'FIRST: what it is for' ;;
writer) case $n in
  1) echo 'x = 1' >> shop.py ;;
  2) git checkout -q -- shop.py; git reset -q --hard; echo 'See [the guide](GUIDE.md).' > README.md ;;
  3) printf '# Shop\n\n```sh\nif then\n```\n' > README.md ;;
  *) printf '# Shop\n\n```sh\nsh shop.sh\n```\n\n```mermaid\ngraph LR\n```\n' > README.md
    printf 'def sell(what):\n    """Sells it."""\n    return what\n' > shop.py ;;
  esac
  echo 'WRITTEN: Document the shop' ;;
reviewer) printf 'VERDICT: approved\nREMARK: none\n' ;;"#;

#[tokio::test(flavor = "multi_thread")]
async fn documentation_is_written_until_links_samples_and_code_are_right() {
    let place = place(WRITERS, &[], &[("shop.py", "def sell(what):\n    return what\n")]);
    let walk = Walk::start(&place, "documentation-generation", &[]).await;
    let question = walk.approve("agree").await;
    has(&question, &["Undocumented were 2, and are 0 now", "Samples not checked: 1 mermaid"]);
    let run = walk.end().await;
    assert_eq!((run.status(), run.backs.len()), (RunStatus::Completed, 3), "{run:#?}");
    has(
        &place.read("writer.prompt"),
        &["More than comments changed in:\nshop.py", "README.md: there is no GUIDE.md", "Syntax error"],
    );
    assert_eq!(place.git(&["show", "--format=%s", "--name-only"]), "Document the shop\n\nREADME.md\nshop.py");
}

/// The tests do not read the recorded answer at first, and name one test too few.
const INTEGRATORS: &str = r#"planner) printf 'DESIGN: one function\nTIMEOUTS: 5 s\nRETRIES: 3 for GET\n' ;;
developer) echo 'key=${ITEMS_KEY:?}' > client.sh; echo 'CHANGED: List the items' ;;
tester) printf 'echo trace > left-behind # when_it_is_401\n' > test.sh
  if [ "$n" -gt 1 ]; then echo 'true # when_it_is_late' >> test.sh; fi
  if [ "$n" -gt 2 ]; then echo 'test "$ITEMS_KEY" = made-up-key-of-a-test && grep -q name tests/fixtures/items/recorded.json' >> test.sh; fi
  echo 'CASES: 401=when_it_is_401 timeout=when_it_is_late' ;;
writer) printf '## How it is called\n\nBy client.sh.\n\n' ;;
reviewer) printf 'VERDICT: approved\nREMARK: none\n' ;;"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_api_is_integrated_with_named_failures_and_a_contract_test_that_notices() {
    let place = place(
        INTEGRATORS,
        &[],
        &[("items.json", "{\"openapi\": \"3.1.0\"}\n"), ("answer.json", "{\"name\": \"x\"}\n")],
    );
    let inputs = [
        ("api", json!("items")),
        ("use", json!("List the items")),
        ("contract", json!("items.json")),
        ("key_name", json!("ITEMS_KEY")),
        ("recording", json!("it is a file")),
        ("recorded_file", json!("answer.json")),
        ("errors", json!(["401", "timeout"])),
        ("test_command", json!("sh test.sh")),
    ];
    let walk = Walk::start(&place, "api-integration", &inputs).await;
    walk.done("harmless", "only an x is in it").await;
    walk.approve("agree").await;
    walk.approve("keep").await;
    let run = walk.end().await;
    assert_eq!((run.status(), run.backs.len()), (RunStatus::Completed, 2), "{run:#?}");
    has(
        &place.read("developer.prompt"),
        &["The test when_it_is_late for timeout is nowhere in the code", "No test notices"],
    );
    assert_eq!(file(&place, "tests/fixtures/items/recorded.json"), "{\"name\": \"x\"}\n", "it is put back");
    let document = file(&place, "docs/integrations/items.md");
    has(&document, &["`ITEMS_KEY`", "By client.sh.", "timeout: when_it_is_late", "| timeouts | 5 s |"]);
    assert!(!document.contains("STATUS") && !document.contains("${{"), "{document}");
    assert_eq!(place.git(&["status", "--porcelain"]), "");
}

const SENT: &str = r#"cat > "$HERE/sent"
while [ $# -gt 0 ]; do if [ "$1" = --output ]; then echo "$ANSWER" > "$2"; fi; shift; done"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_holds_the_key_is_not_kept() {
    let curl = format!("ANSWER='{{\"you\": \"secret-of-ana\"}}'\n{SENT}");
    let place = place(INTEGRATORS, &[("curl", &curl)], &[("items.json", "{}\n")]);
    place.put("key", "secret-of-ana\n");
    let inputs = [
        ("api", json!("items")),
        ("use", json!("List the items")),
        ("contract", json!("items.json")),
        ("key_name", json!("ITEMS_KEY")),
        ("request_url", json!("https://items.example/v1/items")),
        ("key", json!({ "secret": format!("file:{}", place.file("key").display()) })),
        ("test_command", json!("sh test.sh")),
    ];
    let walk = Walk::start(&place, "api-integration", &inputs).await;
    let question = walk.approve("permit").await;
    has(&question, &["Send GET https://items.example/v1/items once"]);
    let said = walk.failed("record").await;
    has(&said, &["The answer holds the key itself"]);
    assert_eq!(place.read("sent"), "header = \"Authorization: Bearer secret-of-ana\"\n");
    let calls = place.read("curl.calls");
    assert!(!calls.contains("secret-of-ana") && !said.contains("secret-of-ana"), "{calls}{said}");
}
