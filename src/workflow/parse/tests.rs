use std::fmt::Write as _;

use super::*;
use crate::base::{Millis, WorkflowId};
use crate::workflow::{Backoff, Distinction, FieldKind, Prerequisite, Status, StepKind, SummarySection};

const HEAD: &str = "id: t\nname: T\ntrigger_phrases: [do t]\nscope: About t\n";

pub(super) fn load(text: &str) -> Workflow {
    match parse("t.yaml", text.as_bytes()) {
        Ok((workflow, warnings)) => {
            assert_eq!(warnings, [], "no warnings");
            workflow
        }
        Err(errors) => panic!("{}", all(&errors)),
    }
}

pub(super) fn errors(bytes: &[u8]) -> Vec<Diagnostic> {
    parse("t.yaml", bytes).expect_err("it must not load")
}

pub(super) fn all(errors: &[Diagnostic]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The file has exactly these errors: (line, column, part of the message or the help).
pub(super) fn told(text: &str, expected: &[(u32, u32, &str)]) {
    let found = errors(text.as_bytes());
    let places: Vec<_> = found.iter().map(|e| (e.line, e.column)).collect();
    let wanted: Vec<_> = expected.iter().map(|(line, column, _)| (*line, *column)).collect();
    assert_eq!(places, wanted, "{}", all(&found));
    for (error, (_, _, part)) in found.iter().zip(expected) {
        assert!(error.to_string().contains(part), "{error}\n  should contain {part}");
    }
}

pub(super) fn steps(text: &str) -> String {
    format!("{HEAD}steps:\n{text}")
}

#[test]
fn the_whole_format_is_read() {
    let workflow = load(
        r#"
id: fix-deploy-failure
name: Fix a failed deployment
version: 3
status: deprecated
replaced_by: MW-004
reason: The new one asks first
category: Platform operations
tags: [kubernetes, incident]
updated: 2026-11-20
trigger_phrases:
  - the deployment failed
examples:
  - the new pods crash and customers get errors
scope: Find out why a rollout failed
disambiguates_from:
  - id: ci-failure-handler
    because: there the build failed
prerequisites:
  - You are on call for this service
  - check: kubectl auth can-i get pods
    says: The cluster answers you
inputs:
  service: { prompt: Which service?, max_length: 63 }
  environment: { type: choice, options: [staging, production], default: staging }
  region: eu
  replicas: 2
env: [HOME]
config: { timeout: 30m, continue_on_error: false, retry: { max_attempts: 2, backoff: exponential, initial: 1s, max: 30s } }
ends_session: true
steps:
  - id: status
    title: Check the rollout
    run: kubectl rollout status deploy/"$SERVICE" && echo "${HOME}" $((1+2))
    shell: bash
    env: { SERVICE: "${{ inputs.service }}", COUNT: 3, DEEP: true }
    cwd: "${{ env.HOME }}/x"
    idempotent: true
    timeout: 45s
    retry: { max_attempts: 3 }
    assign: rollout
    summary: testing
  - id: choose
    title: Decide how to recover
    ask:
      - { name: plan, prompt: What shall we do?, options: [rollback, patch] }
      - { name: why, type: text, required: false, summary: notes }
  - id: approve
    title: Approve the change
    approve: Roll ${{ inputs.service }} back to ${{ steps.status.outputs.revision }}?
    within: 30m
  - title: Look
    if: answers.plan == "rollback" and rollout.exit == 0
    actions: [Open the dashboard, Look for errors]
    validation: Error rate is back to normal
    evidence: required
    continue_on_error: true
  - title: Write it down
    write: docs/${{ inputs.service }}.md
    template: |
      # ${{ inputs.service }}
    overwrite: true
outputs: [A healthy service]
success_criteria: [Error rate is back to normal]
"#,
    );
    assert_eq!(
        (workflow.id.as_str(), workflow.version, workflow.updated.as_deref()),
        ("fix-deploy-failure", 3, Some("2026-11-20"))
    );
    assert!(
        matches!(&workflow.status, Status::Deprecated { replaced_by: Some(id), reason: Some(_) } if id.as_str() == "MW-004")
    );
    assert!(workflow.ends_session);
    assert_eq!(workflow.config.timeout, Some(Millis(1_800_000)));
    assert_eq!(
        workflow.config.retry.as_ref().map(|r| (r.max_attempts, r.backoff)),
        Some((2, Backoff::DOUBLING))
    );
    assert!(
        matches!(&workflow.prerequisites[1], Prerequisite::Check { check, says, hint: None } if check.starts_with("kubectl") && says.starts_with("The"))
    );
    let kinds: Vec<&str> = workflow.inputs.iter().map(|f| f.kind.word()).collect();
    assert_eq!(kinds, ["string", "choice", "string", "number"]);
    assert_eq!(workflow.inputs[0].kind, FieldKind::String { max_length: Some(63) });
    assert_eq!(workflow.inputs[2].default, Some("eu".into()));
    let ids: Vec<&str> = workflow.steps.iter().map(|s| s.id.as_str()).collect();
    assert_eq!(ids, ["status", "choose", "approve", "look", "write-it-down"]);
    let StepKind::Run { shell, env, cwd, script, .. } = &workflow.steps[0].kind else { panic!("run") };
    assert_eq!(
        (shell.join(" "), env["COUNT"].as_str(), env["DEEP"].as_str()),
        ("bash -c".into(), "3", "true")
    );
    assert!(script.contains("$((1+2))") && cwd.as_deref() == Some("${{ env.HOME }}/x"));
    assert_eq!(workflow.steps[0].summary, Some(SummarySection::Testing));
    let StepKind::Ask { fields } = &workflow.steps[1].kind else { panic!("ask") };
    assert!(matches!(&fields[0].kind, FieldKind::Choice { options } if options.len() == 2));
    assert!(
        !fields[1].required && fields[1].summary == Some(SummarySection::Notes) && fields[1].prompt == "why"
    );
    assert!(workflow.steps[3].evidence_required && workflow.steps[3].continue_on_error);
    assert!(
        matches!(&workflow.steps[4].kind, StepKind::Write { overwrite: true, template, .. } if template == "# ${{ inputs.service }}\n")
    );
}

#[test]
fn the_plain_structure_of_a_process_bank_is_read_as_it_stands() {
    let workflow = load(
        r#"workflow_name: "Short descriptive name"
trigger_phrases:
  - "Primary natural language trigger"
  - "Alternative trigger phrase"
scope: "What this workflow covers"
disambiguates_from: ["Other workflows it might be confused with", "MW-002 (focuses on tools)", "MW-003"]
prerequisites: ["What must be true before starting"]
steps:
  - description: "Step 1"
    actions: ["Specific actions to take"]
    validation: "How to verify step completed"
  - description: "Step 1"
outputs:
  - "What artifacts/documents are produced"
success_criteria:
  - "How to know workflow completed successfully"
"#,
    );
    assert_eq!(workflow.id.as_str(), "short-descriptive-name");
    assert_eq!((workflow.version, workflow.status.word()), (1, "active"));
    let because = |id: Option<&str>, because: &str| Distinction {
        id: id.map(WorkflowId::from),
        because: because.into(),
    };
    assert_eq!(
        workflow.disambiguates_from,
        [
            because(None, "Other workflows it might be confused with"),
            because(Some("MW-002"), "focuses on tools"),
            because(Some("MW-003"), "MW-003"),
        ]
    );
    assert_eq!(workflow.steps[0].title, "Step 1");
    assert_eq!(workflow.steps[1].id.as_str(), "step-1-2");
    let (unnamed, _) =
        parse("dir/Ärger 7.yaml", "name: Ä\ntrigger_phrases: [x]\nscope: y\nsteps: [{title: ü}]".as_bytes())
            .expect("loads");
    assert_eq!((unnamed.id.as_str(), unnamed.steps[0].id.as_str()), ("rger-7", "step-1"));
}

#[test]
fn a_misspelt_key_is_told_with_the_right_one() {
    told(
        "id: t\nname: T\ntrigger_phrase: [x]\nscope: s\nsteps:\n  - titel: Do\n    title: Do\n    continue_on_eror: true\n    zzz: 1\n",
        &[
            (1, 1, "missing key `trigger_phrases`"),
            (3, 1, "unknown key `trigger_phrase`; did you mean `trigger_phrases`?"),
            (6, 5, "unknown key `titel`; did you mean `title`?"),
            (8, 5, "unknown key `continue_on_eror`; did you mean `continue_on_error`?"),
            (9, 5, "unknown key `zzz`"),
        ],
    );
    let shown = all(&errors(b"id: t\nnmae: T\ntrigger_phrases: [x]\nscope: s\nsteps: [{title: Do}]\n"));
    assert!(shown.contains("t.yaml:2:1: error: unknown key `nmae`; did you mean `name`?\n"), "{shown}");
    assert!(
        shown.contains("2 | nmae: T\n  | ^^^^") && shown.contains("help: A workflow has the keys id, name"),
        "{shown}"
    );
}

#[test]
fn a_wrong_type_says_what_was_expected_and_found() {
    told(
        &format!(
            "{HEAD}version: three\ntags: x\nends_session: \"yes\"\nconfig: [1]\ncategory: 7\nsteps:\n  - run: ls\n    title: A\n    timeout: 30\n    retry: {{ max_attempts: 11 }}\n  - title: B\n    actions: [\"a\", 2]\n  - just text\n"
        ),
        &[
            (5, 10, "`version` must be a whole number from 1 on, found text"),
            (6, 7, "`tags` must be a list, found text"),
            (7, 15, "`ends_session` must be true or false, found the text “yes”"),
            (8, 9, "`config` must be a mapping, found a list"),
            (9, 11, "`category` must be text, found the number 7"),
            (13, 14, "`timeout` must be a length of time, found the number 30"),
            (14, 28, "`max_attempts` must be a whole number from 1 to 10, found the number 11"),
            (16, 20, "Put it in quotes: \"2\""),
            (17, 5, "a step must be a mapping, found text"),
        ],
    );
    told(
        &steps("  - title: A\n    actions:\n      - Ask: \"What?\"\n"),
        &[(8, 9, "Text that holds `: `, as after “Ask”, needs quotes")],
    );
    told("- a\n", &[(1, 1, "a workflow must be a mapping, found a list")]);
}

#[test]
fn what_nothing_would_enforce_is_refused() {
    told(
        &steps(
            "  - title: A\n    timeout: 1m\n    idempotent: true\n  - title: B\n    approve: Yes?\n    timeout: 1m\n  - title: C\n    ask: [{ name: x }]\n    retry: { max_attempts: 2 }\n    actions: [a]\n    within: 5m\n",
        ),
        &[
            (
                7,
                5,
                "`timeout` belongs to the kinds `run`, `call`, `agent`, `write` and `workflow`, this step is manual",
            ),
            (8, 5, "`idempotent` belongs to the kinds"),
            (11, 5, "How long people have is said with `within`"),
            (14, 5, "`retry` belongs to the kinds"),
            (15, 5, "`actions` belongs to a manual step, this one has `ask`"),
            (16, 5, "`within` belongs to the kind `approve`, this step is ask"),
        ],
    );
}

#[test]
fn what_stands_twice_is_told_with_the_place_of_the_first() {
    told(
        &format!("{HEAD}name: Again\nsteps:\n  - {{ id: a, title: A }}\n  - {{ id: a, title: B }}\n"),
        &[(5, 1, "It is already given on line 2"), (8, 11, "The step on line 7 has it already")],
    );
    told(
        &steps(
            "  - title: A\n    ask: [{ name: x }, { name: x }]\n  - title: B\n    ask: [{ name: x }]\n    run: echo\n",
        ),
        &[
            (7, 32, "two questions are called `x`"),
            (9, 19, "an earlier question is called `x` too"),
            (10, 5, "a step does one thing: this one has `ask` and `run`"),
        ],
    );
    told(
        &steps("  - title: A\n    ask: [{ name: x }]\n  - title: B\n    ask: [{ name: x }]\n"),
        &[(9, 19, "an earlier question is called `x` too")],
    );
    told(
        "workflow_name: A\nname: B\ntrigger_phrases: [x]\nscope: y\nsteps: [{title: Z}]",
        &[(1, 1, "both `name` and `workflow_name`")],
    );
}

#[test]
fn what_is_missing_is_told() {
    told(
        "version: 1\n",
        &[
            (1, 1, "missing key `name`"),
            (1, 1, "missing key `trigger_phrases`"),
            (1, 1, "missing key `scope`"),
            (1, 1, "missing key `steps`"),
        ],
    );
    told(
        &format!(
            "{HEAD}steps:\n  - id: a\n  - title: W\n    write: a.md\n  - title: C\n    ask: [{{ name: c, type: choice }}, {{ prompt: x }}]\n"
        ),
        &[
            (6, 5, "missing key `title`"),
            (7, 5, "missing key `template`"),
            (10, 13, "missing key `options`"),
            (10, 40, "missing key `name`"),
        ],
    );
    told(&format!("{HEAD}steps: []\n"), &[(5, 8, "`steps` is empty")]);
}

#[test]
fn what_this_version_does_not_do_is_no_unknown_key() {
    told(
        &format!("{HEAD}extends: MW-001\nsteps: [{{title: A}}]\n"),
        &[(5, 1, "not supported in this version")],
    );
}

#[test]
fn an_unknown_name_in_an_expression_is_told_where_it_stands() {
    told(
        &format!(
            "{HEAD}inputs: {{ service: api }}\nenv: [HOME]\nsteps:\n{}",
            r#"  - id: my-step
    title: A
    run: echo
    env: { S: "x ${{ inputs.servise }} y", H: "${{ env.PATH }}", L: "${{ steps.later.outputs.x }}" }
  - title: B
    if: answers.plan == "x" and repo.brunch == "main"
  - title: C
    ask: [{ name: plan }]
  - id: later
    title: D
    approve: ${{ answers.plan }} ${{ nope }} ${{ steps.my-step.outputs.x }} ${{ steps["my-step"].exit }} ${{ run.id }} ${{ session.name }}?
  - title: E
    if: ${{ answers.plan == "x" }}
  - title: F
    if: answers.plan = "x"
  - title: G
    write: a/${{ answers.plan
    template: x
"#
        ),
        &[
            (11, 22, "unknown name `inputs.servise`; did you mean `inputs.service`?"),
            (11, 52, "unknown name `env.PATH`"),
            (11, 74, "unknown name `steps.later`"),
            (13, 9, "unknown name `answers.plan`"),
            (13, 33, "unknown name `repo.brunch`; did you mean `repo.branch`?"),
            (18, 38, "unknown name `nope`"),
            (18, 50, "A step id with a dash is written in brackets: steps[\"my-step\"].outputs"),
            (18, 81, "A step has `outputs`: steps.my-step.outputs.exit"),
            (20, 9, "Write if: answers.plan == \"x\""),
            (22, 9, "this expression cannot be read"),
            (24, 14, "`${{` has no closing `}}`"),
        ],
    );
}

#[test]
fn an_expression_in_a_script_is_told_with_the_env_line_to_write() {
    let text = steps("  - title: A\n    run: |\n      echo hi\n      kubectl get ${{ inputs.service }}\n");
    told(&text, &[(9, 23, "env: { SERVICE: \"${{ inputs.service }}\" }")]);
    told(
        &format!(
            "{HEAD}prerequisites:\n  - check: ls ${{{{ inputs.x }}}}\nsteps:\n  - title: Do ${{{{ x }}}}\n    actions: [\"a ${{{{ b }}}}\"]\n"
        ),
        &[
            (6, 15, "not filled in inside a command"),
            (8, 15, "`${{` is not filled in inside `title`"),
            (9, 18, "`${{` is not filled in inside `actions`"),
        ],
    );
}

#[test]
fn values_out_of_their_bounds_are_told() {
    told(
        &format!(
            "{HEAD}inputs:\n  9x: a\n  n: {{ type: number, default: many }}\n  c: {{ options: [a, a], default: b }}\n  and: x\nsteps:\n  - id: Not Good\n    title: A\n  - title: B\n    run: echo\n    shell: bsh\n  - title: C\n    write: ../x\n    template: x\n    assign: inputs\n    timeout: 5 minutes\n    retry: {{ max_attempts: 2, initial: 10s, max: 1s }}\n  - title: D\n    evidence: maybe\n    summary: tests\n    shell: sh\n"
        ),
        &[
            (6, 3, "`9x` cannot be used as a name"),
            (7, 31, "the default does not fit its type: “n” needs a number, not `many`"),
            (8, 8, "the option “a” is listed twice"),
            (8, 34, "“c” needs one of a, a, not `b`"),
            (9, 3, "`and` cannot be used as a name"),
            (11, 9, "`Not Good` cannot be a step id"),
            (15, 12, "unknown shell `bsh`; did you mean `sh`?"),
            (17, 12, "must name a place under the run's folder"),
            (19, 13, "`inputs` already means something"),
            (20, 14, "found “5 minutes”"),
            (21, 45, "`max` is shorter than `initial`"),
            (23, 15, "`evidence` cannot be “maybe”"),
            (24, 14, "`summary` cannot be “tests”"),
            (25, 5, "`shell` belongs to the kind `run`, this step is manual"),
        ],
    );
    let many: String = (0..201).fold(String::new(), |mut text, n| {
        let _ = writeln!(text, "  - phrase {n}");
        text
    });
    let text = format!("id: t\nname: T\ntrigger_phrases:\n{many}scope: s\nsteps: [{{title: A}}]\n");
    told(&text, &[(204, 5, "`trigger_phrases` has 201 sentences; 200 are allowed")]);
    let long =
        format!("id: t\nname: T\ntrigger_phrases: [{}]\nscope: s\nsteps: [{{title: A}}]\n", "x".repeat(1025));
    told(&long, &[(3, 19, "this phrase has 1025 bytes; 1024 are allowed")]);
    assert!(errors(long.as_bytes())[0].snippet.len() < 2000, "a snippet is short");
    let text = format!("{HEAD}examples:\n{many}steps: [{{title: A}}]\n");
    told(&text, &[(206, 5, "`examples` has 201 sentences; 200 are allowed")]);
    let long = format!("{HEAD}examples: [{}]\nsteps: [{{title: A}}]\n", "x".repeat(1025));
    told(&long, &[(5, 12, "this phrase has 1025 bytes; 1024 are allowed")]);
}

/// As long as a file may be: refused with the place, and no screen is filled with it.
#[test]
fn thousands_of_triggers_and_one_of_a_megabyte_are_refused() {
    let rest = "scope: s\nsteps: [{title: A}]\n";
    let many: String = (0..10_000).fold(String::new(), |mut text, n| {
        let _ = writeln!(text, "  - phrase {n}");
        text
    });
    told(
        &format!("id: t\nname: T\ntrigger_phrases:\n{many}{rest}"),
        &[(204, 5, "`trigger_phrases` has 10000 sentences; 200 are allowed")],
    );
    let long = "word ".repeat(1024 * 1024 / 5 - 30);
    let long = format!("id: t\nname: T\ntrigger_phrases: [{}]\n{rest}", long.trim_end());
    told(&long, &[(3, 19, "bytes; 1024 are allowed")]);
    assert!(errors(long.as_bytes())[0].to_string().len() < 2000);
}

#[test]
fn a_workflow_without_a_scope_loads_with_a_warning() {
    let (workflow, warnings) =
        parse("t.yaml", b"id: t\nname: T\ntrigger_phrases: [x]\nsteps: [{title: A}]\n").expect("loads");
    assert_eq!(workflow.scope, "");
    assert!(warnings.len() == 1 && warnings[0].message.contains("`scope`"), "{warnings:?}");
}

#[test]
fn a_phrase_that_the_console_needs_is_a_warning() {
    let (_, warnings) =
        parse("t.yaml", b"id: t\nname: T\ntrigger_phrases: [Cancel, x, X]\nscope: s\nsteps: [{title: A}]\n")
            .expect("loads");
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings.iter().all(|w| w.severity == Severity::Warning));
    assert!(warnings[0].message.contains("“Cancel”") && (warnings[0].line, warnings[0].column) == (3, 19));
}

#[test]
fn hostile_files_are_refused_with_a_place() {
    told("", &[(1, 1, "the file holds no workflow: it is empty")]);
    told("# only a comment\n", &[(1, 1, "it is empty")]);
    told("---\n...\n", &[(1, 1, "it is empty")]);
    told(
        &format!("{HEAD}steps: [{{title: A}}]\n---\nid: two\n"),
        &[(6, 1, "a second YAML document begins here")],
    );
    told("id: t\nname: a\0b\n", &[(2, 8, "a NUL byte stands here")]);
    told("id: t\nname: a\u{1b}[31mb\n", &[(2, 8, "the control character U+001B")]);
    told("id: t\nname: \"x\n", &[(3, 1, "this is no valid YAML")]);
    told(
        "id: !!python/object x\nname: T\ntrigger_phrases: [x]\nscope: s\nsteps: [{title: A}]\n",
        &[(1, 21, "YAML tags")],
    );
    told("a: &x {b: 1}\nc: { <<: *x }\n", MERGE);

    let bad = errors(b"id: t\nname: caf\xe9\n");
    assert_eq!((bad[0].line, bad[0].column), (2, 10), "{}", all(&bad));
    assert!(bad[0].message.contains("byte 16 of the file (0xe9) is no UTF-8"), "{}", all(&bad));

    let large = errors(&vec![b'a'; 2 * 1024 * 1024]);
    assert_eq!(
        (large[0].line, large[0].message.as_str()),
        (0, "the file is 2097152 bytes large; a workflow may have 1048576")
    );
}

const MERGE: &[(u32, u32, &str)] = &[
    (1, 1, "unknown key `a`"),
    (1, 1, "missing key `name`"),
    (1, 1, "missing key `trigger_phrases`"),
    (1, 1, "missing key `scope`"),
    (1, 1, "missing key `steps`"),
    (2, 1, "unknown key `c`"),
    (2, 6, "merge keys (`<<`) are not supported"),
];

#[test]
fn bombs_end_early() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let inner = vec![format!("*a{}", level - 1); 10].join(", ");
        let _ = writeln!(bomb, "a{level}: &a{level} [{inner}]");
    }
    let found = errors(bomb.as_bytes());
    assert!(found[0].message.contains("stands for more than 50000 values"), "{}", all(&found));
    assert_eq!(found[0].line, 5, "{}", all(&found));

    let text = format!("a: &a {}\nb: [{}]\n", "x".repeat(500_000), vec!["*a"; 1000].join(", "));
    assert!(all(&errors(text.as_bytes())).contains("stands for more than"), "long texts count as well");

    for deep in [
        format!("{HEAD}steps: {}{}", "[".repeat(100), "]".repeat(100)),
        format!("{HEAD}steps: {}", "[".repeat(200_000)),
        format!("{HEAD}steps:\n{}", (1..101).map(|n| " ".repeat(n) + "a:\n").collect::<String>()),
    ] {
        let found = errors(deep.as_bytes());
        assert!(found[0].message.contains("nested more than 64 deep"), "{}", all(&found));
        assert!(found[0].line >= 5);
    }
    told("a: &a [*a]\n", &[(1, 8, "inside the very value")]);
}

#[test]
fn aliases_within_their_budget_work() {
    let workflow =
        load(&steps("  - title: A\n    actions: &them [one, two]\n  - title: B\n    actions: *them\n"));
    assert_eq!(workflow.steps[0].kind, workflow.steps[1].kind);
}

#[test]
fn many_errors_are_cut_and_counted() {
    let text: String = (0..80).fold(HEAD.to_owned(), |mut text, n| {
        let _ = writeln!(text, "qqq{n}: x");
        text
    });
    let found = errors(text.as_bytes());
    assert_eq!(found.len(), 51);
    assert!(found[50].message.contains("more problems are not listed"));
}

#[test]
fn a_broken_file_still_tells_its_id() {
    assert_eq!(label(b"id: MW-009\nnmae: x\n").as_deref(), Some("MW-009"));
    assert_eq!(label(b"id: [x]\n"), None);
    assert_eq!(label(b"id: \"a\\nb\"\n"), None, "nothing that is no id");
    assert_eq!(label(b"\xff"), None);
}

mod property {
    use proptest::prelude::*;

    use super::super::parse;

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse("x", &bytes);
        }

        #[test]
        fn anything_like_yaml_gives_an_answer(text in "(id|name|steps|run|ask|if|[-:{}\\[\\]&*!|>'\"#%@,? \n]|\\$\\{\\{|é){0,40}") {
            let whole = format!("{}steps:\n{text}", super::HEAD);
            for text in [text.as_str(), whole.as_str()] {
                if let Err(errors) = parse("x", text.as_bytes()) {
                    prop_assert!(!errors.is_empty());
                }
            }
        }
    }
}
