//! Elementwise loops: one result for each index, from the entries at the same index.
//!
//! A function that is more than a line or two should be passed as `#[inline(always)] |x| ..` (an
//! attribute may stand before an argument): only what is inlined gets the instructions that the
//! processor offers.

use super::simd::simd;
use crate::float::Float;

/// yᵢ ← f(xᵢ). The slices are equally long.
#[inline]
pub(crate) fn map<T: Float>(y: &mut [T], x: &[T], f: impl Fn(T) -> T) {
    assert_eq!(y.len(), x.len());
    simd(
        #[inline(always)]
        || {
            for (y, &x) in y.iter_mut().zip(x) {
                *y = f(x);
            }
        },
    );
}

/// yᵢ ← f(aᵢ, bᵢ). The slices are equally long.
#[inline]
pub(crate) fn zip<T: Float>(y: &mut [T], a: &[T], b: &[T], f: impl Fn(T, T) -> T) {
    assert!(y.len() == a.len() && y.len() == b.len());
    simd(
        #[inline(always)]
        || {
            for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
                *y = f(a, b);
            }
        },
    );
}

/// yᵢ ← f(yᵢ, aᵢ). The slices are equally long.
#[inline]
pub(crate) fn update<T: Float>(y: &mut [T], a: &[T], f: impl Fn(T, T) -> T) {
    assert_eq!(y.len(), a.len());
    simd(
        #[inline(always)]
        || {
            for (y, &a) in y.iter_mut().zip(a) {
                *y = f(*y, a);
            }
        },
    );
}

/// yᵢ ← f(yᵢ, aᵢ, bᵢ). The slices are equally long.
#[inline]
pub(crate) fn update2<T: Float>(y: &mut [T], a: &[T], b: &[T], f: impl Fn(T, T, T) -> T) {
    assert!(y.len() == a.len() && y.len() == b.len());
    simd(
        #[inline(always)]
        || {
            for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
                *y = f(*y, a, b);
            }
        },
    );
}

/// yᵢ ← f(yᵢ, aᵢ, bᵢ, cᵢ). The slices are equally long.
#[inline]
pub(crate) fn update3<T: Float>(y: &mut [T], a: &[T], b: &[T], c: &[T], f: impl Fn(T, T, T, T) -> T) {
    assert!(y.len() == a.len() && y.len() == b.len() && y.len() == c.len());
    simd(
        #[inline(always)]
        || {
            for (((y, &a), &b), &c) in y.iter_mut().zip(a).zip(b).zip(c) {
                *y = f(*y, a, b, c);
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::float::Elementary;

    /// The loop's results are those of single calls, to the bit, at every length.
    #[track_caller]
    fn check<T: Float>(name: &str, f: fn(T) -> T, run: impl Fn(&mut [T], &[T])) {
        for n in [0, 1, 7, 8, 15, 16, 17, 33, 1000] {
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
