//! The universal approximation theorem, seen: one hidden layer comes as close to a curve as one
//! likes if it is wide enough (Cybenko, 1989). Without an activation, any stack of layers stays a
//! straight line.

mod common;

use common::{OUT, Options, Outcome, SEED};
use std::f64::consts::PI;
use wengert::prelude::*;
use wengert::viz::plot::Plot;

const ABOUT: &str = "Fits a curve with one hidden layer of width 2 to 64, and with a stack of linear layers.";

/// The curve to be learned, on −1..1.
fn curve(x: f64) -> f64 {
    (3.0 * PI * x).sin() * 0.5 + (5.0 * PI * x).cos() * 0.2 + 0.3 * x
}

fn main() -> Outcome {
    let options = Options::read(ABOUT, &[("epochs", "6000", "steps on all points"), SEED, OUT]);
    let epochs = options.count("epochs");
    let seed: u64 = options.get("seed");

    let grid: Tensor = Tensor::linspace(-1.0, 1.0, 201).reshape([201, 1]);
    let target = grid.map(|x| curve(f64::from(x)) as f32);
    let points = |y: &Tensor| -> Vec<(f64, f64)> {
        grid.data().iter().zip(y.data()).map(|(&x, &y)| (f64::from(x), f64::from(y))).collect()
    };
    let mut chart = Plot::new("One hidden layer of growing width")
        .x("x")
        .y("f(x)")
        .points("the curve", points(&target).into_iter().step_by(5));

    // Four layers, but no activation between them: the product of matrices is a matrix.
    let stack = fit(&[1, 64, 64, 64, 1], Activation::Identity, &grid, &target, epochs / 3, seed)?;
    let slopes: Vec<f32> = stack.data().windows(2).map(|y| (y[1] - y[0]) / 0.01).collect();
    let (least, most) = slopes.iter().fold((f32::MAX, f32::MIN), |(a, b), &s| (a.min(s), b.max(s)));
    println!(
        "A stack of four linear layers: slope between {least:.3} and {most:.3} everywhere, a straight line."
    );
    let (most, mean) = errors(&stack, &target);
    println!("Its largest error: {most:.4}, its mean square error: {mean:.5}\n");
    chart = chart.line("linear layers", points(&stack));

    println!("One hidden layer with tanh:\n\nwidth  max error  mean square error, which is what is trained");
    for width in [2, 4, 8, 16, 32, 64] {
        let fitted = fit(&[1, width, 1], Activation::Tanh, &grid, &target, epochs, seed)?;
        let (most, mean) = errors(&fitted, &target);
        println!("{width:>5}  {most:>9.4}  {mean:>17.7}");
        chart = chart.line(format!("width {width}"), points(&fitted));
    }

    let path = options.path("universal_approximation.svg");
    chart.save(&path)?;
    println!("\nPicture: {}", path.display());
    Ok(())
}

/// The largest error, and the mean of the squares.
fn errors(y: &Tensor, target: &Tensor) -> (f64, f64) {
    let squares = y.data().iter().zip(target.data()).map(|(&y, &t)| f64::from(y - t).powi(2));
    (y.max_abs_diff(target), squares.sum::<f64>() / y.numel() as f64)
}

/// What a network of these widths makes of `x` after learning `y`.
fn fit(
    widths: &[usize],
    activation: Activation,
    x: &Tensor,
    y: &Tensor,
    epochs: usize,
    seed: u64,
) -> Result<Tensor, wengert::Error> {
    let mut rng = Rng::new(seed);
    let mut params = Params::new();
    let model = Mlp::new(&mut params.init(&mut rng), widths).activation(activation);
    if let &[1, width, 1] = widths {
        // Each hidden neuron bends the curve at one place. To begin with, spread the places evenly
        // over −1..1 and let a bend be four times as wide as they are apart, so that neighbours
        // overlap; learning moves them from there.
        let (centre, slope) = (|i: usize| (2 * i + 1) as f32 / width as f32 - 1.0, width as f32 / 4.0);
        params.set("layers.0.weight", Tensor::full([width, 1], slope))?;
        params.set("layers.0.bias", Tensor::from_fn([width], |i| -centre(i) * slope))?;
    }
    let mut adam = Adam::new(0.0);
    for epoch in 0..epochs {
        // From 0.02 down to nothing along half a cosine: large steps first, small ones to finish.
        let done = epoch as f64 / epochs as f64;
        adam.set_learning_rate(0.01 * (1.0 + (PI * done).cos()));
        let tape = Tape::training(&params, &mut rng);
        let loss = mse(model.forward(tape.constant(x)), y);
        let grads = loss.backward();
        adam.step(&mut params, &grads);
    }
    let tape = Tape::inference(&params);
    Ok(model.forward(tape.constant(x)).value())
}
