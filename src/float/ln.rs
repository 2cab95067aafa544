//! `ln` and `ln_1p`.
//!
//! x = m·2ᵉ with m in √½ .. √2. With f = m − 1 and s = f / (2 + f),
//! ln m = ln((1 + s) / (1 − s)) = 2s + s³·(a polynomial in s²) = f − f²/2 + s·(f²/2 + ..),
//! of which the last form begins with a term that is exact.

use super::format::Format;

/// ln x: −∞ at ±0 and NaN below.
#[inline(always)]
pub(super) fn ln<T: Format>(x: T) -> T {
    edges(x, x, of_product(x, T::ZERO))
}

/// ln(1 + x): −∞ at −1 and NaN below.
#[inline(always)]
pub(super) fn ln_1p<T: Format>(x: T) -> T {
    let u = T::ONE + x;
    // What the addition lost: 1 + x = u + lost exactly, and ln(u + lost) is ln u + lost / u.
    let added = u - T::ONE;
    let lost = (T::ONE - (u - added)) + (x - added);
    let y = edges(u, x, of_product(u, lost / u));
    // Keeps −0, too.
    if x.abs() < T::LINEAR { x } else { y }
}

/// ln x + correction, for a positive finite x and a small correction.
#[inline(always)]
fn of_product<T: Format>(x: T, correction: T) -> T {
    let (m, e) = x.split();
    let f = m - T::ONE;
    let s = f / (T::from_f64(2.0) + f);
    let z = s * s;
    let half_square = T::from_f64(0.5) * f * f;
    let tail = s * z.mul_add(T::ln_tail(z), half_square);
    e.mul_add(T::LN2_HI, f - (half_square - (tail + e.mul_add(T::LN2_LO, correction))))
}

/// y, or what the logarithm of u is where u is not a positive finite number; NaN if `x` is NaN.
#[inline(always)]
fn edges<T: Format>(u: T, x: T, y: T) -> T {
    let y = if u == T::INFINITY { u } else { y };
    let y = if u == T::ZERO { T::NEG_INFINITY } else { y };
    let y = if u < T::ZERO { T::NAN } else { y };
    if x.is_nan() { x } else { y }
}
