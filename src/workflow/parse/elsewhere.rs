//! Keys that people write where the format has them under another name or in another place, and
//! what to write instead.

/// The mapping as [`super::table::Keys::of`] names it, the key, what is wrong, what to write.
type Misplaced = (&'static str, &'static str, &'static str, &'static str);

const STEP: &str = "a step";
const UNDO: &str = "`rollback`";
const WORKFLOW: &str = "a workflow";

const MISPLACED: &[Misplaced] = &[
    (
        STEP,
        "on_reject",
        "there is no `on_reject`: an approval that is rejected has failed",
        "Say what follows with `on_failure: { back: STEP }`, `on_failure: rollback` or `on_failure: { escalate: [NAME] }`",
    ),
    (STEP, "on_error", "there is no `on_error`", "Say what follows a failure with `on_failure`"),
    (STEP, "on_failed", "there is no `on_failed`", "Say what follows a failure with `on_failure`"),
    (STEP, "depends_on", "there is no `depends_on`", "Say what a step waits for with `needs: [STEP]`"),
    (STEP, "after", "there is no `after`", "Say what a step waits for with `needs: [STEP]`"),
    (STEP, "parallel", "`parallel` belongs to a loop", "Write `for_each: { items: …, parallel: 3 }`"),
    (STEP, "items", "`items` belongs to a loop", "Write `for_each: { items: …, parallel: 3 }`"),
    (STEP, "loop", "there is no `loop`", "A step is done once for each item of a list with `for_each`"),
    (STEP, "max_attempts", "`max_attempts` belongs to `retry`", "Write `retry: { max_attempts: 3 }`"),
    (STEP, "backoff", "`backoff` belongs to `retry`", "Write `retry: { max_attempts: 3, backoff: linear }`"),
    (STEP, "retries", "there is no `retries`", "Write `retry: { max_attempts: 3 }`, the first try included"),
    (STEP, "back", "`back` belongs to `on_failure`", "Write `on_failure: { back: STEP, times: 2 }`"),
    (STEP, "times", "`times` belongs to `on_failure`", "Write `on_failure: { back: STEP, times: 2 }`"),
    (STEP, "undo", "there is no `undo`", "Say how a step is undone with `rollback`"),
    (STEP, "compensate", "there is no `compensate`", "Say how a step is undone with `rollback`"),
    (STEP, "script", "there is no `script`", "A step with a script has it under `run: |`"),
    (STEP, "command", "there is no `command`", "A step with a command has it under `run:`"),
    (STEP, "tool", "there is no `tool`", "Write server and tool as one: `call: server.tool`"),
    (STEP, "server", "there is no `server`", "Write server and tool as one: `call: server.tool`"),
    (STEP, "arguments", "there is no `arguments`", "A tool gets its values under `with:`"),
    (
        STEP,
        "optional",
        "there is no `optional`",
        "A child run that may fail has `required: false`, any other step `continue_on_error: true`",
    ),
    (
        STEP,
        "breakpoint",
        "a breakpoint belongs to a run, not to its file",
        "Set it at the start: mwtui run ID --breakpoint STEP",
    ),
    (
        STEP,
        "moves",
        "`moves` belongs to the workflow: a completed run moves its subject",
        "Write it at the top, beside `steps`",
    ),
    (STEP, "options_from", "`options_from` belongs to a question", "Write it beside the question's `name`"),
    (UNDO, "id", "what undoes a step has no `id` of its own", "It is called like the step: STEP.rollback"),
    (
        UNDO,
        "if",
        "what undoes a step has no `if`",
        "It is done wherever the step has begun; decide inside the script",
    ),
    (
        UNDO,
        "needs",
        "what undoes a step has no `needs`",
        "Steps are undone one by one, what was done last first",
    ),
    (
        UNDO,
        "for_each",
        "what undoes a step has no `for_each`",
        "What undoes a loop is done for each of its items, and reads `item`",
    ),
    (UNDO, "rollback", "what undoes a step is not undone itself", "Take it out"),
    (
        UNDO,
        "ask",
        "what undoes a step asks nothing",
        "A manual rollback tells people what to do: actions: […]",
    ),
    (
        UNDO,
        "approve",
        "what undoes a step asks for no approval",
        "A manual rollback tells people what to do: actions: […]",
    ),
    (UNDO, "assign", "nothing could read what a rollback gives", "Take it out"),
    (UNDO, "outputs", "nothing could read what a rollback gives", "Take it out"),
    (UNDO, "summary", "a rollback is told by the summary in any case", "Take it out"),
    (
        UNDO,
        "required",
        "what undoes a step is always required",
        "To go on where it fails write `continue_on_error: true`",
    ),
    (WORKFLOW, "on_failure", "`on_failure` belongs to a step", "Write it beside what may fail"),
    (WORKFLOW, "rollback", "`rollback` belongs to a step", "Write it beside what it undoes"),
    (
        WORKFLOW,
        "needs",
        "`needs` belongs to a step",
        "What must be true before the start stands under `prerequisites`",
    ),
    (WORKFLOW, "for_each", "`for_each` belongs to a step", "Write it beside what is done for each item"),
    (WORKFLOW, "timeout", "`timeout` belongs to `config`", "Write `config: { timeout: 2h }`"),
    (
        WORKFLOW,
        "retry",
        "`retry` belongs to `config` or to a step",
        "Write `config: { retry: { max_attempts: 3 } }`",
    ),
    (
        WORKFLOW,
        "continue_on_error",
        "`continue_on_error` belongs to `config` or to a step",
        "Write `config: { continue_on_error: true }`",
    ),
    (WORKFLOW, "parallel", "`parallel` belongs to `config`", "Write `config: { parallel: 4 }`"),
    (
        "`config`",
        "max_parallel",
        "there is no `max_parallel`",
        "How many steps run side by side is `parallel`",
    ),
    ("`config`", "concurrency", "there is no `concurrency`", "How many steps run side by side is `parallel`"),
    (
        "`config`",
        "pty",
        "`pty` belongs to a step with `run`",
        "Write it beside the script that needs a terminal",
    ),
    ("`config`", "on_failure", "`on_failure` belongs to a step", "Write it beside what may fail"),
    ("`retry`", "attempts", "there is no `attempts`", "Write `max_attempts`: how often it is tried in all"),
    ("`retry`", "times", "there is no `times`", "Write `max_attempts`: how often it is tried in all"),
    ("`retry`", "delay", "there is no `delay`", "The first wait is `initial`, the longest `max`"),
    ("`retry`", "factor", "there is no `factor`", "By how much the waits grow is `multiplier`"),
    (
        "`retry`",
        "final_exits",
        "there is no `final_exits`",
        "Write exit codes and words into `final: [2, timeout]`",
    ),
    ("`retry`", "on", "there is no `on`", "Name what is never tried again: final: [2, timeout]"),
    (
        "`on_failure`",
        "retry",
        "`retry` stands beside `on_failure`, not inside",
        "A step is tried again first; what then follows is `on_failure`",
    ),
    ("`on_failure`", "to", "there is no `to`", "Write `back: STEP` or `escalate: [NAME, NAME]`"),
    ("`on_failure`", "rollback", "`rollback` stands alone here", "Write `on_failure: rollback`"),
];

pub(super) fn elsewhere(of: &str, key: &str) -> Option<(&'static str, &'static str)> {
    MISPLACED
        .iter()
        .find(|(table, name, ..)| *table == of && *name == key)
        .map(|(.., what, help)| (*what, *help))
}
