//! A `call` step: a tool of an MCP server, which is started for this one call and ended after it. So a server is
//! part of the attempt, as a script is: cancelling, freezing and a later engine find it in the same way.

use std::collections::HashSet;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use crate::base::SafeLine;
use crate::config::Server;
use crate::exec::breakers::Attempt;
use crate::exec::mcp::{Answer, Heard, Lifecycle, Request, Trouble, beside, talk};
use crate::exec::program::{Desk, end, mark, quoting, text};
use crate::exec::remarks::{append, keep};
use crate::exec::run::{failure, how};
use crate::exec::secrets::Secrets;
use crate::exec::spill::Place;
use crate::run::values::{self, JSON_LIMIT, Reader};
use crate::run::{Evidence, EvidenceKind, Failure, FailureKind, Outcome};

/// How long an answer may take that was under way when the server ended.
const REST: Duration = Duration::from_secs(1);

/// How long a server may take to end by itself once nobody speaks to it any more.
const LEAVE: Duration = Duration::from_millis(500);

/// How much of a tool's own message becomes the failure's, in characters.
const QUOTE: usize = 400;

/// What is to be called.
pub struct Call<'j> {
    pub server: &'j Server,
    pub tool: &'j str,
    pub arguments: &'j Map<String, Value>,
    pub expects: Option<&'j str>,
}

/// Servers that are known to speak an old protocol, so that nobody waits again for them to say so.
#[derive(Default)]
pub struct OldServers(Mutex<HashSet<String>>);

enum Ended {
    Answered(Answer),
    /// The server is well.
    Refused(String),
    /// It is not.
    Failed(String),
}

/// Calls it, unless `limit` is over before.
pub async fn run(
    desk: &Desk<'_>,
    call: Call<'_>,
    attempt: Attempt<'_>,
    limit: impl Future<Output = ()> + Send,
    old: &OldServers,
) -> Result<Outcome, Failure> {
    let name = format!("{}.{}", call.server.name, call.tool);
    let failed = |what: String| failure(FailureKind::Call, what, None);
    let cannot = |what: String| failed(format!("{name} cannot be called: {what}"));
    let (env, secrets) =
        Secrets::resolve(&call.server.env, |name| std::env::var(name).ok()).map_err(cannot)?;
    let place = Place::make(desk.outputs, desk.job).map_err(|e| cannot(e.message))?;
    let ended = {
        let mut limit = std::pin::pin!(limit);
        let mut lifecycle = old.of(&call.server.name);
        loop {
            let conversation =
                Conversation { desk, call: &call, place: &place, env: &env, secrets: &secrets, lifecycle };
            match conversation.hold(limit.as_mut(), old).await {
                // Once more, and the way that it perhaps knows.
                None => lifecycle = Lifecycle::Old,
                Some(ended) => break ended,
            }
        }
    };
    let ended = match ended {
        Ended::Answered(answer) => {
            attempt.answered();
            outcome(&place, &call, &secrets, answer, &name).await
        }
        Ended::Refused(what) => {
            attempt.answered();
            Err(cannot(secrets.hide(what)))
        }
        Ended::Failed(what) => {
            let message = secrets.hide(format!("The MCP server {} failed: {what}", call.server.name));
            desk.failed(attempt, &message);
            Err(failed(message))
        }
    };
    let (total, lines) = desk.size().await;
    (desk.grown)(total, lines);
    ended
}

/// One process, and what is said with it.
struct Conversation<'c> {
    desk: &'c Desk<'c>,
    call: &'c Call<'c>,
    place: &'c Place,
    env: &'c [(String, String)],
    secrets: &'c Secrets,
    lifecycle: Lifecycle,
}

impl Conversation<'_> {
    /// `None`: it went away at the newest protocol's hello.
    async fn hold(
        &self,
        mut limit: Pin<&mut (impl Future<Output = ()> + Send)>,
        old: &OldServers,
    ) -> Option<Ended> {
        let started = self.start();
        let (mut child, input, output, errors) = match started {
            Ok(started) => started,
            Err(why) => return Some(Ended::Failed(why)),
        };
        let leader = self.desk.note(&child, self.place);
        let remarks = tokio::spawn(keep(errors, self.place.clone(), self.secrets.clone(), self.desk.limit));
        let heard = Heard::default();
        let request = Request { tool: self.call.tool, arguments: self.call.arguments };
        let talked = {
            let mut talk = std::pin::pin!(talk((output, input), &heard, &request, self.lifecycle));
            tokio::select! {
                talked = &mut talk => Some(talked),
                never = self.desk.tell(self.place) => match never {},
                () = &mut limit => None,
                // Something that it started may hold its output open.
                _ = child.wait() => Some(tokio::time::timeout(REST, talk).await.unwrap_or(Err(Trouble::Left))),
            }
        };
        let status = tokio::time::timeout(LEAVE, child.wait()).await;
        let left = end(leader).await.left_behind;
        self.place.forget_leader();
        for name in left {
            tracing::error!(
                server = self.call.server.name,
                name,
                "an MCP server's process could not be ended"
            );
        }
        let last = tokio::time::timeout(REST, remarks).await;
        let last = last.ok().and_then(Result::ok).unwrap_or_default();
        let status = status.ok().and_then(Result::ok);
        let failed = |what: String| Some(Ended::Failed(quoting(what, &last)));
        let gone = |when: &str| match status {
            Some(status) => failed(beside(format!("it ended {when} ({})", how(status)), &heard)),
            None => failed(beside(format!("it closed its output {when}"), &heard)),
        };
        match talked {
            Some(Ok((answer, spoken))) => {
                old.learn(&self.call.server.name, spoken);
                Some(Ended::Answered(answer))
            }
            Some(Err(Trouble::Refused(what))) => Some(Ended::Refused(what)),
            Some(Err(Trouble::Silent(what))) => failed(what),
            Some(Err(Trouble::Gone)) if self.lifecycle == Lifecycle::Newest => None,
            Some(Err(Trouble::Gone)) => gone("before it had said hello"),
            Some(Err(Trouble::Left)) => gone("before it had answered"),
            None => failed(beside(format!("no answer within {}", self.call.server.within), &heard)),
        }
    }

    fn start(&self) -> Result<(Child, ChildStdin, ChildStdout, ChildStderr), String> {
        let (program, arguments) =
            self.call.server.command.split_first().ok_or("the settings name no command for it")?;
        let job = self.desk.job;
        if !job.folder.is_dir() {
            return Err(format!("it has no place to run in: {} is not a folder", job.folder.display()));
        }
        #[expect(clippy::disallowed_methods, reason = "the MCP server of a call is started here")]
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&job.folder).envs(self.env.iter().map(|(n, v)| (n, v)));
        mark(&mut command, job);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().map_err(|e| format!("{program} cannot be started: {e}"))?;
        match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
            (Some(input), Some(output), Some(errors)) => Ok((child, input, output, errors)),
            _ => Err("it has no pipes".to_owned()),
        }
    }
}

impl OldServers {
    fn of(&self, server: &str) -> Lifecycle {
        let old = self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(server);
        if old { Lifecycle::Old } else { Lifecycle::Newest }
    }

    fn learn(&self, server: &str, spoken: Lifecycle) {
        let mut old = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match spoken {
            Lifecycle::Old => old.insert(server.to_owned()),
            Lifecycle::Newest => old.remove(server),
        };
    }

    /// It may be another program now.
    pub fn forget(&self, server: &str) {
        self.learn(server, Lifecycle::Newest);
    }
}

async fn outcome(
    place: &Place,
    call: &Call<'_>,
    secrets: &Secrets,
    answer: Answer,
    name: &str,
) -> Result<Outcome, Failure> {
    let said = secrets.hide(answer.text);
    let mut remarks = String::new();
    if let Err(error) = append(place, &said).await {
        tracing::warn!(%error, file = %place.log.display(), "an answer cannot be written down");
        remarks.push_str(", not all output could be kept");
    }
    if answer.error {
        let line = SafeLine::new(said.trim());
        let mut message: String = line.as_str().chars().take(QUOTE).collect();
        if line.as_str().chars().nth(QUOTE).is_some() {
            message.push('…');
        }
        let message = if message.is_empty() { "without a reason".to_owned() } else { message };
        return Err(failure(FailureKind::Call, format!("{name} failed: {message}"), None));
    }
    let mut reader = Reader::new(call.expects);
    reader.feed(said.as_bytes());
    let mut reading = reader.finish();
    if let Some(json) = answer.json.map(|json| secrets.hide_in(json)) {
        let fits = json.to_string().len() <= JSON_LIMIT;
        if !fits {
            remarks.push_str(", its structured content is too large to be a value");
        }
        reading.json = fits.then_some(json);
    }
    if reading.left_out {
        remarks.push_str(", not all KEY lines could be kept");
    }
    if let Some(expects) = call.expects.filter(|_| !reading.met) {
        return Err(failure(FailureKind::Expectation, quoting(values::not_met(expects), &said), None));
    }
    let lines = said.lines().count() as u64;
    let word = if lines == 1 { "line" } else { "lines" };
    let told = format!("{name} answered, {lines} {word}{remarks}");
    Ok(Outcome {
        evidence: vec![Evidence { kind: EvidenceKind::Output, text: told }],
        outputs: values::outputs(None, &text(said.as_bytes()), lines, &reading),
        ..Outcome::default()
    })
}
