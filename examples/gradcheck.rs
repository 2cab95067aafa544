//! Checking gradients: a right function, a wrong one, a kink, a function that does not repeat itself,
//! a model, a whole tape. What is said about each, and how to read it.
//!
//! ```text
//! cargo run --release --example gradcheck
//! ```

mod common;

use common::Options;
use std::cell::RefCell;
use std::process::ExitCode;
use wengert::grad::{CheckFailed, Place, Reason, Report, Verdict};
use wengert::prelude::*;

fn main() -> ExitCode {
    Options::read(
        "Checks gradients: a right function, a wrong one, a kink, random numbers, a model, a whole tape.",
        &[],
    );
    println!("Every gradient is compared with numbers: (f(x + h) - f(x - h)) / 2h for several h,");
    println!("extrapolated to h = 0, with an estimate of how far that may be off. Results are weighed by");
    println!("random numbers v first, so what is compared is not dy/dx itself but the sum of v dy/dx.");

    title(
        "1. A right function",
        "y = x sin(x W): nothing to be seen, and it says how small an error it would have seen.",
    );
    let (x, w) = (Tensor::from([[0.5, -1.2]]), Tensor::from([[0.3, 0.8], [-0.6, 1.1]]));
    let right = show(gradcheck(|[x, w]| x * x.matmul(w).sin(), [x, w]));

    title(
        "2. A wrong function",
        "x³ whose derivative was written as 1.5 x²: read `where` first, then `pattern`.",
    );
    let wrong =
        show(gradcheck(|[x]| x.apply("cube", |x| x * x * x, |x| 1.5 * x * x).sum(), [[0.5, -2.0, 1.0]]));

    title(
        "3. A kink",
        "relu has two derivatives at 0, 0 and 1 (here times a random v). Ours is one of them: no error.",
    );
    let kink = show(gradcheck(|[x]| x.relu(), [[1.5, 0.0, -0.5]]));

    title(
        "4. A function that draws its own random numbers",
        "Two calls give two values: no derivative is compared.",
    );
    let rng = RefCell::new(Rng::new(1));
    let random = show(gradcheck(|[x]| x * rng.borrow_mut().uniform(), [2.0]));

    title("5. A model", "Every parameter, by its name, in one call.");
    let (mut params, mut rng) = (Params::<f64>::new(), Rng::new(2));
    let model = Mlp::new(&mut params.init(&mut rng), [3, 5, 2]).activation(Activation::Tanh);
    let points = Tensor::randn([4, 3], &mut rng);
    let whole = show(gradcheck_model(&params, |tape| {
        cross_entropy(model.forward(tape.constant(&points)), [0usize, 1, 1, 0])
    }));
    for input in &whole.inputs {
        println!("  {:16} {:3} entries, the worst {:.0e} off", input.name, input.checked, input.error);
    }

    title("6. A whole tape", "Each node alone, on the values it saw: the wrong rule is named, and only it.");
    let tape = Tape::f64();
    let x = tape.var([0.4, 1.3]);
    let _ = (x.exp().apply("halve", |x| x / 2.0, |_| 0.6) * x).tanh();
    let named = match check_tape(&tape) {
        Ok(report) => {
            println!("{report}");
            false
        }
        Err(failed) => {
            println!("{failed}");
            failed.report().place == Some(Place::Rule)
        }
    };

    let as_expected = right.verdict == Verdict::Pass
        && wrong.verdict == Verdict::Fail
        && kink.verdict == Verdict::Kink
        && random.verdict == Verdict::Inconclusive(Reason::NonDeterministicForward)
        && whole.verdict == Verdict::Pass
        && named;
    println!(
        "\nSix checks: {}.",
        if as_expected { "each found what it should" } else { "not as they should be" }
    );
    if as_expected { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn title(title: &str, about: &str) {
    println!("\n{title}\n{about}\n");
}

/// Prints the report, whatever it says. In a test, `.unwrap()` does this when it should.
fn show(result: Result<Report, CheckFailed>) -> Report {
    let report = result.unwrap_or_else(|failed| failed.report().clone());
    println!("{report}");
    report
}
