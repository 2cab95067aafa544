//! `exp` and what follows from it: `exp_m1`, `tanh` and `sigmoid`.
//!
//! x = k·ln 2 + r with a whole number k and |r| ≤ ½ ln 2, so that eˣ = 2ᵏ·eʳ, and eʳ is a
//! polynomial.

use super::format::Format;

/// eˣ.
#[inline(always)]
pub(super) fn exp<T: Format>(x: T) -> T {
    let x = within(x, T::EXP_LOW, T::EXP_HIGH);
    let (r, code) = remainder(x, 2 * T::BIAS);
    let (half, other_half) = T::halved_power_of_two(code);
    // Of the two multiplications only the last one may round.
    exp_of_small(r) * half * other_half
}

/// yᵢ ← e^xᵢ, the bits of [`exp`]. Where the results of a whole block are normal numbers, no x need be clamped,
/// and k is added to an exponent instead of multiplied with in two halves: a fifth less time.
#[inline(always)]
pub(super) fn exp_each<T: Format>(y: &mut [T], x: &[T]) {
    const BLOCK: usize = 64;
    let (blocks, rest) = x.as_chunks::<BLOCK>();
    let (blocks_of_y, rest_of_y) = y.as_chunks_mut::<BLOCK>();
    for (y, x) in blocks_of_y.iter_mut().zip(blocks) {
        // Not `all`, which would branch at each. A NaN is within no bounds.
        if x.iter().fold(true, |normal, x| normal & (x.abs() <= T::EXP_NORMAL)) {
            for (y, &x) in y.iter_mut().zip(x) {
                let (r, code) = remainder(x, 0);
                *y = exp_of_small(r).scaled(code);
            }
        } else {
            y.iter_mut().zip(x).for_each(|(y, &x)| *y = exp(x));
        }
    }
    rest_of_y.iter_mut().zip(rest).for_each(|(y, &x)| *y = exp(x));
}

/// eˣ − 1.
#[inline(always)]
pub(super) fn exp_m1<T: Format>(x: T) -> T {
    let (hi, tail, code) = reduce(within(x, T::EXP_M1_LOW, T::EXP_HIGH), T::BIAS - 1);
    // Half the result first, since 2ᵏ itself overflows before the result does.
    let scale = T::power_of_two(code);
    let half = scale.mul_add(tail, scale.mul_add(hi, scale - T::from_f64(0.5)));
    // Keeps −0 and subnormal numbers, too.
    if x.abs() < T::LINEAR { x } else { half + half }
}

/// tanh a = m / (m + 1) with a = |x| and m = (e²ᵃ − 1) / 2.
#[inline(always)]
pub(super) fn tanh<T: Format>(x: T) -> T {
    let half = T::from_f64(0.5);
    let a = x.abs();
    let a = if a > T::TANH_HIGH { T::TANH_HIGH } else { a };
    let (hi, tail, code) = reduce_by(a, 2.0, T::exp_tail_of_twice, T::BIAS);
    let scale = T::power_of_two(code);
    let m = scale.mul_add(tail, scale.mul_add(hi, scale.mul_add(half, -half)));
    (m / (m + T::ONE)).copysign(x)
}

/// 1 / (1 + e⁻ˣ) as s·eˣ / (s + s·eˣ), where the power of two s makes s·eˣ a normal number wherever the result
/// is above 0: a small one is rounded once, by the division.
#[inline(always)]
pub(super) fn sigmoid<T: Format>(x: T) -> T {
    let (hi, tail, code) = reduce(within(x, T::EXP_LOW, T::SIGMOID_HIGH), T::BIAS + T::SIGMOID_SHIFT);
    let e = (T::ONE + (hi + tail)) * T::power_of_two(code);
    e / (T::SIGMOID_SCALE + e)
}

/// 1 − e⁻ˣ for x in ½ .. 100.
#[inline(always)]
pub(super) fn one_minus_exp_minus<T: Format>(x: T) -> T {
    let (r, code) = remainder(-x, T::BIAS);
    (-exp_of_small(r)).mul_add(T::power_of_two(code), T::ONE)
}

/// r = x − k·ln 2 and the code of k + `plus`.
#[inline(always)]
fn remainder<T: Format>(x: T, plus: i32) -> (T, T::Code) {
    let (k, code) = x.nearest(T::LOG2_E, plus);
    ((-k).mul_add(T::LN2_LO, (-k).mul_add(T::LN2_HI, x)), code)
}

/// eʳ for |r| ≤ ½ ln 2.
#[inline(always)]
fn exp_of_small<T: Format>(r: T) -> T {
    r.mul_add(r.mul_add(T::exp_tail(r), T::ONE), T::ONE)
}

/// hi, tail and the code of k + `plus` with eˣ = 2ᵏ·(1 + hi + tail), where hi is x − k·ln 2 to a few bits
/// past the last one of x, without error, and tail is smaller.
#[inline(always)]
fn reduce<T: Format>(x: T, plus: i32) -> (T, T, T::Code) {
    reduce_by(x, 1.0, T::exp_tail, plus)
}

/// [`reduce`] of f·x, all divided by f, a power of two, which changes no digit; `tail(x)` is f·exp_tail(f·x).
#[inline(always)]
fn reduce_by<T: Format>(x: T, f: f64, tail: impl Fn(T) -> T, plus: i32) -> (T, T, T::Code) {
    let (times, part) = (T::from_f64(f), T::from_f64(1.0 / f));
    let (k, code) = x.nearest(times * T::LOG2_E, plus);
    let hi = (-k).mul_add(part * T::LN2_HI, x);
    let lo = k * (part * T::LN2_LO);
    let r = hi - lo;
    (hi, (r * r).mul_add(tail(r), -lo), code)
}

/// The nearest number to x in low .. high; NaN stays NaN.
#[inline(always)]
fn within<T: Format>(x: T, low: T, high: T) -> T {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}
