//! What an engine of derivatives has to get right, told by the public tests of others. Each test
//! names where it comes from: T is PyTorch's test/test_autograd.py, H the tests of HIPS/autograd,
//! m micrograd with its issues and pull requests, mt minitorch's tests. The numbers count the list.
//!
//! Policy, where those differ: relu′(0) = 0; abs′(0) = 0; ties in max and min share the gradient
//! equally; the gradient of an input that the root does not depend on is `None` from `get`, a panic
//! that says so from `[]`, and a zero constant from the recorded `grad`; the branch of a choice that
//! was not taken gets exactly 0.
//!
//! What cannot arise here, and why:
//! - Several outputs (9, 62): an operation has one. `split` is a slice for each part, and 9 holds it.
//! - Several roots (14): going backward starts at one; a sum makes one of many.
//! - A tape that was freed (20), a seed of another element type (23), numbers that are no floats (35),
//!   parameters that change under a tape (38): these do not compile. The documentation of `Var`,
//!   `Var::backward_with`, `Float` and `wengert::params` shows each as an example that must fail.
//! - Gradients to be zeroed or half-written (18, 28, 30): a gradient is what `backward` returns.
//! - A mode to be restored (32): a tape is made in its mode and keeps it.
//! - Nothing kept that going backward does not need (37): a tape keeps every value as long as it
//!   lives, for handles are `Copy` and may ask for it; `Tape::scope` bounds that, and on an inference
//!   tape the operation itself goes too: see 33 and 37.
//! - Writing in place and views (34's second half, 39, 40, 41, 47, 48): a tensor is a shape and a
//!   buffer; nothing aliases it, and a value on a tape cannot be written to.
//! - Casts between element types (58): a tape has one.
#![allow(clippy::doc_lazy_continuation)] // a test's doc begins with its number, which is no list

mod common;

#[path = "behaviours/modes.rs"]
mod modes;

use common::panics;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wengert::ops;
use wengert::prelude::*;
use wengert::tape::{Keep, Op, Pullback};

// Graph and accumulation

/// 1. m test_engine.py test_more_ops, test_sanity_check: every node's value and adjoint.
#[test]
fn the_readme_of_micrograd_comes_out_to_every_node() {
    let file: Value = serde_json::from_str(include_str!("golden/micrograd_readme.json")).unwrap();
    for name in ["micrograd_readme", "micrograd_sanity"] {
        let nodes = file[name]["nodes"].as_array().unwrap();
        let tape = Tape::f64();
        let mut v: Vec<Var<f64>> = Vec::new();
        for node in nodes {
            let inputs: Vec<_> =
                node["par"].as_array().unwrap().iter().map(|i| v[i.as_u64().unwrap() as usize]).collect();
            let y = match (node["op"].as_str().unwrap(), &inputs[..]) {
                ("leaf" | "const", []) => tape.var(node["val"].as_f64().unwrap()),
                ("add", &[a, b]) => a + b,
                ("sub", &[a, b]) => a - b,
                ("mul", &[a, b]) => a * b,
                ("div", &[a, b]) => a / b,
                ("neg", &[a]) => -a,
                ("relu", &[a]) => a.relu(),
                ("powi2", &[a]) => a.powi(2),
                ("powi3", &[a]) => a.powi(3),
                (op, inputs) => panic!("{op} of {} inputs", inputs.len()),
            };
            v.push(y.keep_grad());
        }
        let grads = v[file[name]["root"].as_u64().unwrap() as usize].backward();
        for (v, node) in v.iter().zip(nodes) {
            let near = |got: f64, exact: &Value| {
                let exact = exact.as_f64().unwrap();
                assert!((got - exact).abs() <= 1e-13 * exact.abs(), "{name} {v:?}: {got} is not {exact}");
            };
            near(v.item(), &node["val"]);
            near(grads[*v].item(), &node["adj"]);
        }
    }
}

/// 1. The same expression as its README writes it.
#[test]
fn the_readme_of_micrograd_comes_out_as_written() {
    let tape = Tape::f64();
    let (a, b) = (tape.var(-4.0), tape.var(2.0));
    let mut c = a + b;
    let mut d = a * b + b.powi(3);
    c = c + (c + 1.0);
    c = c + (1.0 + c + (-a));
    d = d + (d * 2.0 + (b + a).relu());
    d = d + (3.0 * d + (b - a).relu());
    let e = c - d;
    let f = e.powi(2);
    let g = f / 2.0 + 10.0 / f;
    let grads = g.backward();
    let rounded = |x: f64| (x * 1e4).round() / 1e4;
    assert_eq!([g.item(), grads[a].item(), grads[b].item()].map(rounded), [24.7041, 138.8338, 645.5773]);
}

/// 2. m test_sanity_check; mt test_autodiff.py test_backprop3.
#[test]
fn a_leaf_used_twice_by_one_operation_gets_both_contributions() {
    let tape = Tape::f64();
    let z = tape.var(3.0);
    assert_eq!((z * z).backward()[z], 6.0);
    assert_eq!((z + z).backward()[z], 2.0);
    assert_eq!((z - z).backward()[z], 0.0);
    assert_eq!((z * z).grad(z).item(), 6.0);
    let m = tape.var([[1.0, 2.0], [3.0, 4.0]]);
    // d Σ(M·M)/dM = 1·Mᵀ + Mᵀ·1
    assert_eq!(m.matmul(m).sum().backward()[m], [[7.0, 11.0], [9.0, 13.0]]);
}

/// 3. m #2, m PR#64; mt test_backprop4.
#[test]
fn an_intermediate_value_used_twice_is_gone_through_once_with_the_sum() {
    let tape = Tape::f64();
    let a = tape.var(1.0);
    let b = a + a;
    let c = b + b;
    assert_eq!(c.backward()[a], 4.0);
    assert_eq!(c.grad(a).item(), 4.0);
}

/// 6. T test_backward_copy; H test_mutating_outgrad: one gradient handed to two inputs, each of
/// which adds to it in place, and a long way on which it waits.
#[test]
fn a_gradient_handed_to_several_inputs_is_shared_with_none() {
    let tape = Tape::new();
    let (x, y) = (tape.var(Tensor::ones([5, 5])), tape.var(Tensor::ones([5, 5])));
    let parts = [x + 2.0, y + 2.0, x + 2.0];
    let short = parts[0] + parts[1] + parts[2];
    let long = parts.map(|part| (0..4).fold(part, |part, _| part * 2.0));
    let out = short + (long[0] + long[1] + long[2]);
    let seed = tape.var(Tensor::ones([5, 5]));
    let grads = out.backward_with(seed.value());
    assert_eq!(grads[x], Tensor::full([5, 5], 34.0));
    assert_eq!(grads[y], Tensor::full([5, 5], 17.0));
    let recorded = tape.grad_with(out, seed, &[x, y]);
    assert_eq!(recorded[0].value(), grads[x]);
    assert_eq!(recorded[1].value(), grads[y]);
    assert_eq!(seed.value(), Tensor::ones([5, 5]), "the seed is nobody's buffer");
}

/// 7. T test_backward; H test_grad_identity.
#[test]
fn the_gradient_of_a_root_that_is_a_leaf_is_the_seed() {
    let tape = Tape::new();
    let x = tape.var([1.0, 2.0]);
    assert_eq!(x.backward_with([3.0, -4.0])[x], [3.0, -4.0]);
    let x = tape.var(7.0);
    assert_eq!(x.backward()[x], 1.0);
    assert_eq!(x.grad(x).item(), 1.0);
}

/// 8, 10. H test_grad_const; T test_grad_unreachable, test_grad_materialize_grads.
#[test]
fn an_input_that_the_root_does_not_depend_on_has_no_gradient_and_a_recorded_one_of_zero() {
    let tape = Tape::new();
    let (x, z) = (tape.var([1.0, 2.0]), tape.var([3.0, 4.0]));
    let y = (z * 2.0).sum();
    let grads = y.backward();
    assert!(grads.get(x).is_none());
    panics(|| grads[x].clone(), &["v0 (var)", "does not depend on it", "`get` gives None"]);
    let recorded = y.grad(x);
    assert_eq!(recorded.value(), [0.0, 0.0]);
    assert!(!recorded.needs_grad(), "a constant");
    // A root that is a constant altogether.
    assert_eq!(tape.constant(5.0).grad(x).value(), [0.0, 0.0]);
    // What was recorded after the root cannot be below it.
    let later = tape.var(1.0);
    assert!(grads.get(later).is_none());
    panics(|| grads[later].clone(), &["recorded after the root"]);
    assert_eq!(y.grad(later).item(), 0.0);
}

/// 9. T test_unused_output.
#[test]
fn a_part_of_a_split_that_nobody_uses_counts_as_zero() {
    let tape = Tape::new();
    let x = tape.var([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    let parts = x.split(0, 1);
    let y = (parts[0] * 2.0 + parts[2] * 3.0).sum();
    assert_eq!(y.backward()[x], [[2.0, 2.0], [0.0, 0.0], [3.0, 3.0]]);
}

/// The identity, whose rule leaves a note when it runs.
#[derive(Debug)]
struct Spy {
    number: usize,
    notes: Notes,
}

type Notes = Rc<RefCell<Vec<usize>>>;

fn spied<'t, T: Float>(x: Var<'t, T>, number: usize, notes: &Notes) -> Var<'t, T> {
    x.tape().record(Spy { number, notes: notes.clone() }, &[x])
}

impl<T: Float> Op<T> for Spy {
    fn name(&self) -> &'static str {
        "spy"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        Ok(x[0].clone())
    }
    fn forward(&self, x: &[&Tensor<T>], _: Shape, _: &mut Keep<T>) -> Tensor<T> {
        x[0].clone()
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        self.notes.borrow_mut().push(self.number);
        p.pull(0, || g);
    }
}

/// What the spies have noted; the notes are taken away.
fn noted(notes: &RefCell<Vec<usize>>) -> Vec<usize> {
    std::mem::take(&mut notes.borrow_mut())
}

/// 11. T test_grad_unreachable_discovery, test_backward_with_inputs.
#[test]
fn a_rule_that_no_asked_input_needs_does_not_run() {
    let notes = Notes::default();
    let tape = Tape::f64();
    let (x, z, c) = (tape.var(1.0), tape.var(2.0), tape.constant(3.0));
    let root = spied(x, 0, &notes) * spied(z, 1, &notes) + spied(c, 2, &notes);
    let _after = spied(root, 3, &notes);
    assert_eq!(root.grad(x).item(), 2.0);
    assert_eq!(noted(&notes), [0]);
    let _ = root.backward();
    assert_eq!(noted(&notes), [1, 0]);
}

/// 11. An input that needs no gradient costs its rule nothing: what is lazy is not called.
#[test]
fn a_gradient_that_no_input_needs_is_not_computed() {
    #[derive(Debug)]
    struct Product(Notes);
    impl<T: Float> Op<T> for Product {
        fn name(&self) -> &'static str {
            "product"
        }
        fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
            Ok(x[0].clone())
        }
        fn forward(&self, x: &[&Tensor<T>], _: Shape, _: &mut Keep<T>) -> Tensor<T> {
            Tensor::scalar(x[0].item() * x[1].item())
        }
        fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
            for (i, other) in [(0, 1), (1, 0)] {
                p.pull(i, || {
                    self.0.borrow_mut().push(i);
                    g * p.x(other)
                });
            }
        }
    }
    let notes = Notes::default();
    let tape = Tape::f64();
    let (x, z, c) = (tape.var(2.0), tape.var(5.0), tape.constant(3.0));
    assert_eq!(tape.record(Product(notes.clone()), &[c, x]).backward()[x], 3.0);
    assert_eq!(noted(&notes), [1]);
    assert_eq!(tape.record(Product(notes.clone()), &[x, z]).grad(x).item(), 5.0);
    assert_eq!(noted(&notes), [0]);
}

/// 15. T test_isolated_node.
#[test]
fn a_branch_without_derivative_does_not_disturb_the_one_beside_it() {
    let tape = Tape::new();
    let x = tape.var([[1.0, 3.0, 2.0]]);
    let y = (x * 2.0).sum() + x.argmax(1).sum() + x.sign().sum() + x.gt(1.5).sum();
    assert_eq!(y.item(), 12.0 + 1.0 + 3.0 + 2.0);
    assert_eq!(y.backward()[x], [[2.0, 2.0, 2.0]]);
    assert_eq!(y.grad(x).value(), [[2.0, 2.0, 2.0]]);
}

/// 16. T test_current_graph_task_execution_order.
#[test]
fn rules_run_in_the_reverse_order_of_the_tape_every_time() {
    let notes = Notes::default();
    let tape = Tape::f64();
    let x = tape.var(1.0);
    let mut values = vec![x];
    for number in 0..40 {
        // Each from two of those before, so that many orders would be possible.
        let a = values[number / 2];
        let b = values[number * 7 % values.len()];
        values.push(spied(a + b, number, &notes));
    }
    let root: Var<f64> = values.iter().copied().sum();
    let first = root.backward();
    let expected: Vec<usize> = (0..40).rev().collect();
    assert_eq!(noted(&notes), expected);
    for _ in 0..3 {
        assert_eq!(root.backward()[x], first[x]);
        assert_eq!(noted(&notes), expected);
        assert_eq!(root.grad(x).value(), first[x]);
        assert_eq!(noted(&notes), expected);
    }
}

// Calling backward

/// 18, 19, 20. T test_accumulate_grad, test_backward_twice_retained_graph_with_saved_values;
/// m#53, m PR#102: the adjoints of the first pass must not leak into the second (3 instead of 2).
#[test]
fn going_backward_again_gives_the_same_again() {
    let mut params = Params::<f64>::new();
    let w = params.add("w", [2.0, 3.0]);
    let tape = Tape::eval(&params);
    let double = (tape.param(w) * 2.0).keep_grad();
    let root = double.square().sum() + double.sum();
    let (first, second) = (root.backward(), root.backward());
    assert_eq!(first[w], [18.0, 26.0]);
    assert_eq!(second[w], first[w]);
    assert_eq!(second[double], [9.0, 13.0]);
    assert_eq!(second[double], first[double]);
    assert_eq!((first + second)[w], [36.0, 52.0], "the sum is exactly twice one");
}

/// 21. T test_gradient_edge_output, test_backward_no_grad.
#[test]
fn a_root_of_several_numbers_needs_a_seed() {
    let tape = Tape::new();
    let x = tape.var([1.0, 2.0]);
    let y = x * 2.0;
    let parts = ["starts at a single number", "v2 has shape [2]", "backward_with"];
    panics(|| y.backward(), &parts);
    panics(|| y.grad(x), &parts);
    // One number in any shape is one number; none is not.
    assert_eq!(y.sum_keepdim(0).backward()[x], [2.0, 2.0]);
    panics(|| tape.var(Tensor::zeros([0])).backward(), &["has shape [0]"]);
}

/// 22. T test_backward, test_hessian_vector.
#[test]
fn a_seed_multiplies_the_transposed_jacobian() {
    let tape = Tape::f64();
    let (x, z) = (tape.var([[1.0, 2.0], [3.0, 4.0]]), tape.var([[5.0, 6.0], [7.0, 8.0]]));
    let seed = [[1.0, -2.0], [0.5, 3.0]];
    let y = x * x + x * z + z * z;
    let grads = y.backward_with(seed);
    assert_eq!(grads[x], [[7.0, -20.0], [6.5, 48.0]]); // seed·(2x + z)
    assert_eq!(grads[z], [[11.0, -28.0], [8.5, 60.0]]); // seed·(x + 2z)
    // The same seed twice: seed·seed·(2, 1; 1, 2)·(1, 1) = 3 seed².
    let first = tape.grad_with(y, tape.constant(seed), &[x, z]);
    let again = tape.grad_with(first[0] + first[1], tape.constant(seed), &[x, z]);
    let expected = [[3.0, 12.0], [0.75, 27.0]];
    assert_eq!((again[0].value(), again[1].value()), (expected.into(), expected.into()));
}

/// 23. T test_grad.
#[test]
fn a_seed_of_another_shape_is_refused_with_both_shapes() {
    let tape = Tape::new();
    let x = tape.var([[1.0, 2.0, 3.0]]);
    let y = x * 2.0;
    panics(|| y.backward_with([1.0, 1.0, 1.0]), &["seed has shape [3]", "[1, 3]"]);
    let seed = tape.constant(1.0);
    panics(|| tape.grad_with(y, seed, &[x]), &["seed has shape []", "[1, 3]"]);
}

/// 24. T test_gradcheck_backward_mul_by_grad_output: at every sample of every operation.
#[test]
fn going_backward_is_linear_in_the_seed_and_a_zero_seed_gives_zeros() {
    let mut tried = 0;
    for sample in ops::registry() {
        let tape = Tape::f64();
        let x: Vec<Var<f64>> = sample.inputs.iter().map(|x| tape.var(x)).collect();
        let y = sample.call(&x);
        if !y.needs_grad() {
            continue;
        }
        let mut rng = Rng::new(24);
        let seeds = [(); 2].map(|()| Tensor::<f64>::randn(y.shape(), &mut rng));
        let of = |seed: Tensor<f64>| {
            let grads = y.backward_with(seed);
            x.iter().map(|&x| grads.get(x).cloned().unwrap_or(Tensor::zeros(x.shape()))).collect::<Vec<_>>()
        };
        let [a, b] = seeds.clone().map(of);
        if !a.iter().all(Tensor::is_finite) {
            continue; // At a pole 0·∞ arises.
        }
        tried += 1;
        let zero = of(Tensor::zeros(y.shape()));
        assert!(zero.iter().all(|g| g.data().iter().all(|&g| g == 0.0)), "{}: {zero:?}", sample.call);
        // A power of two leaves every rounding as it is.
        let doubled = of(seeds[0].map(|s| 2.0 * s));
        let twice: Vec<_> = a.iter().map(|g| g.map(|g| 2.0 * g)).collect();
        assert_eq!(doubled, twice, "{}", sample.call);
        let sum = of(Tensor::from_fn(y.shape(), |i| seeds[0].data()[i] + seeds[1].data()[i]));
        for (sum, (a, b)) in sum.iter().zip(a.iter().zip(&b)) {
            for (sum, (a, b)) in sum.data().iter().zip(a.data().iter().zip(b.data())) {
                let scale = 1.0 + a.abs() + b.abs();
                assert!((sum - (a + b)).abs() <= 1e-12 * scale, "{}: {sum} is not {a} + {b}", sample.call);
            }
        }
    }
    assert!(tried > 100, "{tried} samples");
}

/// 14, 25. T test_multi_backward_no_grad, test_backward_badcalls, test_grad_badcalls,
/// test_grad_empty_inputs.
#[test]
fn what_has_no_gradient_says_so() {
    let tape = Tape::new();
    let (x, c) = (tape.var(2.0), tape.constant(3.0));
    let y = x * c;
    panics(|| c.backward(), &["backward: v1 depends on no variable"]);
    panics(|| (c * 2.0).backward(), &["depends on no variable"]);
    panics(|| y.detach().backward(), &["depends on no variable"]);
    panics(|| y.grad(c), &["grad: v1 is a constant"]);
    let grads = y.backward();
    assert!(grads.get(c).is_none());
    panics(|| grads[c].clone(), &["v1 (constant) has no gradient: it is a constant"]);
    // Nothing asked, nothing given.
    assert!(tape.grad(y, &[]).is_empty());
}

/// 26, 29. T test_grad_nonleaf, test_backward_with_nonleaf_inputs, test_grad_nonleaf_many_outputs,
/// test_tensor_grad_warnings.
#[test]
fn the_gradient_of_an_intermediate_value_is_there_for_the_asking() {
    let tape = Tape::f64();
    let x = tape.var([2.0, 3.0]);
    let square = x * x;
    let y = (square * square).sum();
    let grads = y.backward();
    assert!(grads.get(square).is_none());
    panics(|| grads[square].clone(), &["v1 (mul) was not kept", "keep_grad"]);
    // Recorded, it needs no preparation, and may be asked for beside what it is made from.
    let recorded = tape.grad(y, &[square, x, y]);
    assert_eq!(recorded[0].value(), [8.0, 18.0]);
    assert_eq!(recorded[1].value(), [32.0, 108.0]);
    assert_eq!(recorded[2].value(), 1.0);
    // Asking twice is asking once.
    let _ = square.keep_grad().keep_grad();
    let grads = y.backward();
    assert_eq!(grads[square], [8.0, 18.0]);
    assert_eq!(grads[x], [32.0, 108.0]);
}

/// x², whose rule panics while it is told to, having recorded and pulled something.
#[derive(Debug)]
struct Touchy(Rc<Cell<bool>>);

impl<T: Float> Op<T> for Touchy {
    fn name(&self) -> &'static str {
        "touchy"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        Ok(x[0].clone())
    }
    fn forward(&self, x: &[&Tensor<T>], _: Shape, _: &mut Keep<T>) -> Tensor<T> {
        x[0].map(|x| x * x)
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        p.pull(0, || g * (p.x(0) + p.x(0)));
        assert!(!self.0.get(), "this rule fails today");
    }
}

/// 28, 32. T test_custom_function_exception, _test_reentrant_parent_error_on_cpu.
#[test]
fn a_rule_that_panics_leaves_the_tape_as_it_was() {
    let fails = Rc::new(Cell::new(true));
    let tape = Tape::f64();
    let x = tape.var([1.0, 2.0]);
    let y = (tape.record(Touchy(fails.clone()), &[x * 3.0]) * x).sum(); // 9x³
    let nodes = tape.len();
    for _ in 0..2 {
        panics(|| y.backward(), &["this rule fails today"]);
        assert_eq!(tape.len(), nodes);
        panics(|| y.grad(x), &["this rule fails today"]);
        assert_eq!(tape.len(), nodes);
    }
    fails.set(false);
    assert_eq!(y.backward()[x], [27.0, 108.0]);
    let slope = y.grad(x);
    assert_eq!(slope.value(), [27.0, 108.0]);
    assert_eq!(slope.sum().backward()[x], [54.0, 108.0], "rules are kept again");
}

/// 30. T test_accumulate_grad_tensor_reference.
#[test]
fn gradients_are_added_in_place_and_start_from_nothing_every_time() {
    let mut params = Params::<f64>::new();
    let w = params.add("w", [1.0, 2.0]);
    let unused = params.add("unused", 1.0);
    let once = || {
        let tape = Tape::eval(&params);
        tape.param(w).square().sum().backward()
    };
    let mut sum = once();
    let buffer = sum[w].data().as_ptr();
    for n in 2..5 {
        sum += once();
        let n = f64::from(n);
        assert_eq!(sum[w], [2.0 * n, 4.0 * n]);
        assert_eq!(sum[w].data().as_ptr(), buffer, "the same buffer");
    }
    assert!(sum.param(unused).is_none());
    assert_eq!(once()[w], [2.0, 4.0]);
}
