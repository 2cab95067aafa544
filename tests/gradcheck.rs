//! The gradient checker: what it calls right, what it calls wrong, and what it does not claim.
//!
//! What is asked of a checker, and the tests that hold it:
//!
//! | | asked | held by |
//! |---|---|---|
//! | A1 | numeric derivatives within their own estimate, steps that stay in the domain | the tests of `src/grad/numeric.rs` |
//! | A2 | an error of 10⁻⁶ in any rule fails, no right rule does at 20 seeds | `sweep::every_mutant_of_every_operation_is_caught`, `no_right_operation_raises_an_alarm_at_twenty_seeds` |
//! | A3 | every mutant of every operation is caught, one's own operations too | `sweep::every_mutant_of_every_operation_is_caught`, `mutants_of_an_operation_of_ones_own_are_caught` |
//! | A4 | inconclusive is no pass | `agreement_below_what_rounding_can_show_is_inconclusive_and_two_exact_zeros_pass` |
//! | A5 | kinks, steps, ends of domains | `a_derivative_between_the_one_sided_ones_is_accepted_at_a_kink` and the four after it |
//! | A6 | a report to act on, of at most 30 lines | `gradcheck_report::a_failure_names_operation_node_line_input_entry_numbers_and_pattern`, `a_report_has_at_most_30_lines_whatever_is_wrong` |
//! | A7 | projections whose cost does not grow | `gradcheck_fast::the_number_of_calls_is_the_same_for_ten_entries_and_for_a_million`, `one_entry_of_a_1000_by_1000_permutation_off_by_1e_4_is_seen_at_every_seed_but_one_in_a_hundred` |
//! | A8 | the wrong entry found by halving | `gradcheck_fast::one_wrong_entry_in_a_million_is_found_by_halving`, `of_several_wrong_entries_one_is_named_and_more_are_announced` |
//! | A9 | each node of a tape alone | `gradcheck_tape::one_bad_rule_among_two_hundred_nodes_is_named_and_no_other` |
//! | A10 | rule, accumulation and repetition told apart | `gradcheck_tape::right_nodes_that_are_added_up_wrongly_are_an_accumulation_error`, `an_operation_that_does_not_repeat_itself_is_called_that` |
//! | A11 | what does not repeat itself; inputs left as they were | `a_function_that_draws_its_own_random_numbers_is_called_non_deterministic`, `inputs_are_the_same_bits_after_a_check_that_panics` |
//! | A12 | a random cotangent, zero and linear | `the_cotangent_is_random_so_that_errors_which_cancel_under_ones_are_seen`, `a_zero_cotangent_gives_exact_zeros_and_gradients_are_linear_in_it` |
//! | A13 | backward is forward's transpose, for every operation | `dual::going_backward_is_the_transpose_of_going_forward`, `every_operation_of_the_registry_is_drawn_or_named_with_the_reason`, `a_transpose_forgotten_is_seen_where_it_changes_a_part_in_a_million_million` |
//! | A14 | second order | `a_first_derivative_of_2_001_for_2_fails_at_order_1`, `a_second_derivative_of_1_001_for_1_fails_at_order_2` |
//! | A15 | f32, and how far it can see | `a_function_in_f32_is_checked_as_far_as_f32_can_see_and_the_report_says_how_far` |
//! | A16 | what the error looks like | `gradcheck_report`, a test for each pattern |
//! | A17 | the same tensor twice | `the_same_tensor_twice_is_two_inputs_and_a_parameter_used_twice_is_one` |
//! | A18 | results without gradient | `a_result_without_gradient_must_not_change_with_the_inputs` |
//! | A19 | shapes and special points of the samples | `sweep::every_derivative_of_every_operation_is_right_at_every_sample` |
//! | A20 | cost, and the share looked at | `at_most_so_many_entries_are_looked_at_as_were_asked_for_and_the_share_is_printed`; `check_every_op` prints its time |

#[path = "common/custom.rs"]
mod custom;

use custom::Custom;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use wengert::grad::{CheckFailed, GradCheck, Reason, Report, Verdict, Way};
use wengert::prelude::*;
use wengert::tape::{Keep, Op, Point, Pullback, Slots};

/// The report, whatever it says.
fn report(result: Result<Report, CheckFailed>) -> Report {
    result.unwrap_or_else(|failed| failed.report().clone())
}

/// x², differentiated right.
const SQUARE: Custom = Custom::new("square", |x| x[0].map(|x| x * x), |p, g| p.pull(0, || g * p.x(0) * 2.0));
/// x², differentiated as 2.001 x.
const SQUARE_2001: Custom =
    Custom::new("square", |x| x[0].map(|x| x * x), |p, g| p.pull(0, || g * p.x(0) * 2.001));

// What passes, what fails, what shows nothing

#[test]
fn a_right_gradient_passes_whatever_the_shape_of_the_result() {
    let (x, w) = (Tensor::from([[0.3, -1.2, 0.7]]), Tensor::from([[0.1], [0.9], [-0.4]]));
    gradcheck(|[x, w]| x.matmul(w).tanh().sum(), [x.clone(), w.clone()]).unwrap();
    gradcheck(|[x, w]| (x * w).exp(), [x, w]).unwrap();
    gradcheck(|[x]| x.powi(3), [2.0]).unwrap();
    gradcheck(|[x]| x.sum_axis(0), [Tensor::zeros([3, 0])]).unwrap();
}

#[test]
fn every_free_parameter_of_a_model_is_checked_in_one_call_and_none_is_changed() {
    let (mut params, mut rng) = (Params::<f64>::new(), Rng::new(3));
    let model = Mlp::new(&mut params.init(&mut rng), [3, 5, 2]);
    let frozen = params.ids().next().map(|id| params.name(id).to_string()).unwrap();
    params.freeze(&frozen).unwrap();
    let x = Tensor::randn([4, 3], &mut rng);
    let values = |params: &Params<f64>| params.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>();
    let before = values(&params);
    let report = gradcheck_model(&params, |tape| model.forward(tape.constant(&x)).square().mean()).unwrap();
    let names: Vec<&str> = report.inputs.iter().map(|input| &*input.name).collect();
    let expected: Vec<&str> = params.iter().map(|(name, _)| name).filter(|name| *name != frozen).collect();
    assert_eq!(names, expected);
    assert!(report.inputs.iter().all(|input| input.checked == input.entries));
    assert_eq!(before, values(&params));
}

#[test]
fn an_error_of_one_millionth_fails() {
    let close = Custom::new("square", |x| x[0].map(|x| x * x), |p, g| p.pull(0, || g * p.x(0) * 2.000_002));
    gradcheck(|[x]| SQUARE.of(&[x]), [[0.7, -1.3]]).unwrap();
    let wrong = report(gradcheck(|[x]| close.of(&[x]), [[0.7, -1.3]]));
    assert_eq!((wrong.verdict, wrong.failed()), (Verdict::Fail, 2));
    // Where numbers can show it, so does one a hundred times smaller.
    let closer = Custom { rule: |p, g| p.pull(0, || g * p.x(0) * (2.0 + 2e-8)), ..close };
    assert_eq!(report(gradcheck(|[x]| closer.of(&[x]), [[0.7, -1.3]])).failed(), 2);
}

#[test]
fn agreement_below_what_rounding_can_show_is_inconclusive_and_two_exact_zeros_pass() {
    // Analytic 2·10⁻¹², numeric 10⁻¹², beside a value of 1.
    let tiny = Custom::new("tiny", |x| x[0].map(|x| 1.0 + 1e-12 * x), |p, g| p.pull(0, || g * 2e-12));
    let check = |how: GradCheck| report(how.check(|[x]| tiny.of(&[x]), [1.0]));
    let strict = check(GradCheck::new());
    assert_eq!(strict.verdict, Verdict::Inconclusive(Reason::Unresolved));
    assert!(!strict.passed());
    assert!(check(GradCheck::new().allow(Reason::Unresolved)).passed());
    assert!(!check(GradCheck::new().allow(Reason::NotFinite)).passed());

    let zero = gradcheck(|[x, y]| x * 0.0 + y, [1.0, 2.0]).unwrap();
    assert_eq!(zero.verdict, Verdict::Pass);
}

#[test]
fn a_small_entry_beside_a_large_one_is_not_taken_on_trust() {
    // The second derivative is 10⁻⁹ and the rule says 0: within any absolute tolerance, and wrong.
    let slanted = Custom::new(
        "slanted",
        |x| Tensor::from([x[0].data()[0], 1e-9 * x[0].data()[1]]),
        |p, g| p.pull(0, || g * Tensor::from([1.0, 0.0])),
    );
    let report = report(gradcheck(|[x]| slanted.of(&[x]), [[1.0, 1.0]]));
    assert_eq!((report.verdict, report.failed()), (Verdict::Fail, 1));
}

#[test]
fn steps_that_change_nothing_are_called_too_small() {
    let huge = report(gradcheck(|[x]| x + 1e30, [1.0]));
    assert_eq!(huge.verdict, Verdict::Inconclusive(Reason::BelowResolution));
    // Steps of a million show the slope of this one, to a digit or two.
    let large = report(gradcheck(|[x]| x + 1e20, [1.0]));
    assert_eq!(large.verdict, Verdict::Inconclusive(Reason::Unresolved));
}

#[test]
fn what_rounding_leaves_of_zero_beside_a_function_that_stands_still_passes() {
    // The gradient of the norm of one number is ±1. Its derivative 1/|x| − x²/|x|³ is 0 but for the
    // last digits, and others for every cotangent.
    for seed in 0..40 {
        let how = GradCheck::new().order(2).seed(seed);
        assert_eq!(how.check(|[x]| x.norm(), [0.7]).unwrap().verdict, Verdict::Pass);
    }
    let claims =
        |slope: f64| report(gradcheck(|[x]| x.apply("sign", f64::signum, move |_| slope), [0.7])).verdict;
    assert_eq!(claims(3e-16), Verdict::Pass);
    // More than a few last digits are not, nor is what is too small to be one of them.
    assert_eq!(claims(1e-13), Verdict::Inconclusive(Reason::BelowResolution));
    assert_eq!(claims(1e-20), Verdict::Inconclusive(Reason::BelowResolution));
    assert_eq!(claims(1e-9), Verdict::Fail);
}

#[test]
fn a_result_that_is_not_finite_is_left_out_and_the_rest_is_still_checked() {
    // ln(x − 2) is NaN in the second entry, at x itself.
    let away = Tensor::from([0.5, 2.0]);
    let right = report(gradcheck(|[x]| SQUARE.of(&[x]) + (x - &away).ln(), [[1.0, 1.0]]));
    assert_eq!(right.verdict, Verdict::Inconclusive(Reason::NotFinite));
    assert_eq!((right.inputs[0].checked, right.failed()), (2, 0));
    assert!(right.inputs[0].error < 1e-9, "{right}");
    let wrong = report(gradcheck(|[x]| SQUARE_2001.of(&[x]) + (x - &away).ln(), [[1.0, 1.0]]));
    assert_eq!((wrong.verdict, wrong.failed()), (Verdict::Fail, 1));
}

#[test]
fn a_sample_that_panics_is_out_of_the_domain_and_the_step_shrinks() {
    let picky = Custom::new(
        "picky",
        |x| {
            assert!(x[0].item() > 0.999, "x must be above 0.999");
            x[0].map(f64::sqrt)
        },
        |p, g| p.pull(0, || g * 0.5 / p.y()),
    );
    gradcheck(|[x]| picky.of(&[x]), [1.0]).unwrap();
}

#[test]
fn no_inputs_is_nothing_checked() {
    let none = report(gradcheck_model(&Params::new(), |tape| tape.constant(1.0)));
    assert_eq!(none.verdict, Verdict::Inconclusive(Reason::NothingToCheck));
}

// Kinks

#[test]
fn a_derivative_between_the_one_sided_ones_is_accepted_at_a_kink() {
    #[track_caller]
    fn check<const N: usize>(
        f: impl for<'t> Fn([Var<'t, f64>; N]) -> Var<'t, f64>,
        at: [f64; N],
        sides: [f64; 2],
    ) {
        let report = gradcheck(f, at).unwrap();
        assert_eq!(report.verdict, Verdict::Kink, "{report}");
        let kink = &report.inputs[0].kinks_at[0];
        let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
        // The cotangent is random: the sides are so up to a factor, which may be negative.
        let ratio = kink.sides[0] / kink.sides[1];
        let (forth, back) = (sides[0] / sides[1], sides[1] / sides[0]);
        assert!(near(ratio, forth) || near(ratio, back) || near(1.0 / ratio, forth), "{report}");
    }
    check(|[x]| x.relu(), [0.0], [0.0, 1.0]);
    check(|[x]| x.abs(), [0.0], [-1.0, 1.0]);
    check(|[x]| x.leaky_relu(0.1), [0.0], [0.1, 1.0]);
    check(|[a, b]| a.maximum(b), [0.7, 0.7], [0.0, 1.0]);
    check(|[a, b]| a.minimum(b), [0.7, 0.7], [0.0, 1.0]);
    check(|[x]| (-x + 1.0).relu(), [1.0], [-1.0, 0.0]); // the hinge
}

#[test]
fn a_derivative_outside_the_one_sided_ones_fails_at_a_kink() {
    let relu = Custom::new(
        "relu",
        |x| x[0].map(|x| x.max(0.0)),
        |p, g| {
            p.pull(0, || {
                g * p.x(0).value().map(|x| {
                    if x > 0.0 {
                        1.0
                    } else if x < 0.0 {
                        0.0
                    } else {
                        1.5
                    }
                })
            })
        },
    );
    let wrong = report(gradcheck(|[x]| relu.of(&[x]), [[1.0, 0.0, -1.0]]));
    assert_eq!((wrong.verdict, wrong.failed()), (Verdict::Fail, 1));
    assert_eq!(wrong.inputs[0].worst.as_ref().unwrap().flat, 1);
    // Between 0 and v, a random number.
    let text = wrong.to_string();
    assert!(text.contains("numeric from -") && text.contains(" to 0 ± "), "{text}");
}

#[test]
fn a_point_beside_a_kink_passes() {
    assert_eq!(gradcheck(|[x]| x.relu(), [[1e-7, -1e-7]]).unwrap().verdict, Verdict::Pass);
    assert_eq!(gradcheck(|[x]| (x - 1.0).abs(), [[1.0 + 1e-7, 1.0 - 1e-7]]).unwrap().verdict, Verdict::Pass);
}

#[test]
fn a_small_entry_beside_large_ones_is_stepped_around_its_own_kink() {
    let x = [1e6, 1e-3, -1e-3];
    assert_eq!(gradcheck(|[x]| x.abs(), [x]).unwrap().verdict, Verdict::Pass);
    assert_eq!(gradcheck(|[x]| x.relu(), [x]).unwrap().verdict, Verdict::Pass);
    let half = Custom::new("half", |x| x[0].map(f64::abs), |p, g| p.pull(0, || g * p.x(0).sign() * 0.5));
    let wrong = report(gradcheck(|[x]| half.of(&[x]), [x]));
    assert_eq!((wrong.verdict, wrong.failed()), (Verdict::Fail, 3), "{wrong}");
    // Steep, and steeper than any step of the large entry's size can show.
    let cbrt = |x: f64| x.cbrt();
    gradcheck(|[x]| x.apply("cbrt", cbrt, |x| x.cbrt().powi(-2) / 3.0), [[1e-9, 8.0]]).unwrap();
    gradcheck(|[x]| x.sqrt(), [[1e-300, 1.0]]).unwrap();
    let wrong = gradcheck(|[x]| x.apply("cbrt", cbrt, |x| x.cbrt().powi(-2) / 3.1), [[1e-9, 8.0]]);
    assert_eq!(report(wrong).failed(), 2);
}

#[test]
fn a_step_of_the_function_is_a_discontinuity() {
    for f in
        [|[x]| Var::floor(x), |[x]| Var::sign(x - 2.0)] as [for<'t> fn([Var<'t, f64>; 1]) -> Var<'t, f64>; 2]
    {
        let report = report(gradcheck(f, [2.0]));
        assert_eq!(report.verdict, Verdict::Inconclusive(Reason::Discontinuity), "{report}");
    }
}

#[test]
fn the_end_of_a_domain_is_called_that() {
    let report = report(gradcheck(|[x]| x.sqrt(), [0.0]));
    assert_eq!(report.verdict, Verdict::Inconclusive(Reason::EdgeOfDomain), "{report}");
}

// Determinism

#[test]
fn a_function_that_draws_its_own_random_numbers_is_called_non_deterministic() {
    let rng = std::cell::RefCell::new(Rng::new(5));
    let report = report(gradcheck(|[x]| x * x + rng.borrow_mut().normal(), [1.0]));
    assert_eq!(report.verdict, Verdict::Inconclusive(Reason::NonDeterministicForward));
    assert!(report.inputs.is_empty(), "nothing is compared then");
    assert!(report.to_string().contains("(nothing was compared)"), "{report}");
}

#[test]
fn dropout_is_checked_under_a_mask_that_stays() {
    let mut params = Params::<f64>::new();
    let w = params.add("w", Tensor::linspace(0.5, 2.0, 16));
    let zeros = Cell::new(0);
    GradCheck::new()
        .training(7)
        .check_model(&params, |tape| {
            let y = tape.param(w).dropout(0.5).square();
            zeros.set(y.value().data().iter().filter(|y| **y == 0.0).count());
            y
        })
        .unwrap();
    assert!(zeros.get() > 0, "dropout was on");
}

/// x², with a gradient that changes by a millionth of itself from one pass to the next.
fn jittery<'t>([x]: [Var<'t, f64>; 1]) -> Var<'t, f64> {
    thread_local!(static PASSES: Cell<f64> = const { Cell::new(0.0) });
    let y = x * x;
    x.tape().hook(y, |g| g * (1.0 + 1e-6 * PASSES.replace(PASSES.get() + 1.0)));
    y
}

#[test]
fn a_backward_pass_that_jitters_is_rejected_unless_its_tolerance_allows_for_it() {
    let strict = report(gradcheck(jittery, [1.0]));
    assert_eq!(strict.verdict, Verdict::Inconclusive(Reason::NonDeterministicBackward));
    // With the tolerance the jitter is no longer the matter: the gradient itself is wrong.
    let lenient = report(GradCheck::new().nondet_tol(1e-4).check(jittery, [1.0]));
    assert_eq!(lenient.verdict, Verdict::Fail);
}

#[test]
fn a_hook_that_adds_a_hundredth_is_found_out() {
    fn hooked<'t>([x]: [Var<'t, f64>; 1]) -> Var<'t, f64> {
        let y = x.square();
        x.tape().hook(y, |g| g + 1e-2);
        y.sum()
    }
    let report = report(gradcheck(hooked, [[0.5, 2.0]]));
    assert_eq!((report.verdict, report.failed()), (Verdict::Fail, 2));
}

#[test]
fn inputs_are_the_same_bits_after_a_check_that_panics() {
    let x = Tensor::from([0.1, -0.0, f64::MIN_POSITIVE]);
    let before: Vec<u64> = x.data().iter().map(|x| x.to_bits()).collect();
    let calls = Cell::new(0);
    let check = || {
        gradcheck(
            |[x]| {
                calls.set(calls.get() + 1);
                assert!(calls.get() < 3, "the third call fails, at the point itself");
                x.sin()
            },
            [&x],
        )
    };
    assert!(catch_unwind(AssertUnwindSafe(check)).is_err());
    let after: Vec<u64> = x.data().iter().map(|x| x.to_bits()).collect();
    assert_eq!(before, after);
}

// The cotangent

#[test]
fn the_cotangent_is_random_so_that_errors_which_cancel_under_ones_are_seen() {
    // Under a cotangent of ones all three have gradient 0, and so has a rule that says 0.
    let softmax = Custom::new(
        "softmax",
        |x| {
            let sum: f64 = x[0].data().iter().map(|x| x.exp()).sum();
            x[0].map(|x| x.exp() / sum)
        },
        |p, g| p.pull(0, || g * 0.0),
    );
    let centred = Custom::new(
        "centred",
        |x| {
            let mean = x[0].data().iter().sum::<f64>() / x[0].numel() as f64;
            x[0].map(|x| x - mean)
        },
        |p, g| p.pull(0, || g * 0.0),
    );
    // Batch norm without its weights: the rows' mean is 0 and their variance 1.
    let normalised = Custom::new(
        "batch_norm",
        |x| {
            let n = x[0].numel() as f64;
            let mean = x[0].data().iter().sum::<f64>() / n;
            let variance = x[0].data().iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
            x[0].map(|x| (x - mean) / variance.sqrt())
        },
        |p, g| p.pull(0, || g * 0.0),
    );
    for op in [softmax, centred, normalised] {
        let report = report(gradcheck(|[x]| op.of(&[x]), [[0.3, -1.0, 0.8]]));
        assert_eq!(report.verdict, Verdict::Fail, "{report}");
    }
}

#[test]
fn a_zero_cotangent_gives_exact_zeros_and_gradients_are_linear_in_it() {
    let tape = Tape::f64();
    let x = tape.var([[0.3, -1.2], [0.7, 2.0]]);
    let y = x.matmul(x).tanh() * x.exp();
    let pull = |v: &Tensor<f64>| y.backward_with(v)[x].clone();
    assert!(pull(&Tensor::zeros([2, 2])).data().iter().all(|g| *g == 0.0));
    let mut rng = Rng::new(0);
    let (v, w) = (Tensor::randn([2, 2], &mut rng), Tensor::randn([2, 2], &mut rng));
    let (a, b) = (1.7, -0.3);
    let mix = Tensor::from_fn([2, 2], |i| a * v.data()[i] + b * w.data()[i]);
    let (of_v, of_w) = (pull(&v), pull(&w));
    let expected = Tensor::from_fn([2, 2], |i| a * of_v.data()[i] + b * of_w.data()[i]);
    assert!(pull(&mix).max_abs_diff(&expected) < 1e-13);
}

// Orders, precisions, amounts

#[test]
fn a_first_derivative_of_2_001_for_2_fails_at_order_1() {
    let report = report(GradCheck::new().order(2).check(|[x]| SQUARE_2001.of(&[x]), [1.3]));
    assert_eq!(report.verdict, Verdict::Fail);
    assert!(report.inputs.iter().all(|input| input.order == 1));
    assert!(report.to_string().contains("order 1"), "{report}");
}

#[test]
fn a_second_derivative_of_1_001_for_1_fails_at_order_2() {
    // x²/2, whose rule multiplies by an operation with the value x and the derivative 1.001.
    const STEEP: Custom = Custom::new("steep", |x| x[0].clone(), |p, g| p.pull(0, || g * 1.001));
    let half_square = Custom::new(
        "half_square",
        |x| x[0].map(|x| x * x / 2.0),
        |p, g| p.pull(0, || g * STEEP.of(&[p.x(0)])),
    );
    gradcheck(|[x]| half_square.of(&[x]), [1.3]).unwrap();
    let report = report(GradCheck::new().order(2).check(|[x]| half_square.of(&[x]), [1.3]));
    assert_eq!(report.verdict, Verdict::Fail);
    let failed: Vec<u32> =
        report.inputs.iter().filter(|input| input.failed > 0).map(|input| input.order).collect();
    assert_eq!(failed, [2]);
    assert!(report.to_string().contains("order 2"), "{report}");
    // So does one of a millionth.
    const CLOSE: Custom = Custom { rule: |p, g| p.pull(0, || g * 1.000_001), ..STEEP };
    let close = Custom { rule: |p, g| p.pull(0, || g * CLOSE.of(&[p.x(0)])), ..half_square };
    assert!(GradCheck::new().order(2).check(|[x]| close.of(&[x]), [1.3]).is_err());
}

#[test]
fn a_rule_that_cuts_the_path_through_its_own_cotangent_fails_at_order_2() {
    let cut = Custom::new("double", |x| x[0].map(|x| 2.0 * x), |p, g| p.pull(0, || g.detach() * 2.0));
    gradcheck(|[x]| cut.of(&[x]), [1.3]).unwrap();
    let report = report(GradCheck::new().order(2).check(|[x]| cut.of(&[x]), [1.3]));
    assert_eq!(report.verdict, Verdict::Fail, "{report}");
}

#[test]
fn second_orders_of_right_functions_pass() {
    let how = GradCheck::new().order(2);
    how.check(
        |[x, w]| (x.matmul_t(w)).tanh().sum(),
        [Tensor::from([[0.3, -1.2]]), Tensor::from([[0.1, 0.4]])],
    )
    .unwrap();
    how.check(|[x]| (x.powi(4) * x.sin()).sum(), [[0.5, 1.5]]).unwrap();
}

#[test]
fn a_function_in_f32_is_checked_as_far_as_f32_can_see_and_the_report_says_how_far() {
    let right = GradCheck::new().check_f32(|[x]| x.tanh() * x, [[0.5, -1.5, 2.5]]).unwrap();
    assert_eq!(right.element, "f32");
    assert!(right.resolution() > 1e-6 && right.resolution() < 1e-2, "{right}");
    assert!(right.to_string().contains("would have been seen"), "{right}");
    // An error within that resolution is not seen, one above it is.
    let scaled = |by: f32| {
        report(GradCheck::new().check_f32(|[x]| x.apply("f", |x| x * x, move |x| 2.0 * by * x), [0.7]))
    };
    assert_eq!(scaled(1.01).verdict, Verdict::Fail);
    assert!(scaled(1.000_001).passed());
}

#[test]
fn a_model_in_f32_is_checked_by_casting_its_store() {
    let (mut params, mut rng) = (Params::<f32>::new(), Rng::new(0));
    let layer = Linear::new(&mut params.init(&mut rng), 3, 2);
    gradcheck_model(&params.cast(), |tape| layer.forward(tape.constant([[0.1, -0.2, 0.3]])).tanh()).unwrap();
}

#[test]
fn the_same_tensor_twice_is_two_inputs_and_a_parameter_used_twice_is_one() {
    let x = Tensor::from([0.5, 1.5]);
    let report = gradcheck(|[a, b]| a * b.exp(), [&x, &x]).unwrap();
    assert_eq!(report.inputs.len(), 2);
    let mut params = Params::new();
    let w = params.add("w", [0.5, 1.5]);
    let report = gradcheck_model(&params, |tape| tape.param(w) * tape.param(w).exp()).unwrap();
    assert_eq!(report.inputs.len(), 1);
}

#[test]
fn a_result_without_gradient_must_not_change_with_the_inputs() {
    gradcheck(|[x]| x.gt(0.0), [[0.5, -1.5]]).unwrap();
    gradcheck(|[x]| x.floor(), [[0.5, -1.5]]).unwrap();
    gradcheck(|[x]| x.argmax(0), [[0.5, -1.5]]).unwrap();
    let cut = report(gradcheck(|[x]| x.detach().exp(), [[0.5, -1.5]]));
    assert_eq!((cut.verdict, cut.failed()), (Verdict::Fail, 2));

    /// 2x, said to be made of whole steps.
    #[derive(Debug)]
    struct Steps;
    impl Op<f64> for Steps {
        fn name(&self) -> &'static str {
            "steps"
        }
        fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
            Ok(x[0].clone())
        }
        fn forward(&self, x: &[&Tensor<f64>], _: Shape, _: &mut Keep<f64>) -> Tensor<f64> {
            x[0].map(|x| 2.0 * x)
        }
        fn vjp<'t>(&self, _: &Pullback<'t, f64>, _: Var<'t, f64>) {}
        fn differentiable(&self) -> bool {
            false
        }
    }
    let alone = report(gradcheck(|[x]| x.tape().record(Steps, &[x]), [[0.5, -1.5]]));
    assert_eq!((alone.verdict, alone.failed()), (Verdict::Fail, 2), "{alone}");
    let beside = report(gradcheck(|[x]| x.tape().record(Steps, &[x]) + x, [[0.5, -1.5]]));
    assert_eq!((beside.verdict, beside.failed()), (Verdict::Fail, 2), "{beside}");
}

#[test]
fn at_most_so_many_entries_are_looked_at_as_were_asked_for_and_the_share_is_printed() {
    let calls = Cell::new(0u64);
    let count = |how: GradCheck, n: usize| {
        calls.set(0);
        let x = Tensor::linspace(0.1, 1.0, n);
        let report = how
            .check(
                |[x]| {
                    calls.set(calls.get() + 1);
                    x.sin().sum()
                },
                [x],
            )
            .unwrap();
        (report, calls.get())
    };
    let (all, of_all) = count(GradCheck::new(), 100);
    let (_, of_half) = count(GradCheck::new(), 50);
    assert_eq!(all.inputs[0].checked, 100);
    assert!(of_all < 17 * 100 && of_all < 2 * of_half, "{of_all} calls for 100 entries, {of_half} for 50");
    let (some, of_some) = count(GradCheck::new().max_elems(10), 100);
    assert_eq!(some.inputs[0].checked, 10);
    assert!(of_some < 17 * 10, "{of_some} calls");
    assert!(some.to_string().contains("100 entries, 10 of them looked at: 10.0 %"), "{some}");
}

#[test]
fn a_rule_that_is_wrong_in_its_fused_twin_alone_is_told_apart() {
    #[derive(Debug)]
    struct Cube;
    impl Op<f64> for Cube {
        fn name(&self) -> &'static str {
            "cube"
        }
        fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
            Ok(x[0].clone())
        }
        fn forward(&self, x: &[&Tensor<f64>], _: Shape, _: &mut Keep<f64>) -> Tensor<f64> {
            x[0].map(|x| x * x * x)
        }
        fn vjp<'t>(&self, p: &Pullback<'t, f64>, g: Var<'t, f64>) {
            p.pull(0, || g * p.x(0).square() * 3.0);
        }
        fn vjp_into(&self, at: &Point<'_, f64>, g: &mut Tensor<f64>, dx: &mut Slots<'_, f64>) -> bool {
            dx.add(0, Tensor::from_fn(g.shape(), |i| 2.0 * g.data()[i] * at.x(0).data()[i].powi(2)));
            true
        }
    }
    let report = report(gradcheck(|[x]| x.tape().record(Cube, &[x]), [[1.0, 2.0]]));
    assert_eq!(report.inputs[0].ways, [Way::Backward]);
    assert!(report.to_string().contains("in `backward` alone"), "{report}");
}
