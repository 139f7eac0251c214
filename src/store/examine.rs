//! Looking a store over: what it holds, and what in it contradicts itself. Changes nothing. What
//! only the engine can tell (journals folded with their definitions) is not here.

use std::collections::BTreeSet;

use redb::{ReadTransaction, ReadableTable as _, ReadableTableMetadata as _};

use crate::base::{Error, RunId, SessionId, Timestamp, digest};
use crate::run::{EventBody, RunSummary, Session, SubjectState};
use crate::store::tables::{
    DEFINITIONS, LIVE_RUNS, MEMORY_EVENTS, RUN_EVENTS, RUNS, RUNS_BY_START, SESSION_EVENTS, SESSIONS,
    SESSIONS_BY_TIME, SUBJECTS, decode,
};
use crate::store::trouble::{Result, Trouble};
use crate::store::{migrations, queries};

/// Most faults that are told one by one.
const TOLD: usize = 50;

/// What a store holds, counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    pub schema: u32,
    pub runs: u64,
    pub live_runs: u64,
    pub events: u64,
    pub definitions: u64,
    pub sessions: u64,
    /// Events of what is learned from phrases.
    pub learned: u64,
    pub subjects: u64,
    /// When the newest run was started.
    pub newest: Option<Timestamp>,
}

pub fn contents(txn: &ReadTransaction) -> Result<Contents> {
    Ok(Contents {
        schema: migrations::version(txn)?,
        runs: txn.open_table(RUNS)?.len()?,
        live_runs: txn.open_table(LIVE_RUNS)?.len()?,
        events: txn.open_table(RUN_EVENTS)?.len()?,
        definitions: txn.open_table(DEFINITIONS)?.len()?,
        sessions: txn.open_table(SESSIONS)?.len()?,
        learned: txn.open_table(MEMORY_EVENTS)?.len()?,
        subjects: txn.open_table(SUBJECTS)?.len()?,
        newest: txn.open_table(RUNS_BY_START)?.last()?.map(|(key, _)| Timestamp(key.value().0)),
    })
}

/// What is wrong in it, each with what to do.
pub fn faults(txn: &ReadTransaction) -> Result<Vec<Error>> {
    let mut found = Found::default();
    definitions(txn, &mut found)?;
    runs(txn, &mut found)?;
    sessions(txn, &mut found)?;
    memory(txn, &mut found)?;
    subjects(txn, &mut found)?;
    Ok(found.told())
}

#[derive(Default)]
struct Found {
    faults: Vec<Error>,
    more: usize,
}

impl Found {
    fn add(&mut self, fault: Error) {
        if self.faults.len() < TOLD {
            self.faults.push(fault);
        } else {
            self.more += 1;
        }
    }

    fn told(mut self) -> Vec<Error> {
        if self.more > 0 {
            self.faults.push(Error::internal(format!("{} further faults are not listed", self.more)));
        }
        self.faults
    }

    /// The value, or a fault in its place. A failing storage ends the look.
    fn or_none<T>(&mut self, result: Result<T>) -> Result<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(Trouble::Other(error)) => {
                self.add(error);
                Ok(None)
            }
            Err(trouble) => Err(trouble),
        }
    }
}

/// Put back a backup: the one thing that helps where the store itself has lost something.
const PUT_BACK: &str =
    "If it matters, put back a backup from before: mwtui backup --list, mwtui restore FILE";

fn definitions(txn: &ReadTransaction, found: &mut Found) -> Result<()> {
    for entry in txn.open_table(DEFINITIONS)?.iter()? {
        let name = entry?.0.value().to_owned();
        if let Some(Some(source)) = found.or_none(queries::definition(txn, &name))?
            && digest(&source) != name
        {
            found.add(
                Error::internal(format!("The definition {name} was changed: its content has another digest"))
                    .cause("Runs that are pinned to it would be replayed with another workflow")
                    .hint(PUT_BACK),
            );
        }
    }
    Ok(())
}

fn runs(txn: &ReadTransaction, found: &mut Found) -> Result<()> {
    let rows = txn.open_table(RUNS)?;
    let definitions = txn.open_table(DEFINITIONS)?;
    let by_start = txn.open_table(RUNS_BY_START)?;
    let live = txn.open_table(LIVE_RUNS)?;
    for entry in rows.iter()? {
        let id = RunId::from(entry?.0.value());
        let short = id.short();
        let end =
            journal(txn.open_table(RUN_EVENTS)?.range((id.as_str(), 0)..=(id.as_str(), u64::MAX))?, |seq| {
                format!("Run {short}: event {seq}")
            });
        let end = found.or_none(end)?;
        let first = found.or_none(queries::events(txn, &id, 0, 1))?.unwrap_or_default();
        match first.first().map(|event| &event.body) {
            Some(EventBody::RunStarted(header)) => {
                if definitions.get(header.workflow.digest.as_str())?.is_none() {
                    found.add(
                        Error::internal(format!(
                            "Run {short}: the definition that it is pinned to is missing"
                        ))
                        .hint(PUT_BACK),
                    );
                }
            }
            _ => found.add(
                Error::internal(format!("Run {short}: its journal does not begin with its start"))
                    .hint(PUT_BACK),
            ),
        }
        let Some(Some(row)) = found.or_none(queries::summary(txn, id.as_str()))? else { continue };
        let row: RunSummary = row;
        if let Some(end) = end
            && end != row.seq
        {
            found.add(
                Error::internal(format!(
                    "Run {short}: its journal ends at event {end}, its row is that of event {}",
                    row.seq
                ))
                .hint(PUT_BACK),
            );
        }
        let is_listed = by_start.get((row.started_at.0, id.as_str()))?.is_some();
        let is_live = live.get(id.as_str())?.is_some();
        if !is_listed || is_live == row.status.is_ended() {
            found.add(
                Error::internal(format!("Run {short}: the lists of runs do not agree with its row"))
                    .hint(PUT_BACK),
            );
        }
    }
    let mut strays = BTreeSet::new();
    for entry in txn.open_table(RUN_EVENTS)?.iter()? {
        let key = entry?.0;
        let id = key.value().0;
        if !strays.contains(id) && rows.get(id)?.is_none() {
            strays.insert(id.to_owned());
        }
    }
    for entry in by_start.iter()? {
        let id = entry?.0.value().1.to_owned();
        if rows.get(id.as_str())?.is_none() {
            strays.insert(id);
        }
    }
    for entry in live.iter()? {
        let id = entry?.0.value().to_owned();
        if rows.get(id.as_str())?.is_none() {
            strays.insert(id);
        }
    }
    for id in strays {
        found.add(
            Error::internal(format!("Run {}: its row is missing", RunId::from(id.as_str()).short()))
                .hint(PUT_BACK),
        );
    }
    Ok(())
}

/// The last number of a journal that counts from 1 without a gap.
fn journal<'e>(
    entries: impl Iterator<
        Item = std::result::Result<
            (redb::AccessGuard<'e, (&'static str, u64)>, redb::AccessGuard<'e, &'static [u8]>),
            redb::StorageError,
        >,
    >,
    what: impl Fn(u64) -> String,
) -> Result<u64> {
    let mut last = 0;
    for entry in entries {
        let (key, value) = entry?;
        let seq = key.value().1;
        if seq != last + 1 {
            return Err(Error::internal(format!("{} is missing", what(last + 1))).hint(PUT_BACK).into());
        }
        decode::<serde::de::IgnoredAny>(value.value(), || what(seq))?;
        last = seq;
    }
    Ok(last)
}

fn sessions(txn: &ReadTransaction, found: &mut Found) -> Result<()> {
    let by_time = txn.open_table(SESSIONS_BY_TIME)?;
    for entry in txn.open_table(SESSIONS)?.iter()? {
        let id = SessionId::from(entry?.0.value());
        let name = format!("Session {}", id.short());
        let range = txn.open_table(SESSION_EVENTS)?.range((id.as_str(), 0)..=(id.as_str(), u64::MAX))?;
        if found.or_none(journal(range, |seq| format!("{name}: event {seq}")))?.is_none() {
            continue;
        }
        let Some(events) = found.or_none(queries::session_events(txn, &id))? else { continue };
        let Some(Some(state)) = found.or_none(queries::session(txn, id.as_str()))? else { continue };
        if Session::replay(&events).as_ref() != Some(&state) {
            found.add(
                Error::internal(format!("{name}: its journal gives another state than its row"))
                    .hint(PUT_BACK),
            );
        }
        if by_time.get((state.opened_at.0, id.as_str()))?.is_none() {
            found.add(
                Error::internal(format!("{name}: it is missing in the list of sessions")).hint(PUT_BACK),
            );
        }
    }
    Ok(())
}

fn memory(txn: &ReadTransaction, found: &mut Found) -> Result<()> {
    let mut last = 0;
    for (seq, event) in queries::memory_events(txn, usize::MAX)? {
        if seq != last + 1 {
            found.add(
                Error::internal(format!("What is learned: event {} is missing", last + 1)).hint(PUT_BACK),
            );
        }
        last = seq;
        if let Err(error) = event {
            found.add(error);
        }
    }
    Ok(())
}

fn subjects(txn: &ReadTransaction, found: &mut Found) -> Result<()> {
    for entry in txn.open_table(SUBJECTS)?.iter()? {
        let (key, value) = entry?;
        let name = key.value().1;
        if let Err(error) = decode::<SubjectState>(value.value(), || format!("The state of {name}")) {
            found.add(error);
        }
    }
    Ok(())
}
