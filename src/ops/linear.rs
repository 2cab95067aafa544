//! `linear`: y = x·Wᵀ + b, a layer's product and bias in one pass. W is [out, in].

use super::{Sample, inputs, sample};
use crate::float::Float;
use crate::kernel::broadcast;
use crate::kernel::gemm::{gemm, gemm_bias};
use crate::shape::{Shape, ShapeError};
use crate::tape::{Keep, Op, Point, Pullback, Slots, Var, inline_unit};
use crate::tensor::Tensor;

#[derive(Debug, Clone, Copy)]
struct Linear;
inline_unit!(Linear);

/// (rows, in, out): x is [rows, in] whatever its axes.
fn extents(x: &Shape, w: &Shape) -> (usize, usize, usize) {
    (x[..x.rank() - 1].iter().product(), w[1], w[0])
}

impl<T: Float> Op<T> for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        let (x, w, b) = (x[0], x[1], x.get(2));
        let [out, inputs] = *w.dims() else {
            return Err(ShapeError::new(format!("the weight is [out, in], got {w}")));
        };
        if x.last() != Some(&inputs) {
            return Err(ShapeError::new(format!("the last axis of {x} is not the {inputs} inputs of weight {w}")));
        }
        if b.is_some_and(|&b| *b != [out]) {
            return Err(ShapeError::new(format!("the bias is [{out}], as weight {w} has outputs, got {}", b.map_or(&Shape::SCALAR, |b| b))));
        }
        Ok(x.with(x.rank() - 1, out))
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
        let (rows, inputs, out) = extents(x[0].shape(), x[1].shape());
        let (size, a, w) = ((rows, inputs, out), x[0].data(), x[1].data());
        Tensor::build(shape, |y| match x.get(2) {
            Some(b) => gemm_bias(size, a, false, w, true, b.data(), y),
            None => gemm(size, a, false, w, true, T::ZERO, y),
        })
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        let (x, w) = (p.x(0), p.x(1));
        let (rows, inputs, out) = extents(&x.shape(), &w.shape());
        let flat = |v: Var<'t, T>, width: usize| v.reshape([rows, width]);
        p.pull(0, || flat(g, out).product(w, false, false).reshape(x.shape())); // x̄ = ȳ·W
        p.pull(1, || flat(g, out).product(flat(x, inputs), true, false)); // W̄ = ȳᵀ·x
        if p.arity() == 3 {
            p.pull(2, || flat(g, out)); // b̄ = ȳ, summed over rows by the engine
        }
    }
    fn vjp_into(&self, at: &Point<'_, T>, g: &mut Tensor<T>, dx: &mut Slots<'_, T>) -> bool {
        let (x, w, g) = (at.x(0), at.x(1), g.data());
        let (rows, inputs, out) = extents(x.shape(), w.shape());
        dx.open(0, |dx, accum| gemm((rows, out, inputs), g, false, w.data(), false, accum.beta(), dx));
        dx.open(1, |dw, accum| gemm((out, rows, inputs), g, true, x.data(), false, accum.beta(), dw));
        if at.arity() == 3 {
            dx.open(2, |db, accum| {
                broadcast::sum_to(db, &[out], g, &[rows, out], accum == crate::tape::Accum::Add);
            });
        }
        true
    }
}

impl<'t, T: Float> Var<'t, T> {
    /// x·Wᵀ + b for x of shape [.., in], W [out, in] and b \[out\]: a dense layer.
    ///
    /// # Panics
    /// If the shapes do not fit.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.constant([[1.0, 2.0]]);
    /// let w = tape.var([[3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]);
    /// let b = tape.var([0.5, 0.0, 0.0]);
    /// let y = x.linear(w, Some(b));
    /// assert_eq!(y.value(), [[11.5, 17.0, 23.0]]);
    /// let grads = y.sum().backward();
    /// assert_eq!(grads[w], [[1.0, 2.0]; 3]);
    /// assert_eq!(grads[b], [1.0, 1.0, 1.0]);
    /// ```
    #[doc(alias = "dense")]
    #[doc(alias = "addmm")]
    #[track_caller]
    #[must_use]
    pub fn linear(self, weight: Var<'t, T>, bias: Option<Var<'t, T>>) -> Self {
        match bias {
            Some(bias) => self.tape().record_inline(Linear, &[self, weight, bias]),
            None => self.tape().record_inline(Linear, &[self, weight]),
        }
    }
}

#[inline]
pub(super) fn samples() -> Vec<Sample> {
    let x = |shape: &[usize], seed| inputs(shape, -2.0, 2.0, seed);
    vec![
        sample!("linear", x.linear(w, Some(b)), [x = x(&[4, 3], 1), w = x(&[2, 3], 2), b = x(&[2], 3)]),
        sample!("linear", x.linear(w, None), [x = x(&[4, 3], 4), w = x(&[2, 3], 5)]),
        sample!("linear", x.linear(w, Some(b)), [x = x(&[2, 3], 18), w = x(&[2, 3], 19), b = x(&[2], 20)]),
        sample!("linear", x.linear(w, Some(b)), [x = x(&[3], 6), w = x(&[2, 3], 7), b = x(&[2], 8)]),
        sample!("linear", x.linear(w, Some(b)), [x = x(&[2, 2, 3], 9), w = x(&[1, 3], 10), b = x(&[1], 11)]),
        sample!("linear", x.linear(w, Some(b)), [x = x(&[0, 3], 12), w = x(&[2, 3], 13), b = x(&[2], 14)]),
        sample!("linear", x.linear(w, Some(b)), [x = x(&[2, 0], 15), w = x(&[3, 0], 16), b = x(&[3], 17)]),
    ]
}
