//! One handler a request. A handler finds out what the run loop needs, asks it, or answers from
//! what is published and stored; it changes nothing itself.

mod act;
mod backup;
mod examine;
mod forget;
mod fork;
mod learn;
mod learned;
mod miss;
mod move_over;
mod opinion;
mod options;
mod output;
mod prerequisites;
mod runs;
mod secret;
mod session;
pub(super) mod start;
mod status;
mod subject;
mod summary;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::{Error, Result};
use crate::engine::Engine;
use crate::engine::server::Peer;
use crate::protocol::{Request, Response};

pub async fn handle(engine: &Arc<Engine>, peer: &Peer, request: Request) -> Result<Response> {
    match request {
        Request::Hello(_) => Err(Error::usage("This connection has said hello already")),
        Request::CheckPrerequisites { workflow, digest, folder } => {
            prerequisites::check(engine, workflow, digest, folder).await
        }
        Request::Options { of, field, values } => options::options(engine, of, field, values).await,
        Request::KeepSecret { secret } => secret::keep(engine, peer, secret),
        Request::GiveSecret { run, reference, secret } => {
            secret::give(engine, peer, run, reference, secret).await
        }
        Request::Start(request) => start::start(engine, peer, *request).await,
        Request::Fork { run, from, inputs } => fork::fork_run(engine, peer, run, from, inputs).await,
        Request::Difference { run, inputs } => move_over::difference(engine, run, inputs).await,
        Request::MoveOver(request) => move_over::move_over(engine, peer, *request).await,
        Request::Subjects { folder } => subject::list(engine, folder).await,
        Request::SetSubject { folder, name, state, reason } => {
            subject::set(engine, peer, folder, name, state, reason).await
        }
        Request::Act { run, verb } => act::act(engine, peer, run, verb).await,
        Request::FindRun { prefix } => runs::find(engine, prefix).await,
        Request::Runs { filter } => runs::list(engine, filter).await,
        Request::Offered => runs::offered(engine).await,
        Request::Run { run } => runs::get(engine, run).await,
        Request::Events { run, after } => runs::events(engine, run, after).await,
        Request::Output { run, step, attempt, range } => {
            output::output(engine, run, step, attempt, range).await
        }
        Request::Subscribe => {
            peer.subscribe(engine);
            Ok(Response::Done)
        }
        Request::OpenSession { folder } => session::open(engine, peer, folder).await,
        Request::Sessions => session::list(engine).await,
        Request::FindSession { prefix, folder } => session::find(engine, prefix, folder).await,
        Request::SessionRecord { session } => summary::record(engine, session).await,
        Request::NoteSession { session, text } => session::note(engine, peer, session, text).await,
        Request::RenameSession { session, name } => session::rename(engine, peer, session, name).await,
        Request::EndSession { session } => session::end(engine, peer, session).await,
        Request::ExportSummary { session, path, text, replace } => {
            summary::export(engine, peer, session, path, text, replace).await
        }
        Request::Learn { phrase, workflow, how, folder } => {
            learn::learn(engine, peer, phrase, workflow, how, folder).await
        }
        Request::Miss { phrase, folder } => miss::miss(engine, peer, phrase, folder).await,
        Request::Learned => Ok(learned::list(engine)),
        Request::Forget { phrase, folder } => forget::forget(engine, peer, phrase, folder).await,
        Request::Opinion { number, question } => opinion::ask(engine, peer, number, *question).await,
        Request::CancelOpinion { number } => Ok(opinion::cancel(peer, number)),
        Request::Backup { path } => backup::backup(engine, peer, path).await,
        Request::Examine => examine::examine(engine).await,
        Request::EngineStatus => status::status(engine).await,
        Request::StopEngine { force } => status::stop(engine, force),
    }
}

/// The folder as the file system knows it.
async fn canonical(folder: String) -> Result<PathBuf> {
    if !Path::new(&folder).is_absolute() {
        return Err(Error::usage(format!("“{folder}” is no absolute path"))
            .hint("The engine runs elsewhere: give the folder from the root on"));
    }
    let found = tokio::fs::canonicalize(&folder).await.map_err(|e| {
        Error::usage(format!("The folder {folder} cannot be used"))
            .because(e)
            .hint("Start from a folder that exists")
    })?;
    if !found.is_dir() {
        return Err(Error::usage(format!("{folder} is no folder")));
    }
    Ok(found)
}
