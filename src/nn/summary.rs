//! `summary`: a model's architecture, found by running it once on a tape and reading the tape.

use super::Module;
use crate::float::Float;
use crate::params::{ParamId, Params};
use crate::rng::Rng;
use crate::shape::Shape;
use crate::tape::{NodeKind, Tape};
use crate::tensor::Tensor;
use std::collections::HashSet;
use std::fmt;

/// One operation of a model, or a layer of several.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SummaryRow {
    /// The layer's name; empty outside of layers.
    pub layer: String,
    /// The operation and its attributes, such as `dropout p 0.3`.
    pub operation: String,
    /// The extents of its output.
    pub output: Shape,
    /// How many numbers its parameters hold, those counted in an earlier row left out.
    pub parameters: usize,
}

/// A model's architecture. Print it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// In the order in which they run.
    pub rows: Vec<SummaryRow>,
    /// How many numbers the model learns, each parameter counted once however often it is used.
    pub parameters: usize,
    /// How many of them are frozen.
    pub frozen: usize,
}

/// Runs the model once on zeros of this shape, as in training, and lists what it did: every layer
/// and activation with its output's shape and its parameters.
///
/// ```
/// use wengert::prelude::*;
/// let mut params = Params::<f32>::new();
/// let mut rng = Rng::new(0);
/// let model = Sequential::builder(&mut params.init(&mut rng)).linear(30, 64).relu().linear(64, 1).build();
/// let summary = summary(&model, &params, [1, 30]);
/// assert_eq!(summary.parameters, 30 * 64 + 64 + 64 + 1);
/// assert_eq!(summary.to_string(), "
/// layer  operation  output   parameters
/// 0      linear     [1, 64]       1,984
/// 1      relu       [1, 64]
/// 2      linear     [1, 1]           65
/// Total parameters: 2,049".trim_start());
/// ```
///
/// # Panics
/// If the model does not take an input of this shape.
#[track_caller]
pub fn summary<T: Float>(
    model: &(impl Module<T> + ?Sized),
    params: &Params<T>,
    input_shape: impl Into<Shape>,
) -> Summary {
    let mut rng = Rng::new(0);
    let tape = Tape::training(params, &mut rng);
    model.forward(tape.constant(Tensor::zeros(input_shape)));

    let mut seen: HashSet<ParamId> = HashSet::new();
    let mut rows: Vec<SummaryRow> = Vec::new();
    for node in tape.nodes().filter(|node| node.kind == NodeKind::Operation) {
        let mut parameters = 0;
        for &input in &node.inputs {
            if let NodeKind::Parameter(id) = tape.node(input).kind
                && seen.insert(id)
            {
                parameters += params.value(id).numel();
            }
        }
        let layer = node.layer.as_deref().unwrap_or_default().to_string();
        let operation = format!("{} {}", node.name, node.attributes).trim_end().to_string();
        let output = node.value.shape().clone();
        match rows.last_mut() {
            // Several operations of one layer share a row.
            Some(row) if !layer.is_empty() && row.layer == layer => {
                row.operation = format!("{}, {operation}", row.operation);
                row.output = output;
                row.parameters += parameters;
            }
            _ => rows.push(SummaryRow { layer, operation, output, parameters }),
        }
    }
    let count = |ids: &mut dyn Iterator<Item = &ParamId>| ids.map(|&id| params.value(id).numel()).sum();
    Summary {
        rows,
        parameters: count(&mut seen.iter()),
        frozen: count(&mut seen.iter().filter(|&&id| params.is_frozen(id))),
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = vec![["layer", "operation", "output", "parameters"].map(String::from)];
        table.extend(self.rows.iter().map(|row| {
            let parameters = if row.parameters > 0 { thousands(row.parameters) } else { String::new() };
            [row.layer.clone(), row.operation.clone(), row.output.to_string(), parameters]
        }));
        let unnamed = self.rows.iter().all(|row| row.layer.is_empty());
        let width = |column: usize| table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let (layer, operation, output, parameters) = (width(0), width(1), width(2), width(3));
        for [a, b, c, d] in &table {
            let mut line = if unnamed { String::new() } else { format!("{a:layer$}  ") };
            line += &format!("{b:operation$}  {c:output$}  {d:>parameters$}");
            writeln!(f, "{}", line.trim_end())?;
        }
        write!(f, "Total parameters: {}", thousands(self.parameters))?;
        if self.frozen > 0 {
            write!(f, " ({} of them frozen)", thousands(self.frozen))?;
        }
        Ok(())
    }
}

/// 4097 as `4,097`.
fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_used_twice_counts_once_and_frozen_ones_are_told() {
        struct Tied {
            w: ParamId,
            b: ParamId,
        }
        impl Module for Tied {
            fn forward<'t>(&self, x: crate::tape::Var<'t>) -> crate::tape::Var<'t> {
                let tape = x.tape();
                x.matmul(tape.param(self.w)).matmul(tape.param(self.w)) + tape.param(self.b)
            }
        }
        let mut params = Params::new();
        let model = Tied { w: params.add("w", Tensor::ones([5, 5])), b: params.add("b", Tensor::zeros([5])) };
        params.add("unused", Tensor::zeros([9]));
        params.freeze("b").unwrap();
        let summary = summary(&model, &params, [1, 5]);
        assert_eq!((summary.parameters, summary.frozen), (30, 5));
        let counts: Vec<usize> = summary.rows.iter().map(|row| row.parameters).collect();
        assert_eq!(counts, [25, 0, 5]);
        assert!(summary.to_string().ends_with("Total parameters: 30 (5 of them frozen)"), "{summary}");
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let cases = [(0, "0"), (999, "999"), (4097, "4,097"), (1_000_000, "1,000,000")];
        assert!(cases.iter().all(|&(n, text)| thousands(n) == text));
    }
}
