//! What there is to say about a session, in order, every text already clean. What the Markdown
//! looks like is `markdown`'s; what went otherwise than written is gathered by `deviation`.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::base::{Actor, Millis, Timestamp};
use crate::report::deviation::{self, Deviation};
use crate::report::escape::{block, line};
use crate::run::{
    AttemptEnd, Evidence, EvidenceKind, FailureKind, GitState, Outcome, Prompt, Run, SegmentKind,
    SessionRecord, StepRecord, StepState, Work, summarise, summary,
};
use crate::workflow::{Field, FieldKind, Step, StepKind, SummarySection, field};

#[derive(Debug, Serialize)]
pub struct Summary {
    pub session: Head,
    /// A sentence made from the facts alone.
    pub overview: String,
    pub runs: Vec<RunPart>,
    pub deviations: Vec<Deviation>,
    pub decisions: Vec<DecisionPart>,
    /// Answers and outputs by the section that their workflow names.
    pub sections: BTreeMap<SummarySection, Vec<Entry>>,
    pub git: Option<GitPart>,
    pub unfinished: Vec<String>,
    pub notes: Vec<NotePart>,
}

#[derive(Debug, Serialize)]
pub struct Head {
    pub id: String,
    pub name: String,
    pub person: String,
    pub folder: String,
    pub opened_at: When,
    pub ended_at: Option<When>,
    pub made_at: When,
    pub duration_ms: Millis,
}

#[derive(Debug, Serialize)]
pub struct RunPart {
    pub run: String,
    pub workflow: String,
    pub name: String,
    pub version: u32,
    pub digest: String,
    pub status: &'static str,
    pub started_at: When,
    pub started_by: String,
    pub ended_at: Option<When>,
    pub phrase: Option<String>,
    pub inputs: Vec<(String, String)>,
    pub work_ms: Millis,
    pub waiting_ms: Millis,
    pub retry_ms: Millis,
    pub paused_ms: Millis,
    pub steps: Vec<StepPart>,
}

#[derive(Debug, Serialize)]
pub struct StepPart {
    pub step: String,
    pub title: String,
    pub status: &'static str,
    pub by: Option<String>,
    pub at: Option<When>,
    pub attempts: usize,
    /// Done, and nothing backs it.
    pub unverified: bool,
    pub evidence: Vec<(&'static str, String)>,
    /// Answers that belong in no section, as question and answer.
    pub answers: Vec<(String, String)>,
    pub outputs: Vec<(String, String)>,
    pub unticked: Vec<String>,
    /// Why it failed or was skipped, or what it waits for.
    pub detail: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct DecisionPart {
    pub at: When,
    pub by: String,
    pub workflow: String,
    pub question: String,
    pub decision: String,
    pub reason: Option<String>,
}

/// Something for a section, and where it came from.
#[derive(Debug, Serialize)]
pub struct Entry {
    pub run: String,
    pub workflow: String,
    pub label: String,
    pub text: String,
    /// A command's output: shown in a fence, with how the command ended.
    pub output: bool,
    pub result: Option<String>,
    pub by: String,
    pub at: Option<When>,
}

#[derive(Debug, Serialize)]
pub struct GitPart {
    pub branch: String,
    pub commits: Vec<(String, String)>,
    pub uncommitted: Vec<String>,
    pub unpushed: Option<u32>,
    pub diff: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct NotePart {
    pub at: When,
    pub by: String,
    /// The run and step that it is about.
    pub about: Option<String>,
    pub text: String,
}

/// A moment; RFC 3339 in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct When(pub Timestamp);

impl Serialize for When {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.rfc3339())
    }
}

pub fn gather(record: &SessionRecord) -> Summary {
    let session = &record.session;
    let ended = session.ended.as_ref().map(|(at, _)| *at);
    let mut sections = BTreeMap::new();
    let mut decisions = Vec::new();
    let mut runs = Vec::new();
    for run in &record.runs {
        runs.push(run_part(record, run, &mut sections));
        decide(run, &mut decisions);
    }
    decisions.sort_by_key(|d| d.at);
    Summary {
        session: Head {
            id: session.id.to_string(),
            name: line(&session.name),
            person: actor(&session.opened_by),
            folder: line(&session.folder),
            opened_at: When(session.opened_at),
            ended_at: ended.map(When),
            made_at: When(record.at),
            duration_ms: ended.unwrap_or(record.at).since(session.opened_at),
        },
        overview: overview(record),
        runs,
        deviations: record.runs.iter().flat_map(|run| deviation::of(run, record.at)).collect(),
        decisions,
        sections,
        git: record.git.as_ref().map(git_part),
        unfinished: record.runs.iter().filter_map(unfinished).collect(),
        notes: notes(record),
    }
}

pub fn actor(actor: &Actor) -> String {
    line(&actor.to_string())
}

/// `MW-004 (run 7f3a)`: how a run is named in running text.
pub fn named(run: &Run) -> String {
    format!("{} (run {})", line(run.header.workflow.id.as_str()), run.id().short())
}

/// A value as people write it: no quotes around text, lists with commas.
fn value(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::String(text) => block(text),
        Value::Array(items) => items.iter().map(self::value).collect::<Vec<_>>().join(", "),
        other => block(&field::shown(other)),
    }
}

fn run_part(
    record: &SessionRecord,
    run: &Run,
    sections: &mut BTreeMap<SummarySection, Vec<Entry>>,
) -> RunPart {
    let time = |kinds: &[SegmentKind]| {
        run.segments
            .iter()
            .filter(|s| kinds.contains(&s.kind))
            .fold(Millis::ZERO, |sum, s| sum.plus(s.length(run.ended_at().unwrap_or(record.at))))
    };
    let reference = &run.header.workflow;
    RunPart {
        run: run.id().to_string(),
        workflow: line(reference.id.as_str()),
        name: line(&reference.name),
        version: reference.version,
        digest: reference.digest.clone(),
        status: run.status().word(),
        started_at: When(run.started_at),
        started_by: actor(&run.started_by),
        ended_at: run.ended_at().map(When),
        phrase: run.header.phrase.as_deref().map(line),
        inputs: run.header.inputs.iter().map(|(name, v)| (line(name), line(&value(v)))).collect(),
        work_ms: time(&[SegmentKind::Work]),
        waiting_ms: time(&[SegmentKind::Person, SegmentKind::Approval]),
        retry_ms: time(&[SegmentKind::Retry]),
        paused_ms: time(&[SegmentKind::Paused]),
        steps: run.each_step().map(|(step, state)| step_part(record, run, step, state, sections)).collect(),
    }
}

fn step_part(
    record: &SessionRecord,
    run: &Run,
    step: &Step,
    state: &StepRecord,
    sections: &mut BTreeMap<SummarySection, Vec<Entry>>,
) -> StepPart {
    let mut part = StepPart {
        step: state.id.to_string(),
        title: line(&step.title),
        status: state.state.status().word(),
        by: None,
        at: None,
        attempts: state.attempts.len(),
        unverified: false,
        evidence: Vec::new(),
        answers: Vec::new(),
        outputs: Vec::new(),
        unticked: Vec::new(),
        detail: None,
    };
    let mut result = None;
    match &state.state {
        StepState::Done { at, by, outcome } => {
            part.at = Some(When(*at));
            part.by = Some(actor(by));
            part.evidence = outcome.evidence.iter().map(evidence).collect();
            part.unverified = outcome.evidence.is_empty() && outcome.answers.is_empty();
            part.unticked = outcome.unchecked.iter().map(|action| line(action)).collect();
            let entry = |label: &str, text: String| Entry {
                run: run.id().to_string(),
                workflow: line(run.header.workflow.id.as_str()),
                label: line(label),
                text,
                output: false,
                result: None,
                by: actor(by),
                at: Some(When(*at)),
            };
            answers(step, outcome, &mut part, sections, entry);
            for (name, v) in &outcome.outputs {
                match step.summary {
                    // A script that printed nothing has said nothing.
                    Some(section)
                        if !printed(record, run, state) && !matches!(step.kind, StepKind::Run { .. }) =>
                    {
                        let text = format!("{name}: {}", value(v));
                        sections.entry(section).or_default().push(entry(&step.title, block(&text)));
                    }
                    // A command's own outputs repeat what its evidence says.
                    _ if step.kind.is_automatic() => {}
                    _ => part.outputs.push((line(name), value(v))),
                }
            }
            if step.summary.is_some()
                && outcome.answers.is_empty()
                && outcome.outputs.is_empty()
                && !printed(record, run, state)
                && let Some(section) = step.summary
            {
                let texts: Vec<String> = outcome.evidence.iter().map(|e| block(&e.text)).collect();
                let text = if texts.is_empty() {
                    "done; nothing was written down".to_owned()
                } else {
                    texts.join("\n\n")
                };
                sections.entry(section).or_default().push(entry(&step.title, text));
            }
            result = Some("exit 0".to_owned());
        }
        StepState::Failed { at, by, failure, continued, .. } => {
            part.at = Some(When(*at));
            part.by = Some(actor(by));
            let after = if *continued { "; noted, and the run went on" } else { "" };
            part.detail = Some(format!("{}{after}", line(&failure.message)));
            result = Some(failure.exit.map_or_else(|| line(&failure.message), |code| format!("exit {code}")));
        }
        StepState::Skipped { at, by, reason } => {
            part.at = Some(When(*at));
            part.by = Some(actor(by));
            part.detail = Some(deviation::skip_reason(reason));
        }
        StepState::Waiting { on, .. } => {
            part.detail = Some(waits_for(on));
            if let (Prompt::Check { checked }, StepKind::Manual { actions }) = (on, &step.kind) {
                let open =
                    actions.iter().enumerate().filter(|(i, _)| !checked.get(*i).copied().unwrap_or(false));
                part.unticked = open.map(|(_, action)| line(action)).collect();
            }
        }
        StepState::Cancelled { at } => part.at = Some(When(*at)),
        StepState::Uncertain { since, .. } => {
            part.at = Some(When(*since));
            part.detail = Some("the engine died while it ran; nobody has looked yet".to_owned());
            result = Some("uncertain: the engine died while it ran".to_owned());
        }
        StepState::Pending | StepState::Running { .. } => {}
    }
    if let Some(section) = step.summary
        && let Some(output) = record
            .outputs
            .iter()
            .filter(|o| &o.run == run.id() && o.step == state.id)
            .max_by_key(|o| o.attempt)
    {
        let ended_at =
            state.attempts.iter().find(|a| a.number == output.attempt).and_then(|a| a.ended.as_ref());
        sections.entry(section).or_default().push(Entry {
            run: run.id().to_string(),
            workflow: line(run.header.workflow.id.as_str()),
            label: line(&step.title),
            text: block(&output.tail),
            output: true,
            result,
            by: part.by.clone().unwrap_or_else(|| "engine".to_owned()),
            at: ended_at.map(|e| When(e.at())),
        });
    }
    part
}

/// Whether the record holds what the step's command printed.
fn printed(record: &SessionRecord, run: &Run, state: &StepRecord) -> bool {
    record.outputs.iter().any(|o| &o.run == run.id() && o.step == state.id)
}

/// Each answer to the section of its question, else of its step, else under the step.
fn answers(
    step: &Step,
    outcome: &Outcome,
    part: &mut StepPart,
    sections: &mut BTreeMap<SummarySection, Vec<Entry>>,
    entry: impl Fn(&str, String) -> Entry,
) {
    let StepKind::Ask { fields } = &step.kind else { return };
    for field in fields {
        let Some(answer) = outcome.answers.get(&field.name) else { continue };
        let is_empty = answer.is_null() || answer.as_str().is_some_and(|t| block(t).is_empty());
        match field.summary.or(step.summary) {
            Some(_) if is_empty => {}
            Some(section) => sections.entry(section).or_default().push(entry(&field.prompt, value(answer))),
            None => part.answers.push((line(&field.prompt), value(answer))),
        }
    }
}

fn evidence(evidence: &Evidence) -> (&'static str, String) {
    let kind = match evidence.kind {
        EvidenceKind::Note => "note",
        EvidenceKind::Link => "link",
        EvidenceKind::File => "file",
        EvidenceKind::Output => "output",
        EvidenceKind::Decision => "decision",
        EvidenceKind::Answer => "answers",
        EvidenceKind::Run => "run",
    };
    (kind, block(&evidence.text))
}

fn waits_for(prompt: &Prompt) -> String {
    match prompt {
        Prompt::Check { .. } => "waits for a person to do it".to_owned(),
        Prompt::Answers => "waits for answers".to_owned(),
        Prompt::Approval { question, .. } => format!("waits for approval: {}", line(question)),
        Prompt::Agent { agent, .. } => format!("waits for an answer for {}", line(agent)),
        Prompt::Proceed { .. } => "is held until somebody has looked".to_owned(),
        Prompt::Retry { failure, .. } => format!("will be tried again after: {}", line(&failure.message)),
    }
}

/// Approvals, rejections and choices, with who made them.
fn decide(run: &Run, decisions: &mut Vec<DecisionPart>) {
    for (step, state) in run.each_step() {
        for attempt in &state.attempts {
            let (at, by, outcome, rejected) = match &attempt.ended {
                Some(AttemptEnd::Done { at, by, outcome }) => (at, by, Some(outcome), None),
                Some(AttemptEnd::Failed { at, by, failure }) if failure.kind == FailureKind::Rejected => {
                    (at, by, None, Some(line(&failure.message)))
                }
                _ => continue,
            };
            let mut push = |question: &str, decision: String, reason: Option<String>| {
                decisions.push(DecisionPart {
                    at: When(*at),
                    by: actor(by),
                    workflow: named(run),
                    question: line(question),
                    decision,
                    reason,
                });
            };
            match (&attempt.work, &step.kind) {
                (Work::Approve { question, .. }, _) => match rejected {
                    Some(reason) => push(question, "rejected".to_owned(), Some(reason)),
                    None => push(question, "approved".to_owned(), None),
                },
                (_, StepKind::Ask { fields }) => {
                    for field in fields.iter().filter(|f| is_choice(f)) {
                        if let Some(answer) = outcome.and_then(|o| o.answers.get(&field.name)) {
                            push(&field.prompt, line(&value(answer)), None);
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

fn is_choice(field: &Field) -> bool {
    matches!(field.kind, FieldKind::Choice { .. } | FieldKind::MultiChoice { .. })
}

fn git_part(git: &GitState) -> GitPart {
    GitPart {
        branch: line(&git.branch),
        commits: git.commits.iter().map(|(hash, subject)| (line(hash), line(subject))).collect(),
        uncommitted: git.uncommitted.iter().map(|l| line(l)).collect(),
        unpushed: git.unpushed,
        diff: git.diff.as_deref().map(line).filter(|d| !d.is_empty()),
    }
}

/// A run that is not over, and where it stands.
fn unfinished(run: &Run) -> Option<String> {
    if run.is_ended() {
        return None;
    }
    let row = summarise(run);
    Some(format!(
        "{} is {} at step {} of {}, {}",
        named(run),
        run.status().word(),
        row.current,
        row.steps,
        line(&row.current_title)
    ))
}

/// Of the session, its runs and their steps, in order of time.
fn notes(record: &SessionRecord) -> Vec<NotePart> {
    let own = record.session.notes.iter().map(|n| NotePart {
        at: When(n.at),
        by: actor(&n.by),
        about: None,
        text: block(&n.text),
    });
    let of_runs = record.runs.iter().flat_map(|run| {
        run.notes.iter().map(move |n| {
            let record = n.step.as_ref().and_then(|id| run.record(id)).map(|(_, record)| record);
            let step = record.and_then(|r| Some(line(&summary::title(run.definition(r)?, r))));
            NotePart {
                at: When(n.at),
                by: actor(&n.by),
                about: Some(step.map_or_else(|| named(run), |step| format!("{}, {step}", named(run)))),
                text: block(&n.text),
            }
        })
    });
    let mut notes: Vec<NotePart> = own.chain(of_runs).collect();
    notes.sort_by_key(|n| n.at);
    notes
}

fn overview(record: &SessionRecord) -> String {
    let mut sentences = Vec::new();
    if record.runs.is_empty() {
        sentences.push("No workflow was run in this session.".to_owned());
    } else {
        let mut groups: Vec<(&str, Vec<String>)> = Vec::new();
        for run in &record.runs {
            let word = if run.is_ended() { run.status().word() } else { "unfinished" };
            let id = line(run.header.workflow.id.as_str());
            match groups.iter_mut().find(|(w, _)| *w == word) {
                Some((_, ids)) => ids.push(id),
                None => groups.push((word, vec![id])),
            }
        }
        let told: Vec<String> =
            groups.iter().map(|(word, ids)| format!("{} {word} ({})", ids.len(), ids.join(", "))).collect();
        sentences.push(format!("{}: {}.", count(record.runs.len(), "run"), told.join("; ")));
    }
    if let Some(git) = &record.git {
        let commits = match git.commits.len() {
            0 => "No commits were made".to_owned(),
            n => format!(
                "{} made",
                if n == 1 { "1 commit was".to_owned() } else { format!("{n} commits were") }
            ),
        };
        let left = match git.uncommitted.len() {
            0 => "nothing is uncommitted".to_owned(),
            n => format!(
                "{} uncommitted",
                if n == 1 { "1 change is".to_owned() } else { format!("{n} changes are") }
            ),
        };
        sentences.push(format!("{commits} on {}, and {left}.", line(&git.branch)));
    }
    sentences.join(" ")
}

/// `1 run`, `3 runs`.
pub fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}
