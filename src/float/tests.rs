//! How far the elementary functions are from the truth, in ulps: the distance between the two
//! numbers of the format around the true value.

use super::format::Format;
use super::oracle::{self, Double};
use super::{Elementary, Float};

/// An f32 function, the same in f64 (whose own error, 2^-29 ulp of f32, does not count here), and
/// the worst error in ulps over all 2³² arguments.
type Single = (&'static str, fn(f32) -> f32, fn(f64) -> f64, f64);

const SINGLE: [Single; 7] = [
    ("exp", Elementary::exp, f64::exp, 1.0),
    ("exp_m1", Elementary::exp_m1, f64::exp_m1, 1.4),
    ("ln", Elementary::ln, f64::ln, 0.9),
    ("ln_1p", Elementary::ln_1p, f64::ln_1p, 0.9),
    ("tanh", Elementary::tanh, f64::tanh, 2.6),
    (
        "sigmoid",
        Elementary::sigmoid,
        |x| (if x < 0.0 { x.exp() } else { 1.0 }) / (1.0 + (-x.abs()).exp()),
        2.5,
    ),
    ("erf", Elementary::erf, libm::erf, 1.4),
];

/// Compares a function at every `step`-th number there is.
#[track_caller]
fn check_single((name, f, truth, bound): Single, step: usize) {
    let (mut worst, mut at) = (0.0, 0.0);
    for bits in (0..=u32::MAX).step_by(step) {
        let x = f32::from_bits(bits);
        let (y, truth) = (f(x), truth(x.into()));
        let error = if truth.is_nan() || y.is_nan() || truth as f32 == y {
            assert_eq!(truth.is_nan(), y.is_nan(), "{name}({x:e}) = {y:e}");
            assert!(y.is_nan() || y.is_sign_negative() == truth.is_sign_negative(), "{name}({x:e}) = {y:e}");
            if truth.is_finite() && y.is_finite() { (f64::from(y) - truth).abs() / ulp(truth) } else { 0.0 }
        } else if y.is_infinite() {
            // Past the largest number, the next one would have been 2^128.
            (2f64.powi(128) - truth.abs()) / 2f64.powi(104)
        } else {
            (f64::from(y) - truth).abs() / ulp(truth)
        };
        if error > worst {
            (worst, at) = (error, x);
        }
    }
    // `--nocapture` shows what the table in `Elementary` is made of.
    println!("f32 {name}: {worst:.3} ulp at {at:e}");
    assert!(worst <= bound, "{name}({at:e}): {worst:.3} ulp");
}

/// The worst absolute error at every `step`-th number in `low` .. `high`.
#[track_caller]
fn check_absolute(
    name: &str,
    f: fn(f32) -> f32,
    truth: fn(f64) -> f64,
    range: std::ops::Range<f32>,
    bound: f64,
) {
    let (mut worst, mut at) = (0.0, 0.0);
    for bits in (0..=u32::MAX).step_by(4093) {
        let x = f32::from_bits(bits);
        if range.contains(&x) {
            let error = (f64::from(f(x)) - truth(x.into())).abs();
            assert!(!error.is_nan(), "{name}({x:e}) = {:e}", f(x));
            if error > worst {
                (worst, at) = (error, x);
            }
        }
    }
    assert!(worst <= bound, "{name}({at:e}): {worst:e}");
    assert!(f(f32::NAN).is_nan(), "{name}(NaN)");
}

#[test]
fn the_normal_distribution_and_the_exponential_of_softmax_are_within_their_bounds_of_1() {
    const ALL: std::ops::Range<f32> = f32::NEG_INFINITY..f32::INFINITY;
    let cdf = |x: f64| 0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2);
    check_absolute("normal_cdf", Elementary::normal_cdf, cdf, ALL, 1.3e-7);
    let pdf = |x: f64| (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
    check_absolute("normal_pdf", Elementary::normal_pdf, pdf, ALL, 1.0e-7);
    check_absolute("exp", Float::exp_of_negative, f64::exp, f32::NEG_INFINITY..0.0, 1.6e-7);
    const INF: f32 = f32::INFINITY;
    for (x, cdf, pdf) in
        [(0.0, 0.5, 0.398_942_3), (INF, 1.0, 0.0), (-INF, 0.0, 0.0), (-0.0, 0.5, 0.398_942_3)]
    {
        assert_eq!((x.normal_cdf(), x.normal_pdf()), (cdf, pdf), "{x}");
    }
    for (x, y) in [(0.0, 1.0), (-0.0, 1.0), (-100.0, 0.0), (-INF, 0.0), (f32::MIN, 0.0)] {
        assert_eq!(x.exp_of_negative(), y, "{x}");
    }
}

/// The distance between the f32 on both sides of x.
fn ulp(x: f64) -> f64 {
    let exponent = (x.to_bits() >> 52 & 0x7ff) as i32 - 1023;
    2f64.powi(exponent.max(-126) - 23)
}

#[test]
fn f32_functions_are_within_their_bounds() {
    SINGLE.iter().for_each(|&row| check_single(row, 4093));
}

#[test]
#[ignore = "all 2³² numbers; cargo test --release --lib float -- --ignored takes minutes"]
fn f32_functions_are_within_their_bounds_everywhere() {
    SINGLE.iter().for_each(|&row| check_single(row, 1));
}

/// The exponentials of many numbers at once have the bits of single ones, at every `step`-th number there is.
fn check_exp_each(step: usize) {
    const PIECE: usize = 1 << 12;
    let mut all = (0..=u32::MAX).step_by(step).map(f32::from_bits).peekable();
    while all.peek().is_some() {
        let x: Vec<f32> = all.by_ref().take(PIECE).collect();
        let mut y = vec![0.0; x.len()];
        Float::exp_each(&mut y, &x);
        for (&x, &y) in x.iter().zip(&y) {
            let single = Elementary::exp(x);
            assert!(
                y.to_bits() == single.to_bits() || y.is_nan() && single.is_nan(),
                "exp({x:e}): {y:e}, {single:e}"
            );
        }
    }
}

#[test]
fn a_polynomial_of_twice_a_number_has_the_digits_of_the_polynomial() {
    fn check<T: Format>() {
        for i in -1000..=1000 {
            let x = T::from_f64(f64::from(i) * 1.7e-4);
            assert_eq!(T::exp_tail_of_twice(x).bits(), (T::exp_tail(x + x) + T::exp_tail(x + x)).bits());
        }
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn exponentials_at_once_have_the_bits_of_single_ones() {
    check_exp_each(4093);
    // One number of every kind at every place of a block.
    let kinds = [
        87.0f32,
        -87.0,
        87.0f32.next_up(),
        (-87.0f32).next_down(),
        100.0,
        -104.0,
        f32::NAN,
        f32::INFINITY,
        -f32::INFINITY,
        0.0,
    ];
    for (kind, place) in kinds.into_iter().flat_map(|kind| (0..64).map(move |place| (kind, place))) {
        let mut x = [0.5f32; 64];
        x[place] = kind;
        let mut y = [0.0; 64];
        Float::exp_each(&mut y, &x);
        let same =
            |(&x, &y): (&f32, &f32)| y.to_bits() == Elementary::exp(x).to_bits() || x.is_nan() && y.is_nan();
        assert!(x.iter().zip(&y).all(same), "{kind} at {place}");
    }
    let x: Vec<f64> =
        (-800_000..800_000).map(|i| f64::from(i) / 1024.0).chain([f64::NAN, -f64::INFINITY]).collect();
    let mut y = vec![0.0; x.len()];
    Float::exp_each(&mut y, &x);
    for (&x, y) in x.iter().zip(y) {
        assert!(y.to_bits() == Elementary::exp(x).to_bits() || y.is_nan() && x.is_nan(), "exp({x})");
    }
}

#[test]
#[ignore = "all 2³² numbers; cargo test --release --lib float -- --ignored takes minutes"]
fn exponentials_at_once_have_the_bits_of_single_ones_everywhere() {
    check_exp_each(1);
}

/// An f64 function, the truth to about 100 bits, the ranges to look at, and the worst error in ulps.
type Row = (&'static str, fn(f64) -> f64, fn(f64) -> Double, &'static [(f64, f64)], f64);

const DOUBLE: [Row; 7] = [
    ("exp", Elementary::exp, oracle::exp, &[(-1.0, 1.0), (-700.0, 709.7), (-1e-9, 1e-9)], 0.9),
    ("exp_m1", Elementary::exp_m1, oracle::exp_m1, &[(-1.0, 2.0), (-50.0, 709.7), (-1e-9, 1e-9)], 1.1),
    ("ln", Elementary::ln, oracle::ln, &[(0.5, 2.0), (0.0, 1e300), (0.0, 1e-310), (0.99, 1.01)], 0.8),
    (
        "ln_1p",
        Elementary::ln_1p,
        oracle::ln_1p,
        &[(-0.9999, 3.0), (-0.01, 0.01), (0.0, 1e300), (-1.0, -0.99), (-1e-15, 1e-15)],
        0.8,
    ),
    ("tanh", Elementary::tanh, oracle::tanh, &[(-1.0, 1.0), (-20.0, 20.0), (-1e-8, 1e-8)], 2.3),
    ("sigmoid", Elementary::sigmoid, oracle::sigmoid, &[(-1.0, 1.0), (-40.0, 40.0), (-700.0, 700.0)], 2.0),
    ("erf", Elementary::erf, oracle::erf, &[(-1.1, 1.1), (0.9, 3.0), (-6.0, 6.0), (-1e-8, 1e-8)], 1.3),
];

#[track_caller]
fn check_double((name, f, truth, ranges, bound): Row, points: usize) {
    for &(low, high) in ranges {
        let (mut worst, mut at) = (0.0, 0.0);
        for i in 0..points {
            // Multiples of the golden ratio, mod 1, fill an interval evenly.
            let x = low + (high - low) * (i as f64 * 0.618_033_988_749_894_9).fract();
            let error = truth(x).ulps_from(f(x)).abs();
            assert!(!error.is_nan(), "{name}({x:e}) = {:e}", f(x));
            if error > worst {
                (worst, at) = (error, x);
            }
        }
        println!("f64 {name} in {low:e}..{high:e}: {worst:.3} ulp at {at:e}");
        assert!(worst <= bound, "{name}({at:e}): {worst:.3} ulp");
    }
}

#[test]
fn f64_functions_are_within_their_bounds() {
    DOUBLE.iter().for_each(|&row| check_double(row, 3_000));
}

#[test]
#[ignore = "100,000 points in each range; cargo test --release --lib float -- --ignored takes minutes"]
fn f64_functions_are_within_their_bounds_at_many_points() {
    DOUBLE.iter().for_each(|&row| check_double(row, 100_000));
}

/// The points where a function begins, ends or changes its form, exactly.
#[track_caller]
fn check_points<T: Float>(name: &str, f: fn(T) -> T, points: &[(f64, f64)]) {
    for &(x, y) in points {
        let (x, y) = (T::from_f64(x), T::from_f64(y));
        assert_eq!(f(x).bits(), y.bits(), "{name}::<{}>({x:e}) = {:e}, not {y:e}", T::NAME, f(x));
    }
    assert!(f(T::NAN).is_nan(), "{name}(NaN)");
}

fn check_all_points<T: Float>() {
    const INF: f64 = f64::INFINITY;
    check_points::<T>(
        "exp",
        Elementary::exp,
        &[(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0), (1e9, INF), (-1e9, 0.0)],
    );
    check_points::<T>(
        "exp_m1",
        Elementary::exp_m1,
        &[(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -1.0), (1e9, INF), (-1e9, -1.0), (1e-40, 1e-40)],
    );
    check_points::<T>("ln", Elementary::ln, &[(1.0, 0.0), (0.0, -INF), (-0.0, -INF), (INF, INF)]);
    check_points::<T>(
        "ln_1p",
        Elementary::ln_1p,
        &[(0.0, 0.0), (-0.0, -0.0), (-1.0, -INF), (INF, INF), (1e-40, 1e-40)],
    );
    check_points::<T>(
        "tanh",
        Elementary::tanh,
        &[(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (1e9, 1.0), (-30.0, -1.0), (1e-40, 1e-40)],
    );
    check_points::<T>(
        "sigmoid",
        Elementary::sigmoid,
        &[(0.0, 0.5), (-0.0, 0.5), (INF, 1.0), (-INF, 0.0), (40.0, 1.0), (-1e9, 0.0)],
    );
    check_points::<T>(
        "erf",
        Elementary::erf,
        &[(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (6.0, 1.0), (-30.0, -1.0)],
    );
    for x in [-1.5, -1e-40, -INF] {
        assert!(Elementary::ln(T::from_f64(x)).is_nan(), "ln({x})");
    }
    for x in [-1.5, -INF] {
        assert!(Elementary::ln_1p(T::from_f64(x)).is_nan(), "ln_1p({x})");
    }
}

#[test]
fn ends_and_zeros_are_exact_and_nan_stays_nan() {
    check_all_points::<f32>();
    check_all_points::<f64>();
}

#[test]
fn subnormal_results_keep_the_digits_there_are() {
    for i in 0..1000 {
        let x = -708.0 - 37.0 * f64::from(i) / 1000.0;
        let truth = libm::exp(x + 300.0) * libm::exp(-300.0);
        let y = Elementary::exp(x);
        // Its own half a unit, and half a unit and 1 ulp of the product above.
        assert!(
            (y - truth).abs() <= 2f64.powi(-1074) + 4.0 * f64::EPSILON * truth,
            "exp({x}): {y:e} {truth:e}"
        );
    }
}
