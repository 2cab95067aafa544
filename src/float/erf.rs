//! `erf`, the error function.

use super::exp::one_minus_exp_minus;
use super::format::Format;

/// erf x = 2/√π ∫₀ˣ e^(−t²) dt: x + x·P(x²) near 0, and 1 − e^−Q(|x|) beyond, where
/// Q = −ln(1 − erf) is smooth. Both are worked out and one is taken.
#[inline(always)]
pub(super) fn erf<T: Format>(x: T) -> T {
    let a = x.abs();
    let a = if a > T::ERF_HIGH { T::ERF_HIGH } else { a };
    let near = x.mul_add(T::erf_tail(x * x), x);
    let far = one_minus_exp_minus(T::erf_exponent(a)).copysign(x);
    if a < T::ERF_SPLIT { near } else { far }
}
