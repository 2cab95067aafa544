//! `Perceptron`: one neuron that fires or does not, with the learning rule of its own time.

use crate::tensor::Tensor;

/// A single neuron: z = w·x + b, and it fires (1) if z ≥ 0 (Rosenblatt, 1958).
///
/// A step has no useful derivative, so it does not learn by gradients but by its own rule: after
/// a mistake, w ← w + η(y − ŷ)x and b ← b + η(y − ŷ). If a line separates the classes, the
/// rule finds one after finitely many mistakes (Novikoff, 1962); if none does, as for XOR, it
/// goes on for ever.
///
/// ```
/// use wengert::prelude::*;
/// let x = Tensor::from([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);
/// let mut neuron = Perceptron::new(2);
/// for _ in 0..10 {
///     neuron.learn(&x, &[0, 0, 0, 1], 1.0); // AND
/// }
/// assert_eq!(neuron.predict(&x), [0, 0, 0, 1]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Perceptron {
    /// One for each input.
    pub weights: Vec<f64>,
    /// The threshold, negated.
    pub bias: f64,
}

impl Perceptron {
    /// A neuron of this many inputs with all weights 0.
    pub fn new(inputs: usize) -> Self {
        Self { weights: vec![0.0; inputs], bias: 0.0 }
    }

    /// z = w·x + b.
    ///
    /// # Panics
    /// If x does not have as many entries as there are weights.
    #[track_caller]
    pub fn weighted_sum(&self, x: &[f32]) -> f64 {
        assert!(
            x.len() == self.weights.len(),
            "a perceptron of {} inputs was given {}",
            self.weights.len(),
            x.len()
        );
        x.iter().zip(&self.weights).map(|(&x, w)| w * f64::from(x)).sum::<f64>() + self.bias
    }

    /// 1 if it fires, else 0.
    ///
    /// # Panics
    /// If x does not have as many entries as there are weights.
    #[track_caller]
    pub fn fires(&self, x: &[f32]) -> usize {
        usize::from(self.weighted_sum(x) >= 0.0)
    }

    /// 0 or 1 for every row of x.
    ///
    /// # Panics
    /// If the rows do not have as many entries as there are weights.
    #[track_caller]
    pub fn predict(&self, x: &Tensor<f32>) -> Vec<usize> {
        let mut outputs = Vec::new();
        for i in 0..x.shape().first().copied().unwrap_or(0) {
            outputs.push(self.fires(x.row(i)));
        }
        outputs
    }

    /// Goes once through the rows, learning from each mistake; returns how many there were. None
    /// means that it is done.
    ///
    /// # Panics
    /// If there is not one label, 0 or 1, a row, if rows have another length than the weights or hold
    /// NaN or infinity, or if the learning rate is not positive and finite.
    #[track_caller]
    pub fn learn(&mut self, x: &Tensor<f32>, labels: &[usize], learning_rate: f64) -> usize {
        let rows = x.shape().first().copied().unwrap_or(0);
        assert!(labels.len() == rows, "{} labels for {rows} rows", labels.len());
        assert!(labels.iter().all(|&y| y <= 1), "a perceptron's labels are 0 and 1, got {labels:?}");
        assert!(
            learning_rate > 0.0 && learning_rate.is_finite(),
            "a perceptron's learning rate is positive and finite, got {learning_rate}"
        );
        let mut mistakes = 0;
        for (i, &y) in labels.iter().enumerate() {
            let row = x.row(i);
            assert!(row.iter().all(|x| x.is_finite()), "row {i} of a perceptron's x is not finite: {row:?}");
            let error = y as f64 - self.fires(row) as f64;
            if error != 0.0 {
                mistakes += 1;
                self.weights
                    .iter_mut()
                    .zip(row)
                    .for_each(|(w, &x)| *w += learning_rate * error * f64::from(x));
                self.bias += learning_rate * error;
            }
        }
        mistakes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corners() -> Tensor<f32> {
        Tensor::from([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    }

    #[test]
    fn it_fires_at_zero() {
        assert_eq!(Perceptron::new(2).fires(&[3.0, -1.0]), 1);
    }

    #[test]
    fn it_learns_what_a_line_separates_and_never_xor() {
        for (labels, separable) in
            [([0, 0, 0, 1], true), ([0, 1, 1, 1], true), ([1, 1, 1, 0], true), ([0, 1, 1, 0], false)]
        {
            let mut neuron = Perceptron::new(2);
            let done = (0..1000).any(|_| neuron.learn(&corners(), &labels, 0.1) == 0);
            assert_eq!(done, separable, "{labels:?}");
            assert_eq!(neuron.predict(&corners()) == labels, separable);
        }
    }
}
