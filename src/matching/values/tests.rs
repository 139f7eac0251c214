use std::collections::HashSet;
use std::time::Instant;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::matching::PHRASE_LIMIT;
use crate::workflow::Field;
use crate::workflow::testing::workflow;

/// An input as `name`, `type` and question; options behind the type, `choice: a, b`.
fn field(name: &str, kind: &str, prompt: &str) -> Field {
    let kind = match kind.split_once(": ") {
        Some((_, options)) => FieldKind::Choice { options: options.split(", ").map(str::to_owned).collect() },
        None => match kind {
            "text" => FieldKind::Text,
            "number" => FieldKind::NUMBER,
            "boolean" => FieldKind::Boolean,
            "path" => FieldKind::Path,
            _ => FieldKind::String { max_length: Some(40) },
        },
    };
    Field::new(name, kind, prompt)
}

fn with(inputs: &[(&str, &str, &str)]) -> Workflow {
    let mut workflow = workflow("test", Vec::new());
    workflow.trigger_phrases = vec!["roll a service out".to_owned()];
    workflow.inputs = inputs.iter().map(|(name, kind, prompt)| field(name, kind, prompt)).collect();
    workflow
}

/// `input=value` of what is found, in the order of the phrase.
fn said(workflow: &Workflow, phrase: &str) -> String {
    said_with(workflow, phrase, &Offered::default())
}

fn said_with(workflow: &Workflow, phrase: &str, offered: &Offered) -> String {
    let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    let found = values(phrase, workflow, offered);
    found.iter().map(|f| format!("{}={}", f.input, text(&f.value))).collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn each(workflow: &Workflow, phrases: &[(&str, &str)]) {
    for (phrase, expected) in phrases {
        assert_eq!(said(workflow, phrase), *expected, "{phrase}");
    }
}

const DEPLOY: [(&str, &str, &str); 3] = [
    ("service", "string", "Which service?"),
    ("environment", "choice: staging, production", "Where to?"),
    ("force", "boolean", "Even if a check fails?"),
];

#[test]
fn options_are_found_by_their_words_and_abbreviations() {
    each(
        &with(&DEPLOY),
        &[
            ("deploy checkout to staging", "environment=staging"),
            ("Deploy checkout to STAGING, please!", "environment=staging"),
            ("roll checkout out on ｓｔａｇｉｎｇ", "environment=staging"),
            ("deploy to prod", "environment=production"),
            ("deploy to (prd)", "environment=production"),
            ("deploy to stg", "environment=staging"),
            ("deploy to \"production\"", "environment=production"),
            ("what runs is staging's old build", "environment=staging"),
            ("staging, I said: staging", "environment=staging"),
            // Part of something else.
            ("deploy staging-2", ""),
            ("open staging.example.com", ""),
            ("deploy pre-production", ""),
            ("deploy to staging/production", ""),
            ("the staged files", ""),
        ],
    );
}

#[test]
fn what_two_options_fit_or_what_is_denied_is_left_out() {
    each(
        &with(&DEPLOY),
        &[
            ("deploy checkout to staging or production", ""),
            ("from staging to prod", ""),
            ("deploy to prod, not staging", ""),
            ("deploy, but do not touch production", ""),
            ("everywhere except production", ""),
            ("why is it not working on staging", "environment=staging"),
        ],
    );
    let both = with(&[("environment", "choice: prod, production, eu, eu-west", "")]);
    each(
        &both,
        &[
            ("deploy to prod", "environment=prod"),
            ("deploy to production", "environment=production"),
            ("deploy to prd", ""),
            ("deploy to eu west", "environment=eu-west"),
            ("deploy to eu-west", "environment=eu-west"),
            ("deploy to eu", "environment=eu"),
        ],
    );
}

#[test]
fn words_of_the_trigger_phrase_and_plain_words_are_no_options() {
    let mut action = with(&[("action", "choice: roll back, restart, all, 15", "What to do?")]);
    action.trigger_phrases = vec!["please restart the service".to_owned()];
    each(
        &action,
        &[
            ("restart checkout", ""),
            ("action=restart", "action=restart"),
            ("roll-back checkout", "action=roll back"),
            ("tell all of us", ""),
            ("wait 15 minutes", ""),
            ("action 15", "action=15"),
            ("action: all", "action=all"),
        ],
    );
    let access = with(&[("role", "choice: read, write", ""), ("severity", "choice: low, high", "")]);
    each(
        &access,
        &[
            ("give ana write access", "role=write"),
            ("I can't read the board", ""),
            ("the high load breaks it", ""),
            ("it is of high severity", "severity=high"),
            ("severity is low", "severity=low"),
        ],
    );
    let environment = with(&[("environment", "choice: test, live", "")]);
    each(
        &environment,
        &[
            ("test checkout", ""),
            ("I want to test the checkout", ""),
            ("try it on test", "environment=test"),
            ("bring checkout to test", "environment=test"),
            ("the test fails", ""),
            ("bring it to the live environment", "environment=live"),
        ],
    );
}

#[test]
fn the_name_of_an_input_beside_a_value_tells_which_of_two() {
    let moved = with(&[
        ("from", "choice: staging, production", "From where?"),
        ("to", "choice: staging, production", "Where to?"),
    ]);
    each(
        &moved,
        &[
            ("copy the data from production to staging", "from=production to=staging"),
            ("copy the production data", ""),
        ],
    );
    let two = with(&[("server_dir", "path", ""), ("ansible_dir", "path", ""), ("replicas", "number", "")]);
    each(
        &two,
        &[
            ("sync ~/src/ansible", ""),
            ("ansible dir ~/src/ansible", "ansible_dir=~/src/ansible"),
            ("scale to 5 replicas", "replicas=5"),
            ("replicas: 3", "replicas=3"),
            ("wait 5 minutes", ""),
        ],
    );
}

#[test]
fn numbers_are_of_what_is_said_before_them() {
    let review = with(&[("pr", "number", "Which pull request?")]);
    each(
        &review,
        &[
            ("review PR #482", "pr=482"),
            ("review #482.", "pr=482"),
            ("review pull request 482", "pr=482"),
            ("review pull request number 482", "pr=482"),
            ("review PR-482 now", "pr=482"),
            ("review pr482", "pr=482"),
            ("review MR !7", "pr=7"),
            ("review https://github.com/shop/cart/pull/482/files", "pr=482"),
            ("review PR #482 and #483", ""),
            ("review PRs 482, 483 and 484", ""),
            ("review issue #482", ""),
            ("review 482 lines", ""),
            ("review #482a", ""),
            ("review #99999999999999999999999", ""),
            ("#", ""),
        ],
    );
    let both = with(&[("pr", "number", ""), ("issue", "string", "Which issue?")]);
    each(
        &both,
        &[
            ("PR #482 fixes issue #12", "pr=482 issue=12"),
            ("close #482", ""),
            ("close ticket PLAT-12", "issue=PLAT-12"),
            ("close PLAT-12", ""),
        ],
    );
    let asked = with(&[("number", "number", "Which one?")]);
    each(&asked, &[("look at #3", "number=3"), ("look at issue 3", "")]);
}

#[test]
fn urls_and_paths_go_where_their_name_is() {
    let link = with(&[("dashboard_url", "string", ""), ("note", "text", ""), ("folder", "path", "")]);
    each(
        &link,
        &[
            ("look at https://grafana.example/d/1?x=y.", "dashboard_url=https://grafana.example/d/1?x=y"),
            ("look at <https://example.org/a_(b)>", "dashboard_url=https://example.org/a_(b)"),
            ("https://a.example and https://b.example", ""),
            ("write it to docs/runbooks/", "folder=docs/runbooks/"),
            ("update README.md", "folder=README.md"),
            ("edit src/main.rs", "folder=src/main.rs"),
            ("use ~/src/shop.", "folder=~/src/shop"),
            ("use '~/my files/shop'", "folder=~/my files/shop"),
            ("look in src/tui", "folder=src/tui"),
            ("fix the CI/CD and/or TCP/IP on 2026/11/21", ""),
            ("use Node.js 24/7", ""),
        ],
    );
}

#[test]
fn branches_stand_behind_on_and_from() {
    let fix = with(&[("branch", "string", "Which branch?")]);
    each(
        &fix,
        &[
            ("fix the failing build on main", "branch=main"),
            ("fix the build from branch payments", "branch=payments"),
            ("fix the build on branch payments-v2.", "branch=payments-v2"),
            ("fix the build on feature/login", "branch=feature/login"),
            ("fix the build of the main branch", "branch=main"),
            ("fix the build on `payments`", "branch=payments"),
            ("branch=Payments", "branch=Payments"),
            ("fix the build on monday", ""),
            ("fix the build on k8s", ""),
            ("I am on call", ""),
            ("update branch protection", ""),
            ("create a new branch", ""),
            ("from main on develop", ""),
        ],
    );
}

#[test]
fn what_is_quoted_goes_to_the_only_text() {
    let note = with(&[("title", "string", ""), ("environment", "choice: staging, production", "")]);
    each(
        &note,
        &[
            ("open a ticket 'the pay button'", "title=the pay button"),
            ("open “it isn't on staging” now", "title=it isn't on staging"),
            ("open it, don't wait, it's ana's", ""),
            ("open \"one\" \"two\"", ""),
            ("open \"\"", ""),
            ("open \"never closed", ""),
            (&format!("open \"{}\"", "x".repeat(41)), ""),
        ],
    );
    let two = with(&[("title", "string", ""), ("message", "text", "")]);
    each(&two, &[("say 'hello'", ""), ("message 'hello' title 'x'", "message=hello title=x")]);
}

#[test]
fn what_is_named_goes_before_everything_else() {
    each(
        &with(&DEPLOY),
        &[
            ("deploy staging environment=prod service=checkout,", "environment=production service=checkout"),
            ("deploy --env=stg --force=yes", "environment=staging force=true"),
            ("service=\"check out\" Force=no", "service=check out force=false"),
            ("force", ""),
            ("environment=moon to staging", ""),
            ("service=a service=b", ""),
            ("service=a service=a", "service=a"),
            ("service= environment=", ""),
            ("colour=red https://example.org/?service=x", ""),
        ],
    );
}

#[test]
fn known_names_are_found() {
    let mut offered = Offered::default();
    let inputs = json!({ "service": "checkout-api", "environment": "x", "note": "two words" });
    offered.add_inputs(inputs.as_object().expect("an object"));
    offered.add("service", "cart");
    offered.add("service", "now");
    offered.add("service", "ca\u{202e}rd");
    assert!(offered.names("note").is_empty());
    let deploy = with(&DEPLOY);
    for (phrase, expected) in [
        ("deploy Checkout-API to staging", "service=checkout-api environment=staging"),
        ("deploy cart", "service=cart"),
        ("deploy cart now", "service=cart"),
        ("deploy cart and checkout-api", ""),
        ("deploy the shopping-cart", ""),
        ("roll the service out", ""),
    ] {
        assert_eq!(said_with(&deploy, phrase, &offered), expected, "{phrase}");
    }
    for n in 0..300 {
        offered.add("service", &format!("s{n}"));
    }
    assert_eq!(offered.names("service").len(), NAMES);
    let text = serde_json::to_string(&offered).expect("it is data");
    assert_eq!(serde_json::from_str::<Offered>(&text).expect("it is read again"), offered);
}

#[test]
fn places_are_characters_of_the_phrase() {
    let phrase = "é: déploy to “prod”, env=x #7";
    let found = values(
        phrase,
        &with(&[("where", "choice: production", ""), ("pr", "number", "")]),
        &Offered::default(),
    );
    let places: Vec<_> = found.iter().map(|f| (f.said(phrase), f.how)).collect();
    assert_eq!(places, [("“prod”".to_owned(), How::Abbreviation), ("#7".to_owned(), How::Number)]);
    assert_eq!(
        serde_json::to_value(&found[1]).expect("data"),
        json!({ "name": "pr", "value": 7, "start": 27, "end": 29, "how": "number" })
    );
}

#[test]
fn what_would_not_be_seen_as_it_is_is_no_value() {
    let all = with(&[("title", "string", ""), ("dir", "path", "")]);
    each(
        &all,
        &[
            ("say 'a\u{202e}b'", ""),
            ("title=a\u{200b}b", ""),
            ("title=a\u{7}b", ""),
            ("title='a\nb'", ""),
            ("title=a\0b", ""),
            ("use ~/a\u{2066}b", ""),
        ],
    );
}

/// Phrases that a careless reader would go through again for each of their signs.
#[test]
fn time_grows_with_the_length_alone() {
    let deploy = with(&[
        ("environment", "choice: staging, production, a a a a a a a a", ""),
        ("pr", "number", ""),
        ("title", "string", ""),
        ("dir", "path", ""),
        ("branch", "string", ""),
    ]);
    for part in [
        "'a ", "\"", "“", "staging ", "a ", "the ", "#1 and ", "(", ")", "a=", "a=\"", "/", "https://", "on ",
    ] {
        let phrase = part.repeat(PHRASE_LIMIT / part.len() + 10);
        let begun = Instant::now();
        let _ = values(&phrase, &deploy, &Offered::default());
        assert!(begun.elapsed().as_millis() < 1000, "{part:?} took {:?}", begun.elapsed());
    }
    let late = format!("{} to staging", "x ".repeat(PHRASE_LIMIT / 2));
    assert_eq!(said(&deploy, &late), "", "what is beyond the limit is not looked at");
}

/// Pieces that mean something, and any characters.
fn phrases() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("staging".to_owned()),
        Just("prod".to_owned()),
        Just("PR #482".to_owned()),
        Just("not".to_owned()),
        Just("on main".to_owned()),
        Just("environment=".to_owned()),
        Just("'".to_owned()),
        Just("\"".to_owned()),
        Just("~/x".to_owned()),
        Just("https://".to_owned()),
        "\\PC{0,6}",
        "[\\x00-\\x1f\\u{80}-\\u{9f}\\u{200b}-\\u{200f}\\u{202a}-\\u{202e}\\u{2066}-\\u{2069}]{0,3}",
        any::<String>(),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.join(" "))
}

proptest! {
    #[test]
    fn any_text_gives_values_that_fit_and_are_seen(phrase in phrases()) {
        let all = with(&[
            ("environment", "choice: staging, production", ""),
            ("pr", "number", ""),
            ("title", "string", ""),
            ("dir", "path", ""),
            ("branch", "string", ""),
            ("force", "boolean", ""),
            ("link", "string", ""),
        ]);
        let mut offered = Offered::default();
        offered.add("title", "checkout");
        let found = values(&phrase, &all, &offered);
        let length = phrase.chars().count();
        let mut names = HashSet::new();
        for one in &found {
            let input = all.inputs.iter().find(|f| f.name == one.input).expect("an input of the workflow");
            prop_assert!(field::check(input, &one.value).is_ok() && !one.value.is_null());
            prop_assert!(one.start < one.end && one.end <= length, "{:?}", one);
            prop_assert!(one.value.as_str().is_none_or(is_clean));
            prop_assert!(names.insert(one.input.clone()), "once for each input");
        }
        prop_assert_eq!(values(&phrase, &all, &offered), found);
    }
}
