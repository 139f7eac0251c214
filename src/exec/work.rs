//! Which file does the work of a step, and what it is given for it.

use super::{Attempt, Executor, Helper, Job, Notice, agent, blocking, call, process, run, write};
use crate::base::{Error, Millis, RunId};
use crate::exec::process::{Leader, Scope};
use crate::exec::program::Desk;
use crate::run::{Failure, FailureKind, Outcome, Work};

impl Executor {
    /// `None` where it is no work for an executor.
    pub(super) async fn work(&self, job: &Job, attempt: &Attempt) -> Option<Result<Outcome, Failure>> {
        let started = |leader| self.started(job, attempt, leader);
        let grown = |total, lines| {
            let (run, step) = (job.run.clone(), job.step.clone());
            self.notify(Notice::Output { run, step, attempt: job.attempt, total, lines });
        };
        let stopped = || self.state().stopped(attempt);
        let (tools, unread) = self.tools_now().await;
        let desk = Desk {
            outputs: &self.shared.outputs,
            drain: &self.shared.drain,
            job,
            limit: tools.output_limit,
            started: &started,
            grown: &grown,
            stopped: &stopped,
        };
        match &job.work {
            Work::Write { path, content, overwrite } => {
                let (folder, overwrite) = (job.folder.clone(), *overwrite);
                let (path, content) = (path.clone(), content.clone());
                Some(blocking(move || write::write(&folder, &path, &content, overwrite)).await)
            }
            Work::Run { script, shell, env, secrets, cwd, pty, done_exits, expects } => {
                let secrets = match self.shared.vault.resolve(job, secrets).await {
                    Ok(secrets) => secrets,
                    Err(failure) => return Some(Err(failure)),
                };
                let (expects, secrets) = (expects.as_deref(), &secrets);
                let pty = *pty;
                let script = run::Script { text: script, shell, env, secrets, cwd, pty, done_exits, expects };
                Some(run::run(&desk, script).await)
            }
            Work::Call { server, tool, arguments, expects } => {
                let Some(server) = tools.servers.get(server) else {
                    return Some(Err(unknown(
                        FailureKind::Call,
                        "servers",
                        server,
                        tools.servers.keys(),
                        unread,
                    )));
                };
                let pass = match self.shared.breakers.pass(Helper::Server(server.name.clone())) {
                    Ok(pass) => pass,
                    Err(failure) => return Some(Err(failure)),
                };
                let call = call::Call { server, tool, arguments, expects: expects.as_deref() };
                let limit = self.working_time(&job.run, Some(server.within));
                Some(call::run(&desk, call, pass, limit, &self.shared.old_servers).await)
            }
            Work::Agent { agent, persona, prompt, expects, by_command: true } => {
                let Some(agent) = tools.agents.get(agent) else {
                    return Some(Err(unknown(
                        FailureKind::Agent,
                        "agents",
                        agent,
                        tools.agents.keys(),
                        unread,
                    )));
                };
                let pass = match self.shared.breakers.pass(Helper::Agent(agent.name.clone())) {
                    Ok(pass) => pass,
                    Err(failure) => return Some(Err(failure)),
                };
                let task = agent::Task { agent, persona, prompt, expects: expects.as_deref() };
                Some(agent::run(&desk, task, pass, self.working_time(&job.run, agent.within)).await)
            }
            _ => None,
        }
    }

    /// What starts in a frozen run is frozen at once.
    fn started(&self, job: &Job, attempt: &Attempt, leader: Leader) {
        let frozen = self.change(|state| {
            if let Some(live) = state.attempts.get_mut(attempt) {
                live.leader = Some(leader);
            }
            state.frozen.contains(&job.run)
        });
        if !frozen {
            return;
        }
        let scope = Scope { marks: None, leaders: vec![leader] };
        process::freeze(&scope);
        // A thaw may have come in between, and found it running.
        if !self.state().frozen.contains(&job.run) {
            process::thaw(&scope);
        }
    }

    /// Waits until the run has not stood still for so long; for ever, where there is no limit.
    async fn working_time(&self, run: &RunId, limit: Option<Millis>) {
        let Some(limit) = limit else { return std::future::pending().await };
        let mut left = limit.as_duration();
        loop {
            self.until(|state| !state.frozen.contains(run)).await;
            let from = tokio::time::Instant::now();
            let frozen = self.until(|state| state.frozen.contains(run));
            if tokio::time::timeout(left, frozen).await.is_err() {
                return;
            }
            left = left.saturating_sub(from.elapsed());
        }
    }
}

fn unknown<'n>(
    kind: FailureKind,
    section: &str,
    name: &str,
    known: impl Iterator<Item = &'n String>,
    unread: Option<Error>,
) -> Failure {
    let known: Vec<&str> = known.map(String::as_str).collect();
    let message = match unread {
        Some(error) => format!("[{section}.{name}] cannot be looked up: {}", error.message),
        None if known.is_empty() => format!("config.toml has no [{section}.{name}], nor any other"),
        None => format!("config.toml has no [{section}.{name}]; there are {}", known.join(", ")),
    };
    Failure { kind, message, exit: None }
}
