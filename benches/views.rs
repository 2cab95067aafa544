//! How long it takes to explain and draw a tape of 10,000 nodes, and to ask one of a million nodes for a
//! window, a drawing within limits, and a report.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use wengert::prelude::*;

/// Sines of sines; every tenth node uses the first one.
fn chain<'t>(tape: &'t Tape<'t>, x: Var<'t>, nodes: usize) -> Var<'t> {
    let mut y = x;
    while tape.len() < nodes {
        y = if tape.len().is_multiple_of(10) { y + x } else { y.sin() };
    }
    y
}

fn views(criterion: &mut Criterion) {
    const NODES: usize = 10_000;
    let tape = Tape::new();
    let y = chain(&tape, tape.var(0.5).named("x"), NODES);
    let mut group = criterion.benchmark_group("views_10000");
    group.sample_size(10);
    group.bench_function("explain", |b| b.iter(|| black_box(tape.explain_window(y, 0..NODES))));
    let explained = tape.explain_window(y, 0..NODES);
    group.bench_function("dot", |b| b.iter(|| black_box(explained.graph().max_nodes(NODES).dot())));
    group.bench_function("json", |b| b.iter(|| black_box(explained.json())));
    group.finish();

    const MANY: usize = 1_000_000;
    let mut params: Params = Params::new();
    let [x, dead] = ["x", "dead"].map(|name| params.add(name, 0.5));
    let tape = Tape::eval(&params);
    // A gradient of 0, so that the report has something to look for.
    let x = tape.param(x) + (tape.param(dead) - 1.0).relu();
    let y = chain(&tape, x, MANY);
    let grads = y.backward();
    let mut group = criterion.benchmark_group("views_1000000");
    group.sample_size(10);
    group.bench_function("explain", |b| b.iter(|| black_box(tape.explain(y))));
    group.bench_function("first", |b| b.iter(|| black_box(tape.explain_window(y, 0..20))));
    group.bench_function("dot", |b| b.iter(|| black_box(tape.explain(y).graph().max_nodes(100).dot())));
    group.bench_function("report", |b| b.iter(|| black_box(grads.report(&tape))));
    group.finish();
}

criterion_group!(benches, views);
criterion_main!(benches);
