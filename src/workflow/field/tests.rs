//! Answers of every type, good and bad.

use serde_json::json;

use super::*;
use crate::workflow::Pattern;

fn field(kind: FieldKind, default: Option<Value>, required: bool) -> Field {
    Field { default, required, ..Field::new("x", kind, "How many?") }
}

#[test]
fn what_is_typed_becomes_the_type_that_was_asked_for() {
    let options = vec!["rollback".to_owned(), "patch".to_owned(), "Pause".to_owned()];
    for (kind, typed, value) in [
        (FieldKind::NUMBER, "12", json!(12)),
        (FieldKind::NUMBER, " 1.5 ", json!(1.5)),
        (FieldKind::Boolean, "Yes", json!(true)),
        (FieldKind::Boolean, "off", json!(false)),
        (FieldKind::String { max_length: None }, " api ", json!("api")),
        (FieldKind::Text, "a\n  b\n", json!("a\n  b")),
        (FieldKind::Path, "~/src", json!("~/src")),
        (FieldKind::Choice { options: options.clone() }, "ROLL", json!("rollback")),
        (FieldKind::Choice { options: options.clone() }, "2", json!("patch")),
        (FieldKind::Choice { options: options.clone() }, "pause", json!("Pause")),
    ] {
        assert_eq!(read(&field(kind, None, true), typed).expect(typed), value);
    }
}

#[test]
fn what_does_not_fit_says_what_was_expected() {
    let options = vec!["patch".to_owned(), "pause".to_owned()];
    for (kind, typed, part) in [
        (FieldKind::NUMBER, "many", "needs a number, not `many`"),
        (FieldKind::NUMBER, "NaN", "needs a number"),
        (FieldKind::Boolean, "perhaps", "needs yes or no"),
        (FieldKind::Choice { options: options.clone() }, "pa", "one of patch, pause"),
        (FieldKind::Choice { options: options.clone() }, "0", "one of patch, pause"),
        (FieldKind::String { max_length: Some(3) }, "four", "3 characters long, this is 4"),
        (FieldKind::String { max_length: None }, "  ", "“How many?” needs"),
        (FieldKind::Path, "a\0b", "NUL"),
    ] {
        let error = read(&field(kind, None, true), typed).expect_err(typed);
        assert!(error.contains(part), "{error}");
    }
    let string = field(FieldKind::String { max_length: None }, None, false);
    assert!(check(&string, &json!(3)).is_err_and(|e| e.contains("not `3`")));
    assert!(check(&string, &json!("a\nb")).is_err_and(|e| e.contains("one line")));
    assert!(check(&field(FieldKind::Text, None, false), &json!("x".repeat(TEXT_LIMIT + 1))).is_err());
    assert!(check(&field(FieldKind::Boolean, None, true), &json!("true")).is_err());
}

#[test]
fn nothing_typed_gives_the_default_or_null() {
    let number = |default, required| field(FieldKind::NUMBER, default, required);
    assert_eq!(read(&number(Some(json!(3)), true), ""), Ok(json!(3)));
    assert_eq!(read(&number(None, false), " "), Ok(Value::Null));
    assert!(read(&number(None, true), "").is_err());
    assert_eq!(check(&number(None, false), &Value::Null), Ok(()));
    assert!(check(&number(None, true), &Value::Null).is_err());
}

fn texts(items: &[&str]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

#[test]
fn several_choices_are_typed_with_commas_by_name_beginning_or_number() {
    let options = texts(&["eu-west", "eu-north", "us, all"]);
    let zones = field(FieldKind::MultiChoice { options }, None, true);
    for (typed, value) in [
        ("eu-north", json!(["eu-north"])),
        (" us, 1 ,EU-WEST", json!(["eu-west", "us, all"])),
        ("us, all", json!(["us, all"])),
    ] {
        assert_eq!(read(&zones, typed).expect(typed), value, "{typed}");
    }
    for (typed, part) in [
        ("eu", "needs some of eu-west, eu-north, us, all, with commas between them, not `eu`"),
        ("4", "not `4`"),
        ("", "needs some of"),
        (",", "needs some of"),
    ] {
        let error = read(&zones, typed).expect_err(typed);
        assert!(error.contains(part), "{error}");
    }
    assert!(check(&zones, &json!(["eu-west", "eu-west"])).is_err_and(|e| e.contains("twice")));
    assert!(check(&zones, &json!("eu-west")).is_err());
    let optional = Field { required: false, ..zones };
    assert_eq!(read(&optional, ""), Ok(json!([])));
}

#[test]
fn options_of_a_command_bind_once_they_are_known() {
    let mut service = field(FieldKind::Choice { options: Vec::new() }, None, true);
    service.options_from = Some("kubectl get deploy -o name".into());
    assert_eq!(read(&service, "anything"), Ok(json!("anything")));
    let known = service.with_options(&texts(&["api", "cart"]));
    assert_eq!(read(&known, "2"), Ok(json!("cart")));
    assert!(read(&known, "anything").is_err());
    // Where they are only offered, anything may be typed.
    let mut name = field(FieldKind::String { max_length: None }, None, true);
    name.options_from = service.options_from;
    assert_eq!(read(&name.with_options(&texts(&["api"])), "other"), Ok(json!("other")));
}

#[test]
fn a_number_has_bounds_and_a_text_a_pattern() {
    let number = |min, max| field(FieldKind::Number { min, max }, None, true);
    assert_eq!(read(&number(Some(1.0), Some(10.0)), "10"), Ok(json!(10)));
    for (min, max, typed, part) in [
        (Some(1.0), Some(10.0), "11", "a number from 1 to 10, not `11`"),
        (Some(0.5), None, "0", "a number from 0.5 on"),
        (None, Some(3.0), "3.5", "a number up to 3"),
    ] {
        let error = read(&number(min, max), typed).expect_err(typed);
        assert!(error.contains(part), "{error}");
    }
    let mut version = field(FieldKind::String { max_length: None }, None, false);
    version.pattern = Some(Pattern { regex: r"v\d+|main".into(), says: None });
    assert_eq!(read(&version, "v12"), Ok(json!("v12")));
    assert_eq!(read(&version, ""), Ok(Value::Null));
    // It is of the whole answer.
    for typed in ["xv12", "v12 x", "mainly"] {
        let error = read(&version, typed).expect_err(typed);
        assert!(error.contains(r"a text of one line of the form `v\d+|main`"), "{error}");
    }
    version.pattern = Some(Pattern { regex: r"v\d+".into(), says: Some("a version such as v3".into()) });
    assert!(read(&version, "3").is_err_and(|e| e.contains("needs a version such as v3, not `3`")));
}

#[test]
fn a_secret_is_a_reference_and_never_repeated() {
    let token = field(FieldKind::Secret, None, true);
    assert_eq!(read(&token, "env:DEPLOY_TOKEN"), Ok(json!({ "secret": "env:DEPLOY_TOKEN" })));
    assert_eq!(check(&token, &json!({ "secret": "typed:7f3a" })), Ok(()));
    for value in [json!("hunter2"), json!({ "secret": "hunter2" }), json!(["hunter2"]), json!("********")] {
        let error = check(&token, &value).expect_err("no reference");
        assert!(error.contains("is a secret") && !error.contains("hunter2"), "{error}");
    }
    assert!(read(&token, "hunter2").is_err_and(|e| !e.contains("hunter2")));
    // A command is its workflow's own, or it is not run.
    let command = json!({ "secret": "command:pass show x" });
    assert!(check(&token, &command).is_err());
    assert_eq!(check(&field(FieldKind::Secret, Some(command.clone()), true), &command), Ok(()));
    assert_eq!(shown(&command), "•••• from the command pass show x");
}
