//! `agent` steps with a command.

use super::*;
use crate::base::Millis;
use crate::config::Agent;

fn bench(scripts: &[(&str, &str)]) -> Bench {
    let bench = Bench::new();
    let mut tools = Tools::default();
    for (name, script) in scripts {
        let command = ["sh", "-c", script].map(str::to_owned).to_vec();
        let agent = Agent { name: (*name).to_owned(), command, persona: None, within: Some(Millis(20_000)) };
        tools.agents.insert((*name).to_owned(), agent);
    }
    bench.executor.equip(tools);
    bench
}

fn task(bench: &Bench, agent: &str, expects: Option<&str>) -> Job {
    let mut job = bench.job("step", "");
    job.work = Work::Agent {
        agent: agent.to_owned(),
        persona: "You are calm.".to_owned(),
        prompt: "Find the cause.\nTell it.\n".to_owned(),
        expects: expects.map(str::to_owned),
        by_command: true,
    };
    job
}

#[tokio::test]
async fn it_reads_persona_and_prompt_and_its_output_is_its_answer() {
    let script =
        "cat > read; echo \"STATUS: done\"; echo \"WHO: $MWTUI_AGENT/$MWTUI_STEP/$MWTUI_SESSION\" >&2";
    let mut bench = bench(&[("analyst", script)]);
    let outcome = bench.done(task(&bench, "analyst", Some("status: DONE"))).await;
    let read = std::fs::read_to_string(bench.path("read")).expect("read");
    assert_eq!(read, "You are calm.\n\nFind the cause.\nTell it.\n");
    let mut tools = Tools::clone(&bench.executor.tools());
    tools.agents.get_mut("analyst").expect("analyst").persona = Some("You are brief.".to_owned());
    bench.executor.equip(tools);
    for (persona, read) in [("", "You are brief."), ("You are calm.", "You are calm.")] {
        let mut job = task(&bench, "analyst", None);
        job.step = format!("step-{}", persona.len()).as_str().into();
        if let Work::Agent { persona: own, .. } = &mut job.work {
            persona.clone_into(own);
        }
        bench.done(job).await;
        let input = std::fs::read_to_string(bench.path("read")).expect("read");
        assert!(input.starts_with(&format!("{read}\n\n")), "{input}");
    }
    assert_eq!(outcome.outputs["STATUS"], "done");
    assert_eq!(outcome.outputs["WHO"], "analyst/step/5e55");
    assert_eq!((&outcome.outputs["exit"], &outcome.outputs["lines"]), (&0.into(), &2.into()));
    let outputs = bench.dir.path().join("outputs");
    assert_eq!(std::fs::read_dir(outputs).expect("outputs").count(), 1, "nothing is left of the prompt");
}

#[tokio::test]
async fn one_that_does_not_read_or_reads_late_is_no_trouble() {
    let mut bench = bench(&[("deaf", "echo hello"), ("late", "sleep 0.2; cat | wc -c")]);
    assert_eq!(text(&bench.done(task(&bench, "deaf", None)).await), "hello");
    let mut job = task(&bench, "late", None);
    job.step = "late".into();
    if let Work::Agent { prompt, persona, .. } = &mut job.work {
        *prompt = "x".repeat(1 << 20);
        persona.clear();
    }
    assert_eq!(text(&bench.done(job).await).trim(), ((1 << 20) + 1).to_string());
}

#[tokio::test]
async fn failures_have_their_kinds() {
    let mut bench = bench(&[
        ("broken", "cat >/dev/null; echo 'no credit left' >&2; exit 4"),
        ("slow", "sleep 600 & sleep 600"),
    ]);
    let failure = bench.failure(task(&bench, "broken", None)).await;
    assert_eq!((failure.kind, failure.exit), (FailureKind::Exit, Some(4)));
    assert_eq!(failure.message, "exit 4: no credit left");
    let failure = bench.failure(task(&bench, "unknown", None)).await;
    assert_eq!(failure.kind, FailureKind::Agent);
    assert!(
        failure.message.contains("[agents.unknown]") && failure.message.contains("broken, slow"),
        "{}",
        failure.message
    );
    let mut tools = Tools::clone(&bench.executor.tools());
    tools.agents.get_mut("slow").expect("slow").within = Some(Millis(300));
    tools.agents.insert(
        "none".to_owned(),
        Agent { command: vec!["no-such-agent".to_owned()], ..tools.agents["slow"].clone() },
    );
    bench.executor.equip(tools);
    let failure = bench.failure(task(&bench, "slow", None)).await;
    assert_eq!(failure.kind, FailureKind::Agent);
    assert!(failure.message.starts_with("no answer within 300 ms"), "{}", failure.message);
    let failure = bench.failure(task(&bench, "none", None)).await;
    assert_eq!(failure.kind, FailureKind::Agent);
    assert!(failure.message.contains("no-such-agent cannot be started"), "{}", failure.message);
}

#[tokio::test]
async fn one_that_fails_again_and_again_is_left_alone_but_an_unmet_expectation_is_an_answer() {
    let mut bench = bench(&[("broken", "exit 4"), ("wordy", "cat")]);
    for _ in 0..7 {
        let failure = bench.failure(task(&bench, "wordy", Some("STATUS: done"))).await;
        assert_eq!(failure.kind, FailureKind::Expectation);
        assert!(failure.message.ends_with("Tell it."), "{}", failure.message);
    }
    for _ in 0..5 {
        assert_eq!(bench.failure(task(&bench, "broken", None)).await.kind, FailureKind::Exit);
    }
    let failure = bench.failure(task(&bench, "broken", None)).await;
    assert_eq!(failure.kind, FailureKind::Breaker);
    assert!(failure.message.contains("agent broken"), "{}", failure.message);
}

#[tokio::test]
async fn stopping_it_ends_its_processes_and_is_no_failure_of_it() {
    let mut bench = bench(&[("slow", "echo $$ > pid; sleep 600")]);
    for _ in 0..6 {
        let job = task(&bench, "slow", None);
        bench.executor.execute(job.clone());
        let pid = bench.pid("pid").await;
        assert_eq!(bench.stopped(&job.run).await, Vec::<String>::new());
        assert_eq!(state(pid), None);
        std::fs::remove_file(bench.path("pid")).expect("remove");
    }
    assert!(bench.executor.left_alone().is_empty());
}

#[tokio::test]
async fn one_that_hangs_until_the_step_s_time_is_over_has_failed() {
    let mut bench = bench(&[("slow", "echo $$ > pid; sleep 600")]);
    for _ in 0..5 {
        let job = task(&bench, "slow", None);
        bench.executor.execute(job.clone());
        bench.pid("pid").await;
        bench.executor.stop(&job.run, &job.step, 1, Stopped::Late);
        assert_eq!(bench.stopped(&job.run).await, Vec::<String>::new());
        std::fs::remove_file(bench.path("pid")).expect("remove");
    }
    let failure = bench.failure(task(&bench, "slow", None)).await;
    assert_eq!(failure.kind, FailureKind::Breaker);
    assert!(
        failure.message.contains("no answer before the time of the step was over"),
        "{}",
        failure.message
    );
}

#[tokio::test]
async fn the_settings_are_looked_up_before_each_job_and_the_former_ones_do_where_they_cannot_be_read() {
    let mut bench = Bench::new();
    let file = bench.path("agent");
    let (sender, notices) = unbounded_channel();
    let lookup = {
        let file = file.clone();
        move || {
            let script = std::fs::read_to_string(&file)
                .map_err(|_| crate::base::Error::usage("`command` is no list"))?;
            let agent = Agent {
                name: "analyst".to_owned(),
                command: ["sh", "-c", &script].map(str::to_owned).to_vec(),
                persona: None,
                within: None,
            };
            Ok(Tools { agents: [("analyst".to_owned(), agent)].into(), ..Tools::default() })
        }
    };
    bench.executor = Executor::new(bench.dir.path().join("outputs"), sender, lookup);
    bench.notices = notices;
    let step = |bench: &Bench, step: &str| Job { step: step.into(), ..task(bench, "analyst", None) };
    let failure = bench.failure(step(&bench, "a")).await;
    assert!(
        failure.message.ends_with("[agents.analyst] cannot be looked up: `command` is no list"),
        "{}",
        failure.message
    );
    bench.done(bench.job("script", "true")).await;
    std::fs::write(&file, "echo one").expect("write");
    assert_eq!(text(&bench.done(step(&bench, "b")).await), "one");
    std::fs::write(&file, "echo two").expect("write");
    assert_eq!(text(&bench.done(step(&bench, "c")).await), "two");
    std::fs::remove_file(&file).expect("remove");
    assert_eq!(text(&bench.done(step(&bench, "d")).await), "two");
}
