//! The normal distribution in single precision, with errors that are small beside 1 and not beside the result,
//! and so in about two thirds of the operations of `erf` and `exp`.

use super::format::{Format, polynomial};

/// Φ(x) = (1 + erf(x/√2))/2 as ½ ± (½ − ½e^−Q(|x|)), where Q = −ln(2Φ(−|x|)) is smooth.
#[inline(always)]
pub(super) fn cdf(x: f32) -> f32 {
    const HIGH: f32 = 5.75; // From here on Φ is 1 to the last bit.
    let a = x.abs();
    let a = if a > HIGH { HIGH } else { a };
    // −Q/ln 2. Error 2^-26.8 of Φ.
    let exponent = a * polynomial!(
        a; -1.1511052, -0.45920852, -0.052495245, 0.0070621083, -0.000135948, -0.00018658652, 3.946316e-5,
        -2.8420855e-6
    );
    0.5 + (0.5 - exp2(exponent, -1)).copysign(x)
}

/// φ(x) = e^(−x²/2)/√(2π); 0 where it would be subnormal.
#[inline(always)]
pub(super) fn pdf(x: f32) -> f32 {
    const FRAC_1_SQRT_2_PI: f32 = 0.398_942_3;
    exp_of_negative(x * x * -0.5) * FRAC_1_SQRT_2_PI
}

/// eˣ for x ≤ 0; 0 where it would be subnormal.
#[inline(always)]
pub(super) fn exp_of_negative(x: f32) -> f32 {
    let exponent = x * std::f32::consts::LOG2_E;
    exp2(if exponent < -127.0 { -127.0 } else { exponent }, 0)
}

/// 2ˣ⁺ᵇʸ for x ≤ 0 and x + by ≥ −127, where it is 0. Error 2^-23.3, before rounding.
#[inline(always)]
#[expect(clippy::approx_constant, reason = "the best coefficient in this polynomial is not quite ln 2")]
fn exp2(x: f32, by: i32) -> f32 {
    let (k, code) = x.nearest(1.0, f32::BIAS + by);
    let r = x - k;
    polynomial!(
        r; 1.0, 0.693147, 0.24022247, 0.05550711, 0.009671292, 0.0013269535
    ) * f32::power_of_two(code)
}
