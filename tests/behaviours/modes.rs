//! Behaviours 31 to 37: what is recorded, kept and differentiated on which tape; and the policy.

use super::common::{panic_text, panics};
use super::{Notes, noted, spied};
use std::rc::Rc;
use wengert::prelude::*;

/// 31. T test_no_grad.
#[test]
fn an_inference_tape_keeps_no_rules() {
    let mut params = Params::<f32>::new();
    let w = params.add("w", [1.0, 2.0]);
    let tape = Tape::inference(&params);
    let x = tape.var([3.0, 4.0]);
    let y = (tape.param(w) * x).sum();
    assert_eq!(y.item(), 11.0);
    assert!(![x, y, tape.param(w)].into_iter().any(Var::needs_grad));
    panics(|| y.backward(), &["keeps no rules", "Tape::inference", "Tape::eval"]);
    panics(|| y.backward_with(1.0), &["keeps no rules"]);
    panics(|| y.grad(x), &["keeps no rules"]);
}

/// 32. T test_set_grad_enabled, test_set_grad_generator_functions_recursive.
#[test]
fn a_scope_or_a_layer_left_by_a_panic_is_left() {
    let params = Params::<f64>::new();
    let tape = Tape::eval(&params);
    let x = tape.var(3.0);
    let failed = panic_text(|| {
        tape.scope(|| {
            let _layer = tape.layer("inner");
            let inner = tape.scope(|| x * 2.0);
            assert_eq!(inner.item(), 0.0, "on purpose");
            inner
        })
    });
    assert!(failed.contains("on purpose"));
    assert_eq!(tape.len(), 1, "what the scope recorded went with it");
    let y = x * x; // x is of no scope that has ended
    assert_eq!(tape.node(y.id()).layer, None);
    assert_eq!(y.backward()[x], 6.0);
    // A return from the middle is the end like any other.
    let early = tape.scope(|| {
        if x.item() > 0.0 {
            return x * 5.0;
        }
        x
    });
    assert_eq!(early.backward()[x], 5.0);
}

/// 33. T test_no_grad_python_function, test_no_grad_input.
#[test]
fn an_operation_of_ones_own_obeys_the_mode() {
    let notes = Notes::default();
    let params = Params::<f64>::new();
    let tape = Tape::inference(&params);
    let y = spied(tape.var(1.0), 0, &notes);
    assert!(!y.needs_grad());
    assert_eq!(Rc::strong_count(&notes), 1, "the operation itself is gone");
    let tape = Tape::eval(&params);
    let x = tape.var(1.0);
    let on_constant = spied(tape.constant(1.0), 0, &notes);
    let y = on_constant + spied(x, 1, &notes) + spied(x, 2, &notes).detach();
    assert!(!on_constant.needs_grad());
    assert_eq!(y.backward()[x], 1.0);
    assert_eq!(noted(&notes), [1], "one of the three rules ran");
}

/// 34. T test_detach.
#[test]
fn detached_is_constant_to_what_comes_after() {
    let tape = Tape::f64();
    let x = tape.var(3.0);
    let y = x + (x * 2.0).detach();
    assert_eq!(y.item(), 9.0);
    assert_eq!(y.backward()[x], 1.0);
    let product = x * x.detach();
    assert_eq!(product.grad(x).item(), 3.0);
    assert_eq!(product.grad(x).grad(x).item(), 0.0);
    assert_eq!((x * x).backward()[x], 6.0, "x itself is as it was");
}

/// 35. T test_requires_grad.
#[test]
fn a_value_needs_a_gradient_if_one_of_its_inputs_does() {
    let mut params = Params::<f32>::new();
    let w = params.add("w", 2.0);
    let frozen = params.add("frozen", 3.0);
    params.freeze("frozen").unwrap();
    let tape = Tape::eval(&params);
    let (x, c) = (tape.var(1.0), tape.constant(4.0));
    let (w, frozen) = (tape.param(w), tape.param(frozen));
    for (v, needs) in [
        (x, true),
        (w, true),
        (c, false),
        (frozen, false),
        (c * c, false),
        (c * frozen, false),
        (x * c, true),
        (c + x, true),
        (frozen * w, true),
        ((c * frozen) * x, true),
        (x.detach() * c, false),
        (x.floor(), false),
        (x.lt(c), false),
        (c.where_cond(c, x), true),
    ] {
        assert_eq!(v.needs_grad(), needs, "{v:?}");
    }
}

/// 36. T test_rnn_backward_to_input_but_not_parameters, test_requires_grad_.
#[test]
fn a_gradient_flows_through_frozen_parameters_to_the_input() {
    let mut params = Params::<f64>::new();
    let layer = Linear::new(&mut params.init(&mut Rng::new(1)).scope("layer"), 3, 2);
    let free = {
        let tape = Tape::eval(&params);
        let x = tape.var([[1.0, 2.0, 3.0]]);
        let grads = layer.forward(x).tanh().sum().backward();
        assert!(grads.param(layer.weight()).is_some());
        grads[x].clone()
    };
    assert_eq!(params.freeze("layer").unwrap(), 2);
    let tape = Tape::eval(&params);
    let x = tape.var([[1.0, 2.0, 3.0]]);
    let y = layer.forward(x).tanh().sum();
    let grads = y.backward();
    assert_eq!(grads[x], free);
    assert!(grads.params().iter().all(Option::is_none));
    panics(|| grads[layer.weight()].clone(), &["has no gradient: it is frozen"]);
    panics(|| y.grad(tape.param(layer.weight())), &["is a constant"]);
}

/// 37. T test_no_unnecessary_save, test_index_backward_does_not_save_tensor: a scope keeps its
/// result and nothing else, a rule what it is given and nothing else.
#[test]
fn nothing_is_kept_where_no_gradient_is_needed() {
    let notes = Notes::default();
    let params = Params::<f64>::new();
    let tape = Tape::inference(&params);
    let mut x = tape.constant(Tensor::ones([100, 100]));
    for number in 0..10 {
        x = tape.scope(|| spied(x.softmax(1) * 2.0, number, &notes));
    }
    assert_eq!(tape.len(), 11);
    let eval = Tape::eval(&params);
    // Data that goes through the same operations, with gradients on.
    let mut x = eval.constant(Tensor::ones([100, 100]));
    for number in 0..10 {
        x = eval.scope(|| spied(x.softmax(1) * 2.0, number, &notes));
    }
    assert_eq!(eval.len(), 11);
    assert_eq!(Rc::strong_count(&notes), 1);
}

// Policy

/// The file's head: kinks, ties, and the branch that was not taken.
#[test]
fn conventions_hold_in_both_ways_backward() {
    #[track_caller]
    fn check<const N: usize>(x: [f64; N], f: impl for<'t> Fn(Var<'t, f64>) -> Var<'t, f64>, exact: [f64; N]) {
        let tape = Tape::f64();
        let x = tape.var(x);
        let y = f(x).sum();
        assert_eq!(y.backward()[x], exact, "fused");
        assert_eq!(y.grad(x).value(), exact, "recorded");
    }
    check([-1.0, -0.0, 0.0, 1.0], |x| x.relu(), [0.0, 0.0, 0.0, 1.0]);
    check([-1.0, -0.0, 0.0, 1.0], |x| x.abs(), [-1.0, 0.0, 0.0, 1.0]);
    check([2.0, 5.0, 5.0, 5.0], |x| x.max() * 3.0, [0.0, 1.0, 1.0, 1.0]);
    check([2.0, 2.0, 5.0, 5.0], |x| x.min(), [0.5, 0.5, 0.0, 0.0]);
    check([2.0, 5.0], |x| x.maximum(2.0), [0.5, 1.0]);
    check([2.0, 5.0], |x| x.minimum(2.0), [0.5, 0.0]);
    // Not taken: exactly 0, whatever the derivative there.
    check([0.0, 4.0], |x| x.gt(0.0).where_cond(x * 2.0, x.exp()), [1.0, 2.0]);
    check([f64::INFINITY, 1.0], |x| x.lt(2.0).where_cond(x, 0.0), [0.0, 1.0]);
    // The argument guarded too: finite where √′ would be infinite.
    check(
        [-1.0, 0.0, 4.0],
        |x| {
            let positive = x.gt(0.0);
            positive.where_cond(positive.where_cond(x, 1.0).sqrt(), 0.0)
        },
        [0.0, 0.0, 0.25],
    );
}
