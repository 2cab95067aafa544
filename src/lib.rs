//! wengert
#![deny(unsafe_code)]

pub mod data;
pub mod error;
pub mod float;
pub mod grad;
pub mod init;
pub(crate) mod kernel;
pub mod loss;
pub mod metrics;
pub mod nn;
pub mod ops;
pub mod optim;
pub mod params;
pub mod rng;
pub mod shape;
pub mod tape;
pub mod tensor;

pub use error::Error;
pub use float::Float;
pub use init::{Init, Scheme};
pub use params::{ParamId, Params};
pub use rng::Rng;
pub use shape::Shape;
pub use tape::{Gradients, IntoVar, Tape, Var};
pub use tensor::Tensor;

/// What most programs need: `use wengert::prelude::*;`
pub mod prelude {
    pub use crate::data::{DataLoader, StandardScaler, Table, train_test_split};
    pub use crate::grad::{gradcheck, gradcheck_model};
    pub use crate::init::{Init, Scheme};
    pub use crate::loss::{
        Bce, BceWithLogits, CategoricalCrossEntropy, CrossEntropy, Huber, L1, Mse, Reduction, bce,
        bce_with_logits, categorical_cross_entropy, cross_entropy, huber, l1, l2_penalty, mse,
    };
    pub use crate::nn::{Activation, Dropout, Flatten, Linear, Mlp, Module, Perceptron, Sequential, summary};
    pub use crate::optim::{
        Adagrad, Adam, AdamW, Group, NAdam, Optimizer, RAdam, RmsProp, Schedule, Sgd, schedule,
    };
    pub use crate::params::{ParamId, Params};
    pub use crate::shape::{Shape, ShapeError};
    pub use crate::tape::{Gradients, Tape, Var};
    pub use crate::{Error, Float, Rng, Tensor};
}
