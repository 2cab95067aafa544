//! What a report says: where the error is, how large, and which mistake explains it.

#[path = "common/custom.rs"]
mod custom;

use custom::Custom;
use wengert::grad::{CheckFailed, GradCheck, Pattern, Place, Report, Verdict};
use wengert::prelude::*;
use wengert::tape::Fault;

fn failure(result: Result<Report, CheckFailed>) -> Report {
    let report = result.expect_err("this is wrong").report().clone();
    assert_eq!(report.verdict, Verdict::Fail, "{report}");
    report
}

/// x², with a factor of 2 missing from its rule.
const HALVED: Custom = Custom::new("scaled", |x| x[0].map(|x| x * x), |p, g| p.pull(0, || g * p.x(0)));

// The text

#[test]
fn a_failure_names_operation_node_line_input_entry_numbers_and_pattern() {
    let (x, y) = (Tensor::from([[0.5, -1.25], [2.0, 0.75]]), Tensor::from([1.5, -3.0]));
    let line = line!() + 1;
    let check = || GradCheck::new().seed(42).check(|[x, y]| HALVED.of(&[x]) * y + y, [&x, &y]);
    let expected = format!(
        "\
GRADIENT CHECK FAILED  (1 of 2 inputs, 4 of 6 entries)    seed 42, f64, order 1
  op      scaled   node v2 [2, 2] ← v0   created at tests/gradcheck_report.rs:{line}
  rule    input 0 `v0`  shape [2, 2]   4 of 4 entries
  worst   flat 2 = [1, 0]   analytic 1.261234879   numeric 2.522469759 ± 2e-14   abs 1.3e0  rel 5.0e-1   step 5e-2
  pattern analytic = 0.5 × numeric: a factor 2 is missing (on all 4)
  input   0 `x0`  shape [2, 2]   4 of 4 entries
  worst   flat 2 = [1, 0]   analytic 4.325629234   numeric 8.651258469 ± 6e-14   abs 4.3e0  rel 5.0e-1   step 5e-2
  pattern analytic = 0.5 × numeric: a factor 2 is missing (on all 4)
  where   v2 scaled failed alone, 2 of 3 nodes passed: a rule error
  kinks   0   inconclusive 0"
    );
    assert_eq!(failure(check()).to_string(), expected);
    assert_eq!(failure(check()).to_string(), expected, "the seed repeats it");
}

#[test]
fn a_pass_says_what_would_have_been_seen() {
    let report = GradCheck::new().order(2).check(|[x]| x * x, [[1.5, -0.5, 0.0]]).unwrap();
    let expected = "\
gradient check passed  (2 inputs, 6 entries)    seed 0, f64, order 2
  kinks   0   inconclusive 0   worst relative error 4e-15; one of 1e-9 would have been seen";
    assert_eq!(report.to_string(), expected);
}

#[test]
fn an_inconclusive_check_says_why_and_where() {
    let failed = gradcheck(|[x]| x.sqrt(), [[1.0, 0.0]]).unwrap_err();
    let expected = "\
GRADIENT CHECK INCONCLUSIVE  (1 input, 2 entries)    seed 0, f64, order 1
  reason  the function ends here
  unclear `x0` order 1 flat 1 = [1]   analytic -inf   numeric NaN ± inf   abs NaN  rel inf   step 3e-14
  kinks   0   inconclusive 1   worst relative error 3e-14; one of 1e-9 would have been seen";
    assert_eq!(failed.to_string(), expected);
    assert_eq!(format!("{failed:?}"), expected, "what `main` prints of an error");
}

#[test]
fn a_kink_is_shown_with_both_of_its_derivatives() {
    let report = gradcheck(|[x]| x.relu() * 0.5, [[[1.0, 0.0]]]).unwrap();
    let expected = "\
gradient check passed  (1 input, 2 entries)    seed 0, f64, order 1
  kink    `x0` order 1 flat 1 = [0, 1]   D− and D+ are -0.741327465 and 0   analytic 0
  kinks   1   inconclusive 0   worst relative error 9e-16; one of 1e-9 would have been seen";
    assert_eq!(report.to_string(), expected);
}

#[test]
fn a_report_has_at_most_30_lines_whatever_is_wrong() {
    let mut params = Params::new();
    let ids: Vec<ParamId> =
        (0..50).map(|i| params.add(format!("w{i}"), Tensor::linspace(-1.0, 1.0, 3))).collect();
    let result = gradcheck_model(&params, |tape| {
        ids.iter()
            .map(|&id| HALVED.of(&[tape.param(id)]) + tape.param(id).relu() + tape.param(id).sqrt())
            .sum()
    });
    let report = failure(result);
    let text = report.to_string();
    assert!(text.lines().count() <= 30, "{text}");
    assert!(text.contains(".. and 47 inputs more"), "{text}");
    assert!(text.contains("and 47 more failed alone"), "{text}");
}

#[test]
fn a_report_is_json_for_programs() {
    let report = failure(gradcheck(|[x]| HALVED.of(&[x]) * 2.0, [[0.5, -1.5]]));
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(json["verdict"], "fail");
    assert_eq!(json["inputs"][0]["name"], "x0");
    assert_eq!(json["inputs"][0]["worst"]["index"][0], 1);
    assert_eq!(
        json["inputs"][0]["worst"]["analytic"].as_f64(),
        Some(report.inputs[0].worst.as_ref().unwrap().analytic)
    );
    assert_eq!(json["tape"]["place"], "Rule");
    assert_eq!(json["tape"]["nodes"][0]["op"], "scaled");
    let failed = gradcheck(|[x]| x.sqrt(), [0.0]).unwrap_err();
    let json: serde_json::Value = serde_json::from_str(&failed.report().to_json()).unwrap();
    assert_eq!(json["inputs"][0]["inconclusive_at"][0]["numeric"], "NaN");
    assert_eq!(json["reasons"][0], "EdgeOfDomain");
}

// Patterns

/// What is said about an operation of one input by itself.
#[track_caller]
fn pattern(op: Custom, x: Tensor<f64>) -> (Pattern, String) {
    let report = failure(gradcheck(|[x]| op.of(&[x]), [x]));
    let pattern = report.inputs[0].pattern.unwrap_or_else(|| panic!("no pattern in {report}"));
    assert!(report.to_string().contains(&pattern.to_string()), "{report}");
    (pattern, pattern.to_string())
}

fn matrix() -> Tensor<f64> {
    Tensor::from([[0.5, -1.25, 0.75], [2.0, 0.75, 1.5]])
}

#[test]
fn a_factor_2_is_named_missing_or_too_many() {
    assert_eq!(
        pattern(HALVED, matrix()),
        (Pattern::Factor(0.5), "analytic = 0.5 × numeric: a factor 2 is missing".into())
    );
    let doubled = Custom { rule: |p, g| p.pull(0, || g * p.x(0) * 4.0), ..HALVED };
    assert_eq!(
        pattern(doubled, matrix()),
        (Pattern::Factor(2.0), "analytic = 2 × numeric: a factor 2 too many".into())
    );
}

#[test]
fn a_flipped_sign_is_named() {
    let flipped = Custom { rule: |p, g| p.pull(0, || g * p.x(0) * -2.0), ..HALVED };
    assert_eq!(pattern(flipped, matrix()).0, Pattern::SignFlipped);
}

#[test]
fn another_factor_is_given_where_entries_share_it() {
    let odd = Custom { rule: |p, g| p.pull(0, || g * p.x(0) * 2.6), ..HALVED };
    let (Pattern::Factor(c), _) = pattern(odd, matrix()) else { panic!("not a factor") };
    assert!((c - 1.3).abs() < 1e-6);
}

#[test]
fn the_missing_1_over_n_of_a_mean_is_named_with_its_n() {
    let mean = Custom {
        shape: |_| Shape::SCALAR,
        ..Custom::new(
            "mean",
            |x| Tensor::from(x[0].data().iter().sum::<f64>() / x[0].numel() as f64),
            |p, g| p.pull(0, || g.expand(p.x(0).shape())),
        )
    };
    let (found, text) = pattern(mean, matrix());
    assert_eq!(found, Pattern::MissingMean(6));
    assert!(text.contains("1/N is missing (N = 6"), "{text}");
    let sum = Custom {
        f: |x| Tensor::from(x[0].data().iter().sum::<f64>()),
        rule: |p, g| p.pull(0, || g.expand(p.x(0).shape()) / 6.0),
        ..mean
    };
    assert_eq!(pattern(sum, matrix()).0, Pattern::ExtraMean(6));
}

#[test]
fn a_transposed_gradient_is_named() {
    // y = xᵀ, with ȳ passed on as it lies in memory.
    let transposed = Custom {
        shape: |x| Shape::from([x[0][1], x[0][0]]),
        ..Custom::new(
            "transpose",
            |x| Tensor::from_fn([3, 2], |i| x[0].data()[i % 2 * 3 + i / 2]),
            |p, g| p.pull(0, || g.reshape([2, 3])),
        )
    };
    assert_eq!(pattern(transposed, matrix()).0, Pattern::Transposed);
    let square = Custom::new(
        "square_matrix",
        |x| x[0].map(|x| x * x),
        |p, g| p.pull(0, || (g * p.x(0) * 2.0).permute([1, 0])),
    );
    assert_eq!(pattern(square, Tensor::from([[0.5, -1.25], [2.0, 0.75]])).0, Pattern::Transposed);
}

#[test]
fn a_broadcast_axis_that_is_not_summed_is_named_with_its_extent() {
    // The second operand is broadcast along the rows, and its rule returns the first row alone.
    let scaled = Custom::new(
        "scale_rows",
        |x| Tensor::from_fn([4, 3], |i| x[0].data()[i] * x[1].data()[i % 3]),
        |p, g| p.pull(1, || (g * p.x(0)).slice(0, 0..1).reshape([3])),
    );
    let x = Tensor::from_fn([4, 3], |i| (i as f64 * 0.7).sin() + 1.5);
    let report = failure(gradcheck(|[w]| scaled.of(&[w.tape().constant(&x), w]), [[0.5, -1.0, 2.0]]));
    assert_eq!(report.inputs[0].pattern, Some(Pattern::NotSummed { axis: 0, extent: 4 }), "{report}");
}

#[test]
fn a_gradient_of_zeros_asks_whether_the_input_is_detached() {
    let report = failure(gradcheck(|[x]| x.detach().exp() + 1.0, [[0.5, 1.5]]));
    assert_eq!(report.inputs[0].pattern, Some(Pattern::Detached));
    assert!(report.to_string().contains("is the input detached?"), "{report}");
}

#[test]
fn numbers_of_zero_ask_whether_the_input_is_used() {
    let unused = Custom::new("ones", |x| Tensor::ones(x[0].shape()), |p, g| p.pull(0, || g * p.x(0)));
    assert_eq!(pattern(unused, matrix()).0, Pattern::Unused);
}

// Places

#[test]
fn an_engine_that_does_not_add_up_is_told_from_a_wrong_rule() {
    for fault in Fault::ALL {
        let result = gradcheck(
            |[x, w]| {
                x.tape().break_engine(fault);
                (x * x.exp() + w).tanh() * w
            },
            [Tensor::from([[0.5, 1.5], [-0.5, 0.3]]), Tensor::from([0.7, 1.2])],
        );
        let report = failure(result);
        let tape = report.tape.as_ref().unwrap();
        assert_eq!(tape.place, Some(Place::Accumulation), "{fault:?}\n{report}");
        assert_eq!(tape.failing().count(), 0);
    }
}
