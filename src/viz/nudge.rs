//! What a gradient promises, and what happens: f(x + ε) − f(x) beside ε·∂f/∂x.

use super::explain::Explanation;
use crate::float::Float;
use crate::tape::Var;
use crate::tensor::Tensor;
use std::collections::BTreeMap;
use std::fmt;

/// One entry of a value moved by ε: the change of the root that its adjoint predicts, and the
/// change that happens. At a smooth point their difference shrinks as ε²: to a quarter when ε is
/// halved.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Nudge {
    /// By how much the entry was moved.
    pub epsilon: f64,
    /// adjoint · ε.
    pub predicted: f64,
    /// The root recomputed, minus the root.
    pub actual: f64,
}

impl Nudge {
    /// |actual − predicted|.
    pub fn error(&self) -> f64 {
        (self.actual - self.predicted).abs()
    }
}

impl fmt::Display for Nudge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [epsilon, predicted, actual, error] =
            [self.epsilon, self.predicted, self.actual, self.error()].map(super::number::short);
        write!(f, "moved by {epsilon}: predicted {predicted}, actual {actual}, apart by {error}")
    }
}

impl<T: Float> Explanation<'_, T> {
    /// Moves an entry of a value by ε, the other values on which it does not depend as they are,
    /// and computes the root anew from there. `entry` counts row-major; 0 of a single number.
    /// None if the value has no gradient, or no such entry.
    ///
    /// ```
    /// use wengert::prelude::*;
    /// let tape = Tape::f64();
    /// let x = tape.var(3.0);
    /// let explained = tape.explain(x * x);
    /// let nudge = explained.nudge(x, 0, 0.5).unwrap();
    /// assert_eq!((nudge.predicted, nudge.actual), (3.0, 3.25)); // 6·ε, and ε² more
    /// ```
    pub fn nudge(&self, v: Var<'_, T>, entry: usize, epsilon: T) -> Option<Nudge> {
        self.nudge_at(v.id(), entry, epsilon)
    }

    pub(super) fn nudge_at(&self, id: usize, entry: usize, epsilon: T) -> Option<Nudge> {
        let (root, row) = (self.root?, self.row(id)?);
        let adjoint = *row.adjoint.value()?.data().get(entry)?;
        let mut moved = row.node.value.clone();
        moved.data_mut()[entry] += epsilon;
        let values = self.recomputed(id, moved);
        Some(Nudge {
            epsilon: epsilon.to_f64(),
            predicted: adjoint.to_f64() * epsilon.to_f64(),
            actual: values.get(&root.id()).map_or(0.0, |y| (y.item() - root.value().item()).to_f64()),
        })
    }

    /// The values that change when this node's does, up to the root.
    fn recomputed(&self, id: usize, value: Tensor<T>) -> BTreeMap<usize, Tensor<T>> {
        let mut values = BTreeMap::from([(id, value)]);
        for user in id + 1..self.total {
            let inputs = self.tape.node(user).inputs;
            if !inputs.iter().any(|input| values.contains_key(input)) {
                continue;
            }
            let old: Vec<Tensor<T>> = inputs.iter().map(|&input| self.tape.node(input).value).collect();
            let at: Vec<&Tensor<T>> =
                inputs.iter().zip(&old).map(|(input, old)| values.get(input).unwrap_or(old)).collect();
            if let Some(value) = self.tape.recompute(user, &at) {
                values.insert(user, value);
            }
        }
        values
    }
}
