//! Derivatives of derivatives: the tape records its own backward pass, so the gradient of a
//! gradient is only another expression. Each is printed beside the exact value.

mod common;

use common::{Options, Outcome};
use wengert::prelude::*;

const ABOUT: &str = "An expression and its gradient; then f(x) = x^4 sin x and its first three derivatives.";

fn main() -> Outcome {
    let options = Options::read(ABOUT, &[("x", "0.5", "where to differentiate")]);

    // Gradients are a value that backward() returns.
    let tape = Tape::new();
    let a = tape.var(-4.0);
    let b = tape.var(2.0);
    let y = (a * b + b.powi(3)).tanh() * 3.0 + 1.0 / a;
    let grads = y.backward();
    println!("y = tanh(ab + b^3)*3 + 1/a   at a = -4, b = 2");
    // tanh is taken at ab + b³ = 0, where its slope is 1.
    println!("y     = {:>8}   exactly {:>8}", y.item(), -0.25);
    println!("dy/da = {:>8}   exactly {:>8}", grads[a].item(), 3.0 * 2.0 - 1.0 / 16.0);
    println!("dy/db = {:>8}   exactly {:>8}", grads[b].item(), 3.0 * (-4.0 + 3.0 * 4.0));

    // `grad` is recorded: what it returns is on the tape, and can be differentiated again.
    let tape = Tape::f64();
    let x = tape.var(options.get::<f64>("x"));
    let f = x.powi(4) * x.sin();
    let df = f.grad(x);
    let d2f = df.grad(x);
    let d3f = d2f.grad(x);

    let (x, s, c) = (x.item(), x.item().sin(), x.item().cos());
    println!("\nf(x) = x^4 sin x   at x = {x}");
    for (name, on_the_tape, exact) in [
        ("f   ", f, x.powi(4) * s),
        ("f'  ", df, 4.0 * x.powi(3) * s + x.powi(4) * c),
        ("f'' ", d2f, 12.0 * x.powi(2) * s + 8.0 * x.powi(3) * c - x.powi(4) * s),
        ("f'''", d3f, 24.0 * x * s + 36.0 * x.powi(2) * c - 12.0 * x.powi(3) * s - x.powi(4) * c),
    ] {
        let error = (on_the_tape.item() - exact).abs();
        println!("{name} = {:>20.16}   exactly {exact:>20.16}   error {error:.0e}", on_the_tape.item());
    }

    // A Hessian times a vector: two backward passes, and no matrix.
    let tape = Tape::f64();
    let x = tape.var([1.0, 2.0]);
    let v = Tensor::from([1.0, -1.0]);
    let slope = rosenbrock(x).grad(x);
    let product = (slope * &v).sum().grad(x);
    println!(
        "\nRosenbrock's valley at (1, 2): gradient {}, Hessian times (1, -1): {}",
        slope.value(),
        product.value()
    );
    println!("exactly                                 [-400, 200]                        [802, -600]");
    Ok(())
}

/// Rosenbrock's valley, (1 − a)² + 100(b − a²)².
fn rosenbrock<'t>(x: Var<'t, f64>) -> Var<'t, f64> {
    let (a, b) = (x.select(0, 0), x.select(0, 1));
    (1.0 - a).square() + (b - a.square()).square() * 100.0
}
