use std::path::Path;
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;
use crate::run::{EvidenceKind, FailureKind};

mod agents;
mod calls;
#[path = "../../tests/suite/support/mcp_server.rs"]
mod mcp_server;
mod scripts;
mod trees;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

struct Bench {
    dir: tempfile::TempDir,
    executor: Executor,
    notices: UnboundedReceiver<Notice>,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("temp dir");
        std::fs::create_dir(dir.path().join("work")).expect("mkdir");
        std::fs::create_dir(dir.path().join("outputs")).expect("mkdir");
        let (executor, notices) = executor(dir.path());
        Self { dir, executor, notices }
    }

    fn job(&self, step: &str, script: &str) -> Job {
        // One run id a test: marks are looked for on the whole machine.
        let run =
            self.dir.path().file_name().expect("name").to_string_lossy().trim_start_matches('.').to_owned();
        Job {
            run: RunId::new(run),
            step: step.into(),
            attempt: 1,
            work: Work::Run {
                script: script.into(),
                shell: vec!["sh".into(), "-c".into()],
                env: IndexMap::new(),
                secrets: IndexMap::new(),
                cwd: String::new(),
                pty: false,
                done_exits: Vec::new(),
                expects: None,
            },
            folder: self.dir.path().join("work"),
            environment: vec![("MWTUI_SESSION".into(), "5e55".into())],
        }
    }

    /// A shell that starts something by vfork stands in state D while that is stopped; this one
    /// waits by itself.
    fn waits_without_a_child(&self) -> &'static str {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        mknodat(CWD, self.path("fifo"), FileType::Fifo, Mode::RWXU, 0).expect("fifo");
        "echo $$ > pid; read line < fifo"
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("work").join(name)
    }

    async fn report(&mut self) -> Report {
        loop {
            if let Notice::Report { report, .. } = next(&mut self.notices).await {
                return report;
            }
        }
    }

    async fn outcome(&mut self, script: &str) -> Outcome {
        self.done(self.job("step", script)).await
    }

    async fn done(&mut self, job: Job) -> Outcome {
        self.executor.execute(job);
        match self.report().await {
            Report::Completed { outcome, .. } => outcome,
            other => panic!("not completed: {other:?}"),
        }
    }

    async fn failure(&mut self, job: Job) -> Failure {
        self.executor.execute(job);
        match self.report().await {
            Report::Failed { failure, .. } => failure,
            other => panic!("did not fail: {other:?}"),
        }
    }

    /// The number that a script has written to `name`.
    async fn pid(&self, name: &str) -> i32 {
        let path = self.path(name);
        until(|| std::fs::read_to_string(&path).is_ok_and(|t| t.ends_with('\n'))).await;
        std::fs::read_to_string(&path).expect("read").trim().parse().expect("a number")
    }

    async fn stopped(&mut self, run: &RunId) -> Vec<String> {
        self.executor.stop_all(run);
        match self.report().await {
            Report::Stopped { left_behind } => left_behind,
            other => panic!("not stopped: {other:?}"),
        }
    }
}

fn executor(dir: &Path) -> (Executor, UnboundedReceiver<Notice>) {
    let (sender, notices) = unbounded_channel();
    (Executor::make(dir.join("outputs"), sender, None), notices)
}

async fn next(notices: &mut UnboundedReceiver<Notice>) -> Notice {
    tokio::time::timeout(PATIENCE, notices.recv()).await.expect("a notice in time").expect("an executor")
}

async fn until(holds: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "waited in vain");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The state letter of a process; `None` when it is gone. A zombie is gone.
fn state(pid: i32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let state = stat.get(stat.rfind(')')? + 2..)?.chars().next()?;
    (state != 'Z' && state != 'X').then_some(state)
}

fn text(outcome: &Outcome) -> &str {
    outcome.outputs["text"].as_str().expect("text")
}

#[tokio::test]
async fn a_script_gives_its_output_exit_and_evidence() {
    let mut bench = Bench::new();
    let outcome = bench.outcome("echo one; echo two >&2; printf three").await;
    assert_eq!(text(&outcome), "one\ntwo\nthree");
    assert_eq!((&outcome.outputs["exit"], &outcome.outputs["lines"]), (&0.into(), &3.into()));
    assert_eq!(outcome.evidence[0].kind, EvidenceKind::Output);
    assert_eq!(outcome.evidence[0].text, "exit 0, 3 lines");
    let run = bench.job("step", "").run;
    let folder = bench.dir.path().join("outputs").join(run.as_str());
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("step.1.log")), 0o600);
    assert!(!folder.join("step.1.pid").exists(), "what has ended has no pid file");
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).expect("meta").permissions().mode() & 0o777
}

#[tokio::test]
async fn output_of_any_kind_is_kept_as_it_is() {
    let mut bench = Bench::new();
    let outcome = bench.outcome(r"printf 'a\377\033[31mb\000c'").await;
    assert_eq!(text(&outcome), "a\u{fffd}\u{1b}[31mb\0c");
    let run = bench.job("step", "").run;
    let piece = output::tail(&bench.dir.path().join("outputs"), &run, &"step".into(), 1, 100).expect("tail");
    assert_eq!(piece.bytes, b"a\xff\x1b[31mb\0c");
    bench.executor.execute(bench.job("silent", "true"));
    let Report::Completed { outcome, .. } = bench.report().await else { panic!("not completed") };
    assert_eq!((text(&outcome), outcome.evidence[0].text.as_str()), ("", "exit 0, 0 lines"));
}

#[tokio::test]
async fn writing_to_dev_stderr_does_not_cut_the_output() {
    let mut bench = Bench::new();
    let outcome = bench.outcome("echo first; echo second > /dev/stderr; echo third > /dev/stdout").await;
    assert_eq!(text(&outcome), "first\nsecond\nthird");
}

#[tokio::test]
async fn a_hundred_megabytes_are_no_reason_to_fail_or_to_be_slow() {
    let mut bench = Bench::new();
    let start = Instant::now();
    let outcome = bench.outcome("head -c 100000000 /dev/zero | tr '\\0' x; echo; echo end").await;
    assert_eq!(outcome.outputs["lines"], 2);
    assert_eq!(text(&outcome), "end", "the tail begins with a whole line");
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    println!("100 MB in {:?}", start.elapsed());
}

#[tokio::test]
async fn output_is_told_while_it_grows_and_at_the_end() {
    let mut bench = Bench::new();
    bench.executor.execute(bench.job("step", "echo one; until [ -e go ]; do sleep 0.01; done; echo two"));
    let grown = next(&mut bench.notices).await;
    assert!(matches!(grown, Notice::Output { total: 4, lines: 1, attempt: 1, .. }), "{grown:?}");
    std::fs::write(bench.path("go"), "").expect("write");
    let mut last = None;
    while let Notice::Output { total, lines, .. } = next(&mut bench.notices).await {
        last = Some((total, lines));
    }
    assert_eq!(last, Some((8, 2)));
}

#[tokio::test]
async fn a_failure_quotes_the_last_line_cleaned() {
    let mut bench = Bench::new();
    let script = r"echo first; printf '\033[31mboom\007\033[0m\n\n'; exit 3";
    let failure = bench.failure(bench.job("step", script)).await;
    assert_eq!((failure.kind, failure.exit), (FailureKind::Exit, Some(3)));
    assert_eq!(failure.message, "exit 3: boom␇");
    let failure = bench.failure(bench.job("step2", "kill -9 $$")).await;
    assert_eq!((failure.kind, failure.exit), (FailureKind::Exit, None));
    assert_eq!(failure.message, "ended by signal 9 (KILL)");
}

#[tokio::test]
async fn what_cannot_be_started_says_why() {
    let mut bench = Bench::new();
    let mut job = bench.job("step", "true");
    if let Work::Run { shell, .. } = &mut job.work {
        *shell = vec!["no-such-shell-anywhere".into()];
    }
    let failure = bench.failure(job).await;
    assert_eq!(failure.kind, FailureKind::Spawn);
    assert!(failure.message.contains("no-such-shell-anywhere"), "{}", failure.message);
    let mut job = bench.job("step", "true");
    job.folder = bench.path("missing");
    let failure = bench.failure(job).await;
    assert_eq!(failure.kind, FailureKind::Spawn);
    assert!(failure.message.contains("missing"), "{}", failure.message);
    let failure = bench.failure(bench.job("step", "echo a\0b")).await;
    assert_eq!(failure.kind, FailureKind::Spawn);
}

#[tokio::test]
async fn values_come_by_environment_and_do_nothing_else() {
    let mut bench = Bench::new();
    let mut job =
        bench.job("step", r#"echo "$VALUE|$MWTUI_STEP|$MWTUI_ATTEMPT|$MWTUI_SESSION|${MWTUI_ENGINE-none}""#);
    let hostile = "\"; touch pwned #$(touch pwned)`touch pwned`";
    if let Work::Run { env, .. } = &mut job.work {
        env.insert("VALUE".into(), hostile.into());
        env.insert("MWTUI_STEP".into(), "another".into());
    }
    bench.executor.execute(job);
    let Report::Completed { outcome, .. } = bench.report().await else { panic!("not completed") };
    assert_eq!(text(&outcome), format!("{hostile}|step|1|5e55|none"));
    assert!(!bench.path("pwned").exists());
}

#[tokio::test]
async fn a_folder_of_the_step_is_under_the_run_s() {
    let mut bench = Bench::new();
    std::fs::create_dir(bench.path("sub")).expect("mkdir");
    let mut job = bench.job("step", "pwd");
    if let Work::Run { cwd, .. } = &mut job.work {
        *cwd = "sub".into();
    }
    bench.executor.execute(job);
    let Report::Completed { outcome, .. } = bench.report().await else { panic!("not completed") };
    assert!(text(&outcome).ends_with("/work/sub"), "{outcome:?}");
}

#[tokio::test]
async fn what_a_script_leaves_in_its_group_is_ended_and_said() {
    let mut bench = Bench::new();
    let outcome = bench.outcome("sleep 600 & echo $! > pid; sleep 600 & echo done").await;
    assert_eq!(text(&outcome), "done");
    assert_eq!(outcome.evidence[0].text, "exit 0, 1 line, 2 processes left over were ended");
    assert_eq!(state(bench.pid("pid").await), None);
}

#[tokio::test]
async fn a_daemon_that_left_the_group_holds_up_nothing() {
    let mut bench = Bench::new();
    let outcome = bench
        .outcome("setsid sh -c 'echo $$ > pid; exec sleep 600' & until [ -s pid ]; do sleep 0.01; done")
        .await;
    assert!(outcome.evidence[0].text.contains("holds the output open"), "{outcome:?}");
    let pid = bench.pid("pid").await;
    assert!(state(pid).is_some(), "left alone at the end of a step");
    let run = bench.job("step", "").run;
    assert_eq!(bench.stopped(&run).await, Vec::<String>::new());
    assert_eq!(state(pid), None, "but found by its environment when the run is cancelled");
}

#[tokio::test]
async fn everything_of_an_attempt_ends_however_stubborn() {
    let mut bench = Bench::new();
    let script = "trap '' TERM; \
        sh -c 'trap \"\" TERM; echo $$ > grandchild; while :; do sleep 0.05; done' & \
        env -i setsid sh -c 'trap \"\" TERM; echo $$ > bare; while :; do sleep 0.05; done' & \
        setsid sh -c 'echo $$ > escaped; exec sleep 600' & \
        echo $$ > leader; while :; do sleep 0.05; done";
    let job = bench.job("step", script);
    bench.executor.execute(job.clone());
    let mut pids = Vec::new();
    for name in ["leader", "grandchild", "bare", "escaped"] {
        pids.push(bench.pid(name).await);
    }
    bench.executor.stop(&job.run, &job.step, 1, Stopped::Wished);
    // The next attempt waits for the stop, and the stopped one reports no more.
    let mut again = bench.job("step", "echo again");
    again.attempt = 2;
    bench.executor.execute(again);
    let report = bench.report().await;
    assert!(matches!(report, Report::Completed { attempt: 2, .. }), "{report:?}");
    for pid in pids {
        assert_eq!(state(pid), None, "{pid}");
    }
}

#[tokio::test]
async fn a_stop_before_the_start_is_a_stop() {
    let mut bench = Bench::new();
    let job = bench.job("step", "echo $$ > pid; sleep 600");
    bench.executor.execute(job.clone());
    assert_eq!(bench.stopped(&job.run).await, Vec::<String>::new());
    if bench.path("pid").exists() {
        assert_eq!(state(bench.pid("pid").await), None);
    }
}

#[tokio::test]
async fn another_attempt_and_another_run_are_left_alone() {
    let mut bench = Bench::new();
    let first = bench.job("first", "echo $$ > first; sleep 600");
    let second = bench.job("second", "echo $$ > second; sleep 600");
    let mut other = bench.job("first", "echo $$ > other; sleep 600");
    other.run = RunId::new(format!("{}x", other.run));
    for job in [&first, &second, &other] {
        bench.executor.execute(job.clone());
    }
    let pids = [bench.pid("first").await, bench.pid("second").await, bench.pid("other").await];
    bench.executor.stop(&first.run, &first.step, 1, Stopped::Wished);
    until(|| state(pids[0]).is_none()).await;
    assert!(state(pids[1]).is_some() && state(pids[2]).is_some());
    assert_eq!(bench.stopped(&first.run).await, Vec::<String>::new());
    assert!(state(pids[1]).is_none() && state(pids[2]).is_some());
    assert_eq!(bench.stopped(&other.run).await, Vec::<String>::new());
    assert!(state(pids[2]).is_none());
}

#[tokio::test]
async fn a_frozen_run_stands_still_and_a_stop_reaches_it() {
    let mut bench = Bench::new();
    let job = bench.job("step", bench.waits_without_a_child());
    bench.executor.execute(job.clone());
    let pid = bench.pid("pid").await;
    bench.executor.freeze(&job.run);
    until(|| state(pid) == Some('T')).await;
    bench.executor.thaw(&job.run);
    until(|| state(pid).is_some_and(|s| s != 'T')).await;
    bench.executor.freeze(&job.run);
    until(|| state(pid) == Some('T')).await;
    let start = Instant::now();
    assert_eq!(bench.stopped(&job.run).await, Vec::<String>::new());
    assert_eq!(state(pid), None);
    assert!(start.elapsed() < process::GRACE, "TERM was heard, KILL was not needed: {:?}", start.elapsed());
}

#[tokio::test]
async fn a_job_that_starts_in_a_frozen_run_is_frozen_too() {
    let mut bench = Bench::new();
    let job = bench.job("step", bench.waits_without_a_child());
    bench.executor.freeze(&job.run);
    bench.executor.execute(job.clone());
    let file = bench.dir.path().join("outputs").join(job.run.as_str()).join("step.1.pid");
    until(|| std::fs::read_to_string(&file).is_ok_and(|t| t.ends_with('\n'))).await;
    let leader = Leader::parse(&std::fs::read_to_string(&file).expect("read")).expect("a leader");
    until(|| state(leader.pid) == Some('T')).await;
    bench.executor.thaw(&job.run);
    bench.pid("pid").await;
    assert_eq!(bench.stopped(&job.run).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_a_former_engine_left_is_found_and_ended() {
    let mut bench = Bench::new();
    let script = "sh -c 'echo $$ > child; exec sleep 600' & env -i sh -c 'echo $$ > bare; exec sleep 600' & \
        echo $$ > leader; while :; do sleep 0.05; done";
    let job = bench.job("step", script);
    // Its own runtime, which ends with it, as an engine's does when it dies.
    let dir = bench.dir.path().to_owned();
    let first = job.clone();
    let former = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
        runtime.block_on(async {
            let (executor, _notices) = executor(&dir);
            executor.execute(first);
            let pids = ["leader", "child", "bare"].map(|name| dir.join("work").join(name));
            until(|| pids.iter().all(|p| std::fs::read_to_string(p).is_ok_and(|t| t.ends_with('\n')))).await;
        });
    });
    tokio::task::spawn_blocking(move || former.join()).await.expect("joined").expect("former engine");
    let pids = [bench.pid("leader").await, bench.pid("child").await, bench.pid("bare").await];
    assert!(pids.iter().all(|p| state(*p).is_some()), "scripts outlive their engine");
    assert_eq!(bench.stopped(&job.run).await, Vec::<String>::new());
    for pid in pids {
        assert_eq!(state(pid), None, "{pid}");
    }
    let folder = bench.dir.path().join("outputs").join(job.run.as_str());
    assert!(!folder.join("step.1.pid").exists());
}

#[tokio::test]
async fn an_engine_that_a_step_started_is_spared() {
    let mut bench = Bench::new();
    let script = "MWTUI_ENGINE=1 setsid sh -c 'echo $$ > engine; exec sleep 600' & echo $$ > pid; sleep 600";
    let job = bench.job("step", script);
    bench.executor.execute(job.clone());
    let engine = bench.pid("engine").await;
    bench.pid("pid").await;
    assert_eq!(bench.stopped(&job.run).await, Vec::<String>::new());
    let spared = state(engine).is_some();
    if let Some(pid) = rustix::process::Pid::from_raw(engine) {
        rustix::process::kill_process(pid, rustix::process::Signal::KILL)
            .expect("the stand-in for an engine");
    }
    assert!(spared);
}

#[tokio::test]
async fn a_file_is_written_and_a_refusal_reported() {
    let mut bench = Bench::new();
    let mut job = bench.job("write", "");
    job.work = Work::Write { path: "docs/a.md".into(), content: "# A\n".into(), overwrite: false };
    bench.executor.execute(job.clone());
    let report = bench.report().await;
    assert!(matches!(report, Report::Completed { .. }), "{report:?}");
    assert_eq!(mode(&bench.path("docs/a.md")), 0o644);
    let failure = bench.failure(job).await;
    assert_eq!(failure.kind, FailureKind::Write);
}

#[tokio::test]
async fn work_for_a_person_is_never_executed() {
    let mut bench = Bench::new();
    let mut job = bench.job("step", "");
    job.work = Work::Manual;
    bench.executor.execute(job.clone());
    assert_eq!(bench.stopped(&job.run).await, Vec::<String>::new());
    assert!(bench.notices.is_empty());
}
