//! The real host: terminal events, the clock, signals, the engine's socket, files. Everything
//! that `update` may not do.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::StreamExt as _;
use ratatui::crossterm::event::{Event, EventStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::base::{Error, Millis, Paths, Result, SafeText, Timestamp};
use crate::config::{Keymap, Settings, Theme};
use crate::matching::Index;
use crate::protocol::{Request, Response, Update};
use crate::tui::app::{self, Host};
use crate::tui::look::Look;
use crate::tui::model::{Facts, Model};
use crate::tui::msg::{Asker, Bank, Effect, Link, Msg};
use crate::tui::{keys, terminal};
use crate::workflow::{Registry, trust};
