//! Going backward as it should not be done, beside what is right: what an order, a `+=` and a
//! fresh start are for.

use super::explain::{Explanation, Row, add};
use super::number::{cell, in_a_box, on_a_card};
use super::table::{Align, Table};
use super::text::one_line;
use crate::float::Float;
use crate::tape::Var;
use crate::tensor::Tensor;
use std::fmt;

/// The recursion is given up after so many visits: their number doubles with each value used twice.
const MOST_VISITS: usize = 20_000;
/// A way back is replayed if no more contributions than these are sent on it.
const REPLAYED: usize = 500;

/// A way to get backpropagation wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mistake {
    /// A node sends as soon as something has reached it, and again each time: a recursion from the
    /// root, without a topological order. What came first is sent on more than once.
    NoOrder,
    /// A contribution replaces the one before it: `=` instead of `+=`.
    Overwrite,
    /// A second pass on top of the first, whose gradients were not reset.
    Twice,
}

impl Mistake {
    /// All of them.
    pub const ALL: [Mistake; 3] = [Mistake::NoOrder, Mistake::Overwrite, Mistake::Twice];

    /// What it is called: `no order`.
    pub fn name(self) -> &'static str {
        match self {
            Mistake::NoOrder => "no order",
            Mistake::Overwrite => "= for +=",
            Mistake::Twice => "backward twice",
        }
    }
}

/// The right gradients of a tape beside those of each [`Mistake`]. Printed, it is a table of the
/// leaves.
///
/// ```
/// use wengert::prelude::*;
/// use wengert::viz::Mistake;
/// let tape = Tape::f64();
/// let a = tape.var(3.0).named("a");
/// let explained = tape.explain(a * a);
/// let mistakes = explained.mistakes().unwrap();
/// assert_eq!(mistakes.get(Mistake::Overwrite, a).unwrap().item(), 3.0); // instead of 6
/// ```
#[derive(Debug)]
pub struct Mistakes<'e, 't, T: Float> {
    explanation: &'e Explanation<'t, T>,
    /// By mistake. None of a recursion that was given up.
    wrong: [Option<Pass<T>>; 3],
}

/// A way back over a tape: what each node holds at its end, and the first of what was sent.
#[derive(Debug)]
struct Pass<T: Float> {
    held: Vec<Option<Tensor<T>>>,
    sent: Vec<Sent>,
}

/// A contribution on a wrong way, and what its receiver holds then.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) from: usize,
    pub(super) input: usize,
    pub(super) contribution: String,
    pub(super) holds: String,
    /// The same where there is little room.
    pub(super) brief: String,
}

impl<'t, T: Float> Explanation<'t, T> {
    /// The same tape gone back on in three wrong ways. None if nobody has gone backward, or if
    /// nodes before the window are left out.
    pub fn mistakes(&self) -> Option<Mistakes<'_, 't, T>> {
        let root = self.root?.id();
        if self.left_out() != (0, 0) {
            return None;
        }
        let wrong = Mistake::ALL.map(|mistake| match mistake {
            Mistake::NoOrder => self.without_order(root),
            Mistake::Overwrite => Some(self.in_order(root, 1, |held, sent| *held = Some(sent))),
            Mistake::Twice => Some(self.in_order(root, 2, |held, sent| add(held, &sent))),
        });
        Some(Mistakes { explanation: self, wrong })
    }

    /// Nothing has been sent, and only the root holds something.
    fn seeded(&self, root: usize) -> Pass<T> {
        let mut pass = Pass { held: vec![None; root + 1], sent: Vec::new() };
        pass.held[root] = self.seed(root);
        pass
    }

    fn seed(&self, root: usize) -> Option<Tensor<T>> {
        self.row(root)?.adjoint.value().cloned()
    }

    /// Every node recursively, its inputs one after another, each as deep as it goes.
    fn without_order(&self, root: usize) -> Option<Pass<T>> {
        let mut pass = self.seeded(root);
        let mut stack = vec![root];
        let mut visits = 0;
        while let Some(id) = stack.pop() {
            visits += 1;
            if visits > MOST_VISITS {
                return None;
            }
            self.send(id, &mut pass, |held, sent| add(held, &sent));
            let inputs = &self.row(id)?.node.inputs;
            for (at, input) in inputs.iter().enumerate().rev() {
                if self.is_reached(*input) && !inputs[..at].contains(input) {
                    stack.push(*input);
                }
            }
        }
        Some(pass)
    }

    /// The right order, so many times, the root's gradient set to 1 each time.
    fn in_order(
        &self,
        root: usize,
        times: usize,
        receive: impl Fn(&mut Option<Tensor<T>>, Tensor<T>),
    ) -> Pass<T> {
        let mut pass = self.seeded(root);
        for _ in 0..times {
            pass.held[root] = self.seed(root);
            for id in (0..=root).rev() {
                self.send(id, &mut pass, &receive);
            }
        }
        pass
    }

    /// One node sends what it holds, times its local derivatives, to its inputs.
    fn send(&self, id: usize, pass: &mut Pass<T>, receive: impl Fn(&mut Option<Tensor<T>>, Tensor<T>)) {
        let Some(row) = self.row(id).filter(|row| row.node.has_rule && row.node.needs_grad) else { return };
        let Some(g) = &pass.held[id] else { return };
        for (input, sent) in self.tape.contributions(id, g) {
            let to = row.node.inputs[input];
            if !self.is_reached(to) {
                continue;
            }
            let contribution = (pass.sent.len() <= REPLAYED).then(|| on_a_card(&sent));
            receive(&mut pass.held[to], sent);
            if let (Some(contribution), Some(held)) = (contribution, &pass.held[to]) {
                let (holds, brief) = (on_a_card(held), in_a_box(held));
                pass.sent.push(Sent { from: id, input, contribution, holds, brief });
            }
        }
    }

    fn is_reached(&self, id: usize) -> bool {
        self.row(id).is_some_and(|row| row.adjoint.value().is_some())
    }
}

impl<T: Float> Mistakes<'_, '_, T> {
    /// The gradient that a value gets by mistake. None if it gets none, or if the recursion was
    /// given up.
    pub fn get(&self, mistake: Mistake, v: Var<'_, T>) -> Option<&Tensor<T>> {
        self.of(mistake, v.id())
    }

    pub(super) fn of(&self, mistake: Mistake, id: usize) -> Option<&Tensor<T>> {
        self.wrong[mistake as usize].as_ref()?.held.get(id)?.as_ref()
    }

    /// What was sent on a way, one contribution after another. None if there is too much of it.
    pub(super) fn replay(&self, mistake: Mistake) -> Option<&[Sent]> {
        let sent = &self.wrong[mistake as usize].as_ref()?.sent;
        (sent.len() <= REPLAYED).then_some(sent)
    }

    /// Whether the recursion was given up.
    pub fn gave_up(&self) -> bool {
        self.wrong[Mistake::NoOrder as usize].is_none()
    }

    /// Why a mistake goes unnoticed on this tape, if it does for want of a value that is used twice.
    pub(super) fn unnoticed(&self, mistake: Mistake) -> Option<&'static str> {
        let reached = || self.explanation.rows.iter().filter(|row| row.adjoint.value().is_some());
        match mistake {
            Mistake::NoOrder => {
                // What one node uses twice gets both contributions before it sends anything on.
                let users = |row: &Row<T>| row.uses.chunk_by(|a, b| a.node == b.node).count();
                let none = reached().all(|row| row.is_leaf() || users(row) < 2);
                none.then_some("no value that sends anything on is used by two nodes here")
            }
            Mistake::Overwrite => {
                let none = reached().all(|row| row.uses.len() < 2);
                none.then_some("no value is used twice here")
            }
            Mistake::Twice => None,
        }
    }

    /// A line for each leaf that has a gradient.
    pub(super) fn lines(&self) -> Vec<Line> {
        let leaves = self.explanation.rows.iter().filter(|row| row.is_leaf());
        leaves
            .filter_map(|row| {
                let right = row.adjoint.value()?;
                let wrong = Mistake::ALL.map(|mistake| match self.of(mistake, row.node.id) {
                    Some(g) => (cell(g), differs(g, right)),
                    None => ("gave up".to_string(), true),
                });
                Some(Line { label: one_line(&row.label()), right: cell(right), wrong })
            })
            .collect()
    }
}

/// Whether two gradients are apart by more than another order of their sums may make them.
fn differs<T: Float>(g: &Tensor<T>, right: &Tensor<T>) -> bool {
    let most = T::from_f64(1e-5) * right.data().iter().fold(T::ZERO, |most, x| most.max(x.abs()));
    let same = |g: T, right: T| {
        g == right || (g - right).abs() <= most || g.to_f64().is_nan() && right.to_f64().is_nan()
    };
    !g.data().iter().zip(right.data()).all(|(&g, &right)| same(g, right))
}

/// A leaf: what it is called, its gradient, and by mistake what becomes of it and whether that
/// differs.
pub(super) struct Line {
    pub(super) label: String,
    pub(super) right: String,
    pub(super) wrong: [(String, bool); 3],
}

impl<T: Float> fmt::Display for Mistakes<'_, '_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [order, overwrite, twice] = Mistake::ALL.map(Mistake::name);
        let mut rows = vec![["leaf", "right", order, overwrite, twice].map(String::from).to_vec()];
        for Line { label, right, wrong } in self.lines() {
            let mut row = vec![label, right];
            row.extend(wrong.map(|(text, _)| text));
            rows.push(row);
        }
        use Align::{Left, Point};
        write!(f, "{}", Table { align: vec![Left, Point, Point, Point, Point], rows })
    }
}
