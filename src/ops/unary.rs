//! Elementwise functions of one operand, a row each: y = f(x), and x̄ from (x, y, ȳ).

use super::elementwise::{attributes, row_struct, unary};
use super::{Sample, sample};
use crate::float::{Elementary, Float};
use crate::kernel::map;
use std::f64::consts::FRAC_2_SQRT_PI;

unary! {
    /// −x. The operator `-x` is the same.
    negate as Neg: |x| -x, dx |x, y, g| -g, on -2.0 to 2.0;

    /// eˣ.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::f64();
    /// let x = tape.var([0.0, 1.0]);
    /// let y = x.exp();
    /// assert_eq!(y.sum().backward()[x], y.value()); // its own derivative
    /// ```
    exp as Exp: |x| Elementary::exp(x) => map::exp, dx |x, y, g| g * y, on -2.0 to 2.0;

    /// eˣ − 1, accurate near 0. The derivative is eˣ.
    #[doc(alias = "expm1")]
    exp_m1 as ExpM1: |x| Elementary::exp_m1(x), dx |x, y, g| g * y + g, on -2.0 to 2.0;

    /// The natural logarithm. The derivative is 1/x; ln 0 is −∞.
    #[doc(alias = "log")]
    ln as Ln: |x| Elementary::ln(x), dx |x, y, g| g / x, on 0.5 to 3.0;

    /// ln(1 + x), accurate near 0. The derivative is 1/(1 + x).
    #[doc(alias = "log1p")]
    ln_1p as Ln1p: |x| Elementary::ln_1p(x), dx |x, y, g| g / x.plus(1.0), on -0.5 to 3.0;

    /// √x. The derivative is 1/(2√x), infinite at 0.
    sqrt as Sqrt: |x| Elementary::sqrt(x), dx |x, y, g| g / (y + y), on 0.5 to 3.0;

    /// x².
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.var([1.0, -3.0]);
    /// assert_eq!(x.square().sum().backward()[x], [2.0, -6.0]);
    /// ```
    square as Square: |x| x * x, dx |x, y, g| g * (x + x), on -2.0 to 2.0;

    /// 1/x. The derivative is −1/x².
    #[doc(alias = "reciprocal")]
    recip as Recip: |x| Elementary::recip(x), dx |x, y, g| -(g * y * y), on 0.5 to 2.0;

    /// |x|. The derivative is the sign of x; abs′(0) = 0.
    #[doc(alias = "absolute")]
    abs as Abs: |x| Float::abs(x), dx |x, y, g| g.where_positive(x, (-g).gate(-x)), on 0.2 to 2.0;

    /// Sine, of radians.
    sin as Sin: |x| Elementary::sin(x), dx |x, y, g| g * x.cos(), on -3.0 to 3.0;

    /// Cosine, of radians.
    cos as Cos: |x| Elementary::cos(x), dx |x, y, g| -(g * x.sin()), on -3.0 to 3.0;

    /// Hyperbolic tangent, (eˣ − e⁻ˣ)/(eˣ + e⁻ˣ), between −1 and 1. The derivative is 1 − y²:
    /// it vanishes for large |x|.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.var([0.0, 30.0]);
    /// assert_eq!(x.tanh().sum().backward()[x], [1.0, 0.0]);
    /// ```
    tanh as Tanh: |x| Elementary::tanh(x), dx |x, y, g| g - g * y * y, on -3.0 to 3.0;

    /// The logistic function 1/(1 + e⁻ˣ), between 0 and 1. The derivative is y(1 − y): at most a
    /// quarter, and it vanishes for large |x|.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.var([0.0, -800.0]);
    /// let y = x.sigmoid();
    /// assert_eq!(y.value(), [0.5, 0.0]);
    /// assert_eq!(y.sum().backward()[x], [0.25, 0.0]);
    /// ```
    #[doc(alias = "logistic")]
    #[doc(alias = "expit")]
    sigmoid as Sigmoid: |x| Elementary::sigmoid(x), dx |x, y, g| g * (y - y * y), on -3.0 to 3.0;

    /// The rectifier max(x, 0). The derivative is 1 where x > 0, else 0; relu′(0) = 0. NaN stays
    /// NaN, and lets the gradient through as PyTorch's does.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.var([-1.0, 0.0, 2.0]);
    /// assert_eq!(x.relu().sum().backward()[x], [0.0, 0.0, 1.0]);
    /// ```
    relu as Relu: |x| Float::max(x, T::ZERO), dx |x, y, g| g.where_nonzero(y, g.zero()), on 0.1 to 2.0;

    /// x where x > 0, `negative_slope`·x elsewhere, 0 included. PyTorch's default slope is 0.01.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::f64();
    /// let x = tape.var([-1.0, 2.0]);
    /// assert_eq!(x.leaky_relu(0.01).sum().backward()[x], [0.01, 1.0]);
    /// ```
    leaky_relu as LeakyRelu(negative_slope: f64 = 0.01):
        |x| x.where_positive(x, x.times(negative_slope)),
        dx |x, y, g| g.where_positive(x, g.times(negative_slope)), on 0.1 to 2.0;

    /// x where x > 0, α(eˣ − 1) elsewhere (Clevert et al., 2016).
    elu as Elu(alpha: f64 = 0.7):
        |x| x.where_positive(x, Elementary::exp_m1(x).times(alpha)),
        // αeˣ, and not y + α, which cancels far on the left; eˣ of what is not chosen stays small.
        dx |x, y, g| g.where_positive(x, g * (x.zero().where_positive(x, x)).exp().times(alpha)), on 0.1 to 2.0;

    /// x·Φ(x) with the normal distribution function Φ, exact (by `erf`), between about −0.17 and
    /// ∞ (Hendrycks and Gimpel, 2016). The derivative is Φ(x) + x·φ(x).
    gelu as Gelu:
        |x| x * x.normal_cdf(), dx |x, y, g| g * (x.normal_cdf() + x * x.normal_pdf()), on -3.0 to 3.0;

    /// GELU by its approximation with tanh: x/2·(1 + tanh(√(2/π)(x + 0.044715 x³))).
    gelu_tanh as GeluTanh:
        |x| x.times(0.5) * Elementary::tanh(gelu_argument(x)).plus(1.0), // halved first: x + x may overflow
        dx |x, y, g| {
            let t = gelu_argument(x).tanh();
            let slope = x.square().times(3.0 * GELU_CUBIC * GELU_SCALE).plus(GELU_SCALE);
            g * (t.plus(1.0) + x * (t * t - t.zero().plus(1.0)) * -slope).times(0.5)
        }, on -3.0 to 3.0;

    /// x·sigmoid(x), also called swish (Elfwing et al., 2018).
    #[doc(alias = "swish")]
    silu as Silu:
        |x| x * Elementary::sigmoid(x),
        dx |x, y, g| {
            let s = x.sigmoid();
            g * (s + (y - y * s)) // y(1 − s) first: s is lost beside a large y
        }, on -3.0 to 3.0;

    /// ln(1 + eˣ), a smooth rectifier; stable for large |x|. The derivative is sigmoid(x).
    softplus as Softplus:
        |x| Float::max(x, T::ZERO) + Elementary::ln_1p(Elementary::exp(-Float::abs(x))),
        dx |x, y, g| g * x.sigmoid(), on -3.0 to 3.0;

    /// The error function 2/√π ∫₀ˣ e^(−t²) dt.
    erf as Erf: |x| Elementary::erf(x),
        dx |x, y, g| g * (-x.square()).exp().times(FRAC_2_SQRT_PI), on -2.0 to 2.0;

    /// xⁿ for a whole number n, negative ones included. x⁰ is 1 with derivative 0, at 0 too.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::f64();
    /// let x = tape.var([2.0, 0.0]);
    /// assert_eq!(x.powi(3).sum().backward()[x], [12.0, 0.0]);
    /// ```
    powi as Powi(n: i32 = 3): |x| Elementary::powi(x, n),
        dx |x, y, g| match n {
            0 => g.gate(g.zero()), // 0 in the shape of g
            1 => g,
            2 => g * (x + x),
            _ => g * x.powi(n - 1).times(f64::from(n)),
        }, on 0.5 to 2.0;

    /// xᵖ for a real number p; NaN where x < 0 and p is not whole. x⁰ is 1 with derivative 0.
    powf as Powf(p: f64 = 1.7): |x| Elementary::powf(x, p),
        dx |x, y, g| if p == 0.0 { g.gate(g.zero()) } else { g * x.powf(p - 1.0).times(p) }, on 0.5 to 2.0;

    /// x held between two numbers. The derivative is 1 between them and 0 elsewhere, at the bounds
    /// too, as PyTorch 2.15 has it (and as relu′(0) is 0). NaN stays NaN. Where min > max everything
    /// becomes max, as in NumPy and PyTorch.
    #[doc(alias = "clip")]
    clamp as Clamp(min: f64 = -1.0, max: f64 = 1.0):
        |x| Float::min(Float::max(x, T::from_f64(min)), T::from_f64(max)),
        dx |x, y, g| g.gate((-x).plus(max)).gate(x.plus(-min)),
        on -0.9 to 0.9;
}

const GELU_SCALE: f64 = 0.797_884_560_802_865_4; // √(2/π)
const GELU_CUBIC: f64 = 0.044_715;

/// √(2/π)(x + 0.044715 x³).
#[inline(always)]
#[track_caller]
fn gelu_argument<N: Elementary>(x: N) -> N {
    (x + x * x.square().times(GELU_CUBIC)).times(GELU_SCALE)
}

impl<T: Float> std::ops::Neg for crate::tape::Var<'_, T> {
    type Output = Self;
    #[track_caller]
    fn neg(self) -> Self {
        self.negate()
    }
}

/// Functions on numbers are functions on `Var`s.
macro_rules! elementary_of_var {
    ($($name:ident),*) => {
        impl<'t, T: Float> Elementary for crate::tape::Var<'t, T> {
            $(
                #[track_caller]
                fn $name(self) -> Self {
                    crate::tape::Var::$name(self)
                }
            )*
            #[track_caller]
            fn plus(self, c: f64) -> Self {
                self + T::from_f64(c)
            }
            #[track_caller]
            fn times(self, c: f64) -> Self {
                self * T::from_f64(c)
            }
            #[track_caller]
            fn powi(self, n: i32) -> Self {
                crate::tape::Var::powi(self, n)
            }
            #[track_caller]
            fn powf(self, p: f64) -> Self {
                crate::tape::Var::powf(self, p)
            }
            #[track_caller]
            fn pow(self, p: Self) -> Self {
                crate::tape::Var::pow(self, p)
            }
            #[track_caller]
            fn where_positive(self, x: Self, other: Self) -> Self {
                super::select::where_positive(x, self, other)
            }
            #[track_caller]
            fn where_nonzero(self, x: Self, other: Self) -> Self {
                x.where_cond(self, other)
            }
            #[track_caller]
            fn zero(self) -> Self {
                self.tape().constant(T::ZERO)
            }
        }
    };
}
elementary_of_var!(recip, square, sqrt, exp, exp_m1, ln, ln_1p, sin, cos, tanh, sigmoid, erf);

#[inline]
pub(super) fn samples() -> Vec<Sample> {
    let mut samples = row_samples();
    // The other side of the rows that have two, and the points where a convention decides.
    samples.extend([
        sample!("relu", x.relu(), [x = [-2.0, -0.5, 1.5]]),
        sample!("relu", x.relu(), [x = [-0.0, 0.0, -1.0, 1.0]]).with_gradients([[0.0, 0.0, 0.0, 1.0].into()]),
        sample!("abs", x.abs(), [x = [-2.0, -0.5, 1.5]]),
        sample!("abs", x.abs(), [x = [-0.0, 0.0, -1.0]]).with_gradients([[0.0, 0.0, -1.0].into()]),
        sample!("leaky_relu", x.leaky_relu(0.25), [x = [-2.0, -0.5, 1.5]]),
        sample!("leaky_relu", x.leaky_relu(0.25), [x = [0.0, -1.0]]).with_gradients([[0.25, 0.25].into()]),
        sample!("elu", x.elu(0.5), [x = [-2.0, -0.5, 1.5]]),
        sample!("silu", x.silu(), [x = [1e8, -1e8]]).with_gradients([[1.0, 0.0].into()]),
        sample!("elu", x.elu(0.5), [x = [0.0]]).with_gradients([[0.5].into()]),
        sample!("clamp", x.clamp(-1.0, 1.0), [x = [-3.0, -0.5, 1.5]]),
        sample!("clamp", x.clamp(-1.0, 1.0), [x = [-1.0, 1.0, -2.0]]).with_gradients([[0.0; 3].into()]),
        sample!("clamp", x.clamp(1.0, -1.0), [x = [-2.0, 0.0, 2.0]]).with_gradients([[0.0; 3].into()]),
        sample!("powi", x.powi(0), [x = [0.0, -1.5, 2.0]]).with_gradients([[0.0, 0.0, 0.0].into()]),
        sample!("powi", x.powi(1), [x = [0.0, -1.5, 2.0]]),
        sample!("powi", x.powi(2), [x = [0.0, -1.5, 2.0]]),
        sample!("powi", x.powi(-2), [x = [-1.5, 2.0]]),
        sample!("powf", x.powf(0.0), [x = [0.0, 2.0]]).with_gradients([[0.0, 0.0].into()]),
        sample!("powf", x.powf(2.0), [x = [-1.5, 2.0]]),
        sample!("sigmoid", x.sigmoid(), [x = [-800.0, 800.0]]).with_gradients([[0.0, 0.0].into()]),
        sample!("softplus", x.softplus(), [x = [-800.0, 800.0]]).with_gradients([[0.0, 1.0].into()]),
        sample!("tanh", x.tanh(), [x = [-800.0, 800.0]]).with_gradients([[0.0, 0.0].into()]),
    ]);
    // Small and large numbers, and those near the end of a domain.
    samples.extend([
        sample!("negate", x.negate(), [x = [-LARGE, SMALL]]),
        sample!("exp", x.exp(), [x = [-20.0, SMALL, 20.0]]),
        sample!("exp_m1", x.exp_m1(), [x = [-8.0, -SMALL, SMALL, 20.0]]),
        sample!("ln", x.ln(), [x = [SMALL, 1.0 + SMALL, LARGE]]),
        sample!("ln_1p", x.ln_1p(), [x = [SMALL - 1.0, -SMALL, SMALL, LARGE]]),
        sample!("sqrt", x.sqrt(), [x = [SMALL, LARGE]]),
        sample!("square", x.square(), [x = [-LARGE, SMALL]]),
        sample!("recip", x.recip(), [x = [-LARGE, SMALL]]),
        sample!("abs", x.abs(), [x = [-LARGE, -SMALL, SMALL]]),
        sample!("sin", x.sin(), [x = [-SMALL, 1000.0]]),
        sample!("cos", x.cos(), [x = [-SMALL, 1000.0]]),
        sample!("tanh", x.tanh(), [x = [-4.0, SMALL]]),
        sample!("sigmoid", x.sigmoid(), [x = [-20.0, SMALL, 8.0]]),
        sample!("relu", x.relu(), [x = [-LARGE, -SMALL, SMALL, LARGE]]),
        sample!("leaky_relu", x.leaky_relu(0.25), [x = [-LARGE, -SMALL, SMALL, LARGE]]),
        sample!("elu", x.elu(0.5), [x = [-20.0, -SMALL, SMALL, LARGE]]),
        sample!("gelu", x.gelu(), [x = [-5.0, SMALL, 5.0]]),
        sample!("gelu_tanh", x.gelu_tanh(), [x = [-5.0, SMALL, 5.0]]),
        sample!("silu", x.silu(), [x = [-20.0, SMALL, 20.0]]),
        sample!("softplus", x.softplus(), [x = [-20.0, SMALL, 20.0]]),
        sample!("erf", x.erf(), [x = [-3.0, SMALL]]),
        sample!("powi", x.powi(3), [x = [-LARGE, SMALL]]),
        sample!("powf", x.powf(1.7), [x = [SMALL, LARGE]]),
        sample!("clamp", x.clamp(-1.0, 1.0), [x = [-LARGE, SMALL - 1.0, SMALL, 1.0 + SMALL]]),
    ]);
    samples
}

/// Powers of 2, for they are exact in f32.
const SMALL: f64 = 1.0 / 1024.0;
const LARGE: f64 = 1048576.0;
