//! The workflows of agents that develop, fix, review and audit, run to their ends with agents that answer as the
//! test says, in a repository with a remote.

use mwtui::base::{Actor, StepId};
use mwtui::run::{AttemptEnd, Run, RunStatus, StepStatus};
use serde_json::json;

use crate::support::bank::{Place, Walk, status};
use crate::support::cli::say;

/// Keeps what each agent was asked last, and has in `$n` how often it was asked.
const ASKED: &str = r#"cat > "$HERE/$MWTUI_AGENT.prompt"
n=$(($(cat "$HERE/$MWTUI_AGENT.n" 2>/dev/null || echo 0) + 1))
echo "$n" > "$HERE/$MWTUI_AGENT.n"
"#;

/// Those who develop. The reviewer wants a change the first time; where there is a file `stubborn`, every time.
const TEAM: &str = r#"case $MWTUI_AGENT in
planner) printf 'Story 1: greet by name\nSTORIES: 1\nRISK: low, one new file\nSUMMARY: The shop greets people by name\n' ;;
developer) echo "echo hello \$1 # round $n" > greet.sh
  printf 'There is greet.sh now.\nSUBJECT: Greet people by name\nCHANGES: greet.sh is new\n' ;;
tester) echo 'sh greet.sh ana | grep -q "hello ana"' > test.sh; printf 'ADDED: 1\nUNTESTED: none\n' ;;
verifier) printf 'Criterion 1: met, greet.sh\nVERDICT: pass\n' ;;
reviewer) if [ "$n" = 1 ] || [ -f "$HERE/stubborn" ]
  then printf 'greet.sh:1 needs quotes\nVERDICT: Changes needed\n'
  else printf 'It may stay.\nVERDICT: Pass\n'; fi ;;
esac
echo 'STATUS: done'"#;

/// Those who look at a change. The last one recommends what the file `verdict` says.
const READERS: &str = r#"case $MWTUI_AGENT in
reviewer) printf 'It is short.\nSUMMARY: A short change\nVERDICT: %s\n' "$(cat "$HERE/verdict")" ;;
analyzer) printf -- '- cart.sh:1, blocking: it forgets\nBLOCKING: 1\n' ;;
*) printf -- '- cart.sh:1, minor: no comment\nBLOCKING: 0\n' ;;
esac
echo 'STATUS: done'"#;

/// Those who fix. The first fix is wrong.
const FIXERS: &str = r#"case $MWTUI_AGENT in
triager) echo 'test "$(sh add.sh 1 2)" = 3 || { echo "1 and 2 are not 3"; false; }' > add-test.sh
  printf 'It subtracts.\nSEVERITY: high\nTITLE: 1 and 2 are -1\nREPRODUCE: sh add-test.sh\n' ;;
investigator) printf 'CAUSE: add.sh:1 has a minus\nCONFIDENCE: medium\n' ;;
fixer) if [ "$n" = 1 ]; then echo 'echo $(($1 * $2))' > add.sh; else echo 'echo $(($1 + $2))' > add.sh; fi
  printf 'SUBJECT: Add and do not subtract\nTEST: add-test.sh\n' ;;
verifier) printf 'The minus is gone.\nVERDICT: pass\n' ;;
esac
echo 'STATUS: done'"#;

const AUDITORS: &str = r"case $MWTUI_AGENT in
scanner) printf 'FINDINGS: 0\nUNREAD: nothing\n' ;;
prioritizer) printf '1. The key in settings.txt\nCRITICAL: 1\nHIGH: 1\nMEDIUM: 0\nLOW: 0\nFIRST: take the key out\n' ;;
esac
echo 'STATUS: done'";

/// A made-up key that looks like one, put together here so that no scanner takes this file for a leak.
fn key() -> String {
    format!("AKIA{}", "ABCDEFGHIJKLMNOP")
}

/// A repository with a remote, stand-ins, and agents whose command is `script`.
/// Not every machine has it: the target's commands, one after the other.
const MAKE: &str = r#"sed -n "/^$1:/,/^[^\t]/s/^\t@\{0,1\}//p" Makefile | sh -e || { echo "make: *** [Makefile: $1] Error" >&2; exit 2; }"#;

fn place(names: &[&str], script: &str, stand_ins: &[(&str, &str)], files: &[(&str, &str)]) -> Place {
    let script = format!("{ASKED}{script}");
    let mut all = vec![("agents", script.as_str()), ("make", MAKE)];
    all.extend(stand_ins);
    let place = Place::new(&all);
    let command = json!([place.file("bin/agents")]);
    let settings: Vec<String> =
        names.iter().map(|name| format!("[agents.{name}]\ncommand = {command}\n")).collect();
    place.settings(&settings.concat());
    place.repository("git@github.example:team/shop.git", files);
    place
}

fn team(stand_ins: &[(&str, &str)]) -> Place {
    let names = ["planner", "developer", "tester", "verifier", "reviewer"];
    place(&names, TEAM, stand_ins, &[("Makefile", "test:\n\tsh test.sh\n"), ("test.sh", "true\n")])
}

fn file(place: &Place, name: &str) -> String {
    std::fs::read_to_string(place.home.project.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[track_caller]
fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part}: {text}");
    }
}

fn attempts(run: &Run, step: &str) -> usize {
    run.record(&StepId::new(step)).expect(step).1.attempts.len()
}

/// Who settled a step last.
fn by(run: &Run, step: &str) -> Actor {
    let (_, record) = run.record(&StepId::new(step)).expect(step);
    match record.attempts.last().and_then(|a| a.ended.clone()) {
        Some(AttemptEnd::Done { by, .. }) => by,
        end => panic!("{step}: {end:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feature_goes_back_to_its_developer_once_and_becomes_a_pull_request() {
    let gh = r#"case "$*" in
"auth status"*) ;;
"pr create "*) echo "https://github.example/team/shop/pull/7" ;;
"pr close "*) ;;
*) echo "gh: unknown: $*" >&2; exit 2 ;;
esac"#;
    let place = team(&[("gh", gh)]);
    let before = place.git(&["rev-parse", "main"]);
    let inputs = [("task", json!("Greet people, by name!")), ("deliver", json!("pull request"))];
    let walk = Walk::start(&place, "feature-dev", &inputs).await;
    let plan = walk.approve("approve-plan").await;
    has(
        &plan,
        &["Make the branch feature/greet-people-by-name from main", "Risk: low", "Story 1: greet by name"],
    );
    walk.waits("approve-commit").await;
    assert_eq!(place.git(&["rev-parse", "HEAD"]), before, "nothing is committed before it is approved");
    let commit = walk.approve("approve-commit").await;
    has(&commit, &["as “Greet people by name”?", "greet.sh", "docs/features/greet-people-by-name.md"]);
    has(
        &place.read("developer.prompt"),
        &["The reviewer says:\ngreet.sh:1 needs quotes", "run by: make test"],
    );
    walk.approve("approve-push").await;
    let run = walk.end().await;
    assert_eq!(run.status(), RunStatus::Completed, "{run:#?}");
    assert_eq!((run.backs.len(), attempts(&run, "develop"), attempts(&run, "plan")), (1, 2, 1));
    for step in ["approve-plan", "approve-commit", "approve-push"] {
        assert!(by(&run, step).is_person(), "{step}");
    }
    assert_eq!(
        place.git(&["log", "-1", "--format=%B"]),
        "Greet people by name\n\nThe shop greets people by name"
    );
    assert_eq!(place.git(&["rev-parse", "HEAD^"]), before);
    assert_eq!(place.git(&["status", "--porcelain"]), "");
    assert_eq!(place.origin(&["show", "feature/greet-people-by-name:greet.sh"]), "echo hello $1 # round 2");
    assert_eq!(place.calls("gh", "pr create --head feature/greet-people-by-name --base main").len(), 1);
    let report = file(&place, "docs/features/greet-people-by-name.md");
    has(&report, &["`make test` passed; 1 added by the tester", "no linter was found", "It may stay."]);
    assert!(!report.contains("STATUS: done") && !report.contains("${{"), "{report}");

    // All of it is taken back, and the work itself is kept.
    walk.roll_back("not this quarter").await;
    let run = crate::support::until("it is rolled back", async || {
        let run = walk.run().await;
        (run.status() == RunStatus::Cancelled).then_some(run)
    })
    .await;
    assert_eq!(status(&run, "branch.rollback"), StepStatus::Done, "{run:#?}");
    assert_eq!(place.git(&["branch", "--format=%(refname:short)"]), "main");
    assert_eq!(place.origin(&["branch", "--format=%(refname:short)"]), "main");
    assert_eq!(place.calls("gh", "pr close feature/greet-people-by-name").len(), 1);
    assert_eq!(place.git(&["show", "stash@{0}:greet.sh"]), "echo hello $1 # round 2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feature_that_never_passes_comes_before_a_person() {
    let place = team(&[]);
    place.put("stubborn", "");
    let walk = Walk::start(&place, "feature-dev", &[("task", json!("Greet"))]).await;
    walk.approve("approve-plan").await;
    let said = walk.failed("verdict").await;
    assert_eq!(said, "Not yet: the verifier says \"pass\", the reviewer \"changes needed\".\n");
    let run = walk.run().await;
    assert_eq!((run.backs.len(), attempts(&run, "develop"), attempts(&run, "approve-commit")), (2, 3, 0));
    assert_eq!(place.git(&["log", "--format=%s", "--all"]), "Begin the shop", "nothing was committed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_after_the_review_is_reviewed_again() {
    let place = team(&[]);
    let walk = Walk::start(&place, "feature-dev", &[("task", json!("Greet"))]).await;
    walk.approve("approve-plan").await;
    walk.waits("approve-commit").await;
    std::fs::write(place.home.project.join("late.sh"), "echo late\n").expect("a late change");
    walk.back("stage").await;
    let question = walk.approve("approve-commit").await;
    has(&question, &["late.sh"]);
    has(&place.read("reviewer.prompt"), &["+echo late"]);
    let run = walk.end().await;
    assert_eq!((run.status(), attempts(&run, "develop")), (RunStatus::Completed, 2), "{run:#?}");
    assert_eq!(place.git(&["show", "HEAD:late.sh"]), "echo late");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_agent_a_person_answers_its_prompt() {
    let files = [("Makefile", "test:\n\ttrue\n")];
    let place = place(&[], "", &[], &files);
    let walk = Walk::start(&place, "feature-dev", &[("task", json!("Greet people by name"))]).await;
    let prompt = walk.prompt("plan").await;
    has(&prompt, &["Plan this feature:\n\nGreet people by name", "Makefile", "STATUS: done"]);
    let short = say(&place.home, &["answer", "last", "--set", "text=I would greet them"]);
    assert_eq!(short.code, 4, "what is expected is not in it: {short:?}");
    let text = "Story 1: greet\nSTORIES: 1\nRISK: low\nSUMMARY: It greets\nSTATUS: done";
    walk.answer("plan", json!({ "text": text })).await;
    walk.reject("approve-plan", "we greet nobody").await;
    let run = walk.run().await;
    assert!(by(&run, "plan").is_person(), "{run:#?}");
    walk.waits("approve-plan").await;
    assert_eq!(place.git(&["branch", "--format=%(refname:short)"]), "main", "no plan, no branch");
}

/// A branch that adds a file with a key, and something that is not committed yet.
fn to_be_read() -> Place {
    let names = ["analyzer", "security-checker", "style-checker", "reviewer"];
    let place = place(&names, READERS, &[], &[("Makefile", "lint:\n\techo too long; false\n")]);
    place.git(&["switch", "-q", "-c", "feature/cart"]);
    let put = |name: &str, text: &str| std::fs::write(place.home.project.join(name), text).expect(name);
    put("cart.sh", &format!("KEY={}\n", key()));
    place.git(&["add", "-A"]);
    place.git(&["commit", "-q", "-m", "Keep the cart"]);
    put("note.txt", "not committed\n");
    place
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_approved_only_with_a_reason_for_what_blocks() {
    let place = to_be_read();
    place.put("verdict", "request changes");
    let walk = Walk::start(&place, "code-review", &[]).await;
    walk.answer("decide", json!({ "verdict": "approve" })).await;
    crate::support::until("it is asked again", async || (walk.run().await.backs.len() == 1).then_some(()))
        .await;
    walk.answer("decide", json!({ "verdict": "approve", "despite": "it is an example key" })).await;
    assert_eq!(
        walk.approve("approve").await.trim(),
        "Is “approve” your verdict on feature/cart, for these reasons?"
    );
    let run = walk.end().await;
    assert_eq!(run.status(), RunStatus::Completed, "{run:#?}");
    assert!(by(&run, "approve").is_person() && by(&run, "decide").is_person());
    let report = file(&place, "docs/reviews/feature-cart.md");
    has(&report, &["Verdict: **approved**. The reviewer had recommended: request changes."]);
    has(&report, &["it is an example key", "2 files", "Secrets: found by", "make lint failed", "1 in logic"]);
    for agent in ["analyzer", "security-checker", "style-checker"] {
        let prompt = place.read(&format!("{agent}.prompt"));
        has(&prompt, &["+KEY=(a secret)", "+not committed"]);
        assert!(!prompt.contains(&key()), "{prompt}");
    }
    has(&place.read("style-checker.prompt"), &["too long"]);
    has(&place.read("reviewer.prompt"), &["Logic (1 blocking)", "it forgets"]);
    assert!(!report.contains(&key()) && !walk.said("secrets").await.contains(&key()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_sent_back_with_what_must_change() {
    let place = to_be_read();
    place.put("verdict", "approve");
    let inputs = [("branch", json!("feature/cart")), ("base", json!("main"))];
    let walk = Walk::start(&place, "code-review", &inputs).await;
    let answers = json!({ "verdict": "request changes", "must_change": "Take the key out." });
    walk.answer("decide", answers).await;
    walk.approve("approve").await;
    let run = walk.end().await;
    assert_eq!((run.status(), status(&run, "unblocked")), (RunStatus::Completed, StepStatus::Skipped));
    let report = file(&place, "docs/reviews/feature-cart.md");
    has(
        &report,
        &["Verdict: **changes requested**. The reviewer had recommended: approve.", "Take the key out."],
    );
    has(&report, &["1 files"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bug_is_shown_before_and_gone_after() {
    let names = ["triager", "investigator", "fixer", "verifier"];
    let files = [("add.sh", "echo $(($1 - $2))\n"), ("all.sh", "sh add.sh 2 2 >/dev/null\n")];
    let place = place(&names, FIXERS, &[], &files);
    let inputs = [("report", json!("1 and 2 give -1")), ("test_command", json!("sh all.sh"))];
    let walk = Walk::start(&place, "bug-fix", &inputs).await;
    let question = walk.approve("approve-command").await;
    has(&question, &["Run `sh add-test.sh` in this folder", "1 and 2 are -1"]);
    walk.done("judge", "git blame shows it").await;
    walk.approve("approve-commit").await;
    let run = walk.end().await;
    assert_eq!(run.status(), RunStatus::Completed, "{run:#?}");
    assert_eq!((run.backs.len(), attempts(&run, "fix"), attempts(&run, "triage")), (1, 2, 1));
    has(&walk.said("red").await, &["1 and 2 are not 3", "It fails, as it must"]);
    has(&place.read("fixer.prompt"), &["One of these fails: sh add-test.sh; sh all.sh\n1 and 2 are not 3"]);
    assert_eq!(place.git(&["log", "-1", "--format=%s", "fix/1-and-2-give-1"]), "Add and do not subtract");
    assert_eq!(place.git(&["show", "HEAD:add.sh"]), "echo $(($1 + $2))");
    let report = file(&place, "docs/fixes/1-and-2-give-1.md");
    has(&report, &["Cause: add.sh:1 has a minus (confidence medium)", "`sh all.sh` passed before and after"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_says_what_it_could_not_check_and_asks_for_proof() {
    let npm = r#"case "$1" in audit) cat "$HERE/npm.says"; exit 1 ;; esac"#;
    let settings = format!("key = {}\n", key());
    let lock = "{\"lockfileVersion\": 3}\n";
    let files = [("settings.txt", settings.as_str()), ("package-lock.json", lock), ("yarn.lock", "")];
    let place = place(&["scanner", "prioritizer"], AUDITORS, &[("npm", npm)], &files);
    place.put("npm.says", "npm error code ENOTFOUND\n");
    let walk = Walk::start(&place, "security-audit", &[]).await;
    has(&walk.approve("gaps").await, &["yarn.lock, for which no tool is known here"]);
    let no_answer = walk.failed("dependencies.1").await;
    has(&no_answer, &["ENOTFOUND", "npm audit did not get to an answer (exit 1)"]);
    place.put("npm.says", "2 vulnerabilities (1 moderate, 1 high)\n");
    walk.retry("dependencies.1").await;
    walk.answer("real", json!({ "leaked": "at least one is real" })).await;
    let bare = say(&place.home, &["done", "last"]);
    assert_eq!(bare.code, 4, "a changed secret is shown, not claimed: {bare:?}");
    walk.done("rotate", "the old key is refused since 10:12").await;
    let plan = json!({ "plan": "plan the fixes", "owner": "Ben, until Friday" });
    walk.answer("decide", plan).await;
    walk.done("share", "sent to Ben").await;
    let run = walk.end().await;
    assert_eq!((run.status(), status(&run, "fix")), (RunStatus::Completed, StepStatus::Skipped), "{run:#?}");
    has(&walk.said("secrets").await, &["settings.txt:1", "FOUND: yes"]);
    assert!(!walk.said("secrets").await.contains(&key()));
    has(&place.read("prioritizer.prompt"), &["settings.txt:1", "2 vulnerabilities"]);
    let report = crate::support::bank::only_file(&place.home.project.join("docs/security"));
    has(&report, &["| 1 | 1 | 0 | 0 |", "**plan the fixes**. Ben, until Friday", "found, and changed"]);
    has(&report, &["checked by npm audit", "yarn.lock, for which no tool"]);
    assert!(!report.contains(&key()));
}
