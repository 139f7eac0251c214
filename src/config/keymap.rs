//! Which key means which action where. Made from the actions' default keys and the user's
//! `keymap.toml`: `"run.pause" = ["p"]` replaces the keys of an action, `[]` unmaps it.

use std::collections::BTreeMap;
use std::path::Path;

use toml::Spanned;

use crate::base::Result;
use crate::config::action::ACTIONS;
use crate::config::toml_file::{located, nearest, offset, parse, read};
use crate::config::{Action, Context, Key};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    /// By action, in the order of the table.
    keys: Vec<Vec<Key>>,
}

impl Default for Keymap {
    fn default() -> Self {
        let keys = ACTIONS.iter().map(|d| d.keys.iter().filter_map(|k| Key::parse(k)).collect()).collect();
        Self { keys }
    }
}

impl Keymap {
    /// The default keys, changed by the file where there is one.
    pub fn load(file: &Path) -> Result<Self> {
        match read(file)? {
            Some(text) => Self::read(&file.display().to_string(), &text),
            None => Ok(Self::default()),
        }
    }

    /// The default keys, changed by the text of a `keymap.toml`; errors name `file` and the place.
    pub fn read(file: &str, text: &str) -> Result<Self> {
        let table: BTreeMap<Spanned<String>, Vec<Spanned<String>>> = parse(file, text)?;
        let mut keymap = Self::default();
        for (name, keys) in &table {
            let Some(action) = Action::parse(name.as_ref()) else {
                let what = format!("there is no action `{}`", name.as_ref());
                let error = located(file, text, offset(name), &what);
                return Err(match nearest(name.as_ref(), ACTIONS.iter().map(|d| d.name)) {
                    Some(near) => error.hint(format!("Did you mean `{near}`?")),
                    None => error.hint("The palette (:) shows every action with its name"),
                });
            };
            let mut read = Vec::new();
            for key in keys {
                read.push(Key::parse(key.as_ref()).ok_or_else(|| {
                    located(file, text, offset(key), &format!("`{}` is no key", key.as_ref()))
                        .hint("Keys look like p, G, space, enter, f5, ctrl-p, alt-1, shift-tab")
                })?);
            }
            keymap.keys[action as usize] = read;
        }
        Ok(keymap)
    }

    /// The actions that the key may mean here, in order: contexts as given, then the table.
    pub fn actions(&self, key: Key, contexts: &[Context]) -> Vec<Action> {
        let mut found = Vec::new();
        for context in contexts {
            for d in ACTIONS {
                let bound = self.keys[d.action as usize].contains(&key);
                if bound && d.contexts.contains(context) && !found.contains(&d.action) {
                    found.push(d.action);
                }
            }
        }
        found
    }

    /// The keys of an action, the one to show first; empty where it is unmapped.
    pub fn keys(&self, action: Action) -> &[Key] {
        &self.keys[action as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_particular_place_comes_first() {
        let keymap = Keymap::default();
        let n = Key::char('n');
        assert_eq!(keymap.actions(n, &[Context::Run, Context::List])[..], [Action::Note, Action::NextMatch]);
        assert_eq!(keymap.actions(n, &[Context::Logs, Context::List])[..], [Action::NextMatch]);
        assert_eq!(keymap.actions(n, &[Context::Everywhere])[..], []);
    }

    #[test]
    fn keys_are_remapped_and_unmapped() {
        let keymap =
            Keymap::read("keymap.toml", "\"run.pause\" = [\"ctrl-x\", \"f2\"]\nhelp = []\n").expect("reads");
        assert_eq!(keymap.actions(Key::ctrl('x'), &[Context::Run])[..], [Action::Pause]);
        assert_eq!(keymap.actions(Key::char('p'), &[Context::Run])[..], [Action::Resume]);
        assert!(keymap.keys(Action::Help).is_empty());
    }

    #[test]
    fn errors_name_the_place_and_the_nearest_name() {
        let wrong =
            Keymap::read("keymap.toml", "help = [\"?\"]\n\"run.puase\" = [\"p\"]\n").expect_err("no action");
        assert!(wrong.message.starts_with("keymap.toml:2:1: there is no action `run.puase`"), "{wrong}");
        assert_eq!(wrong.hint.as_deref(), Some("Did you mean `run.pause`?"));
        let wrong = Keymap::read("keymap.toml", "help = [\"?\", \"hyper-x\"]\n").expect_err("no key");
        assert!(wrong.message.starts_with("keymap.toml:1:14: `hyper-x` is no key"), "{wrong}");
        let wrong = Keymap::read("keymap.toml", "help = \n").expect_err("no TOML");
        assert!(wrong.message.starts_with("keymap.toml:1:"), "{wrong}");
    }
}
