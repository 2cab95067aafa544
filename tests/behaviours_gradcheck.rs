//! What an engine of derivatives has to get right about shapes, special points and higher orders,
//! told by the public tests of others; `behaviours.rs` has the rest and says where they come from.
//!
//! Held elsewhere, by the same numbers:
//! - 42, slices: every entry that a slice, `gather` or `concat` leaves out gets 0 (the samples of `sweep.rs`).
//! - 54, 56, kinks, ties and guarded branches: `behaviours/modes.rs`, and the samples with exact gradients.
//! - 57, the first NaN, forward and backward, and without a watch none: `viz_watch.rs`.
//! - 61, memory and threads: `allocations.rs`, `promises.rs`.
//! - 63, rules that are wrong: `engine.rs`; an operation without a rule does not compile (`Op`); what a fused rule has
//!   put by lives as long as its node.
//! - 64, hooks in order and on leaves: `engine.rs`.
//! - 66, the checker's own failures: `gradcheck.rs`.
#![allow(clippy::doc_lazy_continuation)] // a test's doc begins with its number, which is no list

mod common;

use common::{panic_text, panics};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wengert::grad::hvp;
use wengert::ops;
use wengert::prelude::*;
use wengert::tape::{Keep, Op, Point, Pullback, Slots};

/// 43. T: opinfo core.py sample_inputs_elementwise_binary; mt test_two_grad_broadcast.
#[test]
fn broadcast_operands_get_gradients_of_their_own_shape() {
    let pairs: [(&[usize], &[usize]); 9] = [
        (&[], &[]),
        (&[5], &[]),
        (&[5, 3], &[]),
        (&[5, 3], &[3]),
        (&[5, 3], &[5, 1]),
        (&[5, 3], &[5, 3]),
        (&[5, 1, 3], &[1, 4, 3]),
        (&[1, 3], &[5, 1]),
        (&[3], &[2, 5, 3]),
    ];
    let mut rng = Rng::new(43);
    for (a, b) in pairs.into_iter().flat_map(|(a, b)| [(a, b), (b, a)]) {
        let (x, y) = (Tensor::rand_in(0.5, 1.5, a, &mut rng), Tensor::rand_in(0.5, 1.5, b, &mut rng));
        gradcheck(|[x, y]| x * y, [&x, &y]).unwrap();
        gradcheck(|[x, y]| x / y, [&x, &y]).unwrap();
        let tape = Tape::f64();
        let (x, y) = (tape.var(x), tape.var(y));
        let gradients = (x - y).sum().backward();
        assert_eq!((gradients[x].shape().dims(), gradients[y].shape().dims()), (a, b));
    }
}

/// 44. T: test_function_returns_input; H: test_singleton_array_output.
#[test]
fn a_number_and_a_list_of_one_number_stay_apart() {
    for shape in [vec![], vec![1]] {
        let tape = Tape::f64();
        let x = tape.var(Tensor::full(shape.clone(), 3.0));
        let y = x * x;
        assert_eq!(y.shape().to_vec(), shape);
        let gradient = y.sum().backward()[x].clone();
        assert_eq!((gradient.shape().to_vec(), gradient.data()[0]), (shape, 6.0));
    }
    let tape = Tape::f64();
    let x = tape.var([3.0]);
    for (y, shape) in [(x.sum_axis(0), &[][..]), (x.sum_keepdim(0), &[1]), (x.sum(), &[])] {
        assert_eq!(y.shape().dims(), shape);
        assert_eq!(y.backward()[x], [1.0], "of x's shape");
        assert_eq!(y.grad(x).value(), [1.0]);
    }
}

/// 45. T: test_accumulate_grad_with_zero_numel_grad.
#[test]
fn tensors_without_entries_have_gradients() {
    let tape = Tape::f64();
    let (a, b) = (tape.var(Tensor::ones([4, 0])), tape.var(Tensor::ones([4, 1])));
    let y = a + b;
    assert_eq!(y.shape().dims(), [4, 0]);
    let gradients = y.sum().backward();
    assert_eq!(gradients[a], Tensor::zeros([4, 0]));
    assert_eq!(gradients[b], Tensor::zeros([4, 1]));
    assert_eq!(a.sum().item(), 0.0);
    assert!(a.mean().item().is_nan());
}

/// 49. cs249r_book#1781; needle test_matmul_batched_backward.
#[test]
fn products_of_every_pair_of_ranks_have_right_gradients() {
    let mut rng = Rng::new(49);
    let rows: [(&[usize], &[usize], &[usize]); 8] = [
        (&[3], &[3], &[]),
        (&[3], &[3, 2], &[2]),
        (&[4, 3], &[3], &[4]),
        (&[4, 3], &[3, 2], &[4, 2]),
        (&[5, 4, 3], &[3, 2], &[5, 4, 2]),
        (&[5, 4, 3], &[5, 3, 2], &[5, 4, 2]),
        (&[5, 1, 4, 3], &[6, 3, 2], &[5, 6, 4, 2]),
        (&[4, 3], &[5, 3, 2], &[5, 4, 2]),
    ];
    for (a, b, y) in rows {
        let (a, b) = (Tensor::<f64>::randn(a, &mut rng), Tensor::<f64>::randn(b, &mut rng));
        let tape = Tape::f64();
        assert_eq!(tape.var(&a).matmul(tape.var(&b)).shape().dims(), y);
        gradcheck(|[a, b]| a.matmul(b), [a, b]).unwrap();
    }
}

/// 51. T: opinfo _generate_reduction_kwargs; needle test_summation_backward.
#[test]
fn reductions_along_every_axis_have_right_gradients() {
    let x = Tensor::randn([2, 3, 4], &mut Rng::new(51));
    for axis in [-3isize, -2, -1, 0, 1, 2] {
        gradcheck(|[x]| x.sum_axis(axis).sin(), [&x]).unwrap();
        gradcheck(|[x]| x.sum_keepdim(axis) * x, [&x]).unwrap();
        gradcheck(|[x]| x.mean_axis(axis).exp(), [&x]).unwrap();
    }
    for axes in [[0, 1], [0, -1], [-2, 2]] {
        gradcheck(|[x]| x.sum_axis(axes).sin(), [&x]).unwrap();
        gradcheck(|[x]| x.mean_keepdim(axes) * x, [&x]).unwrap();
        gradcheck(|[x]| x.logsumexp_axis(axes) * x.max_axis(axes), [&x]).unwrap();
    }
    gradcheck(|[x]| x.sum() + x.mean(), [2.0]).unwrap();
}

/// 53. T: test_pow_zero_tensor_gradient; H: test_power_arg0, test_power_arg1_zero.
#[test]
fn powers_at_zero_have_the_derivatives_of_their_limits() {
    let tape = Tape::f64();
    let x = tape.var([-1.0, 0.0, 2.0]);
    assert_eq!(x.powi(0).sum().backward()[x], [0.0; 3]);
    assert_eq!(x.powf(0.0).sum().backward()[x], [0.0; 3]);
    assert_eq!(x.powi(0).sum().grad(x).value(), [0.0; 3]);
    assert_eq!(x.powf(0.0).sum().grad(x).value(), [0.0; 3]);
    let (base, b) = (tape.constant([0.0; 3]), tape.var([-1.0, 0.0, 1.0]));
    assert_eq!(base.pow(b).sum().backward()[b], [f64::NEG_INFINITY, 0.0, 0.0]);
    assert_eq!(base.pow(b).sum().grad(b).value(), [f64::NEG_INFINITY, 0.0, 0.0]);
}

/// 65. T: test_hessian_vector, test_grad; H: test_third_derivative, test_enclosing_scope_ref.
#[test]
fn derivatives_of_derivatives_are_those_of_the_formula() {
    let tape = Tape::f64();
    let (x, y) = (tape.var(2.0), tape.var(1.0));
    let f = x * x + x * y + y * y;
    let first = tape.grad(f, &[x, y]);
    assert_eq!((first[0].item(), first[1].item()), (5.0, 4.0));
    // H·(1, 1) = (2 + 1, 1 + 2), the same everywhere.
    fn form(v: Var<'_, f64>) -> Var<'_, f64> {
        let (x, y) = (v.slice(0, 0..1), v.slice(0, 1..2));
        (x * x + x * y + y * y).sum()
    }
    assert_eq!(hvp(form, [2.0, 1.0], [1.0, 1.0]), [3.0, 3.0]);
    assert_eq!(x.powi(3).grad(x).grad(x).grad(x).item(), 6.0);
    // x · d/dz (x + z) at z = 1, differentiated by x: 1, and not 2 as when the two are confused.
    let z = tape.var(1.0);
    assert_eq!((x * (x + z).grad(z)).grad(x).item(), 1.0);
    // What has a first derivative only refuses the second, and still has the first.
    let cube = x.apply("cube", |x| x * x * x, |x| 3.0 * x * x);
    panics(|| cube.grad(x).grad(x), &["`cube` was given a first derivative only"]);
    assert_eq!(cube.grad(x).item(), 12.0);
}

/// 42. T: test_setitem, with an array put together anew in place of the write.
#[test]
fn entries_that_were_replaced_get_zero_and_the_new_ones_their_part() {
    let tape = Tape::f64();
    let (x, new) = (tape.var([1.0, 2.0, 3.0, 4.0]), tape.var([10.0, 20.0]));
    let y = Var::concat([x.slice(0, 0..1), new, x.slice(0, 3..4)], 0);
    let gradients = (y * Tensor::from([1.0, 2.0, 3.0, 4.0])).sum().backward();
    assert_eq!(gradients[x], [1.0, 0.0, 0.0, 4.0]);
    assert_eq!(gradients[new], [2.0, 3.0]);
}

/// 57. T: test_anomaly_detect_nan; pytorch#160016: a loss that is NaN itself.
#[test]
fn a_loss_that_is_nan_is_named_where_it_arises() {
    let tape = Tape::f64();
    tape.watch();
    let (p, line) = (tape.var([1.5, 0.5]), line!() + 1);
    let text = panic_text(|| bce(p, Tensor::from([1.0, 0.0])));
    assert!(text.starts_with("bce: the result is NaN at [0]\n"), "{text}");
    assert!(text.ends_with(&format!("at tests/behaviours_gradcheck.rs:{line}")), "{text}");
}

/// 59. T: test_free_deep_graph, test_free_deep_graph_complicated; m PR#90. Where a recursion as
/// deep as the tape would not fit.
#[test]
fn long_chains_are_built_gone_through_and_dropped_on_a_small_stack() {
    let chain = || {
        let tape = Tape::f64();
        let x = tape.var(1.0);
        let y = (0..150_000).fold(x, |y, _| y + y * 1e-6);
        let exact = (150_000.0 * 1e-6f64.ln_1p()).exp();
        assert!((y.backward()[x].item() - exact).abs() < 1e-9, "{}", y.backward()[x].item());
        drop(tape);
        // Each value also from one long before it: the mean of two values of slope 1.
        let tape = Tape::f64();
        let x = tape.var(1.0);
        let mut values = vec![x];
        for i in 0..100_000 {
            values.push((values[i] + values[i / 2]) * 0.5);
        }
        assert!((values[100_000].backward()[x].item() - 1.0).abs() < 1e-12);
    };
    std::thread::Builder::new().stack_size(256 << 10).spawn(chain).unwrap().join().unwrap();
}

/// y = c·x²·m, where m needs no gradient. What the forward computation puts by, 2cxm, is for the
/// fused rule.
#[derive(Debug)]
struct Masked {
    factor: f64,
    /// How often a gradient was computed for the mask; and what a dropped tape is to let go of.
    for_mask: Rc<Cell<u32>>,
}

impl Op<f64> for Masked {
    fn name(&self) -> &'static str {
        "masked"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        Ok(x[0].clone())
    }
    fn forward(&self, x: &[&Tensor<f64>], shape: Shape, keep: &mut Keep<f64>) -> Tensor<f64> {
        let (x, m) = (x[0].data(), x[1].data());
        keep.put(Tensor::from_fn(shape.clone(), |i| 2.0 * self.factor * x[i] * m[i]));
        Tensor::from_fn(shape, |i| self.factor * x[i] * x[i] * m[i])
    }
    fn vjp<'t>(&self, p: &Pullback<'t, f64>, g: Var<'t, f64>) {
        p.pull(0, || g * p.x(0) * p.x(1) * (2.0 * self.factor));
        p.pull(1, || {
            self.for_mask.set(self.for_mask.get() + 1);
            g * p.x(0).square() * self.factor
        });
    }
    fn vjp_into(&self, at: &Point<'_, f64>, g: &mut Tensor<f64>, dx: &mut Slots<'_, f64>) -> bool {
        if dx.wants(1) {
            return false;
        }
        dx.add(0, Tensor::from_fn(g.shape(), |i| g.data()[i] * at.kept().data()[i]));
        true
    }
}

/// 62. T: test_function, test_custom_function_non_tensor_inputs_outputs, test_save_none_for_backward.
/// 61. T: test_retain_grad_cycle.
#[test]
fn an_operation_of_ones_own_has_constants_kept_values_and_inputs_without_gradient() {
    let for_mask = Rc::new(Cell::new(0));
    let tape = Tape::f64();
    let (x, m) = (tape.var([1.0, -2.0, 3.0]), tape.constant([1.0, 0.0, 1.0]));
    let y = tape.record(Masked { factor: 0.5, for_mask: for_mask.clone() }, &[x, m]);
    assert_eq!(y.value(), [0.5, 0.0, 4.5]);
    let grads = y.sum().backward();
    assert_eq!(grads[x], [1.0, 0.0, 3.0]);
    assert!(grads.get(m).is_none());
    assert_eq!(y.sum().grad(x).value(), [1.0, 0.0, 3.0]);
    assert_eq!(y.sum().grad(x).sum().grad(x).value(), [1.0, 0.0, 1.0]);
    assert_eq!(for_mask.get(), 0, "nobody asked for it");
    let free = tape.var([1.0, 0.0, 1.0]);
    let y = tape.record(Masked { factor: 0.5, for_mask: for_mask.clone() }, &[x, free]);
    assert_eq!(y.sum().backward()[free], [0.5, 2.0, 4.5]);
    assert_eq!(for_mask.get(), 1);
    tape.hook(y, {
        let held = for_mask.clone();
        move |g| g * f64::from(held.get())
    });
    assert_eq!(Rc::strong_count(&for_mask), 4);
    drop(tape);
    assert_eq!(Rc::strong_count(&for_mask), 1, "a dropped tape lets go of operations and hooks");
}

/// The input itself as the result, with a rule of which much can be asked.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Same {
    /// x̄ = 2ȳ.
    Twice,
    /// The fused rule gives a gradient of another shape.
    OtherShape,
    /// The fused rule gives a gradient to an input that is not there.
    OtherInput,
    /// No derivative to speak of.
    Steps,
}

impl Op<f64> for Same {
    fn name(&self) -> &'static str {
        "same"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        Ok(x[0].clone())
    }
    fn forward(&self, x: &[&Tensor<f64>], _: Shape, _: &mut Keep<f64>) -> Tensor<f64> {
        x[0].clone()
    }
    fn vjp<'t>(&self, p: &Pullback<'t, f64>, g: Var<'t, f64>) {
        p.pull(0, || g * 2.0);
    }
    fn vjp_into(&self, _: &Point<'_, f64>, g: &mut Tensor<f64>, dx: &mut Slots<'_, f64>) -> bool {
        match self {
            Same::OtherShape => dx.add(0, Tensor::zeros([3])),
            Same::OtherInput => dx.add(1, g.clone()),
            Same::Twice | Same::Steps => return false,
        }
        true
    }
    fn differentiable(&self) -> bool {
        *self != Same::Steps
    }
}

/// 62. T: test_function_returns_input, test_return_leaf.
#[test]
fn an_operation_may_return_its_input_and_has_its_own_gradient() {
    for shape in [vec![], vec![1], vec![2, 2]] {
        let tape = Tape::f64();
        let x = tape.var(Tensor::full(shape.clone(), 3.0));
        let y = tape.record(Same::Twice, &[x]);
        assert_eq!(y.value(), x.value());
        assert_eq!(y.sum().backward()[x], Tensor::full(shape.clone(), 2.0));
        assert_eq!((y + x).sum().backward()[x], Tensor::full(shape, 3.0), "beside the input itself");
    }
}

/// 63. T: test_custom_function_error, test_mark_non_differentiable, test_mark_non_differentiable_mixed;
/// ChainRulesTestUtils.
#[test]
fn fused_rules_that_are_wrong_are_named_and_what_has_no_derivative_is_constant() {
    let tape = Tape::f64();
    let x = tape.var([1.0, 2.0]);
    let shape = tape.record(Same::OtherShape, &[x]).sum();
    panics(|| shape.backward(), &["same: its rule gave input 0, of shape [2], a gradient of shape [3]"]);
    let input = tape.record(Same::OtherInput, &[x]).sum();
    panics(|| input.backward(), &["same: its rule gave a gradient to input 1, the operation has 1"]);
    let steps = tape.record(Same::Steps, &[x]);
    assert!(!steps.needs_grad());
    panics(|| steps.sum().backward(), &["depends on no variable"]);
    assert_eq!((steps * x).sum().backward()[x], [1.0, 2.0], "constant beside x");
}

/// 64. T: test_hooks, with its counts and factors.
#[test]
fn hooks_run_once_a_pass_and_can_be_taken_off() {
    let tape = Tape::f64();
    let x = tape.var(Tensor::ones([5, 5]));
    let y = (x * 2.0).keep_grad();
    let count = Rc::new(Cell::new(0));
    let hook = |by: u32, factor: f64| {
        let count = count.clone();
        tape.hook(y, move |g| {
            count.set(count.get() + by);
            g * factor
        })
    };
    let gradient = |y: Var<'_, f64>| y.sum().backward()[x].data()[0];
    hook(1, 1.0);
    assert_eq!((gradient(y), count.get()), (2.0, 1));
    let second = hook(2, 1.0);
    assert_eq!((gradient(y), count.get()), (2.0, 4));
    tape.unhook(second);
    assert_eq!((gradient(y), count.get()), (2.0, 5));
    hook(0, 2.0);
    assert_eq!(gradient(y), 2.0 * 2.0);
    hook(0, 2.0);
    assert_eq!(gradient(y), 2.0 * 4.0);
}

/// 64. T: test_post_accumulate_grad_hook_e2e: what a hook on a leaf sees is complete, and enough
/// to step by.
#[test]
fn an_optimizer_can_be_a_hook_on_a_leaf() {
    fn loss(w: Var<'_, f64>) -> Var<'_, f64> {
        (w * w).sum() + (w * 3.0).sum()
    }
    let stepped = Rc::new(RefCell::new(Tensor::from([1.0, -2.0])));
    let mut params = Params::<f64>::new();
    let w = params.add("w", [1.0, -2.0]);
    let mut sgd = Sgd::new(0.1);
    for _ in 0..5 {
        let grads = loss(Tape::eval(&params).param(w)).backward();
        sgd.step(&mut params, &grads);

        let tape = Tape::f64();
        let leaf = tape.var(&*stepped.borrow());
        let target = stepped.clone();
        tape.hook(leaf, move |g| {
            let g_now = g.value();
            let mut w = target.borrow_mut();
            w.data_mut().iter_mut().zip(g_now.data()).for_each(|(w, g)| *w -= 0.1 * g);
            g
        });
        let _ = loss(leaf).backward();
        assert_eq!(*stepped.borrow(), params[w]);
    }
}

/// The registry has a sample for each of the special points and shapes.
#[test]
fn the_samples_reach_numbers_empty_arrays_and_special_points() {
    let samples = ops::registry();
    let any = |shape: &dyn Fn(&[usize]) -> bool| {
        samples.iter().any(|sample| sample.inputs.iter().any(|x| shape(x.shape().dims())))
    };
    assert!(any(&|dims| dims.is_empty()) && any(&|dims| dims.contains(&0)) && any(&|dims| dims == [1]));
    let special = samples.iter().filter(|sample| sample.gradients.is_some()).count();
    assert!(special >= 20, "{special} samples state their gradients");
}
