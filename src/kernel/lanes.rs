//! Loops along one axis. A tensor is seen as `outer` blocks of n rows of `inner` entries; a lane
//! is the n entries that differ only in the middle index.

use crate::float::{Elementary, Float};

/// (outer, n, inner): the product of the extents before the axis, its own, and after it.
pub(crate) type Lanes = (usize, usize, usize);

/// Calls `f` with the offset of each lane's first entry and the lane's number. A lane's entries
/// lie `inner` apart.
fn each((outer, n, inner): Lanes, mut f: impl FnMut(usize, usize)) {
    for o in 0..outer {
        for i in 0..inner {
            f(o * n * inner + i, o * inner + i);
        }
    }
}

/// y ← softmax of each lane, exp(x − max x) / Σ exp(x − max x).
pub(crate) fn softmax<T: Float>(y: &mut [T], x: &[T], lanes: Lanes) {
    let (_, n, inner) = lanes;
    each(lanes, |at, _| {
        let lane = || (0..n).map(|k| at + k * inner);
        let max = lane().fold(T::NEG_INFINITY, |m, i| Float::max(m, x[i]));
        let mut sum = T::ZERO;
        for i in lane() {
            y[i] = Elementary::exp(x[i] - max);
            sum += y[i];
        }
        let scale = Elementary::recip(sum);
        lane().for_each(|i| y[i] *= scale);
    });
}

/// g ← y·(g − Σ g·y) in each lane: the transposed derivative of softmax, in place.
pub(crate) fn softmax_backward<T: Float>(g: &mut [T], y: &[T], lanes: Lanes) {
    let (_, n, inner) = lanes;
    each(lanes, |at, _| {
        let lane = || (0..n).map(|k| at + k * inner);
        let dot: T = lane().map(|i| g[i] * y[i]).sum();
        lane().for_each(|i| g[i] = y[i] * (g[i] - dot));
    });
}

/// y ← ln Σ exp(x) of each lane, one number a lane. Lanes of nothing give −∞.
pub(crate) fn logsumexp<T: Float>(y: &mut [T], x: &[T], lanes: Lanes) {
    let (_, n, inner) = lanes;
    each(lanes, |at, number| {
        let lane = || (0..n).map(|k| x[at + k * inner]);
        let max = lane().fold(T::NEG_INFINITY, Float::max);
        // An infinite maximum is the answer, and ∞ − ∞ would spoil it.
        y[number] = if max.is_finite() {
            max + Elementary::ln(lane().map(|x| Elementary::exp(x - max)).sum::<T>())
        } else {
            max
        };
    });
}

/// y ← x − ln Σ exp(x) in each lane.
pub(crate) fn log_softmax<T: Float>(y: &mut [T], x: &[T], lanes: Lanes) {
    let (_, n, inner) = lanes;
    each(lanes, |at, _| {
        let lane = || (0..n).map(|k| at + k * inner);
        let max = lane().fold(T::NEG_INFINITY, |m, i| Float::max(m, x[i]));
        let sum: T = lane().map(|i| Elementary::exp(x[i] - max)).sum();
        let ln = Elementary::ln(sum);
        lane().for_each(|i| y[i] = x[i] - max - ln);
    });
}

/// g ← g − exp(y)·Σ g in each lane: the transposed derivative of log-softmax, in place.
pub(crate) fn log_softmax_backward<T: Float>(g: &mut [T], y: &[T], lanes: Lanes) {
    let (_, n, inner) = lanes;
    each(lanes, |at, _| {
        let lane = || (0..n).map(|k| at + k * inner);
        let sum: T = lane().map(|i| g[i]).sum();
        lane().for_each(|i| g[i] -= Elementary::exp(y[i]) * sum);
    });
}

/// y ← the running sums of each lane; from the end backwards if `reverse`.
pub(crate) fn cumsum<T: Float>(y: &mut [T], x: &[T], lanes: Lanes, reverse: bool) {
    let (_, n, inner) = lanes;
    each(lanes, |at, _| {
        let mut sum = T::ZERO;
        for k in 0..n {
            let i = at + if reverse { n - 1 - k } else { k } * inner;
            sum += x[i];
            y[i] = sum;
        }
    });
}

/// y ← the largest entry of each lane (the smallest if `smallest`); NaN if there is one.
pub(crate) fn extremum<T: Float>(y: &mut [T], x: &[T], lanes: Lanes, smallest: bool) {
    let (_, n, inner) = lanes;
    each(lanes, |at, number| {
        let lane = (0..n).map(|k| x[at + k * inner]);
        y[number] = if smallest {
            lane.fold(T::INFINITY, Float::min)
        } else {
            lane.fold(T::NEG_INFINITY, Float::max)
        };
    });
}
