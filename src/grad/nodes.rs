//! Checking a recorded tape node by node, each alone, on the values that it really saw.

use super::entries::{compare, judge};
use super::fast::{locate, project};
use super::numeric::Steps;
use super::report::{CheckFailed, NodeReport, Place, TapeReport};
use super::subject::{Input, Subject, Way};
use super::verdict::{Reason, Tolerance, Verdict};
use super::watch::{Watch, away_from_zero, same_bits, typical};
use crate::float::Float;
use crate::rng::Rng;
use crate::tape::{NodeInfo, NodeKind, Tape};
use crate::tensor::Tensor;

/// Checks each recorded node of a tape alone, on the values it really saw: a derivative along a
/// random direction of its inputs, by its rules and by evaluating its operation about a dozen
/// times. Then the whole: whether going backward adds the nodes up as the chain rule has it.
///
/// One wrong rule among hundreds is named, and only it.
///
/// ```
/// use wengert::grad::check_tape;
/// use wengert::prelude::*;
/// let tape = Tape::f64();
/// let x = tape.var([0.5, -1.0]);
/// let y = (x * 3.0).tanh().sum();
/// let report = check_tape(&tape).unwrap();
/// assert_eq!(report.nodes.len(), 3);
/// ```
///
/// # Errors
/// If a node failed or was inconclusive, or if the whole is wrong though every node is right.
///
/// # Panics
/// On an inference tape, which keeps no rules to check.
#[track_caller]
pub fn check_tape<T: Float>(tape: &Tape<'_, T>) -> Result<TapeReport, CheckFailed<TapeReport>> {
    let report = check_all(tape, 0);
    assert!(
        !report.nodes.is_empty() || !tape.nodes().any(|node| node.kind == NodeKind::Operation),
        "check_tape: no node of this tape has a rule (it was made by Tape::inference, or nothing depends on a variable)"
    );
    if report.passed() { Ok(report) } else { Err(CheckFailed::new(report)) }
}

pub(crate) fn check_all<T: Float>(tape: &Tape<'_, T>, seed: u64) -> TapeReport {
    let mut report = TapeReport { nodes: Vec::new(), place: None, seed, element: T::NAME, evaluations: 0 };
    for id in 0..tape.len() {
        let node = tape.node(id);
        if node.kind == NodeKind::Operation && node.needs_grad {
            // A seed of its own, so that a node's verdict does not hang on the nodes before it.
            let mut rng = Rng::new(seed ^ (id as u64 + 1) << 8);
            report.nodes.push(check_node(tape, node, &mut rng, &mut report.evaluations));
        }
    }
    let replay = Verdict::Inconclusive(Reason::ReplayDiffers);
    let any = |verdict| report.nodes.iter().any(|node| node.verdict == verdict);
    report.place = if any(Verdict::Fail) {
        Some(Place::Rule)
    } else if any(replay) {
        Some(Place::Replay)
    } else if !adds_up(tape, &mut Rng::new(seed)) {
        Some(Place::Accumulation)
    } else {
        None
    };
    report
}

/// A node as a function of those of its inputs that need a gradient.
struct Alone<'a, 'p, T: Float> {
    tape: &'a Tape<'p, T>,
    node: &'a NodeInfo<T>,
    /// The ids of the inputs, each once.
    moving: Vec<usize>,
}

impl<T: Float> Subject<T> for Alone<'_, '_, T> {
    fn inputs(&self) -> Vec<Input<T>> {
        let input = |&id: &usize| Input::new(format!("v{id}"), &self.tape.node(id).value);
        self.moving.iter().map(input).collect()
    }

    fn values(&self, at: &[Tensor<T>]) -> Vec<Tensor<T>> {
        let moved = |id: usize| self.moving.iter().position(|&m| m == id).map(|k| at[k].clone());
        let inputs: Vec<Tensor<T>> = self
            .node
            .inputs
            .iter()
            .map(|&id| moved(id).unwrap_or_else(|| self.tape.node(id).value))
            .collect();
        let inputs: Vec<&Tensor<T>> = inputs.iter().collect();
        self.tape.recompute(self.node.id, &inputs).into_iter().collect()
    }

    fn pull(&self, cotangents: &[Tensor<T>], way: Way) -> Vec<Tensor<T>> {
        let (id, g) = (self.node.id, &cotangents[0]);
        let fused = if way == Way::Backward { self.tape.pull_fused(id, g.clone()) } else { None };
        let pulled = fused.unwrap_or_else(|| self.tape.pull_recorded(id, g.clone()));
        let of = |&input: &usize| match pulled.iter().find(|(id, _)| *id == input) {
            Some((_, gradient)) => gradient.clone(),
            None => Tensor::zeros(self.tape.node(input).value.shape()),
        };
        self.moving.iter().map(of).collect()
    }
}

fn check_node<T: Float>(
    tape: &Tape<'_, T>,
    node: NodeInfo<T>,
    rng: &mut Rng,
    evaluations: &mut u64,
) -> NodeReport {
    let mut moving: Vec<usize> = node.inputs.iter().copied().filter(|&id| tape.node(id).needs_grad).collect();
    moving.sort_unstable();
    moving.dedup();
    let alone = Alone { tape, node: &node, moving };
    let mut report = NodeReport {
        id: node.id,
        op: node.name.clone(),
        attributes: node.attributes.clone(),
        inputs: node.inputs.clone(),
        shape: node.value.shape().clone(),
        layer: node.layer.as_ref().map(|layer| layer.to_string()),
        line: format!("{}:{}", node.line.file(), node.line.line()),
        verdict: Verdict::Inconclusive(Reason::ReplayDiffers),
        along: [0.0; 3],
        failed: Vec::new(),
    };
    let watch = Watch::new(&alone, rng);
    if same_bits(&watch.outputs, std::slice::from_ref(&node.value)) {
        let gradients = Way::BOTH.map(|way| alone.pull(&watch.cotangents, way));
        // Steps relative to each entry do not cross a kink or a pole at 0. Where they are too
        // small to change the result, of 1 + 10⁻²⁰ say, steps of size 1 are tried.
        let directions = random_directions(&watch, |x| 1e-2 * typical(x), rng);
        look_along(&watch, &gradients, &directions, &mut report);
        if matches!(report.verdict, Verdict::Inconclusive(_)) {
            look_along(&watch, &gradients, &random_directions(&watch, |_| 1.0, rng), &mut report);
        }
        if report.verdict == Verdict::Fail {
            for (input, direction) in directions.iter().enumerate() {
                let flats = worth_a_look(&watch, &gradients, input, direction);
                let found = compare(&watch, &gradients, input, &flats, 1);
                report.failed.extend((found.failed > 0).then_some(found));
            }
            // Where every entry is right, the direction was seen less well than it seemed.
            if report.failed.is_empty() {
                report.verdict = Verdict::Inconclusive(Reason::Unresolved);
            }
        }
    }
    *evaluations += watch.evaluations();
    report
}

/// For each input a direction whose entries are as large as the input's, and at least `least`.
fn random_directions<T: Float>(
    watch: &Watch<'_, T>,
    least: impl Fn(&Tensor<T>) -> f64,
    rng: &mut Rng,
) -> Vec<Tensor<f64>> {
    let mut direction = |x: &Tensor<T>| {
        let least = least(x);
        Tensor::from_fn(x.shape(), |i| away_from_zero(rng) * x.data()[i].to_f64().abs().max(least))
    };
    watch.at.iter().map(&mut direction).collect()
}

/// Compares along one direction of all inputs together, by both ways, and enters the worse verdict.
fn look_along<T: Float>(
    watch: &Watch<'_, T>,
    gradients: &[Vec<Tensor<T>>; 2],
    directions: &[Tensor<f64>],
    report: &mut NodeReport,
) {
    let moves: Vec<Option<Tensor<f64>>> = directions.iter().cloned().map(Some).collect();
    let projections = gradients.each_ref().map(|gradients| {
        let parts = gradients.iter().zip(directions).map(|(g, u)| project(g, u));
        parts.fold((0.0, 0.0), |(sum, all): (f64, f64), (part, size)| (sum + part, all.hypot(size)))
    });
    let size = projections[0].1.max(projections[1].1);
    let numeric = watch.along(&moves, Steps::few::<T>(), &projections.map(|(claim, _)| claim), size);
    report.verdict = Verdict::Pass;
    for (analytic, size) in projections {
        let verdict = judge(watch, Tolerance::of::<T>(), analytic, size, &numeric);
        if verdict == report.verdict.worse(verdict) {
            report.verdict = verdict;
            report.along = [analytic, numeric.value, numeric.error];
        }
    }
}

/// Which entries of a failed node's input are compared one by one: all, or of very many the one
/// that halving finds and some others, evenly spread, to see what they have in common.
fn worth_a_look<T: Float>(
    watch: &Watch<'_, T>,
    gradients: &[Vec<Tensor<T>>; 2],
    input: usize,
    direction: &Tensor<f64>,
) -> Vec<usize> {
    const ALL: usize = 128;
    const SPREAD: usize = 16;
    let n = direction.numel();
    if n <= ALL {
        return (0..n).collect();
    }
    let mut flats: Vec<usize> = (0..SPREAD).map(|k| k * n / SPREAD).collect();
    flats.extend(gradients.iter().map(|gradients| locate(watch, &gradients[input], input, direction).flat));
    flats.sort_unstable();
    flats.dedup();
    flats
}

/// Whether going backward gives what one rule after the other, added up plainly, gives.
fn adds_up<T: Float>(tape: &Tape<'_, T>, rng: &mut Rng) -> bool {
    let nodes: Vec<NodeInfo<T>> = tape.nodes().collect();
    let mut used = vec![false; nodes.len()];
    nodes.iter().flat_map(|node| &node.inputs).for_each(|&id| used[id] = true);
    let roots =
        nodes.iter().filter(|node| node.kind == NodeKind::Operation && node.needs_grad && !used[node.id]);
    let tolerance = 10.0 * Tolerance::of::<T>().relative;
    roots.into_iter().all(|root| {
        let root = tape.handle(root.id as u32);
        let seed = root.with_value(|y| Tensor::from_fn(y.shape(), |_| T::from_f64(away_from_zero(rng))));
        let engine = tape.unwatched(|| root.backward_with(&seed));
        let plain = tape.plain_backward(root, seed, None);
        let leaves = nodes.iter().filter(|node| node.kind != NodeKind::Operation && node.needs_grad);
        leaves.map(|node| tape.handle(node.id as u32)).all(|leaf| match (engine.get(leaf), plain.get(leaf)) {
            (Some(engine), Some(plain)) => {
                let largest = plain.data().iter().map(|g| g.to_f64().abs()).fold(0.0, f64::max);
                let apart = engine.max_abs_diff(plain);
                // Where both are not numbers they agree in that.
                apart <= tolerance * largest || (apart.is_nan() && !plain.is_finite())
            }
            (engine, plain) => engine.is_none() && plain.is_none(),
        })
    })
}
