//! Matrix products on slices: C ← A·B + βC, for f32 and f64 through `matrixmultiply`.
//!
//! The only `unsafe` of the crate is here: the call of a routine that takes pointers.
#![allow(unsafe_code)]

use crate::float::Float;
use std::any::TypeId;

/// C ← A·B + βC with A `[m, k]`, B `[k, n]` and C `[m, n]`, all row-major; A is stored as
/// `[k, m]` if `ta`, B as `[n, k]` if `tb`. If β = 0, C is not read.
#[allow(clippy::too_many_arguments)]
pub(crate) fn gemm<T: Float>(
    (m, k, n): (usize, usize, usize),
    a: &[T],
    ta: bool,
    b: &[T],
    tb: bool,
    beta: T,
    c: &mut [T],
) {
    assert!(a.len() == m * k && b.len() == k * n && c.len() == m * n);
    let (rsa, csa) = if ta { (1, m as isize) } else { (k as isize, 1) };
    let (rsb, csb) = if tb { (1, k as isize) } else { (n as isize, 1) };
    // SAFETY: the slices hold as many entries as the extents and strides reach, checked above;
    // T is f32 or f64 and nothing else (`Float` is sealed), and the pointers are cast to just
    // the type that T was found to be.
    unsafe {
        if TypeId::of::<T>() == TypeId::of::<f32>() {
            matrixmultiply::sgemm(
                m,
                k,
                n,
                1.0,
                a.as_ptr().cast(),
                rsa,
                csa,
                b.as_ptr().cast(),
                rsb,
                csb,
                beta.to_f64() as f32,
                c.as_mut_ptr().cast(),
                n as isize,
                1,
            );
        } else {
            matrixmultiply::dgemm(
                m,
                k,
                n,
                1.0,
                a.as_ptr().cast(),
                rsa,
                csa,
                b.as_ptr().cast(),
                rsb,
                csb,
                beta.to_f64(),
                c.as_mut_ptr().cast(),
                n as isize,
                1,
            );
        }
    }
}
