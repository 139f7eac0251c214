//! Questions of every type and key, and secrets in every place where they may not stand.

use serde_json::json;

use crate::workflow::parse::parse;
use crate::workflow::{Field, FieldKind, StepKind, Workflow};

const HEAD: &str = "id: t\nname: T\ntrigger_phrases: [do t]\nscope: About t\n";

fn load(rest: &str) -> Workflow {
    match parse("t.yaml", format!("{HEAD}{rest}").as_bytes()) {
        Ok((workflow, _)) => workflow,
        Err(errors) => panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

/// What is wrong, each with its place and what to do.
fn wrong(rest: &str) -> Vec<String> {
    let errors = parse("t.yaml", format!("{HEAD}{rest}").as_bytes()).expect_err("it must not load");
    errors
        .iter()
        .map(|e| format!("{}:{} {} | {}", e.line, e.column, e.message, e.help.as_deref().unwrap_or("")))
        .collect()
}

#[track_caller]
fn told(rest: &str, parts: &[&str]) {
    let found = wrong(rest);
    assert_eq!(found.len(), parts.len(), "{found:#?}");
    for (found, part) in found.iter().zip(parts) {
        assert!(found.contains(part), "{found}\n  should contain {part}");
    }
}

const STEP: &str = "steps:\n  - title: Go\n";

#[test]
fn every_key_of_a_question_is_read() {
    let workflow = load(&format!(
        r#"inputs:
  service: {{ options_from: "kubectl get deploy -o name", description: Short names are fine }}
  version: {{ pattern: 'v\d+', pattern_says: "a version such as v3" }}
  count: {{ type: number, min: 1, max: 2.5 }}
  zones: {{ type: multi_choice, options: [a, b, c], default: [b] }}
  zone: {{ type: choice, options_from: zones, if: inputs.count > 1, required: false }}
  token: {{ type: secret, from: "env:DEPLOY_TOKEN" }}
  password: {{ type: secret }}
{STEP}"#
    ));
    let [service, version, count, zones, zone, token, password] = &workflow.inputs[..] else {
        panic!("seven")
    };
    assert_eq!(service.options_from.as_deref(), Some("kubectl get deploy -o name"));
    assert_eq!(service.description.as_deref(), Some("Short names are fine"));
    let pattern = version.pattern.as_ref().expect("a pattern");
    assert_eq!((pattern.regex.as_str(), pattern.says.as_deref()), (r"v\d+", Some("a version such as v3")));
    assert_eq!(count.kind, FieldKind::Number { min: Some(1.0), max: Some(2.5) });
    assert_eq!(zones.default, Some(json!(["b"])));
    assert_eq!(zone.kind, FieldKind::Choice { options: Vec::new() });
    assert_eq!(zone.condition.as_deref(), Some("inputs.count > 1"));
    assert!(token.is_secret() && password.is_secret());
    assert_eq!(token.default, Some(json!({ "secret": "env:DEPLOY_TOKEN" })));
    assert_eq!(password.default, None);
}

#[test]
fn an_old_journal_s_questions_are_read() {
    for (kind, text) in [
        (FieldKind::NUMBER, r#"{"type":"number"}"#),
        (FieldKind::String { max_length: None }, r#"{"type":"string"}"#),
    ] {
        let old = format!(r#"{{"name":"n","kind":{text},"prompt":"How many?","required":true}}"#);
        assert_eq!(
            serde_json::from_str::<Field>(&old).expect("an old one"),
            Field::new("n", kind, "How many?")
        );
    }
}

#[test]
fn what_does_not_fit_together_is_told() {
    told(
        &format!(
            r"inputs:
  a: {{ type: number, pattern: x }}
  b: {{ type: choice }}
  c: {{ type: choice, options: [a], options_from: ls }}
  d: {{ type: number, min: 3, max: 1 }}
  e: {{ pattern: '(' }}
  f: {{ pattern_says: a word }}
  g: {{ type: boolean, options_from: ls }}
  h: {{ options_from: 'ls ${{{{ inputs.a }}}}' }}
  i: {{ pattern: 'a{{1000}}{{1000}}' }}
  j: {{ type: multi_choice, options: [a], default: [b] }}
{STEP}"
        ),
        &[
            "6:22 `pattern` belongs to the types string, text, path, this is number",
            "7:8 missing key `options`",
            "8:36 a question has `options` or `options_from`, not both",
            "9:30 `max` is less than `min`",
            "10:17 this pattern cannot be used: unclosed group",
            "11:8 `pattern_says` says in words what `pattern` asks for",
            "12:23 `options_from` belongs to the types string, path, choice, multi_choice, this is boolean",
            "13:26 `${{` is not filled in inside a command | Earlier answers are in its environment",
            "14:17 this pattern cannot be used: it takes too much room",
            "15:51 the default does not fit its type",
        ],
    );
}

#[test]
fn the_if_of_a_question_reads_what_was_answered_before_it() {
    let workflow = load(
        "inputs: { live: false }\nsteps:\n  - title: Ask\n    ask:\n      - { name: plan, options: [patch, wait] }\n      - { name: branch, if: answers.plan == \"patch\" and inputs.live }\n",
    );
    let StepKind::Ask { fields } = &workflow.steps[0].kind else { panic!("ask") };
    assert!(fields[1].condition.is_some());
    told(
        &format!(
            "inputs:\n  a: {{ if: inputs.b }}\n  b: {{ if: repo.root != \"\" }}\n  c: {{ if: '${{{{ inputs.a }}}}' }}\n{STEP}"
        ),
        &[
            "6:12 unknown name `inputs.b`",
            "7:12 the `if` of a question cannot read `repo`",
            "8:12 `if` is an expression already",
        ],
    );
    told(
        "steps:\n  - title: Ask\n    ask:\n      - { name: a, if: answers.b }\n      - { name: b }\n",
        &["8:24 unknown name `answers.b`"],
    );
}

#[test]
fn a_secret_is_kept_apart_from_the_other_variables_of_its_step() {
    let workflow = load(
        "inputs: { token: { type: secret }, region: eu }\nsteps:\n  - title: Ask\n    ask: [{ name: pin, type: secret }]\n  - title: Go\n    run: go\n    env: { TOKEN: \"${{ inputs.token }}\", PIN: ' ${{answers.pin}} ', REGION: \"${{ inputs.region }}\" }\n",
    );
    let StepKind::Run { env, secrets, .. } = &workflow.steps[1].kind else { panic!("run") };
    assert_eq!(env.keys().collect::<Vec<_>>(), ["REGION"]);
    let secrets: Vec<_> = secrets.iter().map(|(n, s)| (n.as_str(), s.as_str())).collect();
    assert_eq!(secrets, [("TOKEN", "inputs.token"), ("PIN", "answers.pin")]);
}

#[test]
fn a_secret_anywhere_else_is_an_error_that_says_why() {
    let rest = r#"inputs:
  token: { type: secret }
  next: { if: inputs.token is none }
steps:
  - title: A
    run: go
    env: { AUTH: "Bearer ${{ inputs.token }}", UP: "${{ inputs.token | upper }}" }
    cwd: ${{ inputs.token }}
    if: inputs.token == "x"
  - title: B
    approve: Use ${{ inputs["token"] }}?
  - title: C
    write: a/${{ inputs.token }}
    template: ${{ inputs.token }}
"#;
    let found = wrong(rest);
    assert_eq!(found.len(), 8, "{found:#?}");
    for error in &found {
        assert!(
            error.contains("`inputs.token` is a secret: what is filled in here would be kept"),
            "{error}"
        );
        assert!(error.contains("env: { TOKEN: \"${{ inputs.token }}\" }"), "{error}");
    }
}

#[test]
fn a_secret_is_known_only_once_it_was_asked_for() {
    told(
        "steps:\n  - title: Go\n    run: go\n    env: { PIN: \"${{ answers.pin }}\" }\n  - title: Ask\n    ask: [{ name: pin, type: secret }]\n",
        &["unknown name `answers.pin` | It comes from “ask”, which comes after this step"],
    );
}

#[test]
fn a_secret_stands_in_no_file() {
    told(
        &format!(
            "inputs:\n  a: {{ type: secret, default: hunter2 }}\n  b: {{ type: secret, from: hunter2 }}\n  c: {{ type: secret, summary: notes }}\n  d: {{ type: secret, from: \"typed:ab\" }}\n  e: {{ from: \"env:A\" }}\n{STEP}"
        ),
        &[
            "6:22 a secret takes no `default`",
            "7:28 `from` cannot be “hunter2” | Write env:NAME, file:PATH or command:TEXT",
            "8:22 a secret takes no `summary`",
            "9:28 `from` cannot be “typed:ab”",
            "10:8 `from` belongs to the type secret, this is string | Write `type: secret`",
        ],
    );
}
