//! `Float`: the two element types, `f32` and `f64`, and `Elementary`: the functions that a
//! formula may use, whether it is worked out on numbers or recorded on a tape.

mod erf;
mod exp;
mod format;
mod ln;
mod normal;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};
use std::fmt::{Debug, Display, LowerExp};
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

/// What a formula may be made of.
///
/// Implemented by `f32`, `f64` and [`Var`](crate::Var). A rule that is written once over
/// `N: Elementary` serves three times: over numbers in the forward loop, over numbers in the
/// fused backward loop, and over `Var`s where the derivative itself is to be differentiated.
/// The three cannot drift apart because they are one function.
///
/// For numbers, `exp` to `erf` are polynomials free of branches and calls, so that loops over them
/// vectorise, with the same bits as a single call on every instruction set. Their worst errors,
/// in units of the last place:
///
/// | | exp | exp_m1 | ln | ln_1p | tanh | sigmoid | erf |
/// |---|---|---|---|---|---|---|---|
/// | `f32`, all 2³² arguments | 1.0 | 1.4 | 0.9 | 0.9 | 2.6 | 2.5 | 1.4 |
/// | `f64`, 100,000 arguments a range | 0.9 | 1.1 | 0.8 | 0.8 | 2.3 | 2.0 | 1.3 |
///
/// `normal_cdf` and `normal_pdf` in `f32` are within 1.3·10⁻⁷ of the truth, about what one rounding of a number
/// near 1 loses, and not of its last place where they are small.
///
/// `sin`, `cos`, `powi`, `powf` and `pow` are the standard library's.
///
/// Literals enter through [`plus`](Elementary::plus) and [`times`](Elementary::times).
pub trait Elementary:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// self + c for a literal c.
    #[track_caller]
    fn plus(self, c: f64) -> Self;
    /// self · c for a literal c.
    #[track_caller]
    fn times(self, c: f64) -> Self;
    /// 1 / self.
    #[track_caller]
    fn recip(self) -> Self;
    /// self².
    #[track_caller]
    fn square(self) -> Self;
    /// √self.
    #[track_caller]
    fn sqrt(self) -> Self;
    /// eˢᵉˡᶠ.
    #[track_caller]
    fn exp(self) -> Self;
    /// eˢᵉˡᶠ − 1, accurate near 0.
    #[track_caller]
    fn exp_m1(self) -> Self;
    /// The natural logarithm.
    #[track_caller]
    fn ln(self) -> Self;
    /// ln(1 + self), accurate near 0.
    #[track_caller]
    fn ln_1p(self) -> Self;
    /// Sine, of radians.
    #[track_caller]
    fn sin(self) -> Self;
    /// Cosine, of radians.
    #[track_caller]
    fn cos(self) -> Self;
    /// Hyperbolic tangent.
    #[track_caller]
    fn tanh(self) -> Self;
    /// 1 / (1 + e⁻ˢᵉˡᶠ).
    #[track_caller]
    fn sigmoid(self) -> Self;
    /// The error function 2/√π ∫₀ˢᵉˡᶠ e^(−t²) dt.
    #[track_caller]
    fn erf(self) -> Self;
    /// The normal distribution function Φ(self) = (1 + erf(self/√2))/2.
    #[track_caller]
    fn normal_cdf(self) -> Self {
        self.times(FRAC_1_SQRT_2).erf().plus(1.0).times(0.5)
    }
    /// The normal density φ(self) = e^(−self²/2)/√(2π).
    #[track_caller]
    fn normal_pdf(self) -> Self {
        self.square().times(-0.5).exp().times(FRAC_2_SQRT_PI * 0.5 * FRAC_1_SQRT_2)
    }
    /// selfⁿ for a whole number n.
    #[track_caller]
    fn powi(self, n: i32) -> Self;
    /// selfᵖ for a real number p.
    #[track_caller]
    fn powf(self, p: f64) -> Self;
    /// selfᵖ with both varying.
    #[track_caller]
    fn pow(self, p: Self) -> Self;
    /// `self` where x > 0, `other` elsewhere (where x is NaN, too): a gate. It selects and does
    /// not multiply, since ∞ · 0 is NaN.
    #[track_caller]
    fn where_positive(self, x: Self, other: Self) -> Self;
    /// `self` where x ≠ 0 (where x is NaN, too), `other` elsewhere.
    #[track_caller]
    fn where_nonzero(self, x: Self, other: Self) -> Self;
    /// `self` where x > 0, 0 elsewhere.
    #[track_caller]
    fn gate(self, x: Self) -> Self {
        self.where_positive(x, self.zero())
    }
    /// 0.
    #[track_caller]
    fn zero(self) -> Self;
}

/// The type of a tensor's elements: `f32` or `f64`, and no other. A derivative is of floats; whole
/// numbers (labels, indices) are `usize`s and stand on no tape:
///
/// ```compile_fail,E0277
/// let tape = wengert::Tape::<i32>::default(); // error: `i32` is not `Float`
/// ```
pub trait Float:
    Elementary
    + AddAssign
    + SubAssign
    + MulAssign
    + PartialOrd
    + Default
    + Send
    + Sync
    + Debug
    + Display
    + LowerExp
    + std::iter::Sum
    + private::Sealed
    + 'static
{
    /// 0
    const ZERO: Self;
    /// 1
    const ONE: Self;
    /// The distance from 1 to the next larger number.
    const EPSILON: Self;
    /// The smallest positive number that is not subnormal.
    const MIN_POSITIVE: Self;
    /// +∞
    const INFINITY: Self;
    /// −∞
    const NEG_INFINITY: Self;
    /// Not a number.
    const NAN: Self;
    /// `"f32"` or `"f64"`.
    const NAME: &'static str;

    /// The nearest number of this type.
    fn from_f64(x: f64) -> Self;
    /// The same number as an `f64`; exact.
    fn to_f64(self) -> f64;
    /// The nearest number of this type to a count.
    fn from_usize(n: usize) -> Self {
        Self::from_f64(n as f64)
    }
    /// |self|
    fn abs(self) -> Self;
    /// The largest whole number not above `self`.
    fn floor(self) -> Self;
    /// Neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// Not a number.
    fn is_nan(self) -> bool;
    /// The larger one, `self` of two equals. A NaN on either side gives NaN (`f32::max` would hide it).
    fn max(self, other: Self) -> Self;
    /// The smaller one, `self` of two equals. A NaN on either side gives NaN.
    fn min(self, other: Self) -> Self;
    /// eˢᵉˡᶠ for self ≤ 0, where self is a difference that was rounded itself: not more exact than that, and 0
    /// instead of a subnormal number.
    #[doc(hidden)]
    fn exp_of_negative(self) -> Self;
    /// yᵢ ← e^xᵢ, the bits of [`exp`](Elementary::exp), and sooner than one by one. The slices are equally long.
    #[doc(hidden)]
    fn exp_each(y: &mut [Self], x: &[Self]);
    /// The number's bits, for exact comparison.
    fn bits(self) -> u64;
    /// The same slice, if its numbers are `f32`s.
    #[doc(hidden)]
    fn singles(numbers: &[Self]) -> Option<&[f32]>;
    /// The same slice, if its numbers are `f32`s.
    #[doc(hidden)]
    fn singles_mut(numbers: &mut [Self]) -> Option<&mut [f32]>;
}

mod private {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

macro_rules! float {
    ($t:ident, $exp_of_negative:expr, $singles:expr, { $($quicker:item)* }) => {
        impl Elementary for $t {
            #[inline(always)]
            fn plus(self, c: f64) -> Self {
                self + c as $t
            }
            #[inline(always)]
            fn times(self, c: f64) -> Self {
                self * c as $t
            }
            #[inline(always)]
            fn recip(self) -> Self {
                1.0 / self
            }
            #[inline(always)]
            fn square(self) -> Self {
                self * self
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $t::sqrt(self)
            }
            #[inline(always)]
            fn exp(self) -> Self {
                exp::exp(self)
            }
            #[inline(always)]
            fn exp_m1(self) -> Self {
                exp::exp_m1(self)
            }
            #[inline(always)]
            fn ln(self) -> Self {
                ln::ln(self)
            }
            #[inline(always)]
            fn ln_1p(self) -> Self {
                ln::ln_1p(self)
            }
            #[inline(always)]
            fn sin(self) -> Self {
                $t::sin(self)
            }
            #[inline(always)]
            fn cos(self) -> Self {
                $t::cos(self)
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                exp::tanh(self)
            }
            #[inline(always)]
            fn sigmoid(self) -> Self {
                exp::sigmoid(self)
            }
            #[inline(always)]
            fn erf(self) -> Self {
                erf::erf(self)
            }
            $($quicker)*
            #[inline(always)]
            fn powi(self, n: i32) -> Self {
                $t::powi(self, n)
            }
            #[inline(always)]
            fn powf(self, p: f64) -> Self {
                $t::powf(self, p as $t)
            }
            #[inline(always)]
            fn pow(self, p: Self) -> Self {
                $t::powf(self, p)
            }
            #[inline(always)]
            fn where_positive(self, x: Self, other: Self) -> Self {
                if x > 0.0 { self } else { other }
            }
            #[inline(always)]
            fn where_nonzero(self, x: Self, other: Self) -> Self {
                if x == 0.0 { other } else { self }
            }
            #[inline(always)]
            fn zero(self) -> Self {
                0.0
            }
        }

        impl Float for $t {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const EPSILON: Self = $t::EPSILON;
            const MIN_POSITIVE: Self = $t::MIN_POSITIVE;
            const INFINITY: Self = $t::INFINITY;
            const NEG_INFINITY: Self = $t::NEG_INFINITY;
            const NAN: Self = $t::NAN;
            const NAME: &'static str = stringify!($t);

            #[inline(always)]
            fn from_f64(x: f64) -> Self {
                x as $t
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $t::abs(self)
            }
            #[inline(always)]
            fn floor(self) -> Self {
                $t::floor(self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                $t::is_finite(self)
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                $t::is_nan(self)
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                // A comparison with NaN is false, so a NaN in `self` is returned by the first
                // arm and one in `other` by the second.
                if (self >= other) | (self != self) { self } else { other }
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                if (self <= other) | (self != self) { self } else { other }
            }
            #[inline(always)]
            fn exp_of_negative(self) -> Self {
                $exp_of_negative(self)
            }
            #[inline(always)]
            fn exp_each(y: &mut [Self], x: &[Self]) {
                exp::exp_each(y, x);
            }
            #[inline(always)]
            fn bits(self) -> u64 {
                self.to_bits().into()
            }
            fn singles(numbers: &[Self]) -> Option<&[f32]> {
                $singles(numbers)
            }
            fn singles_mut(numbers: &mut [Self]) -> Option<&mut [f32]> {
                $singles(numbers)
            }
        }
    };
}

float!(f32, normal::exp_of_negative, Some, {
    #[inline(always)]
    fn normal_cdf(self) -> Self {
        normal::cdf(self)
    }
    #[inline(always)]
    fn normal_pdf(self) -> Self {
        normal::pdf(self)
    }
});
float!(f64, exp::exp, |_| None, {});
