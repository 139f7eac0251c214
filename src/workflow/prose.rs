//! A workflow as people read it: Markdown for the Registry screen and `mwtui show`. Pure.
//!
//! Texts are the file's own, untrusted: whoever shows them passes them through the sanitiser.

pub mod rules;

use std::fmt::Write as _;

use crate::workflow::{Defaults, Field, Prerequisite, Status, Step, StepKind, Workflow, field};

/// The whole workflow as a Markdown document.
pub fn markdown(workflow: &Workflow) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "# {} {}\n", workflow.id, workflow.name);
    let _ = writeln!(out, "{}\n", facts(workflow));
    if !workflow.scope.is_empty() {
        paragraph(&mut out, &workflow.scope);
    }
    if let Status::Deprecated { replaced_by, reason } = &workflow.status {
        let mut note = "**Deprecated.**".to_owned();
        if let Some(reason) = reason {
            let _ = write!(note, " {reason}.");
        }
        if let Some(id) = replaced_by {
            let _ = write!(note, " Use {id} instead.");
        }
        paragraph(&mut out, &note);
    }
    list(&mut out, "Trigger phrases", workflow.trigger_phrases.iter().map(|p| format!("“{p}”")));
    list(
        &mut out,
        "Not to be confused with",
        workflow.disambiguates_from.iter().map(|d| match &d.id {
            Some(id) => format!("{id}: {}", d.because),
            None => d.because.clone(),
        }),
    );
    list(
        &mut out,
        "Before the start",
        workflow.prerequisites.iter().map(|p| match p {
            Prerequisite::Sentence(text) => text.clone(),
            Prerequisite::Check { check, says, hint } => {
                let hint = hint.as_ref().map_or_else(String::new, |hint| format!(". Otherwise: {hint}"));
                if check == says {
                    format!("checked by `{check}`{hint}")
                } else {
                    format!("{says} (checked by `{check}`){hint}")
                }
            }
        }),
    );
    list(&mut out, "Inputs", workflow.inputs.iter().map(question));
    list(&mut out, "Environment", workflow.env.iter().map(|name| format!("`{name}`")));
    list(&mut out, "Limits", rules::limits(workflow).into_iter());
    let _ = writeln!(out, "## Steps\n");
    for (index, step) in workflow.steps.iter().enumerate() {
        step_text(&mut out, index + 1, step, workflow);
    }
    list(&mut out, "Outputs", workflow.outputs.iter().cloned());
    list(&mut out, "Success criteria", workflow.success_criteria.iter().cloned());
    if workflow.ends_session {
        paragraph(&mut out, "Completing it ends the session and writes its summary.");
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// `active · version 3 · Platform operations · kubernetes, incident · updated 2026-11-20`
fn facts(workflow: &Workflow) -> String {
    let mut facts = vec![workflow.status.word().to_owned(), format!("version {}", workflow.version)];
    facts.extend(workflow.category.clone());
    if !workflow.tags.is_empty() {
        facts.push(workflow.tags.join(", "));
    }
    facts.extend(workflow.updated.as_ref().map(|date| format!("updated {date}")));
    facts.join(" · ")
}

fn expected(out: &mut String, expects: Option<&str>) {
    if let Some(expects) = expects {
        paragraph(out, &format!("What comes out must have “{expects}” in it."));
    }
}

fn step_text(out: &mut String, number: usize, step: &Step, workflow: &Workflow) {
    let _ = writeln!(out, "### {number}. {} ({})\n", step.title, step.kind.word());
    for sentence in rules::before(step, workflow) {
        paragraph(out, &sentence);
    }
    if let Some(description) = &step.description {
        paragraph(out, description);
    }
    kind_text(out, &step.kind);
    if let Some(validation) = &step.validation {
        paragraph(out, &format!("Done when: {validation}"));
    }
    for sentence in rules::after(step, workflow) {
        paragraph(out, &sentence);
    }
    rules_text(out, step, &workflow.config);
    let undo = step.rollback.as_deref();
    if undo.is_some_and(|undo| undo.kind == StepKind::Rollback) {
        paragraph(out, rules::ROLLBACK);
    } else if let Some(undo) = undo {
        paragraph(out, &format!("**{}**, where the run is rolled back ({}):", undo.title, undo.kind.word()));
        if let Some(description) = &undo.description {
            paragraph(out, description);
        }
        kind_text(out, &undo.kind);
        if let Some(validation) = &undo.validation {
            paragraph(out, &format!("Undone when: {validation}"));
        }
        for sentence in rules::after(undo, workflow) {
            paragraph(out, &sentence);
        }
        rules_text(out, undo, &workflow.config);
    }
}

fn rules_text(out: &mut String, step: &Step, defaults: &Defaults) {
    let rules = rules::rules(step, defaults);
    if !rules.is_empty() {
        paragraph(out, &format!("_{}_", rules.join("; ")));
    }
}

fn kind_text(out: &mut String, kind: &StepKind) {
    match kind {
        StepKind::Manual { actions } => items(out, actions.iter().map(|a| format!("[ ] {a}"))),
        StepKind::Ask { fields } => items(out, fields.iter().map(question)),
        StepKind::Run { script, shell, env, secrets, cwd, pty, done_exits, expects } => {
            code(out, shell.first().map_or("sh", |s| s.as_str()), script);
            let secrets = secrets.iter().map(|(name, secret)| format!("`{name}` = the secret `{secret}`"));
            items(out, env.iter().map(|(name, value)| format!("`{name}` = `{value}`")).chain(secrets));
            if let Some(cwd) = cwd {
                paragraph(out, &format!("In the folder `{cwd}`."));
            }
            if *pty {
                paragraph(out, "On a terminal of its own.");
            }
            if !done_exits.is_empty() {
                paragraph(out, &format!("Done where it exits with {}.", rules::or(done_exits)));
            }
            expected(out, expects.as_deref());
        }
        StepKind::Approve { question, .. } => {
            paragraph(out, &format!("**{question}**"));
            for sentence in rules::approval(kind) {
                paragraph(out, &sentence);
            }
        }
        StepKind::Call { server, tool, with, expects } => {
            paragraph(out, &format!("Calls `{server}.{tool}`."));
            items(out, with.iter().map(|(name, value)| format!("`{name}` = `{}`", rules::plain(value))));
            expected(out, expects.as_deref());
        }
        StepKind::Agent { agent, persona, prompt, expects } => {
            paragraph(out, &format!("Asks the agent `{agent}`."));
            if !persona.is_empty() {
                code(out, "text", persona);
            }
            code(out, "text", prompt);
            expected(out, expects.as_deref());
        }
        StepKind::Workflow { workflow, inputs } => {
            paragraph(out, &format!("Runs the workflow `{workflow}`."));
            items(out, inputs.iter().map(|(name, value)| format!("`{name}` = `{}`", rules::plain(value))));
        }
        StepKind::Rollback => paragraph(out, rules::ROLLBACK),
        StepKind::Write { path, template, overwrite } => {
            let how = if *overwrite { ", also where it is already there" } else { "" };
            paragraph(out, &format!("Writes `{path}`{how}:"));
            code(out, "", template);
        }
    }
}

/// `service: Which service? (string, required)`
fn question(field: &Field) -> String {
    let facts = field::facts(field).join(", ");
    let more = field.description.as_ref().map(|d| format!(". {d}")).unwrap_or_default();
    if field.prompt == field.name {
        return format!("`{}` ({facts}){more}", field.name);
    }
    format!("{} (`{}`: {facts}){more}", field.prompt, field.name)
}

fn list(out: &mut String, heading: &str, entries: impl Iterator<Item = String>) {
    let mut entries = entries.peekable();
    if entries.peek().is_some() {
        let _ = writeln!(out, "## {heading}\n");
        items(out, entries);
    }
}

fn items(out: &mut String, entries: impl Iterator<Item = String>) {
    let mut any = false;
    for entry in entries {
        // Further lines of an item stay in it.
        let _ = writeln!(out, "- {}", entry.trim_end().replace('\n', "\n  "));
        any = true;
    }
    if any {
        out.push('\n');
    }
}

fn paragraph(out: &mut String, text: &str) {
    let _ = writeln!(out, "{}\n", text.trim_end());
}

/// Fenced with more backticks than the text has in a row.
fn code(out: &mut String, language: &str, text: &str) {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let _ = writeln!(out, "{fence}{language}\n{}\n{fence}\n", text.trim_end());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_a_reader_needs_is_there() {
        let source = r#"
id: fix
name: Fix it
version: 3
category: Operations
tags: [a, b]
updated: 2026-11-20
status: deprecated
reason: Nobody needs it
replaced_by: MW-004
trigger_phrases: [fix it]
scope: All that is broken
disambiguates_from: [{ id: MW-002, because: that one builds }]
prerequisites: [You are awake, { check: "true", says: It is on }]
inputs: { service: { prompt: Which? }, count: 2 }
env: [HOME]
config: { timeout: 30m, retry: { max_attempts: 3, backoff: exponential } }
steps:
  - { title: Look, actions: [Open it, Read it], validation: You saw it, evidence: required }
  - title: Ask
    ask: [{ name: plan, prompt: What now?, options: [go, stop], required: false }]
  - title: Go
    if: answers.plan == "go"
    run: |
      echo "```"
    env: { SERVICE: "${{ inputs.service }}" }
    cwd: sub
    timeout: 45s
    idempotent: true
    continue_on_error: true
    assign: went
  - { title: Sure, approve: "Really?", within: 30m }
  - { title: Write, write: a.md, template: "text", overwrite: true }
outputs: [A fix]
success_criteria: [It works]
"#;
        let (workflow, _) = crate::workflow::parse("x", source.as_bytes()).expect("loads");
        let text = markdown(&workflow);
        assert_eq!(
            text,
            r#"# fix Fix it

deprecated · version 3 · Operations · a, b · updated 2026-11-20

All that is broken

**Deprecated.** Nobody needs it. Use MW-004 instead.

## Trigger phrases

- “fix it”

## Not to be confused with

- MW-002: that one builds

## Before the start

- You are awake
- It is on (checked by `true`)

## Inputs

- Which? (`service`: string)
- `count` (number, default 2)

## Environment

- `HOME`

## Limits

- The whole run may take 30 m
- A failed step is tried up to 3 times, 1 s apart, doubling, at most 1 m

## Steps

### 1. Look (manual)

- [ ] Open it
- [ ] Read it

Done when: You saw it

_evidence required_

### 2. Ask (ask)

- What now? (`plan`: one of go, stop, may be left empty)

### 3. Go (run)

Only if `answers.plan == "go"`.

````sh
echo "```"
````

- `SERVICE` = `${{ inputs.service }}`

In the folder `sub`.

_at most 45 s; a failure is noted, and the run goes on; may be run again by itself; its outputs are called `went`_

### 4. Sure (approve)

**Really?**

To be answered within 30 m.

### 5. Write (write)

Writes `a.md`, also where it is already there:

```
text
```

## Outputs

- A fix

## Success criteria

- It works
"#
        );
    }

    #[test]
    fn order_loops_failures_and_rollbacks_are_told_in_words() {
        let source = r#"
id: t
name: T
trigger_phrases: [t]
scope: About t
moves: { from: [Validated, Held], to: Deployed }
config: { parallel: 2, continue_on_error: false }
steps:
  - id: build
    title: Build
    run: make
    pty: true
    done_exits: [0, 3]
    expects: "BUILD: ok"
    outputs: { version: output.json.version }
    retry: { max_attempts: 3, backoff: exponential, multiplier: 1.5, jitter: true, final: [2, timeout] }
    on_failure: { escalate: [ana, lead], within: 30m }
  - id: logs
    title: Logs
    needs: []
    call: obs.logs
    with: { since: 15m }
    on_failure: rollback
    rollback: { call: obs.drop, with: { since: 15m }, timeout: 5s }
  - id: think
    title: Think
    needs: [build, logs]
    for_each: { items: [a, 2], parallel: 2 }
    agent: analyst
    persona: Careful
    prompt: Look
    on_failure: { back: build }
  - { id: each, title: Each, for_each: 'repo.name | split("-")', workflow: other, inputs: { name: "${{ item }}" }, required: false }
  - { title: Sure, approve: "Go?", within: 30m, remind: 5m, on_timeout: escalate, escalate: [lead, head], on_failure: { escalate: [lead] } }
"#;
        let (workflow, _) = crate::workflow::parse("x", source.as_bytes()).expect("loads");
        let text = markdown(&workflow);
        let body = text.split_once("## Limits").expect("limits").1;
        assert_eq!(body, EVERY_RULE);
    }

    const EVERY_RULE: &str = r#"

- A completed run moves its subject from Validated or Held to Deployed
- At most 2 steps run side by side

## Steps

### 1. Build (run)

```sh
make
```

On a terminal of its own.

Done where it exits with 0 or 3.

What comes out must have “BUILD: ok” in it.

If it fails, ana, then lead decide: each within 30 m, then the next.

Further outputs: `version` = `${{ output.json.version }}`.

_tried up to 3 times, 1 s apart, 1.5 times as long each time, at most 1 m, spread by chance, but not after exit 2 or a timeout_

### 2. Logs (call)

Waits for no other step.

Calls `obs.logs`.

- `since` = `15m`

If it fails, what was done is undone, newest first, and the run has failed.

**Undo: Logs**, where the run is rolled back (call):

Calls `obs.drop`.

- `since` = `15m`

_at most 5 s_

### 3. Think (agent)

After “Build” and “Logs”.

Once for `a`, `2`, 2 side by side.

Asks the agent `analyst`.

```text
Careful
```

```text
Look
```

If it fails, the run goes back to “Build”, once; then a person decides.

### 4. Each (workflow)

Once for each item of `repo.name | split("-")`, one after the other.

Runs the workflow `other`.

- `name` = `${{ item }}`

_a failure is noted, and the run goes on_

Where the run is rolled back, the run of this step is rolled back too.

### 5. Sure (approve)

**Go?**

To be answered within 30 m; then lead, then head are asked, for as long each. In the end it is rejected.

People are reminded every 5 m.

If it fails, lead decides.
"#;
}
