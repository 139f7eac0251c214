//! Events as the trace of a life shows them. What a life does is `world`'s.

use crate::run::{Event, EventBody};

/// Events as a trace shows them: what a seed does not decide, the ids of sessions, is left out.
pub fn briefly(events: &[Event]) -> String {
    let one = |event: &Event| match &event.body {
        EventBody::RunStarted(header) => {
            format!("\n        {} by {}: run.started {:?}", event.seq, event.actor, header.inputs)
        }
        body => format!("\n        {} by {}: {body:?}", event.seq, event.actor),
    };
    events.iter().map(one).collect()
}
