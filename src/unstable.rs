//! The kernels on slices, for the steps that `benches/` writes by hand. Not part of the public
//! face: anything here may change in any version.

use crate::float::Float;
use crate::kernel::{broadcast, gemm, lanes, map, random};

/// C ← A·B + βC with A `[m, k]`, B `[k, n]`, C `[m, n]`; A is stored transposed if `ta`, B if `tb`.
pub fn gemm<T: Float>(size: (usize, usize, usize), a: (&[T], bool), b: (&[T], bool), beta: T, c: &mut [T]) {
    gemm::gemm(size, a.0, a.1, b.0, b.1, beta, c);
}

/// C ← A·B + a bias, which is added to each row.
pub fn gemm_bias<T: Float>(
    size: (usize, usize, usize),
    a: (&[T], bool),
    b: (&[T], bool),
    bias: &[T],
    c: &mut [T],
) {
    gemm::gemm_bias(size, a.0, a.1, b.0, b.1, bias, c);
}

/// y ← the sum of the rows of x.
pub fn sum_rows<T: Float>(y: &mut [T], x: &[T]) {
    let dims = [x.len() / y.len(), y.len()];
    broadcast::sum_to(y, &dims[1..], x, &dims, false);
}

/// y ← ln softmax of each row of x, the rows being `classes` wide.
pub fn log_softmax<T: Float>(y: &mut [T], x: &[T], classes: usize) {
    lanes::log_softmax(y, x, (x.len() / classes, classes, 1));
}

/// yᵢ ← f(yᵢ).
#[inline]
pub fn apply<T: Float>(y: &mut [T], f: impl Fn(T) -> T + Sync) {
    map::apply(y, f);
}

/// yᵢ ← f(yᵢ, aᵢ).
#[inline]
pub fn update<T: Float>(y: &mut [T], a: &[T], f: impl Fn(T, T) -> T + Sync) {
    map::update(y, a, f);
}

/// yᵢ ← 0 with probability p, else yᵢ/(1 − p).
pub fn dropout<T: Float>(y: &mut [T], p: f64, seed: u64) {
    random::dropout_in_place(y, p, seed);
}

/// Adam's step number `count`, from 1, at the default settings.
pub fn adam<T: Float>(count: u64, rate: f64, p: &mut [T], g: &[T], m: &mut [T], v: &mut [T]) {
    crate::optim::update_adam(count, rate, p, g, m, v);
}
