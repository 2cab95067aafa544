//! Gradients, Jacobians and Hessians of functions, against closed forms.

use wengert::grad::{grad, hessian, hvp, jacobian, value_and_grad, vjp};
use wengert::prelude::*;

#[track_caller]
fn close(got: &Tensor<f64>, exact: &Tensor<f64>) {
    let size = exact.data().iter().fold(1.0, |size: f64, x| size.max(x.abs()));
    assert!(got.max_abs_diff(exact) <= 1e-13 * size, "{got} is not {exact}");
}

/// f(x, y) = (1 − x)² + 100 (y − x²)², of x in two entries.
fn rosenbrock(x: Var<'_, f64>) -> Var<'_, f64> {
    let (x, y) = (x.slice(0, 0..1), x.slice(0, 1..2));
    ((1.0 - x).square() + (y - x.square()).square() * 100.0).sum()
}

#[test]
fn the_gradient_and_the_hessian_of_rosenbrocks_function() {
    for [x, y] in [[-1.2, 1.0], [1.0, 1.0], [0.3, -0.7]] {
        let gradient = Tensor::from([-2.0 * (1.0 - x) - 400.0 * x * (y - x * x), 200.0 * (y - x * x)]);
        let second = Tensor::from([[2.0 - 400.0 * y + 1200.0 * x * x, -400.0 * x], [-400.0 * x, 200.0]]);
        let (value, [got]) = value_and_grad(|[x]| rosenbrock(x), [[x, y]]);
        assert!((value - ((1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2))).abs() < 1e-12);
        close(&got, &gradient);
        close(&grad(|[x]| rosenbrock(x), [[x, y]])[0], &gradient);
        close(&hessian(rosenbrock, [x, y]), &second);
        let u = [0.7, -2.0];
        let product = [0, 1].map(|i| second[[i, 0]] * u[0] + second[[i, 1]] * u[1]);
        close(&hvp(rosenbrock, [x, y], u), &Tensor::from(product));
    }
}

#[test]
fn the_gradient_and_the_hessian_of_a_quadratic_form() {
    // f(x) = xᵀAx / 2 + bᵀx has the gradient (A + Aᵀ)x / 2 + b and the Hessian (A + Aᵀ)/2.
    let mut rng = Rng::new(1);
    let (a, b) = (Tensor::<f64>::randn([5, 5], &mut rng), Tensor::<f64>::randn([5], &mut rng));
    let (x, u) = (Tensor::<f64>::randn([5], &mut rng), Tensor::<f64>::randn([5], &mut rng));
    let symmetric = Tensor::from_fn([5, 5], |i| (a.data()[i] + a.data()[i % 5 * 5 + i / 5]) / 2.0);
    let times = |u: &Tensor<f64>| {
        Tensor::from_fn([5], |i| (0..5).map(|j| symmetric[[i, j]] * u.data()[j]).sum::<f64>())
    };
    let plus_b = |x: Tensor<f64>| Tensor::from_fn([5], |i| x.data()[i] + b.data()[i]);
    close(&grad(|[x]| x.matmul(&a).matmul(x) * 0.5 + x.matmul(&b), [&x])[0], &plus_b(times(&x)));
    close(&hessian(|x| x.matmul(&a).matmul(x) * 0.5 + x.matmul(&b), &x), &symmetric);
    close(&hvp(|x| x.matmul(&a).matmul(x) * 0.5 + x.matmul(&b), &x, &u), &times(&u));
    close(&jacobian(|x| x.matmul(&a).matmul(x) * 0.5 + x.matmul(&b), &x), &plus_b(times(&x)));
}

#[test]
fn the_jacobian_of_softmax_is_diag_p_minus_p_pt() {
    let x = Tensor::from([0.3f64, -1.2, 2.0, 0.0]);
    let sum: f64 = x.data().iter().map(|x| x.exp()).sum();
    let p = x.map(|x| x.exp() / sum);
    let exact = Tensor::from_fn([4, 4], |at| {
        let (i, j) = (at / 4, at % 4);
        f64::from(u8::from(i == j)) * p.data()[i] - p.data()[i] * p.data()[j]
    });
    close(&jacobian(|x| x.softmax(0), &x), &exact);
    let v = [1.0, -2.0, 0.5, 3.0];
    let product = Tensor::from_fn([4], |j| (0..4).map(|i| v[i] * exact[[i, j]]).sum::<f64>());
    close(&vjp(|[x]| x.softmax(0), [&x], v)[0], &product);
}

#[test]
fn a_jacobian_has_the_results_shape_and_then_the_inputs() {
    let j = jacobian(|x| x.sum_axis(0), Tensor::ones([2, 3]));
    assert_eq!(j.shape().dims(), [3, 2, 3]);
    assert_eq!((j[[1, 0, 1]], j[[1, 0, 2]]), (1.0, 0.0));
    assert_eq!(jacobian(|x| x, 2.0), 1.0);
    assert_eq!(jacobian(|x| x.square(), Tensor::zeros([0])).shape().dims(), [0, 0]);
    assert_eq!(hessian(|x| x.powi(3).sum(), Tensor::ones([2, 2])).shape().dims(), [2, 2, 2, 2]);
}

#[test]
fn what_a_function_does_not_depend_on_has_a_derivative_of_zero() {
    let [dx, dy] = grad(|[x, y]| x.square().sum() + y.detach().sum(), [[1.0, 2.0], [3.0, 4.0]]);
    assert_eq!((dx, dy), (Tensor::from([2.0, 4.0]), Tensor::zeros([2])));
    assert_eq!(grad(|[x]| x.floor().sum(), [[0.5]])[0], [0.0]);
    assert_eq!(hessian(|x| x.sum(), [1.0, 2.0]), Tensor::zeros([2, 2]));
    assert_eq!(hvp(|x| x.sum(), [1.0, 2.0], [1.0, 1.0]), Tensor::zeros([2]));
}

#[test]
fn functions_of_several_inputs_broadcast_as_ever() {
    let [dw, db] = grad(
        |[w, b]| (w + b).square().sum(),
        [Tensor::from([[1.0, 2.0], [3.0, 4.0]]), Tensor::from([10.0, 20.0])],
    );
    assert_eq!(dw, [[22.0, 44.0], [26.0, 48.0]]);
    assert_eq!(db, [48.0, 92.0]);
}

#[test]
#[should_panic(expected = "grad: the function's value has shape [2], it must be one number")]
fn a_gradient_is_that_of_one_number() {
    grad(|[x]| x.square(), [[1.0, 2.0]]);
}

#[test]
#[should_panic(expected = "vjp: v has shape [3], the function's value has [2]")]
fn a_cotangent_has_the_shape_of_the_value() {
    vjp(|[x]| x.square(), [[1.0, 2.0]], [1.0, 2.0, 3.0]);
}
