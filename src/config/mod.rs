//! Settings, the list of actions, keymap, theme roles: plain data that is read from TOML.
//! Nothing here knows the terminal or draws.

pub mod action;
pub mod agents;
pub mod events;
pub mod hooks;
pub mod key;
pub mod keymap;
pub mod layers;
pub mod limits;
pub mod matching;
pub mod opinion;
mod reader;
pub mod schema;
pub mod servers;
pub mod settings;
pub mod theme;
mod toml_file;
pub mod tree;

pub use action::{Action, Context};
pub use agents::Agent;
pub use hooks::{Hook, Pattern};
pub use key::{Key, KeyCode};
pub use keymap::Keymap;
pub use limits::{Limits, Timeouts};
pub use matching::{Mark, Matching, WordLine};
pub use opinion::{Asks, Loopback, SecondOpinion};
pub use servers::Server;
pub use settings::{ColourDepth, GlyphSet, Settings};
pub use theme::{Role, Theme};
