//! How long a tape of 10,000 nodes takes to be explained and drawn.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use wengert::prelude::*;

const NODES: usize = 10_000;

fn views(criterion: &mut Criterion) {
    let tape = Tape::new();
    let x = tape.var(0.5).named("x");
    let mut y = x;
    while tape.len() < NODES {
        y = if tape.len().is_multiple_of(10) { y + x } else { y.sin() };
    }
    let mut group = criterion.benchmark_group("views_10000");
    group.sample_size(10);
    group.bench_function("explain", |b| b.iter(|| black_box(tape.explain_window(y, 0..NODES))));
    let explained = tape.explain_window(y, 0..NODES);
    group.bench_function("dot", |b| b.iter(|| black_box(explained.graph().max_nodes(NODES).dot())));
    group.bench_function("json", |b| b.iter(|| black_box(explained.json())));
    group.finish();
}

criterion_group!(benches, views);
criterion_main!(benches);
