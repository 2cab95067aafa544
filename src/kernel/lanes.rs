//! Loops along one axis. A tensor is seen as `outer` blocks of n rows of `inner` entries; a lane
//! is the n entries that differ only in the middle index.
//!
//! Each formula is written once, for a strip: one lane, whose entries are neighbours, where
//! `inner` is 1; up to 32 lanes side by side elsewhere, whose maxima and sums stay in registers.

use super::simd::simd;
use super::sum::{self, TILE};
use crate::float::{Elementary, Float};
use std::ops::Range;

/// (outer, n, inner): the product of the extents before the axis, its own, and after it.
pub(crate) type Lanes = (usize, usize, usize);

/// Runs a block for each strip of the lanes, compiled for the processor at hand.
macro_rules! each_strip {
    ($lanes:expr, |$strip:ident| $block:expr) => {{
        let (outer, n, inner): Lanes = $lanes;
        simd(
            #[inline(always)]
            || {
                if inner == 1 {
                    for number in 0..outer {
                        let $strip = Lane { at: number * n, n, number };
                        $block
                    }
                    return;
                }
                for block in 0..outer {
                    for first in (0..inner).step_by(TILE) {
                        let columns = TILE.min(inner - first);
                        let (at, number) = (block * n * inner + first, block * inner + first);
                        let $strip = Tile { at, n, inner, columns, number };
                        $block
                    }
                }
            },
        )
    }};
}

/// y ← softmax of each lane, exp(x − max x) / Σ exp(x − max x).
pub(crate) fn softmax<T: Float>(y: &mut [T], x: &[T], lanes: Lanes) {
    check(y, x, lanes);
    each_strip!(lanes, |strip| {
        let max = strip.extremum(x, T::NEG_INFINITY, larger);
        strip.zip(
            y,
            x,
            &max,
            #[inline(always)]
            |_, x, max| (x - max).exp_of_negative(),
        );
        let scale = strip.sum(y, y, |y, _| y).map(Elementary::recip);
        strip.update(y, &scale, |y, scale| y * scale);
    });
}

/// g ← y·(g − Σ g·y) in each lane: the transposed derivative of softmax, in place.
pub(crate) fn softmax_backward<T: Float>(g: &mut [T], y: &[T], lanes: Lanes) {
    check(g, y, lanes);
    each_strip!(lanes, |strip| {
        let dot = strip.sum(g, y, |g, y| g * y);
        strip.zip(g, y, &dot, |g, y, dot| y * (g - dot));
    });
}

/// y ← ln Σ exp(x) of each lane, one number a lane. Lanes of nothing give −∞.
pub(crate) fn logsumexp<T: Float>(y: &mut [T], x: &[T], lanes: Lanes) {
    let (outer, n, inner) = lanes;
    assert!(y.len() == outer * inner && x.len() == outer * n * inner);
    each_strip!(lanes, |strip| {
        let max = strip.extremum(x, T::NEG_INFINITY, Float::max);
        let sum = strip.sum_exp(x, &max);
        strip.put(y, |k| {
            // An infinite maximum is the answer, and ∞ − ∞ would spoil it.
            if max[k].is_finite() { max[k] + Elementary::ln(sum[k]) } else { max[k] }
        });
    });
}

/// y ← x − ln Σ exp(x) in each lane.
pub(crate) fn log_softmax<T: Float>(y: &mut [T], x: &[T], lanes: Lanes) {
    check(y, x, lanes);
    each_strip!(lanes, |strip| {
        let max = strip.extremum(x, T::NEG_INFINITY, larger);
        let ln = strip.sum_exp(x, &max).map(Elementary::ln);
        strip.zip(y, x, &max, |_, x, max| x - max);
        strip.update(y, &ln, |y, ln| y - ln);
    });
}

/// g ← g − exp(y)·Σ g in each lane: the transposed derivative of log-softmax, in place.
pub(crate) fn log_softmax_backward<T: Float>(g: &mut [T], y: &[T], lanes: Lanes) {
    check(g, y, lanes);
    each_strip!(lanes, |strip| {
        let sum = strip.sum(g, g, |g, _| g);
        strip.zip(
            g,
            y,
            &sum,
            #[inline(always)]
            |g, y, sum| g - Elementary::exp(y) * sum,
        );
    });
}

/// y ← the running sums of each lane, from the end backwards if `reverse`, added up in f64.
pub(crate) fn cumsum<T: Float>(y: &mut [T], x: &[T], lanes: Lanes, reverse: bool) {
    check(y, x, lanes);
    let (outer, n, inner) = lanes;
    for block in 0..outer {
        for first in (0..inner).step_by(TILE) {
            let mut sums = [0.0; TILE];
            for k in 0..n {
                let k = if reverse { n - 1 - k } else { k };
                let at = (block * n + k) * inner;
                let row = at + first..at + inner.min(first + TILE);
                for ((y, x), sum) in y[row.clone()].iter_mut().zip(&x[row]).zip(&mut sums) {
                    *sum += x.to_f64();
                    *y = T::from_f64(*sum);
                }
            }
        }
    }
}

/// y ← the largest entry of each lane (the smallest if `smallest`); NaN if there is one.
pub(crate) fn extremum<T: Float>(y: &mut [T], x: &[T], lanes: Lanes, smallest: bool) {
    let (outer, n, inner) = lanes;
    assert!(y.len() == outer * inner && x.len() == outer * n * inner);
    if smallest {
        each_strip!(lanes, |strip| {
            let min = strip.extremum(x, T::INFINITY, Float::min);
            strip.put(y, |k| min[k]);
        });
    } else {
        each_strip!(lanes, |strip| {
            let max = strip.extremum(x, T::NEG_INFINITY, Float::max);
            strip.put(y, |k| max[k]);
        });
    }
}

/// The larger number in one instruction. Unlike `Float::max` it passes NaN over, which matters not
/// where the NaN comes through the sum.
#[inline(always)]
fn larger<T: Float>(a: T, b: T) -> T {
    if b > a { b } else { a }
}

fn check<T>(y: &[T], x: &[T], (outer, n, inner): Lanes) {
    assert!(y.len() == x.len() && x.len() == outer * n * inner);
}

/// One lane, at `at ..`.
#[derive(Clone, Copy)]
struct Lane {
    at: usize,
    n: usize,
    number: usize,
}

/// Lanes side by side: the first entry of the k-th one is at `at + k`, the next one `inner` on.
#[derive(Clone, Copy)]
struct Tile {
    at: usize,
    n: usize,
    inner: usize,
    columns: usize,
    number: usize,
}

/// W lanes, and a number for each in a `[T; W]`.
trait Strip<const W: usize>: Copy {
    /// The largest entries, or whatever `choose` keeps, from `start` on.
    fn extremum<T: Float>(self, x: &[T], start: T, choose: impl Fn(T, T) -> T + Copy) -> [T; W];
    /// Σ term(a, b).
    fn sum<T: Float>(self, a: &[T], b: &[T], term: impl Fn(T, T) -> T + Copy) -> [T; W];
    /// Σ exp(x − max).
    fn sum_exp<T: Float>(self, x: &[T], max: &[T; W]) -> [T; W];
    /// y ← f(y, x, each).
    fn zip<T: Float>(self, y: &mut [T], x: &[T], each: &[T; W], f: impl Fn(T, T, T) -> T);
    /// y ← f(y, each).
    fn update<T: Float>(self, y: &mut [T], each: &[T; W], f: impl Fn(T, T) -> T);
    /// The entry of y that stands for the k-th lane ← f(k).
    fn put<T: Float>(self, y: &mut [T], f: impl Fn(usize) -> T);
}

impl Lane {
    #[inline(always)]
    fn range(self) -> Range<usize> {
        self.at..self.at + self.n
    }
}

impl Strip<1> for Lane {
    #[inline(always)]
    fn extremum<T: Float>(self, x: &[T], start: T, choose: impl Fn(T, T) -> T + Copy) -> [T; 1] {
        let x = &x[self.range()];
        [sum::fold(x, x, start, |best, x, _| choose(best, x), choose)]
    }

    #[inline(always)]
    fn sum<T: Float>(self, a: &[T], b: &[T], term: impl Fn(T, T) -> T + Copy) -> [T; 1] {
        let (a, b) = (&a[self.range()], &b[self.range()]);
        [sum::fold(a, b, T::ZERO, |sum, a, b| sum + term(a, b), |a, b| a + b)]
    }

    #[inline(always)]
    fn sum_exp<T: Float>(self, x: &[T], max: &[T; 1]) -> [T; 1] {
        let mut total = T::ZERO;
        for x in x[self.range()].chunks(256) {
            let mut terms = [T::ZERO; 256];
            for (term, &x) in terms.iter_mut().zip(x) {
                *term = Elementary::exp(x - max[0]);
            }
            let terms = &terms[..x.len()];
            total += sum::fold(terms, terms, T::ZERO, |sum, x, _| sum + x, |a, b| a + b);
        }
        [total]
    }

    #[inline(always)]
    fn zip<T: Float>(self, y: &mut [T], x: &[T], each: &[T; 1], f: impl Fn(T, T, T) -> T) {
        for (y, &x) in y[self.range()].iter_mut().zip(&x[self.range()]) {
            *y = f(*y, x, each[0]);
        }
    }

    #[inline(always)]
    fn update<T: Float>(self, y: &mut [T], each: &[T; 1], f: impl Fn(T, T) -> T) {
        for y in &mut y[self.range()] {
            *y = f(*y, each[0]);
        }
    }

    #[inline(always)]
    fn put<T: Float>(self, y: &mut [T], f: impl Fn(usize) -> T) {
        y[self.number] = f(0);
    }
}

impl Tile {
    /// The k-th entries of all lanes, for each k.
    #[inline(always)]
    fn rows(self) -> impl Iterator<Item = Range<usize>> {
        (0..self.n).map(move |k| {
            let at = self.at + k * self.inner;
            at..at + self.columns
        })
    }
}

impl Strip<TILE> for Tile {
    #[inline(always)]
    fn extremum<T: Float>(self, x: &[T], start: T, choose: impl Fn(T, T) -> T + Copy) -> [T; TILE] {
        let mut best = [start; TILE];
        for row in self.rows() {
            for (best, &x) in best.iter_mut().zip(&x[row]) {
                *best = choose(*best, x);
            }
        }
        best
    }

    #[inline(always)]
    fn sum<T: Float>(self, a: &[T], b: &[T], term: impl Fn(T, T) -> T + Copy) -> [T; TILE] {
        let mut sums = [T::ZERO; TILE];
        for row in self.rows() {
            for ((sum, &a), &b) in sums.iter_mut().zip(&a[row.clone()]).zip(&b[row]) {
                *sum += term(a, b);
            }
        }
        sums
    }

    #[inline(always)]
    fn sum_exp<T: Float>(self, x: &[T], max: &[T; TILE]) -> [T; TILE] {
        let mut sums = [T::ZERO; TILE];
        for row in self.rows() {
            for ((sum, &x), &max) in sums.iter_mut().zip(&x[row]).zip(max) {
                *sum += Elementary::exp(x - max);
            }
        }
        sums
    }

    #[inline(always)]
    fn zip<T: Float>(self, y: &mut [T], x: &[T], each: &[T; TILE], f: impl Fn(T, T, T) -> T) {
        for row in self.rows() {
            for ((y, &x), &each) in y[row.clone()].iter_mut().zip(&x[row]).zip(each) {
                *y = f(*y, x, each);
            }
        }
    }

    #[inline(always)]
    fn update<T: Float>(self, y: &mut [T], each: &[T; TILE], f: impl Fn(T, T) -> T) {
        for row in self.rows() {
            for (y, &each) in y[row].iter_mut().zip(each) {
                *y = f(*y, each);
            }
        }
    }

    #[inline(always)]
    fn put<T: Float>(self, y: &mut [T], f: impl Fn(usize) -> T) {
        for k in 0..self.columns {
            y[self.number + k] = f(k);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers between −4 and 4, in no order.
    fn numbers(n: usize) -> Vec<f64> {
        (0..n).map(|i| (i * 7919 % 1009) as f64 / 126.0 - 4.0).collect()
    }

    /// Compares a kernel with `naive`, which gets lanes as vectors: what y and x are to begin with,
    /// and returns what y is to be.
    #[track_caller]
    fn check_against(
        kernel: impl Fn(&mut [f64], &[f64], Lanes),
        naive: impl Fn(&[f64], &[f64]) -> Vec<f64>,
        reduces: bool,
    ) {
        let all = [
            (1, 1, 1),
            (3, 10, 1),
            (2, 300, 1),
            (1, 5000, 1),
            (2, 5, 3),
            (3, 70, 33),
            (1, 4, 64),
            (0, 3, 2),
            (2, 3, 0),
        ];
        for (outer, n, inner) in all {
            let (x, mut y) = (numbers(outer * n * inner), numbers(outer * n * inner + 50));
            y.drain(..50);
            let mut wanted = if reduces { vec![0.0; outer * inner] } else { y.clone() };
            for lane in 0..outer * inner {
                let at = |k| (lane / inner * n + k) * inner + lane % inner;
                let take = |x: &[f64]| (0..n).map(|k| x[at(k)]).collect::<Vec<_>>();
                let result = naive(&take(&y), &take(&x));
                for (k, value) in result.into_iter().enumerate() {
                    wanted[if reduces { lane } else { at(k) }] = value;
                }
            }
            if reduces {
                y = vec![f64::NAN; outer * inner];
            }
            kernel(&mut y, &x, (outer, n, inner));
            for (y, wanted) in y.iter().zip(&wanted) {
                let error = (y - wanted).abs() / wanted.abs().max(1.0);
                assert!(error < 1e-13, "{:?}: {y} {wanted}", (outer, n, inner));
            }
        }
    }

    /// The sum, with what each addition lost added at the end (Neumaier, 1974).
    fn exact_sum(terms: impl Iterator<Item = f64>) -> f64 {
        let (sum, lost) = terms.fold((0.0, 0.0), |(sum, lost): (f64, f64), x| {
            let next = sum + x;
            let rest = if sum.abs() >= x.abs() { (sum - next) + x } else { (x - next) + sum };
            (next, lost + rest)
        });
        sum + lost
    }

    fn logsumexp_naive(x: &[f64]) -> f64 {
        exact_sum(x.iter().map(|x| x.exp())).ln()
    }

    #[test]
    fn kernels_agree_with_their_formulas_lane_by_lane() {
        check_against(softmax, |_, x| x.iter().map(|v| (v - logsumexp_naive(x)).exp()).collect(), false);
        check_against(log_softmax, |_, x| x.iter().map(|v| v - logsumexp_naive(x)).collect(), false);
        check_against(logsumexp, |_, x| vec![logsumexp_naive(x)], true);
        check_against(
            softmax_backward,
            |g, y| {
                let dot = exact_sum(g.iter().zip(y).map(|(g, y)| g * y));
                g.iter().zip(y).map(|(g, y)| y * (g - dot)).collect()
            },
            false,
        );
        check_against(
            log_softmax_backward,
            |g, y| {
                let sum = exact_sum(g.iter().copied());
                g.iter().zip(y).map(|(g, y)| g - y.exp() * sum).collect()
            },
            false,
        );
        let running = |x: &[f64]| {
            x.iter()
                .scan(0.0, |sum, x| {
                    *sum += x;
                    Some(*sum)
                })
                .collect::<Vec<_>>()
        };
        check_against(|y, x, lanes| cumsum(y, x, lanes, false), |_, x| running(x), false);
        let reversed = |x: &[f64]| x.iter().rev().copied().collect::<Vec<_>>();
        check_against(
            |y, x, lanes| cumsum(y, x, lanes, true),
            |_, x| reversed(&running(&reversed(x))),
            false,
        );
        let of =
            |f: fn(f64, f64) -> f64| move |_: &[f64], x: &[f64]| vec![x.iter().copied().reduce(f).unwrap()];
        check_against(|y, x, lanes| extremum(y, x, lanes, false), of(f64::max), true);
        check_against(|y, x, lanes| extremum(y, x, lanes, true), of(f64::min), true);
    }

    #[test]
    fn infinities_and_nan_come_through() {
        const INF: f64 = f64::INFINITY;
        let logsumexp_of = |x: &[f64]| {
            let mut y = [0.0];
            logsumexp(&mut y, x, (1, x.len(), 1));
            y[0]
        };
        assert_eq!(logsumexp_of(&[]), -INF);
        assert_eq!(logsumexp_of(&[-INF, -INF]), -INF);
        assert_eq!(logsumexp_of(&[1.0, INF]), INF);
        assert_eq!(logsumexp_of(&[1e9, -INF]), 1e9);
        let mut y = [0.0; 2];
        softmax(&mut y, &[-INF, 1e300], (1, 2, 1));
        assert_eq!(y, [0.0, 1.0]);
        for kernel in [softmax, log_softmax] {
            for x in [[f64::NAN, 1.0], [1.0, f64::NAN], [f64::NAN; 2], [-INF; 2], [INF, 0.0]] {
                kernel(&mut y, &x, (1, 2, 1));
                assert!(y[0].is_nan(), "{x:?}");
            }
        }
        // A NaN is found in any lane, at any place.
        for n in [3, 40, 100] {
            for inner in [1, 3] {
                for at in 0..n {
                    let mut x = vec![0.0; n * inner];
                    x[at * inner] = f64::NAN;
                    let mut y = vec![0.0; inner];
                    extremum(&mut y, &x, (1, n, inner), at % 2 == 0);
                    assert!(y[0].is_nan() && y[1..].iter().all(|y| *y == 0.0));
                }
            }
        }
    }
}
