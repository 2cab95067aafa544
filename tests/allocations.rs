//! A training step in steady state asks the allocator for nothing but what the matrix products
//! pack their operands into, and steps do not add up to memory. Counted by an allocator, for noise
//! cannot hide a count.

#[path = "common/counting.rs"]
mod counting;

use counting::{BYTES_HELD, CALLS, PACKING_CALLS, PEAK};
use wengert::prelude::*;

/// After some steps, a hundred more, of so many matrix products each.
#[track_caller]
fn check(what: &str, products: usize, mut step: impl FnMut()) {
    let counts = || (CALLS.get(), PACKING_CALLS.get());
    (0..10).for_each(|_| step());
    let before = counts();
    (0..100).for_each(|_| step());
    let (calls, packing) = (counts().0 - before.0, counts().1 - before.1);
    assert_eq!(calls, 0, "{what}: {calls} allocations in 100 steps");
    assert!(packing <= 100 * products, "{what}: {packing} packing buffers for {products} products a step");
}

struct BreastCancer {
    hidden1: Linear,
    hidden2: Linear,
    output: Linear,
}

impl BreastCancer {
    fn new(params: &mut Params, rng: &mut Rng) -> Self {
        let mut init = params.init(rng);
        Self {
            hidden1: Linear::new(&mut init.scope("hidden1"), 30, 64),
            hidden2: Linear::new(&mut init.scope("hidden2"), 64, 32),
            output: Linear::new(&mut init.scope("output"), 32, 1),
        }
    }
}

impl Module<f32> for BreastCancer {
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let x = self.hidden1.forward(x).relu().dropout(0.3);
        let x = self.hidden2.forward(x).relu().dropout(0.2);
        self.output.forward(x).sigmoid()
    }
}

/// A step of the breast-cancer network on a batch of 32.
fn breast_cancer(mut optimizer: impl Optimizer) -> impl FnMut() {
    let (mut rng, mut params) = (Rng::new(1), Params::new());
    let model = BreastCancer::new(&mut params, &mut rng);
    let x = Tensor::randn([32, 30], &mut rng);
    let y = Tensor::from_fn([32, 1], |i| (i % 2) as f32);
    move || {
        let tape = Tape::training(&params, &mut rng);
        let loss = bce(model.forward(tape.constant(&x)), &y);
        let grads = loss.backward();
        optimizer.step(&mut params, &grads);
    }
}

/// A step of a classifier of 784 inputs on a batch of 16, with labels.
fn mnist(mut optimizer: impl Optimizer) -> impl FnMut() {
    let (mut rng, mut params) = (Rng::new(1), Params::new());
    let model = Mlp::new(&mut params.init(&mut rng), [784, 256, 128, 10]);
    let x = Tensor::rand([16, 784], &mut rng);
    let labels: Vec<usize> = (0..16).map(|i| i % 10).collect();
    move || {
        let tape = Tape::training(&params, &mut rng);
        let loss = cross_entropy(model.forward(tape.constant(&x)), &labels);
        let grads = loss.backward();
        optimizer.step(&mut params, &grads);
    }
}

/// Scalars, a broadcast bias, a regression loss: what the networks above do not use.
fn assorted() -> impl FnMut() {
    let (mut rng, mut params) = (Rng::new(1), Params::new());
    let w = params.add("w", Tensor::randn([8, 4], &mut rng));
    let b = params.add("b", Tensor::zeros([4]));
    let x = Tensor::randn([16, 8], &mut rng);
    let y = Tensor::randn([16, 4], &mut rng);
    let mut adam = Adam::new(1e-3);
    move || {
        let tape = Tape::training(&params, &mut rng);
        let (w, b) = (tape.param(w), tape.param(b));
        let loss = mse((tape.constant(&x).matmul(w) + b).tanh(), &y) + (w * w).sum() * 1e-3;
        let grads = loss.backward();
        adam.step(&mut params, &grads);
    }
}

/// Running sums, backward too, along rows and along columns.
fn running_sums() -> impl FnMut() {
    let x = Tensor::<f32>::randn([16, 48], &mut Rng::new(1));
    move || {
        let tape = Tape::new();
        let x = tape.var(&x);
        let _ = (x.cumsum(0) * x.cumsum(1)).sum().backward();
    }
}

#[test]
fn a_step_in_steady_state_allocates_nothing_of_its_own() {
    check("breast cancer, Adam", 8, breast_cancer(Adam::new(1e-3)));
    check("breast cancer, SGD", 8, breast_cancer(Sgd::new(1e-2)));
    check("MNIST, Adam", 8, mnist(Adam::new(1e-3)));
    check("MNIST, SGD with momentum", 8, mnist(Sgd::new(1e-2).momentum(0.9)));
    check("broadcasts and a product", 2, assorted());
    check("running sums", 0, running_sums());
}

/// A gradient of every node would be 24 bytes each, in 400 pages.
#[test]
fn going_back_through_a_long_tape_holds_few_gradients_at_a_time() {
    let tape = Tape::new();
    let (mut x, w) = (tape.var(0.5), tape.var(1.0));
    while tape.len() < 100_000 {
        x = (x * w).tanh();
    }
    let (before, calls) = (BYTES_HELD.get(), CALLS.get());
    PEAK.set(before);
    let grads = x.backward();
    let (peak, calls) = (PEAK.get() - before, CALLS.get() - calls);
    assert!(grads[w].item() > 0.0);
    assert!(peak < 100_000 && calls < 20, "{peak} bytes, {calls} calls");
}

#[test]
fn gradients_that_are_held_take_no_more_than_their_numbers() {
    let mut params: Params = Params::new();
    let w = params.add("w", 2.0);
    let gradients = |x: f32| {
        let tape = Tape::eval(&params);
        let x = tape.var(x);
        (tape.param(w) * x).tanh().backward()
    };
    drop(gradients(0.0));
    let before = BYTES_HELD.get();
    let held: Vec<_> = (0..1000).map(|i| gradients(i as f32)).collect();
    let each = (BYTES_HELD.get() - before) / 1000;
    assert_eq!(held.iter().map(|grads| grads[w].item()).fold(0.0, f32::max), held[1][w].item());
    assert!(each < 400, "{each} bytes");
}

#[test]
#[ignore = "takes seconds in release and minutes without"]
fn memory_is_flat_over_a_hundred_thousand_steps() {
    let mut step = breast_cancer(Adam::new(1e-3));
    (0..100).for_each(|_| step());
    let before = BYTES_HELD.get();
    (0..100_000).for_each(|_| step());
    let growth = BYTES_HELD.get() - before;
    assert!(growth.abs() < 1 << 20, "{growth} bytes more are held after 100,000 steps");
}
