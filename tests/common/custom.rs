//! An operation whose parts are handed to it: for rules that are wrong on purpose.

use std::fmt;
use wengert::prelude::*;
use wengert::tape::{Keep, Op, Pullback};

pub type Rule = for<'t> fn(&Pullback<'t, f64>, Var<'t, f64>);

/// y = f(x..), of the first input's shape unless `shape` says otherwise.
#[derive(Clone, Copy)]
pub struct Custom {
    pub name: &'static str,
    pub shape: fn(&[&Shape]) -> Shape,
    pub f: fn(&[&Tensor<f64>]) -> Tensor<f64>,
    pub rule: Rule,
}

impl Custom {
    pub const fn new(name: &'static str, f: fn(&[&Tensor<f64>]) -> Tensor<f64>, rule: Rule) -> Self {
        Custom { name, shape: |x| x[0].clone(), f, rule }
    }

    #[track_caller]
    pub fn of<'t>(self, x: &[Var<'t, f64>]) -> Var<'t, f64> {
        x[0].tape().record(self, x)
    }
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Op<f64> for Custom {
    fn name(&self) -> &'static str {
        self.name
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        Ok((self.shape)(x))
    }
    fn forward(&self, x: &[&Tensor<f64>], _: Shape, _: &mut Keep<f64>) -> Tensor<f64> {
        (self.f)(x)
    }
    fn vjp<'t>(&self, p: &Pullback<'t, f64>, g: Var<'t, f64>) {
        (self.rule)(p, g);
    }
}
