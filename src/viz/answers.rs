//! Gradients worked out by hand, held against the tape's.

use super::explain::Explanation;
use super::text::one_line;
use crate::float::Float;
use crate::tape::Var;
use crate::tensor::Tensor;
use std::fmt;

/// How good an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// The same bits.
    Exact,
    /// |answer − gradient| ≤ 10⁻⁸ + 10⁻⁵·|gradient| in every entry.
    Approximate,
    /// Neither, or of another shape.
    Wrong,
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Judgement::Exact => "exact",
            Judgement::Approximate => "approximate",
            Judgement::Wrong => "wrong",
        })
    }
}

/// One answer judged.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Answer {
    /// The node.
    pub node: usize,
    /// What it is called.
    pub label: String,
    /// How good it is.
    pub judgement: Judgement,
    /// The largest |answer − gradient| of an entry; infinite if the shapes differ.
    pub max_difference: f64,
}

/// Answers judged, in backward order.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers(Vec<Answer>);

impl<T: Float> Explanation<'_, T> {
    /// Holds gradients that somebody worked out against the tape's. They are judged in backward
    /// order, so that the first wrong one is where the mistake was made, and not where it led.
    ///
    /// ```
    /// use wengert::prelude::*;
    /// let tape = Tape::f64();
    /// let a = tape.var(3.0).named("a");
    /// let b = (a * a).named("b");
    /// let y = b + a;
    /// let judged = tape.explain(y).judge([(a, 6.0), (b, 1.0)]); // forgot that y uses a, too
    /// assert_eq!(judged.first_wrong().unwrap().label, "a");
    /// assert_eq!(judged.to_string(), "b: exact\na: wrong, apart by 1\nfirst wrong going backward: a\n");
    /// ```
    ///
    /// # Panics
    /// If a value has no gradient here.
    #[track_caller]
    pub fn judge<'v, X: Into<Tensor<T>>>(
        &self,
        answers: impl IntoIterator<Item = (Var<'v, T>, X)>,
    ) -> Answers {
        let mut judged = Vec::new();
        for (v, answer) in answers {
            let Some(row) = self.get(v) else {
                panic!("judge: v{} is not among the {} nodes explained here", v.id(), self.rows.len());
            };
            let Some(right) = row.adjoint.value() else {
                panic!("judge: {} has no gradient here", one_line(&row.label()));
            };
            let (judgement, max_difference) = compare(&answer.into(), right);
            judged.push(Answer { node: v.id(), label: one_line(&row.label()), judgement, max_difference });
        }
        judged.sort_by_key(|answer| std::cmp::Reverse(answer.node));
        Answers(judged)
    }
}

fn compare<T: Float>(answer: &Tensor<T>, right: &Tensor<T>) -> (Judgement, f64) {
    if answer.shape() != right.shape() {
        return (Judgement::Wrong, f64::INFINITY);
    }
    let pairs = || answer.data().iter().zip(right.data()).map(|(a, b)| (a.to_f64(), b.to_f64()));
    // NaN is as far away as can be, unless it is the answer.
    let apart = |(a, b): (f64, f64)| match (a - b).abs() {
        _ if a == b || (a.is_nan() && b.is_nan()) => 0.0,
        d if d.is_nan() => f64::INFINITY,
        d => d,
    };
    let max = pairs().map(apart).fold(0.0, f64::max);
    let close = pairs().all(|(a, b)| apart((a, b)) <= 1e-8 + 1e-5 * b.abs() || apart((a, b)) == 0.0);
    let judgement = match (max == 0.0, close) {
        (true, _) => Judgement::Exact,
        (_, true) => Judgement::Approximate,
        _ => Judgement::Wrong,
    };
    (judgement, max)
}

impl Answers {
    /// The answers, in backward order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Answer> {
        self.0.iter()
    }

    /// The first wrong one in backward order.
    pub fn first_wrong(&self) -> Option<&Answer> {
        self.iter().find(|answer| answer.judgement == Judgement::Wrong)
    }
}

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for answer in self.iter() {
            write!(f, "{}: {}", answer.label, answer.judgement)?;
            if answer.max_difference > 0.0 {
                write!(f, ", apart by {}", super::number::short(answer.max_difference))?;
            }
            writeln!(f)?;
        }
        match self.first_wrong() {
            Some(answer) => writeln!(f, "first wrong going backward: {}", answer.label),
            None => Ok(()),
        }
    }
}
