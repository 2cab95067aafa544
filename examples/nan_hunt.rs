//! Two questions that cost days: where did the NaN come from, and why does this layer not learn?
//! A NaN and two dead branches are planted; one call each finds them.

mod common;

use common::{Options, Outcome};
use std::panic::{AssertUnwindSafe, catch_unwind};
use wengert::prelude::*;

const ABOUT: &str = "Plants a NaN, an off relu and a forgotten detach, and has the tape find them.";

fn main() -> Outcome {
    Options::read(ABOUT, &[]);
    // A watched tape panics at the first bad number. Its text is printed here as one would see it.
    std::panic::set_hook(Box::new(|_| {}));

    println!("1. A NaN on the way forward\n");
    println!("The loss is NaN. Many values are; which was the first?");
    let tape = Tape::new();
    let loss = spread(&tape);
    println!("  loss = {}", loss.item());
    println!("With `tape.watch()` the program stops where the first one arises:\n");
    let tape = Tape::new();
    tape.watch();
    print_panic(|| spread(&tape));
    println!("\nThe logarithm of a number below 0: (x - mean)/x was to be positive, and is not.");

    println!("\n2. A NaN on the way back\n");
    let tape = Tape::new();
    let x = tape.var([3.0, 0.0]).named("x");
    let length = x.square().sqrt().sum(); // |x|, in a roundabout way
    println!("Every value is finite: {}. The gradient is not: {}.", length.item(), length.backward()[x]);
    tape.watch();
    println!("Watched, going backward says who sent it:\n");
    print_panic(|| length.backward());
    println!("\nAt 0 the slope of sqrt is infinite and that of x^2 is 0; their product is NaN. Use x.abs().");

    println!("\n3. Layers that do not learn\n");
    let mut rng = Rng::new(7);
    let mut params = Params::new();
    let model = ThreeBranches::new(&mut params.init(&mut rng));
    // A bias far below 0: whatever comes in, relu lets nothing through.
    params.set("dead.bias", Tensor::full([3], -100.0))?;
    let x = Tensor::randn([16, 4], &mut rng);
    let y = Tensor::randn([16, 1], &mut rng);
    let start = params.clone();
    let mut sgd = Sgd::new(0.1);
    for step in 0..=200 {
        let tape = Tape::training(&params, &mut rng);
        let loss = mse(model.forward(tape.constant(&x)), &y);
        if step % 100 == 0 {
            println!("  step {step:3}: loss {:.4}", loss.item());
        }
        let grads = loss.backward();
        sgd.step(&mut params, &grads);
    }
    println!("The loss falls. How far has each parameter moved?");
    for ((name, before), (_, after)) in start.iter().zip(params.iter()) {
        println!("  {name:16} {:.4}", after.max_abs_diff(before));
    }
    println!("Most of them not at all. Why? `grads.report(&tape)`:\n");
    let tape = Tape::training(&params, &mut rng);
    let loss = mse(model.forward(tape.constant(x)), y).named("loss");
    let report = loss.backward().report(&tape);
    println!("{report}");
    if let Some(cut) = report.get("cut.weight").and_then(|row| row.finding.cut()) {
        println!("The same as data: cut.weight was cut by {}, at {}.", cut.op, cut.line);
    }
    Ok(())
}

/// A loss with a mistake in it: ln of what can be negative.
fn spread<'t>(tape: &'t Tape<'t>) -> Var<'t> {
    let x = tape.var([1.0, 2.0, 6.0]).named("x");
    let relative = (x - x.mean()) / x;
    let log = relative.ln();
    (log * log).mean()
}

/// Three layers side by side. One is behind a relu that is off, one is detached, one is all right;
/// a fourth was declared and never used.
struct ThreeBranches {
    dead: Linear,
    cut: Linear,
    good: Linear,
    head: Linear,
}

impl ThreeBranches {
    fn new<T: Float>(init: &mut Init<T>) -> Self {
        let mut layer = |name, inputs, outputs| Linear::new(&mut init.scope(name), inputs, outputs);
        layer("forgotten", 4, 2);
        ThreeBranches {
            dead: layer("dead", 4, 3),
            cut: layer("cut", 4, 3),
            good: layer("good", 4, 3),
            head: layer("head", 3, 1),
        }
    }
}

impl<T: Float> Module<T> for ThreeBranches {
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let dead = self.dead.forward(x).relu();
        let cut = self.cut.forward(x).tanh().detach(); // left over from an experiment
        let good = self.good.forward(x).tanh();
        self.head.forward(dead + cut + good)
    }
}

/// Prints what a panic says, indented.
fn print_panic<R>(f: impl FnOnce() -> R) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(f)) {
        let text = panic.downcast_ref::<String>().map_or("a panic without a text", String::as_str);
        text.lines().for_each(|line| println!("  {line}"));
    }
}
