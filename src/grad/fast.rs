//! Comparing along random directions: u·∇φ against dφ(x + tu)/dt. One number stands for all the
//! entries of an input, and what it costs does not depend on how many there are.

use super::entries::{Compared, judge};
use super::numeric::{Derivative, Steps};
use super::report::InputReport;
use super::subject::Way;
use super::verdict::{Reason, Tolerance, Verdict};
use super::watch::{Watch, typical};
use crate::float::Float;
use crate::rng::Rng;
use crate::tensor::Tensor;

/// Compares every input along `probes` directions, each under a cotangent of its own; `gradients`
/// are those of the watch's own cotangent, which the first probe takes.
pub(crate) fn compare<T: Float>(
    watch: &Watch<'_, T>,
    gradients: [Vec<Tensor<T>>; 2],
    probes: usize,
    order: u32,
    rng: &mut Rng,
) -> Vec<InputReport> {
    let mut reports: Vec<InputReport> =
        (0..watch.at.len()).map(|input| InputReport::new(watch, input, order)).collect();
    let mut gradients = Some(gradients);
    for _ in 0..probes {
        let other = watch.again(rng);
        let (under, gradients) = match gradients.take() {
            Some(gradients) => (watch, gradients),
            None => (&other, Way::BOTH.map(|way| watch.subject.pull(&other.cotangents, way))),
        };
        for (input, report) in reports.iter_mut().enumerate() {
            // One wrong entry is enough to know; a second search would find the same one.
            if report.failed == 0 && report.entries > 0 {
                probe(under, &gradients, input, report, rng);
            }
        }
        watch.count(other.evaluations());
    }
    reports
}

fn probe<T: Float>(
    watch: &Watch<'_, T>,
    gradients: &[Vec<Tensor<T>>; 2],
    input: usize,
    report: &mut InputReport,
    rng: &mut Rng,
) {
    let tolerance = Tolerance::of::<T>();
    let scale = typical(&watch.at[input]);
    let direction = Tensor::from_fn(watch.at[input].shape(), |_| scale * rng.normal());
    let projections = gradients.each_ref().map(|gradients| project(&gradients[input], &direction));
    let size = projections[0].1.max(projections[1].1);
    let numeric = along(watch, input, &direction, &projections.map(|(claim, _)| claim), size);
    report.probes += 1;
    let both = projections.map(|(analytic, size)| {
        let verdict = judge(watch, tolerance, analytic, size, &numeric);
        Compared { flat: 0, analytic, numeric, verdict }
    });
    let failed = both.each_ref().map(Compared::is_wrong);
    report.ways =
        Way::BOTH.into_iter().zip(failed).filter(|(_, failed)| *failed).map(|(way, _)| way).collect();
    let way = usize::from(!failed[0] && failed[1]);
    if !failed[way] {
        report.enter(both[way], tolerance);
        return;
    }
    let seen = both[way].analytic - numeric.value;
    let found = locate(watch, &gradients[way][input], input, &direction);
    let explained = (found.analytic - found.numeric.value) * direction.data()[found.flat];
    report.at_least = (seen - explained).abs() > 1e-3 * seen.abs() + tolerance.blur(size, &numeric);
    // Where the entry itself is right, the direction was seen less well than it seemed.
    let verdict = if found.is_wrong() { Verdict::Fail } else { Verdict::Inconclusive(Reason::Unresolved) };
    report.enter(Compared { verdict, ..found }, tolerance);
}

/// The entry that is furthest off, by halving the direction's support: what a direction sees is
/// linear in it, so the half that was not looked at sees the rest.
pub(crate) fn locate<T: Float>(
    watch: &Watch<'_, T>,
    gradient: &Tensor<T>,
    input: usize,
    direction: &Tensor<f64>,
) -> Compared {
    let apart = |direction: &Tensor<f64>| {
        project(gradient, direction).0 - along(watch, input, direction, &[], 0.0).value
    };
    let (mut low, mut high) = (0, direction.numel());
    let mut whole = apart(direction);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let in_left = |flat: usize| (low..middle).contains(&flat);
        let left =
            Tensor::from_fn(
                direction.shape(),
                |flat| {
                    if in_left(flat) { direction.data()[flat] } else { 0.0 }
                },
            );
        let part = apart(&left);
        if part.abs() >= (whole - part).abs() {
            (high, whole) = (middle, part);
        } else {
            (low, whole) = (middle, whole - part);
        }
    }
    let analytic = gradient.data()[low].to_f64();
    let numeric = watch.entry(input, low, &[analytic]);
    let verdict = judge(watch, Tolerance::of::<T>(), analytic, 0.0, &numeric);
    Compared { flat: low, analytic, numeric, verdict }
}

fn along<T: Float>(
    watch: &Watch<'_, T>,
    input: usize,
    direction: &Tensor<f64>,
    claims: &[f64],
    size: f64,
) -> Derivative {
    let mut directions = vec![None; watch.at.len()];
    directions[input] = Some(direction.clone());
    watch.along(&directions, Steps::of::<T>(), claims, size)
}

/// u·g, and the size that it typically has for random signs: the root of Σ (uᵢgᵢ)².
pub(crate) fn project<T: Float>(gradient: &Tensor<T>, direction: &Tensor<f64>) -> (f64, f64) {
    let products = gradient.data().iter().zip(direction.data());
    let (sum, squares) = products.filter(|(_, u)| **u != 0.0).fold((0.0, 0.0), |(sum, squares), (g, u)| {
        let product = g.to_f64() * u;
        (sum + product, squares + product * product)
    });
    (sum, f64::sqrt(squares))
}
