//! The binary formats behind `f32` and `f64`: powers of two made and taken apart by their bits,
//! and the coefficients of the polynomials that [`exp`](super::exp), [`ln`](super::ln) and
//! [`erf`](super::erf) stand on.
//!
//! Everything here is free of branches and table look-ups, so that a loop over it vectorises. What is multiplied and
//! added is rounded once (`mul_add`), by an instruction where [`simd`](crate::kernel::simd) finds one, and otherwise by a
//! function that gives the same bits: each function gives the same bits on one number and inside a loop, on every
//! instruction set.

use super::Float;

/// A float seen through its bits, which hold sign, exponent + BIAS and mantissa. A `Code` is such
/// a pattern from which only powers of two are made.
pub(super) trait Format: Float {
    /// An unsigned integer of the same width.
    type Code: Copy;

    /// What is added to an exponent where it stands in a number's bits.
    const BIAS: i32;
    /// log₂ e.
    const LOG2_E: Self;
    /// ln 2 to so few bits that its product with any exponent is exact.
    const LN2_HI: Self;
    /// ln 2 − LN2_HI.
    const LN2_LO: Self;
    /// eˣ = 0 for x ≤ this.
    const EXP_LOW: Self;
    /// eˣ = ∞ for x ≥ this.
    const EXP_HIGH: Self;
    /// eˣ is a normal number for |x| ≤ this.
    const EXP_NORMAL: Self;
    /// eˣ − 1 = −1 for x ≤ this.
    const EXP_M1_LOW: Self;
    /// 1 / (1 + e⁻ˣ) = 1 for x ≥ this.
    const SIGMOID_HIGH: Self;
    /// eˣ times 2 to this power is a normal number for EXP_LOW < x < SIGMOID_HIGH.
    const SIGMOID_SHIFT: i32;
    /// 2 to that power.
    const SIGMOID_SCALE: Self;
    /// tanh x = 1 for x ≥ this.
    const TANH_HIGH: Self;
    /// f(x) = x, rounded, for |x| below this, where f is eˣ − 1 or ln(1 + x).
    const LINEAR: Self;
    /// Where erf changes from a polynomial to 1 − e^−(a polynomial).
    const ERF_SPLIT: Self;
    /// erf x = 1 for x ≥ this.
    const ERF_HIGH: Self;

    /// The nearest whole number k to self·factor, for numbers up to the largest exponent, and the code of k + `plus`: what is to be
    /// added to k costs nothing here.
    fn nearest(self, factor: Self, plus: i32) -> (Self, Self::Code);
    /// 2ᵏ, if that is a normal number, from the code of k + BIAS.
    fn power_of_two(code: Self::Code) -> Self;
    /// self·2ᵏ, if that is a normal number, and self is, from the code of k.
    fn scaled(self, code: Self::Code) -> Self;
    /// 2^⌊k/2⌋ and 2^⌈k/2⌉, whose product may be subnormal or overflow, from the code of k + 2·BIAS.
    fn halved_power_of_two(code: Self::Code) -> (Self, Self);
    /// m and e with self = m·2ᵉ and m in √½ .. √2, for a positive finite number.
    fn split(self) -> (Self, Self);
    /// |self| with the sign of `sign`.
    fn copysign(self, sign: Self) -> Self;
    /// self·factor + term, rounded once.
    fn mul_add(self, factor: Self, term: Self) -> Self;

    /// (eˣ − 1 − x) / x² for |x| ≤ ½ ln 2.
    fn exp_tail(x: Self) -> Self;
    /// 2·exp_tail(2x), to the last digit.
    fn exp_tail_of_twice(x: Self) -> Self;
    /// (ln((1 + s) / (1 − s)) − 2s) / s³ as a function of z = s², for s ≤ (√2 − 1) / (√2 + 1).
    fn ln_tail(z: Self) -> Self;
    /// erf x / x − 1 as a function of z = x², for x ≤ ERF_SPLIT.
    fn erf_tail(z: Self) -> Self;
    /// −ln(1 − erf x), for ERF_SPLIT ≤ x ≤ ERF_HIGH.
    fn erf_exponent(x: Self) -> Self;
}

/// c0 + x·(c1 + x·(c2 + ..)), each step rounded once. With a factor f, c0·f + x·(c1·2f + x·(c2·4f + ..)): the same of 2x, times f.
macro_rules! polynomial {
    ($x:expr; $c:expr) => { $c };
    ($x:expr; $c:expr, $($rest:expr),+) => { $x.mul_add(polynomial!($x; $($rest),+), $c) };
    ($x:expr, $f:expr; $c:expr) => { $c * $f };
    ($x:expr, $f:expr; $c:expr, $($rest:expr),+) => {
        $x.mul_add(polynomial!($x, 2.0 * $f; $($rest),+), $c * $f)
    };
}

pub(super) use polynomial;

macro_rules! format {
    (
        $t:ident, $bits:ident, mantissa $mantissa:literal,
        $(const $constant:ident = $value:expr;)*
        fn exp_tail = [$($e:literal),+ $(,)?];
        $(fn $polynomial:ident = [$($c:literal),+ $(,)?];)*
    ) => {
        impl Format for $t {
            type Code = $bits;

            const BIAS: i32 = $t::MAX_EXP - 1;
            $(const $constant: Self = $value;)*
            const SIGMOID_SHIFT: i32 = $mantissa + 2;
            const SIGMOID_SCALE: Self = (4u64 << $mantissa) as $t;

            #[inline(always)]
            fn nearest(self, factor: Self, plus: i32) -> (Self, $bits) {
                // At 1.5·2^mantissa neighbours lie 1 apart, so that the addition rounds to a
                // whole number, which then stands in the lowest bits.
                let shift = (3u64 << ($mantissa - 1)) as $t + plus as $t;
                let shifted = self.mul_add(factor, shift);
                (shifted - shift, shifted.to_bits())
            }

            #[inline(always)]
            fn power_of_two(code: $bits) -> Self {
                // The code's higher bits are shifted out.
                $t::from_bits(code << $mantissa)
            }

            #[inline(always)]
            fn scaled(self, code: $bits) -> Self {
                $t::from_bits(self.to_bits().wrapping_add(code << $mantissa))
            }

            #[inline(always)]
            fn halved_power_of_two(code: $bits) -> (Self, Self) {
                // (k + 2·BIAS) / 2 is ⌊k/2⌋ + BIAS, and what remains is ⌈k/2⌉ + BIAS.
                let half = code >> 1;
                ($t::from_bits(half << $mantissa), $t::from_bits(code.wrapping_sub(half) << $mantissa))
            }

            #[inline(always)]
            fn split(self) -> (Self, Self) {
                const ONE: $bits = (1.0 as $t).to_bits();
                const SQRT_HALF: $bits = std::$t::consts::FRAC_1_SQRT_2.to_bits();
                const SCALE: $t = (1u64 << $mantissa) as $t;
                const BIAS: $t = ($t::MAX_EXP - 1) as $t;
                let subnormal = self < $t::MIN_POSITIVE;
                let x = if subnormal { self * SCALE } else { self };
                let bias = if subnormal { BIAS + $mantissa as $t } else { BIAS };
                // Counted from √½ instead of 1, the exponent's bits change at √½·2ᵉ.
                let shifted = x.to_bits().wrapping_add(ONE - SQRT_HALF);
                let m = (shifted & ((1 << $mantissa) - 1)) + SQRT_HALF;
                // The exponent as the mantissa of a number in 2^mantissa .. 2^(mantissa + 1).
                let e = $t::from_bits((shifted >> $mantissa) | SCALE.to_bits()) - (SCALE + bias);
                ($t::from_bits(m), e)
            }

            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                $t::copysign(self, sign)
            }

            #[inline(always)]
            fn mul_add(self, factor: Self, term: Self) -> Self {
                $t::mul_add(self, factor, term)
            }

            #[inline(always)]
            fn exp_tail(x: Self) -> Self {
                polynomial!(x; $($e),+)
            }

            #[inline(always)]
            fn exp_tail_of_twice(x: Self) -> Self {
                polynomial!(x, 2.0; $($e),+)
            }

            $(
                #[inline(always)]
                fn $polynomial(x: Self) -> Self {
                    polynomial!(x; $($c),+)
                }
            )*
        }
    };
}

format! {
    f32, u32, mantissa 23,
    const LOG2_E = std::f32::consts::LOG2_E;
    const LN2_HI = 0.693_145_75;
    const LN2_LO = 1.428_606_8e-6;
    const EXP_LOW = -104.0;
    const EXP_HIGH = 89.0;
    const EXP_NORMAL = 87.0;
    const EXP_M1_LOW = -20.0;
    const SIGMOID_HIGH = 70.0;
    const TANH_HIGH = 10.0;
    const LINEAR = 1e-9;
    const ERF_SPLIT = 0.85;
    const ERF_HIGH = 4.0;
    // Error 2^-27 of eˣ.
    fn exp_tail = [0.5, 0.16666576, 0.041666467, 0.008363252, 0.0013934969];
    // Error 2^-27.5 / s of ln m.
    fn ln_tail = [0.66666687, 0.39988545, 0.29586828];
    // Relative error 2^-27 of erf x.
    fn erf_tail = [0.12837917, -0.3761259, 0.112828724, -0.026807763, 0.005058651, -0.0006354525];
    // Error 2^-28.8 of erf x.
    fn erf_exponent = [
        0.00010452351, 1.128061, 0.63651896, 0.10452594, -0.02251906, 0.0031178556, -0.00020367689
    ];
}

format! {
    f64, u64, mantissa 52,
    const LOG2_E = std::f64::consts::LOG2_E;
    const LN2_HI = 0.6931471805598903;
    const LN2_LO = 5.497923018708371e-14;
    const EXP_LOW = -746.0;
    const EXP_HIGH = 710.0;
    const EXP_NORMAL = 708.0;
    const EXP_M1_LOW = -40.0;
    const SIGMOID_HIGH = 600.0;
    const TANH_HIGH = 20.0;
    const LINEAR = 1e-18;
    const ERF_SPLIT = 1.0;
    const ERF_HIGH = 5.95;
    // Error 2^-62.4 of eˣ.
    fn exp_tail = [
        0.5, 0.1666666666666667, 0.04166666666666668, 0.008333333333325893, 0.0013888888888876985,
        0.00019841269875426528, 2.480158734242292e-5, 2.755725480165392e-6, 2.755725700403135e-7,
        2.5105421021060707e-8, 2.0920350863753917e-9
    ];
    // Error 2^-56.6 / s of ln m.
    fn ln_tail = [
        0.666666666666667, 0.3999999999989941, 0.28571428626137174, 0.22222211103336678,
        0.18182891493218478, 0.15331643830958921, 0.14617382950339797
    ];
    // Relative error 2^-56.8 of erf x.
    fn erf_tail = [
        0.12837916709551256, -0.37612638903183476, 0.11283791670943447, -0.02686617064306099,
        0.005223977605995373, -0.0008548325931727704, 0.00012055293808155596,
        -1.4924718787982984e-5, 1.6447228937057231e-6, -1.620715229537527e-7,
        1.3714890690727475e-8, -7.787140262986781e-10
    ];
    // Error 2^-59.5 of erf x.
    fn erf_exponent = [
        1.7959776341436971e-7, 1.128377329486075, 0.6366284878970503, 0.10274725501892976,
        -0.019078160618733363, -0.00028048173122948507, 0.0017689932286576902,
        -0.0006411664024509446, 4.481823952868011e-5, 7.03688711776492e-5,
        -4.5038311864865934e-5, 1.6514252917764627e-5, -4.327127933783405e-6,
        8.505933511074394e-7, -1.2570830590408133e-7, 1.3627142973395752e-8,
        -1.0257406707620254e-9, 4.796258828208234e-11, -1.0496778648977014e-12
    ];
}
