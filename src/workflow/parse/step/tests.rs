use serde_json::json;

use super::super::tests::{load, steps, told};
use crate::base::{Millis, StepId};
use crate::workflow::{
    Backoff, Final, ForEach, Items, Moves, OnFailure, OnTimeout, Step, StepKind, Workflow,
};

const HEAD: &str = "id: t\nname: T\ntrigger_phrases: [do t]\nscope: About t\n";

fn ids(ids: &[&str]) -> Vec<StepId> {
    ids.iter().copied().map(StepId::new).collect()
}

fn step<'w>(workflow: &'w Workflow, id: &str) -> &'w Step {
    workflow.step(&StepId::new(id)).expect(id)
}

#[test]
fn every_kind_and_every_key_of_a_step_is_read() {
    let workflow = load(&format!(
        "{HEAD}{}",
        r#"inputs: { service: api, names: "a,b" }
moves: { from: [Validated, Held], to: Deployed }
config: { parallel: 3, continue_on_error: true }
steps:
  - id: look
    title: Look
    run: ./look "$SERVICE"
    env: { SERVICE: "${{ inputs.service }}" }
    cwd: sub
    shell: bash
    pty: true
    done_exits: [0, 3]
    expects: "STATUS: ${{ inputs.service }}"
    outputs: { revision: output.json.revision, short: "r${{ output.exit }}" }
    retry: { max_attempts: 4, backoff: exponential, multiplier: 1.5, jitter: true, final: [2, timeout, expectation] }
    on_failure: { escalate: [ana, team lead], within: 30m }
    rollback: ./unlook "$SERVICE"
  - id: logs
    title: Collect
    call: observability.logs.get
    with: { service: "${{ inputs.service }}", since: 15m, deep: [{ n: 1 }, "${{ steps.look.outputs.revision }}"] }
    timeout: 1m
    idempotent: true
    assign: logs
    needs: [look]
  - id: diagnose
    title: Find
    agent: analyst
    persona: You are careful
    prompt: |
      These are the logs: ${{ logs.text }}
    expects: "done"
    needs: []
    if: inputs.service != ""
  - id: fix
    title: Fix
    workflow: fix-it
    inputs: { service: "${{ inputs.service }}", times: 2 }
    required: true
    needs: [logs, diagnose]
    on_failure: rollback
  - id: try
    title: Try
    workflow: try-it
    required: false
  - id: sure
    title: Sure
    approve: Go on with ${{ steps.fix.outputs.run }}?
    within: 30m
    remind: 5m
    on_timeout: escalate
    escalate: [team lead, head]
    on_failure: { back: logs, times: 2 }
  - id: each
    title: Each
    for_each: inputs.names | split(",")
    run: echo "$NAME"
    env: { NAME: "${{ item }} ${{ iteration }}" }
    rollback: { call: shop.undo, with: { name: "${{ item }}" }, title: Take it back, timeout: 10s }
  - id: beside
    title: Beside
    for_each: { items: [a, "${{ inputs.service }}", 3], parallel: 2 }
    actions: [Look at it]
  - id: whole
    title: Whole
    for_each: "${{ steps.each.outputs.items }}"
    write: "out/${{ item.item }}"
    template: x
    rollback: { actions: [Delete it] }
    on_failure: ask
"#
    )
    // The first use of `logs` is one step too early.
    .replace("${{ logs.text }}", "${{ inputs.names }}"));
    assert_eq!(
        workflow.moves,
        Some(Moves { from: vec!["Validated".into(), "Held".into()], to: "Deployed".into(), condition: None })
    );
    assert_eq!(workflow.config.parallel, Some(3));

    let look = step(&workflow, "look");
    let StepKind::Run { pty, done_exits, expects, .. } = &look.kind else { panic!("run") };
    assert_eq!((pty, &done_exits[..]), (&true, &[0, 3][..]));
    assert_eq!(expects.as_deref(), Some("STATUS: ${{ inputs.service }}"));
    assert_eq!(look.outputs["revision"], "${{ output.json.revision }}");
    assert_eq!(look.outputs["short"], "r${{ output.exit }}");
    let retry = look.retry.as_ref().expect("retry");
    assert!(retry.jitter && retry.backoff == Backoff::Exponential { percent: 150 });
    assert_eq!(retry.finals, [Final::Exit(2), Final::Timeout, Final::Expectation]);
    assert_eq!(
        look.on_failure,
        OnFailure::Escalate { to: vec!["ana".into(), "team lead".into()], within: Millis(1_800_000) }
    );
    assert!(!look.continue_on_error, "what it says of a failure goes before what holds for all steps");
    let undo = look.rollback.as_ref().expect("rollback");
    assert_eq!((undo.id.as_str(), undo.title.as_str()), ("look.rollback", "Undo: Look"));
    let StepKind::Run { script, shell, env, cwd, pty, done_exits, expects, .. } = &undo.kind else {
        panic!("run")
    };
    assert_eq!(
        (script.as_str(), shell.join(" "), cwd.as_deref()),
        ("./unlook \"$SERVICE\"", "bash -c".into(), Some("sub"))
    );
    assert_eq!(env["SERVICE"], "${{ inputs.service }}");
    assert!(!pty && done_exits.is_empty() && expects.is_none());
    assert_eq!(look.needs, None);

    let logs = step(&workflow, "logs");
    assert_eq!(logs.needs, Some(ids(&["look"])));
    let StepKind::Call { server, tool, with, .. } = &logs.kind else { panic!("call") };
    assert_eq!((server.as_str(), tool.as_str()), ("observability", "logs.get"));
    assert_eq!(with["since"], "15m");
    assert_eq!(with["deep"], json!([{ "n": 1 }, "${{ steps.look.outputs.revision }}"]));
    assert!(logs.idempotent && logs.continue_on_error && logs.timeout == Some(Millis(60_000)));

    let diagnose = step(&workflow, "diagnose");
    assert_eq!(diagnose.needs, Some(Vec::new()));
    assert!(matches!(&diagnose.kind, StepKind::Agent { agent, persona, prompt, expects: Some(_) }
        if agent == "analyst" && persona == "You are careful" && prompt.ends_with('\n')));

    let fix = step(&workflow, "fix");
    assert!(!fix.continue_on_error && fix.on_failure == OnFailure::Rollback);
    assert!(
        matches!(&fix.kind, StepKind::Workflow { workflow, inputs } if workflow.as_str() == "fix-it" && inputs["times"] == 2)
    );
    assert!(step(&workflow, "try").continue_on_error);
    let undo = fix.rollback.as_ref().expect("a child run is rolled back");
    assert_eq!((undo.id.as_str(), &undo.kind), ("fix.rollback", &StepKind::Rollback));
    assert!(undo.title.starts_with("Undo: ") && !undo.continue_on_error);

    let sure = step(&workflow, "sure");
    assert_eq!(sure.on_failure, OnFailure::Back { to: StepId::new("logs"), times: 2 });
    assert!(
        matches!(&sure.kind, StepKind::Approve { within: Some(_), remind: Some(Millis(300_000)), on_timeout: OnTimeout::Escalate, escalate, .. }
        if escalate[..] == ["team lead", "head"])
    );

    let each = step(&workflow, "each");
    let split = Items::Expression("inputs.names | split(\",\")".into());
    assert_eq!(each.for_each, Some(ForEach { items: split, parallel: 1 }));
    let undo = each.rollback.as_ref().expect("rollback");
    assert_eq!((undo.title.as_str(), undo.timeout), ("Take it back", Some(Millis(10_000))));
    assert!(!undo.continue_on_error && matches!(&undo.kind, StepKind::Call { .. }));
    let listed = Items::Listed(vec![json!("a"), json!("${{ inputs.service }}"), json!(3)]);
    assert_eq!(step(&workflow, "beside").for_each, Some(ForEach { items: listed, parallel: 2 }));
    let whole = step(&workflow, "whole");
    assert!(
        matches!(&whole.for_each, Some(ForEach { items: Items::Expression(e), .. }) if e == "steps.each.outputs.items")
    );
    assert!(matches!(whole.rollback.as_deref(), Some(Step { kind: StepKind::Manual { .. }, .. })));
    assert_eq!(whole.on_failure, OnFailure::Ask);
}

#[test]
fn what_is_stored_of_it_reads_the_same_again() {
    let workflow = load(&steps(
        "  - title: A\n    id: a\n    run: x\n    for_each: { items: [1, 2], parallel: 2 }\n    rollback: y\n    retry: { max_attempts: 2, final: [3, spawn] }\n  - title: B\n    approve: Ok?\n    on_failure: { back: a }\n    needs: [a]\n",
    ));
    let text = serde_json::to_string(&workflow).expect("JSON");
    assert_eq!(serde_json::from_str::<Workflow>(&text).expect("read again"), workflow);
}

#[test]
fn a_step_reads_only_what_it_waits_for() {
    told(
        &format!(
            "{HEAD}steps:\n{}",
            r#"  - id: a
    title: A
    run: x
    assign: one
  - id: b-1
    title: B
    ask: [{ name: plan }]
    needs: []
  - id: c
    title: C
    needs: [a]
    run: x
    env: { A: "${{ steps.a.outputs.text }} ${{ one.text }}", B: "${{ steps['b-1'].status }}", C: "${{ answers.plan }}" }
  - id: d
    title: D
    needs: [c, b-1]
    if: answers.plan == "x" and steps.a.status == "done" and one.exit == 0
    run: x
    env: { E: "${{ steps.e.outputs.x }}", D: "${{ steps.d.outputs.x }}", T: "${{ two.x }}", F: "${{ steps.c.failure.kind }}", G: "${{ steps.c.failure.exits }}" }
  - id: e
    title: E
    run: x
    assign: two
    needs: [d]
  - id: f
    title: F
    needs: [a]
    if: one.exit == 0 and two.exit == 0
  - id: g
    title: G
    if: steps.e.status == "done"
"#
        ),
        &[
            (18, 70, "`steps.b-1` may not be there yet: this step does not wait for “b-1”"),
            (18, 103, "Add it to what the step needs: needs: [a, b-1]"),
            (24, 20, "It comes from “e”, which comes after this step"),
            (24, 51, "It comes from this very step"),
            (24, 82, "unknown name `two`"),
            (24, 135, "unknown name `steps.c.failure.exits`; did you mean `steps.c.failure.exit`?"),
            (33, 27, "`two` may not be there yet: this step does not wait for “e”"),
            (36, 9, "`steps.e` may not be there yet"),
        ],
    );
}

#[test]
fn what_the_steps_wait_for_is_no_circle_and_no_stranger() {
    told(
        &steps(
            "  - { id: a, title: A, needs: [c] }\n  - { id: b, title: B }\n  - { id: c, title: C, needs: [b] }\n",
        ),
        &[(6, 32, "these steps wait for each other: “a” needs “c”, “c” needs “b”, “b” comes after “a”")],
    );
    told(
        &steps(
            "  - { id: a, title: A, needs: [b] }\n  - { id: b, title: B, needs: [a] }\n  - { id: c, title: C, needs: [d] }\n  - { id: d, title: D, needs: [c] }\n",
        ),
        &[(6, 32, "“a” needs “b”, “b” needs “a”"), (8, 32, "“c” needs “d”, “d” needs “c”")],
    );
    told(
        &steps(
            "  - { id: build, title: A }\n  - { id: b, title: B, needs: [biuld, b, zzz, build, build] }\n  - { id: c, title: C, needs: build }\n",
        ),
        &[
            (7, 32, "there is no step `biuld`; did you mean `build`?"),
            (7, 39, "a step cannot need itself"),
            (7, 42, "The other steps are: build, c"),
            (7, 54, "`build` is listed twice"),
            (8, 31, "`needs` must be a list, found text"),
        ],
    );
}

#[test]
fn five_hundred_steps_that_need_each_other_are_read_at_once() {
    let mut text = HEAD.to_owned() + "steps:\n";
    for n in 0..500 {
        let needs: Vec<String> = (n.max(40) - 40..n).map(|m| format!("s{m}")).collect();
        let step = format!("  - {{ id: s{n}, title: S, assign: a{n}, needs: [{}] }}\n", needs.join(", "));
        text.push_str(&step);
    }
    assert_eq!(load(&text).steps.len(), 500);
    let circle = text.replace("id: s0, title: S, assign: a0, needs: []", "id: s0, title: S, needs: [s499]");
    let errors = super::super::parse("t", circle.as_bytes()).expect_err("a circle");
    assert!(errors.len() == 1 && errors[0].message.len() < 600, "{}", errors[0]);
}

#[test]
fn inside_a_loop_the_item_is_known_and_nowhere_else() {
    told(
        &steps(
            r#"  - id: a
    title: A
    if: item != "x"
    for_each: [x, "${{ item }}"]
    run: x
    env: { I: "${{ item.name }} ${{ iteration }} ${{ itme }}" }
    rollback: { run: y, env: { I: "${{ item }} ${{ steps.a.status }}", O: "${{ output.x }}" } }
  - title: B
    approve: ${{ item }}?
    assign: item
"#,
        ),
        &[
            (8, 9, "known in what a step with `for_each` does"),
            (9, 24, "unknown name `item`"),
            (11, 54, "unknown name `itme`; did you mean `item`?"),
            (12, 80, "known in the `outputs` of its step alone"),
            (14, 18, "unknown name `item`"),
            (15, 13, "`item` already means something in expressions"),
        ],
    );
    // A file that has no loop may go on using the words.
    let old = load(&steps(
        "  - { title: A, run: x, assign: item }\n  - { title: B, run: x, assign: output }\n  - { title: C, approve: \"${{ item.exit }} ${{ output.exit }}?\" }\n",
    ));
    assert_eq!(old.steps[1].assign.as_deref(), Some("output"));
    let run = load(&steps("  - { title: C, approve: \"${{ run.feedback }} ${{ run.subject }}?\" }\n"));
    assert_eq!(run.steps.len(), 1);
}

#[test]
fn a_list_that_is_none_is_told() {
    told(
        &steps(
            r#"  - { title: A, for_each: "a, b-c", run: x }
  - { title: B, for_each: [], run: x }
  - { title: C, for_each: 3, run: x }
  - { title: D, for_each: "x ${{ repo.name }}", run: x }
  - { title: E, for_each: { parallel: 2 }, run: x }
  - { title: F, for_each: { items: [a], parallel: 65, paralel: 1 }, run: x }
  - { title: G, for_each: [a], ask: [{ name: q }] }
  - { title: H, for_each: [a], approve: Sure? }
  - { title: I, for_each: "repo.nmae", run: x }
  - { title: J, for_each: [a], parallel: 3, run: x }
"#,
        ),
        &[
            (6, 27, "A list is written in brackets: [a, b-c]"),
            (7, 27, "`for_each` is an empty list"),
            (8, 27, "`for_each` must be a list or an expression that gives one, found the number 3"),
            (9, 27, "`for_each` is one expression"),
            (10, 29, "missing key `items`"),
            (11, 51, "`parallel` must be a whole number from 1 to 64"),
            (11, 55, "unknown key `paralel`; did you mean `parallel`?"),
            (12, 17, "`for_each` does not go with `ask`"),
            (13, 17, "One approval shows everything that it lets happen"),
            (14, 28, "unknown name `repo.nmae`; did you mean `repo.name`?"),
            (15, 32, "Write `for_each: { items: …, parallel: 3 }`"),
        ],
    );
}

#[test]
fn a_rollback_needs_something_to_undo() {
    let rest = "  - { id: a, title: A, run: x, on_failure: rollback }\n";
    told(&steps(rest), &[(6, 44, "there is nothing to roll back")]);
    let child = format!("  - {{ id: w, title: W, workflow: w }}\n{rest}");
    super::super::parse("t.yaml", steps(&child).as_bytes()).expect("its run can be rolled back");
}

#[test]
fn what_follows_a_failure_must_be_possible() {
    told(
        &steps(
            r"  - { id: a, title: A, run: x, on_failure: retry }
  - { id: b, title: B, run: x, on_failure: a }
  - { id: c, title: C, run: x, on_failure: { back: d } }
  - { id: d, title: D, run: x, on_failure: { back: d, times: 0 } }
  - { id: e, title: E, run: x, on_failure: { back: cc } }
  - { id: f, title: F, run: x, on_failure: { back: a, escalate: [x] } }
  - { id: g, title: G, run: x, on_failure: { times: 2 } }
  - { id: h, title: H, run: x, on_failure: rolback }
  - { id: i, title: I, run: x, on_failure: rollback }
  - { id: j, title: J, run: x, on_failure: { escalate: [ana, lead] } }
  - { id: k, title: K, run: x, on_failure: { escalate: [ana], within: 1m } }
  - { id: l, title: L, run: x, on_failure: { escalate: [], times: 1 } }
  - { id: m, title: M, run: x, on_failure: ask, continue_on_error: true }
  - { id: n, title: N, workflow: w, on_failure: ask, required: false }
  - { id: o, title: O, workflow: w, required: false, continue_on_error: true }
  - { id: p, title: P, approve: Ok?, on_reject: a }
  - { id: q, title: Q, needs: [a], run: x, on_failure: { back: b } }
  - { id: r, title: R, run: x, on_failure: [a] }
",
        ),
        &[
            (6, 44, "A step is tried again with `retry: { max_attempts: 3 }`"),
            (7, 44, "To go back to that step: on_failure: { back: a }"),
            (8, 52, "“d” does not lead to this step"),
            (9, 52, "a step does not go back to itself"),
            (9, 62, "`times` must be a whole number from 1 to 100"),
            (10, 52, "there is no step `cc`; did you mean `c`?"),
            (11, 55, "this has `back` and `escalate`"),
            (12, 46, "`on_failure` does not say what follows"),
            (13, 44, "did you mean `rollback`?"),
            (15, 46, "missing key `within`"),
            (16, 63, "nobody comes after the first"),
            (17, 56, "`escalate` is empty"),
            (17, 60, "`times` belongs to `back`"),
            (18, 32, "with `continue_on_error: true` a failure is noted"),
            (19, 37, "with `required: false` a failure is noted"),
            (20, 37, "`required` and `continue_on_error` say the same"),
            (21, 38, "Say what follows with `on_failure: { back: STEP }`"),
            (22, 64, "“b” does not lead to this step"),
            (23, 44, "`on_failure` cannot be a list"),
        ],
    );
}

#[test]
fn retries_say_what_they_mean() {
    told(
        &steps(
            r#"  - { title: A, run: x, retry: { max_attempts: 2, multiplier: 2 } }
  - { title: B, run: x, retry: { max_attempts: 2, backoff: exponential, multiplier: 1 } }
  - { title: C, run: x, retry: { max_attempts: 2, final: [300, timout, x], jitter: often } }
  - { title: D, run: x, retry: { times: 2, final_exits: [1] } }
  - { title: E, run: x, max_attempts: 3, done_exits: [] }
  - { title: F, run: x, done_exits: [0, "1", -1] }
"#,
        ),
        &[
            (6, 51, "`multiplier` belongs to the backoff `exponential`, this is fixed"),
            (7, 85, "`multiplier` must be a number above 1, at most 10"),
            (8, 59, "`final` has exit codes from 0 to 255, found the number 300"),
            (8, 64, "`final` cannot have “timout”; did you mean `timeout`?"),
            (8, 72, "It has exit codes, and of spawn, timeout"),
            (8, 84, "`jitter` must be true or false"),
            (9, 34, "Write `max_attempts`"),
            (9, 34, "missing key `max_attempts`"),
            (9, 44, "Write exit codes and words into `final: [2, timeout]`"),
            (10, 25, "Write `retry: { max_attempts: 3 }`"),
            (10, 54, "`done_exits` is empty"),
            (11, 41, "`done_exits` has exit codes from 0 to 255, found text"),
            (11, 46, "found the number -1"),
        ],
    );
}

#[test]
fn what_calls_asks_and_starts_must_be_named() {
    told(
        &steps(
            r#"  - { title: A, call: getLogs, with: [a] }
  - { title: B, call: "logs.${{ repo.name }}" }
  - { title: C, agent: my analyst, prompt: "${{ nope }}" }
  - { title: D, agent: analyst }
  - { title: E, workflow: "a b", inputs: { "9": x, y: "${{ nope }}" } }
  - { title: F, workflow: w, with: { a: b } }
  - { title: G, call: s.t, inputs: { a: b }, expects: "", prompt: x }
  - { title: H, run: x, with: { a: b }, required: false }
  - { title: I, expects: done, outputs: { a: output.x } }
  - { title: J, call: s.t, with: { "${{ repo.name }}": ["${{ nope }}"] } }
  - { title: K, run: x, outputs: [a report] }
  - { title: L, run: x, outputs: { text: output.text, n: output.x.y, b: outputs.x, "a-b": output.x } }
"#,
        ),
        &[
            (6, 23, "Write `call: server.tool`"),
            (6, 38, "`with` must be a mapping, found a list"),
            (7, 23, "`call` names a server and its tool"),
            (7, 29, "`${{` is not filled in inside `call`"),
            (8, 24, "`my analyst` cannot be the name of an agent"),
            (8, 49, "unknown name `nope`"),
            (9, 7, "missing key `prompt`"),
            (10, 27, "`a b` cannot be the id of a workflow"),
            (10, 44, "`9` cannot be used as a name"),
            (10, 60, "unknown name `nope`"),
            (11, 30, "A child run gets its values by `inputs`"),
            (12, 28, "A tool gets its values by `with`"),
            (12, 55, "`expects` is empty"),
            (12, 59, "`prompt` belongs to the kind `agent`, this step is call"),
            (13, 25, "A script gets its values by `env`"),
            (13, 41, "A step that may fail says `continue_on_error: true`"),
            (14, 17, "What a person does is checked with `validation`"),
            (14, 32, "`outputs` belongs to the kinds"),
            (15, 36, "not filled in inside a name"),
            (15, 62, "unknown name `nope`"),
            (16, 34, "What a workflow produces is listed at the top"),
            (17, 36, "`text` is an output that the step has in any case"),
            (17, 73, "unknown name `outputs`; did you mean `output`?"),
            (17, 84, "`a-b` cannot be used as a name"),
        ],
    );
}

#[test]
fn approvals_say_who_comes_next_only_where_somebody_would_be_asked() {
    told(
        &steps(
            r"  - { title: A, approve: Ok?, on_timeout: reject }
  - { title: B, approve: Ok?, within: 1m, on_timeout: escalat }
  - { title: C, approve: Ok?, within: 1m, on_timeout: escalate }
  - { title: D, approve: Ok?, within: 1m, escalate: [ana] }
  - { title: E, approve: Ok?, within: 1m, on_timeout: escalate, escalate: [] }
  - { title: F, approve: Ok?, within: 1m, remind: 1m }
  - { title: G, run: x, remind: 1m, within: 1m }
  - { title: H, approve: Ok?, continue_on_error: true }
",
        ),
        &[
            (6, 31, "`on_timeout` says what the end of the time means, and there is none"),
            (7, 55, "`on_timeout` cannot be “escalat”; did you mean `escalate`?"),
            (8, 7, "missing key `escalate`"),
            (9, 43, "`escalate` needs `on_timeout: escalate`"),
            (10, 75, "`escalate` is empty"),
            (11, 43, "`remind` is not shorter than `within`"),
            (12, 25, "`remind` belongs to the kind `approve`, this step is run"),
            (12, 37, "How long it may work is said with `timeout`"),
            (13, 31, "nothing goes on past an approval that was rejected"),
        ],
    );
}

#[test]
fn what_undoes_a_step_is_a_step_that_is_asked_nothing() {
    told(
        &steps(
            r#"  - { title: A, run: x, rollback: "echo ${{ repo.name }}" }
  - { title: B, run: x, rollback: { run: "echo ${{ repo.name }}" } }
  - { title: C, run: x, rollback: "" }
  - { title: D, run: x, rollback: [a] }
  - { title: E, run: x, rollback: {} }
  - { title: F, run: x, rollback: { run: y, if: "true", id: f, rollback: z, needs: [], for_each: [a] } }
  - { title: G, run: x, rollback: { ask: [{ name: why }] } }
  - { title: H, run: x, rollback: { run: y, on_failure: { back: a } } }
  - { title: I, run: x, rollback: { actions: [a], timeout: 1m, titel: x } }
  - { title: J, run: x, rollback: { run: y, assign: a } }
"#,
        ),
        &[
            (6, 45, "not filled in inside `rollback`: scripts get values through their environment"),
            (7, 52, "not filled in inside `run`"),
            (8, 35, "`rollback` is empty"),
            (9, 35, "`rollback` must be a script or a mapping, found a list"),
            (10, 35, "`rollback` must be a script or a mapping"),
            (11, 45, "has no `if`"),
            (11, 57, "It is called like the step: STEP.rollback"),
            (11, 64, "is not undone itself"),
            (11, 77, "what was done last first"),
            (11, 88, "reads `item`"),
            (12, 37, "what undoes a step asks nothing"),
            (13, 57, "fails to a person"),
            (14, 51, "`timeout` belongs to the kinds"),
            (14, 64, "unknown key `titel`; did you mean `title`?"),
            (15, 45, "nothing could read what a rollback gives"),
        ],
    );
}

#[test]
fn keys_at_the_wrong_level_are_told_with_the_right_one() {
    told(
        &format!(
            "{HEAD}moves: {{ from: [], too: X }}\ntimeout: 1h\non_failure: ask\nconfig: {{ max_parallel: 3, parallel: 0 }}\nsteps:\n  - title: A\n    depends_on: [x]\n    moves: x\n    foreach: [a]\n"
        ),
        &[
            (5, 10, "missing key `to`"),
            (5, 16, "`from` is empty"),
            (5, 20, "unknown key `too`; did you mean `to`?"),
            (6, 1, "Write `config: { timeout: 2h }`"),
            (7, 1, "`on_failure` belongs to a step"),
            (8, 11, "How many steps run side by side is `parallel`"),
            (8, 38, "`parallel` must be a whole number from 1 to 64"),
            (11, 5, "Say what a step waits for with `needs: [STEP]`"),
            (12, 5, "a completed run moves its subject"),
            (13, 5, "unknown key `foreach`; did you mean `for_each`?"),
        ],
    );
}

#[test]
fn moves_take_a_condition_over_the_inputs_alone() {
    let parse = |condition: &str| {
        let text = format!(
            "id: t\nname: T\ntrigger_phrases: [t]\nscope: T\ninputs: {{ dry_run: false }}\nmoves: {{ to: Deployed, if: {condition} }}\nsteps: [{{ title: A }}]\n"
        );
        crate::workflow::parse("t.yaml", text.as_bytes())
    };
    let (workflow, _) = parse("not inputs.dry_run").expect("loads");
    let moves = workflow.moves.expect("it moves");
    let inputs = |dry: bool| [("dry_run".to_owned(), dry.into())].into_iter().collect();
    assert_eq!((moves.apply(&inputs(false)), moves.apply(&inputs(true))), (Ok(true), Ok(false)));
    moves.apply(&serde_json::Map::new()).expect_err("what cannot be told never counts as true");
    for wrong in ["not inputs.rehearsal", "\"${{ inputs.dry_run }}\"", "answers.sure"] {
        parse(wrong).expect_err(wrong);
    }
}
