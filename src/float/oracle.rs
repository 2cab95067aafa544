//! The elementary functions to about 100 bits, for tests: series in double-double arithmetic.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// The unrounded sum hi + lo, where lo is at most half an ulp of hi.
#[derive(Clone, Copy)]
pub(super) struct Double {
    hi: f64,
    lo: f64,
}

const LN_2: Double = Double { hi: std::f64::consts::LN_2, lo: 2.319_046_813_846_299_6e-17 };
/// 2/√π
const FRAC_2_SQRT_PI: Double = Double { hi: std::f64::consts::FRAC_2_SQRT_PI, lo: 1.533_545_961_316_588e-17 };

impl Double {
    /// a + b without error.
    fn sum(a: f64, b: f64) -> Self {
        let hi = a + b;
        let added = hi - a;
        Double { hi, lo: (a - (hi - added)) + (b - added) }
    }

    /// self · 2ᵏ.
    fn scaled(self, k: i32) -> Self {
        // In two steps, since 2ᵏ may be out of range where the product is not.
        let (a, b) = (2f64.powi(k / 2), 2f64.powi(k - k / 2));
        Double { hi: self.hi * a * b, lo: self.lo * a * b }
    }

    /// How far y lies from this, in units of the last place of this.
    pub(super) fn ulps_from(self, y: f64) -> f64 {
        if !self.hi.is_finite() || !y.is_finite() {
            return if self.hi == y { 0.0 } else { f64::NAN };
        }
        let exponent = (self.hi.to_bits() >> 52 & 0x7ff) as i32;
        let distance = (y - self.hi) - self.lo;
        // 2^-(exponent − 1023 − 52) in two steps, since it may overflow.
        let steps = 1075 - exponent.max(1);
        distance * 2f64.powi(steps / 2) * 2f64.powi(steps - steps / 2)
    }
}

impl From<f64> for Double {
    fn from(hi: f64) -> Self {
        Double { hi, lo: 0.0 }
    }
}

impl Add for Double {
    type Output = Self;
    fn add(self, b: Self) -> Self {
        let (high, low) = (Double::sum(self.hi, b.hi), Double::sum(self.lo, b.lo));
        let first = Double::sum(high.hi, high.lo + low.hi);
        Double::sum(first.hi, first.lo + low.lo)
    }
}

impl Neg for Double {
    type Output = Self;
    fn neg(self) -> Self {
        Double { hi: -self.hi, lo: -self.lo }
    }
}

impl Sub for Double {
    type Output = Self;
    fn sub(self, b: Self) -> Self {
        self + -b
    }
}

impl Mul for Double {
    type Output = Self;
    fn mul(self, b: Self) -> Self {
        let hi = self.hi * b.hi;
        let lost = self.hi.mul_add(b.hi, -hi);
        Double::sum(hi, lost + (self.hi * b.lo + self.lo * b.hi))
    }
}

impl Div for Double {
    type Output = Self;
    fn div(self, b: Self) -> Self {
        // Long division, a digit of 53 bits at a time.
        let first = self.hi / b.hi;
        let rest = self - b * first.into();
        let second = rest.hi / b.hi;
        let rest = rest - b * second.into();
        Double::sum(first, second) + Double::from(rest.hi / b.hi)
    }
}

/// eˣ − 1 for |x| ≤ ½, by the series Σ xⁿ/n!.
fn exp_m1_series(x: Double) -> Double {
    let terms = (1..30).rev();
    x * terms.fold(Double::from(1.0), |sum, n| Double::from(1.0) + x * sum / Double::from((n + 1) as f64))
}

/// k and x − k·ln 2.
fn reduced(x: Double) -> (i32, Double) {
    let k = (x.hi / LN_2.hi).round();
    (k as i32, x - LN_2 * k.into())
}

fn exp_of(x: Double) -> Double {
    let (k, r) = reduced(x);
    (exp_m1_series(r) + 1.0.into()).scaled(k)
}

pub(super) fn exp(x: f64) -> Double {
    exp_of(x.into())
}

pub(super) fn exp_m1(x: f64) -> Double {
    if x.abs() < 0.4 { exp_m1_series(x.into()) } else { exp(x) - 1.0.into() }
}

pub(super) fn tanh(x: f64) -> Double {
    let m1 = exp_m1(2.0 * x);
    m1 / (m1 + 2.0.into())
}

pub(super) fn sigmoid(x: f64) -> Double {
    Double::from(1.0) / (exp(-x) + 1.0.into())
}

/// ln u for a sum u, by the series 2·Σ s²ⁿ⁺¹/(2n + 1) with s = (m − 1) / (m + 1), u = m·2ᵏ.
fn ln_of(u: Double) -> Double {
    let k = (u.hi.abs().log2()).round() as i32;
    let m = u.scaled(-k);
    let s = (m - 1.0.into()) / (m + 1.0.into());
    let z = s * s;
    let terms = (0..24).rev();
    let sum =
        terms.fold(Double::from(0.0), |sum, n| sum * z + Double::from(1.0) / f64::from(2 * n + 1).into());
    LN_2 * f64::from(k).into() + Double::from(2.0) * s * sum
}

pub(super) fn ln(x: f64) -> Double {
    if x == 0.0 { f64::NEG_INFINITY.into() } else { ln_of(x.into()) }
}

pub(super) fn ln_1p(x: f64) -> Double {
    if x == -1.0 { f64::NEG_INFINITY.into() } else { ln_of(Double::sum(1.0, x)) }
}

/// 2/√π · e^(−x²) · Σ 2ⁿ x²ⁿ⁺¹ / (1·3·5 ··· (2n + 1)): no term is negative.
pub(super) fn erf(x: f64) -> Double {
    let square = Double::from(x) * x.into();
    let terms = (1..250).rev();
    let sum = terms.fold(Double::from(1.0), |sum, n| {
        Double::from(1.0) + sum * square * Double::from(2.0) / f64::from(2 * n + 1).into()
    });
    FRAC_2_SQRT_PI * exp_of(-square) * x.into() * sum
}
