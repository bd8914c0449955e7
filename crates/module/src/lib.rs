//! JavaScript and TypeScript modules of a connector.
//!
//! Text in, text out: [`link()`] reads the file of a function and everything it imports, strips
//! TypeScript, turns `import` and `export` into calls that the sandbox answers, and gives a
//! [`Program`]. What is wrong with the files comes back as [`Problem`]s with byte spans, for
//! `validate`; [`Program::locate`] takes a position of the running code back to the author's file.
//! [`BUILTINS`] and [`GLOBALS`] say what a function finds in its environment.
//!
//! No I/O, no clock, no script engine. Whatever the input, nothing here panics, overflows the
//! stack or grows without a limit; [`limits`] lists the bounds.

mod builtins;
mod globals;
pub mod limits;
mod link;
mod nesting;
mod positions;
mod problem;
mod program;
mod reference;
mod resolve;
mod source;
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a syntax tree has dozens of kinds of nodes, of which a few matter"
)]
mod transform;

pub use crate::builtins::{BUILTINS, Builtin};
pub use crate::globals::{GLOBALS, Global};
pub use crate::link::{Linked, link};
pub use crate::positions::{Position, PositionMap};
pub use crate::problem::{Problem, ProblemKind};
pub use crate::program::{Callable, Module, ModuleFormat, Program};
pub use crate::reference::reference_markdown;
pub use crate::source::{Language, SourceFile};
