//! Settings, the list of actions, keymap, theme roles: plain data, no ratatui.
