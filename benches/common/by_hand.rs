//! A training step of a multi-layer perceptron, its gradients derived by hand: no tape, every
//! buffer made once, the crate's own kernels. What a step costs at the least.

use wengert::Params;
use wengert::float::Elementary;
use wengert::unstable::{adam, apply, dropout, gemm, gemm_bias, log_softmax, sum_rows, update};

#[derive(Clone)]
pub struct ByHand {
    layers: Vec<Layer>,
    loss: Loss,
    rows: usize,
    steps: u64,
}

#[derive(Clone, Copy)]
pub enum Loss {
    /// Binary cross-entropy after a sigmoid; the target is a column.
    Binary,
    /// Cross-entropy after a softmax; the target is a label for each row, as a number.
    Classes,
}

#[derive(Clone)]
struct Layer {
    inputs: usize,
    outputs: usize,
    dropout: f64,
    weight: Learned,
    bias: Learned,
    /// What comes out, [rows, outputs]: of a hidden layer after relu and dropout.
    y: Vec<f32>,
    /// Its cotangent.
    g: Vec<f32>,
}

/// A parameter, its gradient and Adam's two moments.
#[derive(Clone)]
struct Learned {
    p: Vec<f32>,
    g: Vec<f32>,
    m: Vec<f32>,
    v: Vec<f32>,
}

impl Learned {
    fn new(p: &[f32]) -> Self {
        let zeros = || vec![0.0; p.len()];
        Self { p: p.to_vec(), g: zeros(), m: zeros(), v: zeros() }
    }

    fn step(&mut self, count: u64) {
        adam(count, 1e-3, &mut self.p, &self.g, &mut self.m, &mut self.v);
    }
}

impl ByHand {
    /// From weights and biases in turn, and the dropout of each hidden layer.
    pub fn new(params: &Params, dropouts: &[f64], loss: Loss, rows: usize) -> Self {
        let values: Vec<_> = params.iter().map(|(_, value)| value).collect();
        let layers = values.chunks(2).enumerate().map(|(i, pair)| {
            let [outputs, inputs] = *pair[0].shape().dims() else { panic!("a weight has two axes") };
            Layer {
                inputs,
                outputs,
                dropout: dropouts.get(i).copied().unwrap_or(0.0),
                weight: Learned::new(pair[0].data()),
                bias: Learned::new(pair[1].data()),
                y: vec![0.0; rows * outputs],
                g: vec![0.0; rows * outputs],
            }
        });
        Self { layers: layers.collect(), loss, rows, steps: 0 }
    }

    /// Forward, backward, Adam. Returns the mean loss.
    pub fn step(&mut self, input: &[f32], target: &[f32]) -> f32 {
        self.steps += 1;
        let (rows, last) = (self.rows, self.layers.len() - 1);
        let mask = |i: usize| self.steps << 8 | i as u64;

        for i in 0..=last {
            let (before, after) = self.layers.split_at_mut(i);
            let x = before.last().map_or(input, |layer| &layer.y);
            let layer = &mut after[0];
            let size = (rows, layer.inputs, layer.outputs);
            gemm_bias(size, (x, false), (&layer.weight.p, true), &layer.bias.p, &mut layer.y); // y = x·Wᵀ + b
            if i < last {
                apply(&mut layer.y, |y| if y > 0.0 { y } else { 0.0 });
                if layer.dropout > 0.0 {
                    dropout(&mut layer.y, layer.dropout, mask(i));
                }
            }
        }
        let output = &mut self.layers[last];
        let loss = self.loss.of(&mut output.g, &output.y, target, rows);

        for i in (0..=last).rev() {
            let (before, after) = self.layers.split_at_mut(i);
            let layer = &mut after[0];
            let (inputs, outputs) = (layer.inputs, layer.outputs);
            let x = before.last().map_or(input, |layer| &layer.y);
            gemm((outputs, rows, inputs), (&layer.g, true), (x, false), 0.0, &mut layer.weight.g); // W̄ = ȳᵀ·x
            sum_rows(&mut layer.bias.g, &layer.g);
            if let Some(before) = before.last_mut() {
                gemm(
                    (rows, outputs, inputs),
                    (&layer.g, false),
                    (&layer.weight.p, false),
                    0.0,
                    &mut before.g,
                ); // x̄ = ȳ·W
                if before.dropout > 0.0 {
                    dropout(&mut before.g, before.dropout, mask(i - 1));
                }
                update(&mut before.g, &before.y, |g, y| if y > 0.0 { g } else { 0.0 });
            }
        }
        for layer in &mut self.layers {
            layer.weight.step(self.steps);
            layer.bias.step(self.steps);
        }
        loss
    }
}

impl Loss {
    /// The mean loss, and into g its gradient by the logits z: (p − target)/rows.
    fn of(self, g: &mut [f32], z: &[f32], target: &[f32], rows: usize) -> f32 {
        let scale = 1.0 / rows as f32;
        let mut sum = 0.0;
        match self {
            Loss::Binary => {
                g.copy_from_slice(z);
                apply(g, Elementary::sigmoid);
                for (g, &t) in g.iter_mut().zip(target) {
                    let (ln_p, ln_q) = (g.ln().max(-100.0), (-*g).ln_1p().max(-100.0));
                    sum -= t * ln_p + (1.0 - t) * ln_q;
                    *g = (*g - t) * scale;
                }
            }
            Loss::Classes => {
                let classes = g.len() / rows;
                log_softmax(g, z, classes);
                for (row, &label) in g.chunks_exact(classes).zip(target) {
                    sum -= row[label as usize];
                }
                apply(g, |log| Elementary::exp(log) * scale);
                for (row, &label) in g.chunks_exact_mut(classes).zip(target) {
                    row[label as usize] -= scale;
                }
            }
        }
        sum * scale
    }
}
