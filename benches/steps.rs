//! Whole training steps, on the tape and by hand, and the cost of a node. See benches/README.md.

mod common;

use common::{BreastCancer, check_steps, mnist_steps, scalar_chain};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::time::Duration;

fn steps(c: &mut Criterion) {
    check_steps();
    let (mut tape, mut by_hand) = BreastCancer::steps(BreastCancer::DROPOUTS);
    let mut group = c.benchmark_group("wdbc_step");
    group.bench_function("tape", |b| b.iter(&mut tape));
    group.bench_function("by_hand", |b| b.iter(&mut by_hand));
    group.finish();

    for rows in [32, 128, 512] {
        let (mut tape, mut by_hand) = mnist_steps(rows);
        let mut group = c.benchmark_group(format!("mnist_step/{rows}"));
        group.bench_function("tape", |b| b.iter(&mut tape));
        group.bench_function("by_hand", |b| b.iter(&mut by_hand));
        group.finish();
    }
}

fn chains(c: &mut Criterion) {
    for (group, operations) in [("scalar_chain", 3000), ("nodes", 1000), ("nodes", 1_000_000)] {
        let mut group = c.benchmark_group(group);
        group.throughput(Throughput::Elements(operations as u64));
        group.bench_function(operations.to_string(), |b| b.iter(|| scalar_chain(operations)));
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3)).sample_size(50);
    targets = steps, chains
}
criterion_main!(benches);
