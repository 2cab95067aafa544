//! Tapes that several tests look at.
#![allow(dead_code)] // each test uses its share

use wengert::prelude::*;

/// The expression of micrograd's README. Returns a, b, g.
pub fn readme<'t>(tape: &'t Tape<'t, f64>) -> [Var<'t, f64>; 3] {
    let a = tape.var(-4.0).named("a");
    let b = tape.var(2.0).named("b");
    let mut c = (a + b).named("c0");
    let mut d = a * b + b.powi(3);
    c = c + (c + 1.0);
    c = c + ((1.0 + c) + -a);
    c = c.named("c");
    d = d + (d * 2.0 + (b + a).relu());
    d = (d + (3.0 * d + (b - a).relu())).named("d");
    let e = (c - d).named("e");
    let f = e.powi(2).named("f");
    let g = f / 2.0;
    let g = (g + 10.0 / f).named("g");
    [a, b, g]
}

/// The expression of micrograd's own test.
pub fn sanity<'t>(tape: &'t Tape<'t, f64>) -> [Var<'t, f64>; 2] {
    let x = tape.var(-4.0).named("x");
    let z = 2.0 * x + 2.0 + x;
    let q = z.relu() + z * x;
    let h = (z * z).relu();
    let y = h + q + q * x;
    [x, y]
}

/// A network of two tanh units that is to learn XOR, its weights all different. Returns W1, b1,
/// W2, b2, H, the loss.
pub fn xor<'t>(tape: &'t Tape<'t, f64>) -> [Var<'t, f64>; 6] {
    let x = tape.constant([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]).named("X");
    let w1 = tape.var([[0.9, -1.1], [1.3, -0.7]]).named("W1");
    let b1 = tape.var([-0.4, 1.2]).named("b1");
    let w2 = tape.var([[0.8], [1.4]]).named("W2");
    let b2 = tape.var([-0.6]).named("b2");
    let h = (x.matmul(w1) + b1).tanh().named("H");
    let y = Tensor::from([[0.0], [1.0], [1.0], [0.0]]);
    let loss = (h.matmul(w2) + b2 - y).square().mean().named("loss");
    [w1, b1, w2, b2, h, loss]
}
