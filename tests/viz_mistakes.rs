//! Gradients gone wrong: by recursion without an order, by `=`, by a second pass; gradients by
//! hand, judged; and the first number of a tape that is not finite.

mod common;

use common::tapes::{readme, xor};
use wengert::prelude::*;
use wengert::viz::{Judgement, Mistake};

/// A value used by two nodes that are themselves used together: what shows that an order is needed.
fn shared<'t>(tape: &'t Tape<'t, f64>) -> [Var<'t, f64>; 3] {
    let a = tape.var(2.0).named("a");
    let b = tape.var(3.0).named("b");
    let (c, d) = (a + b, a * b);
    let (e, f) = (c + d, c * d);
    [a, b, e + f]
}

#[track_caller]
fn check(vs: [Var<'_, f64>; 3], right: [f64; 2], mistake: Mistake, wrong: [f64; 2], tolerance: f64) {
    let [a, b, y] = vs;
    let tape = y.tape();
    let explained = tape.explain(y);
    let mistakes = explained.mistakes().unwrap();
    for (v, right, wrong) in [(a, right[0], wrong[0]), (b, right[1], wrong[1])] {
        let found = explained.get(v).unwrap().adjoint.value().unwrap().item();
        let mistaken = mistakes.get(mistake, v).unwrap().item();
        assert!((found - right).abs() <= tolerance, "{found} is not {right}");
        assert!((mistaken - wrong).abs() <= tolerance, "{mistake:?}: {mistaken} is not {wrong}");
    }
}

#[test]
fn each_mistake_gives_its_own_wrong_numbers() {
    for (mistake, wrong) in [
        (Mistake::NoOrder, [29.0, 22.0]),
        // e writes over what f sent to c and d, then c over what d sent to a and b.
        (Mistake::Overwrite, [1.0, 1.0]),
        (Mistake::Twice, [100.0, 76.0]),
    ] {
        let tape = Tape::f64();
        check(shared(&tape), [25.0, 19.0], mistake, wrong, 0.0);
    }
    let tape = Tape::f64();
    let right = [138.83381924198252, 645.5772594752186];
    check(readme(&tape), right, Mistake::NoOrder, [10488.5, 44632.3], 0.06);
}

#[test]
fn a_tape_without_a_shared_value_survives_all_but_the_second_pass() {
    let tape = Tape::f64();
    let x = tape.var([0.5, -1.0]);
    let explained_root = x.tanh().sum();
    let explained = tape.explain(explained_root);
    let mistakes = explained.mistakes().unwrap();
    let right = explained.get(x).unwrap().adjoint.value().unwrap();
    assert_eq!(mistakes.get(Mistake::NoOrder, x), Some(right));
    assert_eq!(mistakes.get(Mistake::Overwrite, x), Some(right));
    assert_ne!(mistakes.get(Mistake::Twice, x), Some(right));
    let page = explained.html();
    for why in [
        "<b>no order</b> goes unnoticed: no value that sends anything on is used by two nodes here",
        "<b>= for +=</b> goes unnoticed: no value is used twice here",
    ] {
        assert!(page.contains(why), "{why}");
    }
    assert_eq!(page.matches("goes unnoticed").count(), 2);
    // x is used twice, and once more by two nodes; but a leaf sends nothing on.
    let tape = Tape::f64();
    let x = tape.var(0.5);
    let square = x * x;
    let page = tape.explain(square * square + x).html();
    assert!(page.contains("<b>no order</b> goes unnoticed") && !page.contains("<b>= for +=</b> goes"));
    let tape = Tape::f64();
    assert!(!tape.explain(shared(&tape)[2]).html().contains("goes unnoticed"));
}

#[test]
fn the_recursion_is_given_up_where_paths_are_too_many() {
    let tape = Tape::f64();
    let x = tape.var(0.5).named("x");
    let mut y = x;
    for _ in 0..60 {
        y = y.sin() * y.cos();
    }
    let explained = tape.explain(y);
    let mistakes = explained.mistakes().unwrap();
    assert!(mistakes.gave_up() && mistakes.get(Mistake::NoOrder, x).is_none());
    assert!(mistakes.to_string().contains("gave up"));
    assert!(explained.html().contains("The recursion was given up"));
    assert!(tape.explain_window(y, 5..20).mistakes().is_none(), "a window does not have the whole way");
    assert!(tape.explain_values().mistakes().is_none(), "nobody went backward");
}

#[test]
fn answers_are_judged_in_backward_order() {
    let tape = Tape::f64();
    let [a, b, g] = readme(&tape);
    let explained = tape.explain(g);
    let right = |v: Var<'_, f64>| explained.get(v).unwrap().adjoint.value().unwrap().item();
    let judged = explained.judge([(a, right(a)), (b, right(b) * (1.0 + 5e-6)), (g, 2.0)]);
    let said: Vec<(String, Judgement)> =
        judged.iter().map(|answer| (answer.label.clone(), answer.judgement)).collect();
    let expected = [("g", Judgement::Wrong), ("b", Judgement::Approximate), ("a", Judgement::Exact)];
    assert_eq!(said, expected.map(|(label, judgement)| (label.to_string(), judgement)));
    assert_eq!(judged.first_wrong().unwrap().max_difference, 1.0);
    // A mistake is made at v and handed on: v is the one that is named.
    let tape = Tape::f64();
    let x = tape.var(0.7).named("x");
    let u = (x * x).named("u");
    let v = u.sin().named("v");
    let explained = tape.explain((v * 2.0).named("y"));
    let doubled = |v: Var<'_, f64>| 2.0 * explained.get(v).unwrap().adjoint.value().unwrap().item();
    let judged = explained.judge([(x, doubled(x)), (u, doubled(u)), (v, doubled(v))]);
    assert_eq!(judged.first_wrong().unwrap().label, "v");
}

#[test]
fn a_tensor_is_judged_entry_by_entry() {
    let tape = Tape::f64();
    let [w1, .., loss] = xor(&tape);
    let explained = tape.explain(loss);
    let judge = |answer: Tensor<f64>| explained.judge([(w1, answer)]).iter().next().unwrap().clone();
    let near = judge(Tensor::from([[-0.367757, -1.052040], [-0.098634, -0.505279]]));
    assert_eq!(near.judgement, Judgement::Approximate);
    let transposed = judge(Tensor::from([[-0.367757, -0.098634], [-1.052040, -0.505279]]));
    assert_eq!(transposed.judgement, Judgement::Wrong);
    assert!((transposed.max_difference - 0.953406).abs() < 1e-5);
    assert_eq!(judge(Tensor::zeros([4])).max_difference, f64::INFINITY);
    assert_eq!(judge(Tensor::full([2, 2], f64::NAN)).judgement, Judgement::Wrong);
}

#[test]
fn the_first_bad_value_and_the_first_bad_gradient_are_found_apart() {
    // Forward: a logarithm of a negative number; what comes after it is not the first.
    let tape = Tape::f64();
    let x = tape.var([4.0, -1.0]).named("x");
    let (y, line) = (x.ln(), line!());
    let found = tape.explain((y * 2.0).sum()).not_finite();
    assert_eq!(found.value, Some(y.id()));
    let text = found.to_string();
    assert!(
        text.starts_with(&format!(
            "first value that is not finite: v1 ln is [1.38629 NaN]  made at tests/viz_mistakes.rs:{line}\n  x var = [4 -1]"
        )),
        "{text}"
    );
    assert!(text.ends_with("every gradient is finite\n"), "{text}");
    // Backward: every value is finite, but √ is infinitely steep at 0 and the choice sends 0.
    let tape = Tape::f64();
    let x = tape.var(0.0).named("x");
    let root = x.sqrt();
    let y = x.gt(0.0).where_cond(root, 0.0);
    let found = tape.explain(y).not_finite();
    assert_eq!((found.value, found.gradient), (None, Some((root.id(), x.id()))));
    let text = found.to_string();
    assert!(
        text.starts_with("every value is finite\nfirst gradient that is not finite: v1 sqrt sends NaN to x;"),
        "{text}"
    );
    let tape = Tape::f64();
    let x = tape.var(1.0);
    let found = tape.explain(x.exp()).not_finite();
    assert_eq!(found.to_string(), "every value is finite\nevery gradient is finite\n");
}
