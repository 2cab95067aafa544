//! Pictures of what happens: curves of a training. Everything here reads and writes text;
//! nothing else in the crate uses it.

mod file;
#[cfg(feature = "plot")]
pub mod plot;

pub use file::save;
