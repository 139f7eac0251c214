//! Writing: all of a transition or nothing of it, and durable before anybody is told.

use redb::{Durability, ReadableTable as _, Table, WriteTransaction};

use crate::base::{Error, RunId, SessionId};
use crate::matching::MemoryEvent;
use crate::run::{Event, EventBody, RunSummary, Session, SessionEvent};
use crate::store::tables::{
    DEFINITIONS, LIVE_RUNS, MEMORY_EVENTS, PLAIN, RUN_EVENTS, RUNS, RUNS_BY_START, SESSION_EVENTS, SESSIONS,
    SESSIONS_BY_TIME, SUBJECTS, encode,
};
use crate::store::trouble::Result;
use crate::store::undo::Before;
use crate::store::{Append, Definition};

/// One durable two-phase transaction around `write`; nothing of it stays where it fails.
///
/// Two-phase, because one-phase commits lean on checksums to find the last good root after a crash.
pub fn transaction(
    mut txn: WriteTransaction,
    write: impl FnOnce(&WriteTransaction) -> Result<()>,
) -> Result<()> {
    txn.set_durability(Durability::Immediate)?;
    txn.set_two_phase_commit(true);
    if let Err(trouble) = write(&txn) {
        // Where the storage failed, this fails too, and tells less than the first failure.
        let _ = txn.abort();
        return Err(trouble);
    }
    Ok(txn.commit()?)
}

/// Puts `appends` into `txn`, checking that each journal goes on where it ended. `before` gets what
/// was there before.
pub fn append(txn: &WriteTransaction, appends: &[Append], before: &mut Vec<Before>) -> Result<()> {
    for append in appends {
        before.push(Before::of(txn, append)?);
        match append {
            Append::Run { run, events, summary, definition } => {
                if let Some(definition) = definition {
                    define(txn, definition)?;
                }
                append_run(txn, run, events, summary)?;
            }
            Append::Session { session, events, state } => append_session(txn, session, events, state)?,
            Append::Memory { events } => append_memory(txn, events)?,
            Append::Subject { state } => {
                let mut subjects = txn.open_table(SUBJECTS)?;
                subjects.insert((state.root.as_str(), state.name.as_str()), encode(state)?.as_slice())?;
            }
        }
    }
    Ok(())
}

fn define(txn: &WriteTransaction, (digest, source): &Definition) -> Result<()> {
    let mut table = txn.open_table(DEFINITIONS)?;
    if table.get(digest.as_str())?.is_none() {
        let mut bytes = Vec::with_capacity(source.len() + 1);
        bytes.push(PLAIN);
        bytes.extend_from_slice(source);
        table.insert(digest.as_str(), bytes.as_slice())?;
    }
    Ok(())
}

fn append_run(txn: &WriteTransaction, run: &RunId, events: &[Event], summary: &RunSummary) -> Result<()> {
    let whose = format!("run {run}");
    if &summary.run != run {
        return Err(
            Error::internal(format!("The summary of run {} was given for {whose}", summary.run)).into()
        );
    }
    // A run whose definition is gone could never be loaded again.
    for event in events {
        let pinned = match &event.body {
            EventBody::RunStarted(header) => Some(&header.workflow),
            EventBody::MovedOver(moved) => Some(&moved.to),
            _ => None,
        };
        if let Some(version) = pinned {
            let table = txn.open_table(DEFINITIONS)?;
            if table.get(version.digest.as_str())?.is_none() {
                let missing = format!("The definition that {whose} is pinned to was not given");
                return Err(Error::internal(missing).into());
            }
        }
    }
    let mut journal = txn.open_table(RUN_EVENTS)?;
    let last = follow(&mut journal, run.as_str(), &whose, events.iter().map(|e| (e.seq, e)))?;
    reached(&whose, last, summary.seq)?;

    let mut runs = txn.open_table(RUNS)?;
    runs.insert(run.as_str(), encode(summary)?.as_slice())?;
    // What stays as it is is not written again: every table that changes costs pages in each commit.
    let mut by_start = txn.open_table(RUNS_BY_START)?;
    let start = (summary.started_at.0, run.as_str());
    if by_start.get(start)?.is_none() {
        by_start.insert(start, ())?;
    }
    let mut live = txn.open_table(LIVE_RUNS)?;
    let was_live = live.get(run.as_str())?.is_some();
    if summary.status.is_ended() && was_live {
        live.remove(run.as_str())?;
    } else if !summary.status.is_ended() && !was_live {
        live.insert(run.as_str(), ())?;
    }
    Ok(())
}

fn append_session(
    txn: &WriteTransaction,
    session: &SessionId,
    events: &[SessionEvent],
    state: &Session,
) -> Result<()> {
    let whose = format!("session {session}");
    if &state.id != session {
        return Err(
            Error::internal(format!("The state of session {} was given for {whose}", state.id)).into()
        );
    }
    let mut journal = txn.open_table(SESSION_EVENTS)?;
    let last = follow(&mut journal, session.as_str(), &whose, events.iter().map(|e| (e.seq, e)))?;
    reached(&whose, last, state.seq)?;

    let mut sessions = txn.open_table(SESSIONS)?;
    sessions.insert(session.as_str(), encode(state)?.as_slice())?;
    let mut by_time = txn.open_table(SESSIONS_BY_TIME)?;
    by_time.insert((state.opened_at.0, session.as_str()), ())?;
    Ok(())
}

/// Adds `events` after the last one of `id`; gives the new last sequence number.
fn follow<'e, E: serde::Serialize + 'e>(
    journal: &mut Table<'_, (&'static str, u64), &'static [u8]>,
    id: &str,
    whose: &str,
    events: impl Iterator<Item = (u64, &'e E)>,
) -> Result<u64> {
    let mut last = end(journal, id)?;
    for (seq, event) in events {
        next(seq, last, whose)?;
        journal.insert((id, seq), encode(event)?.as_slice())?;
        last = seq;
    }
    Ok(last)
}

/// The last sequence number of `id`; 0 where there is none.
pub fn end(journal: &impl redb::ReadableTable<(&'static str, u64), &'static [u8]>, id: &str) -> Result<u64> {
    match journal.range((id, 0)..=(id, u64::MAX))?.next_back() {
        Some(entry) => Ok(entry?.0.value().1),
        None => Ok(0),
    }
}

fn append_memory(txn: &WriteTransaction, events: &[MemoryEvent]) -> Result<()> {
    let mut journal = txn.open_table(MEMORY_EVENTS)?;
    let mut last = journal.last()?.map_or(0, |(seq, _)| seq.value());
    for event in events {
        next(event.seq, last, "what is learned")?;
        journal.insert(event.seq, encode(event)?.as_slice())?;
        last = event.seq;
    }
    Ok(())
}

/// Whether `seq` goes on where the journal ends.
fn next(seq: u64, last: u64, whose: &str) -> Result<()> {
    if seq == last + 1 {
        return Ok(());
    }
    Err(Error::internal(format!("Event {seq} of {whose} was not written: its journal ends at {last}"))
        .cause("Events are written in order, each once")
        .hint("Restart the engine: it reads the journal again and goes on from its end")
        .into())
}

fn reached(whose: &str, journal: u64, state: u64) -> Result<()> {
    if journal == state {
        return Ok(());
    }
    Err(Error::internal(format!(
        "Nothing was written for {whose}: its journal would end at {journal}, but its state is that of event {state}"
    ))
    .into())
}
