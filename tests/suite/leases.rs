//! A step that is taken, through the whole program: who may answer it, how it is told, and what a crash leaves.

use mwtui::base::{Actor, ErrorKind};
use mwtui::protocol::ClientKind;
use mwtui::run::{EventBody, LeaseEnd, Verb};

use crate::support::Home;
use crate::support::cli::say;

const LOOK: &str = "  - id: look\n    title: Look\n    actions: [See it]\n";

fn take() -> Verb {
    Verb::Take { step: None, length: None }
}

fn done() -> Verb {
    Verb::Done { step: None, evidence: Vec::new() }
}

#[tokio::test(flavor = "multi_thread")]
async fn person_and_agent_share_a_run() {
    let home = Home::new();
    home.workflow("look", LOOK);
    let person = home.client().await;
    let agent = home.client_as(ClientKind::Mcp { agent: "claude".to_owned() }).await;
    assert_eq!(agent.engine().actor, Actor::Agent("claude".to_owned()));
    let run = person.start(home.start("look")).await.expect("started").run;
    let row = agent.act(run.clone(), take()).await.expect("it is free");
    let lease = row.need.and_then(|need| need.lease).expect("it is told");
    assert_eq!(lease.holder, agent.engine().actor);
    assert_eq!(lease.until.since(lease.since).0, 15 * 60_000, "as the settings say");
    let refused = person.act(run.clone(), done()).await.expect_err("it is the agent's");
    assert_eq!(refused.kind, ErrorKind::Refused);
    assert!(refused.message.contains("taken by claude until") && refused.hint.is_some(), "{refused:?}");
    person.act(run.clone(), Verb::TakeBack { step: None, length: None }).await.expect("a person may");
    for verb in [done(), take(), Verb::TakeBack { step: None, length: None }] {
        agent.act(run.clone(), verb).await.expect_err("a person has it");
    }
    let to = Some(Actor::Agent("claude".to_owned()));
    person.act(run.clone(), Verb::HandOver { step: None, to, length: None }).await.expect("handed over");
    agent.act(run.clone(), done()).await.expect("its own");
    let told = person.events(run, 0).await.expect("events");
    let who: Vec<(&str, bool)> = told
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::StepTaken { .. } => Some(("taken", event.actor.is_person())),
            EventBody::StepTakenBack { .. } => Some(("taken back", event.actor.is_person())),
            EventBody::StepHandedOver { .. } => Some(("handed over", event.actor.is_person())),
            _ => None,
        })
        .collect();
    assert_eq!(who, [("taken", false), ("taken back", true), ("handed over", true)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_ends_by_the_engines_clock_and_survives_its_death() {
    let home = Home::new();
    home.workflow("look", LOOK);
    std::fs::write(home.paths.config_file(), "[limits]\nlease = \"1s\"\n").expect("the settings");
    let agent = home.client_as(ClientKind::Mcp { agent: "claude".to_owned() }).await;
    let run = agent.start(home.start("look")).await.expect("started").run;
    agent.act(run.clone(), take()).await.expect("it is free");
    crate::support::kill(agent.engine().pid);
    let person = home.client().await;
    let expired = crate::support::until("the lease is over", async || {
        let events = person.events(run.clone(), 0).await.expect("events");
        let expired = EventBody::LeaseEnded {
            step: "look".into(),
            holder: Actor::Agent("claude".to_owned()),
            why: LeaseEnd::Expired,
        };
        events.into_iter().find(|event| event.body == expired)
    });
    assert_eq!(expired.await.actor, Actor::Engine);
    person.act(run, done()).await.expect("whoever comes");
}

#[test]
fn the_command_line_takes_hands_over_and_takes_back() {
    let home = Home::new();
    let child = "  - id: call\n    title: Call\n    workflow: look\n";
    home.workflow("look", LOOK);
    home.workflow("call", child);
    assert_eq!(say(&home, &["run", "call", "--no-input"]).code, 7);
    let taken = say(&home, &["take", "last", "--for", "30m"]).ok();
    assert!(taken.out.contains("mwtui take-back") && taken.out.contains("answers it"), "{taken:?}");
    let status = say(&home, &["status", "last"]).ok();
    assert!(status.out.contains("taken by "), "{status:?}");
    let handed = say(&home, &["hand-over", "last", "--to", "claude", "--step", "call/look"]).ok();
    assert!(handed.out.contains("claude answers it"), "{handed:?}");
    let refused = say(&home, &["done", "last"]);
    assert_eq!(refused.code, 4);
    assert!(refused.err.contains("taken by claude until") && refused.err.contains("Take it back"));
    say(&home, &["take-back", "last"]).ok();
    let events = say(&home, &["events", "last", "--text"]).ok().out;
    assert!(events.contains("its run waits"), "the parent is told: {events}");
    say(&home, &["hand-over", "last"]).ok();
    assert_eq!(say(&home, &["hand-over", "last"]).code, 4, "nobody has it any more");
    assert_eq!(say(&home, &["take", "last", "--for", "soon"]).code, 2);
    assert_eq!(say(&home, &["take", "last", "--for", "25h"]).code, 4);
    say(&home, &["done", "last"]).ok();
}
