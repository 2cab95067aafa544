//! Loops over operands of different extents: broadcasting, and its transpose, summing.
//!
//! Axes that all operands step through alike are one axis, so that of most shapes a few are left:
//! none to speak of where the shapes are equal or one is a single number, two for a row or a
//! column beside a matrix.

use super::simd::simd;
use super::{map, sum};
use crate::float::Float;
use smallvec::SmallVec;

/// One axis: its extent, and how far each of K operands steps along it (0 where it is stretched).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis<const K: usize> {
    pub(super) extent: usize,
    pub(super) steps: [usize; K],
}

/// The axes, outermost first, with merged what can be.
pub(super) type Axes<const K: usize> = SmallVec<[Axis<K>; 6]>;

/// How operands of these extents are stepped through along the axes of `to`, to which each
/// broadcasts; `None` if there is nothing to step through.
fn axes<const K: usize>(to: &[usize], operands: [&[usize]; K]) -> Option<Axes<K>> {
    let mut axes: Axes<K> = SmallVec::new();
    let mut sizes = [1; K];
    // From the last axis to the first, the innermost at the end.
    for (back, &extent) in to.iter().rev().enumerate() {
        let mut steps = [0; K];
        for k in 0..K {
            let dims = operands[k];
            let own = if back < dims.len() { dims[dims.len() - 1 - back] } else { 1 };
            assert!(own == extent || own == 1, "{dims:?} does not broadcast to {to:?}");
            if own != 1 {
                steps[k] = sizes[k];
                sizes[k] *= own;
            }
        }
        if extent == 0 {
            return None;
        }
        push_outer(&mut axes, Axis { extent, steps });
    }
    axes.reverse();
    Some(axes)
}

/// Puts an axis around those given, innermost first: not one of extent 1, and as a part of the last
/// one if all operands step from one to the other as they do within it.
pub(super) fn push_outer<const K: usize>(axes: &mut Axes<K>, axis: Axis<K>) {
    match axes.last_mut() {
        _ if axis.extent == 1 => {}
        Some(inner) if (0..K).all(|k| axis.steps[k] == inner.steps[k] * inner.extent) => {
            inner.extent *= axis.extent;
        }
        _ => axes.push(axis),
    }
}

/// Calls `f` with the operands' offsets for each index of these axes, in row-major order.
#[inline(always)]
pub(super) fn each<const K: usize>(axes: &[Axis<K>], mut f: impl FnMut([usize; K])) {
    let mut index: SmallVec<[usize; 6]> = SmallVec::from_elem(0, axes.len());
    let mut offsets = [0; K];
    'entries: loop {
        f(offsets);
        // Like a counter: the last axis first; one that is through starts again and carries.
        for (index, axis) in index.iter_mut().zip(axes).rev() {
            *index += 1;
            if *index < axis.extent {
                for (offset, step) in offsets.iter_mut().zip(axis.steps) {
                    *offset += step;
                }
                continue 'entries;
            }
            *index = 0;
            for (offset, step) in offsets.iter_mut().zip(axis.steps) {
                *offset -= step * (axis.extent - 1);
            }
        }
        return;
    }
}

/// y ← f(a, b), each broadcast to `to`, the extents of y.
pub(crate) fn zip<T: Float>(
    y: &mut [T],
    to: &[usize],
    (a, a_dims): (&[T], &[usize]),
    (b, b_dims): (&[T], &[usize]),
    f: impl Fn(T, T) -> T + Copy + Sync,
) {
    let Some(axes) = axes(to, [a_dims, b_dims]) else { return };
    let (outer, inner) = match axes.split_last() {
        Some((inner, outer)) => (outer, *inner),
        None => (&[][..], Axis { extent: 1, steps: [1, 1] }),
    };
    if outer.is_empty() && inner.steps == [1, 1] {
        return map::zip(y, a, b, f);
    }
    let n = inner.extent;
    simd(
        #[inline(always)]
        || {
            let mut runs = y.chunks_exact_mut(n);
            each(
                outer,
                #[inline(always)]
                |[at_a, at_b]| {
                    // OK because y has as many entries as `to`, n for each index of the others.
                    let y = runs.next().expect("a run of y for every index");
                    let (a, b) = (&a[at_a..], &b[at_b..]);
                    match inner.steps {
                        [0, 0] => y.fill(f(a[0], b[0])),
                        [0, _] => {
                            let a = a[0];
                            for (y, &b) in y.iter_mut().zip(&b[..n]) {
                                *y = f(a, b);
                            }
                        }
                        [_, 0] => {
                            let b = b[0];
                            for (y, &a) in y.iter_mut().zip(&a[..n]) {
                                *y = f(a, b);
                            }
                        }
                        _ => {
                            for ((y, &a), &b) in y.iter_mut().zip(&a[..n]).zip(&b[..n]) {
                                *y = f(a, b);
                            }
                        }
                    }
                },
            );
        },
    );
}

/// y ← x, broadcast from the extents `from` to the extents `to`.
pub(crate) fn expand<T: Float>(y: &mut [T], to: &[usize], x: &[T], from: &[usize]) {
    let Some(axes) = axes(to, [from]) else { return };
    let Some((inner, outer)) = axes.split_last() else { return y.copy_from_slice(&x[..1]) };
    let mut runs = y.chunks_exact_mut(inner.extent);
    each(outer, |[at]| {
        // OK because y has as many entries as `to`.
        let y = runs.next().expect("a run of y for every index");
        if inner.steps == [0] { y.fill(x[at]) } else { y.copy_from_slice(&x[at..at + y.len()]) }
    });
}

/// y ← Σ x over the axes along which `to`, the extents of y, broadcasts to `from`, those of x.
/// If `accumulate`, the sums are added to y instead. `to` may have fewer axes.
pub(crate) fn sum_to<T: Float>(y: &mut [T], to: &[usize], x: &[T], from: &[usize], accumulate: bool) {
    if !accumulate {
        if y.len() == x.len() {
            return y.copy_from_slice(x);
        }
        y.fill(T::ZERO);
    }
    let Some(axes) = axes(from, [to]) else { return };
    let mut x = x;
    let mut take = |n| {
        let (run, rest) = x.split_at(n);
        x = rest;
        run
    };
    match &axes[..] {
        [outer @ .., Axis { extent, steps: [0] }] => each(outer, |[at]| y[at] += sum::sum(take(*extent))),
        // Rows of the innermost axis; the one before it is summed, or they would be one.
        [outer @ .., rows, Axis { extent, .. }] => each(outer, |[at]| {
            sum::add_rows(&mut y[at..at + extent], take(rows.extent * extent));
        }),
        _ => map::update(y, x, |y, x| y + x),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For each entry of a tensor of extents `to`, the offset of the entry of a tensor of extents
    /// `from` that broadcasts to it: the oracle.
    fn offsets(from: &[usize], to: &[usize]) -> Vec<usize> {
        let stretched = vec![1; to.len() - from.len()];
        let from: Vec<usize> = stretched.iter().chain(from).copied().collect();
        let entries = 0..to.iter().product();
        entries
            .map(|mut flat: usize| {
                let (mut offset, mut step) = (0, 1);
                for (&from, &to) in from.iter().zip(to).rev() {
                    offset += if from == 1 { 0 } else { step * (flat % to) };
                    flat /= to;
                    step *= from;
                }
                offset
            })
            .collect()
    }

    /// Whole numbers, whose sums are exact in any order.
    fn numbers(dims: &[usize]) -> Vec<f64> {
        (0..dims.iter().product::<usize>()).map(|i| (i * 37 % 101) as f64 + 1.0).collect()
    }

    #[track_caller]
    fn check(to: &[usize], a_dims: &[usize], b_dims: &[usize]) {
        let n = to.iter().product();
        let (a, b) = (numbers(a_dims), numbers(b_dims));
        let (at_a, at_b) = (offsets(a_dims, to), offsets(b_dims, to));
        let mut y = vec![f64::NAN; n];
        zip(&mut y, to, (&a, a_dims), (&b, b_dims), |a, b| 1000.0 * a + b);
        let naive: Vec<f64> = at_a.iter().zip(&at_b).map(|(&i, &j)| 1000.0 * a[i] + b[j]).collect();
        assert_eq!(y, naive, "zip of {a_dims:?} and {b_dims:?} to {to:?}");

        expand(&mut y, to, &a, a_dims);
        assert_eq!(y, at_a.iter().map(|&i| a[i]).collect::<Vec<_>>(), "{a_dims:?} to {to:?}");

        let x = numbers(to);
        for accumulate in [false, true] {
            let mut sums = vec![0.5; a.len()];
            let mut naive = vec![if accumulate { 0.5 } else { 0.0 }; a.len()];
            sum_to(&mut sums, a_dims, &x, to, accumulate);
            at_a.iter().zip(&x).for_each(|(&i, x)| naive[i] += x);
            assert_eq!(sums, naive, "sum of {to:?} to {a_dims:?}");
        }
    }

    /// The extents of `to` where the set has a bit, 1 elsewhere; without leading ones if `short`.
    fn stretched(to: &[usize], set: usize, short: bool) -> Vec<usize> {
        let dims = to.iter().enumerate().map(|(i, &d)| if set >> i & 1 == 1 { d } else { 1 });
        dims.skip_while(|&d| short && d == 1).collect()
    }

    #[test]
    fn every_small_shape_broadcasts_as_the_oracle_has_it() {
        for rank in 0..=3 {
            for code in 0..4usize.pow(rank) {
                let to: Vec<usize> = (0..rank).map(|i| code / 4usize.pow(i) % 4).collect();
                for sets in 0..4usize.pow(rank) {
                    let (a, b) = (sets % (1 << rank), sets >> rank);
                    check(&to, &stretched(&to, a, false), &stretched(&to, b, true));
                }
            }
        }
    }

    #[test]
    fn higher_ranks_and_longer_runs_broadcast_as_the_oracle_has_it() {
        for to in [&[2, 1, 3, 2, 2, 3][..], &[2, 3, 1, 2, 2, 2, 2, 3], &[5, 70, 40], &[300, 33]] {
            let all = (1usize << to.len()) - 1;
            for set in 0..=all {
                check(to, &stretched(to, set, true), to);
                check(to, &stretched(to, set, false), &stretched(to, all ^ set, true));
            }
        }
    }

    #[test]
    fn axes_that_step_alike_are_one() {
        let merged = |to, a, b| axes(to, [a, b]).map(|axes| axes.len());
        assert_eq!(merged(&[4, 5, 6], &[4, 5, 6], &[]), Some(1));
        assert_eq!(merged(&[4, 5, 6], &[4, 5, 6], &[1, 5, 6]), Some(2));
        assert_eq!(merged(&[4, 1, 6], &[4, 1, 1], &[6]), Some(2));
        assert_eq!(merged(&[1, 1], &[1], &[]), Some(0));
        assert_eq!(merged(&[4, 0], &[4, 1], &[0]), None);
    }

    #[test]
    #[should_panic(expected = "[2] does not broadcast to [3]")]
    fn extents_that_do_not_fit_panic() {
        expand(&mut [0.0; 3], &[3], &[1.0, 2.0], &[2]);
    }
}
