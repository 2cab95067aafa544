//! Elementwise loops: one result for each index, from the entries at the same index. Large ones are shared between
//! threads.
//!
//! A function that is more than a line or two should be passed as `#[inline(always)] |x| ..` (an
//! attribute may stand before an argument): only what is inlined gets the instructions that the
//! processor offers.

use super::crew::{each, piece_of};
use super::simd::simd;
use crate::float::Float;

/// A loop over y and K others.
type Loop<'a, T, const K: usize> = dyn Fn(&mut [T], [&[T]; K]) + Sync + 'a;

/// Runs a loop over y and the equally long xs, on parts of them where there is enough for several threads. The loop is
/// called through a pointer, so that this is compiled once and not for each loop.
fn shared<T: Float, const K: usize>(y: &mut [T], xs: [&[T]; K], run: &Loop<'_, T, K>) {
    for x in xs {
        assert_eq!(y.len(), x.len(), "the slices of a loop are equally long");
    }
    let len = piece_of(y.len());
    if y.len() <= len {
        return run(y, xs);
    }
    let pieces = y.chunks_mut(len).enumerate().map(|(i, y)| {
        let range = i * len..i * len + y.len();
        (y, xs.map(|x| &x[range.clone()]))
    });
    each(pieces, |(y, xs)| run(y, xs));
}

/// yᵢ ← f(yᵢ).
#[inline]
pub(crate) fn apply<T: Float>(y: &mut [T], f: impl Fn(T) -> T + Sync) {
    shared(y, [], &|y, []| {
        simd(
            #[inline(always)]
            || {
                for y in y {
                    *y = f(*y);
                }
            },
        );
    });
}

/// yᵢ ← f(xᵢ). The slices are equally long.
#[inline]
pub(crate) fn map<T: Float>(y: &mut [T], x: &[T], f: impl Fn(T) -> T + Sync) {
    shared(y, [x], &|y, [x]| {
        simd(
            #[inline(always)]
            || {
                for (y, &x) in y.iter_mut().zip(x) {
                    *y = f(x);
                }
            },
        );
    });
}

/// yᵢ ← e^xᵢ. The slices are equally long.
pub(crate) fn exp<T: Float>(y: &mut [T], x: &[T]) {
    shared(y, [x], &|y, [x]| {
        simd(
            #[inline(always)]
            || T::exp_each(y, x),
        );
    });
}

/// yᵢ ← f(aᵢ, bᵢ). The slices are equally long.
#[inline]
pub(crate) fn zip<T: Float>(y: &mut [T], a: &[T], b: &[T], f: impl Fn(T, T) -> T + Sync) {
    shared(y, [a, b], &|y, [a, b]| {
        simd(
            #[inline(always)]
            || {
                for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
                    *y = f(a, b);
                }
            },
        );
    });
}

/// yᵢ ← f(yᵢ, aᵢ). The slices are equally long.
#[inline]
pub(crate) fn update<T: Float>(y: &mut [T], a: &[T], f: impl Fn(T, T) -> T + Sync) {
    shared(y, [a], &|y, [a]| {
        simd(
            #[inline(always)]
            || {
                for (y, &a) in y.iter_mut().zip(a) {
                    *y = f(*y, a);
                }
            },
        );
    });
}

/// yᵢ ← f(yᵢ, aᵢ, bᵢ). The slices are equally long.
#[inline]
pub(crate) fn update2<T: Float>(y: &mut [T], a: &[T], b: &[T], f: impl Fn(T, T, T) -> T + Sync) {
    shared(y, [a, b], &|y, [a, b]| {
        simd(
            #[inline(always)]
            || {
                for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
                    *y = f(*y, a, b);
                }
            },
        );
    });
}

/// yᵢ ← f(yᵢ, aᵢ, bᵢ, cᵢ). The slices are equally long.
#[inline]
pub(crate) fn update3<T: Float>(y: &mut [T], a: &[T], b: &[T], c: &[T], f: impl Fn(T, T, T, T) -> T + Sync) {
    shared(y, [a, b, c], &|y, [a, b, c]| {
        simd(
            #[inline(always)]
            || {
                for (((y, &a), &b), &c) in y.iter_mut().zip(a).zip(b).zip(c) {
                    *y = f(*y, a, b, c);
                }
            },
        );
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::float::Elementary;
    use crate::kernel::crew::SHARE;

    /// The loop's results are those of single calls, to the bit, at every length.
    #[track_caller]
    fn check<T: Float>(name: &str, f: fn(T) -> T, run: impl Fn(&mut [T], &[T])) {
        for n in [0, 1, 7, 8, 15, 16, 17, 33, 1000, 2 * SHARE + 1] {
            let x: Vec<T> = (0..n).map(|i| T::from_f64((i * 7919 % 1009) as f64 / 100.0 - 5.0)).collect();
            let mut y = vec![T::NAN; n];
            run(&mut y, &x);
            for (&x, y) in x.iter().zip(y) {
                let single = f(std::hint::black_box(x));
                assert!(
                    y.bits() == single.bits() || y.is_nan() && single.is_nan(),
                    "{name}({x}): {y}, {single}"
                );
            }
        }
    }

    macro_rules! check_each {
        ($T:ty: $($name:ident),*) => {$(
            check::<$T>(
                stringify!($name),
                Elementary::$name,
                |y, x| map(y, x, #[inline(always)] |x| Elementary::$name(x)),
            );
        )*};
    }

    #[test]
    fn a_loop_gives_the_bits_of_single_calls() {
        check_each!(f32: exp, exp_m1, ln, ln_1p, tanh, sigmoid, erf, sqrt, recip, square, sin, cos);
        check_each!(f32: normal_cdf, normal_pdf);
        check_each!(f64: exp, exp_m1, ln, ln_1p, tanh, sigmoid, erf, sqrt, recip, square, sin, cos);
        check_each!(f64: normal_cdf, normal_pdf);
        check::<f32>("exp", Elementary::exp, exp);
        check::<f64>("exp", Elementary::exp, exp);
    }

    #[test]
    fn shared_loops_take_the_same_entries_of_each_operand() {
        crate::kernel::crew::set_num_threads(3);
        let of = |factor: f64| (0..3 * SHARE + 5).map(|i| i as f64 * factor).collect::<Vec<_>>();
        let (a, b, c) = (of(1.0), of(2.0), of(4.0));
        let holds = |y: &[f64], factor: f64| y.iter().enumerate().all(|(i, &y)| y == i as f64 * factor);
        let mut y = of(8.0);
        apply(&mut y, |y| y * 2.0);
        assert!(holds(&y, 16.0));
        update(&mut y, &a, |y, a| y + a);
        assert!(holds(&y, 17.0));
        update2(&mut y, &a, &b, |y, a, b| y + a + b);
        assert!(holds(&y, 20.0));
        update3(&mut y, &a, &b, &c, |y, a, b, c| y + a + b + c);
        assert!(holds(&y, 27.0));
        zip(&mut y, &b, &c, |b, c| b + c);
        assert!(holds(&y, 6.0));
        map(&mut y, &c, |c| c + c);
        assert!(holds(&y, 8.0));
    }

    #[test]
    fn each_loop_gives_f_its_operands_in_order() {
        let (a, b, c) = ([2.0f64; 20], [3.0; 20], [5.0; 20]);
        let mut y = [7.0; 20];
        zip(&mut y, &a, &b, |a, b| 10.0 * a + b);
        assert_eq!(y, [23.0; 20]);
        update(&mut y, &a, |y, a| 10.0 * y + a);
        assert_eq!(y, [232.0; 20]);
        update2(&mut y, &a, &b, |y, a, b| y - 10.0 * a - b);
        assert_eq!(y, [209.0; 20]);
        update3(&mut y, &a, &b, &c, |y, a, b, c| y + 100.0 * a + 10.0 * b + c);
        assert_eq!(y, [444.0; 20]);
    }
}
