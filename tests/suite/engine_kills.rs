//! The real engine killed at random moments, fifty times, with runs in flight: what was acknowledged
//! is there, nothing is done twice, and the next engine is soon there.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use mwtui::base::RunId;
use mwtui::client::Client;
use mwtui::protocol::ClientKind;
use mwtui::run::{Event, EventBody, RunFilter, RunStatus, StepState, Verb};

use crate::support::{Home, ended, kill};

const KILLS: usize = 50;
/// How soon the next engine answers; a machine that is busy with other things may take longer once.
const SOON: Duration = Duration::from_secs(2);

/// Each step writes down that it was begun: `RUN STEP` a line.
const STEPS: &str = "  - id: once
    title: Once
    run: echo \"$MWTUI_RUN once\" >> begun; sleep 0.05
  - id: again
    title: Again
    idempotent: true
    run: echo \"$MWTUI_RUN again\" >> begun; sleep 0.03
  - id: look
    title: Look
    actions: [Look at it]
  - id: last
    title: Last
    run: echo \"$MWTUI_RUN last\" >> begun";

/// A run as the clients know it.
#[derive(Default)]
struct Known {
    journal: Vec<Event>,
    /// Notes that were acknowledged, and those of which no answer came.
    notes: Vec<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_kills_lose_nothing_that_was_acknowledged_and_do_nothing_twice() {
    let home = Home::with_environment(&[("MWTUI_ENGINE_IDLE", "600000")]);
    home.workflow("busy", STEPS);
    let mut known: BTreeMap<RunId, Known> = BTreeMap::new();
    let mut waits = Vec::new();
    let mut chance = 0x2545_f491_4f6c_dd1d_u64;
    for round in 0..KILLS {
        let begun = Instant::now();
        let client = home.client().await;
        client.runs(RunFilter::default()).await.expect("an answer");
        waits.push(begun.elapsed());
        for (id, known) in known.iter_mut().rev().take(6) {
            look(&client, id, known).await;
        }
        let other = Client::connect_with(&home.paths, ClientKind::Tui, home.launcher()).await.expect("two");
        let victim = client.engine().pid;
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let moment = Duration::from_millis((chance >> 33) % 80);
        let killer = std::thread::spawn(move || {
            std::thread::sleep(moment);
            kill(victim);
        });
        // Until nobody answers any more.
        let mut number = 0;
        while let Ok(started) = client.start(home.start("busy")).await {
            let run = known.entry(started.run.clone()).or_default();
            loop {
                number += 1;
                let text = format!("note {number} of round {round}");
                let verb = Verb::Note { step: None, text: text.clone() };
                if other.act(started.run.clone(), verb).await.is_err() {
                    break;
                }
                run.notes.push(text);
                if number % 5 == 0 {
                    break;
                }
            }
        }
        killer.join().expect("the killer");
        client.lost().await;
    }
    let client = home.client().await;
    let rows = client.runs(RunFilter::default()).await.expect("all runs");
    for id in known.keys() {
        assert!(rows.iter().any(|row| row.run == *id), "run {id} was started and is not there");
    }
    let begun = std::fs::read_to_string(home.project.join("begun")).unwrap_or_default();
    for row in &rows {
        let known = known.entry(row.run.clone()).or_default();
        look(&client, &row.run, known).await;
        for step in ["once", "again", "last"] {
            let line = format!("{} {step}", row.run);
            let times = begun.lines().filter(|l| *l == line).count();
            let started = known
                .journal
                .iter()
                .filter(|e| matches!(&e.body, EventBody::StepStarted { step: s, .. } if s.as_str() == step))
                .count();
            assert!(times <= started, "{line} was begun {times} times, {started} times in the journal");
        }
    }
    waits.sort();
    assert!(waits[KILLS / 2] < SOON, "half of the engines took longer than {:?}", waits[KILLS / 2]);
    // Whatever goes on can be brought to an end.
    for row in rows.iter().filter(|row| !row.status.is_ended()).take(10) {
        client.act(row.run.clone(), Verb::Cancel { reason: None }).await.expect("cancelled");
        assert_eq!(ended(&client, row).await.status(), RunStatus::Cancelled);
    }
}

/// The journal goes on where it was, holds what was acknowledged, and is what the run is made of.
async fn look(client: &Client, id: &RunId, known: &mut Known) {
    let run = client.run(id.clone()).await.expect("the run is there");
    let journal = client.events(id.clone(), 0).await.expect("its journal");
    assert!(journal.starts_with(&known.journal), "what was read of {id} before is not there any more");
    assert!(journal.iter().map(|e| e.seq).eq(1..=journal.len() as u64), "{id}: without gaps");
    for note in &known.notes {
        let times =
            journal.iter().filter(|e| matches!(&e.body, EventBody::NoteAdded { text, .. } if text == note));
        assert_eq!(times.count(), 1, "“{note}” of {id} was acknowledged");
    }
    for (index, event) in journal.iter().enumerate() {
        let EventBody::StepCompleted { step, attempt, .. } = &event.body else { continue };
        let again = journal[index + 1..].iter().any(
            |e| matches!(&e.body, EventBody::StepCompleted { step: s, attempt: a, .. } if s == step && a == attempt),
        );
        assert!(!again, "{id}: “{step}” was done twice");
    }
    // What a dead engine left running is uncertain; only what may be run again is.
    for (step, record) in run.each_step() {
        let uncertain = matches!(record.state, StepState::Uncertain { .. });
        assert!(!(uncertain && step.idempotent), "{id}: “{}” may be run again by itself", step.id);
        assert!(step.idempotent || record.attempts.len() <= 1, "{id}: “{}” was run again by itself", step.id);
    }
    known.journal = journal;
}
