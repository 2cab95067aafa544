//! Tapes explained, drawn and stepped through; pictures of a training. Everything here reads a
//! tape, or what a training left, and writes text; nothing else in the crate uses it.
//!
//! | picture | made by |
//! |---|---|
//! | every node of a tape: values, local derivatives, adjoints as sums over uses | [`Tape::explain`](crate::Tape::explain) |
//! | what is wrong with a gradient, where, and what to do | [`Gradients::report`](crate::Gradients::report) |
//! | a tape as a graph (DOT, Mermaid, SVG) | [`Explanation::graph`] |
//! | a tape to step through, forward and backward (HTML) | [`Explanation::html`] |
//! | lines and points over two axes | [`plot`] (feature `plot`) |
//! | losses, metrics, learning rates | `history`, `learning_rates`, `learning_rate_search` (feature `plot`) |
//! | what a model says of the plane | [`decision_boundary`] |
//! | a training to go through, epoch by epoch: boundary, neurons, weights, gradients (HTML) | [`playground()`] |
//! | what was taken for what | [`confusion_matrix`] |
//! | a first layer's weights | [`weight_images`] |
//! | how large gradients are | [`gradient_histograms`] |
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

mod answers;
mod boundary;
mod cause;
mod confusion;
mod dot;
mod drawing;
mod explain;
mod file;
mod finite;
mod formula;
mod graph;
mod heat;
mod histogram;
mod html;
mod json;
mod layout;
mod mistake;
mod nudge;
mod number;
mod page;
mod playground;
#[cfg(feature = "plot")]
pub mod plot;
mod report;
mod report_text;
mod step;
mod svg;
mod table;
mod text;
#[cfg(feature = "plot")]
mod training;
mod weights;

pub use answers::{Answer, Answers, Judgement};
pub use boundary::decision_boundary;
pub use confusion::confusion_matrix;
pub use explain::{Adjoint, Explanation, Local, Row, Use};
pub use file::save;
pub use finite::NotFinite;
pub use graph::Graph;
pub use histogram::gradient_histograms;
pub use mistake::{Mistake, Mistakes};
pub use nudge::Nudge;
pub use playground::playground;
pub use report::{Cut, Finding, GradientLayer, GradientReport, GradientRow, Size};
pub use step::{Step, StepKind};
pub use svg::Picture;
pub use text::NodeView;
#[cfg(feature = "plot")]
pub use training::{history, learning_rate_search, learning_rates};
pub use weights::weight_images;
