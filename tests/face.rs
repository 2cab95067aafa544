//! The public face: the programs of the crate's front page, as they stand.

use wengert::prelude::*;

#[test]
fn an_expression() {
    let tape = Tape::new();
    let a = tape.var(-4.0);
    let b = tape.var(2.0);
    let y = (a * b + b.powi(3)).tanh() * 3.0 + 1.0 / a;
    let grads = y.backward();
    println!("y = {}, dy/da = {}", y.item(), grads[a]);
    assert_eq!(y.item(), -0.25);
    assert_eq!(grads[a], 2.0 * 3.0 - 1.0 / 16.0);
}

#[test]
fn a_derivative_of_a_derivative() {
    let tape = Tape::f64();
    let x = tape.var(0.5);
    let f = x.powi(4) * x.sin();
    let df = f.grad(x);
    let d2f = df.grad(x);
    let d3f = d2f.grad(x);
    let (s, c, x) = (0.5f64.sin(), 0.5f64.cos(), 0.5f64);
    let exact = [
        4.0 * x.powi(3) * s + x.powi(4) * c,
        12.0 * x.powi(2) * s + 8.0 * x.powi(3) * c - x.powi(4) * s,
        24.0 * x * s + 36.0 * x.powi(2) * c - 12.0 * x.powi(3) * s - x.powi(4) * c,
    ];
    for (got, exact) in [df, d2f, d3f].iter().zip(exact) {
        assert!((got.item() - exact).abs() < 1e-13, "{got} is not {exact}");
    }
}
