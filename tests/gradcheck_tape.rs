//! `check_tape`: every node of a tape alone, and all of them together.

#[path = "common/custom.rs"]
mod custom;

use custom::Custom;
use std::cell::Cell;
use wengert::grad::{Place, Verdict};
use wengert::prelude::*;
use wengert::tape::Fault;

/// sin x, right or with a rule that is off by a hundred-thousandth.
const SINE: Custom = Custom::new("sine", |x| x[0].map(f64::sin), |p, g| p.pull(0, || g * p.x(0).cos()));
const BAD_SINE: Custom =
    Custom::new("sine", |x| x[0].map(f64::sin), |p, g| p.pull(0, || g * p.x(0).cos() * 1.000_01));

/// Records 200 random operations on matrices; the one of this number gets the bad rule.
fn random_tape(tape: &Tape<'_, f64>, seed: u64, bad: Option<usize>) -> usize {
    let mut rng = Rng::new(seed);
    let mut values: Vec<Var<'_, f64>> =
        (0..4).map(|_| tape.var(Tensor::rand_in(0.3, 1.2, [3, 3], &mut rng))).collect();
    let mut planted = 0;
    for step in 0..200 {
        let pick = |rng: &mut Rng| values[values.len().saturating_sub(12) + rng.below(values.len().min(12))];
        let (a, b) = (pick(&mut rng), pick(&mut rng));
        let y = match (bad == Some(step), rng.below(9)) {
            (true, _) => BAD_SINE.of(&[a]),
            (_, 0) => (a + b) * 0.5,
            (_, 1) => a * b.sigmoid(),
            (_, 2) => (a.matmul(b) * 0.3).tanh(),
            (_, 3) => SINE.of(&[a]),
            (_, 4) => a.softmax(1),
            (_, 5) => a.mean_axis(0) - b * 0.5,
            (_, 6) => a / (b.square() + 1.0),
            (_, 7) => a.permute([1, 0]) * 0.9,
            _ => (a.tanh() * 0.5).exp(),
        };
        if bad == Some(step) {
            planted = y.id();
        }
        values.push(y);
    }
    planted
}

#[test]
fn one_bad_rule_among_two_hundred_nodes_is_named_and_no_other() {
    for (seed, bad) in [(1, 0), (2, 57), (3, 120), (4, 199)] {
        let tape = Tape::f64();
        let planted = random_tape(&tape, seed, Some(bad));
        assert!(tape.len() > 200);
        let failed = check_tape(&tape).unwrap_err();
        let failing: Vec<usize> = failed.report().failing().map(|node| node.id).collect();
        assert_eq!(failing, [planted], "{failed}");
        assert_eq!(failed.report().place, Some(Place::Rule));
        assert!(failed.to_string().contains(&format!("v{planted} sine failed alone")), "{failed}");
        assert!(failed.to_string().contains("tests/gradcheck_tape.rs:"), "{failed}");
    }
}

#[test]
fn a_right_tape_passes_at_a_dozen_evaluations_a_node() {
    for seed in 0..20 {
        let tape = Tape::f64();
        random_tape(&tape, seed, None);
        let before = tape.len();
        let report = check_tape(&tape).unwrap();
        assert_eq!(tape.len(), before, "the tape is as it was");
        let each = report.evaluations as f64 / report.nodes.len() as f64;
        assert!(each <= 12.0, "{each} evaluations a node");
    }
}

#[test]
fn right_nodes_that_are_added_up_wrongly_are_an_accumulation_error() {
    for fault in Fault::ALL {
        let tape = Tape::f64();
        let x = tape.var([[0.5, 1.5], [-0.5, 0.3]]);
        let w = tape.var([0.7, 1.2]);
        let y = (x * x.exp() + w).tanh() * w;
        assert_eq!(y.shape().dims(), [2, 2]);
        check_tape(&tape).unwrap();
        tape.break_engine(fault);
        let failed = check_tape(&tape).unwrap_err();
        assert_eq!(failed.report().place, Some(Place::Accumulation), "{fault:?}: {failed}");
        assert_eq!(failed.report().failing().count(), 0);
        assert!(failed.to_string().contains("an accumulation or graph error"), "{failed}");
    }
}

#[test]
fn an_operation_that_does_not_repeat_itself_is_called_that() {
    thread_local!(static CALLS: Cell<f64> = const { Cell::new(0.0) });
    let drifting = Custom::new(
        "drifting",
        |x| {
            let by = CALLS.replace(CALLS.get() + 1.0);
            x[0].map(|x| x + by)
        },
        |p, g| p.pull(0, || g),
    );
    let tape = Tape::f64();
    let x = tape.var([0.5, 1.5]);
    let _ = drifting.of(&[x.exp()]).square();
    let failed = check_tape(&tape).unwrap_err();
    assert_eq!(failed.report().place, Some(Place::Replay));
    assert!(failed.to_string().contains("v2 drifting gave another value than the tape holds"), "{failed}");
}

#[test]
fn a_training_step_in_f32_is_checked_as_it_stands() {
    let (mut params, mut rng) = (Params::<f32>::new(), Rng::new(1));
    let model = Mlp::new(&mut params.init(&mut rng), [4, 8, 3]);
    let x = Tensor::randn([5, 4], &mut rng);
    let tape = Tape::training(&params, &mut rng);
    let loss = cross_entropy(model.forward(tape.constant(&x)).dropout(0.3), [0usize, 2, 1, 1, 0]);
    assert!(loss.item() > 0.0);
    let report = check_tape(&tape).unwrap();
    assert_eq!(report.element, "f32");
    assert!(report.nodes.iter().all(|node| matches!(node.verdict, Verdict::Pass | Verdict::Kink)));
}

#[test]
fn a_wrong_rule_in_f32_is_found_too() {
    let tape = Tape::new();
    let x = tape.var([0.5, 1.5]);
    let _ = x.tanh().apply("cube", |x| x * x * x, |x| 3.3 * x * x).exp().sum();
    let failed = check_tape(&tape).unwrap_err();
    let failing: Vec<&str> = failed.report().failing().map(|node| &*node.op).collect();
    assert_eq!(failing, ["cube"]);
}

#[test]
fn a_right_rule_that_no_step_of_a_direction_can_follow_is_not_called_wrong() {
    let tape = Tape::f64();
    let steep = |tape: &Tape<'_, f64>, factor: f64| {
        let x = tape.var([1e-9, 8.0]);
        let _ = x.apply("cbrt", f64::cbrt, move |x| factor * x.cbrt().powi(-2));
    };
    steep(&tape, 1.0 / 3.0);
    let verdict = |tape| check_tape(tape).unwrap_or_else(|failed| failed.report().clone());
    assert_eq!(verdict(&tape).place, None);
    let tape = Tape::f64();
    steep(&tape, 0.3);
    assert_eq!(verdict(&tape).place, Some(Place::Rule));
}

#[test]
fn the_second_order_is_checked_on_a_tape_like_the_first() {
    let tape = Tape::f64();
    let x = tape.var([0.5, -1.5]);
    let slope = (x.tanh() * x.exp()).sum().grad(x);
    let _ = slope.square().sum().grad(x);
    let report = check_tape(&tape).unwrap();
    assert!(report.nodes.len() > 15, "{}", report.nodes.len());
}

#[test]
#[should_panic(expected = "no node of this tape has a rule")]
fn an_inference_tape_has_nothing_to_check() {
    let params = Params::<f32>::new();
    let tape = Tape::inference(&params);
    let _ = check_tape(tape.constant([1.0, 2.0]).exp().tape());
}
