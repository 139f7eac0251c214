//! The form under a person's keys.

use super::*;
use crate::base::Error;
use crate::protocol::Request;
use crate::run::testing::{Driver, question, script, workflow};
use crate::run::{Failure, FailureKind, Report};
use crate::tui::msg::Msg;
use crate::tui::testing::Harness;
use crate::workflow::{FieldKind, StepKind};

fn fields() -> Vec<Field> {
    let field =
        |name: &str, prompt: &str, kind, required| Field { required, ..Field::new(name, kind, prompt) };
    vec![
        field("service", "Which service?", FieldKind::String { max_length: Some(20) }, true),
        field(
            "plan",
            "What shall we do?",
            FieldKind::Choice { options: vec!["rollback".into(), "patch".into()] },
            true,
        ),
        field("sure", "Is the error rate back to normal?", FieldKind::Boolean, false),
        field("count", "How many pods?", FieldKind::NUMBER, true),
        field("story", "What happened?", FieldKind::Text, false),
    ]
}

fn form() -> Harness {
    form_at(90, 30)
}

fn form_at(width: u16, height: u16) -> Harness {
    let mut harness = Harness::new(width, height);
    open(&mut harness, fields());
    harness
}

/// Opens a form for these questions, its effects carried out.
fn open(harness: &mut Harness, fields: Vec<Field>) {
    let known = serde_json::json!({ "region": "eu" });
    let asking = Asking::answers(known.as_object().expect("an object"), &Map::new());
    let form = Form::answer(RunId::new("7f3a"), StepId::new("ask"), "Decide", fields, asking, &Map::new());
    for effect in form.open(&mut harness.model) {
        harness.perform(effect);
    }
    harness.send(Msg::Resize);
}

#[test]
fn the_field_at_hand_is_always_in_sight() {
    form_at(80, 24).keys("checkout<tab>").see("What shall we do?").golden("form_80x24");
    let small = form_at(60, 15).keys("checkout<tab><tab><tab>12<tab>first").see("first");
    small.see("What happened?").golden("form_60x15");
}

#[test]
fn answers_are_typed_checked_and_sent_once_they_fit() {
    let harness = form().keys("checkout<tab>p<tab><space><tab>many<tab>first<ret>second");
    let harness = harness.see("Is the error rate").see("not `many`").golden("form");
    let harness = harness.keys("<ctrl-s>");
    assert!(harness.verbs().is_empty(), "a wrong answer is not sent");
    let harness = harness.keys("<ctrl-u>3<ctrl-s>");
    let [Verb::Answer { values, .. }] = harness.verbs()[..] else { panic!("one answer is sent") };
    let expected = serde_json::json!({
        "service": "checkout", "plan": "patch", "sure": true, "count": 3, "story": "first\nsecond",
    });
    assert_eq!(serde_json::Value::Object(values.clone()), expected);
    assert!(harness.requests().iter().any(|r| matches!(r, Request::Act { .. })));
}

#[test]
fn escape_keeps_a_draft() {
    let harness = form().keys("checkout<tab>p<esc>");
    assert!(harness.model.layers.is_empty() && harness.verbs().is_empty());
    let draft = &harness.model.run.drafts[&(RunId::new("7f3a"), StepId::new("ask"))];
    assert_eq!(draft["service"], "checkout");
    assert_eq!(draft["plan"], "patch");
}

#[test]
fn pasted_text_is_made_safe() {
    let harness = form().paste("a\u{202e}b\x1b[2J\nc").keys("<esc>");
    let draft = &harness.model.run.drafts[&(RunId::new("7f3a"), StepId::new("ask"))];
    assert_eq!(draft["service"], "ab c");
}

/// A console whose engine answers requests for options and secrets.
fn engine(width: u16, height: u16, options: &'static [&'static str]) -> Harness {
    Harness::new(width, height).answering(move |request| match request {
        Request::Options { .. } if options.is_empty() => {
            Some(Err(Error::refused("not known").cause("kubectl get deploy: exit 1: no cluster")))
        }
        Request::Options { .. } => {
            Some(Ok(Response::Options(options.iter().map(ToString::to_string).collect())))
        }
        Request::KeepSecret { .. } => Some(Ok(Response::SecretKept("typed:7f3a".to_owned()))),
        _ => None,
    })
}

fn offered(name: &str, prompt: &str, kind: FieldKind) -> Field {
    Field { options_from: Some("kubectl get deploy -o name".into()), ..Field::new(name, kind, prompt) }
}

/// The answers that were sent.
fn sent(harness: &Harness) -> serde_json::Value {
    let [Verb::Answer { values, .. }] = harness.verbs()[..] else { panic!("one answer is sent") };
    serde_json::Value::Object(values.clone())
}

const MANY: &[&str] = &[
    "deploy/accounts",
    "deploy/cart",
    "deploy/checkout",
    "deploy/checkout-api",
    "deploy/invoices",
    "deploy/payments",
    "deploy/search",
    "deploy/stock",
];

#[test]
fn a_long_list_of_options_is_narrowed_by_typing() {
    let form = |width, height| {
        let mut harness = engine(width, height, MANY);
        let kind = FieldKind::Choice { options: Vec::new() };
        open(
            &mut harness,
            vec![offered("service", "Which service?", kind), Field::new("why", FieldKind::Text, "Why?")],
        );
        harness
    };
    form(80, 24).see("8 of 8, type to narrow").see("deploy/accounts").golden("form_options_80x24");
    form(60, 15).keys("che").see("2 of 8").golden("form_options_60x15");
    let chosen =
        form(80, 24).keys("che<down><tab>too slow").see("deploy/checkout-api").see_no("type to narrow");
    let chosen = chosen.keys("<ctrl-s>");
    assert_eq!(sent(&chosen), serde_json::json!({ "service": "deploy/checkout-api", "why": "too slow" }));
    form(80, 24).keys("zzz").see("Nothing holds this").keys("<ctrl-s>").see("needs one of");
}

#[test]
fn several_are_marked_with_space() {
    let mut harness = engine(80, 24, MANY);
    let zones = FieldKind::MultiChoice { options: vec!["eu".into(), "us".into(), "asia".into()] };
    let services = offered("services", "Which services?", FieldKind::MultiChoice { options: Vec::new() });
    open(&mut harness, vec![Field::new("zones", zones, "Which zones?"), services]);
    let form = harness.keys("<space><right><right><space>").see("☑ eu").see("☐ us").see("☑ asia");
    let form =
        form.keys("<down>cart<space><ctrl-u>pay<space><ctrl-u>").see("2 of 8 chosen").golden("form_marks");
    let form = form.keys("<ctrl-s>");
    let expected =
        serde_json::json!({ "zones": ["eu", "asia"], "services": ["deploy/cart", "deploy/payments"] });
    assert_eq!(sent(&form), expected);
}

#[test]
fn texts_that_are_offered_may_be_taken_or_not() {
    let form = || {
        let mut harness = engine(80, 24, MANY);
        let kind = FieldKind::String { max_length: None };
        open(
            &mut harness,
            vec![offered("service", "Which service?", kind), Field::new("n", FieldKind::NUMBER, "How many?")],
        );
        harness
    };
    let taken = form()
        .keys("check")
        .see("deploy/checkout-api")
        .golden("form_offered")
        .keys("<down><down><ret>3<ctrl-s>");
    assert_eq!(sent(&taken), serde_json::json!({ "service": "deploy/checkout-api", "n": 3 }));
    let typed = form().keys("something<ret>3<ctrl-s>");
    assert_eq!(sent(&typed), serde_json::json!({ "service": "something", "n": 3 }));
}

#[test]
fn a_command_that_fails_says_why_and_the_answer_is_typed() {
    let mut harness = engine(80, 24, &[]);
    open(&mut harness, vec![offered("service", "Which service?", FieldKind::Choice { options: Vec::new() })]);
    let form = harness.see("Options are not known, type the answer: kubectl get deploy: exit 1");
    let form = form.golden("form_options_failed").keys("cart<ret>");
    assert_eq!(sent(&form), serde_json::json!({ "service": "cart" }));
}

#[test]
fn while_the_engine_asks_one_may_type_and_a_late_answer_counts_for_its_own_question() {
    let mut harness = Harness::new(80, 24);
    let region = Field::new("zone", FieldKind::String { max_length: None }, "Which zone?");
    open(
        &mut harness,
        vec![region, offered("service", "Which service?", FieldKind::String { max_length: None })],
    );
    let form = harness.keys("a<tab>").see("asking for the options…").keys("car<up>b<tab>");
    let asked: Vec<&Request> =
        form.requests().into_iter().filter(|r| matches!(r, Request::Options { .. })).collect();
    let values = |request: &Request| match request {
        Request::Options { values, .. } => values["zone"].clone(),
        _ => Value::Null,
    };
    // Another answer before it, another question to the engine.
    assert_eq!(asked.iter().map(|r| values(r)).collect::<Vec<_>>(), ["a", "ab"]);
    let (first, second) = (asked[0].clone(), asked[1].clone());
    let answer = |form: Harness, request: Request, option: &str| {
        let result = Box::new(Ok(Response::Options(vec![option.to_owned()])));
        let mut form = form;
        form.send(Msg::Answered { asker: Asker::Overlay, request: Box::new(request), result });
        form
    };
    let late = answer(form, first, "cart-old").see_no("cart-old").see("asking for the options…");
    answer(late, second, "cart").see("cart").see_no("asking for");
}

#[test]
fn questions_come_and_go_with_the_answers_before_them() {
    let options = vec!["patch".to_owned(), "wait".to_owned()];
    let plan = Field::new("plan", FieldKind::Choice { options }, "What shall we do?");
    let mut branch = Field::new("branch", FieldKind::String { max_length: None }, "Which branch?");
    branch.condition = Some("answers.plan == \"patch\" and inputs.region == \"eu\"".into());
    branch.description = Some("It must exist on the server".into());
    let why = Field { required: false, ..Field::new("why", FieldKind::Text, "Why?") };
    let mut harness = Harness::new(80, 24);
    open(&mut harness, vec![plan, branch, why]);
    let form =
        harness.see_no("Which branch?").keys("p").see("Which branch?").keys("<tab>fix").see("It must exist");
    let form = form.golden("form_dependent");
    // Back to the first, and to the other answer: what was typed is kept, but neither asked nor sent.
    let form = form.keys("<up>w").see_no("Which branch?").keys("p").see("fix").keys("w<ctrl-s>");
    assert_eq!(sent(&form), serde_json::json!({ "plan": "wait", "branch": null, "why": null }));
}

#[test]
fn a_secret_goes_to_the_engine_alone_and_is_never_shown() {
    let token = Field::new("token", FieldKind::Secret, "Which token?");
    let mut pin = Field::new("pin", FieldKind::Secret, "Which pin?");
    pin.default = Some(Reference::Env("DEPLOY_PIN".into()).value());
    let mut harness = engine(80, 24, &[]);
    open(&mut harness, vec![token, pin]);
    let form =
        harness.see("not shown as you type").see("•••• from the variable DEPLOY_PIN, which is not set here");
    let form = form.keys("hunter2").see("•••••••").see_no("hunter").golden("form_secret").keys("<ctrl-s>");
    assert_eq!(
        sent(&form),
        serde_json::json!({ "token": { "secret": "typed:7f3a" }, "pin": { "secret": "env:DEPLOY_PIN" } })
    );
    let draft = &form.model.run.drafts[&(RunId::new("7f3a"), StepId::new("ask"))];
    assert_eq!(draft["token"], serde_json::json!({ "secret": "typed:7f3a" }));
    let told = format!("{:?}", form.requests());
    assert!(told.contains("KeepSecret") && !told.contains("hunter2"), "{told}");
}

#[test]
fn a_secret_that_was_lost_is_asked_for_when_its_step_is_tried_again() {
    let mut deploy = script("deploy", "deploy");
    if let StepKind::Run { secrets, .. } = &mut deploy.kind {
        secrets.insert("TOKEN".into(), "answers.token".into());
    }
    let mut ask = question("ask");
    if let StepKind::Ask { fields } = &mut ask.kind {
        *fields = vec![Field::new("token", FieldKind::Secret, "Which token?")];
    }
    let mut driver = Driver::start(workflow(vec![ask, deploy]));
    let values = serde_json::json!({ "token": { "secret": "typed:7f3a" } });
    let values = values.as_object().cloned().expect("an object");
    driver.act(Verb::Answer { step: None, values }).expect("answered");
    let message = "The secret for TOKEN cannot be had: it was typed".to_owned();
    let failure = Failure { kind: FailureKind::Secret, message, exit: None };
    driver.report(Report::Failed { step: "deploy".into(), attempt: 1, failure });
    let id = driver.run.id().clone();
    let mut harness = Harness::new(80, 24)
        .answering(|request| match request {
            Request::GiveSecret { reference, .. } => Some(Ok(Response::SecretKept(reference.clone()))),
            _ => None,
        })
        .with_run(driver.run)
        .connected();
    harness = crate::tui::screens::run::tests::open(harness, &id);
    for effect in verbs::perform(&mut harness.model, &id, Action::Retry) {
        harness.perform(effect);
    }
    harness.send(Msg::Resize);
    let form = harness.see("•••• typed").see("give, and try again").golden("form_secret_again");
    assert!(form.verbs().is_empty(), "nothing is tried before it is given");
    let form = form.keys("hunter2<ret>");
    let given = form.requests().into_iter().find_map(|r| match r {
        Request::GiveSecret { run, reference, secret } => Some((run, reference.as_str(), secret.reveal())),
        _ => None,
    });
    assert_eq!(given, Some((&id, "typed:7f3a", "hunter2")));
    assert_eq!(form.verbs(), [&Verb::Retry { step: Some("deploy".into()), edit: None }]);
}

#[test]
fn a_secret_that_cannot_be_taken_as_it_is_is_not_taken() {
    let mut harness = Harness::new(80, 24);
    open(&mut harness, vec![Field::new("token", FieldKind::Secret, "Which token?")]);
    let form = harness.paste("a\u{202e}b").see("not plain text").see("not shown as you type");
    form.paste(&"x".repeat(5000))
        .see("too long for a line")
        .paste("hunter2\n")
        .see("•••••••")
        .see_no("too long");
}

#[test]
fn a_secret_that_is_left_leaves_no_draft() {
    let mut harness = Harness::new(80, 24);
    open(&mut harness, vec![Field::new("token", FieldKind::Secret, "Which token?")]);
    let form = harness.keys("hunter2<esc>");
    assert!(form.model.run.drafts[&(RunId::new("7f3a"), StepId::new("ask"))].is_empty());
}
