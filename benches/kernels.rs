//! Single operations: activations, matrix products, optimizer steps. See benches/README.md.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::time::Duration;
use wengert::prelude::*;
use wengert::unstable;

/// Each activation on [128, 256]: the value alone, and with the gradient for a cotangent of ones.
fn unary(c: &mut Criterion) {
    type Function = for<'t> fn(Var<'t>) -> Var<'t>;
    let functions: [(&str, Function); 6] = [
        ("exp", |x| x.exp()),
        ("tanh", |x| x.tanh()),
        ("sigmoid", |x| x.sigmoid()),
        ("gelu", |x| x.gelu()),
        ("relu", |x| x.relu()),
        ("softmax", |x| x.softmax(-1)),
    ];
    let x = Tensor::randn([128, 256], &mut Rng::new(1));
    let ones = Tensor::ones([128, 256]);
    for (name, f) in functions {
        let mut group = c.benchmark_group(format!("unary/{name}"));
        group.throughput(Throughput::Elements(x.numel() as u64));
        group.bench_function("forward", |b| {
            b.iter(|| f(Tape::new().constant(black_box(&x))).value());
        });
        group.bench_function("both", |b| {
            b.iter(|| f(Tape::new().var(black_box(&x))).backward_with(&ones));
        });
        group.finish();
    }
}

/// C ← A·B, on as many threads as there are; WENGERT_NUM_THREADS=1 for one.
fn matmul(c: &mut Criterion) {
    let mut group = c.benchmark_group("matmul");
    for (name, (m, k, n)) in
        [("128x784x256", (128, 784, 256)), ("512", (512, 512, 512)), ("1024", (1024, 1024, 1024))]
    {
        let mut rng = Rng::new(1);
        let (a, b) = (Tensor::randn([m, k], &mut rng), Tensor::randn([k, n], &mut rng));
        let mut y = vec![0f32; m * n];
        group.throughput(Throughput::Elements((2 * m * k * n) as u64)); // floating-point operations
        group.bench_function(name, |bench| {
            bench.iter(|| unstable::gemm((m, k, n), (a.data(), false), (b.data(), false), 0.0, &mut y));
        });
    }
    group.finish();
}

/// Steps on a million parameters, and the least that must go through memory for each.
fn optimizer(c: &mut Criterion) {
    const N: usize = 1_000_000;
    let mut rng = Rng::new(1);
    let mut params: Params = Params::new();
    let w = params.add("w", Tensor::randn([N], &mut rng));
    let grads = Tape::eval(&params).param(w).backward_with(Tensor::randn([N], &mut rng));
    let (mut adam, mut sgd) = (Adam::new(1e-3), Sgd::new(1e-6));

    let mut group = c.benchmark_group("optimizer/adam");
    group.throughput(Throughput::Bytes(7 * 4 * N as u64)); // reads p, g, m, v; writes p, m, v
    group.bench_function("1m", |b| b.iter(|| adam.step(&mut params, &grads)));
    let [mut p, g, mut m, mut v] = [(); 4].map(|()| vec![1f32; N]);
    group.bench_function("streaming", |b| {
        b.iter(|| {
            for (((p, g), m), v) in p.iter_mut().zip(black_box(&g)).zip(&mut m).zip(&mut v) {
                *p += g;
                *m += g;
                *v += g;
            }
        });
    });
    group.finish();

    let mut group = c.benchmark_group("optimizer/sgd");
    group.throughput(Throughput::Bytes(3 * 4 * N as u64)); // reads p, g; writes p
    group.bench_function("1m", |b| b.iter(|| sgd.step(&mut params, &grads)));
    group.bench_function("streaming", |b| {
        b.iter(|| p.iter_mut().zip(black_box(&g)).for_each(|(p, g)| *p += g));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2)).sample_size(50);
    targets = unary, matmul, optimizer
}
criterion_main!(benches);
