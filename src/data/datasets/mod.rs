//! Data that is there at once: toy sets drawn from a seed, and real tables small enough to ship
//! (feature `datasets`).

mod toy;

#[cfg(feature = "datasets")]
mod embedded;

#[cfg(feature = "datasets")]
pub use embedded::{breast_cancer, digits, iris};
pub use toy::{blobs, circles, moons, spirals, xor};
