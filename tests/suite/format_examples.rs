//! The example workflows of `docs/workflows/`: each loads without a warning, is shown by the reference of the
//! format as it stands, and runs to its end through the real engine.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use futures_util::future::join_all;
use mwtui::base::{RunId, StepId};
use mwtui::client::Client;
use mwtui::run::{
    AttemptEnd, Edit, EventBody, Evidence, EvidenceKind, Failure, FailureKind, Prompt, Run, RunStatus,
    StepState, StepStatus, Verb,
};
use mwtui::workflow::parse;
use serde_json::{Value, json};

use crate::support::cli::say;
use crate::support::{Home, ended, mcp_server, output, until};

/// Writes the blocks of the reference instead of comparing them.
const WRITE: &str = "MWTUI_WRITE_GOLDEN";

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

/// Ids and texts, by id.
fn files() -> BTreeMap<String, String> {
    let folder = std::fs::read_dir(docs().join("workflows")).expect("docs/workflows");
    let read = |path: PathBuf| {
        let id = path.file_stem()?.to_str()?.to_owned();
        Some((id, std::fs::read_to_string(&path).ok()?))
    };
    folder.filter_map(|entry| read(entry.ok()?.path())).collect()
}

#[test]
fn every_example_loads_without_a_warning() {
    for (id, text) in files() {
        match parse(&format!("docs/workflows/{id}.yaml"), text.as_bytes()) {
            Ok((workflow, warnings)) => {
                assert_eq!(warnings, [], "{id}");
                assert_eq!(workflow.id.as_str(), id, "a file is called like its workflow");
                assert!(!workflow.scope.is_empty());
            }
            Err(errors) => {
                panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
            }
        }
    }
}

/// Below each link to an example the reference has the example itself.
#[test]
fn the_reference_shows_every_example_as_it_stands() {
    let file = docs().join("WORKFLOWS.md");
    let kept = std::fs::read_to_string(&file).expect("docs/WORKFLOWS.md");
    let mut made = String::new();
    let mut shown: Vec<String> = Vec::new();
    let all = files();
    let mut lines = kept.lines();
    while let Some(line) = lines.next() {
        made.push_str(line);
        made.push('\n');
        let link = line.strip_suffix(".yaml):").and_then(|l| l.rsplit_once("](workflows/"));
        let Some((_, id)) = link else { continue };
        let text = all.get(id).unwrap_or_else(|| panic!("there is no docs/workflows/{id}.yaml"));
        shown.push(id.to_owned());
        let _ = write!(made, "\n```yaml\n{text}```\n");
        // The block that stands there now.
        assert_eq!((lines.next(), lines.next()), (Some(""), Some("```yaml")), "below {line}");
        assert!(lines.by_ref().any(|line| line == "```"), "the block below {line} ends");
    }
    assert_eq!(shown.len(), all.len(), "shown are {shown:?}");
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&file, &made).expect("docs/WORKFLOWS.md is writable");
        return;
    }
    assert!(
        kept == made,
        "docs/WORKFLOWS.md is out of date: {WRITE}=1 cargo test --test suite format_examples"
    );
}

/// What somebody does once a step waits for it.
enum Act {
    Done(&'static str),
    Answer(Value),
    Approve,
    Reject(&'static str),
    PushBack(&'static str, &'static str),
    Skip(&'static str),
    Edit(Edit),
    Proceed,
    Rollback(&'static str),
}

/// How an example is run.
struct Example {
    id: &'static str,
    /// Where it is run; subjects belong to a folder.
    folder: &'static str,
    inputs: Value,
    /// Files of the folder, and what is in them.
    files: &'static [(&'static str, &'static str)],
    /// Texts of the file that are others in the test, so that nobody waits for half an hour.
    instead: &'static [(&'static str, &'static str)],
    step_through: bool,
    breakpoints: &'static [&'static str],
    subject: Option<&'static str>,
    acts: Vec<(&'static str, Act)>,
    ends: RunStatus,
    check: fn(&Ended),
}

/// What a check looks at.
struct Ended {
    run: Run,
    events: Vec<EventBody>,
    folder: PathBuf,
    /// The last output of each step.
    outputs: BTreeMap<String, String>,
}

impl Ended {
    fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    fn has(&self, name: &str) -> bool {
        self.folder.join(name).exists()
    }

    fn said(&self, step: &str) -> &str {
        self.outputs.get(step).map_or("", String::as_str)
    }

    fn status(&self, step: &str) -> StepStatus {
        self.run.record(&StepId::new(step)).expect(step).1.state.status()
    }

    fn attempts(&self, step: &str) -> usize {
        self.run.record(&StepId::new(step)).expect(step).1.attempts.len()
    }

    fn failures(&self, step: &str) -> Vec<Failure> {
        let attempts = &self.run.record(&StepId::new(step)).expect(step).1.attempts;
        let failure = |end: &Option<AttemptEnd>| match end {
            Some(AttemptEnd::Failed { failure, .. }) => Some(failure.clone()),
            _ => None,
        };
        attempts.iter().filter_map(|a| failure(&a.ended)).collect()
    }
}

fn example(id: &'static str) -> Example {
    Example {
        id,
        folder: id,
        inputs: json!({}),
        files: &[],
        instead: &[],
        step_through: false,
        breakpoints: &[],
        subject: None,
        acts: Vec::new(),
        ends: RunStatus::Completed,
        check: |_| {},
    }
}

fn kinds() -> Vec<Example> {
    vec![
        Example {
            acts: vec![("look", Act::Done("")), ("tell", Act::Done("told Ben by phone"))],
            check: |e| assert_eq!(e.status("tell"), StepStatus::Done),
            ..example("kind-manual")
        },
        Example {
            acts: vec![("plan", Act::Answer(json!({ "release": "2.1" })))],
            check: |e| assert_eq!(e.said("tell"), "2.1 for testers\n"),
            ..example("kind-ask")
        },
        Example {
            check: |e| assert_eq!(e.said("tell"), "a small text, 6 words, a long one is not\n"),
            ..example("kind-run")
        },
        Example {
            inputs: json!({ "note": "buy milk" }),
            check: |e| assert_eq!(e.said("show"), "buy milk\n"),
            ..example("kind-call")
        },
        Example {
            check: |e| {
                assert_eq!(e.said("tell"), "record done, extras failed\n");
                assert!(e.has("docs/decisions/open-a-new-project.md") && !e.has("workspace"));
            },
            ..example("kind-workflow")
        },
        Example {
            acts: vec![("review", Act::Answer(json!({ "text": "It is short and clear.\nVERDICT: good" })))],
            inputs: json!({ "draft": "To be or not to be" }),
            check: |e| assert_eq!(e.said("praise"), "Nothing to change.\n"),
            ..example("kind-agent")
        },
        Example {
            check: |e| assert!(e.file("docs/decisions/use-one-queue.md").starts_with("# Use one queue\n")),
            ..example("kind-write")
        },
        Example {
            files: &[("old-builds/one", "")],
            acts: vec![("sure", Act::Approve)],
            check: |e| assert!(!e.has("old-builds")),
            ..example("kind-approve")
        },
        Example {
            check: |e| {
                assert_eq!(e.said("greet.2"), "Good morning, ben, you are number 2.\n");
                assert_eq!(e.run.iterations(0).count(), 3);
            },
            ..example("kind-for-each")
        },
        Example {
            check: |e| {
                assert_eq!(e.said("check.4"), "africa answers\n");
                let open = e.events.iter().scan(0_i32, |open, event| {
                    match event {
                        EventBody::StepStarted { step, .. } if step.as_str().contains('.') => *open += 1,
                        EventBody::StepCompleted { step, .. } if step.as_str().contains('.') => *open -= 1,
                        _ => {}
                    }
                    Some(*open)
                });
                assert_eq!(open.max(), Some(2), "two side by side");
            },
            ..example("kind-for-each-parallel")
        },
        Example {
            acts: vec![("notes", Act::Answer(json!({ "news": "it is faster" })))],
            check: |e| assert_eq!(e.file("build/release"), "SOURCES\n8\nit is faster\n"),
            ..example("kind-needs")
        },
    ]
}

fn failures() -> Vec<Example> {
    const SOON: &[(&str, &str)] = &[("1s", "10ms")];
    vec![
        Example {
            instead: SOON,
            check: |e| assert_eq!(e.attempts("ping"), 3),
            ..example("fail-retry-fixed")
        },
        Example {
            instead: SOON,
            check: |e| assert_eq!(e.attempts("ask"), 4),
            ..example("fail-retry-linear")
        },
        Example {
            instead: SOON,
            check: |e| assert_eq!(e.attempts("fetch"), 3),
            ..example("fail-retry-exponential")
        },
        Example {
            acts: vec![("look", Act::Skip("nothing is released yet"))],
            check: |e| {
                assert_eq!((e.attempts("look"), e.failures("look")[0].exit), (1, Some(2)));
            },
            ..example("fail-final")
        },
        Example {
            files: &[("lock", "")],
            instead: &[("30s", "200ms")],
            acts: vec![("wait", Act::Skip("the lock is stale"))],
            check: |e| assert_eq!(e.failures("wait")[0].kind, FailureKind::Timeout),
            ..example("fail-timeout")
        },
        Example { instead: &[("1h", "200ms")], ends: RunStatus::Failed, ..example("fail-run-timeout") },
        Example {
            check: |e| assert!(e.said("tell").starts_with("The style was not checked: exit ")),
            ..example("fail-continue-on-error")
        },
        Example {
            check: |e| {
                assert_eq!(e.file("draft.txt").lines().count(), 3);
                assert_eq!(e.run.backs.len(), 2);
            },
            ..example("fail-back")
        },
        Example {
            acts: vec![
                ("draft", Act::Answer(json!({ "announcement": "We have moved" }))),
                ("agree", Act::Reject("say where to")),
                ("draft", Act::Answer(json!({ "announcement": "We have moved to Bern" }))),
                ("agree", Act::Approve),
            ],
            check: |e| assert_eq!((e.attempts("draft"), e.run.backs.len()), (2, 1)),
            ..example("fail-rejected")
        },
        Example {
            instead: &[("30m", "200ms")],
            acts: vec![("renew", Act::Done("renewed by hand"))],
            check: |e| {
                let asked = e.events.iter().filter_map(|event| match event {
                    EventBody::StepEscalated { to, .. } => Some(to.to.as_str()),
                    _ => None,
                });
                assert_eq!(asked.collect::<Vec<_>>(), ["ana", "team lead"]);
            },
            ..example("fail-escalate")
        },
        Example {
            ends: RunStatus::Failed,
            check: |e| {
                assert!(!e.has("workspace"));
                assert_eq!(e.status("folder.rollback"), StepStatus::Done);
            },
            ..example("fail-rollback")
        },
        Example {
            acts: vec![("look", Act::Rollback("it is slower there"))],
            ends: RunStatus::Cancelled,
            check: |e| {
                let log = e.file("log");
                let undone: Vec<&str> = log.lines().skip(4).collect();
                assert_eq!(undone, ["stopped there", "deleted orders", "deleted users", "started here"]);
            },
            ..example("fail-rollback-order")
        },
        Example {
            ends: RunStatus::Failed,
            check: |e| {
                let log = e.file("log");
                let undone: Vec<&str> = log.lines().skip(3).collect();
                assert_eq!(undone, ["stopped the router", "pulled the cables out", "gave notice"]);
            },
            ..example("fail-rollback-child")
        },
        Example { check: |e| assert_eq!(e.file("log").lines().count(), 2), ..example("fail-rollback-part") },
        Example {
            files: &[("report.txt", "12 tests, 1 failed\n")],
            acts: vec![("test", Act::Skip("it is the flaky one"))],
            check: |e| assert_eq!(e.failures("test")[0].kind, FailureKind::Expectation),
            ..example("fail-expects")
        },
        Example {
            instead: SOON,
            acts: vec![("post", Act::Skip("posted by hand"))],
            check: |e| {
                let kinds: Vec<FailureKind> = e.failures("post").iter().map(|f| f.kind).collect();
                assert_eq!((kinds.len(), kinds[0], kinds[6]), (7, FailureKind::Call, FailureKind::Breaker));
            },
            ..example("fail-breaker")
        },
    ]
}

fn controls() -> Vec<Example> {
    vec![
        Example {
            step_through: true,
            acts: vec![("list", Act::Proceed), ("count", Act::Proceed)],
            check: |e| assert!(e.said("count").trim().parse::<u32>().is_ok()),
            ..example("control-step-through")
        },
        Example {
            breakpoints: &["change"],
            acts: vec![("change", Act::Proceed)],
            check: |e| {
                assert!(e.file("schema.old") == "table users\n" && e.file("schema").contains("orders"));
            },
            ..example("control-breakpoint")
        },
        Example {
            files: &[("page-cache/page", "")],
            check: |e| assert!(e.has("cleaned") && !e.has("page-cache")),
            ..example("control-dry-run")
        },
        Example {
            files: &[("tuesday.sql", "the table\n")],
            acts: vec![(
                "restore",
                Act::Edit(Edit {
                    inputs: json!({ "dump": "tuesday.sql" }).as_object().expect("a mapping").clone(),
                    ..Edit::default()
                }),
            )],
            check: |e| assert_eq!((e.file("restored").as_str(), e.attempts("restore")), ("the table\n", 2)),
            ..example("control-edit")
        },
        Example {
            acts: vec![("agree", Act::PushBack("write", "say who you are")), ("agree", Act::Approve)],
            check: |e| assert_eq!(e.file("published"), "Hello, say who you are\n"),
            ..example("control-push-back")
        },
        Example { acts: vec![("tag", Act::Answer(json!({ "tag": "v1" })))], ..example("control-fork") },
    ]
}

/// Their own tests run these.
const ELSEWHERE: &[&str] = &["control-moves", "control-validate"];

#[test]
fn no_example_is_forgotten() {
    let mut run: Vec<&str> = [kinds(), failures(), controls()].iter().flatten().map(|e| e.id).collect();
    run.extend(ELSEWHERE);
    run.sort_unstable();
    let all = files();
    assert!(
        run.iter().copied().eq(all.keys().map(String::as_str)),
        "run are {run:?}\nthere are {:?}",
        all.keys()
    );
}

/// All of them in one home, with the texts that the test wants instead.
fn home(examples: &[Example]) -> Home {
    let home = Home::new();
    let notes = json!(mcp_server::command());
    let settings = format!(
        "[servers.notes]\ncommand = {notes}\n\n[servers.chat]\ncommand = [\"sh\", \"-c\", \"exit 3\"]\n"
    );
    std::fs::write(home.paths.config_file(), settings).expect("the settings");
    for (id, mut text) in files() {
        for (old, new) in examples.iter().filter(|e| e.id == id).flat_map(|e| e.instead) {
            assert!(text.contains(old), "{id} has no {old}");
            text = text.replace(old, new);
        }
        std::fs::write(home.paths.workflows().join(format!("{id}.yaml")), text).expect("the workflow file");
    }
    home
}

async fn to_their_ends(examples: Vec<Example>) {
    let home = home(&examples);
    let client = home.client().await;
    join_all(examples.into_iter().map(|example| to_its_end(&home, &client, example))).await;
}

async fn to_its_end(home: &Home, client: &Client, example: Example) -> Ended {
    let folder = home.project.join(example.folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    for (name, text) in example.files {
        let file = folder.join(name);
        std::fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
        std::fs::write(file, text).expect("a file");
    }
    let mut start = home.start(example.id);
    start.folder = folder.to_string_lossy().into_owned();
    start.inputs = example.inputs.as_object().expect("a mapping").clone();
    start.step_through = example.step_through;
    start.breakpoints = example.breakpoints.iter().map(|id| StepId::new(*id)).collect();
    start.subject = example.subject.map(str::to_owned);
    let started = client.start(start).await.unwrap_or_else(|e| panic!("{}: {e:?}", example.id));
    for (step, act) in example.acts {
        do_it(client, example.id, &started.run, step, act).await;
    }
    let run = ended(client, &started).await;
    assert_eq!(run.status(), example.ends, "{}: {run:#?}", example.id);
    let events = client.events(started.run.clone(), 0).await.expect("the journal");
    let mut outputs = BTreeMap::new();
    for record in run.steps.iter().filter(|r| !r.attempts.is_empty()) {
        let text = output(client, &started.run, record.id.as_str()).await;
        outputs.insert(record.id.to_string(), text);
    }
    let ended = Ended { run, events: events.into_iter().map(|e| e.body).collect(), folder, outputs };
    (example.check)(&ended);
    ended
}

/// Waits until the step waits for somebody, and does what is to be done.
async fn do_it(client: &Client, id: &str, run: &RunId, name: &'static str, act: Act) {
    let step = Some(StepId::new(name));
    let state = until(&format!("{id}: {name} waits"), async || {
        let now = client.run(run.clone()).await.expect("the run is there");
        assert!(!now.is_ended(), "{id} has ended before {name}: {now:#?}");
        let state = now.record(&StepId::new(name)).map(|(_, record)| record.state.clone())?;
        let waits = match &state {
            StepState::Waiting { on, .. } => !matches!(on, Prompt::Retry { .. }),
            // An escalation is to come to the last in line.
            StepState::Failed { escalation, .. } => escalation.as_ref().is_none_or(|e| e.deadline.is_none()),
            _ => false,
        };
        waits.then_some(state)
    })
    .await;
    let verb = match act {
        Act::Done(evidence) => Verb::Done {
            step,
            evidence: vec![Evidence { kind: EvidenceKind::Note, text: evidence.to_owned() }],
        },
        Act::Answer(values) => Verb::Answer { step, values: values.as_object().expect("a mapping").clone() },
        Act::Approve => {
            let StepState::Waiting { on: Prompt::Approval { digest, .. }, .. } = state else {
                panic!("{id}: {name} is {state:?}");
            };
            Verb::Approve { step, digest }
        }
        Act::Reject(reason) => Verb::Reject { step, reason: reason.to_owned() },
        Act::PushBack(to, feedback) => {
            Verb::PushBack { step, to: StepId::new(to), feedback: feedback.to_owned() }
        }
        Act::Skip(reason) => Verb::Skip { step, reason: reason.to_owned() },
        Act::Edit(edit) => Verb::Retry { step, edit: Some(Box::new(edit)) },
        Act::Proceed => Verb::Proceed { step },
        Act::Rollback(reason) => Verb::Rollback { reason: reason.to_owned() },
    };
    client.act(run.clone(), verb).await.unwrap_or_else(|e| panic!("{id}: {name}: {e:?}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_step_goes_to_its_end() {
    to_their_ends(kinds()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_fail_comes_to_its_end() {
    to_their_ends(failures()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_control_leads_to_the_end() {
    to_their_ends(controls()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_does_the_rest_anew() {
    let home = home(&[]);
    let client = home.client().await;
    let Some(example) = controls().into_iter().find(|e| e.id == "control-fork") else {
        panic!("it is there")
    };
    let first = to_its_end(&home, &client, example).await;
    let fork = client.fork(first.run.id().clone(), StepId::new("cut"), serde_json::Map::new()).await;
    let run = ended(&client, &fork.expect("forked")).await;
    assert_eq!(run.status(), RunStatus::Completed);
    assert_eq!(first.file("releases"), "v1\nv1\n", "the answer was taken over");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subject_is_moved_by_completed_runs_alone() {
    let home = home(&[]);
    let client = home.client().await;
    let of = |id: &'static str| Example { folder: "shop", subject: Some("dark-mode"), ..example(id) };
    let mut early = home.start("control-moves");
    early.subject = Some("dark-mode".to_owned());
    let refused = client.start(early).await.expect_err("nobody has validated it");
    assert!(refused.to_string().contains("Validated"), "{refused:?}");
    let validated = Example { acts: vec![("test", Act::Done(""))], ..of("control-validate") };
    to_its_end(&home, &client, validated).await;
    let deployed = to_its_end(&home, &client, of("control-moves")).await;
    assert_eq!(deployed.said("deploy"), "deployed dark-mode\n");
    let moved = deployed
        .events
        .iter()
        .any(|event| matches!(event, EventBody::SubjectMoved { to: Some(to), .. } if to == "Deployed"));
    assert!(moved, "{:?}", deployed.events);
}

#[test]
fn a_dry_run_does_nothing() {
    let home = home(&[]);
    std::fs::create_dir(home.project.join("page-cache")).expect("a cache");
    let said = say(&home, &["run", "control-dry-run", "--dry-run"]).ok();
    assert!(said.out.contains("rm -rf \"$CACHE\" && touch cleaned"), "{said:?}");
    assert!(home.project.join("page-cache").exists() && !home.project.join("cleaned").exists());
}
