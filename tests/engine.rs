//! What the engine promises whatever the operation: depth without recursion, scopes, tapes that are
//! not mixed up, every rank, parameters that are shared or frozen, hooks, the same bits from the same
//! seed, derivatives of derivatives.

mod common;

use common::panics;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wengert::ops;
use wengert::prelude::*;

// Depth

/// Runs `f` where a recursion as deep as the tape would not fit.
fn on_a_small_stack(f: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(256 << 10).spawn(f).unwrap().join().unwrap();
}

#[test]
fn a_chain_of_a_million_operations_needs_no_deeper_stack() {
    on_a_small_stack(|| {
        let tape = Tape::f64();
        let x = tape.var(1.5);
        let mut y = x;
        for _ in 0..500_000 {
            y = x - (-y); // y + x in two operations
        }
        assert_eq!(tape.len(), 1_000_001);
        assert_eq!(y.item(), 500_001.0 * 1.5);
        assert_eq!(y.backward()[x], 500_001.0);
        drop(tape);
    });
}

#[test]
fn a_recorded_gradient_of_a_long_chain_needs_no_deeper_stack() {
    on_a_small_stack(|| {
        let tape = Tape::f64();
        let x = tape.var(1.0);
        let mut y = x * x;
        for _ in 0..50_000 {
            y = x * x - (-y);
        }
        let slope = y.grad(x);
        assert_eq!(slope.item(), 2.0 * 50_001.0);
        assert_eq!(slope.backward()[x], 2.0 * 50_001.0);
    });
}

// Scopes and tapes

#[test]
fn a_thousand_scopes_leave_a_thousand_and_one_nodes() {
    let params = Params::<f32>::new();
    let tape = Tape::inference(&params);
    let mut x = tape.constant(Tensor::ones([4, 8]));
    for _ in 0..1000 {
        x = tape.scope(|| (x * 0.5).tanh() + x.softmax(1));
    }
    assert_eq!(tape.len(), 1001);
}

#[test]
fn a_value_of_a_scope_that_has_ended_is_refused() {
    let params = Params::<f64>::new();
    for tape in [Tape::inference(&params), Tape::eval(&params)] {
        let x = tape.var(2.0);
        let mut inner = x;
        let y = tape.scope(|| {
            inner = x * 3.0;
            inner * x
        });
        assert_eq!(y.item(), 12.0);
        let ended = ["v2 was made in a scope that has ended"];
        panics(|| inner + x, &ended);
        panics(|| x + inner, &ended);
        panics(|| inner.value(), &ended);
        panics(|| inner.backward(), &ended);
        panics(|| tape.hook(inner, |g| g), &ended);
        assert_eq!(format!("{inner:?}"), "v2 of a scope that has ended");
    }
}

#[test]
fn a_gradient_flows_through_scopes_where_there_is_one() {
    let params = Params::<f64>::new();
    let tape = Tape::eval(&params);
    let x = tape.var(2.0);
    let y = tape.scope(|| tape.scope(|| x * x) * x);
    assert_eq!(y.backward()[x], 12.0);
    assert_eq!(y.grad(x).grad(x).item(), 12.0);
    // A result from outside the scope is as good as before, and what was recorded goes.
    let nodes = tape.len();
    let same = tape.scope(|| {
        let _ = x * 5.0;
        x
    });
    assert_eq!((tape.len(), same.id()), (nodes, x.id()));
    assert_eq!((same * x).backward()[x], 4.0);
}

#[test]
fn a_parameter_first_used_in_a_scope_can_be_used_after_it() {
    let mut params = Params::<f64>::new();
    let w = params.add("w", 3.0);
    let tape = Tape::inference(&params);
    let x = tape.constant(2.0);
    let y = tape.scope(|| tape.param(w) * x);
    assert_eq!((y.item(), (tape.param(w) * x).item()), (6.0, 6.0));
    let tape = Tape::eval(&params);
    let y = tape.scope(|| tape.param(w) * 2.0);
    assert_eq!((y * tape.param(w)).backward()[w], 12.0);
}

#[test]
fn operands_of_two_tapes_are_refused() {
    let (tape, other) = (Tape::new(), Tape::new());
    let (x, z) = (tape.var(1.0), other.var(2.0));
    let parts = ["v0 belongs to another tape", "tape.constant(v.value())"];
    panics(|| x + z, &parts);
    panics(|| z * x, &parts);
    panics(|| tape.constant(1.0).where_cond(x, z), &parts);
    panics(|| Var::concat(&[x.reshape([1]), z.reshape([1])], 0), &["belongs to another tape"]);
    panics(|| x.grad(z), &parts);
    panics(|| tape.grad_with(x, z, &[x]), &parts);
    panics(|| tape.hook(z, |g| g), &parts);
    panics(|| tape.scope(|| z), &parts);
    assert_eq!((x + tape.constant(z.value())).item(), 3.0);
}

#[test]
fn gradients_are_asked_for_values_of_their_own_tape() {
    let (tape, other) = (Tape::new(), Tape::new());
    let (x, z) = (tape.var(1.0), other.var(2.0));
    let grads = x.square().backward();
    let parts = ["v0 belongs to another tape than these gradients"];
    panics(|| grads[z].clone(), &parts);
    panics(|| grads.get(z).cloned(), &parts);
    assert_eq!(grads[x], 2.0);
}

#[test]
fn parameters_belong_to_their_store() {
    let (mut params, mut others) = (Params::<f32>::new(), Params::<f32>::new());
    let (w, other) = (params.add("w", 1.0), others.add("other", 2.0));
    let tape = Tape::eval(&params);
    panics(|| tape.param(other), &["store"]);
    let grads = tape.param(w).square().backward();
    panics(|| grads[other].clone(), &["store"]);
    panics(|| Tape::new().param(w).item(), &["this tape has no parameters"]);
}

// Shapes

/// Shapes of rank 0 to 6, each also with every axis at 0.
fn shapes() -> Vec<Vec<usize>> {
    let mut shapes = Vec::new();
    for rank in 0..=6 {
        let full = [2, 3, 1, 2, 3, 2][..rank].to_vec();
        shapes.push(full.clone());
        for axis in 0..rank {
            let mut empty = full.clone();
            empty[axis] = 0;
            shapes.push(empty);
        }
    }
    shapes
}

/// Small whole numbers, so that every order of adding them gives the same.
fn whole(shape: &[usize], seed: u64) -> Tensor<f64> {
    let mut rng = Rng::new(seed);
    Tensor::from_fn(shape, |_| rng.below(9) as f64 - 4.0)
}

/// Where an entry of a tensor of shape `to` comes from in one of shape `from` that is broadcast to it.
fn source(mut flat: usize, to: &[usize], from: &[usize]) -> usize {
    let (mut at, mut stride) = (0, 1);
    for (i, &extent) in to.iter().rev().enumerate() {
        let index = flat % extent;
        flat /= extent;
        if let Some(&d) = from.iter().rev().nth(i) {
            at += if d == 1 { 0 } else { index * stride };
            stride *= d;
        }
    }
    at
}

/// What broadcasts to `shape`: itself, every second axis at 1, that without its first axis, a number.
fn partners(shape: &[usize]) -> Vec<Vec<usize>> {
    let thin: Vec<usize> = shape.iter().enumerate().map(|(i, &d)| if i % 2 == 1 { 1 } else { d }).collect();
    let mut partners = vec![shape.to_vec(), thin.clone(), vec![]];
    if let [_, rest @ ..] = &thin[..] {
        partners.push(rest.to_vec());
    }
    partners
}

/// The value of `f` and its gradients with respect to a and b, both ways, against these.
#[track_caller]
fn check_binary(
    what: &str,
    [a, b]: [&Tensor<f64>; 2],
    f: impl for<'t> Fn(Var<'t, f64>, Var<'t, f64>) -> Var<'t, f64>,
    seed: &Tensor<f64>,
    [value, da, db]: [Tensor<f64>; 3],
) {
    let tape = Tape::f64();
    let (x, z) = (tape.var(a), tape.var(b));
    let y = f(x, z);
    let what = format!("{what} of {} and {}", a.shape(), b.shape());
    assert_eq!(y.value(), value, "{what}");
    let grads = y.backward_with(seed);
    assert_eq!((&grads[x], &grads[z]), (&da, &db), "{what}, fused");
    let recorded = tape.grad_with(y, tape.constant(seed), &[x, z]);
    assert_eq!((recorded[0].value(), recorded[1].value()), (da, db), "{what}, recorded");
}

#[test]
fn sums_and_products_of_every_rank_broadcast() {
    for (n, shape) in shapes().iter().enumerate() {
        for partner in partners(shape) {
            let (a, b, seed) =
                (whole(shape, n as u64), whole(&partner, n as u64 + 1), whole(shape, n as u64 + 2));
            let at = |i: usize| b.data()[source(i, shape, &partner)];
            let summed = |f: &dyn Fn(usize) -> f64| {
                let mut sum = Tensor::zeros(&partner[..]);
                (0..seed.numel()).for_each(|i| sum.data_mut()[source(i, shape, &partner)] += f(i));
                sum
            };
            let each = |f: &dyn Fn(usize) -> f64| Tensor::from_fn(&shape[..], f);
            let (x, s) = (a.data(), seed.data());
            let exact = [each(&|i| x[i] + at(i)), seed.clone(), summed(&|i| s[i])];
            check_binary("a + b", [&a, &b], |a, b| a + b, &seed, exact);
            let exact = [each(&|i| x[i] * at(i)), each(&|i| s[i] * at(i)), summed(&|i| s[i] * x[i])];
            check_binary("a · b", [&a, &b], |a, b| a * b, &seed, exact);
        }
    }
}

/// C ← A·B by its definition, the axes in front broadcast to those of C.
fn matmul_naive(a: &Tensor<f64>, b: &Tensor<f64>, c: &[usize]) -> Tensor<f64> {
    let split = |s: &[usize]| (s[..s.len() - 2].to_vec(), s[s.len() - 2], s[s.len() - 1]);
    let ((batch_a, _, k), (batch_b, ..), (batch, m, n)) = (split(a.shape()), split(b.shape()), split(c));
    Tensor::from_fn(c, |flat| {
        let (stack, i, j) = (flat / (m * n), flat / n % m, flat % n);
        let (p, q) = (source(stack, &batch, &batch_a), source(stack, &batch, &batch_b));
        (0..k).map(|l| a.data()[(p * m + i) * k + l] * b.data()[(q * k + l) * n + j]).sum()
    })
}

/// Every matrix of a stack transposed.
fn transposed(a: &Tensor<f64>) -> Tensor<f64> {
    let &[ref batch @ .., m, n] = a.shape().dims() else { unreachable!("a stack of matrices") };
    let shape = [batch, &[n, m]].concat();
    Tensor::from_fn(&shape[..], |flat| {
        let (stack, j, i) = (flat / (m * n), flat / m % n, flat % m);
        a.data()[(stack * m + i) * n + j]
    })
}

/// The sum over the axes along which `to` was broadcast.
fn summed(x: &Tensor<f64>, to: &Shape) -> Tensor<f64> {
    let mut sum = Tensor::zeros(to);
    for (i, &x_i) in x.data().iter().enumerate() {
        sum.data_mut()[source(i, x.shape(), to)] += x_i;
    }
    sum
}

#[test]
fn products_of_stacks_of_matrices_of_every_rank_broadcast() {
    for (seed, shape) in shapes().iter().filter(|shape| shape.len() >= 2).enumerate() {
        let (batch, &[m, k]) = shape.split_last_chunk().expect("two axes");
        for columns in [0, 1, 4] {
            for partner in partners(batch) {
                let seed = seed as u64;
                let a = whole(shape, seed);
                let b = whole(&[&partner[..], &[k, columns]].concat(), seed + 1);
                let c = [batch, &[m, columns]].concat();
                let g = whole(&c, seed + 2);
                // Ā = Ḡ·Bᵀ, B̄ = Aᵀ·Ḡ, summed over what was broadcast.
                let da = matmul_naive(&g, &transposed(&b), shape);
                let db = matmul_naive(&transposed(&a), &g, &[batch, &[k, columns]].concat());
                let exact = [matmul_naive(&a, &b, &c), da, summed(&db, b.shape())];
                check_binary("matmul", [&a, &b], |a, b| a.matmul(b), &g, exact);
                // The smaller stack on the left: (AB)ᵀ = BᵀAᵀ.
                let (at, bt, gt) = (transposed(&a), transposed(&b), transposed(&g));
                let product = transposed(&matmul_naive(&a, &b, &c));
                let da = transposed(&matmul_naive(&g, &transposed(&b), shape));
                let exact = [product, transposed(&summed(&db, b.shape())), da];
                check_binary("matmul", [&bt, &at], |b, a| b.matmul(a), &gt, exact);
            }
        }
    }
}

#[test]
fn reductions_and_reshapes_of_every_rank_keep_their_entries() {
    for (n, shape) in shapes().iter().enumerate() {
        let x = whole(shape, n as u64);
        let tape = Tape::f64();
        let v = tape.var(&x);
        let axes = (0..shape.len()).map(|axis| {
            let kept: Vec<usize> =
                shape.iter().enumerate().map(|(i, &d)| if i == axis { 1 } else { d }).collect();
            (v.sum_axis(axis), v.sum_keepdim(axis), v.sum_axis(axis as isize - shape.len() as isize), kept)
        });
        for (axis, (dropped, keepdim, from_the_end, kept)) in axes.enumerate() {
            let exact = summed(&x, &Shape::new(&kept));
            let what = format!("sum over axis {axis} of {shape:?}");
            assert_eq!(keepdim.value(), exact, "{what}");
            assert_eq!(dropped.value().data(), exact.data(), "{what}");
            assert_eq!(dropped.value(), from_the_end.value(), "{what}");
            assert_eq!(dropped.rank() + 1, shape.len(), "{what}");
            let seed = whole(&kept, 1);
            let spread = Tensor::from_fn(&shape[..], |i| seed.data()[source(i, shape, &kept)]);
            assert_eq!(keepdim.backward_with(&seed)[v], spread, "{what}");
            assert_eq!(tape.grad_with(keepdim, tape.constant(&seed), &[v])[0].value(), spread, "{what}");
        }
        assert_eq!(v.sum().item(), x.data().iter().sum::<f64>());
        assert_eq!(v.sum().backward()[v], Tensor::ones(&shape[..]));

        let flat = v.flatten();
        let seed = whole(&[x.numel()], 2);
        assert_eq!((flat.value().data(), flat.rank()), (x.data(), 1));
        assert_eq!(flat.backward_with(&seed)[v], seed.reshape(&shape[..]), "{shape:?}");
        let back = flat.reshape(&shape[..]).unsqueeze(0).squeeze(0);
        assert_eq!(back.value(), x);
        assert_eq!(tape.grad_with(back, v, &[v])[0].value(), x, "{shape:?}");
    }
}

#[test]
fn a_single_number_and_a_list_of_one_stay_apart() {
    let tape = Tape::new();
    let (number, list) = (tape.var(2.0), tape.var([2.0]));
    assert_eq!((number.square().rank(), list.square().rank()), (0, 1));
    let grads = (number * list).sum().backward();
    assert_eq!((grads[number].rank(), grads[list].rank()), (0, 1));
    assert_eq!((number * list).rank(), 1);
}

// Parameters

#[test]
fn the_uses_of_a_tied_parameter_meet() {
    let mut params = Params::<f64>::new();
    let w = params.add("w", [[1.0, 2.0], [3.0, 4.0]]);
    let encoder = Linear::from_ids("encoder", w, None);
    let x = [[0.5, -1.0]];
    // d/dW of Σ x Wᵀ and of Σ h W, apart.
    let apart = |tied: bool| {
        let tape = Tape::eval(&params);
        let hidden = encoder.forward(tape.constant(x));
        let decoded = if tied { hidden.matmul(tape.param(w)) } else { hidden.matmul(tape.param(w).detach()) };
        decoded.sum().backward()[w].clone()
    };
    let decoder_only = {
        let tape = Tape::eval(&params);
        encoder.forward(tape.constant(x)).detach().matmul(tape.param(w)).sum().backward()[w].clone()
    };
    let (both, encoder_only) = (apart(true), apart(false));
    for i in 0..4 {
        assert_eq!(both.data()[i], encoder_only.data()[i] + decoder_only.data()[i]);
    }
    let tape = Tape::eval(&params);
    assert_eq!(tape.param(w).id(), tape.param(w).id(), "one leaf");
}

#[test]
fn a_step_leaves_a_frozen_parameter_as_it_is() {
    let mut params = Params::<f64>::new();
    let (w, b) = (params.add("w", [1.0, 2.0]), params.add("b", [3.0, 4.0]));
    params.freeze("b").unwrap();
    let mut sgd = Sgd::new(0.5);
    let grads = {
        let tape = Tape::eval(&params);
        (tape.param(w) * tape.param(b)).sum().backward()
    };
    assert!(grads.param(b).is_none());
    sgd.step(&mut params, &grads);
    assert_eq!(params[w], [-0.5, 0.0]);
    assert_eq!(params[b], [3.0, 4.0]);
    params.unfreeze("b").unwrap();
    let tape = Tape::eval(&params);
    assert_eq!((tape.param(w) * tape.param(b)).sum().backward()[b], [-0.5, 0.0]);
}

// Hooks

#[test]
fn a_hook_runs_once_a_pass_and_may_replace_the_gradient() {
    let tape = Tape::f64();
    let x = tape.var(Tensor::ones([2, 2]));
    let square = (x * x).keep_grad();
    let y = (square + square * 2.0).sum(); // two uses: 1 + 2 arrive at once
    let count = Rc::new(Cell::new(0));
    let counter = |by: u32| {
        let count = count.clone();
        move || count.set(count.get() + by)
    };
    let look = counter(1);
    let first = tape.hook(square, move |g| {
        look();
        assert_eq!(g.value(), Tensor::full([2, 2], 3.0), "complete");
        g
    });
    assert_eq!(y.backward()[x], Tensor::full([2, 2], 6.0));
    assert_eq!(count.get(), 1);
    let double = counter(2);
    let second = tape.hook(square, move |g| {
        double();
        g * 2.0
    });
    let grads = y.backward();
    assert_eq!(count.get(), 4);
    assert_eq!((&grads[square], &grads[x]), (&Tensor::full([2, 2], 6.0), &Tensor::full([2, 2], 12.0)));
    assert!(tape.unhook(first));
    assert!(!tape.unhook(first), "it is off already");
    assert_eq!(y.grad(x).value(), Tensor::full([2, 2], 12.0));
    assert_eq!(count.get(), 6);
    assert!(tape.unhook(second));
    assert_eq!(y.backward()[x], Tensor::full([2, 2], 6.0));
    assert_eq!(count.get(), 6);
}

#[test]
fn hooks_run_in_the_order_in_which_they_were_added_and_on_leaves_too() {
    let tape = Tape::f64();
    let x = tape.var(3.0);
    let order = Rc::new(RefCell::new(String::new()));
    for (name, factor) in [("a", 2.0), ("b", 5.0)] {
        let order = order.clone();
        tape.hook(x, move |g| {
            order.borrow_mut().push_str(name);
            g * factor
        });
    }
    let y = x * x;
    assert_eq!(y.backward()[x], 60.0);
    assert_eq!(y.grad(x).item(), 60.0);
    assert_eq!(*order.borrow(), "abab");
    // Recorded, what a hook does is differentiated: 10·2x, and once more through the hooks.
    assert_eq!(y.grad(x).grad(x).item(), 200.0);
}

#[test]
fn a_hook_that_changes_the_shape_is_refused_and_nothing_stays() {
    let tape = Tape::f64();
    let x = tape.var([1.0, 2.0]);
    let y = x.square().sum();
    let nodes = tape.len();
    let hook = tape.hook(x, |g| g.sum());
    let parts = ["the hook on v0 returned a gradient of shape [], not [2]"];
    panics(|| y.backward(), &parts);
    panics(|| y.grad(x), &parts);
    assert_eq!(tape.len(), nodes);
    tape.unhook(hook);
    assert_eq!(y.backward()[x], [2.0, 4.0]);
}

// Randomness

/// The weights after a few steps of a network with dropout, as bits.
fn trained(seed: u64) -> Vec<u32> {
    let mut rng = Rng::new(seed);
    let mut params = Params::<f32>::new();
    let mut init = params.init(&mut rng);
    let model = Sequential::builder(&mut init).linear(96, 160).relu().dropout(0.3).linear(160, 3).build();
    let x = Tensor::randn([130, 96], &mut rng);
    let labels: Vec<usize> = (0..130).map(|_| rng.below(3)).collect();
    let mut adam = Adam::new(1e-2);
    for _ in 0..4 {
        let tape = Tape::training(&params, &mut rng);
        let grads = cross_entropy(model.forward(tape.constant(&x)), &labels).backward();
        adam.step(&mut params, &grads);
    }
    params.iter().flat_map(|(_, value)| value.data().iter().map(|w| w.to_bits())).collect()
}

#[test]
fn the_same_seed_gives_the_same_bits_on_any_thread() {
    let here = trained(7);
    assert_eq!(trained(7), here);
    assert_ne!(trained(8), here);
    let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(|| trained(7))).collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), here);
    }
}

/// Runs this very test in processes of their own, which is where a number of threads is set.
#[test]
fn the_same_seed_gives_the_same_bits_on_any_number_of_threads() {
    const CHILD: &str = "ENGINE_TEST_PRINTS_ITS_BITS";
    let here: String = trained(7).iter().map(|bits| format!("{bits:08x}")).collect();
    if std::env::var_os(CHILD).is_some() {
        println!("bits={here}");
        return;
    }
    for threads in ["1", "2", "3"] {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["the_same_seed_gives_the_same_bits_on_any_number_of_threads", "--exact", "--nocapture"])
            .env(CHILD, "1")
            .env("RAYON_NUM_THREADS", threads)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains(&format!("bits={here}")), "{threads} threads give other bits");
    }
}

#[test]
fn a_mask_depends_on_the_seed_and_on_the_draws_before_it_alone() {
    let params = Params::<f64>::new();
    let ones = Tensor::ones([64]);
    let mask = |seed, before: &dyn Fn(&Tape<f64>)| {
        let tape = Tape::training(&params, &mut Rng::new(seed));
        before(&tape);
        tape.constant(&ones).dropout(0.5).value()
    };
    let plain = mask(1, &|_| ());
    let busy = |tape: &Tape<f64>| {
        let x = tape.var(Tensor::ones([3]));
        let _ = tape.scope(|| x * 2.0).sum().backward();
    };
    assert_eq!(mask(1, &busy), plain, "other nodes change nothing");
    assert_ne!(mask(2, &|_| ()), plain);
    let drawn = |tape: &Tape<f64>| {
        let _ = tape.constant(&ones).dropout(0.5);
    };
    assert_ne!(mask(1, &drawn), plain, "the second draw is another");
    // Backward goes through the same mask, both ways.
    let tape = Tape::training(&params, &mut Rng::new(1));
    let x = tape.var(&ones);
    let y = x.dropout(0.5);
    assert_eq!(y.value(), plain);
    assert_eq!(y.backward_with(&ones)[x], plain);
    assert_eq!(tape.grad_with(y, tape.constant(&ones), &[x])[0].value(), plain);
}

// Derivatives of derivatives

/// D³f[u, v, w] is the same in every order of u, v and w: at every sample of every operation that
/// can be differentiated three times. (The sweep compares orders 1 and 2 with numbers.)
#[test]
fn third_derivatives_of_every_operation_are_symmetric() {
    let (mut tried, mut nonzero) = (0, 0);
    for sample in ops::registry().into_iter().filter(|sample| sample.gradients.is_none()) {
        let tape = Tape::f64();
        let x: Vec<Var<f64>> = sample.inputs.iter().map(|x| tape.var(x)).collect();
        let y = sample.call(&x);
        if !y.needs_grad() {
            continue;
        }
        tried += 1;
        let mut rng = Rng::new(3);
        let root = (y * Tensor::randn(y.shape(), &mut rng)).sum();
        let directions = [(); 3].map(|()| -> Vec<_> {
            x.iter().map(|x| tape.constant(Tensor::randn(x.shape(), &mut rng))).collect()
        });
        // f ← ⟨∇f, u⟩, a function again.
        let derivative = |order: [usize; 3]| {
            let mut f = root;
            for u in order {
                let gradients = tape.grad(f, &x);
                f = gradients.iter().zip(&directions[u]).map(|(&g, &u)| (g * u).sum()).sum();
            }
            f.item()
        };
        let exact = derivative([0, 1, 2]);
        nonzero += usize::from(exact != 0.0);
        for order in [[1, 0, 2], [2, 1, 0], [1, 2, 0]] {
            let got = derivative(order);
            let close = (got - exact).abs() <= 1e-9 * (1.0 + exact.abs());
            assert!(close, "{}: {}: {got} in the order {order:?}, {exact}", sample.op, sample.call);
        }
    }
    assert!(tried > 150 && nonzero > 60, "{tried} samples, {nonzero} of them not 0");
}

/// Third derivatives known exactly, at 0.7, one for each kind of operation.
#[test]
fn third_derivatives_are_exact() {
    #[track_caller]
    fn check(f: impl for<'t> Fn(Var<'t, f64>) -> Var<'t, f64>, exact: impl Fn(f64) -> f64) {
        let tape = Tape::f64();
        let x = tape.var(0.7);
        let third = f(x).grad(x).grad(x).grad(x);
        let (got, exact) = (third.item(), exact(0.7));
        assert!((got - exact).abs() <= 1e-12 * (1.0 + exact.abs()), "{got} is not {exact}");
        // The last one by the fused way.
        let fused = f(x).grad(x).grad(x).backward()[x].item();
        assert!((fused - exact).abs() <= 1e-12 * (1.0 + exact.abs()), "{fused} is not {exact}, fused");
    }
    let six = |_: f64| 6.0;
    // y = tanh x: y‴ = −2(1 − y²)(1 − 3y²).
    let tanh = |x: f64| {
        let y = x.tanh();
        -2.0 * (1.0 - y * y) * (1.0 - 3.0 * y * y)
    };
    // y = sigmoid x: y‴ = y′(1 − 6y′) with y′ = y(1 − y).
    let sigmoid = |x: f64| {
        let s = 1.0 / (1.0 + (-x).exp());
        let slope = s * (1.0 - s);
        slope * (1.0 - 6.0 * slope)
    };
    // ln(1 + eˣ)‴ = y′(1 − 2y) with y = sigmoid x.
    let softplus = |x: f64| {
        let s = 1.0 / (1.0 + (-x).exp());
        s * (1.0 - s) * (1.0 - 2.0 * s)
    };
    // Elementwise
    check(|x| x.exp(), f64::exp);
    check(|x| x.ln(), |x| 2.0 / x.powi(3));
    check(|x| x.sin(), |x| -x.cos());
    check(|x| x.recip(), |x| -6.0 / x.powi(4));
    check(|x| x.sqrt(), |x| 0.375 * x.powf(-2.5));
    check(|x| x.tanh(), tanh);
    check(|x| x.sigmoid(), sigmoid);
    check(|x| x.softplus(), softplus);
    check(|x| x.powi(5), |x| 60.0 * x * x);
    check(|x| x.powf(2.5), |x| 1.875 / x.sqrt());
    check(|x| x.pow(x.detach() * 0.0 + 3.0), six);
    check(|x| x / (x + 1.0), |x| 6.0 / (x + 1.0).powi(4));
    check(|x| x * x * x - x, six);
    // Choices
    check(|x| x.powi(3).relu() + (-x.powi(3)).leaky_relu(0.5), |_| 6.0 - 3.0);
    check(|x| x.powi(3).maximum(0.1) + x.powi(3).minimum(0.1), six);
    check(|x| x.gt(0.0).where_cond(x.powi(3), x.exp()), six);
    check(|x| x.powi(3).clamp(-1.0, 1.0) + x.powi(3).abs(), |_| 12.0);
    // Products
    check(
        |x| {
            let m = x.reshape([1, 1]);
            m.matmul(m).matmul(m).matmul(m).sum()
        },
        |x| 24.0 * x,
    );
    check(
        |x| {
            let v = x.expand([1, 2]);
            v.linear(v * v, Some(x.reshape([1]))).sum() // 2x³ + x
        },
        |_| 12.0,
    );
    // Reductions
    check(|x| x.powi(3).expand([4]).mean() + x.powi(3).expand([2]).sum(), |_| 18.0);
    check(|x| x.expand([3]).prod(), six);
    check(|x| Var::stack(&[x.powi(3), -x.powi(3)], 0).variance(), |x| 120.0 * x.powi(3));
    check(|x| Var::stack(&[x.powi(3), x.powi(3) * 0.0], 0).norm(), six);
    check(|x| Var::stack(&[x.powi(3), x.powi(3) - 1.0], 0).max(), six);
    check(|x| Var::stack(&[x, -x], 0).logsumexp(), tanh_primitive);
    check(|x| Var::stack(&[x, x * 0.0], 0).softmax(0).slice(0, 0..1).sum(), sigmoid);
    check(|x| -Var::stack(&[x * 0.0, x], 0).log_softmax(0).slice(0, 0..1).sum(), softplus);
    check(|x| x.expand([3]).cumsum(0).prod(), |_| 36.0); // x·2x·3x
    // Entries moved about
    check(|x| Var::concat(&[x.reshape([1]), x.expand([2])], 0).prod(), six);
    check(|x| x.expand([1, 3]).permute([1, 0]).unsqueeze(1).squeeze(2).flatten().prod(), six);
    check(|x| (x.reshape([1]).index_select(0, &[0, 0, 0])).prod(), six);
    check(|x| x.expand([2, 1]).gather(0, [[1], [0], [1]]).prod(), six);
    check(|x| x.expand([3]).split(0, 1).into_iter().map(|x| x.powi(3).sum()).sum(), |_| 18.0);
    // Losses
    check(|x| mse(x.square(), 0.0), |x| 24.0 * x);
    check(|x| bce_with_logits(x, 0.0), softplus);
    check(|x| bce(x.sigmoid(), 0.0), softplus);
    check(|x| cross_entropy(Var::stack(&[x * 0.0, x], 0), Tensor::from([1.0, 0.0])), softplus);
    check(|x| huber(x.powi(3), 2.0), six_downwards);

    // (ln 2cosh x)‴ = (tanh x)″ = −2y(1 − y²).
    fn tanh_primitive(x: f64) -> f64 {
        let y = x.tanh();
        -2.0 * y * (1.0 - y * y)
    }
    // Where the error is beyond δ = 1, the loss is δ(2 − x³ − δ/2).
    fn six_downwards(_: f64) -> f64 {
        -6.0
    }
}
