//! `dropout`: each entry is 0 with probability p, or x/(1 − p) (Srivastava et al., 2014).

use super::{Sample, inputs, sample};
use crate::float::Float;
use crate::kernel::random;
use crate::shape::{Shape, ShapeError};
use crate::tape::{Inline, Keep, Op, Point, Pullback, Slots, Var, Words};
use crate::tensor::Tensor;
use std::mem::take;

/// The mask is a function of the seed and of an entry's place, made anew where it is needed:
/// nothing is stored between forward and backward.
#[derive(Debug, Clone, Copy)]
struct Dropout {
    p: f64,
    seed: u64,
}

impl Inline for Dropout {
    fn pack(&self) -> Option<Words> {
        Some([self.p.to_bits(), self.seed, 0])
    }
    fn unpack(words: &Words) -> Self {
        Dropout { p: f64::from_bits(words[0]), seed: words[1] }
    }
}

impl<T: Float> Op<T> for Dropout {
    fn name(&self) -> &'static str {
        "dropout"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        Ok(x[0].clone())
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
        Tensor::build(shape, |y| random::dropout(y, x[0].data(), self.p, self.seed))
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        p.pull(0, || p.tape().record_inline(*self, &[g])); // the same mask
    }
    fn vjp_into(&self, _: &Point<'_, T>, g: &mut Tensor<T>, dx: &mut Slots<'_, T>) -> bool {
        random::dropout_in_place(g.data_mut(), self.p, self.seed);
        dx.add(0, take(g));
        true
    }
    fn attributes(&self) -> String {
        format!("p {}", self.p)
    }
}

impl<'t, T: Float> Var<'t, T> {
    /// On a training tape, each entry is set to 0 with probability p and the others are divided
    /// by 1 − p, so that the expectation stays; on any other tape, nothing happens. The mask
    /// comes from the tape's seed.
    ///
    /// # Panics
    /// If p is not in 0..=1.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// let (params, mut rng) = (Params::<f32>::new(), Rng::new(0));
    /// let tape = Tape::training(&params, &mut rng);
    /// let y = tape.constant(Tensor::ones([1000])).dropout(0.5);
    /// assert!(y.value().data().iter().all(|&y| y == 0.0 || y == 2.0));
    /// assert!((y.mean().item() - 1.0).abs() < 0.1);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn dropout(self, p: f64) -> Self {
        assert!((0.0..=1.0).contains(&p), "dropout: the probability must be in 0..=1, not {p}");
        if !self.tape().is_training() || p == 0.0 {
            return self;
        }
        let seed = self.tape().draw();
        self.tape().record_inline(Dropout { p, seed }, &[self])
    }
}

#[inline]
pub(super) fn samples() -> Vec<Sample> {
    // With a seed of their own, for a sample's tape is in no training mode.
    let x = |shape: &[usize], seed| inputs(shape, -2.0, 2.0, seed);
    vec![
        sample!("dropout", x.tape().record_inline(Dropout { p: 0.5, seed: 1 }, &[x]), [x = x(&[3, 4], 1)]),
        sample!("dropout", x.tape().record_inline(Dropout { p: 0.3, seed: 2 }, &[x]), [x = x(&[17], 2)]),
        sample!("dropout", x.tape().record_inline(Dropout { p: 0.3, seed: 3 }, &[x]), [x = x(&[0, 2], 3)]),
        sample!("dropout", x.tape().record_inline(Dropout { p: 1.0, seed: 3 }, &[x]), [x = [1.0, 2.0]])
            .with_gradients([[0.0, 0.0].into()]),
    ]
}
