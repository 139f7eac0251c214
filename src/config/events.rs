//! The one declaration of every event's name, as hooks, `mwtui events` and `docs/EVENTS.md` have it.
//! What an event is made from and how its line is written is `run`'s.

/// What the table says of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declaration {
    /// Stable: never renamed.
    pub name: &'static str,
    pub sentence: &'static str,
    /// The names that its `data` may have; `step` and `attempt` stand beside it.
    pub data: &'static [&'static str],
    /// It stands in no journal: hooks alone are told of it, beside the event that it comes with.
    pub derived: bool,
}

const fn event(name: &'static str, data: &'static [&'static str], sentence: &'static str) -> Declaration {
    Declaration { name, sentence, data, derived: false }
}

const fn derived(name: &'static str, data: &'static [&'static str], sentence: &'static str) -> Declaration {
    Declaration { name, sentence, data, derived: true }
}

/// Somebody must approve or reject.
pub const APPROVAL_NEEDED: &str = "approval.needed";
/// A run begins to wait for a person.
pub const PERSON_NEEDED: &str = "person.needed";

/// Every event.
pub static EVENTS: &[Declaration] = &[
    event(
        "run.started",
        &[
            "run",
            "workflow",
            "inputs",
            "context",
            "session",
            "session_name",
            "phrase",
            "prerequisites",
            "parent",
            "subject",
            "fork",
            "step_through",
            "breakpoints",
        ],
        "A run has been started; what it is pinned to.",
    ),
    event("run.paused", &["freeze"], "Somebody paused the run; with `freeze`, its processes stand still."),
    event("run.resumed", &[], "Somebody resumed the run."),
    event(
        "run.back",
        &["to", "reason", "cause"],
        "The run goes back: `to` and every step that needs it are pending again.",
    ),
    event(
        "run.step_through",
        &["on"],
        "Every automatic step waits until somebody lets it begin, or does so no more.",
    ),
    event("run.breakpoint", &["set"], "A step waits until somebody lets it begin, or does so no more."),
    event(
        "run.rolling_back",
        &["reason", "steps", "then"],
        "What was done is being undone, newest first; `then` says how the run ends.",
    ),
    event("run.rolled_back", &[], "What was to be undone has been."),
    event(
        "run.moved_over",
        &["from", "to", "inputs", "env"],
        "Somebody moved the run over to another version of its workflow; both are told with their digests.",
    ),
    event("run.note", &["text"], "Somebody wrote a note, about a step or the run."),
    event("run.cancelling", &["reason"], "Somebody cancelled the run; its processes have been asked to end."),
    event("run.cancelled", &["reason", "left_behind"], "The run is cancelled and its processes have ended."),
    event("run.completed", &[], "Every step is settled: the run is done."),
    event("run.failed", &["reason"], "The run has ended without reaching its goal."),
    event(
        "step.started",
        &["work", "deadline", "remind"],
        "A try at a step begins: `work` is what it does, every value filled in.",
    ),
    event("step.held", &["work", "why"], "The step would begin, but somebody wants to look first."),
    event("step.released", &[], "A held step may begin."),
    event("step.child", &["need"], "The child run of the step waits for somebody, or does no more."),
    event("step.taken", &["until"], "Whoever did it has the waiting step to themselves until then."),
    event("step.handed_over", &["to", "until"], "Somebody else has the step to themselves until then."),
    event("step.taken_back", &["from", "until"], "A person has the step, who did not wait for its holder."),
    event(
        "step.lease_ended",
        &["holder", "why"],
        "Anybody may answer the step again: `why` is expired or given_up. What ends the prompt ends the lease without this.",
    ),
    event("step.escalated", &["to"], "Nobody has decided in time: the next in line is asked."),
    event("step.checked", &["action", "checked"], "A person ticked an action, or took the tick away."),
    event("step.completed", &["outcome"], "The try is done; `outcome` has evidence, outputs, answers."),
    event("step.failed", &["failure", "next"], "The try failed; `next` says what follows."),
    event("step.skipped", &["reason"], "The step is left out, by its condition or by a person."),
    event("step.uncertain", &[], "The engine died while the step ran; nobody knows how far it came."),
    event("step.retried", &["edit"], "Another try is wanted; `edit` is what it does otherwise."),
    event("step.interrupted", &[], "The try was stopped, to go back or to skip the step."),
    event("approval.reminded", &["next"], "Nobody has decided yet, and people are told again."),
    event("subject.moved", &["subject", "from", "to"], "The state of what the run is about has changed."),
    derived(
        APPROVAL_NEEDED,
        &["work", "deadline", "remind"],
        "Comes with `step.started` where the step's work is an approval.",
    ),
    derived(
        PERSON_NEEDED,
        &["kind", "title", "since", "deadline", "detail", "to", "child"],
        "Comes with whatever makes a run wait for a person: `kind` is check, answer, approve, agent, proceed, failed or uncertain.",
    ),
];

pub fn find(name: &str) -> Option<&'static Declaration> {
    EVENTS.iter().find(|event| event.name == name)
}
