//! Data that is there at once: real tables small enough to ship (feature `datasets`).

#[cfg(feature = "datasets")]
mod embedded;

#[cfg(feature = "datasets")]
pub use embedded::{breast_cancer, digits, iris};
