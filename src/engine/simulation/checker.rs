//! What must hold whatever happens: a second book of every run, kept from what the engine told.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::base::{Actor, RunId, StepId};
use crate::engine::simulation::leases::Taken;
use crate::engine::simulation::legal::{self, At};
use crate::exec::Job;
use crate::run::line::describe;
use crate::run::{
    CarriedResult, Event, EventBody, FailureKind, Phase, Role, Run, RunFilter, RunStarted, RunSummary,
    SkipReason, StepState, Verb, Work, apply, begin, moved, replay_with, summarise,
};
use crate::store::Store;
use crate::workflow::{StepKind, Workflow};

/// The root and the name of the one subject that runs of a life move.
pub const SUBJECT: (&str, &str) = ("/work", "it");

/// `Err` says what does not hold.
pub type Checked = Result<(), String>;

#[derive(Default)]
pub struct Checker {
    pub books: BTreeMap<RunId, Book>,
    workflows: HashMap<String, Arc<Workflow>>,
    changed: HashSet<RunId>,
    /// Child runs that were rolled back by their parents, as those were told.
    undone: Vec<RunId>,
    /// The state of the one subject that runs move.
    subject: Option<String>,
    /// The names of all events that were told.
    pub seen: BTreeSet<&'static str>,
}

/// One run, as it was told.
pub struct Book {
    pub journal: Vec<Event>,
    pub run: Run,
    /// The version that it was started with.
    begun: Arc<Workflow>,
    /// Approvals that a person gave and that still count.
    passed: HashSet<StepId>,
    done: HashSet<(StepId, u32)>,
    executed: HashSet<(StepId, u32)>,
    taken: Taken,
}

macro_rules! hold {
    ($holds:expr, $($message:tt)*) => {
        if !$holds {
            return Err(format!($($message)*));
        }
    };
}

impl Checker {
    pub fn knows(&mut self, digest: String, workflow: Arc<Workflow>) {
        self.workflows.insert(digest, workflow);
    }

    /// An update came to a client.
    pub fn told(&mut self, summary: &RunSummary, events: &[Event]) -> Checked {
        for event in events {
            self.fact(&summary.run, event)?;
        }
        let book = self.books.get(&summary.run).ok_or("an update of a run that was never started")?;
        hold!(summarise(&book.run) == *summary, "a summary of run {} that is not its events'", summary.run);
        Ok(())
    }

    fn fact(&mut self, id: &RunId, event: &Event) -> Checked {
        self.changed.insert(id.clone());
        self.seen.insert(describe(&event.body).0);
        if let EventBody::SubjectMoved { from, to, .. } = &event.body {
            hold!(
                *from == self.subject,
                "run {id} moves the subject from {from:?}, it is {:?}",
                self.subject
            );
            self.subject.clone_from(to);
        }
        if let EventBody::RunStarted(header) = &event.body {
            let workflow = self.workflows.get(&header.workflow.digest).ok_or("an unknown workflow")?;
            let run = begin(Arc::clone(workflow), event).ok_or("a run that cannot begin")?;
            hold!(event.seq == 1 && run.id() == id, "run {id} begins with event {}", event.seq);
            let book = Book {
                journal: vec![event.clone()],
                begun: Arc::clone(&run.workflow),
                run,
                // What a fork takes over was approved in the run that it was forked from.
                passed: carried_gates(header, workflow),
                done: HashSet::new(),
                executed: HashSet::new(),
                taken: Taken::default(),
            };
            hold!(self.books.insert(id.clone(), book).is_none(), "run {id} was started twice");
            return Ok(());
        }
        let book = self.books.get_mut(id).ok_or("an event of a run that was never started")?;
        if let (EventBody::StepCompleted { step, .. }, Actor::Engine) = (&event.body, &event.actor) {
            let attempt = book.run.record(step).and_then(|(_, record)| record.attempts.last());
            self.undone.extend(attempt.and_then(|attempt| match &attempt.work {
                Work::Rollback { run } => Some(run.clone()),
                _ => None,
            }));
        }
        book.fact(event, &self.workflows)
            .map_err(|why| format!("run {id}, event {} {:?}: {why}", event.seq, event.body))
    }

    /// A job was given to the executor.
    pub fn executes(&mut self, job: &Job) -> Checked {
        let book = self.books.get_mut(&job.run).ok_or("a job of a run that nobody knows")?;
        let what = format!("run {}, step {}, attempt {}", job.run, job.step, job.attempt);
        let (_, record) = book.run.record(&job.step).ok_or("a job of an unknown step")?;
        let attempt = record.attempts.iter().find(|a| a.number == job.attempt);
        hold!(attempt.is_some_and(|a| a.work == job.work), "{what}: executed without being in the journal");
        hold!(book.executed.insert((job.step.clone(), job.attempt)), "{what}: executed twice");
        Ok(())
    }

    /// A verb was answered: it is in the history for ever.
    pub fn acknowledged(&self, id: &RunId, seq: u64, verb: &Verb, actor: &Actor) -> Checked {
        let book = self.books.get(id).ok_or("a verb on an unknown run was answered")?;
        // What was asked of a parent may be meant for its child run.
        let all = self.books.values().flat_map(|book| &book.journal);
        let there = book.journal.last().is_some_and(|last| last.seq >= seq);
        hold!(there, "run {id}: {} was answered with event {seq}, which nobody was told of", verb.name());
        let by = all.into_iter().any(|e| {
            e.actor == *actor && (!matches!(verb, Verb::Note { .. }) || Some(&e.body) == noted(verb).as_ref())
        });
        hold!(by, "run {id}: {} of {actor} was answered and is not in its history", verb.name());
        hold!(
            actor.is_person() || !matches!(verb, Verb::Approve { .. } | Verb::Reject { .. }),
            "run {id}: {actor} decided about an approval"
        );
        Ok(())
    }

    /// A verb was refused: nothing of it has happened.
    pub fn refused(&self, id: &RunId, verb: &Verb) -> Checked {
        let Some(body) = noted(verb) else { return Ok(()) };
        let happened = self.books.get(id).is_some_and(|book| book.journal.iter().any(|e| e.body == body));
        hold!(!happened, "run {id}: a note was refused and written down");
        Ok(())
    }

    /// What memory and store hold of the runs that have changed, after a turn.
    pub fn after_turn(&mut self, live: &HashMap<RunId, Arc<Run>>, store: &Store) -> Checked {
        for id in std::mem::take(&mut self.changed) {
            let Some(book) = self.books.get(&id) else { continue };
            match live.get(&id) {
                Some(run) => {
                    hold!(**run == book.run, "run {id} is not the replay of its journal: {run:#?}");
                }
                None => hold!(book.run.is_ended(), "run {id} is gone"),
            }
            let seq = book.run.seq;
            let last = store.events(&id, seq - 1, 2).map_err(|e| format!("unreadable: {e:?}"))?;
            hold!(
                last.as_slice() == &book.journal[book.journal.len() - 1..],
                "run {id}: told up to {seq}, stored {last:?}"
            );
        }
        self.children_are_undone()
    }

    /// What a parent says is rolled back has nothing left to undo, and what it is rolling back goes on.
    fn children_are_undone(&mut self) -> Checked {
        for child in std::mem::take(&mut self.undone) {
            let Some(book) = self.books.get(&child) else { continue };
            let left = book.run.undoable();
            hold!(book.run.is_ended() && left.is_empty(), "run {child} was not undone: {left:?}");
        }
        for book in self.books.values().filter(|book| matches!(book.run.phase, Phase::Active { .. })) {
            for (record, child) in book.run.children() {
                let Some(Work::Rollback { .. }) = record.attempts.last().map(|a| &a.work) else { continue };
                let goes_on = self.books.get(child).is_some_and(|book| {
                    matches!(book.run.phase, Phase::Cancelling { .. })
                        || (!book.run.is_ended() && book.run.is_rolling_back())
                });
                let run = book.run.id();
                hold!(goes_on, "run {run}: nobody rolls {child} back, and {} waits for it", record.id);
            }
        }
        Ok(())
    }

    /// After a crash. `lost` is what was committed and told nobody; `doubt`: a commit had failed and
    /// nobody knew whether the disk kept it.
    pub fn reopened(
        &mut self,
        store: &Store,
        lost: &[(Box<RunSummary>, Vec<Event>)],
        doubt: bool,
    ) -> Checked {
        let rows = store.runs(&RunFilter::default()).map_err(|e| format!("unreadable: {e:?}"))?;
        for id in self.books.keys() {
            hold!(rows.iter().any(|row| row.run == *id), "run {id} was lost in a crash");
        }
        for row in rows {
            let events = store.events(&row.run, 0, usize::MAX).map_err(|e| format!("unreadable: {e:?}"))?;
            let known = self.books.get(&row.run).map_or(&[][..], |book| &book.journal);
            hold!(events.starts_with(known), "run {}: what was acknowledged was lost in a crash", row.run);
            let more = events[known.len()..].to_vec();
            let expected: Vec<&Event> =
                lost.iter().filter(|(s, _)| s.run == row.run).flat_map(|(_, events)| events).collect();
            let is_lost = more.iter().eq(expected.iter().copied());
            hold!(more.len() >= expected.len(), "run {}: what was committed was lost in a crash", row.run);
            hold!(
                is_lost || (doubt && expected.is_empty()),
                "run {}: after the crash {more:?}, committed {expected:?}",
                row.run
            );
            for event in &more {
                self.fact(&row.run, event)?;
            }
            let book = self.books.get(&row.run).ok_or("a run without events")?;
            hold!(summarise(&book.run) == row, "run {}: its row is not its journal's", row.run);
        }
        self.changed.clear();
        self.undone.clear();
        self.subject_is_stored(store)
    }

    /// The whole history, at the end: what was acknowledged, and nothing else.
    pub fn at_the_end(&self, store: &Store) -> Checked {
        let rows = store.runs(&RunFilter::default()).map_err(|e| format!("unreadable: {e:?}"))?;
        hold!(rows.len() == self.books.len(), "{} runs stored, {} told", rows.len(), self.books.len());
        for (id, book) in &self.books {
            let events = store.events(id, 0, usize::MAX).map_err(|e| format!("unreadable: {e:?}"))?;
            hold!(events == book.journal, "run {id}: its history is not what was acknowledged");
            let known = |digest: &str| self.workflows.get(digest).cloned().ok_or("an unknown version");
            let replayed = replay_with(Arc::clone(&book.begun), &events, known)?;
            hold!(replayed.as_ref() == Some(&book.run), "run {id}: a replay gives another run");
            hold!(book.run.is_ended(), "run {id} never ends: {:#?}", book.run);
        }
        let live = store.live_runs().map_err(|e| format!("unreadable: {e:?}"))?;
        hold!(live.is_empty(), "ended runs are listed as live: {live:?}");
        self.subject_is_stored(store)
    }

    fn subject_is_stored(&self, store: &Store) -> Checked {
        let stored = store.subject(SUBJECT.0, SUBJECT.1).map_err(|e| format!("unreadable: {e:?}"))?;
        let stored = stored.and_then(|subject| subject.state);
        hold!(stored == self.subject, "the subject is stored as {stored:?}, told as {:?}", self.subject);
        Ok(())
    }
}

fn carried_gates(header: &RunStarted, workflow: &Workflow) -> HashSet<StepId> {
    let carried = header.fork.iter().flat_map(|fork| &fork.carried);
    let gates = carried.filter(|c| {
        let is_gate = workflow.step(&c.step).is_some_and(|s| matches!(s.kind, StepKind::Approve { .. }));
        is_gate && c.by.is_person() && matches!(c.result, CarriedResult::Done { .. })
    });
    gates.map(|c| c.step.clone()).collect()
}

fn noted(verb: &Verb) -> Option<EventBody> {
    match verb {
        Verb::Note { step, text } => Some(EventBody::NoteAdded { step: step.clone(), text: text.clone() }),
        _ => None,
    }
}

impl Book {
    fn fact(&mut self, event: &Event, known: &HashMap<String, Arc<Workflow>>) -> Checked {
        hold!(event.seq == self.run.seq + 1, "it comes after event {}", self.run.seq);
        hold!(event.at >= self.run.updated_at, "it is older than the event before it");
        let before = self.run.clone();
        if let EventBody::MovedOver(to) = &event.body {
            hold!(event.actor.is_person(), "{} moves it over", event.actor);
            hold!(before.steps.iter().all(|r| legal::at(r) != At::Running), "it is moved over at work");
            hold!(to.from == before.header.workflow, "it is moved over from {:?}", to.from);
            let workflow = known.get(&to.to.digest).ok_or("it is moved over to an unknown version")?;
            moved(&mut self.run, event, Arc::clone(workflow));
        } else {
            apply(&mut self.run, event);
        }
        if let Some(why) = legal::wrong(&before, &event.body, &self.run) {
            return Err(why);
        }
        self.decided(&before, event)?;
        self.taken.fact(&before, event, &self.run)?;
        self.journal.push(event.clone());
        Ok(())
    }

    /// Who may decide what, what is done once, and what stands behind an approval.
    fn decided(&mut self, before: &Run, event: &Event) -> Checked {
        let state = |step: &StepId| before.record(step).map(|(_, record)| &record.state);
        let is_gate = |step: &StepId| {
            before.workflow.step(step).is_some_and(|s| matches!(s.kind, StepKind::Approve { .. }))
        };
        match &event.body {
            EventBody::StepCompleted { step, attempt, .. } => {
                let last = before.record(step).map(|(_, record)| record.attempt());
                hold!(last == Some(*attempt), "its attempt is {last:?}");
                hold!(self.done.insert((step.clone(), *attempt)), "the attempt was done before");
                if matches!(state(step), Some(StepState::Running { .. })) {
                    hold!(event.actor == Actor::Engine, "{} did the executor's work", event.actor);
                }
                if is_gate(step) {
                    hold!(event.actor.is_person(), "{} approved", event.actor);
                    self.passed.insert(step.clone());
                }
            }
            EventBody::StepFailed { step, failure, .. } if failure.kind == FailureKind::Rejected => {
                let by = event.actor.is_person() || event.actor == Actor::Engine;
                hold!(by && is_gate(step), "{} rejected", event.actor);
            }
            EventBody::StepSkipped { step, reason: SkipReason::Person { .. } } => {
                hold!(!is_gate(step), "an approval was passed by");
            }
            EventBody::StepStarted { step, attempt, work, .. } => {
                let last = before.record(step).map_or(0, |(_, record)| record.attempt());
                hold!(*attempt == last + 1, "the attempt before it is {last}");
                self.passed.remove(step);
                if work.is_executed() || work.child().is_some() {
                    self.behind_no_gate(before, step)?;
                }
            }
            EventBody::WentBack { to, .. } => {
                let places = before.place(to).map(|place| before.workflow.with_dependents(place));
                let places = places.unwrap_or_default();
                self.passed.retain(|step| before.place(step).is_some_and(|place| !places.contains(&place)));
            }
            _ => {}
        }
        Ok(())
    }

    /// Every approval before an automatic step was given by a person, or its condition excluded it.
    fn behind_no_gate(&self, before: &Run, step: &StepId) -> Checked {
        let Some((_, record)) = before.record(step) else { return Ok(()) };
        if matches!(record.role, Role::Undo { .. }) {
            return Ok(());
        }
        let mut places = vec![record.role.index()];
        let mut next = 0;
        while let Some(place) = places.get(next).copied() {
            next += 1;
            for id in before.workflow.needs(place) {
                let Some((_, needed)) = before.record(id) else { continue };
                if !places.contains(&needed.role.index()) {
                    places.push(needed.role.index());
                }
                let excluded =
                    matches!(needed.state, StepState::Skipped { reason: SkipReason::Condition { .. }, .. });
                let gate =
                    before.workflow.step(id).is_some_and(|s| matches!(s.kind, StepKind::Approve { .. }));
                hold!(!gate || excluded || self.passed.contains(id), "nobody approved “{id}”");
            }
        }
        Ok(())
    }

    /// The attempts that the executor should be at work on.
    pub fn at_work(&self) -> impl Iterator<Item = (&StepId, u32)> {
        let goes_on = matches!(self.run.phase, Phase::Active { .. } | Phase::Paused { .. });
        self.run.steps.iter().filter(move |_| goes_on).filter_map(|record| {
            let work = record.attempts.last().map(|a| &a.work)?;
            let runs = matches!(record.state, StepState::Running { .. }) && work.is_executed();
            runs.then_some((&record.id, record.attempt()))
        })
    }

    /// Whether this attempt may be at work now.
    pub fn works(&self, step: &StepId, attempt: u32) -> bool {
        matches!(self.run.phase, Phase::Active { .. } | Phase::Paused { .. })
            && self.run.record(step).is_some_and(|(_, record)| {
                record.attempt() == attempt && matches!(record.state, StepState::Running { .. })
            })
    }
}
