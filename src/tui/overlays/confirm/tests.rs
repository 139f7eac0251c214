//! What the card and its form make of the values in a phrase.

use serde_json::json;

use crate::base::Millis;
use crate::protocol::{Request, Update};
use crate::run::summarise;
use crate::tui::testing::{Harness, run_of};
use crate::workflow::Registry;

const DEPLOY: &str = "\
id: deploy
name: Deploy a service
trigger_phrases: [roll a service out, deploy a service]
examples:
  - deploy cart
  - deploy checkout to prod
  - deploy checkout to prod with PR #482
  - deploy checkout to staging or production
scope: Bring a service to an environment
inputs:
  service: { prompt: Which service? }
  environment: { prompt: Where to?, options: [staging, production] }
  pr: { prompt: Which pull request?, type: number, required: false }
  force: false
steps:
  - id: go
    title: Roll it out
    run: deploy \"$SERVICE\" \"$WHERE\"
    env: { SERVICE: \"${{ inputs.service }}\", WHERE: \"${{ inputs.environment }}\" }
";

fn registry(text: &str) -> Registry {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("deploy.yaml"), text).expect("a file");
    Registry::load_folder(folder.path())
}

/// A console with the card that this phrase opens; an earlier run deployed checkout.
fn card(width: u16, height: u16, phrase: &str) -> Harness {
    let registry = registry(DEPLOY);
    let inputs = json!({ "service": "checkout", "environment": "staging", "pr": null, "force": false });
    let entry = registry.find("deploy").expect("it is there");
    let (run, _) = run_of(entry, inputs.as_object().cloned().expect("an object"), "7f3a", Millis(60_000));
    Harness::new(width, height)
        .with_run(run)
        .with_registry(registry)
        .connected()
        .keys(&format!("{phrase}<ret>"))
        .see("Why this one")
}

#[test]
fn values_of_the_phrase_stand_in_the_card_and_are_told() {
    let phrase = "deploy checkout to prod with PR #482";
    let card80 = card(80, 24, phrase)
        .see("from your phrase: “prod”")
        .see("482   from your phrase ")
        .golden("confirm_values_80x24");
    card(60, 15, phrase).golden("confirm_values_60x15");
    let planned = card80.keys("d").see("SERVICE = checkout").see("WHERE = production");
    assert!(planned.requests().iter().all(|r| !matches!(r, Request::Start(_))), "nothing was started");
    let started = planned.keys("d<ret>");
    let start = started.requests().into_iter().find_map(|r| match r {
        Request::Start(start) => Some(start.clone()),
        _ => None,
    });
    let start = start.expect("nothing is missing, so Enter starts");
    let expected = json!({ "service": "checkout", "environment": "production", "pr": 482, "force": false });
    assert_eq!(serde_json::Value::Object(start.inputs), expected);
    assert_eq!(start.phrase.as_deref(), Some(phrase));
}

/// The words on the screen that are lit as those of a match are.
fn lit(harness: &Harness, word: &str) -> bool {
    let style = harness.model.look.lit();
    let buffer = harness.buffer();
    let width = usize::from(buffer.area.width);
    let letters: Vec<String> = word.chars().map(|c| c.to_string()).collect();
    buffer.content.chunks(width).any(|row| {
        row.windows(letters.len()).any(|cells| {
            cells.iter().zip(&letters).all(|(c, l)| c.symbol() == l.as_str() && Some(c.fg) == style.fg)
        })
    })
}

#[test]
fn the_words_that_were_taken_are_lit_until_the_value_is_another() {
    let card = card(100, 30, "deploy checkout to prod");
    assert!(lit(&card, "checkout") && lit(&card, "prod"));
    assert!(!lit(&card, "deploy checkout"));
    let form = card.keys("i").see("from your phrase: “prod”");
    let changed = form.keys("<tab>s").see_no("from your phrase: “prod”").keys("<ctrl-s>");
    assert!(lit(&changed, "checkout") && !lit(&changed, "prod"));
    changed.see("staging   typed").see("checkout   from your phrase");
}

#[test]
fn what_could_be_two_things_is_left_open() {
    let phrase = "deploy checkout to staging or production";
    let open = card(80, 24, phrase).see("needed").golden("confirm_values_unclear_80x24");
    let asked = open.keys("<ret>").see("Where to?");
    assert!(asked.requests().iter().all(|r| !matches!(r, Request::Start(_))), "it is asked for instead");
}

#[test]
fn the_form_opens_with_what_the_phrase_says() {
    let form = |width, height| card(width, height, "deploy checkout to prod").keys("i").see("Which service?");
    let opened = form(80, 24).see("checkout").golden("form_values_80x24");
    form(60, 15).golden("form_values_60x15");
    opened.keys("<ctrl-s>").see("production   from your phrase: “prod”");
}

#[test]
fn a_run_that_has_just_started_makes_its_names_known() {
    let registry = registry(DEPLOY);
    let inputs = json!({ "service": "cart", "environment": "staging", "pr": null, "force": false });
    let entry = registry.find("deploy").expect("it is there");
    let (run, events) = run_of(entry, inputs.as_object().cloned().expect("an object"), "91c0", Millis(1_000));
    let unknown = Harness::new(80, 24).with_registry(registry).connected();
    let unknown = unknown.keys("deploy cart<ret>").see("needed").keys("<esc>");
    let update = Update::Run { summary: Box::new(summarise(&run)), events };
    unknown.update(update).keys("<ret>").see("cart   from your phrase");
}

#[test]
fn a_changed_file_is_filled_anew_and_what_was_typed_stays() {
    let card = card(100, 30, "deploy checkout to prod").keys("i<tab><tab>7<ctrl-s>").see("7   typed");
    let changed = DEPLOY
        .replace("[staging, production]", "[staging, live]")
        .replace("  force: false\n", "  force: false\n  branch: main\n");
    let card = card.with_registry(registry(&changed)).see("The file has changed");
    let card = card.see("7   typed").see("checkout   from your phrase").see("main   default");
    card.see_no("production   from").see("needed");
}

const RELEASE: &str = "\
id: release
name: Release a feature
trigger_phrases: [release a feature]
scope: Take a feature to production
moves: { from: Validated, to: Deployed }
inputs:
  service: { prompt: Which service?, default: checkout }
steps:
  - id: build
    title: Build the image
    needs: []
    run: make image
    rollback: { title: Remove the image, run: make clean }
  - id: lint
    title: Lint
    needs: []
    run: make lint
  - id: test
    title: Test each part
    needs: [build]
    for_each: [api, web]
    run: make test PART=\"$PART\"
    env: { PART: \"${{ item }}\" }
  - id: logs
    title: Collect the last logs
    needs: [test, lint]
    call: observability.getLogs
    with: { service: \"${{ inputs.service }}\", since: 15m }
    assign: logs
  - id: diagnose
    title: Read the logs
    agent: analyst
    prompt: |
      What do the logs of ${{ inputs.service }} say?
      Be brief.
  - id: approve
    title: Approve the release
    approve: Release ${{ inputs.service }}?
  - id: deploy
    title: Deploy
    workflow: deploy-service
    inputs: { service: \"${{ inputs.service }}\" }
  - id: verify
    title: See that it is there
    actions: [Open the dashboard, Call the new endpoint]
";

/// The card of a workflow that moves a subject, on this branch; the engine knows where that stands.
fn release(width: u16, height: u16, branch: &str, state: Option<&str>) -> Harness {
    use crate::run::{Repo, SubjectState};
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("release.yaml"), RELEASE).expect("a file");
    let child = "id: deploy-service\nname: Deploy a service\ntrigger_phrases: [bring it out]\nscope: Bring it out\n\
                 inputs: { service: { prompt: Which service? } }\nsteps:\n  - { id: roll, title: Roll it out, run: \"true\" }\n";
    std::fs::write(folder.path().join("deploy-service.yaml"), child).expect("a file");
    let known = SubjectState {
        state: state.map(str::to_owned),
        ..SubjectState::unknown("/work/checkout-api", "checkout-2")
    };
    let mut harness = Harness::new(width, height).with_registry(Registry::load_folder(folder.path()));
    let repo = Repo { branch: branch.to_owned(), ..Repo::default() };
    harness.model.facts.repo = Some(repo).filter(|r| !r.branch.is_empty());
    harness
        .answering(move |request| match request {
            Request::Subjects { .. } => Some(Ok(crate::protocol::Response::Subjects(vec![known.clone()]))),
            _ => None,
        })
        .connected()
        .keys("release a feature<ret>")
        .see("Why this one")
}

fn start_of(harness: &Harness) -> crate::protocol::Start {
    let start = harness.requests().into_iter().find_map(|r| match r {
        Request::Start(start) => Some((**start).clone()),
        _ => None,
    });
    start.expect("a start was asked for")
}

#[test]
fn the_card_tells_what_the_run_moves() {
    for (width, height) in [(80, 24), (140, 40), (60, 15)] {
        let card = release(width, height, "checkout-2", Some("Validated"));
        card.see("Validated → Deployed").golden(&format!("confirm_moves_{width}x{height}"));
    }
    let card =
        release(80, 24, "checkout-2", Some("Validated")).see("the branch").keys("s").see("Steps through");
    let start = start_of(&card.keys("<ret>"));
    assert!(start.step_through && start.subject.is_none() && start.breakpoints.is_empty());
    // Another state than it starts from is said, and the engine has the last word.
    let card = release(80, 24, "checkout-2", Some("Planned"))
        .see("is Planned")
        .golden("confirm_moves_refused_80x24");
    let card = card.keys("m").see("What does it take to Deployed?").keys("<ctrl-u>checkout-3<ctrl-s>");
    let card = card.see("checkout-3").see("typed").see("Nothing is known");
    assert_eq!(start_of(&card.keys("<ret>")).subject.as_deref(), Some("checkout-3"));
    // Where there is no branch, it asks.
    let card = release(80, 24, "", None).see("needed").keys("<ret>").see("What does it take to Deployed?");
    assert!(!card.requests().iter().any(|r| matches!(r, Request::Start(_))));
    let card = card.keys("feature-7<ctrl-s>").keys("<ret>");
    assert_eq!(start_of(&card).subject.as_deref(), Some("feature-7"));
    let none = card_of_nothing();
    none.keys("m").see("changes the state of nothing");
}

fn card_of_nothing() -> Harness {
    card(80, 24, "deploy checkout to prod")
}

#[test]
fn a_dry_run_shows_every_kind() {
    let card = release(110, 70, "checkout-2", Some("Validated")).keys("d").see("Dry run");
    let card = card.see("once for each of 2 items").see("1. api").see("calls observability.getLogs");
    let card = card.see("since = 15m").see("somebody answers in place of analyst").see("of checkout say?");
    let card = card.see("opens deploy").see("starts a run of deploy-service").see("1 Roll it out");
    let card = card.see("undone by: Remove the image").golden("confirm_dry_run_kinds_110x70");
    let runs = |r: &&Request| matches!(r, Request::Start(_) | Request::Act { .. });
    assert!(!card.requests().iter().any(runs), "a dry run runs nothing");
    release(80, 24, "checkout-2", None).see("for each of 2  after").see("after 3, 2").see("at once");
}
