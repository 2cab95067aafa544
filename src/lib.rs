//! Reverse-mode automatic differentiation on an explicit tape, and the neural networks that stand
//! on it.
//!
//! A [`Tape`] records operations on tensors in the order in which they run: a Wengert list. Going
//! through it backwards gives the gradient of the last number with respect to everything it was
//! made from.
//!
//! ```
//! use wengert::prelude::*;
//!
//! let tape = Tape::new();
//! let a = tape.var(-4.0);
//! let b = tape.var(2.0);
//! let y = (a * b + b.powi(3)).tanh() * 3.0 + 1.0 / a;
//! let grads = y.backward();
//! assert_eq!(grads[a], 5.9375);
//! ```
//!
//! A model is a plain struct of layers; a training step is a tape, a loss, its gradients and an
//! optimizer:
//!
//! ```
//! use wengert::prelude::*;
//!
//! let mut rng = Rng::new(42); // the one source of randomness
//! let mut params: Params = Params::new();
//! let model = Mlp::new(&mut params.init(&mut rng), [2, 8, 1]).activation(Activation::Tanh);
//! let mut adam = Adam::new(0.02);
//! let x = Tensor::from([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);
//! let y = Tensor::from([[0.0], [1.0], [1.0], [0.0]]);
//! for _ in 0..500 {
//!     let tape = Tape::training(&params, &mut rng);
//!     let loss = bce_with_logits(model.forward(tape.constant(&x)), &y);
//!     let grads = loss.backward();
//!     adam.step(&mut params, &grads);
//! }
//! let tape = Tape::inference(&params);
//! let p = model.forward(tape.constant(&x)).sigmoid();
//! assert!(p.value().max_abs_diff(&y) < 0.1); // XOR
//! ```
//!
//! # Where to find what
//!
//! | for | see |
//! |---|---|
//! | from the derivative to a model, step by step | [`guide`] |
//! | the tape, gradients, operations of your own | [`tape`], [`tape::Op`] |
//! | every operation | the methods of [`Var`] |
//! | parameters, and how they start | [`Params`], [`Init`] |
//! | layers, networks, a model's summary | [`nn`] |
//! | losses | [`loss`] |
//! | optimizers, schedules | [`optim`] |
//! | data sets, readers, splits, scaling, batches | [`data`] |
//! | accuracy, F1, ROC-AUC, .. | [`metrics`] |
//! | the training loop, early stopping, predictions | [`train`] |
//! | checks of gradients; Jacobians, Hessians | [`grad`] |
//! | a tape explained, drawn, stepped through; what is wrong with a gradient | [`viz`], [`Gradients::report`] |
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `parallel` (default) | threads for large products |
//! | `check` (default) | checks of gradients; Jacobians, Hessians |
//! | `nn` (default) | all that learns and shows: layers, losses, optimizers, data, training, views |
//! | `data` | readers of CSV and IDX, packed by gzip or not |
//! | `datasets` | breast cancer, iris and digits, compiled in |
//! | `plot` | curves over two axes, as SVG |
//! | `progress` | a progress bar, where a terminal shows it |
//! | `safetensors` | files of parameters, PyTorch's too; trainings that are taken up again |
//! | `full` | `data`, `datasets`, `plot`, `progress` and `safetensors` |
#![deny(unsafe_code)]
// Some of what the tape offers is asked for by checks and views alone.
#![cfg_attr(not(feature = "nn"), allow(dead_code, unused_imports))]
#![warn(missing_docs)]

#[cfg(feature = "nn")]
pub mod data;
pub mod error;
pub mod float;
#[cfg(feature = "check")]
pub mod grad;
#[cfg(feature = "nn")]
pub mod guide;
pub mod init;
pub(crate) mod kernel;
#[cfg(feature = "nn")]
pub mod loss;
#[cfg(feature = "nn")]
pub mod metrics;
#[cfg(feature = "nn")]
pub mod nn;
pub mod ops;
#[cfg(feature = "nn")]
pub mod optim;
pub mod params;
pub mod rng;
pub mod shape;
pub mod tape;
pub mod tensor;
#[cfg(feature = "nn")]
pub mod train;
#[cfg(feature = "nn")]
pub mod viz;

#[cfg(feature = "unstable-kernels")]
#[doc(hidden)]
pub mod unstable;

pub use error::Error;
pub use float::Float;
pub use init::{Init, Scheme};
pub use kernel::crew::{num_threads, set_num_threads};
pub use params::{ParamId, Params};
pub use rng::Rng;
pub use shape::Shape;
pub use tape::{Gradients, IntoVar, Tape, Var};
pub use tensor::Tensor;

/// What most programs need: `use wengert::prelude::*;`
pub mod prelude {
    #[cfg(feature = "check")]
    pub use crate::grad::{check_tape, gradcheck, gradcheck_model};
    pub use crate::init::{Init, Scheme};
    pub use crate::params::{ParamId, Params};
    pub use crate::shape::{Shape, ShapeError};
    pub use crate::tape::{Gradients, Tape, Var};
    pub use crate::{Error, Float, Rng, Tensor};
    #[cfg(feature = "nn")]
    pub use crate::{
        data::{DataLoader, StandardScaler, Table, train_test_split},
        loss::{
            Bce, BceWithLogits, CategoricalCrossEntropy, CrossEntropy, Huber, L1, Mse, Reduction, bce,
            bce_with_logits, categorical_cross_entropy, cross_entropy, huber, l1, l2_penalty, mse,
        },
        nn::{Activation, Dropout, Flatten, Linear, Mlp, Module, Perceptron, Sequential, summary},
        optim::{Adagrad, Adam, AdamW, Group, NAdam, Optimizer, RAdam, RmsProp, Schedule, Sgd, schedule},
    };
}

/// The README's programs compile and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
