//! The fast mode: random directions for any number of entries.

#[path = "common/custom.rs"]
mod custom;

use custom::Custom;
use std::cell::Cell;
use wengert::grad::{GradCheck, Verdict, Way};
use wengert::prelude::*;

/// x ↦ x permuted: entry i of the result is entry 7i + 3 of the input, modulo n.
fn permuted(x: &Tensor<f64>) -> Tensor<f64> {
    let n = x.numel();
    Tensor::from_fn([n], |i| x.data()[(7 * i + 3) % n])
}

/// The transposed permutation, with the entry `wrong` of the Jacobian's ones off by `by`.
fn unpermuted(g: &Tensor<f64>, wrong: Option<(usize, f64)>) -> Tensor<f64> {
    let n = g.numel();
    let mut x = Tensor::zeros([n]);
    for i in 0..n {
        let by = if let Some((at, by)) = wrong
            && at == i
        {
            by
        } else {
            0.0
        };
        x.data_mut()[(7 * i + 3) % n] += g.data()[i] * (1.0 + by);
    }
    x
}

const OFF_BY_1E_4: Custom = Custom::new(
    "permute",
    |x| permuted(x[0]),
    |p, g| p.pull(0, || g.tape().constant(unpermuted(&g.value(), Some((421, 1e-4))))),
);
const PERMUTED: Custom =
    Custom { rule: |p, g| p.pull(0, || g.tape().constant(unpermuted(&g.value(), None))), ..OFF_BY_1E_4 };

#[test]
fn one_entry_of_a_1000_by_1000_permutation_off_by_1e_4_is_seen_at_every_seed_but_one_in_a_hundred() {
    let x = Tensor::randn([1000], &mut Rng::new(0));
    let verdict = |op: Custom, seed| {
        let result = GradCheck::new().seed(seed).fast().check(|[x]| op.of(&[x]), [&x]);
        result.map_or_else(|failed| failed.report().verdict, |report| report.verdict)
    };
    let flagged = (0..100).filter(|&seed| verdict(OFF_BY_1E_4, seed) == Verdict::Fail).count();
    assert!(flagged >= 99, "{flagged} of 100 seeds");
    let alarms = (0..100).filter(|&seed| verdict(PERMUTED, seed) != Verdict::Pass).count();
    assert_eq!(alarms, 0, "false alarms");
}

#[test]
fn every_entry_off_by_a_millionth_is_seen() {
    let scaled = Custom::new("square", |x| x[0].map(|x| x * x), |p, g| p.pull(0, || g * p.x(0) * 2.000_002));
    let x = Tensor::randn([1000], &mut Rng::new(1));
    for seed in 0..20 {
        let failed = GradCheck::new().seed(seed).fast().check(|[x]| scaled.of(&[x]), [&x]);
        assert_eq!(failed.unwrap_err().report().verdict, Verdict::Fail);
    }
}

/// How often a function of n entries is called.
fn calls(n: usize) -> u32 {
    let calls = Cell::new(0);
    let x = Tensor::rand_in(0.5, 1.5, [n], &mut Rng::new(2));
    let report = GradCheck::new()
        .fast()
        .check(
            |[x]| {
                calls.set(calls.get() + 1);
                x.tanh() * x
            },
            [x],
        )
        .unwrap();
    assert_eq!(report.inputs[0].probes, 3);
    calls.get()
}

#[test]
fn the_number_of_calls_does_not_grow_with_the_number_of_entries() {
    let ten = calls(10);
    assert_eq!(ten, calls(10_000));
    assert!(ten <= 60, "{ten} calls");
}

#[test]
#[ignore = "slow without optimisation"]
fn the_number_of_calls_is_the_same_for_ten_entries_and_for_a_million() {
    assert_eq!(calls(10), calls(1_000_000));
}

#[test]
fn one_wrong_entry_is_found_by_halving() {
    find::<10_000>();
}

#[test]
#[ignore = "slow without optimisation"]
fn one_wrong_entry_in_a_million_is_found_by_halving() {
    find::<1_000_000>();
}

#[track_caller]
fn find<const N: usize>() {
    const WRONG: usize = 7_654;
    let calls = Cell::new(0);
    let planted = Custom::new(
        "square",
        |x| x[0].map(|x| x * x),
        |p, g| {
            p.pull(0, || {
                let mut slope = p.x(0).value();
                slope.data_mut().iter_mut().for_each(|x| *x *= 2.0);
                slope.data_mut()[WRONG] *= 1.01;
                g * slope
            })
        },
    );
    let x = Tensor::rand_in(0.5, 1.5, [N], &mut Rng::new(3));
    let failed = GradCheck::new().probes(1).check(
        |[x]| {
            calls.set(calls.get() + 1);
            planted.of(&[x])
        },
        [x],
    );
    let failed = failed.unwrap_err();
    let input = &failed.report().inputs[0];
    assert_eq!(input.worst.as_ref().unwrap().flat, WRONG, "{failed}");
    assert!(!input.at_least, "it is the only one: {failed}");
    // A probe is fourteen calls: six steps and a very small one, in both directions.
    let extra = calls.get() as f64 / 14.0 - 1.0;
    let halvings = (N as f64).log2().ceil();
    assert!(extra <= 2.0 * halvings, "{extra} more probes for {halvings} halvings");
}

#[test]
fn of_several_wrong_entries_one_is_named_and_more_are_announced() {
    let planted = Custom::new(
        "square",
        |x| x[0].map(|x| x * x),
        |p, g| p.pull(0, || g * p.x(0) * Tensor::from_fn([1000], |i| if i % 100 == 7 { 2.5 } else { 2.0 })),
    );
    let x = Tensor::rand_in(0.5, 1.5, [1000], &mut Rng::new(4));
    let failed = GradCheck::new().probes(2).check(|[x]| planted.of(&[x]), [x]).unwrap_err();
    let input = &failed.report().inputs[0];
    assert_eq!(input.worst.as_ref().unwrap().flat % 100, 7, "{failed}");
    assert!(input.at_least && failed.to_string().contains("≥ 1 of 1000 entries"), "{failed}");
}

#[test]
fn every_input_has_directions_of_its_own() {
    // The second gradient is a billion times smaller than the first, and wrong.
    let planted = Custom::new("tenth", |x| x[0].map(|x| x * 1e-9), |p, g| p.pull(0, || g * 1.1e-9));
    let result = GradCheck::new()
        .fast()
        .check(|[a, b]| (a * 10.0).sum() + planted.of(&[b]).sum(), [[1.0, 2.0], [1.0, 2.0]]);
    let failed = result.unwrap_err();
    let wrong: Vec<usize> =
        failed.report().inputs.iter().filter(|input| input.failed > 0).map(|input| input.number).collect();
    assert_eq!(wrong, [1], "{failed}");
}

#[test]
fn a_model_is_checked_along_directions_at_orders_1_and_2() {
    let (mut params, mut rng) = (Params::<f64>::new(), Rng::new(5));
    let model = Mlp::new(&mut params.init(&mut rng), [20, 30, 10]).activation(Activation::Tanh);
    let x = Tensor::randn([16, 20], &mut rng);
    let how = GradCheck::new().probes(2).order(2);
    let report = how.check_model(&params, |tape| model.forward(tape.constant(&x)).square().mean()).unwrap();
    assert!(report.inputs.iter().any(|input| input.order == 2));
}

#[test]
fn a_kink_along_a_direction_is_no_failure() {
    let report = GradCheck::new().fast().check(|[x]| x.relu().sum(), [[0.0, 1.0, -1.0, 0.0]]).unwrap();
    assert_eq!(report.verdict, Verdict::Kink);
    assert!(report.to_string().contains("`x0` order 1 along a random direction   D− and D+ are"), "{report}");
}

#[test]
fn the_way_that_is_wrong_is_named() {
    let failed = GradCheck::new()
        .probes(1)
        .check(|[x]| OFF_BY_1E_4.of(&[x]), [Tensor::linspace(0.5, 1.5, 1000)])
        .unwrap_err();
    assert_eq!(failed.report().inputs[0].ways, [Way::Backward, Way::Recorded]);
}
