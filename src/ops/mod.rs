//! Operations: one file for each, or one row of a table for the elementwise ones. A file holds
//! the method with its doc and an example whose gradient is printed, the shape rule, the forward
//! computation, the rule for the derivative, its fused twin, and `samples()`, on which the proof
//! sweep tries it.
//!
//! To add an operation: write a file, and put its name into the list below. Nothing else.

mod elementwise;
mod sample;

pub use gather::Indices;
pub use sample::{Sample, samples_of};
pub(crate) use sample::{inputs, sample};
pub use slice::Span;
pub use split::Parts;

/// Declares the files, and collects their samples into the registry.
macro_rules! ops {
    ($($file:ident),* $(,)?) => {
        $(mod $file;)*

        /// Samples of every operation in the crate: what the proof sweep goes through.
        //
        // They call each operation in both types. With `inline` they, and what works on them, are compiled by the
        // program that asks for them, and the library is compiled in a third of the time. Not so in a debug build: its test
        // programs share what the library has compiled.
        #[cfg_attr(not(debug_assertions), inline)]
        pub fn registry() -> Vec<Sample> {
            let mut samples = Vec::new();
            $(samples.extend($file::samples());)*
            samples
        }
    };
}

ops! {
    arith, unary, select, reshape, expand, permute, slice, split, concat, index_select, gather, argmax, matmul, linear,
    reduce, prod, softmax, entropy, dropout, apply,
}
