//! Loops over operands of different extents: broadcasting, and its transpose, summing.

use crate::float::Float;

/// For each entry of a tensor of extents `to`, in row-major order, the offset of the entry of a
/// tensor of extents `from` that broadcasts to it.
fn offsets(from: &[usize], to: &[usize]) -> impl Iterator<Item = usize> {
    let skip = to.len() - from.len();
    let mut strides = vec![0; to.len()];
    let mut step = 1;
    for axis in (0..from.len()).rev() {
        strides[axis + skip] = if from[axis] == 1 { 0 } else { step };
        step *= from[axis];
    }
    let to = to.to_vec();
    (0..to.iter().product()).map(move |mut flat: usize| {
        let mut offset = 0;
        for axis in (0..to.len()).rev() {
            offset += strides[axis] * (flat % to[axis]);
            flat /= to[axis];
        }
        offset
    })
}

/// y ← f(a, b), each broadcast to `to`, the extents of y.
pub(crate) fn zip<T: Float>(
    y: &mut [T],
    to: &[usize],
    (a, a_dims): (&[T], &[usize]),
    (b, b_dims): (&[T], &[usize]),
    f: impl Fn(T, T) -> T + Copy,
) {
    let offsets = offsets(a_dims, to).zip(offsets(b_dims, to));
    y.iter_mut().zip(offsets).for_each(|(y, (i, j))| *y = f(a[i], b[j]));
}

/// y ← x, broadcast from the extents `from` to the extents `to`.
pub(crate) fn expand<T: Float>(y: &mut [T], to: &[usize], x: &[T], from: &[usize]) {
    y.iter_mut().zip(offsets(from, to)).for_each(|(y, i)| *y = x[i]);
}

/// y ← Σ x over the axes along which `to`, the extents of y, broadcasts to `from`, those of x.
/// If `accumulate`, the sums are added to y instead. `to` may have fewer axes.
pub(crate) fn sum_to<T: Float>(y: &mut [T], to: &[usize], x: &[T], from: &[usize], accumulate: bool) {
    if !accumulate {
        y.fill(T::ZERO);
    }
    x.iter().zip(offsets(to, from)).for_each(|(&x, i)| y[i] += x);
}
