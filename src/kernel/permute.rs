//! Reordering axes.

use crate::float::Float;

/// y ← x with its axes reordered: axis i of y is axis `axes[i]` of x, whose extents are `dims`.
pub(crate) fn permute<T: Float>(y: &mut [T], x: &[T], dims: &[usize], axes: &[usize]) {
    let mut strides = vec![1; dims.len()];
    for i in (1..dims.len()).rev() {
        strides[i - 1] = strides[i] * dims[i];
    }
    for (flat, y) in y.iter_mut().enumerate() {
        let (mut rest, mut offset) = (flat, 0);
        for &axis in axes.iter().rev() {
            offset += strides[axis] * (rest % dims[axis]);
            rest /= dims[axis];
        }
        *y = x[offset];
    }
}
