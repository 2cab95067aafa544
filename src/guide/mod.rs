//! A guide from the derivative to a model of one's own, for who knows calculus and a little Rust.
//!
//! Each chapter builds on those before it, and takes ten minutes or so. Every program in it runs as a test, every number can be
//! redone by hand, and every picture was drawn by this crate from a tape of its own. The chapters, in order:
//!
//! 1. [What a derivative is](derivative)
//! 2. [A tape by hand](tape_by_hand)
//! 3. [The chain rule](chain_rule)
//! 4. [Reverse mode, and why its order](reverse_mode)
//! 5. [Broadcasting](broadcasting)
//! 6. [A neuron, biological and artificial](neuron)
//! 7. [Activations](activations)
//! 8. [An MLP, and why a stack of linear layers is not one](mlp)
//! 9. [Losses](losses)
//! 10. [Optimizers](optimizers)
//! 11. [Checking gradients](checking)
//! 12. [Writing your own operation](own_op)
//! 13. [Second derivatives](second_derivatives)
//! 14. [A model of one’s own](own_model)
//!
//! And to look things up: [Coming from PyTorch](from_pytorch).
//!
//! Begin with [what a derivative is](derivative). Who wants to see a network learn first finds that in the last chapter, and may come
//! back for the reasons. Beside the guide lie programs to play with: `cargo run --release --example explain` writes pages that go through
//! a tape step by step, and ask for the gradients if you like; `--example playground` writes one that goes through a training.

pub mod activations;
pub mod broadcasting;
pub mod chain_rule;
pub mod checking;
pub mod derivative;
pub mod from_pytorch;
pub mod losses;
pub mod mlp;
pub mod neuron;
pub mod optimizers;
pub mod own_model;
pub mod own_op;
pub mod reverse_mode;
pub mod second_derivatives;
pub mod tape_by_hand;
