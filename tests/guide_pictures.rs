//! The guide's pictures, of activations and of a tape, as the engine computes them, held against
//! the committed files to the byte.

use std::path::Path;
use wengert::prelude::*;
use wengert::viz::plot::Plot;

/// Draws f and f′ from −5 to 5. With WENGERT_UPDATE set, the file is written anew.
#[track_caller]
fn check(name: &str, f: impl for<'t> Fn(Var<'t, f64>) -> Var<'t, f64>) {
    let tape = Tape::f64();
    let z = tape.var(Tensor::from_fn([101], |i| (i as f64 - 50.0) / 10.0));
    let y = f(z);
    let slope = y.sum().backward()[z].clone();
    let points = |of: &Tensor<f64>| -> Vec<(f64, f64)> {
        z.value().data().iter().copied().zip(of.data().iter().copied()).collect()
    };
    let plot = Plot::new(name)
        .x("z")
        .y("value")
        .size(460, 300)
        .line("f(z)", points(&y.value()))
        .line("its derivative", points(&slope));
    as_committed(name, &plot.svg());
}

#[track_caller]
fn as_committed(name: &str, drawn: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/guide/pictures/{name}.svg"));
    if std::env::var_os("WENGERT_UPDATE").is_some() {
        return wengert::viz::save(&path, drawn).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert!(committed == drawn, "{name}.svg is not what is drawn now; WENGERT_UPDATE=1 writes it anew");
}

#[test]
fn activations_are_drawn_as_committed() {
    check("relu", |z| z.relu());
    check("leaky_relu", |z| z.leaky_relu(0.01));
    check("elu", |z| z.elu(1.0));
    check("gelu", |z| z.gelu());
    check("silu", |z| z.silu());
    check("sigmoid", |z| z.sigmoid());
    check("tanh", |z| z.tanh());
    check("softplus", |z| z.softplus());
    // Of two classes, the first one's probability as its logit moves and the other stays at 0.
    check("softmax", |z| {
        let zeros = z * 0.0;
        let logits = Var::stack(&[z, zeros], 1);
        logits.softmax(1).select(1, 0)
    });
}

#[test]
fn the_tape_by_hand_is_drawn_as_committed() {
    let tape = Tape::new();
    let (a, b) = (tape.var(2.0).named("a"), tape.var(3.0).named("b"));
    let y = ((a + b) * b).named("y");
    as_committed("tape", &tape.explain(y).graph().svg());
}
