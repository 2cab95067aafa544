//! Clipping: gradients that are too long, or entries that are too large, are cut down before a
//! step.

use super::setting::{must, positive};
use crate::float::Float;
use crate::kernel::simd::simd;
use crate::tape::Gradients;
use crate::tensor::Tensor;

/// ‖g‖₂ over all entries of all parameters' gradients together, worked out in f64.
pub fn grad_norm<T: Float>(grads: &Gradients<T>) -> f64 {
    let squares = |g: &Tensor<T>| {
        let g = g.data();
        simd(
            #[inline(always)]
            || sum_of_squares(g),
        )
    };
    grads.params().iter().flatten().map(squares).sum::<f64>().sqrt()
}

/// Scales the parameters' gradients so that their norm is at most `max_norm`; returns the
/// norm they had, ‖g‖₂ over all entries of all of them together.
///
/// g ← g · min(1, max_norm / (‖g‖₂ + 10⁻⁶)), as PyTorch has it. If an entry is infinite or NaN, so is
/// the norm that is returned, and the gradients are spoilt: test it where that can happen.
///
/// # Panics
/// If `max_norm` is not above 0, or not finite.
///
/// ```
/// use wengert::optim::clip_grad_norm;
/// use wengert::prelude::*;
/// let mut params: Params<f64> = Params::new();
/// let w = params.add("w", [1.0, 1.0]);
/// let mut grads = Tape::eval(&params).param(w).backward_with([30.0, 40.0]);
/// assert_eq!(clip_grad_norm(&mut grads, 1.0), 50.0);
/// assert!(grads[w].max_abs_diff(&Tensor::from([0.6, 0.8])) < 1e-6);
/// assert!(clip_grad_norm(&mut grads, 5.0) < 1.0); // short enough: unchanged
/// assert!(grads[w].max_abs_diff(&Tensor::from([0.6, 0.8])) < 1e-6);
/// ```
#[track_caller]
#[doc(alias = "clip_grad_norm_")]
pub fn clip_grad_norm<T: Float>(grads: &mut Gradients<T>, max_norm: f64) -> f64 {
    must(positive("max_norm", max_norm));
    let norm = grad_norm(grads);
    let factor = max_norm / (norm + 1e-6);
    if factor < 1.0 || factor.is_nan() {
        let factor = T::from_f64(factor);
        grads.params_mut().iter_mut().flatten().for_each(|g| {
            g.data_mut().iter_mut().for_each(|g| *g *= factor);
        });
    }
    norm
}

/// Cuts every entry of the parameters' gradients to [−`limit`, `limit`]. NaN stays NaN.
///
/// # Panics
/// If `limit` is not above 0, or not finite.
///
/// ```
/// use wengert::optim::clip_grad_value;
/// use wengert::prelude::*;
/// let mut params: Params = Params::new();
/// let w = params.add("w", [1.0, 1.0, 1.0]);
/// let mut grads = Tape::eval(&params).param(w).backward_with([-30.0, 0.2, 40.0]);
/// clip_grad_value(&mut grads, 0.5);
/// assert_eq!(grads[w], [-0.5, 0.2, 0.5]);
/// ```
#[track_caller]
#[doc(alias = "clip_grad_value_")]
pub fn clip_grad_value<T: Float>(grads: &mut Gradients<T>, limit: f64) {
    let limit = T::from_f64(must(positive("limit", limit)));
    grads.params_mut().iter_mut().flatten().for_each(|g| {
        g.data_mut().iter_mut().for_each(|g| *g = Float::max(Float::min(*g, limit), -limit));
    });
}

/// Σ x². Eight sums side by side hide the latency of an addition; their number is fixed, so the
/// bits are too.
#[inline(always)]
fn sum_of_squares<T: Float>(x: &[T]) -> f64 {
    let square = |x: &T| x.to_f64() * x.to_f64();
    let chunks = x.chunks_exact(8);
    let rest: f64 = chunks.remainder().iter().map(square).sum();
    let mut sums = [0.0; 8];
    for chunk in chunks {
        sums.iter_mut().zip(chunk).for_each(|(sum, x)| *sum += square(x));
    }
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::Params;
    use crate::tape::Tape;

    #[test]
    fn the_norm_is_over_all_parameters_and_leaves_out_those_without_a_gradient() {
        let mut params: Params = Params::new();
        let [a, b, _unused] = ["a", "b", "c"].map(|name| params.add(name, Tensor::ones([3, 5])));
        let tape = Tape::eval(&params);
        let mut grads = (tape.param(a) * 2.0 + tape.param(b) * 3.0).backward_with(Tensor::ones([3, 5]));
        assert_eq!(clip_grad_norm(&mut grads, 1e-3), (15.0f64 * (4.0 + 9.0)).sqrt());
        assert!((grad_norm(&grads) - 1e-3).abs() < 1e-9);
    }

    #[test]
    fn squares_too_large_for_f32_have_a_norm() {
        let mut params: Params = Params::new();
        let w = params.add("w", [0.0; 17]);
        let mut grads = Tape::eval(&params).param(w).backward_with([1e30; 17]);
        let norm = clip_grad_norm(&mut grads, 1.0);
        assert!((norm / (17f64.sqrt() * 1e30) - 1.0).abs() < 1e-6);
        assert!((grad_norm(&grads) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn what_is_not_finite_shows_in_the_norm() {
        let mut params: Params = Params::new();
        let w = params.add("w", [0.0, 0.0]);
        for (bad, norm) in [(f32::INFINITY, f64::INFINITY), (f32::NAN, f64::NAN)] {
            let mut grads = Tape::eval(&params).param(w).backward_with([bad, 1.0]);
            assert_eq!(clip_grad_norm(&mut grads, 1.0).to_string(), norm.to_string());
            assert!(grads[w].data()[0].is_nan());
            let mut grads = Tape::eval(&params).param(w).backward_with([bad, 1.0]);
            clip_grad_value(&mut grads, 0.5);
            assert_eq!(grads[w].data()[0].is_nan(), bad.is_nan());
            assert_eq!(grads[w].data()[1], 0.5);
        }
    }

    #[test]
    #[should_panic(expected = "max_norm 0 is not allowed: it must be finite and above 0")]
    fn a_norm_of_nothing_is_refused() {
        let mut params: Params = Params::new();
        let w = params.add("w", 1.0);
        let mut grads = Tape::eval(&params).param(w).backward();
        clip_grad_norm(&mut grads, 0.0);
    }
}
