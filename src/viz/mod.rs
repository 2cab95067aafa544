//! Tapes explained, drawn and stepped through; curves of a training. Everything here reads a
//! tape and writes text; nothing else in the crate uses it.
//!
//! It starts with [`Tape::explain`](crate::Tape::explain):
//!
//! ```
//! use wengert::prelude::*;
//! let tape = Tape::new();
//! let x = tape.var(2.0).named("x");
//! let y = (x.powi(3) - x * 4.0).named("y");
//! let explained = tape.explain(y);
//! println!("{explained}"); // a table: every node, its local derivatives, its adjoint
//! println!("{}", explained.node(x)); // one node: dy/dx as the sum over its uses
//! for step in explained.steps() {
//!     println!("{step}"); // forward, the seed, backward: a sentence each
//! }
//! ```

mod cause;
mod explain;
mod file;
mod formula;
mod json;
mod nudge;
mod number;
#[cfg(feature = "plot")]
pub mod plot;
mod step;
mod table;
mod text;

pub use explain::{Adjoint, Explanation, Local, Row, Use};
pub use file::save;
pub use nudge::Nudge;
pub use step::{Step, StepKind};
pub use text::NodeView;
