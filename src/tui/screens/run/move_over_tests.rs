//! A run whose workflow's file has changed: the line that says so, and the card that shows the difference.

use crate::base::Error;
use crate::protocol::{Difference, Request, Response};
use crate::run::{Changes, WorkflowRef, summarise};
use crate::tui::screens::run::engine_tests::SIZES;
use crate::tui::screens::run::tests::{at_manual, open};
use crate::tui::testing::Harness;
use crate::workflow::Registry;

const BEFORE: &str = "id: MW-004\nname: Deploy MCP server changes\nversion: 1\nsteps:\n  - id: tests\n    title: Run the tests\n    run: cargo test --workspace\n  - id: verify\n    title: Verify in a new chat\n    actions: [Open a new chat, Ask for the list of tools]\n";

fn after() -> String {
    let text = BEFORE.replace("version: 1", "version: 2").replace("Ask for", "Ask twice for");
    let head = "trigger_phrases: [deploy the changes]\nscope: For tests\nsteps:";
    format!(
        "{}  - id: tell\n    title: Tell the team\n    actions: [Write to the channel]\n",
        text.replace("steps:", head)
    )
}

fn difference(changes: Result<Changes, Error>, from: &WorkflowRef) -> Difference {
    let to = WorkflowRef { version: 2, digest: "1".repeat(64), ..from.clone() };
    Difference { from: from.clone(), to, before: BEFORE.to_owned(), after: after(), changes }
}

fn console(width: u16, height: u16, changes: Result<Changes, Error>) -> Harness {
    let driver = at_manual();
    let run = driver.run.clone();
    let (from, row) = (run.header.workflow.clone(), summarise(&run));
    let bank = tempfile::tempdir().expect("a folder");
    std::fs::write(bank.path().join("MW-004.yaml"), after()).expect("written");
    let registry = Registry::load_folder(bank.path());
    let mut harness =
        Harness::new(width, height).with_registry(registry).with_run(run).answering(move |request| {
            Some(Ok(match request {
                Request::Difference { .. } => {
                    Response::Difference(Box::new(difference(changes.clone(), &from)))
                }
                Request::MoveOver(_) => Response::Summary(Box::new(row.clone())),
                _ => return None,
            }))
        });
    harness.model.now = driver.now;
    open(harness.connected(), driver.run.id())
}

fn changes() -> Changes {
    Changes {
        changed: vec!["verify".into()],
        added: vec!["tell".into()],
        removed: Vec::new(),
        asked_anew: vec!["verify".into()],
    }
}

#[test]
fn a_file_that_has_changed_is_told_of_and_its_difference_shown() {
    for (width, height) in SIZES {
        let harness = console(width, height, Ok(changes())).see("v1 → v2");
        let harness = harness.golden(&format!("run_newer_{width}x{height}"));
        let card = harness.keys("v").see("Move the run over").see("Asked anew");
        card.golden(&format!("move_over_{width}x{height}"));
    }
    let done =
        console(80, 24, Ok(changes())).keys("v<ret>").see("goes on in the new version").see_no("Asked anew");
    let asked = done.requests().into_iter().find_map(|request| match request {
        Request::MoveOver(request) => Some(request.digest.clone()),
        _ => None,
    });
    assert_eq!(asked, Some("1".repeat(64)), "what was seen is what is asked for");
}

#[test]
fn what_cannot_be_moved_over_says_why() {
    let why = Error::refused("“tests” is done, and what it does is otherwise in the new version")
        .hint("Go back to that step first, fork the run, or start a new one");
    let harness =
        console(80, 24, Err(why)).keys("v").see("It cannot be moved over").see("Go back to that step");
    let harness = harness.golden("move_over_refused_80x24").keys("<ret>").see("what it does is otherwise");
    assert!(!harness.requests().iter().any(|request| matches!(request, Request::MoveOver(_))));
}
