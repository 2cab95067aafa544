//! Random expressions of up to 60 operations on random shapes, backwards against forwards:
//! ⟨v, J u⟩ by dual numbers, ⟨Jᵀ v, u⟩ by the tape. The two sides share no formula, but neither
//! would notice one that is wrong in both; numbers (in the other tests) do.

#[path = "common/custom.rs"]
mod custom;
#[path = "common/dual.rs"]
mod dual;
#[path = "common/expression.rs"]
mod expression;
#[path = "common/rows.rs"]
mod rows;

use custom::Custom;
use dual::Dual;
use expression::{Expression, expression, vary};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};
use rows::{Draw, ROWS, Row};
use std::cell::RefCell;
use std::collections::BTreeSet;
use wengert::Rng;
use wengert::grad::{GradCheck, Reason, vjp};
use wengert::ops;
use wengert::prelude::*;

/// So many cases, the same ones in every run: a failure is one that everybody sees.
fn config(cases: u32) -> ProptestConfig {
    let rng_seed = RngSeed::Fixed(1964);
    ProptestConfig { cases, rng_seed, failure_persistence: None, ..ProptestConfig::default() }
}

/// How far apart ⟨v, J u⟩ and ⟨Jᵀ v, u⟩ are, each given by its terms, as a part of the terms' size.
fn apart(forth: &[f64], back: &[f64]) -> f64 {
    let scale: f64 = forth.iter().chain(back).map(|p| p.abs()).sum();
    (back.iter().sum::<f64>() - forth.iter().sum::<f64>()).abs() / scale.max(1.0)
}

/// Symmetric but for a part in 10¹².
const J: [[f64; 2]; 2] = [[1.0, 0.5], [0.5 + 1e-12, 1.0]];

fn times(x: &[&Tensor<f64>]) -> Tensor<f64> {
    let x = x[0].data();
    Tensor::from(J.map(|row| row[0] * x[0] + row[1] * x[1]))
}

#[test]
fn a_transpose_forgotten_is_seen_where_it_changes_a_part_in_a_million_million() {
    let right = Custom::new("times", times, |p, g| p.pull(0, || g.matmul(g.tape().constant(J))));
    let wrong = Custom::new("times", times, |p, g| p.pull(0, || g.tape().constant(J).matmul(g)));
    let [u, v] = [[1.0, 0.0], [0.0, 1.0]];
    let x = Dual::new(&[1, 2], &[0.3, -0.7], &u);
    let forward = x.matmul(&Dual::new(&[2, 2], &J.concat(), &[0.0; 4]).t());
    let forth = [0, 1].map(|i| v[i] * forward.numbers[i].dx);
    let [right, wrong] = [right, wrong].map(|op| {
        let [g] = vjp(|[x]| op.of(&[x]), [&Tensor::from([0.3, -0.7])], Tensor::from(v));
        apart(&forth, &[g.data()[0] * u[0], g.data()[1] * u[1]])
    });
    assert!(right <= 1e-13, "{right}");
    assert!(wrong > 1e-13, "{wrong}");
}

/// Operations of the registry that no expression draws, and why. There is none.
const NOT_DRAWN: [(&str, &str); 0] = [];

#[test]
fn every_operation_of_the_registry_is_drawn_or_named_with_the_reason() {
    let drawn = RefCell::new(BTreeSet::new());
    let draw = |e: Expression| {
        let params = Params::new();
        let tape = Tape::training(&params, &mut Rng::new(e.seed));
        e.on_tape(&e.x.iter().map(|x| tape.var(x)).collect::<Vec<_>>());
        drawn.borrow_mut().extend(tape.nodes().map(|node| node.name));
        Ok(())
    };
    TestRunner::new(config(CASES)).run(&expression(60), draw).unwrap();
    let drawn = drawn.into_inner();
    for row in ROWS {
        assert!(drawn.contains(row.op), "{} has a row and is not drawn", row.op);
    }
    let missing: BTreeSet<&str> =
        ops::registry().iter().map(|sample| sample.op).filter(|&op| !drawn.contains(op)).collect();
    let named: BTreeSet<&str> = NOT_DRAWN.map(|(op, _)| op).into();
    assert_eq!(missing, named, "operations without a row in tests/common/rows.rs");
}

/// How many expressions there are.
const CASES: u32 = 512;

proptest! {
    #![proptest_config(config(CASES))]

    #[test]
    fn going_backward_is_the_transpose_of_going_forward(e in expression(60)) {
        let forward = e.forward();
        // Dropout of the same masks as `forward`'s.
        let (params, mut rng) = (Params::new(), Rng::new(e.seed));
        let tape = Tape::training(&params, &mut rng);
        let leaves: Vec<Var<'_, f64>> = e.x.iter().map(|x| tape.var(x)).collect();
        let y = e.on_tape(&leaves);
        prop_assert_eq!(y.shape().to_vec(), forward.dims.clone());
        let largest = forward.numbers.iter().fold(1.0, |m: f64, y| m.max(y.x.abs()));
        for (got, y) in y.value().data().iter().zip(&forward.numbers) {
            prop_assert!((got - y.x).abs() <= 1e-12 * largest, "value {} is not {}", got, y.x);
        }

        let v: Tensor<f64> = Tensor::rand_in(-1.0, 1.0, y.shape(), &mut rng);
        let products: Vec<f64> = v.data().iter().zip(&forward.numbers).map(|(v, y)| v * y.dx).collect();
        for fused in [true, false] {
            let gradients: Vec<Tensor<f64>> = if fused {
                let gradients = y.backward_with(&v);
                leaves.iter().map(|&x| gradients.get(x).cloned().unwrap_or_else(|| Tensor::zeros(x.shape()))).collect()
            } else {
                tape.grad_with(y, tape.constant(&v), &leaves).iter().map(|g| g.value()).collect()
            };
            let pairs = gradients.iter().zip(&e.u).flat_map(|(g, u)| g.data().iter().zip(u.data()));
            let back: Vec<f64> = pairs.map(|(g, u)| g * u).collect();
            let apart = apart(&products, &back);
            prop_assert!(apart <= 1e-13, "{} apart, as a part of their scale", apart);
        }
    }

    #[test]
    fn operands_broadcast_in_every_pattern(
        dims in prop::collection::vec(0usize..4, 0..5),
        choices in any::<[u8; 3]>(),
        op in prop::sample::select(&BROADCASTING[..]),
        seed in any::<u64>(),
    ) {
        let (row, draw, mut rng) = (Row::of(op), Draw::default(), Rng::new(seed));
        let shapes = choices.map(|choice| vary(&dims, choice));
        let mut random = || shapes.each_ref().map(|dims| Tensor::<f64>::rand_in(-1.5, 1.5, &dims[..], &mut rng));
        let (x, u) = (random(), random());
        let [a, b, c] = [0, 1, 2].map(|i| Dual::new(x[i].shape(), x[i].data(), u[i].data()));
        prop_assume!((row.fits)([&a, &b, &c], &draw)); // and there is no tie
        let forward = (row.forward)([&a, &b, &c], &draw);
        let v: Tensor<f64> = Tensor::rand_in(-1.0, 1.0, &forward.dims[..], &mut rng);
        // The operand that is not used has a gradient of 0.
        let gradients = vjp(|x| (row.on_tape)(x, &draw), x.each_ref(), &v);
        let forth: Vec<f64> = v.data().iter().zip(&forward.numbers).map(|(v, y)| v * y.dx).collect();
        let mut back = Vec::new();
        for (g, u) in gradients.iter().zip(&u) {
            prop_assert_eq!(g.shape(), u.shape());
            back.extend(g.data().iter().zip(u.data()).map(|(g, u)| g * u));
        }
        let apart = apart(&forth, &back);
        prop_assert!(apart <= 1e-13, "{} apart, as a part of their scale", apart);
    }
}

/// The operations of two and three operands that broadcast.
const BROADCASTING: [&str; 18] = [
    "add",
    "sub",
    "mul",
    "div",
    "pow",
    "maximum",
    "minimum",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "bce",
    "bce_with_logits",
    "surprise",
    "where_cond",
    "where_positive",
];

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn no_node_of_a_right_expression_is_called_wrong(e in expression(60)) {
        let params = Params::new();
        let tape = Tape::training(&params, &mut Rng::new(e.seed));
        e.on_tape(&e.x.iter().map(|x| tape.var(x)).collect::<Vec<_>>());
        // A value may be tiny or lie on a step: nothing is shown then, but nothing is called wrong.
        if let Err(failed) = check_tape(&tape) {
            prop_assert!(failed.report().place.is_none(), "{}", failed);
        }
    }

    #[test]
    fn the_checker_never_fails_a_right_expression(e in expression(20)) {
        // What is detached moves the numbers and not the gradient: it is called wrong, and should be.
        prop_assume!(!e.has("detach"));
        let inputs: [Tensor<f64>; 4] = std::array::from_fn(|i| e.x.get(i).cloned().unwrap_or_default());
        let how = GradCheck::new().seed(e.seed).probes(2).order(2);
        // A value that an expression brings about may be tiny, or lie on a step of a condition.
        let how = how.allow(Reason::Unresolved).allow(Reason::BelowResolution).allow(Reason::Discontinuity);
        if let Err(failed) = how.check(|x| e.on_tape(&x[..e.x.len()]), inputs) {
            prop_assert!(false, "{}", failed);
        }
    }
}
