//! Cancelling leaves nothing, however many trees of processes there are and however they behave.

use super::*;

const TREES: usize = 200;

/// How many are at work at once: each is ten processes.
const AT_ONCE: usize = 50;

/// A leader with a child and a grandchild, one of them deaf to TERM, one that holds the pipe open, and, in each
/// tenth tree, one that left for a session of its own.
fn tree(number: usize) -> String {
    let deaf = if number.is_multiple_of(2) { "trap '' TERM HUP;" } else { "" };
    let escapee = if number.is_multiple_of(10) { "setsid sh -c 'exec sleep 600' &" } else { "" };
    format!(
        "sh -c \"{deaf} sleep 600 & sleep 600 & wait\" & \
         sh -c \"exec sleep 600\" & {escapee} \
         echo up > up.{number}; {deaf} wait"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_trees_leave_no_process() {
    let bench = Bench::new();
    let start = Instant::now();
    let base = bench.job("step", "").run;
    let (sender, mut notices) = unbounded_channel();
    let executor = Executor::make(bench.dir.path().join("outputs"), sender, None);
    for batch in (0..TREES).collect::<Vec<_>>().chunks(AT_ONCE) {
        for number in batch {
            let mut job = bench.job("step", &tree(*number));
            job.run = RunId::new(format!("{base}-{number}"));
            executor.execute(job);
        }
        until(|| batch.iter().all(|n| bench.path(&format!("up.{n}")).exists())).await;
        for number in batch {
            executor.stop_all(&RunId::new(format!("{base}-{number}")));
        }
        let mut stopped = 0;
        while stopped < batch.len() {
            if let Notice::Report { report, .. } = next(&mut notices).await {
                assert_eq!(report, Report::Stopped { left_behind: Vec::new() });
                stopped += 1;
            }
        }
    }
    let mark = format!("MWTUI_RUN={base}-");
    let left = std::fs::read_dir("/proc").expect("proc").flatten().filter(|entry| {
        let environ = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        environ.split(|b| *b == 0).any(|e| e.starts_with(mark.as_bytes()))
    });
    assert_eq!(left.count(), 0);
    println!("{TREES} trees in {:?}", start.elapsed());
}
