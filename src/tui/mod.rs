//! The full-screen console.
//!
//! A key becomes an [`Action`](crate::config::Action), that a [`Msg`]; [`update`] alone changes the
//! [`Model`] and does no I/O; its [`Effect`]s are carried out by `runtime`, whose answers come back
//! as messages; `frame::draw` renders the model. One file a screen in `screens`, one an overlay in
//! `overlays`. Nothing here decides what a run does, nor opens the store.

pub mod app;
pub mod frame;
pub mod keys;
pub mod logfile;
pub mod look;
pub mod mirror;
pub mod model;
pub mod msg;
pub mod overlays;
#[cfg(test)]
pub mod picture;
pub mod runtime;
pub mod screens;
pub mod terminal;
#[cfg(test)]
pub mod testing;
pub mod update;
pub mod verbs;
pub mod widgets;

pub use model::Model;
pub use msg::{Asker, Effect, Msg};
pub use runtime::run;
pub use update::update;
