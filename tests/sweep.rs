//! Every operation in the registry at every one of its samples.

#[path = "../examples/check_every_op.rs"]
#[allow(dead_code)] // its `main`
mod check_every_op;
#[path = "common/custom.rs"]
mod custom;

use check_every_op::every_one_holds;
use custom::Custom;
use std::collections::{BTreeMap, BTreeSet};
use wengert::grad::{
    Fate, GradCheck, Mutant, Mutation, Reason, Verdict, assert_detects, check_sample, detect,
    detect_in_sample, sweep,
};
use wengert::ops::{self, Sample};
use wengert::prelude::*;

/// What the tape itself brings along.
const ENGINE: [&str; 3] = ["accumulate", "sum_to", "expand"];

#[test]
fn every_derivative_of_every_operation_is_right_at_every_sample() {
    let mut failures = Vec::new();
    let mut sampled: BTreeSet<String> = ENGINE.map(String::from).into();
    let mut recorded = sampled.clone();
    for sample in ops::registry() {
        // A rule that panics has said why; this says where.
        let Ok(swept) = std::panic::catch_unwind(|| sweep(&sample)) else {
            failures.push(format!("{}: {} panicked", sample.op, sample.call));
            continue;
        };
        let inputs: Vec<String> = sample.inputs.iter().map(|x| format!("{x:?}")).collect();
        failures.extend(swept.failures.iter().map(|failure| {
            format!("{}: {} at\n  {}\n  {failure}", sample.op, sample.call, inputs.join("\n  "))
        }));
        recorded.extend(swept.operations);
        sampled.insert(sample.op.to_string());
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n\n"));
    let missing: Vec<_> = recorded.difference(&sampled).collect();
    assert!(missing.is_empty(), "operations without a sample: {missing:?}");
}

#[test]
fn every_mutant_of_every_operation_is_caught() {
    let mut fates: BTreeMap<Mutant, Fate> = BTreeMap::new();
    for (mutant, fate) in ops::registry().iter().filter_map(detect_in_sample).flat_map(|found| found.mutants)
    {
        let known = fates.entry(mutant).or_insert(fate);
        *known = fate.min(*known);
    }
    let survivors: Vec<String> = fates
        .iter()
        .filter(|(_, fate)| **fate == Fate::Survived)
        .map(|(mutant, _)| mutant.to_string())
        .collect();
    assert!(survivors.is_empty(), "{survivors:?}");
    let caught = fates.values().filter(|fate| **fate == Fate::Caught).count();
    assert!(caught > 600, "{caught} mutants caught");
    let missing = missing(&fates);
    assert!(missing.is_empty(), "not planted: {missing:?}");
    // What changes nothing is a rule that does not look, or a gradient of 0. It is never a scaled one
    // but where a condition has no gradient.
    for (mutant, _) in fates.iter().filter(|(_, fate)| matches!(fate, Fate::Equivalent(_))) {
        let looks_away = matches!(mutant.mutation, Mutation::StaleInput | Mutation::StaleResult);
        let zero = ["where_cond", "where_positive"].contains(&&*mutant.op) && mutant.input == 0
            || mutant.op == "spread" && mutant.input == 1;
        let same = mutant.op == "add" && mutant.mutation == Mutation::Swapped;
        assert!(looks_away || zero || same, "{mutant} changes nothing");
    }
}

/// The mutants that there should be and are not: every kind, for every input that has a gradient.
fn missing(fates: &BTreeMap<Mutant, Fate>) -> Vec<(String, usize, Mutation)> {
    let planted: BTreeSet<(&str, usize, Mutation)> =
        fates.keys().map(|mutant| (&*mutant.op, mutant.input, mutant.mutation)).collect();
    let inputs: BTreeSet<(&str, usize)> = planted.iter().map(|&(op, input, _)| (op, input)).collect();
    let exists = |op: &str, input: usize, mutation: Mutation| match mutation {
        // An operation has one result, and is planted with it once.
        Mutation::StaleResult => input == 0,
        // There is a next input, and it can have the same shape.
        Mutation::Swapped => inputs.contains(&(op, 1)) && op != "spread" && !(op == "linear" && input > 0),
        // A bias is a vector.
        Mutation::Transposed => (op, input) != ("linear", 2),
        // A condition has a gradient of 0, summed or not.
        Mutation::NotSummed if op.starts_with("where") => input > 0,
        Mutation::NotSummed => BROADCASTING.contains(&op) || (op, input) == ("linear", 2),
        _ => true,
    };
    let all = inputs.iter().flat_map(|&(op, input)| Mutation::ALL.map(|mutation| (op, input, mutation)));
    all.filter(|&(op, input, mutation)| {
        exists(op, input, mutation) && !planted.contains(&(op, input, mutation))
    })
    .map(|(op, input, mutation)| (op.to_string(), input, mutation))
    .collect()
}

/// The operations that broadcast their operands to each other, or one to a shape.
const BROADCASTING: [&str; 11] =
    ["add", "sub", "mul", "div", "pow", "maximum", "minimum", "bce", "bce_with_logits", "surprise", "expand"];

#[test]
#[ignore = "slow without optimisation"]
fn no_right_operation_raises_an_alarm_at_twenty_seeds() {
    let mut alarms = Vec::new();
    for sample in ops::registry().iter().filter(|sample| sample.gradients.is_none()) {
        for seed in 0..20 {
            let report = check_sample(sample, &GradCheck::new().seed(seed).order(2));
            let step = report.verdict == Verdict::Inconclusive(Reason::Discontinuity);
            if !report.passed() && !step {
                alarms.push(format!("{} {}: {report}", sample.op, sample.call));
            }
        }
    }
    assert!(alarms.is_empty(), "{} alarms\n{}", alarms.len(), alarms.join("\n\n"));
}

#[test]
fn mutants_of_an_operation_of_ones_own_are_caught() {
    let (a, b) = (Tensor::from([[0.5, -1.5]]), Tensor::from([[0.7], [2.0]]));
    let detection = assert_detects(|[a, b]| a.matmul(b), [a, b]);
    assert!(detection.caught() >= 14, "{detection}");
    // x²·w: the input that is used twice, and a second one of the same shape.
    let own = Custom::new(
        "own",
        |x| Tensor::from_fn(x[0].shape(), |i| x[0].data()[i].powi(2) * x[1].data()[i]),
        |p, g| {
            p.pull(0, || g * p.x(0) * p.x(1) * 2.0);
            p.pull(1, || g * p.x(0).square());
        },
    );
    let at = |seed| Tensor::rand_in(0.5, 1.5, [2, 2], &mut Rng::new(seed));
    let detection = assert_detects(|[x, w]| own.of(&[x, w]), [at(1), at(2)]);
    let planted = |kind: Mutation| detection.mutants.iter().filter(|(m, _)| m.mutation == kind).count();
    for kind in Mutation::ALL {
        let inputs = match kind {
            Mutation::StaleResult => 1,
            Mutation::NotSummed => 0, // nothing is broadcast
            _ => 2,
        };
        assert_eq!(planted(kind), inputs, "{kind:?}\n{detection}");
    }
    // The rule does not read the result: it is right in spite of a wrong one.
    assert_eq!((detection.caught(), detection.equivalent().count()), (18, 1), "{detection}");
}

#[test]
fn inputs_at_which_a_mutant_does_not_show_are_named_with_it() {
    // Where x is 0, so is the gradient of x²: nothing that scales it changes it.
    let detection = detect(|[x]| x * x, [[0.0]]);
    let quiet: Vec<Mutation> = detection.equivalent().map(|(mutant, _)| mutant.mutation).collect();
    assert!(quiet.contains(&Mutation::ScaledUp) && quiet.contains(&Mutation::Negated), "{detection}");
    assert!(detection.to_string().contains("equivalent  mul input 0 ScaledUp"), "{detection}");
    // A gradient of 10⁻³ is lost in rounding beside one of 10⁹.
    let detection = detect(|[x]| (x * 1e-3).sin() + x * 1e9, [[0.5]]);
    let survivors: Vec<String> = detection.survivors().map(Mutant::to_string).collect();
    assert!(survivors.contains(&"sin input 0 Negated".to_string()), "{detection}");
}

#[test]
#[should_panic(expected = "survived    sin input 0 Negated")]
fn a_mutant_that_survives_fails_the_test_that_asserts_it_does_not() {
    assert_detects(|[x]| (x * 1e-3).sin() + x * 1e9, [[0.5]]);
}

#[test]
#[should_panic(expected = "the function itself does not pass")]
fn mutants_of_a_wrong_rule_are_no_news() {
    detect(|[x]| x.apply("square", |x| x * x, |x| x), [[0.5]]);
}

/// The first sample of an operation, with another function behind it.
fn disguised(
    op: &str,
    f64: for<'t> fn(&[Var<'t, f64>]) -> Var<'t, f64>,
    f32: for<'t> fn(&[Var<'t, f32>]) -> Var<'t, f32>,
) -> Sample {
    let mut sample = ops::samples_of(op).swap_remove(0);
    (sample.f64, sample.f32) = (f64, f32);
    sample
}

#[test]
fn the_example_that_checks_every_operation_succeeds_only_where_all_hold_and_no_mutant_survives() {
    assert!(every_one_holds(&ops::samples_of("tanh")));
    let mut with_wrong = ops::samples_of("tanh");
    with_wrong.push(disguised(
        "tanh",
        |x| {
            let y = x[0].tanh();
            y.tape().hook(y, |g| g * 1.001);
            y
        },
        |x| x[0].tanh(),
    ));
    assert!(!every_one_holds(&with_wrong), "the rule of one sample is off by a thousandth");
    // Nothing is wrong here, but an error of the first term would be lost in rounding.
    let blind = disguised(
        "sin",
        |x| (x[0] * 1e-3).sin() + x[0].square() * 1e9,
        |x| (x[0] * 1e-3).sin() + x[0].square() * 1e9,
    );
    assert_eq!(sweep(&blind).failures, [""; 0]);
    assert!(!every_one_holds(&[blind]), "mutants survived");
}
