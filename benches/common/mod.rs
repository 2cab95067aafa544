//! The networks that are measured, each as a step on a tape and as a step written by hand.
#![allow(dead_code)] // no bench uses all of it

pub mod by_hand;

use by_hand::{ByHand, Loss};
use wengert::prelude::*;

/// 30-64-32-1 with dropout, binary cross-entropy of probabilities, Adam; a batch of 32.
pub struct BreastCancer {
    hidden1: Linear,
    hidden2: Linear,
    output: Linear,
    dropouts: [f64; 2],
}

impl Module<f32> for BreastCancer {
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let x = self.hidden1.forward(x).relu().dropout(self.dropouts[0]);
        let x = self.hidden2.forward(x).relu().dropout(self.dropouts[1]);
        self.output.forward(x).sigmoid()
    }
}

impl BreastCancer {
    pub const DROPOUTS: [f64; 2] = [0.3, 0.2];

    /// The step on the tape and the step by hand, from the same weights; each returns its loss.
    pub fn steps(dropouts: [f64; 2]) -> (impl FnMut() -> f32, impl FnMut() -> f32) {
        const ROWS: usize = 32;
        let mut rng = Rng::new(1);
        let mut params = Params::new();
        let mut init = params.init(&mut rng);
        let model = BreastCancer {
            hidden1: Linear::new(&mut init.scope("hidden1"), 30, 64),
            hidden2: Linear::new(&mut init.scope("hidden2"), 64, 32),
            output: Linear::new(&mut init.scope("output"), 32, 1),
            dropouts,
        };
        let x = Tensor::randn([ROWS, 30], &mut rng);
        let y = Tensor::from_fn([ROWS, 1], |i| (i % 3 == 0) as u8 as f32);
        let by_hand = ByHand::new(&params, &dropouts, Loss::Binary, ROWS);
        let (x_by_hand, y_by_hand) = (x.to_vec(), y.to_vec());
        let tape = starting_over((params, Adam::new(1e-3)), move |(params, adam)| {
            let tape = Tape::training(params, &mut rng);
            let loss = bce(model.forward(tape.constant(&x)), &y);
            let grads = loss.backward();
            let loss = loss.item();
            adam.step(params, &grads);
            loss
        });
        (tape, starting_over(by_hand, move |by_hand| by_hand.step(&x_by_hand, &y_by_hand)))
    }
}

/// 784-256-128-10, cross-entropy of logits and labels, Adam: the step on the tape and the step by
/// hand, from the same weights; each returns its loss.
pub fn mnist_steps(rows: usize) -> (impl FnMut() -> f32, impl FnMut() -> f32) {
    let mut rng = Rng::new(1);
    let mut params = Params::new();
    let model = Mlp::new(&mut params.init(&mut rng), [784, 256, 128, 10]);
    let x = Tensor::rand([rows, 784], &mut rng);
    let labels: Vec<usize> = (0..rows).map(|i| i * 7 % 10).collect();
    let by_hand = ByHand::new(&params, &[], Loss::Classes, rows);
    let (x_by_hand, labels_by_hand) = (x.to_vec(), labels.iter().map(|&i| i as f32).collect::<Vec<_>>());
    let tape = starting_over((params, Adam::new(1e-3)), move |(params, adam)| {
        let tape = Tape::training(params, &mut rng);
        let loss = cross_entropy(model.forward(tape.constant(&x)), &labels);
        let grads = loss.backward();
        let loss = loss.item();
        adam.step(params, &grads);
        loss
    });
    (tape, starting_over(by_hand, move |by_hand| by_hand.step(&x_by_hand, &labels_by_hand)))
}

/// Steps that begin from `start` again after every 500. One batch is learned by heart within some thousand steps; the
/// gradients are subnormal numbers then, which some processors take a hundred times as long for, and a bench that
/// runs for a time would measure how many steps it made.
fn starting_over<S: Clone>(start: S, mut step: impl FnMut(&mut S) -> f32) -> impl FnMut() -> f32 {
    let (mut state, mut steps) = (start.clone(), 0);
    move || {
        if steps == 500 {
            (state, steps) = (start.clone(), 0);
        }
        steps += 1;
        step(&mut state)
    }
}

/// `operations` scalar operations (×, tanh, + in turn), forward and backward. With these numbers the gradient shrinks
/// as a power of the length and not exponentially: it stays far from subnormal numbers.
pub fn scalar_chain(operations: usize) -> f32 {
    let tape = Tape::new();
    let (mut x, w, b) = (tape.var(0.5), tape.var(1.0), tape.var(0.0));
    for i in 0..operations {
        x = match i % 3 {
            0 => x * w,
            1 => x.tanh(),
            _ => x + b,
        };
    }
    x.backward()[w].item()
}

/// Comparing the times of two steps that do different things would be worthless: without
/// dropout, whose masks differ, they go through the same losses.
pub fn check_steps() {
    let agree = |tape: &mut dyn FnMut() -> f32, by_hand: &mut dyn FnMut() -> f32| {
        for step in 0..50 {
            let (tape, by_hand) = (tape(), by_hand());
            assert!(
                (tape - by_hand).abs() < 1e-3 * tape,
                "step {step}: {tape} on the tape, {by_hand} by hand"
            );
        }
    };
    let (mut tape, mut by_hand) = BreastCancer::steps([0.0; 2]);
    agree(&mut tape, &mut by_hand);
    let (mut tape, mut by_hand) = mnist_steps(32);
    agree(&mut tape, &mut by_hand);
}
