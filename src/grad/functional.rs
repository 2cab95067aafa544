//! Derivatives as functions of functions, for those who do calculus and want no tape:
//! gradients ∇f, Jacobians ∂yᵢ/∂xⱼ, Hessians ∂²f/∂xᵢ∂xⱼ, and products with them.
//!
//! Each call makes a tape of its own in `f64`, and all results are plain tensors.

use crate::shape::Shape;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// ∇f with respect to each input, for an f whose value is a single number. Zeros with respect to
/// an input that f does not depend on.
///
/// ```
/// use wengert::grad::grad;
/// let [dx, dy] = grad(|[x, y]| x.powi(2) * y, [3.0, 5.0]);
/// assert_eq!((dx.item(), dy.item()), (30.0, 9.0));
/// ```
///
/// # Panics
/// If the value has more than one entry.
#[track_caller]
pub fn grad<F, I, const N: usize>(f: F, inputs: [I; N]) -> [Tensor<f64>; N]
where
    I: Into<Tensor<f64>>,
    F: for<'t> Fn([Var<'t, f64>; N]) -> Var<'t, f64>,
{
    value_and_grad(f, inputs).1
}

/// f and ∇f, at the cost of the gradient alone.
///
/// ```
/// use wengert::grad::value_and_grad;
/// let (y, [dx]) = value_and_grad(|[x]| x.square().sum(), [[1.0, -2.0]]);
/// assert_eq!(y, 5.0);
/// assert_eq!(dx, [2.0, -4.0]);
/// ```
///
/// # Panics
/// If the value has more than one entry.
#[track_caller]
pub fn value_and_grad<F, I, const N: usize>(f: F, inputs: [I; N]) -> (f64, [Tensor<f64>; N])
where
    I: Into<Tensor<f64>>,
    F: for<'t> Fn([Var<'t, f64>; N]) -> Var<'t, f64>,
{
    let tape = Tape::f64();
    let xs = inputs.map(|x| tape.var(x));
    let y = f(xs);
    let value = y.value();
    assert!(
        value.numel() == 1,
        "grad: the function's value has shape {}, it must be one number",
        value.shape()
    );
    (value.data()[0], pull(y, &Tensor::ones(value.shape()), xs))
}

/// vᵀJ: the gradient of Σ v·f(x) with respect to each input, for an f with a value of any shape,
/// which is v's.
///
/// ```
/// use wengert::grad::vjp;
/// let [dx] = vjp(|[x]| x.square(), [[1.0, 2.0, 3.0]], [1.0, 0.0, -1.0]);
/// assert_eq!(dx, [2.0, 0.0, -6.0]);
/// ```
///
/// # Panics
/// If v has another shape than the value.
#[track_caller]
pub fn vjp<F, I, const N: usize>(f: F, inputs: [I; N], v: impl Into<Tensor<f64>>) -> [Tensor<f64>; N]
where
    I: Into<Tensor<f64>>,
    F: for<'t> Fn([Var<'t, f64>; N]) -> Var<'t, f64>,
{
    let tape = Tape::f64();
    let xs = inputs.map(|x| tape.var(x));
    let (y, v) = (f(xs), v.into());
    assert!(
        y.shape() == *v.shape(),
        "vjp: v has shape {}, the function's value has {}",
        v.shape(),
        y.shape()
    );
    pull(y, &v, xs)
}

/// The Jacobian ∂yᵢ/∂xⱼ of y = f(x), of y's shape followed by x's. It costs a pass backward for
/// each entry of y.
///
/// ```
/// use wengert::grad::jacobian;
/// let j = jacobian(|x| x * x.sum(), [1.0, 2.0]);
/// assert_eq!(j, [[4.0, 1.0], [2.0, 5.0]]); // s·δᵢⱼ + xᵢ, with s = Σ x
/// ```
#[track_caller]
pub fn jacobian<F>(f: F, x: impl Into<Tensor<f64>>) -> Tensor<f64>
where
    F: for<'t> Fn(Var<'t, f64>) -> Var<'t, f64>,
{
    let tape = Tape::f64();
    let x = tape.var(x);
    rows(f(x), x)
}

/// The Hessian ∂²f/∂xᵢ∂xⱼ of an f whose value is a single number, of x's shape twice. It costs a
/// pass backward for each entry of x.
///
/// ```
/// use wengert::grad::hessian;
/// let h = hessian(|x| x.powi(3).sum(), [1.0, 2.0]);
/// assert_eq!(h, [[6.0, 0.0], [0.0, 12.0]]);
/// ```
///
/// # Panics
/// If the value has more than one entry.
#[track_caller]
pub fn hessian<F>(f: F, x: impl Into<Tensor<f64>>) -> Tensor<f64>
where
    F: for<'t> Fn(Var<'t, f64>) -> Var<'t, f64>,
{
    let tape = Tape::f64();
    let x = tape.var(x);
    rows(f(x).grad(x), x)
}

/// H·u, the Hessian times a vector of x's shape, without the Hessian: two passes backward
/// (Pearlmutter, 1994).
///
/// ```
/// use wengert::grad::hvp;
/// let hu = hvp(|x| x.powi(3).sum(), [1.0, 2.0], [1.0, -1.0]);
/// assert_eq!(hu, [6.0, -12.0]);
/// ```
///
/// # Panics
/// If the value has more than one entry, or u another shape than x.
#[track_caller]
pub fn hvp<F>(f: F, x: impl Into<Tensor<f64>>, u: impl Into<Tensor<f64>>) -> Tensor<f64>
where
    F: for<'t> Fn(Var<'t, f64>) -> Var<'t, f64>,
{
    let tape = Tape::f64();
    let (x, u) = (tape.var(x), u.into());
    assert!(x.shape() == *u.shape(), "hvp: u has shape {}, x has {}", u.shape(), x.shape());
    let [product] = pull(f(x).grad(x), &u, [x]);
    product
}

/// The gradients of Σ v·y; zeros where there is no path.
#[cfg_attr(not(debug_assertions), inline)]
fn pull<const N: usize>(y: Var<'_, f64>, v: &Tensor<f64>, xs: [Var<'_, f64>; N]) -> [Tensor<f64>; N] {
    let gradients = y.needs_grad().then(|| y.backward_with(v));
    xs.map(|x| {
        let gradient = gradients.as_ref().and_then(|gradients| gradients.get(x));
        gradient.cloned().unwrap_or_else(|| Tensor::zeros(x.shape()))
    })
}

/// The gradient of every entry of y.
#[cfg_attr(not(debug_assertions), inline)]
fn rows(y: Var<'_, f64>, x: Var<'_, f64>) -> Tensor<f64> {
    let shape: Shape = y.shape().iter().chain(x.shape().iter()).copied().collect();
    let mut entries = Vec::with_capacity(shape.numel());
    for i in 0..y.numel() {
        let one = Tensor::from_fn(y.shape(), |j| f64::from(u8::from(i == j)));
        let [row] = pull(y, &one, [x]);
        entries.extend_from_slice(row.data());
    }
    Tensor::from_vec(entries, shape)
}
