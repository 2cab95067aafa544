//! A watched tape panics at the first NaN or infinity, forward or backward, and says where it
//! came from.

use std::panic::{AssertUnwindSafe, catch_unwind};
use wengert::prelude::*;

/// What a closure says when it panics.
#[track_caller]
fn panic_text<R>(f: impl FnOnce() -> R) -> String {
    let panic = catch_unwind(AssertUnwindSafe(f)).err().expect("it should panic");
    panic.downcast_ref::<String>().expect("a text with numbers in it").clone()
}

fn watched() -> Tape<'static, f64> {
    let tape = Tape::f64();
    tape.watch();
    tape
}

#[test]
fn the_first_bad_value_forward_names_operation_operands_and_line() {
    let tape = watched();
    let (x, made) = (tape.var([4.0, -1.0]).named("x"), line!());
    let half = x * 0.5;
    let (text, line) = (panic_text(|| half.ln()), line!());
    assert_eq!(
        text,
        format!(
            "ln: the result is NaN at [1]\n  v2 mul [2] from -0.5 to 2  made at tests/viz_watch.rs:{}\n  \
             at tests/viz_watch.rs:{line}",
            made + 1
        )
    );
    // Nothing was recorded.
    assert_eq!(tape.len(), 3);
    let text = panic_text(|| 1.0 / tape.var(0.0));
    assert!(text.starts_with("div: the result is inf\n  v4 constant [] = 1"), "{text}");
}

#[test]
fn a_bad_leaf_is_named_too() {
    let tape = watched();
    let text = panic_text(|| tape.constant([[1.0, f64::NAN]]));
    assert!(text.starts_with("constant: the value is NaN at [0, 1]\n  at tests/viz_watch.rs:"), "{text}");
    let mut params = Params::<f64>::new();
    let w = params.add("w", [f64::INFINITY]);
    let tape = Tape::eval(&params);
    tape.watch();
    let text = panic_text(|| tape.param(w));
    assert!(text.starts_with("param \"w\": the value is inf at [0]"), "{text}");
}

/// √x is 0 at 0, where its slope is infinite: every value is finite, a gradient is not.
#[test]
fn the_first_bad_gradient_names_the_rule_that_sent_it() {
    let tape = watched();
    let x = tape.var([4.0, 0.0]).named("x");
    let (root, line) = (x.sqrt(), line!());
    let y = root.sum();
    let expected = format!(
        "sqrt: going backward, the gradient of v0 (var \"x\") is inf at [1]\n  came from v1, whose own gradient is \
         from 1 to 1\n  v0 var \"x\" [2] from 0 to 4  made at tests/viz_watch.rs:{}\n  at tests/viz_watch.rs:{line}",
        line - 1
    );
    assert_eq!(panic_text(|| y.backward()), expected);
    assert_eq!(tape.len(), 3, "the tape is as it was");
    assert_eq!(panic_text(|| y.grad(x)), expected);
}

#[test]
fn a_bad_gradient_that_a_choice_should_have_hidden_is_found() {
    let tape = watched();
    let x = tape.var(0.0).named("x");
    // Forward, x = 0 is safe; backward, 0 · ∞ is not.
    let y = x.ge(1e-12).where_cond(1.0, 0.0) * x.sqrt();
    let text = panic_text(|| y.backward());
    assert!(text.starts_with("sqrt: going backward, the gradient of v0 (var \"x\") is NaN\n"), "{text}");
}

#[test]
fn a_bad_seed_and_a_bad_hook_are_named() {
    let tape = watched();
    let x = tape.var([1.0, 2.0]);
    let y = x * 2.0;
    let text = panic_text(|| y.backward_with([1.0, f64::NAN]));
    assert!(
        text.starts_with("going backward, the gradient of v2 (mul) is NaN at [1]: it is the seed"),
        "{text}"
    );
    let z = y.sum();
    tape.hook(y, |g| g / 0.0);
    let text = panic_text(|| z.backward());
    assert!(text.contains("the gradient of v2 (mul) is inf at [0]"), "{text}");
}

#[test]
fn an_unwatched_tape_goes_on_and_a_watched_one_with_good_numbers_too() {
    let tape = Tape::f64();
    let x = tape.var(-1.0);
    assert!(x.ln().backward()[x].item().is_finite());
    assert!(x.ln().item().is_nan());
    let tape = watched();
    let x = tape.var([0.5, 2.0]);
    let y = x.powi(3).sum();
    assert_eq!(y.backward()[x], [0.75, 12.0]);
    assert_eq!(y.grad(x).sum().grad(x).value(), [3.0, 12.0]);
}

#[test]
fn a_page_is_made_of_a_watched_tape_that_held_a_bad_number_before() {
    let tape = Tape::f64();
    let _ = tape.var(0.0).ln();
    tape.watch();
    let product = tape.var(2.0) * tape.var(3.0);
    assert!(tape.explain(product).html().contains("mul"));
    // And is watched still.
    panic_text(|| tape.var(-1.0).ln());
}
