//! Everything that is to hold of one sample of an operation, tried in one go.

use super::check::GradCheck;
use super::report::Report;
use super::subject::{Function, Input, See, Slope, Subject, Way};
use super::verdict::{Reason, Verdict};
use crate::float::Float;
use crate::ops::Sample;
use crate::rng::Rng;
use crate::tape::{NodeInfo, NodeKind, Tape};
use crate::tensor::Tensor;
use std::collections::BTreeSet;

/// What was found about one sample.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[must_use = "a report is for someone who reads it"]
pub struct Swept {
    /// The largest relative error against numbers at order 1 and order 2.
    pub error: [f64; 2],
    /// Whether the operation has a fused rule.
    pub fused: bool,
    /// What does not hold, a sentence each.
    pub failures: Vec<String>,
    /// The operations that were recorded on the way, those of the second order included.
    pub operations: BTreeSet<String>,
}

/// Tries a sample: its derivatives against numbers at orders 1 and 2 with random cotangents (and
/// against the exact ones where the sample states them), the fused rule against the recorded one,
/// every input alone against all together, and `f32` against `f64`.
#[cfg_attr(not(debug_assertions), inline)]
pub fn sweep(sample: &Sample) -> Swept {
    let mut swept =
        Swept { error: [0.0; 2], fused: false, failures: Vec::new(), operations: BTreeSet::new() };
    against_numbers(sample, &mut swept);
    against_exact::<f64>(sample, &mut swept);
    against_exact::<f32>(sample, &mut swept);
    against_each_other(sample, &mut swept);
    swept
}

/// Checks a sample as [`gradcheck`](super::gradcheck) checks a function, but returns the report
/// whatever it says.
#[cfg_attr(not(debug_assertions), inline)]
pub fn check_sample(sample: &Sample, how: &GradCheck) -> Report {
    how.run::<f64>(sample)
}

/// Orders 1 and 2 against numbers. A sample that states its gradients stands where numbers cannot
/// confirm them: at a kink, a tie, a pole.
#[cfg_attr(not(debug_assertions), inline)]
fn against_numbers(sample: &Sample, swept: &mut Swept) {
    if sample.gradients.is_some() {
        return;
    }
    let report = check_sample(sample, &GradCheck::new().order(2));
    for input in &report.inputs {
        let order = input.order as usize - 1;
        swept.error[order] = swept.error[order].max(input.error);
    }
    // A condition of exactly 0 is where `where_cond` has a step: nothing to compare with there.
    let step = report.verdict == Verdict::Inconclusive(Reason::Discontinuity);
    if !report.passed() && !step {
        swept.failures.push(report.to_string());
    }
}

/// The stated gradients of Σ y, bit for bit but for the sign of zero (to rounding in `f32`).
fn against_exact<T: Float>(sample: &Sample, swept: &mut Swept) {
    let Some(exact) = &sample.gradients else { return };
    let function: &dyn Function<T> = sample;
    let at: Vec<Tensor<T>> = sample.inputs.iter().map(Tensor::cast).collect();
    let ones: Vec<Tensor<T>> = function.values(&at).iter().map(|y| Tensor::ones(y.shape())).collect();
    for way in [Way::Backward, Way::Recorded] {
        for (i, (got, exact)) in function.pull(&ones, way).iter().zip(exact).enumerate() {
            let tolerance = if T::NAME == "f32" { 1e-6 } else { 1e-14 };
            compare(
                swept,
                &format!("{} {way:?} against exact, input {i}", T::NAME),
                &got.cast(),
                exact,
                tolerance,
            );
        }
    }
}

/// What several ways to the same gradients give.
#[cfg_attr(not(debug_assertions), inline)]
fn against_each_other(sample: &Sample, swept: &mut Swept) {
    let (double, single): (&dyn Function<f64>, &dyn Function<f32>) = (sample, sample);
    double.record(&sample.inputs, &mut |tape: &Tape<'_, f64>, _, _| {
        let mut nodes = tape.nodes().filter(|node| node.name == sample.op && node.needs_grad);
        let fused =
            |node: NodeInfo<f64>| tape.pull_fused(node.id, Tensor::zeros(node.value.shape())).is_some();
        swept.fused |= nodes.any(fused);
    });
    let outputs = double.values(&sample.inputs);
    let mut rng = Rng::new(1);
    let seeds: Vec<Tensor<f32>> =
        outputs.iter().map(|y| Tensor::rand_in(-1.5, 1.5, y.shape(), &mut rng)).collect();
    let seeds64: Vec<Tensor<f64>> = seeds.iter().map(Tensor::cast).collect();

    let reference = double.pull(&seeds64, Way::Recorded);
    let fused = double.pull(&seeds64, Way::Backward);
    for (i, exact) in reference.iter().enumerate() {
        compare(
            swept,
            &format!("the fused rule against the recorded one, input {i}"),
            &fused[i],
            exact,
            1e-13,
        );
        for way in [Way::Backward, Way::Recorded] {
            let alone = Alone { sample, input: i };
            let alone = (&alone as &dyn Function<f64>).pull(&seeds64, way);
            compare(
                swept,
                &format!("input {i} alone, {way:?}, against all together"),
                &alone[0],
                exact,
                1e-13,
            );
        }
    }
    for way in [Way::Backward, Way::Recorded] {
        for (i, got) in single.pull(&seeds, way).iter().enumerate() {
            compare(swept, &format!("f32 {way:?} against f64, input {i}"), &got.cast(), &reference[i], 2e-5);
        }
    }
    if sample.gradients.is_some() {
        return; // 0 · ∞ is NaN at a pole, and second orders at a kink are nobody's business
    }
    let zeros: Vec<_> = outputs.iter().map(|y| Tensor::zeros(y.shape())).collect();
    for way in [Way::Backward, Way::Recorded] {
        for (i, gradient) in double.pull(&zeros, way).iter().enumerate() {
            let zero = Tensor::zeros(gradient.shape());
            compare(swept, &format!("a seed of zeros, {way:?}, input {i}"), gradient, &zero, 0.0);
        }
    }

    let slope = Slope { of: double, cotangents: seeds64 };
    let slope: &dyn Function<f64> = &slope;
    let weights: Vec<Tensor<f32>> =
        sample.inputs.iter().map(|x| Tensor::rand_in(-1.5, 1.5, x.shape(), &mut rng)).collect();
    let weights64: Vec<Tensor<f64>> = weights.iter().map(Tensor::cast).collect();
    let fused = slope.pull(&weights64, Way::Backward);
    let recorded = slope.pull(&weights64, Way::Recorded);
    let slope32 = Slope { of: single, cotangents: seeds };
    let single = (&slope32 as &dyn Function<f32>).pull(&weights, Way::Backward);
    for (i, exact) in recorded.iter().enumerate() {
        compare(
            swept,
            &format!("order 2, the fused rules against the recorded ones, input {i}"),
            &fused[i],
            exact,
            1e-12,
        );
        compare(swept, &format!("order 2, f32 against f64, input {i}"), &single[i].cast(), exact, 1e-4);
    }
    let at: Vec<_> = slope.inputs().into_iter().map(|input| input.value).collect();
    slope.record(&at, &mut |tape: &Tape<'_, f64>, xs, ys| {
        for &y in ys.iter().filter(|y| y.needs_grad()) {
            let seed = tape.constant(Tensor::ones(y.shape()));
            let _ = tape.grad_with(y, seed, xs); // for what it records
        }
        let operations = tape.nodes().filter(|node| node.kind == NodeKind::Operation);
        swept.operations.extend(operations.map(|node| node.name));
    });
}

/// Notes a failure where an entry is off by more than `tolerance` times the largest one.
#[cfg_attr(not(debug_assertions), inline)]
fn compare(swept: &mut Swept, what: &str, got: &Tensor<f64>, exact: &Tensor<f64>, tolerance: f64) {
    if got.shape() != exact.shape() {
        swept.failures.push(format!("{what}: shape {} is not {}", got.shape(), exact.shape()));
        return;
    }
    let finite = exact.data().iter().map(|x| x.abs()).filter(|x| x.is_finite());
    let allowed = tolerance * finite.fold(0.0, f64::max);
    for (flat, (&got, &exact)) in got.data().iter().zip(exact.data()).enumerate() {
        let same = got == exact || (got.is_nan() && exact.is_nan()) || (got - exact).abs() <= allowed;
        if !same {
            swept.failures.push(format!("{what}: entry {flat} is {got:e}, not {exact:e}"));
            return;
        }
    }
}

/// A sample with one input varying and the others constant.
struct Alone<'a> {
    sample: &'a Sample,
    input: usize,
}

impl Function<f64> for Alone<'_> {
    #[cfg_attr(not(debug_assertions), inline)]
    fn inputs(&self) -> Vec<Input<f64>> {
        Function::<f64>::inputs(self.sample).drain(self.input..=self.input).collect()
    }
    #[cfg_attr(not(debug_assertions), inline)]
    fn record(&self, at: &[Tensor<f64>], see: &mut See<'_, f64>) {
        let tape = Tape::f64();
        let leaves = self.sample.inputs.iter().enumerate();
        let xs: Vec<_> =
            leaves.map(|(i, x)| if i == self.input { tape.var(&at[0]) } else { tape.constant(x) }).collect();
        let y = self.sample.call(&xs);
        see(&tape, &[xs[self.input]], &[y]);
    }
}
