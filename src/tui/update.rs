//! The only place where the model changes. No I/O, no clock: time comes in with each message.

use crate::base::{Error, Result, Timestamp};
use crate::config::{Action, Key};
use crate::protocol::{Request, Response, Update};
use crate::tui::model::{LinkState, Model, QUIT_WITHIN};
use crate::tui::msg::{Asker, Effect, Link, Msg};
use crate::tui::overlays::export;
use crate::tui::overlays::help::Help;
use crate::tui::overlays::learned::Lessons;
use crate::tui::overlays::palette::Palette;
use crate::tui::overlays::{Overlay, Reaction};
use crate::tui::screens::{ScreenId, console};
use crate::tui::verbs;

/// Takes a message in and says what is to be done outside.
pub fn update(model: &mut Model, at: Timestamp, msg: Msg) -> Vec<Effect> {
    model.now = at;
    if model.toast.as_ref().is_some_and(|t| t.until < at) {
        model.toast = None;
    }
    if model.quit_asked.is_some_and(|asked| at.since(asked) > QUIT_WITHIN) {
        model.quit_asked = None;
    }
    match msg {
        Msg::Key(key) => on_key(model, key),
        Msg::Paste(text) => match take_layer(model) {
            Some((depth, mut layer)) => {
                let reaction = layer.on_paste(model, &text);
                settle(model, depth, layer, reaction)
            }
            None => model.screen.screen().on_paste(model, &text),
        },
        Msg::Action(action) => on_action(model, action),
        Msg::Resize => Vec::new(),
        Msg::Tick => model.screen.screen().on_tick(model),
        Msg::Phrases(earlier) => {
            match *earlier {
                Ok(earlier) => model.console.input.precede(earlier),
                Err(error) => model.report(&error),
            }
            Vec::new()
        }
        Msg::Written(written) => match *written {
            Ok(file) => {
                model.say(&format!("The new workflow is {}", file.display()));
                vec![Effect::Edit(file)]
            }
            Err(error) => {
                model.report(&error);
                Vec::new()
            }
        },
        Msg::Log(piece) => crate::tui::screens::logs::on_log(model, *piece),
        Msg::Bank(bank) => {
            model.bank = Some(bank);
            for screen in ScreenId::ALL {
                screen.screen().on_bank(model);
            }
            on_change(model)
        }
        Msg::Link(link) => on_link(model, link),
        Msg::Update(update) => on_update(model, &update),
        Msg::Answered { asker, request, result } => on_answer(model, asker, &request, *result),
        Msg::Done(result) => {
            match result {
                Ok(sentence) => model.say(&sentence),
                Err(error) => model.report(&error),
            }
            Vec::new()
        }
        Msg::Terminated => vec![Effect::Quit],
    }
}

pub(super) fn on_key(model: &mut Model, key: Key) -> Vec<Effect> {
    // An error stays until something else is done.
    model.toast = None;
    let takes = match model.layers.last() {
        Some(layer) => layer.takes(key),
        None => model.screen.screen().takes(model, key),
    };
    if takes {
        return match take_layer(model) {
            Some((depth, mut layer)) => {
                let reaction = layer.on_key(model, key);
                settle(model, depth, layer, reaction)
            }
            None => model.screen.screen().on_key(model, key),
        };
    }
    let actions = model.keymap.actions(key, &model.contexts());
    let Some(first) = actions.first() else { return Vec::new() };
    // One key may stand for several verbs; the one that can be taken now is meant.
    let action = actions.iter().find(|a| model.refused(**a).is_none()).unwrap_or(first);
    on_action(model, *action)
}

/// Does an action, or says why not.
fn on_action(model: &mut Model, action: Action) -> Vec<Effect> {
    if action != Action::Quit {
        model.quit_asked = None;
    }
    if let Some(reason) = model.refused(action) {
        model.report(&Error::refused(reason));
        return Vec::new();
    }
    if let Some((depth, mut layer)) = take_layer(model) {
        if let Some(reaction) = layer.on_action(model, action) {
            return settle(model, depth, layer, reaction);
        }
        if action == Action::Escape {
            return Vec::new();
        }
        model.layers.insert(depth, layer);
    } else if let Some(effects) = model.screen.screen().on_action(model, action) {
        return effects;
    }
    common(model, action)
}

/// What an action does wherever nobody has another meaning for it.
fn common(model: &mut Model, action: Action) -> Vec<Effect> {
    if let Some(screen) = ScreenId::of(action) {
        if !model.layers.is_empty() {
            return Vec::new();
        }
        return model.go(screen);
    }
    if verbs::is_verb(action) {
        return match model.run_at_hand() {
            Some(run) => verbs::perform(model, &run, action),
            None => Vec::new(),
        };
    }
    match action {
        Action::Palette => Palette::open(model),
        Action::Learned if model.layers.is_empty() => Lessons::open(model),
        Action::Help => {
            let help = Help::of(model);
            model.open(help);
        }
        Action::Input if model.layers.is_empty() => {
            let effects = model.go(ScreenId::Console);
            console::focus_input(model);
            return effects;
        }
        Action::Escape if model.screen != ScreenId::Console => return model.go(ScreenId::Console),
        Action::Redraw => return vec![Effect::Redraw],
        Action::Suspend => return vec![Effect::Suspend],
        Action::Quit => {
            if model.quit_asked.is_some() {
                return vec![Effect::Quit];
            }
            model.quit_asked = Some(model.now);
            let live = model.mirror.live().count();
            model.say(&match live {
                0 => "Press again to leave".to_owned(),
                1 => "Press again to leave; the run goes on".to_owned(),
                n => format!("Press again to leave; {n} runs go on"),
            });
        }
        _ => {}
    }
    Vec::new()
}

/// Takes the top overlay off the stack, so that it and the model can both be changed.
fn take_layer(model: &mut Model) -> Option<(usize, Box<dyn Overlay>)> {
    let layer = model.layers.pop()?;
    Some((model.layers.len(), layer))
}

/// Puts the overlay back where it was, under those it has opened; or closes it.
fn settle(model: &mut Model, depth: usize, layer: Box<dyn Overlay>, reaction: Reaction) -> Vec<Effect> {
    let Reaction { closes, mut effects, values, action } = reaction;
    if !closes {
        model.layers.insert(depth.min(model.layers.len()), layer);
        return effects;
    }
    if let Some(values) = values
        && depth == model.layers.len()
        && let Some((below, mut receiver)) = take_layer(model)
    {
        let reaction = receiver.on_values(model, values);
        effects.extend(settle(model, below, receiver, reaction));
    }
    if let Some(action) = action {
        effects.extend(on_action(model, action));
    }
    effects
}

/// Gives every overlay a look at what has changed.
fn on_change(model: &mut Model) -> Vec<Effect> {
    each_layer(model, Overlay::on_change)
}

/// From the top down.
fn each_layer(model: &mut Model, tell: impl Fn(&mut dyn Overlay, &mut Model) -> Reaction) -> Vec<Effect> {
    let mut effects = Vec::new();
    for depth in (0..model.layers.len()).rev() {
        if depth >= model.layers.len() {
            continue;
        }
        let mut layer = model.layers.remove(depth);
        let reaction = tell(layer.as_mut(), model);
        effects.extend(settle(model, depth, layer, reaction));
    }
    effects
}

fn on_link(model: &mut Model, link: Link) -> Vec<Effect> {
    match link {
        Link::Connected(me) => {
            model.me = me;
            if matches!(model.link, LinkState::Lost(_)) {
                model.say("Connected to the engine again");
            }
            model.link = LinkState::Connected;
            let folder = model.facts.folder.clone();
            let mut effects = model.mirror.everything(&folder);
            for screen in ScreenId::ALL {
                effects.extend(screen.screen().on_connected(model));
            }
            effects
        }
        Link::Lost(error) => {
            if matches!(model.link, LinkState::Connected | LinkState::Connecting) {
                model.report(&error);
            }
            model.link = LinkState::Lost(error);
            Vec::new()
        }
    }
}

fn on_update(model: &mut Model, update: &Update) -> Vec<Effect> {
    let folder = model.facts.folder.clone();
    tell_session_end(model, update);
    let mut effects = model.mirror.update(update, &folder);
    for screen in ScreenId::ALL {
        effects.extend(screen.screen().on_update(model, update));
    }
    effects.extend(match update {
        Update::Output { .. } => each_layer(model, Overlay::on_output),
        _ => on_change(model),
    });
    effects
}

/// A workflow that ends the session does so by itself: say so, and where the summary lies.
fn tell_session_end(model: &mut Model, update: &Update) {
    if let Update::Session(session) = update
        && session.ended.is_some()
        && model.mirror.session.as_ref() == Some(&session.id)
    {
        let written =
            session.exports.last().map_or_else(String::new, |e| format!("; its summary is {}", e.path));
        model.say(&format!("The session {} has ended{written}", session.name));
    }
}

fn on_answer(model: &mut Model, asker: Asker, request: &Request, result: Result<Response>) -> Vec<Effect> {
    match asker {
        Asker::Mirror => match result {
            Ok(response) => {
                let mut effects = model.mirror.answer(request, response);
                for screen in ScreenId::ALL {
                    effects.extend(screen.screen().on_mirror(model));
                }
                effects.extend(on_change(model));
                effects
            }
            Err(error) => {
                model.mirror.failed(request);
                // What git says is not worth a message; a lost engine has said so already.
                let quiet = matches!(request, Request::SessionRecord { .. });
                if !quiet && !matches!(model.link, LinkState::Lost(_)) {
                    model.report(&error);
                }
                Vec::new()
            }
        },
        Asker::Verb => {
            if let Err(error) = result {
                model.report(&error);
            }
            Vec::new()
        }
        Asker::Screen(screen) => screen.screen().on_answer(model, request, result),
        Asker::Overlay => {
            for depth in (0..model.layers.len()).rev() {
                let mut layer = model.layers.remove(depth);
                if let Some(reaction) = layer.on_answer(model, request, &result) {
                    return settle(model, depth, layer, reaction);
                }
                model.layers.insert(depth.min(model.layers.len()), layer);
            }
            // The card was closed meanwhile. A start that went through is not lost on anybody.
            match (request, result) {
                (Request::Start(_), Ok(Response::Summary(row))) => {
                    model.say(&format!("{} has started as run {}", row.workflow, row.run.short()));
                }
                (Request::Start(_), Err(error)) => model.report(&error),
                (Request::ExportSummary { session, .. }, result) => export::told_late(model, session, result),
                _ => {}
            }
            Vec::new()
        }
    }
}
