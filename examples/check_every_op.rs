//! Checks every operation of the crate by numbers, each at all of its samples, at orders 1 and 2,
//! fused and recorded, in f64 and f32. Then it plants mutants into the rules and sees them caught, because
//! a check that cannot fail shows nothing.
//!
//! ```text
//! cargo run --release --example check_every_op
//! ```

mod common;

use common::Options;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Instant;
use wengert::grad::{Fate, Mutant, Mutation, detect_in_sample, sweep};
use wengert::ops::{self, Sample};

/// What all samples of one operation have shown.
#[derive(Default)]
struct Row {
    samples: usize,
    error: [f64; 2],
    fused: bool,
    failures: Vec<String>,
    /// By input and mutation. A mutant that one sample catches is caught.
    mutants: BTreeMap<(usize, Mutation), Fate>,
}

impl Row {
    fn take(&mut self, sample: &Sample) {
        let swept = sweep(sample);
        self.samples += 1;
        self.fused |= swept.fused;
        for (worst, error) in self.error.iter_mut().zip(swept.error) {
            *worst = worst.max(error);
        }
        self.failures.extend(swept.failures.into_iter().map(|failure| format!("{}: {failure}", sample.call)));
        for (Mutant { input, mutation, .. }, fate) in
            detect_in_sample(sample).into_iter().flat_map(|d| d.mutants)
        {
            let known = self.mutants.entry((input, mutation)).or_insert(fate);
            *known = fate.min(*known);
        }
    }

    fn count(&self, which: impl Fn(&Fate) -> bool) -> usize {
        self.mutants.values().filter(|fate| which(fate)).count()
    }
}

fn main() -> ExitCode {
    Options::read("Checks every operation at all of its samples, and plants mutants into its rules.", &[]);
    if every_one_holds(&ops::registry()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Checks these samples, prints what was seen, and returns whether all of them hold and every mutant
/// was caught.
pub fn every_one_holds(samples: &[Sample]) -> bool {
    let start = Instant::now();
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    for sample in samples {
        rows.entry(sample.op).or_default().take(sample);
    }

    println!(
        "Each operation at its samples: the largest relative error against numbers at orders 1 and 2, whether"
    );
    println!(
        "it has a fused rule beside the recorded one, and how many of the mutants planted into it were caught.\n"
    );
    println!("{:20} {:>7} {:>9} {:>9}  {:5}  mutants", "operation", "samples", "order 1", "order 2", "fused");
    let (mut count, mut failed, mut caught, mut mutants) = (0, 0, 0, 0);
    for (op, row) in &rows {
        let killed = row.count(|fate| *fate == Fate::Caught);
        let real = row.count(|fate| !matches!(fate, Fate::Equivalent(_)));
        let [first, second] =
            row.error.map(|error| if error == 0.0 { "0".into() } else { format!("{error:.0e}") });
        let fused = if row.fused { "yes" } else { "-" };
        // What has no gradient has no rule to plant a mutant into.
        let killed_of = if real > 0 { format!("{killed} of {real}") } else { "-".into() };
        println!("{op:20} {:>7} {first:>9} {second:>9}  {fused:5}  {killed_of}", row.samples);
        count += row.samples;
        failed += row.failures.len();
        caught += killed;
        mutants += real;
    }
    print_equivalent(&rows);

    for (op, row) in &rows {
        row.failures.iter().for_each(|failure| println!("\nFAILED {op}: {failure}"));
        for ((input, mutation), fate) in &row.mutants {
            if *fate == Fate::Survived {
                println!("\nSURVIVED {op} input {input} {mutation:?}");
            }
        }
    }
    println!("\n{:.1} s", start.elapsed().as_secs_f64());
    println!(
        "checked {} operations, {count} samples, orders 1 and 2: {failed} failed; mutants: {caught} of {mutants} caught",
        rows.len()
    );
    failed == 0 && caught == mutants
}

/// The mutants that change nothing, by the reason, with the operations and the numbers of the inputs.
fn print_equivalent(rows: &BTreeMap<&str, Row>) {
    let mut places: BTreeMap<(&str, Mutation), Vec<String>> = BTreeMap::new();
    for (op, row) in rows {
        for ((input, mutation), fate) in &row.mutants {
            if let Fate::Equivalent(reason) = fate {
                places.entry((reason, *mutation)).or_default().push(format!("{op} {input}"));
            }
        }
    }
    // Several kinds of mutants at the same places are told of together.
    let mut kinds: BTreeMap<(&str, Vec<String>), Vec<String>> = BTreeMap::new();
    for ((reason, mutation), places) in places {
        kinds.entry((reason, places)).or_default().push(format!("{mutation:?}"));
    }
    println!("\nMutants that change nothing, and are not counted:");
    for ((reason, places), kinds) in kinds {
        println!("  {}, where {reason}:", kinds.join(", "));
        let mut line = String::from("   ");
        for place in places {
            if line.len() + place.len() > 100 {
                println!("{line}");
                line = String::from("   ");
            }
            line += &format!(" {place},");
        }
        println!("{}", line.trim_end_matches(','));
    }
}
