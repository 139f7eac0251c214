//! The few things that screens are drawn with. They take `SafeLine` and `SafeText` for whatever
//! did not come from the program itself, and know no screen.

pub mod area;
pub mod card;
pub mod filter;
pub mod headed;
pub mod hints;
pub mod input;
pub mod list;
pub mod pane;
pub mod text;

pub use area::Area;
pub use filter::Filter;
pub use hints::Hint;
pub use input::LineInput;
pub use list::{Column, ListState, Row};
pub use pane::PaneState;
