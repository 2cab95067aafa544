//! Every operation in the registry at every one of its samples.

use std::collections::BTreeSet;
use wengert::grad::sweep;
use wengert::ops;

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
