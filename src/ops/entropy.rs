//! The pieces that the cross-entropies are made of, fused so that they are stable: entry by entry
//! for two classes, row by row for many.

use super::elementwise::{binary, row_struct};
use super::{Sample, inputs, sample};
use crate::float::{Elementary, Float};
use crate::kernel::{lanes, map};
use crate::shape::{Shape, ShapeError};
use crate::tape::{Keep, Op, Point, Pullback, Slots, Var, inline_unit};
use crate::tensor::Tensor;

/// Logarithms of probabilities are held above this, so that a loss stays finite at 0 and 1.
const LOWEST_LOG: f64 = -100.0;

binary! {
    // −[y ln p + (1 − y) ln(1 − p)], logarithms clamped; a is p, b is y. In p̄ = ȳ(p − y)/(p(1 − p))
    // the denominator is held above 1e-12, as PyTorch has it, so that 0 and 1 give finite numbers.
    bce as Bce:
        |p, y| {
            let (ln_p, ln_q) = (clamped(Elementary::ln(p)), clamped(Elementary::ln_1p(-p)));
            -(y * ln_p + (T::ONE - y) * ln_q)
        },
        da |p, y, z, g| {
            let v = p - p * p;
            let smallest = v.zero().plus(1e-12);
            g * (p - y) / v.where_positive(v - smallest, smallest)
        },
        db |p, y, z, g| g * (clamped_log((-p).ln_1p()) - clamped_log(p.ln()));
    // The same of the logit x, p = sigmoid(x): |x| times the weight of the other class, + ln(1 + e^−|x|).
    // Without weight, an infinite x takes no part.
    bce_with_logits as BceWithLogits:
        |x, y| {
            let (size, weight) = (Float::abs(x), (T::ONE - y).where_positive(x, y));
            (size * weight).where_nonzero(weight, T::ZERO) + Elementary::ln_1p(Elementary::exp(-size))
        },
        da |x, y, z, g| g * (x.sigmoid() - y),
        db |x, y, z, g| -(g * x);
    // −t ln p, the logarithm clamped, for one class of many.
    surprise as Surprise:
        |p, t| -(t * clamped(Elementary::ln(p))),
        da |p, t, z, g| {
            let smallest = p.zero().plus(1e-12);
            -(g * t) / p.where_positive(p - smallest, smallest)
        },
        db |p, t, z, g| -(g * clamped_log(p.ln()));
}

#[inline(always)]
fn clamped<T: Float>(log: T) -> T {
    Float::max(log, T::from_f64(LOWEST_LOG))
}

/// [`clamped`], for `Var`s too.
#[inline(always)]
#[track_caller]
fn clamped_log<N: Elementary>(log: N) -> N {
    let lowest = log.zero().plus(LOWEST_LOG);
    lowest.where_positive(lowest - log, log) // NaN stays NaN
}

/// (x, t) ↦ −Σ t·ln softmax(x) along the last axis: cross-entropy on logits, a number a row.
#[derive(Debug, Clone, Copy)]
struct CrossEntropy;
inline_unit!(CrossEntropy);

impl<T: Float> Op<T> for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross_entropy"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        if x[0].rank() == 0 || x[0] != x[1] {
            let facts = format!("logits {} and targets {} are of one shape [.., classes]", x[0], x[1]);
            return Err(ShapeError::new(facts));
        }
        Ok(x[0].without(x[0].rank() - 1))
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, keep: &mut Keep<T>) -> Tensor<T> {
        let lanes = lanes_of(x[0].shape());
        let logs = Tensor::build(x[0].shape(), |y| lanes::log_softmax(y, x[0].data(), lanes));
        let (_, classes, _) = lanes;
        let loss = Tensor::build(shape, |y| {
            for (row, y) in y.iter_mut().enumerate() {
                let range = row * classes..(row + 1) * classes;
                let terms = logs.data()[range.clone()].iter().zip(&x[1].data()[range]);
                // What has no weight has no part, though its logarithm be −∞.
                *y = -terms.map(|(&log, &t)| if t == T::ZERO { T::ZERO } else { t * log }).sum::<T>();
            }
        });
        keep.put(logs);
        loss
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        let g = || g.unsqueeze(-1);
        p.pull(0, || g() * (p.x(0).softmax(-1) * p.x(1).sum_keepdim(-1) - p.x(1))); // x̄ = ȳ(softmax(x)·Σt − t)
        p.pull(1, || -(g() * p.x(0).log_softmax(-1)));
    }
    fn vjp_into(&self, at: &Point<'_, T>, g: &mut Tensor<T>, dx: &mut Slots<'_, T>) -> bool {
        let (t, logs) = (at.x(1), at.kept());
        let (_, classes, _) = lanes_of(t.shape());
        let range_of = |row: usize| row * classes..(row + 1) * classes;
        if dx.wants(0) {
            dx.add(0, Tensor::build(t.shape(), |d| {
                map::map(
                    d,
                    logs.data(),
                    #[inline(always)]
                    |log| Elementary::exp(log),
                );
                for (row, &g) in g.data().iter().enumerate() {
                    let t = &t.data()[range_of(row)];
                    let sum: T = t.iter().copied().sum();
                    d[range_of(row)].iter_mut().zip(t).for_each(|(d, &t)| *d = g * (*d * sum - t));
                }
            }));
        }
        if dx.wants(1) {
            dx.add(1, Tensor::build(t.shape(), |d| {
                for (row, &g) in g.data().iter().enumerate() {
                    let range = range_of(row);
                    d[range.clone()].iter_mut().zip(&logs.data()[range]).for_each(|(d, &log)| *d = -(g * log));
                }
            }));
        }
        true
    }
}

fn lanes_of(shape: &Shape) -> lanes::Lanes {
    shape.around(shape.rank() - 1)
}

impl<'t, T: Float> Var<'t, T> {
    /// −[y ln p + (1 − y) ln(1 − p)], entry by entry.
    #[track_caller]
    pub(crate) fn bce_entries(self, target: Self) -> Self {
        self.tape().record_inline(Bce {}, &[self, target])
    }

    /// [`bce_entries`](Self::bce_entries) of p = sigmoid(self).
    #[track_caller]
    pub(crate) fn bce_with_logits_entries(self, target: Self) -> Self {
        self.tape().record_inline(BceWithLogits {}, &[self, target])
    }

    /// −t ln p, entry by entry.
    #[track_caller]
    pub(crate) fn surprise(self, target: Self) -> Self {
        self.tape().record_inline(Surprise {}, &[self, target])
    }

    /// −Σ t·ln softmax(self) along the last axis.
    #[track_caller]
    pub(crate) fn cross_entropy_rows(self, target: Self) -> Self {
        self.tape().record_inline(CrossEntropy, &[self, target])
    }
}

#[inline]
pub(super) fn samples() -> Vec<Sample> {
    let unit = |shape: &[usize], seed| inputs(shape, 0.1, 0.9, seed);
    let x = |shape: &[usize], seed| inputs(shape, -3.0, 3.0, seed);
    vec![
        sample!("bce", p.bce_entries(y), [p = unit(&[4, 2], 1), y = unit(&[4, 2], 2)]),
        sample!("bce", p.bce_entries(y), [p = unit(&[3], 3), y = 1.0]),
        sample!("bce", p.bce_entries(y), [p = unit(&[0, 2], 3), y = unit(&[2], 4)]),
        sample!("bce", p.bce_entries(y), [p = unit(&[3, 1], 19), y = unit(&[1, 2], 20)]),
        sample!("bce_with_logits", x.bce_with_logits_entries(y), [x = x(&[4, 2], 5), y = unit(&[4, 2], 6)]),
        sample!("bce_with_logits", x.bce_with_logits_entries(y), [x = x(&[3, 1], 7), y = unit(&[1, 2], 8)]),
        sample!("bce_with_logits", x.bce_with_logits_entries(y), [x = [-800.0, 800.0], y = [1.0, 0.0]])
            .with_gradients([[-1.0, 1.0].into(), [800.0, -800.0].into()]),
        sample!("surprise", p.surprise(t), [p = unit(&[4, 2], 9), t = unit(&[4, 2], 10)]),
        sample!("surprise", p.surprise(t), [p = unit(&[3], 11), t = 0.5]),
        sample!("surprise", p.surprise(t), [p = unit(&[3, 1], 21), t = unit(&[1, 2], 22)]),
        sample!("cross_entropy", x.cross_entropy_rows(t), [x = x(&[4, 3], 12), t = unit(&[4, 3], 13)]),
        sample!("cross_entropy", x.cross_entropy_rows(t), [x = x(&[5], 14), t = [0.0, 1.0, 0.0, 0.0, 0.0]]),
        sample!("cross_entropy", x.cross_entropy_rows(t), [x = x(&[2, 2, 3], 15), t = unit(&[2, 2, 3], 16)]),
        sample!("cross_entropy", x.cross_entropy_rows(t), [x = x(&[0, 3], 17), t = unit(&[0, 3], 18)]),
    ]
}
