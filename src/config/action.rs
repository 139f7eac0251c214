//! The one declaration of every action: its name, one sentence, its default keys and where it
//! applies. Keymap, palette, help, footer and docs are all made from this table.

use std::fmt;

/// Where a key means something. A place has several at once, the most particular first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Context {
    /// On every screen and overlay.
    Everywhere,
    /// Wherever there is a list or a text to move in.
    List,
    Console,
    Registry,
    Runs,
    /// One run: the Run screen, and the cards about a failure or an approval.
    Run,
    Logs,
    Sessions,
    /// The whole output of a step.
    Output,
    /// The confirmation card.
    Card,
    /// A question with several choices.
    Choose,
    Form,
    /// What phrases were learned to mean.
    Learned,
}

impl Context {
    /// The heading of help and docs.
    pub fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::List => "Lists and texts",
            Self::Console => "Console",
            Self::Registry => "Registry",
            Self::Runs => "Runs",
            Self::Run => "Run",
            Self::Logs => "Logs",
            Self::Sessions => "Sessions",
            Self::Output => "Output",
            Self::Card => "Confirmation card",
            Self::Choose => "Question",
            Self::Form => "Form",
            Self::Learned => "Learned phrases",
        }
    }
}

/// What the table says of an action.
#[derive(Debug, Clone, Copy)]
pub struct Declaration {
    pub action: Action,
    /// Stable: what `keymap.toml` calls it.
    pub name: &'static str,
    /// A word or two for the footer. `…` where it asks something first.
    pub label: &'static str,
    pub sentence: &'static str,
    /// As `Key::parse` reads them.
    pub keys: &'static [&'static str],
    pub contexts: &'static [Context],
}

macro_rules! actions {
    ($($variant:ident $name:literal $label:literal $sentence:literal [$($key:literal)*] [$($context:ident)*];)*) => {
        /// What a person can ask of the console by a key, the palette or help.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action { $($variant),* }

        /// Every action, in the order in which help and docs tell them.
        pub static ACTIONS: &[Declaration] = &[$(Declaration {
            action: Action::$variant,
            name: $name,
            label: $label,
            sentence: $sentence,
            keys: &[$($key),*],
            contexts: &[$(Context::$context),*],
        }),*];
    };
}

actions! {
    GoConsole "go.console" "console" "Go to the Console: say what you want to do." ["1" "alt-1"] [Everywhere];
    GoRegistry "go.registry" "registry" "Go to the Registry: every workflow of the bank." ["2" "alt-2"] [Everywhere];
    GoRuns "go.runs" "runs" "Go to the Runs: live and past." ["3" "alt-3"] [Everywhere];
    GoRun "go.run" "run" "Go to the Run that was looked at last." ["4" "alt-4"] [Everywhere];
    GoLogs "go.logs" "logs" "Go to the Logs." ["5" "alt-5"] [Everywhere];
    GoSessions "go.sessions" "sessions" "Go to the Sessions and their summaries." ["7" "alt-7"] [Everywhere];
    Palette "palette" "palette" "Open the palette: every action by its name." [":" "ctrl-p"] [Everywhere];
    Help "help" "help" "Show the keys of this screen." ["?" "f1"] [Everywhere];
    Escape "escape" "back" "Go one level back; never loses anything." ["esc"] [Everywhere];
    Focus "focus" "focus" "Move the focus to the next pane or field." ["tab"] [Everywhere];
    FocusBack "focus.back" "focus back" "Move the focus to the previous pane or field." ["shift-tab"] [Everywhere];
    Activate "activate" "open" "Do the main thing with what is selected." ["enter"] [Everywhere];
    Input "input" "type" "Go to the input line of the Console." ["i"] [Everywhere];
    Learned "learned" "learned" "Show what phrases were learned to mean, and those that fitted nothing." ["alt-l"] [Everywhere];
    Redraw "redraw" "redraw" "Draw the whole screen afresh." ["ctrl-l"] [Everywhere];
    Suspend "suspend" "suspend" "Step aside to the shell; `fg` comes back." ["ctrl-z"] [Everywhere];
    Quit "quit" "leave" "Leave the console; runs go on. Asks once." ["ctrl-c"] [Everywhere];

    Up "move.up" "up" "Move up." ["up" "k"] [List];
    Down "move.down" "down" "Move down." ["down" "j"] [List];
    Left "move.left" "left" "Move left." ["left" "h"] [List];
    Right "move.right" "right" "Move right." ["right" "l"] [List];
    PageUp "move.page-up" "page up" "Move a page up." ["page-up"] [List];
    PageDown "move.page-down" "page down" "Move a page down." ["page-down"] [List];
    Top "move.top" "top" "Move to the first line." ["home" "g"] [List];
    Bottom "move.bottom" "bottom" "Move to the last line." ["end" "G"] [List];
    Filter "filter" "filter" "Show only what contains a text." ["/"] [List];
    NextMatch "match.next" "next" "Go to the next match." ["n"] [List];
    PreviousMatch "match.previous" "previous" "Go to the previous match." ["N"] [List];
    Copy "copy" "copy" "Copy what is selected to the clipboard." ["y"] [List];
    Edit "edit" "edit" "Open what is selected in your editor." ["e"] [List];

    Complete "console.complete" "complete" "Take what is shown behind the cursor, or else the words of the selected match." ["tab"] [Console];
    History "console.history" "history" "Search the phrases that were entered before." ["ctrl-r"] [Console];
    NewWorkflow "console.new" "new workflow" "Make a workflow of the phrase and open it in your editor." ["ctrl-n"] [Console];

    Trust "registry.trust" "trust" "Trust this project workflow as it stands now, so that it can run." ["t"] [Registry Card];
    Examples "registry.examples" "other ways" "Show or hide the other ways to say it." ["x"] [Registry];

    FilterStatus "runs.filter-status" "status" "Show only runs of the next status: live, waiting, failed, completed, cancelled, all." ["v"] [Runs];

    Pause "run.pause" "pause" "Pause the run: start nothing new, let what works finish." ["p"] [Run Runs];
    Resume "run.resume" "resume" "Resume the paused run." ["p"] [Run Runs];
    PauseNow "run.pause-now" "pause now" "Pause the run and freeze its processes as well." ["P"] [Run Runs];
    Check "run.check" "tick" "Tick the selected action, or take the tick away." ["space"] [Run];
    Done "run.done" "done" "Mark the step as done." ["d"] [Run];
    Answer "run.answer" "answer…" "Answer the step's questions, or in place of an agent." ["a"] [Run];
    Approve "run.approve" "approve" "Approve exactly what is shown." ["a"] [Run];
    Reject "run.reject" "reject…" "Reject it, with a reason." ["r"] [Run];
    PushBack "run.push-back" "push back…" "Neither approve nor reject: go back to a step, with what must be different." ["b"] [Run];
    Proceed "run.proceed" "proceed" "Let the held step begin, exactly as it is shown." ["o"] [Run];
    Take "run.take" "take" "Take the step: until the time is over, nobody else answers it." ["T"] [Run];
    TakeBack "run.take-back" "take back" "Take the step back from whoever has taken it." ["T"] [Run];
    HandOver "run.hand-over" "hand over…" "Hand the step over to a person, an agent, or whoever comes." ["H"] [Run];
    Retry "run.retry" "retry" "Try the failed step again." ["r"] [Run Runs];
    EditRetry "run.edit" "edit and retry…" "Do the step with another script, other parameters, text or inputs." ["e"] [Run];
    Skip "run.skip" "skip…" "Skip the step, with a reason." ["s"] [Run];
    Fail "run.fail" "fail…" "Say that the step failed, with a reason." ["f"] [Run];
    Back "run.back" "go back…" "Go back to an earlier step; what was done stays in the history." ["b"] [Run];
    Rollback "run.rollback" "roll back…" "Undo what was done, newest first, and end the run." ["u"] [Run];
    Cancel "run.cancel" "cancel…" "Cancel the run and end its processes." ["c"] [Run Runs];
    StepThrough "run.step-through" "step through" "Let every automatic step wait for you, or no more." ["t"] [Run];
    Breakpoint "run.breakpoint" "breakpoint" "Hold the selected step before it begins, or no more." ["."] [Run];
    Fork "run.fork" "fork…" "Start a new run from the selected step; what was settled before it is taken over." ["F"] [Run];
    MoveOver "run.move-over" "move over…" "Show how the workflow's file has changed since, and move the run over to it." ["v"] [Run];
    OpenChild "run.child" "its run" "Go to the run that the step has started." [">"] [Run];
    OpenParent "run.parent" "parent" "Go to the run that this one is a step of." ["<"] [Run];
    Fold "run.fold" "all parts" "Show every part of a long loop, or only those that matter." ["z"] [Run];
    Note "note" "note…" "Write a note into the journal." ["n"] [Run Sessions];
    Evidence "run.evidence" "evidence…" "Add evidence to the step." ["e"] [Run];
    Output "run.output" "output" "Show the whole output of the step." ["l"] [Run];

    Follow "logs.follow" "follow" "Follow the newest line." ["f"] [Logs Run Output];
    Level "logs.level" "level" "Show more or fewer levels." ["v"] [Logs];

    ExportSummary "session.export" "export" "Write the session's summary to a file." ["x"] [Sessions];
    RenameSession "session.rename" "rename…" "Give the session another name." ["r"] [Sessions];
    EndSession "session.end" "end…" "End the session; the next run opens a new one." ["E"] [Sessions];

    DryRun "card.dry-run" "dry run" "Show each step with its values filled in; nothing is run." ["d"] [Card];
    Inputs "card.inputs" "inputs" "Fill in or change the inputs." ["i"] [Card];
    CardStepThrough "card.step-through" "step through" "Start it so that every automatic step waits for you, or not." ["s"] [Card];
    Subject "card.subject" "subject…" "Say what the run changes the state of." ["m"] [Card];
    Tick "card.tick" "tick" "Tick the selected prerequisite." ["space"] [Card];

    Neither "choose.neither" "none of these" "None of these: go back to the phrase." ["0"] [Choose];

    Submit "form.submit" "send" "Check the answers and send them." ["ctrl-s" "ctrl-enter"] [Form];

    Forget "learned.forget" "forget" "Forget what was learned of the selected phrase." ["x" "delete"] [Learned];
    ForgetAll "learned.forget-all" "forget all" "Forget everything that was learned here. Asks once." ["X"] [Learned];
}

impl Action {
    pub fn declaration(self) -> &'static Declaration {
        // The macro makes table and enum in one order.
        &ACTIONS[self as usize]
    }

    pub fn name(self) -> &'static str {
        self.declaration().name
    }

    pub fn label(self) -> &'static str {
        self.declaration().label
    }

    pub fn sentence(self) -> &'static str {
        self.declaration().sentence
    }

    pub fn applies_in(self, context: Context) -> bool {
        self.declaration().contexts.contains(&context)
    }

    pub fn parse(name: &str) -> Option<Self> {
        ACTIONS.iter().find(|d| d.name == name).map(|d| d.action)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Key;

    #[test]
    fn every_declaration_is_whole() {
        let mut names = std::collections::HashSet::new();
        for (index, d) in ACTIONS.iter().enumerate() {
            assert_eq!(d.action as usize, index);
            assert!(names.insert(d.name), "{} is there twice", d.name);
            assert!(d.sentence.ends_with('.') && d.sentence.chars().next().is_some_and(char::is_uppercase));
            assert!(!d.contexts.is_empty(), "{} applies nowhere", d.name);
            for key in d.keys {
                assert!(Key::parse(key).is_some(), "{}: {key} is no key", d.name);
            }
            assert!(d.name.chars().all(|c| c.is_ascii_lowercase() || c == '.' || c == '-'), "{}", d.name);
            assert_eq!(Action::parse(d.name), Some(d.action));
        }
    }
}
