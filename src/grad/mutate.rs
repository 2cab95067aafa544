//! Whether a check would notice: mutants, that is rules made wrong on purpose, are planted into
//! every operation that a function records, and the checker is asked about each of them.
//!
//! A mutant that gives the very same gradient, bit for bit, is *equivalent*: there is nothing to
//! notice. It is listed with the reason.

use super::numeric::Derivative;
use super::subject::{Closure, Function, Input, See, Subject, Way};
use super::verdict::{Tolerance, Verdict};
use super::watch::{Watch, same_bits};
use crate::ops::Sample;
use crate::rng::Rng;
use crate::tape::{Change, Fault, NodeKind, Tape, Var};
use crate::tensor::Tensor;
use std::fmt;
use std::rc::Rc;

/// A way of being wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Mutation {
    /// The gradient times 1 + 10⁻⁶.
    ScaledUp,
    /// The gradient times 1 − 10⁻⁶.
    ScaledDown,
    /// The gradient's sign flipped.
    Negated,
    /// A gradient of zeros.
    Zeroed,
    /// One entry of the gradient doubled.
    OneDoubled,
    /// The gradient transposed in its last two axes, in the buffer of its own shape.
    Transposed,
    /// The gradient exchanged with the next input's.
    Swapped,
    /// The rule sees another value of the input than the forward computation saw.
    StaleInput,
    /// The rule sees another value of the result than the forward computation gave.
    StaleResult,
    /// In the engine: the last of an input's uses counts, not their sum.
    Overwritten,
    /// In the engine: a gradient that was broadcast is cut to its input's size, not summed.
    NotSummed,
}

impl Mutation {
    /// All of them.
    pub const ALL: [Mutation; 11] = [
        Mutation::ScaledUp,
        Mutation::ScaledDown,
        Mutation::Negated,
        Mutation::Zeroed,
        Mutation::OneDoubled,
        Mutation::Transposed,
        Mutation::Swapped,
        Mutation::StaleInput,
        Mutation::StaleResult,
        Mutation::Overwritten,
        Mutation::NotSummed,
    ];

    /// Why a gradient may be the same in spite of it.
    fn excuse(self) -> &'static str {
        match self {
            Mutation::Transposed => "the gradient is its own transpose",
            Mutation::Swapped => "the two gradients are the same",
            Mutation::StaleInput => "the rule does not read this input",
            Mutation::StaleResult => "the rule does not read the result",
            _ => "the gradient is 0, or nothing beside that of another use",
        }
    }
}

/// A mutation of one input's gradient in one operation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Mutant {
    /// The operation's name.
    pub op: String,
    /// The number of the input.
    pub input: usize,
    /// What was done to its gradient.
    pub mutation: Mutation,
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} input {} {:?}", self.op, self.input, self.mutation)
    }
}

/// What became of a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Fate {
    /// The check failed, as it should.
    Caught,
    /// The gradient changed, and the check did not fail.
    Survived,
    /// The gradient did not change, for this reason.
    Equivalent(&'static str),
}

/// What became of all mutants of a function.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Detection {
    /// Every mutant that was planted.
    pub mutants: Vec<(Mutant, Fate)>,
}

impl Detection {
    /// How many were caught.
    pub fn caught(&self) -> usize {
        self.mutants.iter().filter(|(_, fate)| *fate == Fate::Caught).count()
    }

    /// Those that survived.
    pub fn survivors(&self) -> impl Iterator<Item = &Mutant> {
        self.mutants.iter().filter(|(_, fate)| *fate == Fate::Survived).map(|(mutant, _)| mutant)
    }

    /// Those that change nothing, and why.
    pub fn equivalent(&self) -> impl Iterator<Item = (&Mutant, &'static str)> {
        self.mutants.iter().filter_map(|(mutant, fate)| match fate {
            Fate::Equivalent(reason) => Some((mutant, *reason)),
            _ => None,
        })
    }
}

impl fmt::Display for Detection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let equivalent = self.equivalent().count();
        write!(f, "{} of {} mutants caught", self.caught(), self.mutants.len() - equivalent)?;
        self.survivors().try_for_each(|mutant| write!(f, "\n  survived    {mutant}"))?;
        self.equivalent().try_for_each(|(mutant, reason)| write!(f, "\n  equivalent  {mutant}: {reason}"))
    }
}

/// Plants mutants into every operation that `f` records, one after the other, and asks the
/// gradient checker about each. What survives is what the check of `f` at these inputs would not
/// notice.
///
/// # Panics
/// If `f` itself does not pass.
#[track_caller]
pub fn detect<F, I, const N: usize>(f: F, inputs: [I; N]) -> Detection
where
    I: Into<Tensor<f64>>,
    F: for<'t> Fn([Var<'t, f64>; N]) -> Var<'t, f64>,
{
    let function = Closure { f, inputs: inputs.map(Into::into) };
    match detect_in(&function, |_| true) {
        Some(detection) => detection,
        None => panic!(
            "detect: the function itself does not pass, so a mutant of it is no news; gradcheck says why"
        ),
    }
}

/// [`detect`], for a test of an operation of one's own: the inputs are good enough to tell every
/// mutant from the rule.
///
/// ```
/// use wengert::grad::assert_detects;
/// use wengert::prelude::*;
/// let detection = assert_detects(|[a, b]| a * b, [Tensor::from([[0.5, -1.5]]), Tensor::from([[0.7], [2.0]])]);
/// assert!(detection.caught() > 10);
/// ```
///
/// # Panics
/// If a mutant survives, listing all that do, or if `f` itself does not pass.
#[track_caller]
pub fn assert_detects<F, I, const N: usize>(f: F, inputs: [I; N]) -> Detection
where
    I: Into<Tensor<f64>>,
    F: for<'t> Fn([Var<'t, f64>; N]) -> Var<'t, f64>,
{
    let detection = detect(f, inputs);
    assert!(detection.survivors().next().is_none(), "{detection}");
    detection
}

/// [`detect`] in a sample of an operation: mutants of that operation alone. Nothing where the
/// sample stands at a special point, where its derivative is a matter of convention.
#[cfg_attr(not(debug_assertions), inline)]
pub fn detect_in_sample(sample: &Sample) -> Option<Detection> {
    if sample.gradients.is_some() {
        return None;
    }
    detect_in(sample, |op| op == sample.op)
}

/// Nothing if the function itself does not pass anywhere.
#[cfg_attr(not(debug_assertions), inline)]
fn detect_in(function: &dyn Function<f64>, wanted: impl Fn(&str) -> bool) -> Option<Detection> {
    let original = Judged::of(&function)?;
    let mut detection = Detection { mutants: Vec::new() };
    for site in sites(function).into_iter().filter(|site| wanted(&site.op)) {
        for mutation in Mutation::ALL {
            let fate = match mutation {
                Mutation::Overwritten => in_engine(function, &site, Fault::Overwrite),
                Mutation::NotSummed => in_engine(function, &site, Fault::SkippedSum),
                _ if !site.applies(mutation) => None,
                _ => {
                    let mutant = Mutated { of: function, plant: &|tape| site.plant(tape, mutation) };
                    Some(original.fate(&(&mutant as &dyn Function<f64>), 0.0))
                }
            };
            let Some(fate) = fate else { continue };
            let fate =
                if let Fate::Equivalent(_) = fate { Fate::Equivalent(mutation.excuse()) } else { fate };
            detection.mutants.push((Mutant { op: site.op.clone(), input: site.input, mutation }, fate));
        }
    }
    Some(detection)
}

/// One input of one recorded operation.
struct Site {
    op: String,
    node: usize,
    /// The input's number, and all the inputs' ids.
    input: usize,
    ids: Vec<usize>,
    shapes: Vec<Vec<usize>>,
    /// Which of the function's inputs it is, if it is one.
    leaf: Option<usize>,
}

/// Every input, with entries and in need of a gradient, of every operation with a rule.
#[cfg_attr(not(debug_assertions), inline)]
fn sites(function: &dyn Function<f64>) -> Vec<Site> {
    let at: Vec<Tensor<f64>> = function.inputs().into_iter().map(|input| input.value).collect();
    let mut sites = Vec::new();
    function.record(&at, &mut |tape, xs, _| {
        for node in tape.nodes().filter(|node| node.kind == NodeKind::Operation && node.needs_grad) {
            for (input, &id) in node.inputs.iter().enumerate() {
                let x = tape.node(id);
                let first = node.inputs.iter().position(|&other| other == id) == Some(input);
                if x.needs_grad && x.value.numel() > 0 && first {
                    sites.push(Site {
                        op: node.name.clone(),
                        node: node.id,
                        input,
                        ids: node.inputs.clone(),
                        shapes: node.inputs.iter().map(|&id| tape.node(id).value.shape().to_vec()).collect(),
                        leaf: xs.iter().position(|x| x.id() == id),
                    });
                }
            }
        }
    });
    sites
}

impl Site {
    fn next(&self) -> usize {
        (self.input + 1) % self.ids.len()
    }

    /// Whether there is such a mutant: a number has no transpose, and two gradients of different
    /// shapes cannot be mistaken for each other.
    fn applies(&self, mutation: Mutation) -> bool {
        let shape = &self.shapes[self.input];
        match mutation {
            Mutation::Transposed => matches!(shape[..], [.., rows, columns] if rows > 1 && columns > 1),
            Mutation::Swapped => {
                let next = self.next();
                next != self.input && self.ids[next] != self.ids[self.input] && self.shapes[next] == *shape
            }
            Mutation::StaleResult => self.input == 0,
            _ => true,
        }
    }

    #[cfg_attr(not(debug_assertions), inline)]
    fn plant(&self, tape: &Tape<'_, f64>, mutation: Mutation) {
        // Of another size and another sign: a rule may read no more than the sign.
        let stale = |id: usize| tape.overwrite(id, tape.node(id).value.map(|x| 0.3 - 1.1 * x));
        match mutation {
            Mutation::StaleInput => stale(self.ids[self.input]),
            Mutation::StaleResult => stale(self.node),
            _ => tape.plant(self.node, self.change(mutation)),
        }
    }

    /// What the mutation does to the gradients of the node's inputs.
    #[cfg_attr(not(debug_assertions), inline)]
    fn change(&self, mutation: Mutation) -> Change<f64> {
        let (input, next) = (self.input, self.next());
        Rc::new(move |pulled| {
            if mutation == Mutation::Swapped {
                let other = |i: usize| {
                    if i == input {
                        next
                    } else if i == next {
                        input
                    } else {
                        i
                    }
                };
                pulled.iter_mut().for_each(|(i, _)| *i = other(*i));
                return;
            }
            for (_, gradient) in pulled.iter_mut().filter(|(i, _)| *i == input) {
                *gradient = match mutation {
                    Mutation::ScaledUp => gradient.map(|g| g * (1.0 + 1e-6)),
                    Mutation::ScaledDown => gradient.map(|g| g * (1.0 - 1e-6)),
                    Mutation::Negated => gradient.map(|g| -g),
                    Mutation::Zeroed => Tensor::zeros(gradient.shape()),
                    Mutation::OneDoubled => {
                        let at = gradient.data().iter().position(|g| *g != 0.0);
                        Tensor::from_fn(gradient.shape(), |i| {
                            gradient.data()[i] * if Some(i) == at { 2.0 } else { 1.0 }
                        })
                    }
                    Mutation::Transposed => transposed(gradient),
                    _ => gradient.clone(),
                };
            }
        })
    }
}

/// The last two axes exchanged, in the buffer of the same shape.
#[cfg_attr(not(debug_assertions), inline)]
fn transposed(x: &Tensor<f64>) -> Tensor<f64> {
    let [.., rows, columns] = *x.shape().dims() else { return x.clone() };
    Tensor::from_fn(x.shape(), |flat| {
        let (matrix, at) = (flat / (rows * columns) * rows * columns, flat % (rows * columns));
        x.data()[matrix + at % rows * columns + at / rows]
    })
}

/// The numbers of a function that passes, to which other gradients are held.
struct Judged {
    cotangents: Vec<Tensor<f64>>,
    gradients: [Vec<Tensor<f64>>; 2],
    /// By input and entry; nothing where the function itself does not pass: at a kink.
    numeric: Vec<Vec<Option<Derivative>>>,
}

impl Judged {
    /// Nothing if there is an entry that is wrong, or none that is right.
    #[cfg_attr(not(debug_assertions), inline)]
    fn of(subject: &dyn Subject<f64>) -> Option<Self> {
        let watch = Watch::new(subject, &mut Rng::new(0));
        let gradients = Way::BOTH.map(|way| subject.pull(&watch.cotangents, way));
        let mut numeric = Vec::new();
        for (input, x) in watch.at.iter().enumerate() {
            let mut entries = Vec::new();
            for flat in 0..x.numel() {
                let claims = gradients.each_ref().map(|gradients| gradients[input].data()[flat]);
                let number = watch.entry(input, flat, &claims);
                let verdicts = gradients
                    .each_ref()
                    .map(|g| Tolerance::of::<f64>().judge(g[input].data()[flat], 0.0, &number));
                if verdicts.contains(&Verdict::Fail) {
                    return None;
                }
                entries.push((verdicts == [Verdict::Pass; 2]).then_some(number));
            }
            numeric.push(entries);
        }
        let judged = Judged { cotangents: watch.cotangents, gradients, numeric };
        judged.numeric.iter().flatten().any(Option::is_some).then_some(judged)
    }

    /// Caught if every way of going backward that gives another gradient gives a wrong one. A
    /// difference of `rounding`, relative to the largest entry, does not make it another.
    #[cfg_attr(not(debug_assertions), inline)]
    fn fate(&self, mutant: &dyn Subject<f64>, rounding: f64) -> Fate {
        let mut fate = Fate::Equivalent("");
        for (way, original) in Way::BOTH.into_iter().zip(&self.gradients) {
            let gradients = mutant.pull(&self.cotangents, way);
            let near = |(a, b): (&Tensor<f64>, &Tensor<f64>)| {
                a.max_abs_diff(b) <= rounding * b.data().iter().fold(0.0, |m, b| b.abs().max(m))
            };
            if same_bits(&gradients, original) || gradients.iter().zip(original).all(near) {
                continue;
            }
            if !self.is_wrong(&gradients) {
                return Fate::Survived;
            }
            fate = Fate::Caught;
        }
        fate
    }

    #[cfg_attr(not(debug_assertions), inline)]
    fn is_wrong(&self, gradients: &[Tensor<f64>]) -> bool {
        let entries =
            gradients.iter().zip(&self.numeric).flat_map(|(g, numeric)| g.data().iter().zip(numeric));
        entries.into_iter().any(|(&analytic, numeric)| {
            numeric
                .is_some_and(|numeric| Tolerance::of::<f64>().judge(analytic, 0.0, &numeric) == Verdict::Fail)
        })
    }
}

/// What the plain engine, which makes the mistakes, and the one proper may differ by.
const ENGINES_APART: f64 = 1e-12;

/// A mistake of the engine, seen through one of the function's own inputs; nothing where it makes
/// no difference, since nothing is broadcast.
#[cfg_attr(not(debug_assertions), inline)]
fn in_engine(function: &dyn Function<f64>, site: &Site, fault: Fault) -> Option<Fate> {
    let right = ThroughOne { of: function, input: site.leaf?, twice: fault == Fault::Overwrite };
    let broken = Mutated { of: &right, plant: &|tape| tape.break_engine(fault) };
    let right: &dyn Function<f64> = &right;
    let fate = Judged::of(&right)?.fate(&(&broken as &dyn Function<f64>), ENGINES_APART);
    if fault == Fault::SkippedSum && matches!(fate, Fate::Equivalent(_)) { None } else { Some(fate) }
}

/// A function with something done to its tape before anybody goes backward.
struct Mutated<'a> {
    of: &'a dyn Function<f64>,
    plant: &'a dyn Fn(&Tape<'_, f64>),
}

impl Function<f64> for Mutated<'_> {
    #[cfg_attr(not(debug_assertions), inline)]
    fn inputs(&self) -> Vec<Input<f64>> {
        self.of.inputs()
    }
    #[cfg_attr(not(debug_assertions), inline)]
    fn record(&self, at: &[Tensor<f64>], see: &mut See<'_, f64>) {
        self.of.record(at, &mut |tape, xs, ys| {
            (self.plant)(tape);
            see(tape, xs, ys);
        });
    }
}

/// A function of one of its inputs, the others held still; if `twice`, as
/// y ↦ Σ cos(i)·yᵢ + Σ cos(i)·xᵢ, so that the input is used once more.
struct ThroughOne<'a> {
    of: &'a dyn Function<f64>,
    input: usize,
    twice: bool,
}

impl Function<f64> for ThroughOne<'_> {
    #[cfg_attr(not(debug_assertions), inline)]
    fn inputs(&self) -> Vec<Input<f64>> {
        self.of.inputs().drain(self.input..=self.input).collect()
    }
    #[cfg_attr(not(debug_assertions), inline)]
    fn record(&self, at: &[Tensor<f64>], see: &mut See<'_, f64>) {
        let mut all: Vec<Tensor<f64>> = self.of.inputs().into_iter().map(|input| input.value).collect();
        all[self.input] = at[0].clone();
        self.of.record(&all, &mut |tape, xs, ys| {
            let x = xs[self.input];
            if !self.twice {
                return see(tape, &[x], ys);
            }
            let weighed = |v: Var<'_, f64>| Tensor::from_fn(v.shape(), |i| (i as f64).cos());
            let sums = ys.iter().chain([&x]).map(|&v| (v * weighed(v)).sum());
            see(tape, &[x], &[sums.sum()]);
        });
    }
}
