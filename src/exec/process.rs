//! Finding and signalling the processes of an attempt, whoever started them. Blocking; knows
//! processes and the marks that steps put on them, nothing of work or reports.
//!
//! Every step process carries `MWTUI_RUN`, `MWTUI_STEP` and `MWTUI_ATTEMPT` in its environment
//! and its leader is named in a pid file, so a later engine can find what an earlier one left.
//! An engine is never a step's process: a client that starts one takes these three out of its
//! environment and sets `MWTUI_ENGINE=1`, and what carries that mark outside a step's own
//! process group is passed over here. Finding by environment needs Linux's `/proc`; elsewhere
//! only the groups of steps that this engine started are known.
//!
//! There is no child subreaper: adopted orphans would have to be reaped beside tokio's own
//! children. What leaves its group is found by its environment and its parents instead.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use crate::base::{RunId, SafeLine, StepId};

pub const RUN_MARK: &str = "MWTUI_RUN";
pub const STEP_MARK: &str = "MWTUI_STEP";
pub const ATTEMPT_MARK: &str = "MWTUI_ATTEMPT";
pub const ENGINE_MARK: &str = "MWTUI_ENGINE";

/// How long a process may take to end after TERM before it is killed.
pub const GRACE: Duration = Duration::from_secs(2);

/// How long what was killed may take to be gone; what is still there then is named as left behind.
const KILL_LIMIT: Duration = Duration::from_secs(2);

/// How long it is waited for before everything is searched and killed once more.
const KILL_AGAIN: Duration = Duration::from_millis(200);

const POLL: Duration = Duration::from_millis(20);

/// One process, told from a later one with the same number by its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    pub pid: i32,
    /// Clock ticks between boot and its start.
    pub start: u64,
    parent: i32,
    group: i32,
    zombie: bool,
}

/// The first process of an attempt and, with the same number, of its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leader {
    pub pid: i32,
    /// `None` where `/proc` does not tell it.
    pub start: Option<u64>,
    /// Started by this engine: its group counts even after its end.
    pub own: bool,
}

/// Whose processes are meant.
#[derive(Debug, Clone)]
pub struct Scope {
    /// `None`: only the leaders' groups.
    pub marks: Option<Marks>,
    pub leaders: Vec<Leader>,
}

#[derive(Debug, Clone)]
pub struct Marks {
    pub run: RunId,
    /// `None`: every step of the run.
    pub attempt: Option<(StepId, u32)>,
}

/// What [`end`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ended {
    pub count: usize,
    /// As people would name them.
    pub left_behind: Vec<String>,
}

#[derive(Debug, Default)]
struct Found {
    groups: Vec<i32>,
    processes: Vec<Process>,
}

impl Leader {
    /// The leader that has just been started and not yet been waited for.
    pub fn started(pid: u32) -> Option<Self> {
        let pid = i32::try_from(pid).ok()?;
        Some(Self { pid, start: read(pid).map(|p| p.start), own: true })
    }

    /// What a pid file says, of an earlier engine's leader.
    pub fn parse(text: &str) -> Option<Self> {
        let (pid, start) = text.trim().split_once(' ')?;
        Some(Self { pid: pid.parse().ok()?, start: Some(start.parse().ok()?), own: false })
    }

    /// For the pid file.
    pub fn to_text(self) -> String {
        format!("{} {}\n", self.pid, self.start.unwrap_or_default())
    }

    /// Whether it runs still: the process of that number, and no later one.
    pub fn is_running(self) -> bool {
        read(self.pid).is_some_and(|process| Some(process.start) == self.start && is_alive(process))
    }

    /// Whether anything of its group may be there; a zombie counts.
    pub fn has_group(self) -> bool {
        signalable(self.pid).is_some_and(|pid| rustix::process::test_kill_process_group(pid).is_ok())
    }

    /// Whether the group with this number is still this leader's.
    fn vouches(self, now: &HashMap<i32, Process>) -> bool {
        match (now.get(&self.pid), self.start) {
            (Some(process), Some(start)) => process.start == start,
            // The number is not given out anew while the group lives.
            (None, _) | (Some(_), None) => self.own,
        }
    }
}

/// Asks every process in `scope` to end (TERM, and CONT, since one that is stopped would not
/// hear it), and kills what is left after [`GRACE`].
pub fn end(scope: &Scope) -> Ended {
    let mut marked = Marked::default();
    let mut found = find(scope, &mut marked);
    let mut signalled: HashSet<(i32, u64)> = HashSet::new();
    let term = Instant::now() + GRACE;
    while !found.processes.is_empty() && Instant::now() < term {
        let known = signalled.len();
        signalled.extend(found.processes.iter().map(|p| (p.pid, p.start)));
        if signalled.len() > known {
            signal(&found, Signal::TERM);
            signal(&found, Signal::CONT);
        }
        // Looking at the known ones is cheap; everything is searched again once they are gone.
        while found.processes.iter().any(|p| is_alive(*p)) && Instant::now() < term {
            std::thread::sleep(POLL);
        }
        found = find(scope, &mut marked);
    }
    let kill = Instant::now() + KILL_LIMIT;
    while !found.processes.is_empty() && Instant::now() < kill {
        signalled.extend(found.processes.iter().map(|p| (p.pid, p.start)));
        signal(&found, Signal::KILL);
        let again = (Instant::now() + KILL_AGAIN).min(kill);
        while found.processes.iter().any(|p| is_alive(*p)) && Instant::now() < again {
            std::thread::sleep(POLL);
        }
        found = find(scope, &mut marked);
    }
    Ended { count: signalled.len(), left_behind: found.processes.iter().map(|p| describe(p.pid)).collect() }
}

/// Stops every process in `scope` where it is.
pub fn freeze(scope: &Scope) {
    signal(&find(scope, &mut Marked::default()), Signal::STOP);
}

/// Lets them go on.
pub fn thaw(scope: &Scope) {
    signal(&find(scope, &mut Marked::default()), Signal::CONT);
}

/// Which processes carry the marks, by number and start: reading an environment is what a search costs.
type Marked = HashMap<(i32, u64), bool>;

fn find(scope: &Scope, marked: &mut Marked) -> Found {
    let now = all();
    let me = own_pid();
    let my_group = rustix::process::getpgrp().as_raw_nonzero().get();
    let groups: Vec<i32> = scope
        .leaders
        .iter()
        .filter(|l| l.pid > 1 && l.pid != my_group && l.pid != me && l.vouches(&now))
        .map(|l| l.pid)
        .collect();
    if now.is_empty() {
        return without_proc(groups);
    }
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for process in now.values() {
        children.entry(process.parent).or_default().push(process.pid);
    }
    let mut open: Vec<i32> = Vec::new();
    for process in now.values() {
        let mut carries = |marks: &Marks| {
            let known = marked.entry((process.pid, process.start));
            *known.or_insert_with(|| marks.are_on(&environ(process.pid)))
        };
        if groups.contains(&process.group) || scope.marks.as_ref().is_some_and(&mut carries) {
            open.push(process.pid);
        }
    }
    let mut found = Found { groups, processes: Vec::new() };
    let mut seen: HashSet<i32> = HashSet::new();
    while let Some(pid) = open.pop() {
        if pid <= 1 || pid == me || !seen.insert(pid) {
            continue;
        }
        let Some(process) = now.get(&pid) else { continue };
        let in_group = found.groups.contains(&process.group);
        if !in_group && (process.group == my_group || has(&environ(pid), ENGINE_MARK, "1")) {
            continue;
        }
        // Only with marks are those meant that have left the group.
        if scope.marks.is_some() {
            open.extend(children.get(&pid).into_iter().flatten());
        }
        if !process.zombie {
            found.processes.push(*process);
        }
    }
    found.processes.sort_by_key(|p| p.pid);
    found
}

/// Where there is no `/proc`, a group stands for its processes.
fn without_proc(groups: Vec<i32>) -> Found {
    let living = |pid: &i32| Leader { pid: *pid, start: None, own: true }.has_group();
    let groups: Vec<i32> = groups.into_iter().filter(living).collect();
    let stand_in = |&pid: &i32| Process { pid, start: 0, parent: 0, group: pid, zombie: false };
    Found { processes: groups.iter().map(stand_in).collect(), groups }
}

fn signal(found: &Found, signal: Signal) {
    for group in &found.groups {
        if let Some(pid) = signalable(*group) {
            report(*group, signal, rustix::process::kill_process_group(pid, signal));
        }
    }
    for process in found.processes.iter().filter(|p| !found.groups.contains(&p.group)) {
        report(process.pid, signal, signal_one(*process, signal));
    }
}

fn report(pid: i32, signal: Signal, result: rustix::io::Result<()>) {
    match result {
        Ok(()) | Err(rustix::io::Errno::SRCH) => {}
        Err(e) => tracing::warn!(pid, ?signal, error = %e, "a process could not be signalled"),
    }
}

/// A handle on the process is taken first and its start compared then, so that the signal
/// cannot reach another that has got its number in between.
#[cfg(target_os = "linux")]
fn signal_one(process: Process, signal: Signal) -> rustix::io::Result<()> {
    use rustix::process::{PidfdFlags, pidfd_open, pidfd_send_signal};
    let Some(pid) = signalable(process.pid) else { return Ok(()) };
    let handle = pidfd_open(pid, PidfdFlags::empty())?;
    if is_alive(process) { pidfd_send_signal(&handle, signal) } else { Ok(()) }
}

#[cfg(not(target_os = "linux"))]
fn signal_one(process: Process, signal: Signal) -> rustix::io::Result<()> {
    signalable(process.pid).map_or(Ok(()), |pid| rustix::process::kill_process(pid, signal))
}

/// A number that may be signalled: neither everything, nor init, nor this engine or its group.
fn signalable(pid: i32) -> Option<Pid> {
    let spared = pid <= 1 || pid == own_pid() || pid == rustix::process::getpgrp().as_raw_nonzero().get();
    if spared { None } else { Pid::from_raw(pid) }
}

fn own_pid() -> i32 {
    rustix::process::getpid().as_raw_nonzero().get()
}

fn is_alive(process: Process) -> bool {
    if process.start == 0 {
        return Leader { pid: process.group, start: None, own: true }.has_group();
    }
    read(process.pid).is_some_and(|now| now.start == process.start && !now.zombie)
}

impl Marks {
    fn are_on(&self, environ: &[u8]) -> bool {
        has(environ, RUN_MARK, self.run.as_str())
            && self.attempt.as_ref().is_none_or(|(step, attempt)| {
                has(environ, STEP_MARK, step.as_str()) && has(environ, ATTEMPT_MARK, &attempt.to_string())
            })
    }
}

fn has(environ: &[u8], name: &str, value: &str) -> bool {
    environ.split(|b| *b == 0).any(|entry| {
        entry.strip_prefix(name.as_bytes()).and_then(|rest| rest.strip_prefix(b"=")) == Some(value.as_bytes())
    })
}

fn all() -> HashMap<i32, Process> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return HashMap::new() };
    let pids = entries.flatten().filter_map(|e| e.file_name().to_str()?.parse().ok());
    pids.filter_map(read).map(|p| (p.pid, p)).collect()
}

/// From `/proc/<pid>/stat`: after the name in parentheses, which may hold anything, come the
/// state, the parent, the group and, 19 fields after the state, the start.
fn read(pid: i32) -> Option<Process> {
    let stat = std::fs::read(Path::new("/proc").join(pid.to_string()).join("stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    let mut fields = stat.get(stat.rfind(')')? + 1..)?.split_ascii_whitespace();
    let zombie = matches!(fields.next()?, "Z" | "X");
    let parent = fields.next()?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    let start = fields.nth(16)?.parse().ok()?;
    Some(Process { pid, start, parent, group, zombie })
}

/// Empty for a process of another user, or one that is gone.
fn environ(pid: i32) -> Vec<u8> {
    std::fs::read(Path::new("/proc").join(pid.to_string()).join("environ")).unwrap_or_default()
}

fn describe(pid: i32) -> String {
    let line = std::fs::read(Path::new("/proc").join(pid.to_string()).join("cmdline")).unwrap_or_default();
    let words = String::from_utf8_lossy(&line).replace('\0', " ");
    let command: String = SafeLine::new(words.trim()).as_str().chars().take(80).collect();
    if command.is_empty() { format!("process {pid}") } else { format!("process {pid} ({command})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_match_whole_entries() {
        let environ = b"A=1\0MWTUI_RUN=ab\0MWTUI_STEP=build\0MWTUI_ATTEMPT=12\0";
        let marks = |run: &str, step: &str, attempt| Marks {
            run: run.into(),
            attempt: Some((StepId::from(step), attempt)),
        };
        assert!(marks("ab", "build", 12).are_on(environ));
        assert!(Marks { run: "ab".into(), attempt: None }.are_on(environ));
        for other in [marks("a", "build", 12), marks("ab", "buil", 12), marks("ab", "build", 1)] {
            assert!(!other.are_on(environ), "{other:?}");
        }
        assert!(!Marks { run: "1".into(), attempt: None }.are_on(b"XMWTUI_RUN=1\0"));
    }

    #[test]
    fn this_process_its_group_and_init_are_never_signalled() {
        let group = rustix::process::getpgrp().as_raw_nonzero().get();
        for pid in [-1, 0, 1, own_pid(), group] {
            assert_eq!(signalable(pid), None, "{pid}");
        }
        let scope = Scope { marks: None, leaders: vec![Leader { pid: group, start: None, own: true }] };
        assert!(find(&scope, &mut Marked::default()).groups.is_empty());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_number_that_was_given_out_anew_is_not_taken_for_the_old_process() {
        let me = read(own_pid()).expect("this process");
        assert!(is_alive(me));
        assert!(!is_alive(Process { start: me.start + 1, ..me }));
        let former = Leader::parse(&format!("{} {}\n", me.pid, me.start + 1)).expect("a pid file");
        assert!(!former.vouches(&all()));
        assert_eq!(Leader::parse("not a pid file"), None);
        let gone = Leader { pid: i32::MAX, start: Some(7), own: false };
        assert!(!gone.vouches(&all()), "only marks tell who is left of an earlier engine's group");
    }
}
