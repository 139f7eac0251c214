//! The workflows of code fabrication, run to their ends: an issue becomes a pull request, a failed deployment is
//! repaired, a pull request is reviewed, a failed CI run is handled, an issue is triaged.

use mwtui::run::{AttemptEnd, Run, RunStatus, StepStatus};
use serde_json::json;

use crate::support::bank::{Place, Walk, only_file, status};
use crate::support::mcp_server;

/// GitHub's command: issue 42 and pull request 7, which nobody has opened yet.
const GH: &str = r#"case "$*" in
"auth status") echo "Logged in to github.example" ;;
"issue view 42 --json number,title,body,state") echo '{"number":42,"title":"The cart forgets","body":"It is empty after $(a login).","state":"OPEN"}' ;;
"pr list "*) ;;
"pr create "*) echo "https://github.example/team/shop/pull/7" ;;
"pr close "*) ;;
*) echo "gh: unknown: $*" >&2; exit 2 ;;
esac"#;

/// One that writes what the tests want only once it has read that they failed.
const SLOW_DEVELOPER: &str = r#"[agents.developer]
command = ["sh", "-c", "if grep -q 'nothing is kept'; then echo kept > cart.txt; else echo lost > cart.txt; fi; echo 'SUMMARY: The cart is kept.'; echo 'STATUS: done'"]
"#;

/// The person who decided about a step last.
fn by_a_person(run: &Run, step: &str) -> bool {
    let (_, record) = run.record(&mwtui::base::StepId::new(step)).expect(step);
    matches!(record.attempts.last().and_then(|a| a.ended.as_ref()), Some(AttemptEnd::Done { by, .. }) if by.is_person())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_becomes_a_pull_request_by_gh() {
    let place = Place::new(&[("gh", GH)]);
    place.settings(SLOW_DEVELOPER);
    place.repository("git@github.example:team/shop.git", &[("cart.txt", "empty\n")]);
    let tests = "grep -q kept cart.txt || { echo nothing is kept; false; }";
    let walk =
        Walk::start(&place, "issue-to-pr", &[("issue", json!(42)), ("test_command", json!(tests))]).await;
    place.fails("gh", "pr create");
    let question = walk.approve("approve").await;
    for part in
        ["Push fix/42 to origin", "into main?", "Fix: The cart forgets", "Closes #42", "cart.txt | 2 +-"]
    {
        assert!(question.contains(part), "{part}: {question}");
    }
    assert_eq!(walk.failed("open-by-gh").await, "gh does not want to\n");
    place.fails("gh", "");
    walk.retry("open-by-gh").await;
    let run = walk.end().await;
    assert_eq!(run.status(), RunStatus::Completed, "{run:#?}");
    assert!(by_a_person(&run, "approve"));
    assert_eq!(
        (status(&run, "try"), status(&run, "issue-by-mcp")),
        (StepStatus::Skipped, StepStatus::Skipped)
    );
    assert_eq!(run.backs.len(), 1, "the tests failed once, and the developer was told");
    assert_eq!(walk.said("tell").await.lines().next(), Some("URL: https://github.example/team/shop/pull/7"));
    let made = "pr create --head fix/42 --base main --title Fix: The cart forgets --body The cart is kept.";
    assert_eq!(place.calls("gh", "pr create").len(), 2);
    assert_eq!(place.calls("gh", made).len(), 2);
    assert_eq!(place.origin(&["show", "fix/42:cart.txt"]), "kept");
    let message = place.origin(&["log", "-1", "--format=%B", "fix/42"]);
    assert_eq!(message, "Fix: The cart forgets\n\nThe cart is kept.\n\nCloses #42");
    assert_eq!(place.git(&["status", "--porcelain"]), "", "nothing is left about");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_that_became_a_pull_request_is_taken_back() {
    let place = Place::new(&[("gh", GH)]);
    place.repository("git@github.example:team/shop.git", &[("cart.txt", "empty\n")]);
    let walk = Walk::start(&place, "issue-to-pr", &[("issue", json!(42))]).await;
    let prompt = walk.prompt("develop").await;
    assert!(prompt.contains("Issue #42: The cart forgets\n\nIt is empty after $(a login).\n"), "{prompt}");
    std::fs::write(place.home.project.join("cart.txt"), "kept\n").expect("a fix");
    walk.answer("develop", json!({ "text": "STATUS: done" })).await;
    walk.done("try", "https://shop.example/cart is full after a login").await;
    walk.reject("approve", "say more").await;
    walk.answer("develop", json!({ "text": "SUMMARY: The cart is kept.\nSTATUS: done" })).await;
    walk.done("try", "the same, once more").await;
    walk.approve("approve").await;
    assert_eq!(walk.end().await.status(), RunStatus::Completed);
    assert_eq!(place.origin(&["rev-list", "--count", "main..fix/42"]), "1", "the answers changed no file");
    walk.roll_back("the issue was none").await;
    let run = walk.end().await;
    assert_eq!(status(&run, "push.rollback"), StepStatus::Done, "{run:#?}");
    assert_eq!(place.calls("gh", "pr close https://github.example/team/shop/pull/7").len(), 1);
    assert_eq!(place.origin(&["for-each-ref", "--format=%(refname:short)"]), "main");
    assert_eq!(place.git(&["for-each-ref", "--format=%(refname:short)", "refs/heads"]), "main");
    assert_eq!(place.git(&["branch", "--show-current"]), "main");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_becomes_a_pull_request_through_an_mcp_server() {
    let place = Place::new(&[]);
    let asked = place.file("asked");
    place.settings(&format!(
        "{SLOW_DEVELOPER}\n[servers.github]\ncommand = {}\nenv = {{ {} = {:?} }}\n",
        json!(mcp_server::command()),
        mcp_server::ASKED,
        asked.display().to_string(),
    ));
    place.repository("git@github.example:team/shop.git", &[("cart.txt", "empty\n")]);
    let inputs = [("issue", json!(42)), ("through", json!("mcp"))];
    let walk = Walk::start(&place, "issue-to-pr", &inputs).await;
    walk.done("try", "looked at the cart").await;
    walk.approve("approve").await;
    let run = walk.end().await;
    assert_eq!(run.status(), RunStatus::Completed, "{run:#?}");
    assert_eq!(status(&run, "open-by-gh"), StepStatus::Skipped);
    let asked = place.read("asked");
    let asked = asked.lines().map(|line| {
        let (tool, arguments) = line.split_once(' ').expect("a tool and its arguments");
        (tool, serde_json::from_str(arguments).expect("JSON"))
    });
    let pull_request = json!({
        "owner": "team", "repo": "shop", "head": "fix/42", "base": "main", "title": "Fix: The cart forgets",
        "body": "The cart is kept.\n\nCloses #42",
    });
    let expected = [
        ("getIssue", json!({ "owner": "team", "repo": "shop", "number": 42 })),
        ("createPullRequest", pull_request),
    ];
    assert_eq!(asked.collect::<Vec<_>>(), expected);
    assert_eq!(place.origin(&["show", "fix/42:cart.txt"]), "lost", "nobody runs tests here");
    let told = walk.said("tell").await;
    assert!(told.starts_with("URL: https://github.example/team/shop/pull/43\n"), "{told}");
}

/// A cluster with one deployment. `history` has its revisions; it is well where there is the file `well`.
const KUBECTL: &str = r#"case "$*" in
"config current-context") echo prod ;;
*"jsonpath="*) echo "shop/checkout:$(sort -n "$HERE/history" | tail -n 1)" ;;
*"go-template="*) echo "app=checkout," ;;
*"rollout history deployment/checkout"*) echo "deployment.apps/checkout"; echo "REVISION  CHANGE-CAUSE"; sed 's/$/         <none>/' "$HERE/history" ;;
*"rollout status deployment/checkout"*) test -e "$HERE/well" || { echo "error: timed out waiting for the condition" >&2; exit 1; }; echo "successfully rolled out" ;;
*"rollout undo deployment/checkout --to-revision "*) sed "/^${*##* }\$/d" "$HERE/history" > "$HERE/h"; echo $(($(sort -n "$HERE/history" | tail -n 1) + 1)) >> "$HERE/h"; mv "$HERE/h" "$HERE/history"; touch "$HERE/well" ;;
*"get pods -l app=checkout"*) echo "checkout-1 0/1 CrashLoopBackOff" ;;
*"get events"*) echo "Warning BackOff pod/checkout-1" ;;
*"logs -l app=checkout"*) echo "panic: no DATABASE_URL" ;;
*) echo "kubectl: unknown: $*" >&2; exit 2 ;;
esac"#;

/// It tells what it has read of the logs.
const ANALYST: &str = r#"[agents.analyst]
command = ["sh", "-c", "printf 'ROOT_CAUSE: '; grep -m 1 -o 'no DATABASE_URL'; echo 'FIX: Set DATABASE_URL.'; echo 'ADVICE: rollback'; echo 'STATUS: done'"]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_deployment_is_rolled_back() {
    let place = Place::new(&[("kubectl", KUBECTL)]);
    place.settings(ANALYST);
    place.put("history", "1\n2\n");
    let walk = Walk::start(&place, "fix-deploy-failure", &[("service", json!("checkout"))]).await;
    walk.answer("decide", json!({ "plan": "rollback", "why": "customers wait" })).await;
    walk.waits("approve-rollback").await;
    place.put("history", "1\n2\n3\n");
    let question = walk.approve("approve-rollback").await;
    let asked = "Roll deployment/checkout back from revision 2 (shop/checkout:2) to revision 1?";
    assert!(question.starts_with(asked), "{question}");
    assert!(
        question.contains("Context prod, namespace default.\nCause, as far as it is known: no DATABASE_URL"),
        "{question}"
    );
    let refused = walk.failed("rollback").await;
    assert!(refused.contains("the revision is 3, and a rollback of 2 was approved"), "{refused}");
    assert!(
        place.calls("kubectl", "--context prod -n default --request-timeout 20s rollout undo").is_empty()
    );

    walk.back("status").await;
    walk.answer("decide", json!({ "plan": "rollback", "why": "customers wait", "revision": "1" })).await;
    let question = walk.approve("approve-rollback").await;
    assert!(question.contains("from revision 3 (shop/checkout:3) to revision 1?"), "{question}");
    walk.done("see", "https://grafana.example/d/checkout: 0.1 % errors").await;
    let run = walk.end().await;
    assert_eq!(run.status(), RunStatus::Completed, "{run:#?}");
    assert!(by_a_person(&run, "decide") && by_a_person(&run, "approve-rollback"));
    for step in ["branch", "develop", "commit", "approve-patch", "open", "deliver", "changes"] {
        assert_eq!(status(&run, step), StepStatus::Skipped, "{step}");
    }
    let undo =
        "--context prod -n default --request-timeout 20s rollout undo deployment/checkout --to-revision";
    assert_eq!(place.calls("kubectl", undo), [format!("{undo} 1")]);
    let report = only_file(&place.home.project.join("docs/incidents"));
    for part in [
        "# checkout: failed deployment\n",
        "| Revision | 3 (failing) | 4 (healthy) |",
        "\n## Root cause\n\nno DATABASE_URL\n",
        "\nRolled back to revision 1. The cause is still in the code.\n\nWhy: customers wait\n",
    ] {
        assert!(report.contains(part), "{part}: {report}");
    }
    walk.roll_back("it was the database").await;
    walk.end().await;
    assert_eq!(place.calls("kubectl", undo), [format!("{undo} 1"), format!("{undo} 3")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_deployment_is_patched() {
    let place = Place::new(&[("kubectl", KUBECTL), ("gh", GH)]);
    place.settings(&format!(
        "{ANALYST}\n[agents.developer]\ncommand = [\"sh\", \"-c\", \"cat > \\\"$HOME.prompt\\\"; echo DATABASE_URL=x > settings; echo 'SUMMARY: It is set.'; echo 'STATUS: done'\"]\n"
    ));
    place.put("history", "1\n2\n");
    place.repository("git@github.example:team/shop.git", &[("settings", "\n")]);
    let inputs = [("service", json!("checkout")), ("test_command", json!("grep -q DATABASE_URL settings"))];
    let walk = Walk::start(&place, "fix-deploy-failure", &inputs).await;
    walk.answer("decide", json!({ "plan": "patch", "why": "revision 1 has lost data" })).await;
    walk.reject("approve-patch", "a rollback is quicker").await;
    walk.answer("decide", json!({ "plan": "patch", "why": "but revision 1 has lost data" })).await;
    let question = walk.approve("approve-patch").await;
    assert!(question.starts_with("Push fix/deploy-checkout-2 to origin"), "{question}");
    // Merged and deployed; at first it is not, and nobody is believed.
    walk.done("deliver", "https://ci.example/1").await;
    place.put("well", "");
    walk.answer("decide", json!({ "plan": "nothing", "why": "it comes up" })).await;
    walk.done("see", "https://grafana.example/d/checkout: no errors").await;
    let run = walk.end().await;
    assert_eq!(run.status(), RunStatus::Completed, "{run:#?}");
    let prompt = place.read("home.prompt");
    assert!(prompt.contains("Root cause: no DATABASE_URL\nProposed fix: Set DATABASE_URL.\n"), "{prompt}");
    assert_eq!(place.origin(&["show", "fix/deploy-checkout-2:settings"]), "DATABASE_URL=x");
    assert_eq!(place.calls("gh", "pr create --head fix/deploy-checkout-2 --base main").len(), 1);
    assert!(
        place.calls("kubectl", "--context prod -n default --request-timeout 20s rollout undo").is_empty()
    );
}

/// GitHub's command: pull request 7, whose last commit is what the file `head` says.
const GH_REVIEW: &str = r#"case "$*" in
"pr view 7 --json title,"*) printf '%s\n' "TITLE: Keep the cart" "AUTHOR: ben" "STATE: OPEN" "DRAFT: false" "BASE: main" "HEAD: cart" "COMMIT: $(cat "$HERE/head")" "URL: https://github.example/team/shop/pull/7" "SIZE: 1 files, 2 lines added, 1 taken away" ;;
"pr view 7 --json body --jq .body") echo "It was forgotten after a login." ;;
"pr view 7 --json headRefOid --jq .headRefOid") cat "$HERE/head" ;;
"pr diff 7") echo "+keep(cart)" ;;
"pr checks 7") echo "test pending"; exit 8 ;;
"pr review 7 "*) cat > "$HERE/review" ;;
*) echo "gh: unknown: $*" >&2; exit 2 ;;
esac"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_is_reviewed_and_only_what_was_approved_is_posted() {
    let place = Place::new(&[("gh", GH_REVIEW)]);
    place.put("head", "abc1\n");
    let walk = Walk::start(&place, "pr-review", &[("pr", json!(7))]).await;
    let prompt = walk.prompt("review").await;
    for part in ["#7 of ben: Keep the cart", "It was forgotten after a login.", "test pending", "+keep(cart)"]
    {
        assert!(prompt.contains(part), "{part}: {prompt}");
    }
    let review = "cart.rs:3 keeps it twice.\nRISK: low, it is small\nVERDICT: approve\nSTATUS: done";
    walk.answer("review", json!({ "text": review })).await;
    walk.answer("decide", json!({ "verdict": "request-changes" })).await;
    walk.waits("approve").await;
    // Its author goes on before anybody has approved.
    place.put("head", "abc2\n");
    let question = walk.approve("approve").await;
    let asked = "Post this review on #7, “Keep the cart”, commit abc1, as: request-changes?\n\ncart.rs:3 keeps it twice.";
    assert_eq!(question.trim_end(), asked);
    let refused = walk.failed("post").await;
    assert!(refused.contains("There are new commits: abc2 is the last one, reviewed was abc1."), "{refused}");
    assert!(place.calls("gh", "pr review").is_empty());

    walk.back("fetch").await;
    walk.answer("review", json!({ "text": "STATUS: done" })).await;
    walk.answer("decide", json!({ "verdict": "comment" })).await;
    // It has no words, so that it cannot be posted.
    walk.answer("decide", json!({ "verdict": "comment", "text": "Once is enough\nin cart.rs:3." })).await;
    walk.approve("approve").await;
    let run = walk.end().await;
    assert_eq!(run.status(), RunStatus::Completed, "{run:#?}");
    assert!(by_a_person(&run, "decide") && by_a_person(&run, "approve"));
    assert_eq!(place.calls("gh", "pr review"), ["pr review 7 --comment --body-file -"]);
    assert_eq!(place.read("review").trim_end(), "Once is enough\nin cart.rs:3.");
}

/// GitHub's command: run 99 of main, whose attempt is what the file `attempt` says; the second one fails as well.
const GH_CI: &str = r#"case "$*" in
"run list --branch main --status failure "*) echo 99 ;;
"run view 99 --json databaseId,"*) printf '%s\n' "ID: 99" "NAME: tests" "BRANCH: main" "COMMIT: abc1" "CONCLUSION: failure" "ATTEMPT: $(cat "$HERE/attempt")" "URL: https://github.example/team/shop/actions/runs/99" "JOBS: unit, lint" ;;
"run view 99 --log-failed") echo "unit: cart_is_kept: nothing is kept" ;;
"run list --workflow tests "*) echo "98 main abc0 success attempt 1" ;;
"run view 99 --json attempt --jq .attempt") cat "$HERE/attempt" ;;
"run rerun 99 --failed") echo 2 > "$HERE/attempt" ;;
"run watch 99 "*) exit 1 ;;
"issue create "*) cat > "$HERE/issue"; echo "https://github.example/team/shop/issues/8" ;;
"pr list "*) ;;
"pr create "*) echo "https://github.example/team/shop/pull/9" ;;
"pr checks https://github.example/team/shop/pull/9 --watch "*) echo "unit pass" ;;
*) echo "gh: unknown: $*" >&2; exit 2 ;;
esac"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_ci_failure_is_taken_for_flaky_and_then_fixed() {
    let place = Place::new(&[("gh", GH_CI)]);
    place.settings(SLOW_DEVELOPER);
    place.put("attempt", "1\n");
    place.repository("git@github.example:team/shop.git", &[("cart.txt", "empty\n")]);
    let inputs = [("test_command", json!("grep -q kept cart.txt"))];
    let walk = Walk::start(&place, "ci-failure-handler", &inputs).await;
    let prompt = walk.prompt("analyse").await;
    for part in
        ["tests failed on main at abc1 (attempt 1), in unit, lint", "nothing is kept", "98 main abc0 success"]
    {
        assert!(prompt.contains(part), "{part}: {prompt}");
    }
    walk.answer(
        "analyse",
        json!({ "text": "KIND: flaky\nCAUSE: cart_is_kept fails at times.\nSTATUS: done" }),
    )
    .await;
    walk.answer("decide", json!({ "kind": "flaky", "why": "main was green" })).await;
    let question = walk.approve("approve-rerun").await;
    let asked = "Run the failed jobs of tests again (unit, lint, https://github.example/team/shop/actions/runs/99)?\n\
                 And open the issue “CI is not reliable: tests”.\n\nIt is called flaky: main was green";
    assert_eq!(question.trim_end(), asked);

    // The second attempt fails as the first one did.
    let prompt = walk.prompt("analyse").await;
    assert!(prompt.contains("(attempt 2)"), "{prompt}");
    assert_eq!(place.calls("gh", "run rerun"), ["run rerun 99 --failed"]);
    assert_eq!(place.calls("gh", "issue create --title CI is not reliable: tests").len(), 1);
    assert!(place.read("issue").contains("Judged to be flaky: main was green"));
    let cause = "KIND: real\nCAUSE: The cart is emptied.\nFIX: Keep it.\nSTATUS: done";
    walk.answer("analyse", json!({ "text": cause })).await;
    walk.answer("decide", json!({ "kind": "real", "why": "twice the same" })).await;
    let question = walk.approve("approve-fix").await;
    assert!(
        question.starts_with("Push fix/ci-99 to origin and open this pull request into main?"),
        "{question}"
    );
    let run = walk.end().await;
    assert_eq!(run.status(), RunStatus::Completed, "{run:#?}");
    assert!(by_a_person(&run, "decide") && by_a_person(&run, "approve-fix"));
    assert_eq!((status(&run, "rerun"), status(&run, "repair")), (StepStatus::Skipped, StepStatus::Skipped));
    assert_eq!(place.origin(&["show", "fix/ci-99:cart.txt"]), "kept");
    assert_eq!(
        place.calls("gh", "pr create --head fix/ci-99 --base main --title Fix: CI failure in tests").len(),
        1
    );
    let report = only_file(&place.home.project.join("docs/ci-failures"));
    for part in [
        "# CI failure in tests\n",
        "\nThe cart is emptied.\n\nJudged to be real: twice the same\n",
        "Fixed by https://github.example/team/shop/pull/9, whose checks passed.",
    ] {
        assert!(report.contains(part), "{part}: {report}");
    }
}

/// GitHub's command: issue 42, whose labels are in the file `labels`.
const GH_TRIAGE: &str = r#"case "$*" in
"issue view 42 --json number,title,body,state,author") echo '{"number":42,"title":"The cart forgets","body":null,"state":"OPEN","author":{"login":"eva"}}' ;;
"issue view 42 --json labels --jq "*) cat "$HERE/labels" ;;
"label list "*"--json name,description "*) printf '%s\t%s\n' bug "Something is wrong" "needs info" "" P1 "Today" cart "" ;;
"issue list "*) echo '#12 CLOSED The cart is slow' ;;
"issue edit 42 --add-label "*) printf '%s\n' "$5" | tr ',' '\n' >> "$HERE/labels" ;;
"issue edit 42 --remove-label "*) ;;
"issue comment 42 --body-file -") cat > "$HERE/comment" ;;
*) echo "gh: unknown: $*" >&2; exit 2 ;;
esac"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_gets_only_labels_that_the_repository_has() {
    let place = Place::new(&[("gh", GH_TRIAGE)]);
    place.put("labels", "cart\n");
    let walk = Walk::start(&place, "issue-triage", &[("issue", json!(42))]).await;
    let prompt = walk.prompt("classify").await;
    for part in ["issue #42 of eva: The cart forgets", "these labels: cart\n", "needs info\t", "#12 CLOSED"] {
        assert!(prompt.contains(part), "{part}: {prompt}");
    }
    let text = "TYPE: bug\nPRIORITY: high\nLABELS: Bug, cart, needs info , urgent; rm -rf /, P1\nNOTES: Which browser?\nSTATUS: done";
    walk.answer("classify", json!({ "text": text })).await;
    walk.answer("decide", json!({ "answer": "Which browser is it?" })).await;
    let question = walk.approve("approve").await;
    for part in [
        "Change issue #42, “The cart forgets”?",
        "Labels to add: bug,P1,needs info\n",
        "no such label: urgent; rm -rf /\n",
        "Comment: Which browser is it?",
    ] {
        assert!(question.contains(part), "{part}: {question}");
    }
    let run = walk.end().await;
    assert_eq!(run.status(), RunStatus::Completed, "{run:#?}");
    assert!(by_a_person(&run, "decide") && by_a_person(&run, "approve"));
    assert_eq!(place.calls("gh", "issue edit"), ["issue edit 42 --add-label bug,P1,needs info"]);
    assert_eq!(place.read("comment"), "Which browser is it?\n");
    assert!(walk.said("check").await.starts_with("LABELS: "), "they were looked at once more");
    walk.roll_back("it was the wrong issue").await;
    walk.done("comment.rollback", "deleted").await;
    walk.end().await;
    assert_eq!(place.calls("gh", "issue edit 42 --remove-label").len(), 1);
}
