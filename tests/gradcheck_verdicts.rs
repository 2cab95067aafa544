//! What the checker must not say: wrong of what is right, and right of what it has not seen.

use wengert::grad::{CheckFailed, GradCheck, Reason, Report, Verdict};
use wengert::prelude::*;

/// The report, whatever it says.
fn report(result: Result<Report, CheckFailed>) -> Report {
    result.unwrap_or_else(|failed| failed.report().clone())
}

/// The verdict on f at x, where a number is said to be its derivative.
fn verdict(f: fn(f64) -> f64, slope: f64, x: f64) -> Verdict {
    report(gradcheck(|[x]| x.apply("f", f, move |_| slope), [x])).verdict
}

const BELOW: Verdict = Verdict::Inconclusive(Reason::BelowResolution);

#[test]
fn small_steps_on_one_tread_of_rounding_do_not_outweigh_larger_ones() {
    for k in -100..=100 {
        let x = f64::from(k) / 10.0;
        let gelu = report(gradcheck(|[x]| x.gelu(), [x]));
        assert_ne!(gelu.verdict, Verdict::Fail, "{x}: {gelu}");
        assert!(gelu.passed() || !(-4.0..=4.0).contains(&x), "{x}: {gelu}");
    }
    let x = Tensor::<f32>::from([-2.0f32, -3.0, -4.0, -5.0, -3.5, -4.5]);
    let gelu = report(GradCheck::new().check_f32(|[x]| x.gelu(), [x]));
    assert_ne!(gelu.verdict, Verdict::Fail, "{gelu}");
    assert_ne!(verdict(|x| (1e8 + x) - 1e8, 1.0, 1e-7), Verdict::Fail);
}

#[test]
fn steps_too_small_to_move_a_function_do_not_make_it_constant() {
    let offset = report(gradcheck(
        |[x]| {
            let y = x.detach() + 1e6;
            (y - y.mean()).square().mean()
        },
        [[1.0, 2.0, -3.0]],
    ));
    assert!(!offset.passed(), "{offset}");
    let offset = report(GradCheck::new().check_f32(
        |[x]| {
            let y = x.detach() + 1000.0;
            (y - y.mean()).square().mean()
        },
        [Tensor::<f32>::from([1.0f32, 2.0, -3.0])],
    ));
    assert!(!offset.passed(), "{offset}");
    let inside = report(gradcheck(|[x]| (x.detach().square() + 1.0).ln() + x * 0.0, [1e-5]));
    assert!(!inside.passed(), "{inside}");
    // Where the treads are what rounding makes of numbers near 1, larger steps see over them.
    assert_eq!(gradcheck(|[x]| (x.square() + 1.0).ln(), [1e-5]).unwrap().verdict, Verdict::Pass);
    let huge = report(gradcheck(|[x]| x.detach() + 1e20, [1.0]));
    assert!(!huge.passed(), "{huge}");
}

#[test]
fn where_small_steps_show_nothing_and_large_ones_a_slope_neither_passes() {
    for (f, x) in [
        ((|x| (1e8 + x) - 1e8) as fn(f64) -> f64, 1.0),
        (f64::floor, 1e6 + 0.5),
        (|x| f64::from(x as f32), 1.1),
    ] {
        assert_eq!(verdict(f, 0.0, x), BELOW);
        assert_eq!(verdict(f, 1.0, x), BELOW);
        assert_eq!(verdict(f, 3.0, x), Verdict::Fail);
    }
    // A function made of steps passes where the steps taken are smaller.
    assert_eq!(verdict(f64::floor, 0.0, 2.5), Verdict::Pass);
}

#[test]
fn what_is_faster_than_the_steps_is_no_kink() {
    let fast = report(gradcheck(|[x]| x.apply("f", |x| (1e3 * x).sin(), |x| 1e3 * (1e3 * x).cos()), [1e4]));
    assert_eq!(fast.verdict, Verdict::Pass, "{fast}");
    let faster = report(gradcheck(|[x]| (x * 3e4).sin(), [Tensor::linspace(-5.0, 5.0, 64)]));
    assert_eq!(faster.verdict, Verdict::Pass, "{faster}");
}

/// Of claims `wrong(x, f′(x))`, how many of 200 are called wrong.
fn called_wrong(f: fn(f64) -> f64, df: fn(f64) -> f64, wrong: fn(f64) -> f64) -> usize {
    let points = (0..200).map(|k| -3.0 + f64::from(k) * 0.0301);
    points.filter(|&x| verdict(f, wrong(df(x)), x) == Verdict::Fail).count()
}

/// The other side: what is wrong is called wrong, though steps of some size average it away.
#[test]
fn a_wrong_gradient_of_a_fast_function_or_of_one_with_a_large_offset_fails() {
    type Function = fn(f64) -> f64;
    let functions: [(&str, Function, Function, usize); 4] = [
        ("sin", |x| x.sin(), |x| x.cos(), 195),
        ("sin 1000x", |x| (1e3 * x).sin(), |x| 1e3 * (1e3 * x).cos(), 195),
        ("10⁶ + sin x", |x| 1e6 + x.sin(), |x| x.cos(), 190),
        ("x + 10⁻⁶ sin 10⁵x", |x| x + 1e-6 * (1e5 * x).sin(), |x| 1.0 + 0.1 * (1e5 * x).cos(), 190),
    ];
    let claims: [(&str, Function); 4] =
        [("0", |_| 0.0), ("-f′", |d| -d), ("1.1 f′", |d| 1.1 * d), ("f′ + 1", |d| d + 1.0)];
    for (name, f, df, least) in functions {
        for (claim, wrong) in claims {
            let count = called_wrong(f, df, wrong);
            assert!(count >= least, "{name}: {claim} fails at {count} of 200 points");
        }
    }
}

#[test]
fn numbers_whose_squares_or_products_overflow_are_compared_or_left_out() {
    let exp = report(gradcheck(|[x]| x.apply("exp", f64::exp, |x| -x.exp()), [709.7]));
    assert_eq!(exp.verdict, Verdict::Inconclusive(Reason::NotFinite), "{exp}");
    assert_eq!(gradcheck(|[x]| x.abs(), [1e-300]).unwrap().verdict, Verdict::Pass);
    let cbrt = |x: f64| x.cbrt();
    gradcheck(|[x]| x.apply("cbrt", cbrt, |x| x.cbrt().powi(-2) / 3.0), [1e-300]).unwrap();
    let wrong = report(gradcheck(|[x]| x.apply("cbrt", cbrt, |x| x.cbrt().powi(-2) / 3.1), [1e-300]));
    assert!(!wrong.passed(), "{wrong}");
}

#[test]
#[should_panic(expected = "it takes an entry at least")]
fn no_entries_to_compare_is_no_check() {
    let _ = GradCheck::new().max_elems(0);
}

#[test]
fn a_report_names_a_detached_input_and_no_count_that_is_not_there() {
    let cut = report(gradcheck(|[x]| x.detach().exp(), [0.5]));
    assert!(cut.to_string().contains("nothing on the tape depends on an input: it is detached"), "{cut}");
    let far = report(gradcheck(|[x]| x.apply("f", |x| x, |_| 1e30), [0.5]));
    assert_eq!((far.verdict, far.inputs[0].pattern), (Verdict::Fail, None), "{far}");
}
