//! Elementwise loops: one result for each index, from the entries at the same index.

use crate::float::Float;

/// yᵢ ← f(xᵢ). The slices are equally long.
#[inline]
pub(crate) fn map<T: Float>(y: &mut [T], x: &[T], f: impl Fn(T) -> T) {
    assert_eq!(y.len(), x.len());
    y.iter_mut().zip(x).for_each(|(y, &x)| *y = f(x));
}

/// yᵢ ← f(aᵢ, bᵢ). The slices are equally long.
#[inline]
pub(crate) fn zip<T: Float>(y: &mut [T], a: &[T], b: &[T], f: impl Fn(T, T) -> T) {
    assert!(y.len() == a.len() && y.len() == b.len());
    y.iter_mut().zip(a).zip(b).for_each(|((y, &a), &b)| *y = f(a, b));
}

/// yᵢ ← f(yᵢ, aᵢ). The slices are equally long.
#[inline]
pub(crate) fn update<T: Float>(y: &mut [T], a: &[T], f: impl Fn(T, T) -> T) {
    assert_eq!(y.len(), a.len());
    y.iter_mut().zip(a).for_each(|(y, &a)| *y = f(*y, a));
}

/// yᵢ ← f(yᵢ, aᵢ, bᵢ). The slices are equally long.
#[inline]
pub(crate) fn update2<T: Float>(y: &mut [T], a: &[T], b: &[T], f: impl Fn(T, T, T) -> T) {
    assert!(y.len() == a.len() && y.len() == b.len());
    y.iter_mut().zip(a).zip(b).for_each(|((y, &a), &b)| *y = f(*y, a, b));
}

/// yᵢ ← f(yᵢ, aᵢ, bᵢ, cᵢ). The slices are equally long.
#[inline]
pub(crate) fn update3<T: Float>(y: &mut [T], a: &[T], b: &[T], c: &[T], f: impl Fn(T, T, T, T) -> T) {
    assert!(y.len() == a.len() && y.len() == b.len() && y.len() == c.len());
    y.iter_mut().zip(a).zip(b).zip(c).for_each(|(((y, &a), &b), &c)| *y = f(*y, a, b, c));
}
