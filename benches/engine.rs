//! The whole engine, asked over its socket: durable transitions a second with one and with many runs
//! in flight, what a step costs beside the bare spawn of its process, and how long it takes to come
//! back with 10,000 live runs. `cargo bench --bench engine`; figures are printed once, medians of
//! several rounds. `MWTUI_BENCH_DIR` puts the homes on the disk to be measured.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mwtui::base::{Actor, Paths, RunId, SessionId, StepId, Timestamp, WorkflowId, digest};
use mwtui::client::{Client, stop_engine};
use mwtui::protocol::{ClientKind, Start};
use mwtui::run::{Context, Run, RunStarted, RunSummary, Verb, WorkflowRef, replay, start, summarise};
use mwtui::store::{Append, Store};
use mwtui::workflow::{Origin, Registry, parse};
use serde_json::Map;

/// Runs that are in flight at once.
const MANY: usize = 64;
/// How many transitions a round measures, with one run and in each of many.
const ONE: usize = 400;
const EACH: usize = 60;
const ROUNDS: usize = 5;
/// Steps of the run that does nothing.
const STEPS: usize = 60;
const LIVE: usize = 10_000;

fn main() {
    // `cargo test` runs benches as well, to see that they work.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let floor = median((0..ROUNDS).map(|_| bare_syncs()).collect());
    let (one, many, step) = runtime.block_on(async {
        let home = Home::new();
        let client = home.client().await;
        let mut one = Vec::new();
        let mut many = Vec::new();
        let mut step = Vec::new();
        for _ in 0..ROUNDS {
            one.push(transitions(&home, &client, 1, ONE).await);
            many.push(transitions(&home, &client, MANY, EACH).await);
            step.push(step_of_nothing(&home, &client).await);
        }
        home.stop().await;
        (median(one), median(many), median(step))
    });
    let spawn = median((0..ROUNDS).map(|_| bare_spawn()).collect());
    let recovery = runtime.block_on(recovery());
    println!("bare write and fdatasync:            {floor:>9.0} a second");
    println!("transitions, one run in flight:      {:>9.0} a second ({:.2} of it)", one, one / floor);
    println!(
        "transitions, {MANY} runs in flight:      {:>9.0} a second ({:.1} times that)",
        many,
        many / one
    );
    println!("a step that does nothing:            {step:>9.2} ms");
    println!("bare spawn of its process:           {spawn:>9.2} ms ({:.2} times)", step / spawn);
    println!("back with {LIVE} live runs:          {:>9.0} ms", recovery.as_secs_f64() * 1000.0);
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

struct Home {
    folder: tempfile::TempDir,
    paths: Paths,
}

impl Home {
    fn new() -> Self {
        let folder = match std::env::var_os("MWTUI_BENCH_DIR") {
            Some(place) => tempfile::tempdir_in(place),
            None => tempfile::tempdir(),
        }
        .expect("a temporary folder");
        let paths = Paths::under(&folder.path().join("home"));
        paths.create().expect("the folders of the home");
        std::fs::create_dir_all(paths.workflows()).expect("the folder for workflows");
        std::fs::write(paths.workflows().join("wait.yaml"), WAIT).expect("a workflow");
        let steps: Vec<String> =
            (0..STEPS).map(|n| format!("  - {{ id: s{n}, title: S{n}, run: \"true\" }}")).collect();
        let steps = steps.join("\n");
        let text = format!("{}steps:\n{steps}", WAIT_HEAD.replace("wait", "nothing"));
        std::fs::write(paths.workflows().join("nothing.yaml"), text).expect("a workflow");
        Self { folder, paths }
    }

    async fn client(&self) -> Client {
        let exe = Path::new(env!("CARGO_BIN_EXE_mwtui"));
        Client::connect_with(&self.paths, ClientKind::Cli, exe).await.expect("an engine")
    }

    async fn stop(&self) {
        stop_engine(&self.paths, true).await.expect("stopped");
    }

    fn start(&self, id: &str) -> Start {
        let registry = Registry::load(&self.paths, self.folder.path());
        let id = WorkflowId::new(id);
        let entry = registry.get(&id).expect("it is loaded");
        Start {
            workflow: id,
            digest: entry.digest.clone(),
            folder: self.folder.path().to_string_lossy().into_owned(),
            inputs: Map::new(),
            secrets: indexmap::IndexMap::new(),
            env: indexmap::IndexMap::new(),
            phrase: None,
            prerequisites: Vec::new(),
            subject: None,
            step_through: false,
            breakpoints: Vec::new(),
        }
    }
}

const WAIT_HEAD: &str = "id: wait\nname: Wait\ntrigger_phrases: [wait]\nscope: For measuring\n";
const WAIT: &str = "id: wait\nname: Wait\ntrigger_phrases: [wait]\nscope: For measuring\nsteps:\n  - { id: look, title: Look, actions: [Look] }\n";

/// How many durable transitions a second `runs` runs make, each asked by a client of its own.
async fn transitions(home: &Home, client: &Client, runs: usize, each: usize) -> f64 {
    let mut askers = Vec::new();
    for _ in 0..runs {
        let run = client.start(home.start("wait")).await.expect("started").run;
        askers.push((home.client().await, run));
    }
    let begun = Instant::now();
    let asking: Vec<_> = askers
        .into_iter()
        .map(|(asker, run)| {
            tokio::spawn(async move {
                for number in 0..each {
                    let step = Some(StepId::new("look"));
                    let verb = Verb::Check { step, action: 0, checked: number % 2 == 0 };
                    asker.act(run.clone(), verb).await.expect("ticked");
                }
                run
            })
        })
        .collect();
    let mut touched = Vec::new();
    for asked in asking {
        touched.push(asked.await.expect("no panic"));
    }
    let took = begun.elapsed();
    for run in touched {
        client.act(run, Verb::Cancel { reason: None }).await.expect("cancelled");
    }
    (runs * each) as f64 / took.as_secs_f64()
}

/// Milliseconds a step takes that does nothing.
async fn step_of_nothing(home: &Home, client: &Client) -> f64 {
    let mut updates = client.subscribe().await.expect("subscribed");
    let begun = Instant::now();
    let started = client.start(home.start("nothing")).await.expect("started");
    loop {
        if let Some(mwtui::protocol::Update::Run { summary, .. }) = updates.recv().await
            && summary.run == started.run
            && summary.status.is_ended()
        {
            return begun.elapsed().as_secs_f64() * 1000.0 / STEPS as f64;
        }
    }
}

/// Milliseconds the same process takes alone, its output read.
#[expect(clippy::disallowed_methods, reason = "the process that is measured")]
fn bare_spawn() -> f64 {
    let begun = Instant::now();
    for _ in 0..STEPS {
        let mut command = Command::new("sh");
        command.args(["-c", "true"]).stdin(Stdio::null());
        assert!(command.output().expect("sh is there").status.success());
    }
    begun.elapsed().as_secs_f64() * 1000.0 / STEPS as f64
}

/// Appends of as many bytes as a transition writes, each synced, a second.
fn bare_syncs() -> f64 {
    let home = Home::new();
    let path = home.folder.path().join("bare");
    let mut file = OpenOptions::new().create(true).append(true).open(path).expect("a file");
    let bytes = [b'x'; 900];
    let begun = Instant::now();
    for _ in 0..ONE {
        file.write_all(&bytes).expect("write");
        file.sync_data().expect("fdatasync");
    }
    ONE as f64 / begun.elapsed().as_secs_f64()
}

/// From the start of the engine's process to its first answer, with so many runs that wait.
async fn recovery() -> Duration {
    let home = Home::new();
    let source: Arc<[u8]> = Arc::from(WAIT.as_bytes());
    let (workflow, _) = parse("wait", &source).expect("a workflow");
    let workflow = Arc::new(workflow);
    let store = Store::open(&home.paths.store_file()).expect("a new store");
    let numbers: Vec<usize> = (0..LIVE).collect();
    for part in numbers.chunks(500) {
        let appends: Vec<Append> = part
            .iter()
            .map(|number| {
                let header = header(*number, &workflow, digest(&source));
                let by = Actor::Person("ana@laptop".into());
                let events = start(Arc::clone(&workflow), header, &by, Timestamp(1)).expect("started");
                let run: Run = replay(Arc::clone(&workflow), &events).expect("a run");
                let summary: RunSummary = summarise(&run);
                let definition = Some((digest(&source), Arc::clone(&source)));
                Append::Run { run: run.id().clone(), events, summary: Box::new(summary), definition }
            })
            .collect();
        store.commit(&appends).expect("committed");
    }
    drop(store);
    let begun = Instant::now();
    let client = home.client().await;
    let status = client.engine_status().await.expect("status");
    let took = begun.elapsed();
    assert_eq!(status.live_runs as usize, LIVE);
    home.stop().await;
    took
}

fn header(number: usize, workflow: &mwtui::workflow::Workflow, digest: String) -> RunStarted {
    RunStarted {
        run: RunId::new(format!("{number:016x}")),
        workflow: WorkflowRef {
            id: workflow.id.clone(),
            name: workflow.name.clone(),
            version: workflow.version,
            digest,
            origin: Origin::User,
        },
        inputs: Map::new(),
        context: Context { folder: PathBuf::from("/").to_string_lossy().into_owned(), ..Context::default() },
        session: SessionId::new("5e55"),
        session_name: "bench".into(),
        phrase: None,
        prerequisites: Vec::new(),
        parent: None,
        subject: None,
        fork: None,
        step_through: false,
        breakpoints: Vec::new(),
    }
}
