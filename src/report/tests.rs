//! One rich session as a golden page, and the promises about empty and hostile ones.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;
use crate::base::{Actor, Timestamp};
use crate::run::session::{SessionNote, StepOutput};
use crate::run::{
    Attempt, AttemptEnd, Context, Evidence, EvidenceKind, Failure, FailureKind, GitState, Note, Outcome,
    Phase, PrerequisiteResult, Prompt, Run, RunStarted, Segment, SegmentKind, Session, SkipReason,
    StepRecord, StepState, Work, WorkflowRef,
};
use crate::workflow::{Field, FieldKind, Origin, Step, StepKind, SummarySection, Workflow, testing};

/// 2026-11-20 10:00 UTC, and so many minutes.
fn minute(minutes: i64) -> Timestamp {
    Timestamp(1_795_168_800_000 + minutes * 60_000)
}

fn ana() -> Actor {
    Actor::Person("ana@laptop".to_owned())
}

fn step(id: &str, title: &str, kind: StepKind, summary: Option<SummarySection>) -> Step {
    Step { title: title.to_owned(), summary, ..testing::step(id, kind) }
}

fn run_kind() -> StepKind {
    StepKind::Run {
        script: "cargo test".to_owned(),
        shell: vec!["sh".to_owned(), "-c".to_owned()],
        env: indexmap::IndexMap::new(),
        secrets: indexmap::IndexMap::new(),
        cwd: None,
        pty: false,
        done_exits: Vec::new(),
        expects: None,
    }
}

fn field(name: &str, prompt: &str, kind: FieldKind, summary: Option<SummarySection>) -> Field {
    Field { required: false, summary, ..Field::new(name, kind, prompt) }
}

fn run(id: &str, workflow: &str, name: &str, start: i64, steps: Vec<(Step, StepState, Vec<Attempt>)>) -> Run {
    let (definitions, records): (Vec<Step>, Vec<StepRecord>) = steps
        .into_iter()
        .enumerate()
        .map(|(index, (step, state, attempts))| {
            let record = StepRecord {
                id: step.id.clone(),
                role: crate::run::Role::Step { index },
                state,
                attempts,
                failures_in_row: 0,
                edit: None,
                released: false,
                backs: 0,
            };
            (step, record)
        })
        .unzip();
    Run {
        workflow: Arc::new(Workflow {
            name: name.to_owned(),
            version: 3,
            ..testing::workflow(workflow, definitions)
        }),
        header: RunStarted {
            run: RunIdOf(id).into(),
            workflow: WorkflowRef {
                id: workflow.into(),
                name: name.to_owned(),
                version: 3,
                digest: "ab".repeat(32),
                origin: Origin::Bundled,
            },
            inputs: Map::new(),
            context: Context::default(),
            session: "5e551011".into(),
            session_name: "checkout-api".into(),
            phrase: None,
            prerequisites: Vec::new(),
            parent: None,
            subject: None,
            fork: None,
            step_through: false,
            breakpoints: Vec::new(),
        },
        started_at: minute(start),
        started_by: ana(),
        seq: 1,
        updated_at: minute(start),
        phase: Phase::Active { deadline: None },
        inputs: Map::new(),
        steps: records.into_iter().map(Arc::new).collect(),
        step_through: false,
        breakpoints: Vec::new(),
        completed: false,
        rollback: None,
        notes: Vec::new(),
        backs: Vec::new(),
        moved: Vec::new(),
        segments: Vec::new(),
    }
}

/// Ids in tests are readable; this keeps the call sites short.
struct RunIdOf<'a>(&'a str);

impl From<RunIdOf<'_>> for crate::base::RunId {
    fn from(id: RunIdOf<'_>) -> Self {
        Self::new(id.0)
    }
}

fn attempt(number: u32, start: i64, work: Work, ended: Option<AttemptEnd>) -> Attempt {
    Attempt { number, started: minute(start), work, ended }
}

fn done(at: i64, by: Actor, outcome: Outcome) -> (StepState, AttemptEnd) {
    (
        StepState::Done { at: minute(at), by: by.clone(), outcome: outcome.clone() },
        AttemptEnd::Done { at: minute(at), by, outcome },
    )
}

fn with_note(text: &str) -> Outcome {
    Outcome {
        evidence: vec![Evidence { kind: EvidenceKind::Note, text: text.to_owned() }],
        ..Outcome::default()
    }
}

fn script() -> Work {
    Work::Run {
        script: "cargo test".to_owned(),
        shell: Vec::new(),
        env: indexmap::IndexMap::new(),
        secrets: indexmap::IndexMap::new(),
        cwd: "/src/checkout-api".to_owned(),
        pty: false,
        done_exits: Vec::new(),
        expects: None,
    }
}

fn failure(kind: FailureKind, message: &str, exit: Option<i32>) -> Failure {
    Failure { kind, message: message.to_owned(), exit }
}

/// A deployment with a failed and repeated test run, an approval and a skip.
fn deployment() -> Run {
    let failed = failure(FailureKind::Exit, "The command ended with exit code 101", Some(101));
    let (tested, tested_end) = done(
        8,
        Actor::Engine,
        Outcome {
            evidence: vec![Evidence { kind: EvidenceKind::Output, text: "exit 0".to_owned() }],
            ..Outcome::default()
        },
    );
    let (reviewed, reviewed_end) = done(12, ana(), Outcome::default());
    let (approved, approved_end) = done(
        14,
        Actor::Person("bo@desk".to_owned()),
        Outcome {
            evidence: vec![Evidence { kind: EvidenceKind::Decision, text: "approved".to_owned() }],
            ..Outcome::default()
        },
    );
    let question = || Work::Approve {
        question: "Restart the server in staging?".to_owned(),
        opens: Vec::new(),
        digest: "91c0".to_owned(),
    };
    let rejected = failure(FailureKind::Rejected, "not before the freeze ends", None);
    let (seen, seen_end) = done(20, ana(), with_note("The new tool answered"));
    let mut run = run(
        "7f3a000000000000",
        "MW-004",
        "Deploy MCP Changes",
        1,
        vec![
            (
                step("tests", "Run the tests", run_kind(), Some(SummarySection::Testing)),
                tested,
                vec![
                    attempt(
                        1,
                        1,
                        script(),
                        Some(AttemptEnd::Failed { at: minute(3), by: Actor::Engine, failure: failed }),
                    ),
                    attempt(2, 5, script(), Some(tested_end)),
                ],
            ),
            (
                step("review", "Review the changes", StepKind::Manual { actions: vec![] }, None),
                reviewed,
                vec![attempt(1, 8, Work::Manual, Some(reviewed_end))],
            ),
            (
                step(
                    "approve",
                    "Approve the restart",
                    StepKind::Approve {
                        question: "q".to_owned(),
                        within: None,
                        remind: None,
                        on_timeout: crate::workflow::OnTimeout::Reject,
                        escalate: Vec::new(),
                    },
                    None,
                ),
                approved,
                vec![
                    attempt(
                        1,
                        12,
                        question(),
                        Some(AttemptEnd::Failed { at: minute(13), by: ana(), failure: rejected }),
                    ),
                    attempt(2, 13, question(), Some(approved_end)),
                ],
            ),
            (
                step("restart", "Restart the server", run_kind(), None),
                StepState::Skipped {
                    at: minute(15),
                    by: ana(),
                    reason: SkipReason::Person { reason: "it had restarted itself".to_owned() },
                },
                vec![],
            ),
            (
                step("verify", "Verify in a new chat", StepKind::Manual { actions: vec![] }, None),
                seen,
                vec![attempt(1, 15, Work::Manual, Some(seen_end))],
            ),
        ],
    );
    run.phase = Phase::Completed { at: minute(20) };
    run.header.phrase = Some("deploy the mcp changes".to_owned());
    run.header.inputs.insert("environment".to_owned(), json!("staging"));
    run.header.prerequisites = vec![PrerequisiteResult {
        says: "git tree is clean".to_owned(),
        passed: Some(false),
        detail: None,
        hint: None,
    }];
    let segment = |kind, from, to| Segment { step: None, kind, from: minute(from), to: Some(minute(to)) };
    run.segments = vec![
        segment(SegmentKind::Work, 1, 3),
        segment(SegmentKind::Person, 3, 5),
        segment(SegmentKind::Work, 5, 8),
        segment(SegmentKind::Person, 8, 12),
        segment(SegmentKind::Approval, 12, 14),
        segment(SegmentKind::Paused, 16, 18),
    ];
    run.notes = vec![Arc::new(Note {
        at: minute(6),
        by: ana(),
        step: Some("tests".into()),
        text: "A torn page in the fixture, removed".to_owned(),
    })];
    run
}

/// The workflow that asks for what no journal knows.
fn wrap_up() -> Run {
    let fields = vec![
        field("gist", "What was achieved?", FieldKind::Text, Some(SummarySection::Executive)),
        field("gotchas", "What should one know?", FieldKind::Text, Some(SummarySection::Issues)),
        field("next", "What comes next?", FieldKind::Text, Some(SummarySection::Next)),
        field("commands", "Which commands?", FieldKind::Text, Some(SummarySection::Commands)),
        field("first", "What to read first?", FieldKind::Path, Some(SummarySection::ReadFirst)),
        field(
            "hold",
            "Keep the branch?",
            FieldKind::Choice { options: vec!["keep".into(), "drop".into()] },
            None,
        ),
        field("empty", "Anything on configuration?", FieldKind::Text, Some(SummarySection::Configuration)),
    ];
    let answers = json!({
        "gist": "The server has its new tools.\n\n# Not a heading",
        "gotchas": "- The fixture is *old*",
        "next": "1. Delete the fixture",
        "commands": "```\ncargo test\nmwtui status last\n```",
        "first": "docs/MCP.md",
        "hold": "keep",
        "empty": " ",
    });
    let answers = answers.as_object().expect("an object").clone();
    let (told, told_end) = done(40, ana(), Outcome { answers, ..Outcome::default() });
    let check = Prompt::Check { checked: vec![true, false] };
    let mut run = run(
        "9c01000000000000",
        "MW-001",
        "Thread Ending Summary",
        30,
        vec![
            (
                step("tell", "Tell what happened", StepKind::Ask { fields }, None),
                told,
                vec![attempt(1, 30, Work::Ask, Some(told_end))],
            ),
            (
                step(
                    "push",
                    "Push everything",
                    StepKind::Manual { actions: vec!["Commit".into(), "Push".into()] },
                    None,
                ),
                StepState::Waiting { since: minute(40), on: check, lease: None },
                vec![attempt(1, 40, Work::Manual, None)],
            ),
        ],
    );
    run.segments = vec![Segment { step: None, kind: SegmentKind::Person, from: minute(30), to: None }];
    run
}

/// A run that the engine's death and a person's second thoughts ended.
fn cancelled() -> Run {
    let mut run = run(
        "aa10000000000000",
        "MW-006",
        "Flux Debugging Session",
        22,
        vec![(
            step("logs", "Collect the logs", run_kind(), None),
            StepState::Cancelled { at: minute(28) },
            vec![
                attempt(1, 22, script(), Some(AttemptEnd::Uncertain { at: minute(25) })),
                attempt(2, 26, script(), Some(AttemptEnd::Cancelled { at: minute(28) })),
            ],
        )],
    );
    run.phase = Phase::Cancelled {
        at: minute(28),
        by: ana(),
        reason: Some("the cluster is somebody else's".to_owned()),
        left_behind: vec!["kubectl (pid 4711)".to_owned()],
    };
    run
}

fn record(runs: Vec<Run>) -> SessionRecord {
    SessionRecord {
        session: Session {
            id: "5e551011".into(),
            name: "checkout-api".to_owned(),
            folder: "/src/checkout-api".to_owned(),
            start_commit: Some("abc".to_owned()),
            opened_at: minute(0),
            opened_by: ana(),
            ended: None,
            notes: Vec::new(),
            exports: Vec::new(),
            seq: 1,
        },
        runs,
        git: None,
        at: minute(42),
        outputs: Vec::new(),
    }
}

fn rich() -> SessionRecord {
    let mut record = record(vec![deployment(), cancelled(), wrap_up()]);
    record.session.notes =
        vec![SessionNote { at: minute(2), by: ana(), text: "Freeze ends at noon\nAsk bo".to_owned() }];
    record.git = Some(GitState {
        branch: "main".to_owned(),
        commits: vec![
            ("1a2b3c4".to_owned(), "Add the list_pods tool".to_owned()),
            ("5d6e7f8".to_owned(), "Remove the *old* fixture".to_owned()),
        ],
        uncommitted: vec!["M src/main.rs".to_owned()],
        unpushed: Some(1),
        diff: Some("2 files changed, 40 insertions(+), 3 deletions(-)".to_owned()),
    });
    record.outputs = vec![StepOutput {
        run: RunIdOf("7f3a000000000000").into(),
        step: "tests".into(),
        attempt: 2,
        tail: "test result: \u{1b}[32mok\u{1b}[0m. 41 passed; 0 failed\n```\n".to_owned(),
    }];
    record
}

fn in_utc(record: &SessionRecord) -> String {
    markdown::render(&content::gather(record), &jiff::tz::TimeZone::UTC)
}

fn golden(check: impl FnOnce()) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(check);
}

#[test]
fn a_rich_session_as_markdown() {
    golden(|| insta::assert_snapshot!("report_session", in_utc(&rich())));
}

#[test]
fn an_empty_session_is_honest() {
    golden(|| insta::assert_snapshot!("report_empty_session", in_utc(&record(Vec::new()))));
}

#[test]
fn the_zone_is_named() {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(2));
    let text = markdown::render(&content::gather(&record(Vec::new())), &zone);
    assert!(text.contains("opened 2026-11-20 12:00") && text.contains("times are +02"), "{text}");
}

#[test]
fn json_holds_the_same() {
    let summary = json(&rich());
    assert_eq!(summary["schema_version"], 1);
    assert_eq!(summary["session"]["opened_at"], "2026-11-20T10:00:00Z");
    assert_eq!(summary["runs"][0]["status"], "completed");
    assert_eq!(summary["runs"][0]["work_ms"], 300_000);
    assert_eq!(summary["runs"][0]["steps"][0]["attempts"], 2);
    assert_eq!(summary["runs"][0]["steps"][1]["unverified"], true);
    assert_eq!(summary["runs"][2]["steps"][1]["unticked"], json!(["Push"]));
    assert_eq!(summary["sections"]["testing"][0]["result"], "exit 0");
    assert_eq!(summary["sections"]["next"][0]["text"], "1. Delete the fixture");
    assert_eq!(summary["decisions"][0]["decision"], "rejected");
    assert_eq!(summary["decisions"][0]["reason"], "not before the freeze ends");
    assert_eq!(summary["decisions"][1]["by"], "bo@desk");
    assert_eq!(summary["git"]["unpushed"], 1);
    assert_eq!(summary["notes"].as_array().map(Vec::len), Some(2));
}

#[test]
fn file_names_are_plain() {
    assert_eq!(file_name("checkout api/2"), "SESSION-SUMMARY-checkout-api-2.md");
    assert_eq!(file_name("../../etc/passwd"), "SESSION-SUMMARY-..-..-etc-passwd.md");
    assert_eq!(file_name(" "), "SESSION-SUMMARY-session.md");
    assert!(file_name(&"ü".repeat(500)).len() < 255);
}

/// The headings that a Markdown reader sees; there must be no HTML.
fn headings(markdown: &str) -> Vec<String> {
    use pulldown_cmark::{Event, Parser, Tag, TagEnd};
    let mut found = Vec::new();
    let mut heading: Option<String> = None;
    for event in Parser::new(markdown) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => heading = Some(format!("{level} ")),
            Event::End(TagEnd::Heading(_)) => found.extend(heading.take()),
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            Event::Html(html) | Event::InlineHtml(html) => panic!("HTML {html:?} in\n{markdown}"),
            _ => {}
        }
    }
    found
}

proptest! {
    #[test]
    fn no_text_breaks_the_page(text in "([#`~=<>*_|\\-\\n ]|script|x|\\PC|\\x1b\\[|\u{202e}|```|\n# |\n~~~){0,24}") {
        let mut record = rich();
        record.session.name.clone_from(&text);
        record.session.notes[0].text.clone_from(&text);
        record.outputs[0].tail.clone_from(&text);
        Arc::make_mut(&mut record.runs[0].notes[0]).text.clone_from(&text);
        if let StepState::Done { outcome, .. } =
            &mut Arc::make_mut(&mut record.runs[2].steps[0]).state
        {
            for (_, answer) in &mut outcome.answers {
                *answer = json!(text);
            }
        }
        if let Some(git) = &mut record.git {
            git.commits[0].1.clone_from(&text);
            git.uncommitted[0].clone_from(&text);
        }
        let page = in_utc(&record);
        let mut expected = headings(&in_utc(&rich()));
        let mut got = headings(&page);
        // The title holds the name, and sections with nothing but blanks are left out.
        expected.remove(0);
        got.remove(0);
        if text.trim().is_empty() || crate::report::escape::block(&text).trim().is_empty() {
            prop_assert!(got.iter().all(|h| expected.contains(h)), "{:?}\n{}", got, page);
        } else {
            expected.push("h2 Key Configuration Details".to_owned());
            expected.sort();
            got.sort();
            prop_assert_eq!(got, expected, "{}", page);
        }
        let clean = page.chars().all(|c| c == '\n' || !(c.is_control() || c == '\u{202e}'));
        prop_assert!(clean);
    }
}
