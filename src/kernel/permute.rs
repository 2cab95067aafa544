//! Reordering axes: copies of runs where the innermost axis stays, transposes of matrices in
//! blocks that fit the cache elsewhere.

use super::broadcast::{Axes, Axis, each, push_outer};
use crate::float::Float;

/// A transpose goes in blocks of this many rows and columns: a block reads as many lines of the
/// cache, and all of each.
const BLOCK: usize = 16;

/// y ← x with its axes reordered: axis i of y is axis `axes[i]` of x, whose extents are `dims`.
pub(crate) fn permute<T: Float>(y: &mut [T], x: &[T], dims: &[usize], axes: &[usize]) {
    let n: usize = dims.iter().product();
    assert!(y.len() == n && x.len() == n && axes.len() == dims.len());
    if n == 0 {
        return;
    }
    let mut merged: Axes<2> = Axes::new();
    let mut y_step = 1;
    for &axis in axes.iter().rev() {
        let x_step = dims[axis + 1..].iter().product();
        push_outer(&mut merged, Axis { extent: dims[axis], steps: [x_step, y_step] });
        y_step *= dims[axis];
    }
    merged.reverse();
    let Some(inner) = merged.pop() else { return y.copy_from_slice(x) };
    if inner.steps[0] == 1 {
        each(&merged, |[from, to]| {
            y[to..to + inner.extent].copy_from_slice(&x[from..from + inner.extent]);
        });
        return;
    }
    // OK because of the axes of x that are longer than 1 the last has the step 1, and it is not y's last.
    let rows = merged.iter().position(|axis| axis.steps[0] == 1).expect("an axis of neighbours");
    let rows = merged.remove(rows);
    each(&merged, |[from, to]| transpose(&mut y[to..], &x[from..], rows, inner));
}

/// y[i·step + j] ← x[i + j·step], each with its own step: `rows` of y are neighbours in x.
#[inline]
fn transpose<T: Float>(y: &mut [T], x: &[T], rows: Axis<2>, columns: Axis<2>) {
    let (y_step, x_step) = (rows.steps[1], columns.steps[0]);
    for row in (0..rows.extent).step_by(BLOCK) {
        for column in (0..columns.extent).step_by(BLOCK) {
            for i in row..rows.extent.min(row + BLOCK) {
                let end = columns.extent.min(column + BLOCK);
                let y = &mut y[i * y_step + column..i * y_step + end];
                for (y, j) in y.iter_mut().zip(column..) {
                    *y = x[i + j * x_step];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(dims: &[usize], axes: &[usize]) {
        let n: usize = dims.iter().product();
        let x: Vec<f64> = (0..n).map(|i| i as f64).collect();
        let mut y = vec![f64::NAN; n];
        permute(&mut y, &x, dims, axes);
        for (flat, &y) in y.iter().enumerate() {
            let (mut rest, mut offset) = (flat, 0);
            for &axis in axes.iter().rev() {
                offset += rest % dims[axis] * dims[axis + 1..].iter().product::<usize>();
                rest /= dims[axis];
            }
            assert_eq!(y, x[offset], "{dims:?} by {axes:?}, entry {flat}");
        }
    }

    /// Every order of 0 .. n.
    fn orders(n: usize) -> Vec<Vec<usize>> {
        let Some(last) = n.checked_sub(1) else { return vec![vec![]] };
        let insert = |order: Vec<usize>| {
            (0..n).map(move |at| {
                let mut order = order.clone();
                order.insert(at, last);
                order
            })
        };
        orders(last).into_iter().flat_map(insert).collect()
    }

    #[test]
    fn every_order_of_the_axes_is_that_of_the_definition() {
        for rank in 0..=4 {
            for axes in orders(rank as usize) {
                for code in 0..4usize.pow(rank) {
                    let dims: Vec<usize> = (0..rank).map(|i| code / 4usize.pow(i) % 4).collect();
                    check(&dims, &axes);
                }
            }
        }
        orders(5).iter().for_each(|axes| check(&[2, 3, 1, 4, 2], axes));
        orders(3).iter().for_each(|axes| check(&[17, 33, 20], axes));
        check(&[100, 37], &[1, 0]);
    }
}
