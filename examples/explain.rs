//! A tape explained: the expression of micrograd's README as a table, and one node's gradient as the
//! sum over its uses. Beside it come pages to step through it, and through a small network that is to
//! learn XOR.

mod common;

use common::{OUT, Options, Outcome};
use wengert::prelude::*;
use wengert::viz;

const ABOUT: &str = "Prints a tape as a table, and writes it as a graph and as a page to step through.";

fn main() -> Outcome {
    let options = Options::read(ABOUT, &[OUT]);
    let tape = Tape::f64();
    let [a, b, g] = expression(&tape);
    let explained = tape.explain(g);
    println!("{explained}");
    println!("{}", explained.node(a));
    let gradient =
        |v: Var<'_, f64>| explained.get(v).and_then(|row| row.adjoint.value()).map_or(0.0, |g| g.item());
    println!("g = {:.4}, dg/da = {:.4}, dg/db = {:.4}\n", g.item(), gradient(a), gradient(b));
    if let Some(mistakes) = explained.mistakes() {
        println!("Gone back on in three wrong ways:\n{mistakes}");
    }
    viz::save(options.path("micrograd.dot"), &explained.graph().dot())?;
    viz::save(options.path("micrograd.html"), &explained.html())?;

    let tape = Tape::f64();
    let loss = xor(&tape);
    let explained = tape.explain(loss);
    println!("{explained}");
    viz::save(options.path("xor.html"), &explained.html())?;
    for file in ["micrograd.dot", "micrograd.html", "xor.html"] {
        println!("Wrote {}", options.path(file).display());
    }
    Ok(())
}

/// a, b and g of the expression in micrograd's README.
fn expression<'t>(tape: &'t Tape<'t, f64>) -> [Var<'t, f64>; 3] {
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
    [a, b, (g + 10.0 / f).named("g")]
}

/// The loss of two tanh units and a linear one on the four samples of XOR.
fn xor<'t>(tape: &'t Tape<'t, f64>) -> Var<'t, f64> {
    let x = tape.constant([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]).named("X");
    let w1 = tape.var([[0.9, -1.1], [1.3, -0.7]]).named("W1");
    let b1 = tape.var([-0.4, 1.2]).named("b1");
    let w2 = tape.var([[0.8], [1.4]]).named("W2");
    let b2 = tape.var([-0.6]).named("b2");
    let y = tape.constant([[0.0], [1.0], [1.0], [0.0]]).named("Y");
    let h = (x.matmul(w1) + b1).tanh().named("H");
    (h.matmul(w2) + b2 - y).square().mean().named("loss")
}
