//! Elementwise loops: one result for each index, from the entries at the same index. Large ones are shared between
//! threads.
//!
//! A function that is more than a line or two should be passed as `#[inline(always)] |x| ..` (an
//! attribute may stand before an argument): only what is inlined gets the instructions that the
//! processor offers.

use super::crew::{each, num_threads};
use super::simd::simd;
use crate::float::Float;

/// Entries for which it pays to share a loop between threads: relu takes 3 µs for as many, to hand a part over 1 µs.
const SHARE: usize = 1 << 15;

type Pair<'a, T> = (&'a [T], &'a [T]);

/// How many of so many entries a thread takes; nothing where one takes all of them.
#[inline]
fn part(len: usize) -> Option<usize> {
    let shares = len / SHARE;
    if shares < 2 {
        return None;
    }
    let shares = shares.min(num_threads());
    (shares > 1).then(|| len.div_ceil(shares).next_multiple_of(64))
}

/// yᵢ ← f(yᵢ).
#[inline]
pub(crate) fn apply<T: Float>(y: &mut [T], f: impl Fn(T) -> T + Sync) {
    let run = |y: &mut [T]| {
        simd(
            #[inline(always)]
            || {
                for y in y {
                    *y = f(*y);
                }
            },
        );
    };
    match part(y.len()) {
        None => run(y),
        Some(len) => each(y.chunks_mut(len), run),
    }
}

/// yᵢ ← f(xᵢ). The slices are equally long.
#[inline]
pub(crate) fn map<T: Float>(y: &mut [T], x: &[T], f: impl Fn(T) -> T + Sync) {
    assert_eq!(y.len(), x.len());
    let run = |(y, x): (&mut [T], &[T])| {
        simd(
            #[inline(always)]
            || {
                for (y, &x) in y.iter_mut().zip(x) {
                    *y = f(x);
                }
            },
        );
    };
    match part(y.len()) {
        None => run((y, x)),
        Some(len) => each(y.chunks_mut(len).zip(x.chunks(len)), run),
    }
}

/// yᵢ ← f(aᵢ, bᵢ). The slices are equally long.
#[inline]
pub(crate) fn zip<T: Float>(y: &mut [T], a: &[T], b: &[T], f: impl Fn(T, T) -> T + Sync) {
    assert!(y.len() == a.len() && y.len() == b.len());
    let run = |((y, a), b): ((&mut [T], &[T]), &[T])| {
        simd(
            #[inline(always)]
            || {
                for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
                    *y = f(a, b);
                }
            },
        );
    };
    match part(y.len()) {
        None => run(((y, a), b)),
        Some(len) => each(y.chunks_mut(len).zip(a.chunks(len)).zip(b.chunks(len)), run),
    }
}

/// yᵢ ← f(yᵢ, aᵢ). The slices are equally long.
#[inline]
pub(crate) fn update<T: Float>(y: &mut [T], a: &[T], f: impl Fn(T, T) -> T + Sync) {
    assert_eq!(y.len(), a.len());
    let run = |(y, a): (&mut [T], &[T])| {
        simd(
            #[inline(always)]
            || {
                for (y, &a) in y.iter_mut().zip(a) {
                    *y = f(*y, a);
                }
            },
        );
    };
    match part(y.len()) {
        None => run((y, a)),
        Some(len) => each(y.chunks_mut(len).zip(a.chunks(len)), run),
    }
}

/// yᵢ ← f(yᵢ, aᵢ, bᵢ). The slices are equally long.
#[inline]
pub(crate) fn update2<T: Float>(y: &mut [T], a: &[T], b: &[T], f: impl Fn(T, T, T) -> T + Sync) {
    assert!(y.len() == a.len() && y.len() == b.len());
    let run = |((y, a), b): ((&mut [T], &[T]), &[T])| {
        simd(
            #[inline(always)]
            || {
                for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
                    *y = f(*y, a, b);
                }
            },
        );
    };
    match part(y.len()) {
        None => run(((y, a), b)),
        Some(len) => each(y.chunks_mut(len).zip(a.chunks(len)).zip(b.chunks(len)), run),
    }
}

/// yᵢ ← f(yᵢ, aᵢ, bᵢ, cᵢ). The slices are equally long.
#[inline]
pub(crate) fn update3<T: Float>(y: &mut [T], a: &[T], b: &[T], c: &[T], f: impl Fn(T, T, T, T) -> T + Sync) {
    assert!(y.len() == a.len() && y.len() == b.len() && y.len() == c.len());
    let run = |((y, a), (b, c)): ((&mut [T], &[T]), Pair<'_, T>)| {
        simd(
            #[inline(always)]
            || {
                for (((y, &a), &b), &c) in y.iter_mut().zip(a).zip(b).zip(c) {
                    *y = f(*y, a, b, c);
                }
            },
        );
    };
    match part(y.len()) {
        None => run(((y, a), (b, c))),
        Some(len) => each(y.chunks_mut(len).zip(a.chunks(len)).zip(b.chunks(len).zip(c.chunks(len))), run),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::float::Elementary;

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
