//! Derivatives of derivatives of derivatives, through every operation.

use wengert::ops;
use wengert::prelude::*;

/// D³f[u, v, w] is the same in every order of u, v and w: at every sample of every operation that
/// can be differentiated three times. (The sweep compares orders 1 and 2 with numbers.)
#[test]
fn third_derivatives_of_every_operation_are_symmetric() {
    let (mut tried, mut nonzero) = (0, 0);
    for sample in ops::registry().into_iter().filter(|sample| sample.gradients.is_none()) {
        let tape = Tape::f64();
        let x: Vec<Var<f64>> = sample.inputs.iter().map(|x| tape.var(x)).collect();
        let y = sample.call(&x);
        if !y.needs_grad() {
            continue;
        }
        tried += 1;
        let mut rng = Rng::new(3);
        let root = (y * Tensor::randn(y.shape(), &mut rng)).sum();
        let directions = [(); 3].map(|()| -> Vec<_> {
            x.iter().map(|x| tape.constant(Tensor::randn(x.shape(), &mut rng))).collect()
        });
        // f ← ⟨∇f, u⟩, a function again.
        let derivative = |order: [usize; 3]| {
            let mut f = root;
            for u in order {
                let gradients = tape.grad(f, &x);
                f = gradients.iter().zip(&directions[u]).map(|(&g, &u)| (g * u).sum()).sum();
            }
            f.item()
        };
        let exact = derivative([0, 1, 2]);
        nonzero += usize::from(exact != 0.0);
        for order in [[1, 0, 2], [2, 1, 0], [1, 2, 0]] {
            let got = derivative(order);
            let close = (got - exact).abs() <= 1e-9 * (1.0 + exact.abs());
            assert!(close, "{}: {}: {got} in the order {order:?}, {exact}", sample.op, sample.call);
        }
    }
    assert!(tried > 150 && nonzero > 60, "{tried} samples, {nonzero} of them not 0");
}

#[test]
fn the_mixed_second_derivative_of_a_power_is_one_over_its_base_at_an_exponent_of_0() {
    let tape = Tape::f64();
    let (a, b) = (tape.var([0.5, 2.0]), tape.var([0.0, 0.0]));
    let first = |of| a.pow(b).sum().grad(of).sum();
    assert_eq!(first(a).backward()[b], [2.0, 0.5]);
    assert_eq!(first(b).backward()[a], [2.0, 0.5]);
}

/// Third derivatives known exactly, at 0.7, one for each kind of operation.
#[test]
fn third_derivatives_are_exact() {
    #[track_caller]
    fn check(f: impl for<'t> Fn(Var<'t, f64>) -> Var<'t, f64>, exact: impl Fn(f64) -> f64) {
        let tape = Tape::f64();
        let x = tape.var(0.7);
        let third = f(x).grad(x).grad(x).grad(x);
        let (got, exact) = (third.item(), exact(0.7));
        assert!((got - exact).abs() <= 1e-12 * (1.0 + exact.abs()), "{got} is not {exact}");
        // The last one by the fused way.
        let fused = f(x).grad(x).grad(x).backward()[x].item();
        assert!((fused - exact).abs() <= 1e-12 * (1.0 + exact.abs()), "{fused} is not {exact}, fused");
    }
    let six = |_: f64| 6.0;
    // y = tanh x: y‴ = −2(1 − y²)(1 − 3y²).
    let tanh = |x: f64| {
        let y = x.tanh();
        -2.0 * (1.0 - y * y) * (1.0 - 3.0 * y * y)
    };
    // y = sigmoid x: y‴ = y′(1 − 6y′) with y′ = y(1 − y).
    let sigmoid = |x: f64| {
        let s = 1.0 / (1.0 + (-x).exp());
        let slope = s * (1.0 - s);
        slope * (1.0 - 6.0 * slope)
    };
    // ln(1 + eˣ)‴ = y′(1 − 2y) with y = sigmoid x.
    let softplus = |x: f64| {
        let s = 1.0 / (1.0 + (-x).exp());
        s * (1.0 - s) * (1.0 - 2.0 * s)
    };
    // Elementwise
    check(|x| x.exp(), f64::exp);
    check(|x| x.ln(), |x| 2.0 / x.powi(3));
    check(|x| x.sin(), |x| -x.cos());
    check(|x| x.recip(), |x| -6.0 / x.powi(4));
    check(|x| x.sqrt(), |x| 0.375 * x.powf(-2.5));
    check(|x| x.tanh(), tanh);
    check(|x| x.sigmoid(), sigmoid);
    check(|x| x.softplus(), softplus);
    check(|x| x.powi(5), |x| 60.0 * x * x);
    check(|x| x.powf(2.5), |x| 1.875 / x.sqrt());
    check(|x| x.pow(x.detach() * 0.0 + 3.0), six);
    check(|x| x / (x + 1.0), |x| 6.0 / (x + 1.0).powi(4));
    check(|x| x * x * x - x, six);
    // Choices
    check(|x| x.powi(3).relu() + (-x.powi(3)).leaky_relu(0.5), |_| 6.0 - 3.0);
    check(|x| x.powi(3).maximum(0.1) + x.powi(3).minimum(0.1), six);
    check(|x| x.gt(0.0).where_cond(x.powi(3), x.exp()), six);
    check(|x| x.powi(3).clamp(-1.0, 1.0) + x.powi(3).abs(), |_| 12.0);
    // Products
    check(
        |x| {
            let m = x.reshape([1, 1]);
            m.matmul(m).matmul(m).matmul(m).sum()
        },
        |x| 24.0 * x,
    );
    check(
        |x| {
            let v = x.expand([1, 2]);
            v.linear(v * v, Some(x.reshape([1]))).sum() // 2x³ + x
        },
        |_| 12.0,
    );
    // Reductions
    check(|x| x.powi(3).expand([4]).mean() + x.powi(3).expand([2]).sum(), |_| 18.0);
    check(|x| x.expand([3]).prod(), six);
    check(|x| Var::stack([x.powi(3), -x.powi(3)], 0).variance(), |x| 120.0 * x.powi(3));
    check(|x| Var::stack([x.powi(3), x.powi(3) * 0.0], 0).norm(), six);
    check(|x| Var::stack([x.powi(3), x.powi(3) - 1.0], 0).max(), six);
    check(|x| Var::stack([x, -x], 0).logsumexp(), tanh_primitive);
    check(|x| Var::stack([x, x * 0.0], 0).softmax(0).slice(0, 0..1).sum(), sigmoid);
    check(|x| -Var::stack([x * 0.0, x], 0).log_softmax(0).slice(0, 0..1).sum(), softplus);
    check(|x| x.expand([3]).cumsum(0).prod(), |_| 36.0); // x·2x·3x
    // Entries moved about
    check(|x| Var::concat([x.reshape([1]), x.expand([2])], 0).prod(), six);
    check(|x| x.expand([1, 3]).permute([1, 0]).unsqueeze(1).squeeze(2).flatten().prod(), six);
    check(|x| (x.reshape([1]).index_select(0, [0, 0, 0])).prod(), six);
    check(|x| x.expand([2, 1]).gather(0, [[1], [0], [1]]).prod(), six);
    check(|x| x.expand([3]).split(0, 1).into_iter().map(|x| x.powi(3).sum()).sum(), |_| 18.0);
    // Losses
    check(|x| mse(x.square(), 0.0), |x| 24.0 * x);
    check(|x| bce_with_logits(x, 0.0), softplus);
    check(|x| bce(x.sigmoid(), 0.0), softplus);
    check(|x| cross_entropy(Var::stack([x * 0.0, x], 0), Tensor::from([1.0, 0.0])), softplus);
    check(|x| huber(x.powi(3), 2.0), six_downwards);

    // (ln 2cosh x)‴ = (tanh x)″ = −2y(1 − y²).
    fn tanh_primitive(x: f64) -> f64 {
        let y = x.tanh();
        -2.0 * y * (1.0 - y * y)
    }
    // Where the error is beyond δ = 1, the loss is δ(2 − x³ − δ/2).
    fn six_downwards(_: f64) -> f64 {
        -6.0
    }
}
