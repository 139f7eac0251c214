//! What is learned from phrases, in the engine: read at the start, and the rules for what is kept.

use crate::base::{Actor, Error, Result};
use crate::matching::memory::{self, EVENTS, Memory};
use crate::matching::{MemoryEvent, MemoryEventBody};
use crate::store::Store;

/// What the store remembers. An event that cannot be read costs itself alone.
pub fn load(store: &Store) -> Result<Memory> {
    let mut memory = Memory::default();
    for (seq, event) in store.memory_events(EVENTS)? {
        match event {
            Ok(event) => memory.apply(&event),
            Err(error) => {
                tracing::error!(seq, ?error, "what was learned there cannot be read and counts no more");
                memory.skip(seq);
            }
        }
    }
    Ok(memory)
}

/// Only people teach: an assistant's choice says nothing of what a person means.
pub fn only_people(actor: &Actor, what: &str) -> Result<()> {
    if actor.is_person() {
        return Ok(());
    }
    Err(Error::refused(format!("Only a person may {what}: {actor} is no person"))
        .cause("What phrases mean is learned from people alone, never from an assistant")
        .hint("A person does it in the console, or with `mwtui run` and `mwtui match forget`"))
}

/// The phrase as it is kept.
pub fn phrase(text: &str) -> Result<String> {
    memory::kept(text).ok_or_else(|| {
        Error::usage("There is no word in this phrase").hint("Give it as it was said, with its words")
    })
}

/// How much a forgetting takes away; an error where that is nothing.
pub fn forgotten(memory: &Memory, body: &MemoryEventBody) -> Result<u32> {
    let MemoryEventBody::Forgotten { phrase, project } = body else { return Ok(0) };
    let number = memory.forgettable(phrase.as_deref(), project.as_deref().unwrap_or_default());
    if number == 0 {
        return Err(match phrase {
            Some(phrase) => Error::not_found(format!("Nothing was learned of “{phrase}”"))
                .hint("`mwtui match learned` and `mwtui match missed` show what is remembered"),
            None => Error::not_found("There is nothing to forget: nothing was learned or missed"),
        });
    }
    Ok(u32::try_from(number).unwrap_or(u32::MAX))
}

/// The log's line for an event: never the phrase, which is the person's own.
pub fn log(event: &MemoryEvent) {
    let (name, workflow) = match &event.body {
        MemoryEventBody::Chosen { workflow, .. } => ("learned.chosen", Some(workflow)),
        MemoryEventBody::Missed { .. } => ("learned.missed", None),
        MemoryEventBody::Forgotten { .. } => ("learned.forgotten", None),
    };
    tracing::info!(
        seq = event.seq,
        workflow = workflow.map(tracing::field::display),
        actor = %event.actor,
        "{name}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{ErrorKind, Timestamp, WorkflowId};
    use crate::matching::Chosen;
    use crate::store::Append;

    fn event(seq: u64, body: MemoryEventBody) -> MemoryEvent {
        MemoryEvent { seq, at: Timestamp(1), actor: Actor::Person("ana@laptop".to_owned()), body }
    }

    fn chosen(phrase: &str) -> MemoryEventBody {
        let workflow = WorkflowId::new("MW-002");
        MemoryEventBody::Chosen { phrase: phrase.to_owned(), workflow, how: Chosen::Asked, project: None }
    }

    #[test]
    fn what_was_learned_is_there_after_a_restart() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("mwtui.redb");
        let store = Store::open(&file).expect("a new store");
        assert_eq!(load(&store).expect("empty"), Memory::default());
        let events = vec![event(1, chosen("add a tool")), event(2, chosen("add a thing"))];
        store.commit(&[Append::Memory { events }]).expect("committed");
        let gap = store.commit(&[Append::Memory { events: vec![event(4, chosen("x"))] }]);
        assert!(gap.is_err(), "events are written in order");
        drop(store);
        let memory = load(&Store::open(&file).expect("reopened")).expect("read");
        assert_eq!((memory.seq, memory.learned("/", Timestamp(1)).lessons().count()), (2, 2));
    }

    #[test]
    fn nothing_is_forgotten_that_was_not_learned() {
        let mut memory = Memory::default();
        memory.apply(&event(1, chosen("add a tool")));
        let forget = |phrase: Option<&str>| MemoryEventBody::Forgotten {
            phrase: phrase.map(str::to_owned),
            project: Some("/w".to_owned()),
        };
        assert_eq!(forgotten(&memory, &forget(Some("Add a TOOL"))), Ok(1));
        assert_eq!(forgotten(&memory, &forget(None)), Ok(1));
        let error = forgotten(&memory, &forget(Some("bake a cake"))).expect_err("never said");
        assert_eq!(error.kind, ErrorKind::NotFound);
        assert!(forgotten(&Memory::default(), &forget(None)).is_err());
    }
}
