//! Reading. Every query is one short read transaction that ends before the answer is given: one
//! held open keeps every page written since, and the file grows without end.

use std::collections::HashSet;

use redb::{ReadTransaction, ReadableTable as _};

use crate::base::{Error, RunId, SessionId};
use crate::matching::MemoryEvent;
use crate::run::{Event, RunFilter, RunSummary, Session, SessionEvent, SubjectState};
use crate::store::tables::{
    DEFINITIONS, LIVE_RUNS, MEMORY_EVENTS, PLAIN, RUN_EVENTS, RUNS, RUNS_BY_START, SESSION_EVENTS, SESSIONS,
    SESSIONS_BY_TIME, SUBJECTS, decode,
};
use crate::store::trouble::Result;

pub fn events(txn: &ReadTransaction, run: &RunId, after: u64, limit: usize) -> Result<Vec<Event>> {
    let table = txn.open_table(RUN_EVENTS)?;
    let Some(first) = after.checked_add(1) else { return Ok(Vec::new()) };
    let range = table.range((run.as_str(), first)..=(run.as_str(), u64::MAX))?;
    range
        .take(limit)
        .map(|entry| {
            let (key, value) = entry?;
            Ok(decode(value.value(), || format!("Event {} of run {run}", key.value().1))?)
        })
        .collect()
}

pub fn summary(txn: &ReadTransaction, run: &str) -> Result<Option<RunSummary>> {
    let table = txn.open_table(RUNS)?;
    let value = table.get(run)?;
    Ok(value.map(|v| decode(v.value(), || format!("The summary of run {run}"))).transpose()?)
}

/// Live runs first in the reckoning, so that a limit cuts off none of them; newest first in the answer.
pub fn runs(txn: &ReadTransaction, filter: &RunFilter) -> Result<Vec<RunSummary>> {
    let wanted = Wanted::new(filter);
    let live: HashSet<String> = live_runs(txn)?.iter().map(|id| id.as_str().to_owned()).collect();
    let mut found = Vec::new();
    for run in &live {
        found.extend(summary(txn, run)?.filter(|s| wanted.takes(s)));
    }
    let limit = filter.limit.unwrap_or(usize::MAX);
    let oldest = filter.since.map_or(i64::MIN, |t| t.0);
    let table = txn.open_table(RUNS_BY_START)?;
    for entry in table.range((oldest, "")..)?.rev() {
        if found.len() >= limit {
            break;
        }
        let (key, _) = entry?;
        let (_, run) = key.value();
        if !live.contains(run) {
            found.extend(summary(txn, run)?.filter(|s| wanted.takes(s)));
        }
    }
    found.sort_by(|a, b| (b.started_at, &b.run).cmp(&(a.started_at, &a.run)));
    Ok(found)
}

pub fn live_runs(txn: &ReadTransaction) -> Result<Vec<RunId>> {
    let table = txn.open_table(LIVE_RUNS)?;
    let all = table.iter()?;
    all.map(|entry| Ok(RunId::from(entry?.0.value()))).collect()
}

pub fn runs_with_prefix(txn: &ReadTransaction, prefix: &str, limit: usize) -> Result<Vec<RunId>> {
    let table = txn.open_table(RUNS)?;
    let mut ids = Vec::new();
    for entry in table.range(prefix..)?.take(limit) {
        let (key, _) = entry?;
        if !key.value().starts_with(prefix) {
            break;
        }
        ids.push(RunId::from(key.value()));
    }
    Ok(ids)
}

/// The newest run that somebody started; a child run is a part of its parent.
pub fn newest_run(txn: &ReadTransaction) -> Result<Option<RunId>> {
    let table = txn.open_table(RUNS_BY_START)?;
    for entry in table.iter()?.rev() {
        let (key, _) = entry?;
        let (_, run) = key.value();
        if summary(txn, run)?.is_none_or(|s| s.parent.is_none()) {
            return Ok(Some(RunId::from(run)));
        }
    }
    Ok(None)
}

pub fn definition(txn: &ReadTransaction, digest: &str) -> Result<Option<Vec<u8>>> {
    let table = txn.open_table(DEFINITIONS)?;
    let Some(value) = table.get(digest)? else { return Ok(None) };
    match value.value().split_first() {
        Some((&PLAIN, source)) => Ok(Some(source.to_vec())),
        _ => {
            Err(Error::internal(format!("The definition {digest} is kept in a format unknown to this mwtui"))
                .hint("Use the mwtui that wrote it, or a newer one")
                .into())
        }
    }
}

pub fn session(txn: &ReadTransaction, id: &str) -> Result<Option<Session>> {
    let table = txn.open_table(SESSIONS)?;
    let value = table.get(id)?;
    Ok(value.map(|v| decode(v.value(), || format!("Session {id}"))).transpose()?)
}

pub fn sessions(txn: &ReadTransaction) -> Result<Vec<Session>> {
    let table = txn.open_table(SESSIONS_BY_TIME)?;
    let mut found = Vec::new();
    for entry in table.iter()?.rev() {
        let (key, _) = entry?;
        found.extend(session(txn, key.value().1)?);
    }
    Ok(found)
}

pub fn session_events(txn: &ReadTransaction, id: &SessionId) -> Result<Vec<SessionEvent>> {
    let table = txn.open_table(SESSION_EVENTS)?;
    let range = table.range((id.as_str(), 0)..=(id.as_str(), u64::MAX))?;
    range
        .map(|entry| {
            let (key, value) = entry?;
            Ok(decode(value.value(), || format!("Event {} of session {id}", key.value().1))?)
        })
        .collect()
}

pub fn memory_events(txn: &ReadTransaction, limit: usize) -> Result<Vec<(u64, Result<MemoryEvent, Error>)>> {
    let table = txn.open_table(MEMORY_EVENTS)?;
    let mut found = Vec::new();
    for entry in table.iter()?.rev().take(limit) {
        let (key, value) = entry?;
        let seq = key.value();
        found.push((seq, decode(value.value(), || format!("Event {seq} of what is learned"))));
    }
    found.reverse();
    Ok(found)
}

pub fn subject(txn: &ReadTransaction, root: &str, name: &str) -> Result<Option<SubjectState>> {
    let table = txn.open_table(SUBJECTS)?;
    let value = table.get((root, name))?;
    Ok(value.map(|v| decode(v.value(), || format!("The state of {name}"))).transpose()?)
}

pub fn subjects(txn: &ReadTransaction, root: &str) -> Result<Vec<SubjectState>> {
    let table = txn.open_table(SUBJECTS)?;
    let mut found = Vec::new();
    for entry in table.range((root, "")..)? {
        let (key, value) = entry?;
        let (of, name) = key.value();
        if of != root {
            break;
        }
        found.push(decode(value.value(), || format!("The state of {name}"))?);
    }
    Ok(found)
}

/// A filter, made ready once.
struct Wanted<'f> {
    filter: &'f RunFilter,
    /// In lower case; all of them must occur.
    words: Vec<String>,
}

impl<'f> Wanted<'f> {
    fn new(filter: &'f RunFilter) -> Self {
        let search = filter.search.as_deref().unwrap_or_default().to_lowercase();
        Self { filter, words: search.split_whitespace().map(str::to_owned).collect() }
    }

    fn takes(&self, row: &RunSummary) -> bool {
        let filter = self.filter;
        (filter.statuses.is_empty() || filter.statuses.contains(&row.status))
            && filter.workflow.as_ref().is_none_or(|id| id == &row.workflow)
            && filter.session.as_ref().is_none_or(|id| id == &row.session)
            && filter.since.is_none_or(|t| row.started_at >= t)
            && self.finds(row)
    }

    fn finds(&self, row: &RunSummary) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let fields = [row.run.as_str(), row.workflow.as_str(), &row.name, &row.subject, &row.current_title];
        let failed = row.failed_steps.iter().map(String::as_str);
        // A line break is in no word, so no word can be found across two fields.
        let text = fields.into_iter().chain(failed).collect::<Vec<_>>().join("\n").to_lowercase();
        self.words.iter().all(|word| text.contains(word.as_str()))
    }
}
