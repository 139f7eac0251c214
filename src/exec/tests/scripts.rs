//! What a `run` step may ask for: exit codes, expectations, a terminal; and the limit of its output.

use serde_json::json;

use super::*;

/// The job with changes to its work.
fn changed(mut job: Job, change: impl FnOnce(&mut Vec<i32>, &mut Option<String>, &mut bool)) -> Job {
    if let Work::Run { done_exits, expects, pty, .. } = &mut job.work {
        change(done_exits, expects, pty);
    }
    job
}

#[tokio::test]
async fn exit_codes_that_count_as_done_are_done_and_no_other() {
    let mut bench = Bench::new();
    let job = |script| changed(bench.job("step", script), |done, _, _| done.extend([0, 3]));
    let (three, none, one) = (job("echo differs; exit 3"), job("true"), job("exit 1"));
    let outcome = bench.done(three).await;
    assert_eq!(outcome.outputs["exit"], 3);
    assert_eq!(outcome.evidence[0].text, "exit 3, 1 line");
    assert_eq!(bench.done(none).await.outputs["exit"], 0);
    assert_eq!(bench.failure(one).await.exit, Some(1));
    let only = changed(bench.job("step", "true"), |done, _, _| done.push(3));
    assert_eq!(bench.failure(only).await.exit, Some(0), "where 0 is not named, it is not done");
    let killed = changed(bench.job("step", "kill -9 $$"), |done, _, _| done.extend([0, 9, 137]));
    assert_eq!(bench.failure(killed).await.exit, None, "a signal is no exit code");
}

#[tokio::test]
async fn values_and_expectations_are_read_from_the_output() {
    let mut bench = Bench::new();
    let outcome = bench.outcome("echo 'URL: http://x'; echo 'COUNT: 3'; echo '{\"no\": 1}'").await;
    assert_eq!((&outcome.outputs["URL"], &outcome.outputs["COUNT"]), (&json!("http://x"), &json!("3")));
    assert!(outcome.outputs.get("json").is_none());
    let outcome = bench.done(bench.job("json", "echo '{\"items\": [1, 2]}'")).await;
    assert_eq!(outcome.outputs["json"], json!({ "items": [1, 2] }));
    let expecting = |step: &str, script: &str| {
        changed(bench.job(step, script), |_, expects, _| *expects = Some("All tests passed".into()))
    };
    let (met, unmet, failed) = (
        expecting("met", "echo ALL  TESTS; echo PASSED"),
        expecting("unmet", "echo 3 failed"),
        expecting("failed", "echo all tests passed; exit 1"),
    );
    bench.done(met).await;
    let failure = bench.failure(unmet).await;
    assert_eq!((failure.kind, failure.exit), (FailureKind::Expectation, Some(0)));
    assert!(
        failure.message.contains("“All tests passed”") && failure.message.ends_with(": 3 failed"),
        "{}",
        failure.message
    );
    assert_eq!(bench.failure(failed).await.kind, FailureKind::Exit);
}

#[tokio::test]
async fn what_is_expected_may_stand_at_the_beginning_of_a_long_output() {
    let mut bench = Bench::new();
    let script =
        "echo 'STATUS: done'; head -c 3000000 /dev/zero | tr '\\0' x | fold -w 100; echo; echo 'LAST: 1'";
    let job = changed(bench.job("step", script), |_, expects, _| *expects = Some("status: done".into()));
    let outcome = bench.done(job).await;
    assert_eq!(outcome.outputs["LAST"], "1");
    assert!(outcome.outputs.get("STATUS").is_none(), "too far from the end");
}

#[tokio::test]
async fn a_terminal_is_a_terminal_and_its_output_reads_as_any_other() {
    let mut bench = Bench::new();
    let script = "test -t 0 && test -t 1 && test -t 2 && echo terminal; stty size; echo $TERM; \
        printf '\\033[32mSTATUS: done\\033[0m\\n'; test -c /dev/tty && echo owned > /dev/tty";
    let job = changed(bench.job("step", script), |_, _, pty| *pty = true);
    let outcome = bench.done(job).await;
    assert_eq!(text(&outcome), "terminal\n24 80\nxterm-256color\n\u{1b}[32mSTATUS: done\u{1b}[0m\nowned");
    assert_eq!(outcome.outputs["STATUS"], "done");
    assert_eq!(outcome.evidence[0].text, "exit 0, 5 lines");
    let mut job = changed(bench.job("step2", "stty size; echo $TERM; exit 5"), |_, _, pty| *pty = true);
    if let Work::Run { env, .. } = &mut job.work {
        env.extend(
            [("LINES", "50"), ("COLUMNS", "132"), ("TERM", "dumb")].map(|(n, v)| (n.into(), v.into())),
        );
    }
    let failure = bench.failure(job.clone()).await;
    assert_eq!((failure.exit, failure.message.as_str()), (Some(5), "exit 5: dumb"));
    let outputs = bench.dir.path().join("outputs");
    let piece = output::tail(&outputs, &job.run, &job.step, 1, 100).expect("tail");
    assert_eq!(piece.bytes, b"50 132\ndumb\n");
}

#[tokio::test]
async fn a_terminal_shows_output_while_it_comes_and_is_stopped_and_frozen_like_any_other() {
    let mut bench = Bench::new();
    bench.waits_without_a_child();
    let script = "sh -c 'trap \"\" TERM HUP; echo $$ > child; read line < fifo' & \
        echo prompt; echo $$ > leader; read line < fifo";
    let job = changed(bench.job("step", script), |_, _, pty| *pty = true);
    bench.executor.execute(job.clone());
    let grown = next(&mut bench.notices).await;
    assert!(matches!(grown, Notice::Output { lines: 1, .. }), "{grown:?}");
    let pids = [bench.pid("leader").await, bench.pid("child").await];
    bench.executor.freeze(&job.run);
    until(|| pids.iter().all(|pid| state(*pid) == Some('T'))).await;
    assert_eq!(bench.stopped(&job.run).await, Vec::<String>::new());
    assert!(pids.iter().all(|pid| state(*pid).is_none()));
}

#[tokio::test]
async fn a_long_output_through_a_terminal_is_whole() {
    let mut bench = Bench::new();
    let job = changed(bench.job("step", "seq 1 20000"), |_, _, pty| *pty = true);
    let outcome = bench.done(job).await;
    assert_eq!(outcome.outputs["lines"], 20000);
    assert!(text(&outcome).ends_with("19999\n20000"));
}

#[tokio::test]
async fn beyond_its_limit_an_output_keeps_its_beginning_and_its_end_and_the_script_does_not_fail() {
    for pty in [false, true] {
        let mut bench = Bench::new();
        bench.executor.equip(Tools { output_limit: 100 << 10, ..Tools::default() });
        let script = "echo first; seq 1 200000; echo 'STATUS: done'";
        let job = changed(bench.job("step", script), |_, expects, terminal| {
            *expects = Some("status: done".into());
            *terminal = pty;
        });
        let outcome = bench.done(job.clone()).await;
        assert_eq!(outcome.outputs["STATUS"], "done");
        assert!(text(&outcome).ends_with("\n200000\nSTATUS: done"), "{pty}");
        let said = &outcome.evidence[0].text;
        assert!(said.ends_with("of more than 100 KiB the beginning and the end"), "{said}");
        let folder = bench.dir.path().join("outputs").join(job.run.as_str());
        let whole = std::fs::read_to_string(folder.join("step.1.log")).expect("log");
        assert!(whole.starts_with("first\n1\n2\n"));
        assert!(whole.contains("\n[mwtui: more than 100 KiB of output; what came here is left out]\n"));
        assert!(whole.len() < 200 << 10, "{}", whole.len());
        assert!(!folder.join("step.1.rest").exists());
        assert_eq!(mode(&folder.join("step.1.log")), 0o600);
    }
}

#[tokio::test]
async fn an_output_of_exactly_the_limit_is_whole() {
    let mut bench = Bench::new();
    bench.executor.equip(Tools { output_limit: 64 << 10, ..Tools::default() });
    let outcome = bench.outcome("head -c 65536 /dev/zero | tr '\\0' x").await;
    assert_eq!(outcome.evidence[0].text, "exit 0, 1 line");
}
