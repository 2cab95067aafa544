//! wengert
#![deny(unsafe_code)]

pub mod error;
pub mod float;
pub(crate) mod kernel;
pub mod rng;
pub mod shape;
pub mod tensor;

pub use error::Error;
pub use float::Float;
pub use rng::Rng;
pub use shape::Shape;
pub use tensor::Tensor;
