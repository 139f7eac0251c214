//! A verb on a run.

use crate::base::{Error, Result, RunId};
use crate::engine::handlers::secret;
use crate::engine::server::Peer;
use crate::engine::{Engine, Input};
use crate::protocol::Response;
use crate::run::Verb;

pub async fn act(engine: &Engine, peer: &Peer, run: RunId, mut verb: Verb) -> Result<Response> {
    if let Verb::Take { length, .. } | Verb::HandOver { length, .. } | Verb::TakeBack { length, .. } =
        &mut verb
        && length.is_none()
    {
        *length = Some(engine.settings.get().await?.limits.lease);
    }
    if matches!(verb, Verb::Approve { .. } | Verb::Reject { .. }) && !peer.actor.is_person() {
        return Err(Error::refused(format!(
            "Only a person may {} — {} is an agent",
            verb.name(),
            peer.actor
        ))
        .cause("An approval is a person's own decision")
        .hint(format!(
            "A person decides in the console, or with `mwtui {} {}`",
            verb.name(),
            run.short()
        )));
    }
    match &verb {
        Verb::Answer { values, .. } => engine.vault.take(&run, secret::typed(values)),
        Verb::Retry { edit: Some(edit), .. } => engine.vault.take(&run, secret::typed(&edit.inputs)),
        _ => {}
    }
    engine.ask(|reply| Input::Act { run, verb, actor: peer.actor.clone(), reply }).await
}
