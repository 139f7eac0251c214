//! The full-screen console.
//!
//! A key becomes an [`Action`](crate::config::Action), that a [`Msg`]; [`update`] alone changes the
//! [`Model`] and does no I/O; its [`Effect`]s are carried out by `runtime`, whose answers come back
//! as messages; `frame::draw` renders the model. One file a screen in `screens`, one an overlay in
//! `overlays`. Nothing here decides what a run does, nor opens the store.
//!
//! To write a screen: fill `screens/<name>.rs` (its `State` is a field of the model already; the
//! `Screen` trait says what may be done). To add an overlay: a file in `overlays` with a struct that
//! implements `Overlay`, opened by `Model::open`. To add an action: one line in `config::action`.
//! To test either: `testing::Harness`.

pub mod app;
pub mod banner;
pub mod frame;
pub mod keys;
pub mod logfile;
pub mod look;
pub mod mirror;
pub mod model;
pub mod msg;
pub mod overlays;
pub mod phrases;
#[cfg(test)]
pub mod picture;
pub mod runtime;
pub mod screens;
pub mod terminal;
#[cfg(test)]
#[expect(clippy::return_self_not_must_use, reason = "a test that drops a harness has looked at it already")]
pub mod testing;
pub mod update;
pub mod verbs;
pub mod widgets;

pub use model::Model;
pub use msg::{Asker, Effect, Msg};
pub use runtime::run;
pub use update::update;
