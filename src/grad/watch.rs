//! Watching a function: its results, weighed by a random cotangent, while its inputs move.

use super::numeric::{self, Derivative, Local, Scale, Steps};
use super::subject::{Input, Subject};
use super::verdict::{INSIDE, Tolerance, Verdict};
use crate::float::Float;
use crate::rng::Rng;
use crate::tensor::Tensor;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A function at a point, under a cotangent.
pub(crate) struct Watch<'a, T: Float> {
    pub(crate) subject: &'a dyn Subject<T>,
    pub(crate) inputs: Vec<Input<T>>,
    pub(crate) at: Vec<Tensor<T>>,
    /// The results at the point.
    pub(crate) outputs: Vec<Tensor<T>>,
    pub(crate) cotangents: Vec<Tensor<T>>,
    /// The lanes at the point.
    base: Vec<f64>,
    evaluations: Cell<u64>,
}

/// More lanes than this are folded together.
const LANES: usize = 4096;

impl<'a, T: Float> Watch<'a, T> {
    /// Evaluates the function once, and draws a cotangent.
    pub(crate) fn new(subject: &'a dyn Subject<T>, rng: &mut Rng) -> Self {
        let inputs = subject.inputs();
        let at: Vec<Tensor<T>> = inputs.iter().map(|input| input.value.clone()).collect();
        let outputs = subject.values(&at);
        let cotangents = random_cotangents(&outputs, rng);
        let mut watch =
            Watch { subject, inputs, at, outputs, cotangents, base: Vec::new(), evaluations: Cell::new(1) };
        watch.base = watch.lanes(&watch.outputs);
        watch
    }

    /// The same function at the same point under another cotangent.
    pub(crate) fn under(&self, cotangents: Vec<Tensor<T>>) -> Watch<'a, T> {
        let mut watch = Watch {
            subject: self.subject,
            inputs: self.inputs.clone(),
            at: self.at.clone(),
            outputs: self.outputs.clone(),
            cotangents,
            base: Vec::new(),
            evaluations: Cell::new(0),
        };
        watch.base = watch.lanes(&watch.outputs);
        watch
    }

    /// The same function at the same point under another random cotangent.
    pub(crate) fn again(&self, rng: &mut Rng) -> Watch<'a, T> {
        self.under(random_cotangents(&self.outputs, rng))
    }

    /// How many entries of the results are infinite or not numbers, or so large that weighing them
    /// makes them so. They are left out.
    pub(crate) fn not_finite(&self) -> usize {
        self.outputs.iter().flat_map(Tensor::data).filter(|y| !weighs(**y)).count()
    }

    /// How often the function was evaluated.
    pub(crate) fn evaluations(&self) -> u64 {
        self.evaluations.get()
    }

    /// Counts in what was spent elsewhere on this function.
    pub(crate) fn count(&self, evaluations: u64) {
        self.evaluations.set(self.evaluations.get() + evaluations);
    }

    /// Whether another evaluation gives the same bits.
    pub(crate) fn repeats(&self) -> bool {
        self.count(1);
        same_bits(&self.subject.values(&self.at), &self.outputs)
    }

    /// The derivative of Σ v·y with respect to one entry of one input, to hold `claims` to.
    pub(crate) fn entry(&self, input: usize, flat: usize, claims: &[f64]) -> Derivative {
        let x = self.at[input].data()[flat];
        let own = x.to_f64().abs();
        let scale = typical(&self.at[input]).max(own);
        let line = |t: f64| {
            let moved = x + T::from_f64(t);
            let mut at = self.at.clone();
            at[input].data_mut()[flat] = moved;
            // What the step has become in floating point: (x + t) − x is exact.
            ((moved - x).to_f64(), self.sample(&at))
        };
        let look = |scale: f64| {
            settle::<T>(claims, 0.0, |by| numeric::derivative(line, &self.base, scale * by, Steps::of::<T>()))
        };
        let found = look(scale);
        // Beside entries much larger, steps of their size may cross a kink or a pole of this one's.
        let verdicts: Vec<Verdict> =
            claims.iter().map(|claim| Tolerance::of::<T>().judge(*claim, 0.0, &found)).collect();
        let open = verdicts.iter().any(|verdict| !matches!(verdict, Verdict::Pass | Verdict::Kink));
        if own > 0.0 && own < scale / 16.0 && open {
            let closer = look(own);
            // Steps that do not move the function show it to be constant, or are too small.
            let shows = !closer.still || own > 1e-12 * scale && !verdicts.contains(&Verdict::Fail);
            if shows && closer.error < found.error {
                return closer;
            }
        }
        found
    }

    /// The derivative of Σ v·y along a direction, one tensor for each input that moves, to hold
    /// `claims` to; `size` is the size that it typically has.
    pub(crate) fn along(
        &self,
        direction: &[Option<Tensor<f64>>],
        steps: Steps,
        claims: &[f64],
        size: f64,
    ) -> Derivative {
        let line = |t: f64| {
            let mut at = self.at.clone();
            for (x, u) in at.iter_mut().zip(direction) {
                let Some(u) = u else { continue };
                let moves = x.data_mut().iter_mut().zip(u.data()).filter(|(_, u)| **u != 0.0);
                moves.for_each(|(x, u)| *x = T::from_f64(x.to_f64() + t * u));
            }
            (t, self.sample(&at))
        };
        settle::<T>(claims, size, |by| numeric::derivative(line, &self.base, by, steps))
    }

    /// The lanes at a point, NaN where the function has no value or one of another shape.
    fn sample(&self, at: &[Tensor<T>]) -> Vec<f64> {
        self.count(1);
        // A function may refuse a point out of its domain by a panic; the step is made smaller then.
        match catch_unwind(AssertUnwindSafe(|| self.subject.values(at))) {
            Ok(values) if values.iter().map(Tensor::shape).eq(self.outputs.iter().map(Tensor::shape)) => {
                self.lanes(&values)
            }
            _ => vec![f64::NAN; self.base.len()],
        }
    }

    /// v·y entry by entry, in f64. The results' entries are numbered through, and entry i goes to
    /// lane i modulo [`LANES`].
    fn lanes(&self, values: &[Tensor<T>]) -> Vec<f64> {
        let count = self.outputs.iter().map(Tensor::numel).sum::<usize>().min(LANES);
        let mut lanes = vec![0.0; count];
        let pairs = values.iter().zip(&self.cotangents).flat_map(|(y, v)| y.data().iter().zip(v.data()));
        for (i, (y, v)) in pairs.enumerate().filter(|(_, (_, v))| **v != T::ZERO) {
            lanes[i % LANES] += v.to_f64() * y.to_f64();
        }
        lanes
    }
}

/// A derivative that is no longer small: rounding that hides it hides what may matter.
const COARSE: f64 = 1e-6;

/// A derivative by steps stretched by a factor, looked at again where that may matter to the verdict
/// on `claims`.
fn settle<T: Float>(
    claims: &[f64],
    size: f64,
    measure: impl Fn(f64) -> (Derivative, Vec<Scale>),
) -> Derivative {
    let (mut found, mut scales) = measure(1.0);
    // Nothing has moved and somebody says it does, or the last digit is a steep slope: the steps may
    // have been too small to show. Larger ones see over the stairs that rounding makes, too.
    let doubtful = found.still && (claims.iter().any(|claim| *claim != 0.0) || found.digit > COARSE);
    let rounded = found.local == Local::Stairs && found.tread <= INSIDE * found.rounding;
    if doubtful || rounded {
        let mut larger = [1e3, 1e6].into_iter().map(&measure);
        let hides = |found: &Derivative| found.still || rounded && found.local == Local::Stairs;
        if let Some((larger, seen)) = larger.find(|(larger, _)| !hides(larger)) {
            // What rounding hides is the same, whatever the steps.
            found = Derivative { rounding: found.rounding, ..larger };
            scales.extend(seen);
        }
    }
    let wrong =
        |claim: &f64, found: &Derivative| Tolerance::of::<T>().judge(*claim, size, found) == Verdict::Fail;
    if !claims.iter().any(|claim| wrong(claim, &found)) {
        return found;
    }
    // Nobody is called wrong on the word of one set of steps, nor against the word of another.
    let (other, seen) = measure(0.37);
    scales.extend(seen);
    found = found.doubted(&other);
    for claim in claims {
        let supports = |scale: &Scale| scale.supports(*claim, &found, INSIDE);
        found.disputed = found.disputed || wrong(claim, &found) && scales.iter().any(supports);
    }
    found
}

/// Whether two lists of tensors are the same to the last bit.
pub(crate) fn same_bits<T: Float>(a: &[Tensor<T>], b: &[Tensor<T>]) -> bool {
    let same = |(a, b): (&Tensor<T>, &Tensor<T>)| {
        a.shape() == b.shape() && a.data().iter().zip(b.data()).all(|(a, b)| a.bits() == b.bits())
    };
    a.len() == b.len() && a.iter().zip(b).all(same)
}

/// The size that entries of a tensor typically have (root mean square); 1 if all are 0.
pub(crate) fn typical<T: Float>(x: &Tensor<T>) -> f64 {
    // Squares of less than 10⁻¹⁵⁴ are 0, and of more than 10¹⁵⁴ infinite.
    let largest = x.data().iter().map(|x| x.to_f64().abs()).fold(0.0, f64::max);
    let squares: f64 = x.data().iter().map(|x| (x.to_f64() / largest).powi(2)).sum();
    let typical = largest * (squares / x.numel().max(1) as f64).sqrt();
    if typical > 0.0 && typical.is_finite() { typical } else { 1.0 }
}

/// A number of either sign and of a size between ½ and 3⁄2, exact in f32.
pub(crate) fn away_from_zero(rng: &mut Rng) -> f64 {
    let size = f64::from(rng.uniform_in(0.5, 1.5) as f32);
    if rng.uniform() < 0.5 { -size } else { size }
}

/// Whether a result is finite under every random cotangent.
fn weighs<T: Float>(y: T) -> bool {
    (1.5 * y.to_f64()).is_finite()
}

/// Random cotangents: a seed of ones hides errors that cancel in a sum. Never near 0, so that no
/// entry is looked away from; 0 where the result is not finite, for nothing can be said of it.
fn random_cotangents<T: Float>(outputs: &[Tensor<T>], rng: &mut Rng) -> Vec<Tensor<T>> {
    let mut cotangent = |y: &T| {
        let v = T::from_f64(away_from_zero(rng));
        if weighs(*y) { v } else { T::ZERO }
    };
    let mut one = |y: &Tensor<T>| Tensor::from_fn(y.shape(), |i| cotangent(&y.data()[i]));
    outputs.iter().map(&mut one).collect()
}
