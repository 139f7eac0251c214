//! What is said to the console itself: what it would do with what is at hand, and doing it. It asks where
//! several runs could be meant, says so where there is none, and never starts one.

use crate::base::{Error, RunId, SafeLine};
use crate::config::Action;
use crate::matching::{Control, ControlAction};
use crate::run::{RunStatus, RunSummary};
use crate::tui::Model;
use crate::tui::msg::Effect;
use crate::tui::overlays::choose::{Choose, Item, Pick};
use crate::tui::overlays::help::Help;
use crate::tui::screens::{ScreenId, registry};
use crate::tui::verbs;

/// The verb on a run that it stands for; `None` where it asks to see something.
fn verb(control: &Control) -> Option<Action> {
    Some(match control.action {
        ControlAction::Cancel => Action::Cancel,
        ControlAction::Pause => Action::Pause,
        ControlAction::Resume => Action::Resume,
        ControlAction::Skip => Action::Skip,
        ControlAction::Back => Action::Back,
        ControlAction::List
        | ControlAction::Explain
        | ControlAction::Help
        | ControlAction::Status
        | ControlAction::Quit => return None,
    })
}

/// The live runs that could be meant: of the workflow that is named, and only those that it can be done to.
fn meant(model: &Model, control: &Control) -> Vec<RunSummary> {
    let named = |r: &&RunSummary| control.workflow.as_ref().is_none_or(|id| &r.workflow == id);
    let fits = |r: &&RunSummary| match control.action {
        ControlAction::Pause => r.status != RunStatus::Paused,
        ControlAction::Resume => r.status == RunStatus::Paused,
        ControlAction::Skip => r.need.is_some(),
        _ => true,
    };
    model.mirror.live().filter(named).filter(fits).cloned().collect()
}

/// There is nothing that it could be done to.
pub fn is_idle(model: &Model, control: &Control) -> bool {
    verb(control).is_some() && meant(model, control).is_empty()
}

/// One run of each workflow that runs: what "this" can mean where something is to be explained.
fn running_workflows(model: &Model) -> Vec<RunSummary> {
    let mut runs: Vec<RunSummary> = model.mirror.live().cloned().collect();
    runs.sort_by(|a, b| a.workflow.cmp(&b.workflow));
    runs.dedup_by(|a, b| a.workflow == b.workflow);
    runs
}

fn nothing(control: &Control, action: Action) -> String {
    let about = control.workflow.as_ref().map(|id| format!(" of {id}")).unwrap_or_default();
    let what = match action {
        Action::Resume => "paused run",
        Action::Skip => "step that waits for you in a run",
        _ => "run",
    };
    format!("There is no {what}{about} to {}", action.label().trim_end_matches('…'))
}

/// What Enter would do, in a few words.
pub fn told(model: &Model, control: &Control) -> String {
    if let Some(action) = verb(control) {
        let label = action.label().trim_end_matches('…');
        return match meant(model, control).as_slice() {
            [] => nothing(control, action),
            [only] => format!("{label}: run {} of {}", only.run.short(), only.workflow),
            several => format!("{label} one of {} runs: Enter asks which", several.len()),
        };
    }
    match control.action {
        ControlAction::List => "show every workflow of the bank".to_owned(),
        ControlAction::Help => "show the keys".to_owned(),
        ControlAction::Quit => match model.mirror.live().count() {
            0 => "leave".to_owned(),
            1 => "leave; the run goes on".to_owned(),
            n => format!("leave; {n} runs go on"),
        },
        ControlAction::Status => match meant(model, control).as_slice() {
            [] => no_status(control),
            [only] => format!("show run {} of {}", only.run.short(), only.workflow),
            several => format!("show the {} runs that go on", several.len()),
        },
        _ => match (&control.workflow, running_workflows(model).as_slice()) {
            (Some(id), _) => format!("explain {id}"),
            (None, []) => "explain a workflow: choose it in the registry".to_owned(),
            (None, [only]) => format!("explain {}, which runs", only.workflow),
            (None, several) => format!("explain one of the {} that run: Enter asks which", several.len()),
        },
    }
}

fn no_status(control: &Control) -> String {
    match &control.workflow {
        Some(id) => format!("No run of {id} goes on"),
        None => "Nothing runs at the moment".to_owned(),
    }
}

/// Does it with what is at hand; never starts a run. `None`: there is nothing to do it to, which is said.
pub fn obey(model: &mut Model, control: &Control) -> Option<Vec<Effect>> {
    if let Some(action) = verb(control) {
        return match meant(model, control).as_slice() {
            [] => {
                model.report(
                    &Error::refused(nothing(control, action)).hint("3 shows the runs that there are"),
                );
                None
            }
            [only] => Some(reach(model, &only.run.clone(), action)),
            several => {
                let items = several.iter().map(|r| run_item(r, Pick::Run { run: r.run.clone(), action }));
                let items = items.collect();
                model.open(Choose::new(&format!("Which run: {}", action.label()), items));
                Some(Vec::new())
            }
        };
    }
    Some(match control.action {
        ControlAction::List => model.go(ScreenId::Registry),
        ControlAction::Quit => vec![Effect::Quit],
        ControlAction::Status => match meant(model, control).as_slice() {
            [] => {
                model.say(&no_status(control));
                model.go(ScreenId::Runs)
            }
            [only] => model.open_run(&only.run.clone()),
            _ => model.go(ScreenId::Runs),
        },
        ControlAction::Explain => explain(model, control),
        _ => {
            let help = Help::of(model);
            model.open(help);
            Vec::new()
        }
    })
}

fn explain(model: &mut Model, control: &Control) -> Vec<Effect> {
    if let Some(id) = &control.workflow {
        return registry::show(model, id);
    }
    match running_workflows(model).as_slice() {
        [] => {
            model.say("Choose the workflow here: it is explained beside the list");
            model.go(ScreenId::Registry)
        }
        [only] => registry::show(model, &only.workflow.clone()),
        several => {
            let items = several.iter().map(|r| run_item(r, Pick::Explain(r.workflow.clone()))).collect();
            model.open(Choose::new("Explain which workflow?", items));
            Vec::new()
        }
    }
}

fn run_item(run: &RunSummary, pick: Pick) -> Item {
    let lead = if matches!(pick, Pick::Explain(_)) { run.workflow.as_str() } else { run.run.short() };
    let told = format!("{}, at {}  {}", run.status.word(), run.current_title, run.subject);
    Item::new(lead, &run.name, pick).told(&told)
}

/// Goes to the run and does the verb to it: at once, or when the whole of it has come, where the verb needs
/// that.
pub fn reach(model: &mut Model, run: &RunId, action: Action) -> Vec<Effect> {
    let mut effects = model.open_run(run);
    let at_once =
        matches!(action, Action::Pause | Action::PauseNow | Action::Resume | Action::Cancel | Action::Skip);
    if !at_once && model.mirror.run(run).is_none() {
        model.console.wish = Some((run.clone(), action));
        return effects;
    }
    effects.extend(perform(model, run, action));
    effects
}

/// The whole run may have come that something was to be done to.
pub fn fulfil(model: &mut Model) -> Vec<Effect> {
    let wish = model.console.wish.take_if(|(run, _)| model.mirror.run(run).is_some());
    let Some((run, action)) = wish else { return Vec::new() };
    // Whoever has gone elsewhere meanwhile, or reads a card, does not want to be asked there.
    let at_hand = model.layers.is_empty() && model.run_at_hand() == Some(run.clone());
    if model.screen == ScreenId::Run && at_hand { perform(model, &run, action) } else { Vec::new() }
}

fn perform(model: &mut Model, run: &RunId, action: Action) -> Vec<Effect> {
    if let Some(reason) = verbs::refused(model, action) {
        model.report(&Error::refused(SafeLine::new(&reason).as_str()));
        return Vec::new();
    }
    // The screen of the run has its own way with some of them.
    match ScreenId::Run.screen().on_action(model, action) {
        Some(effects) => effects,
        None => verbs::perform(model, run, action),
    }
}
