//! A report on gradients says of every parameter whether it got one, and if not, why: each cause
//! by itself.

use wengert::prelude::*;
use wengert::viz::{Finding, GradientReport, Size};

/// A store with one parameter, `w`, of these values; its gradient is what `root` makes of it.
#[track_caller]
fn report_of(w: &[f32], root: impl for<'t> Fn(Var<'t>) -> Var<'t>) -> GradientReport {
    let mut params: Params = Params::new();
    let id = params.add("w", w);
    let tape = Tape::eval(&params);
    root(tape.param(id)).backward().report(&tape)
}

/// The gradient of `w` is 0, and the report says this of the operation.
#[track_caller]
fn zero(w: &[f32], op: &str, what: &str, root: impl for<'t> Fn(Var<'t>) -> Var<'t>) {
    let report = report_of(w, root);
    let row = report.get("w").unwrap();
    let Finding::Zero(cut) = &row.finding else { panic!("not zero: {row:?}") };
    assert_eq!((cut.op.as_str(), cut.what.as_str()), (op, what));
    assert_eq!(cut.line.file(), file!());
    assert_eq!(row.norm, Some(0.0));
    assert!(!report.is_fine());
    assert!(report.to_string().contains(what), "{report}");
}

#[test]
fn a_good_gradient_is_fine() {
    let report = report_of(&[3.0, -4.0], |w| w.square().sum());
    assert!(report.is_fine());
    let row = report.get("w").unwrap();
    assert_eq!((row.norm, row.value_norm, row.zeros, row.node), (Some(10.0), 5.0, 0, Some(0)));
    assert_eq!(row.finding, Finding::Fine);
    let text = report.to_string();
    assert!(text.contains("1 of 1 parameters have one") && text.ends_with("Nothing is wrong.\n"), "{text}");
}

#[test]
fn a_parameter_that_was_not_used_is_said_to_be() {
    let mut params: Params = Params::new();
    let used = params.add("used", 2.0);
    params.add("spare", 1.0);
    let tape = Tape::eval(&params);
    let report = tape.param(used).square().backward().report(&tape);
    let row = report.get("spare").unwrap();
    assert_eq!((&row.finding, row.node, row.norm), (&Finding::Unused, None, None));
    assert!(report.to_string().contains("spare: no gradient, for nothing on this tape is made from it"));
}

#[test]
fn a_frozen_parameter_is_meant_to_have_none() {
    let mut params: Params = Params::new();
    let [w, frozen] = ["w", "frozen"].map(|name| params.add(name, 2.0));
    params.freeze("frozen").unwrap();
    let tape = Tape::eval(&params);
    let report = (tape.param(w) * tape.param(frozen)).backward().report(&tape);
    assert_eq!(report.get("frozen").unwrap().finding, Finding::Frozen);
    assert!(report.is_fine());
    assert!(report.to_string().contains("frozen  []     none"), "{report}");
}

#[test]
fn what_is_made_after_the_root_or_beside_it_has_no_path() {
    let mut params: Params = Params::new();
    let [w, late, beside] = ["w", "late", "beside"].map(|name| params.add(name, 2.0));
    let tape = Tape::eval(&params);
    let _logged = tape.param(beside).exp().detach(); // no cut: it would not be used anyway
    let root = tape.param(w).square();
    let _ = root * tape.param(late);
    let report = root.backward().report(&tape);
    assert_eq!(report.get("late").unwrap().finding, Finding::AfterRoot);
    assert_eq!(report.get("beside").unwrap().finding, Finding::NotReached);
    let text = report.to_string();
    assert!(text.contains("late: no gradient, for it was first used after the root was made"), "{text}");
    assert!(
        text.contains("beside: no gradient, for what was made from it does not go into the root"),
        "{text}"
    );
}

#[test]
fn a_cut_names_the_operation_the_line_and_the_layer() {
    let mut params: Params = Params::new();
    let [w, cut, picked] = ["w", "cut", "picked"].map(|name| params.add(name, [2.0, 3.0]));
    let tape = Tape::eval(&params);
    let layer = tape.layer("body");
    let (end, line) = ((tape.param(cut) * 2.0).detach().named("end"), line!());
    drop(layer);
    let best = tape.param(picked).argmax(0);
    let root = (tape.param(w) * end).sum() * best;
    let report = root.backward().report(&tape);
    let Finding::Cut(at) = &report.get("cut").unwrap().finding else { panic!("{report}") };
    assert_eq!((at.op.as_str(), at.line.line(), at.layer.as_deref()), ("detach", line, Some("body")));
    assert_eq!(tape.node(at.node).label.as_deref(), Some("end"));
    let text = report.to_string();
    let expected = format!(
        "  cut: no gradient, for the path to it is cut\n    detach \"end\" has no derivative\n    \
         at tests/gradient_report.rs:{line} in layer \"body\"\n    \
         -> take `detach` out; if the cut is meant, freeze the parameter to say so\n"
    );
    assert!(text.contains(&expected), "{text}");
    assert_eq!(report.get("picked").unwrap().finding.cut().unwrap().op, "argmax");
}

#[test]
fn a_gradient_of_zero_names_what_sent_nothing_on() {
    zero(&[-1.0, -2.0], "relu", "relu v1 is all off: no input is above 0", |w| w.relu().sum());
    zero(&[-1.0], "relu", "relu v1 is off: its input -1 is not above 0", |w| w.relu().sum());
    zero(&[90.0, -90.0], "tanh", "tanh v1 is all saturated", |w| w.tanh().sum());
    zero(&[7.0], "clamp", "clamp v1 is at its bounds", |w| w.clamp(-1.0, 1.0).sum());
    zero(&[1.0, 2.0], "mul", "mul v2 multiplies it by constant v1, which is all 0", |w| {
        (w * w.tape().constant([0.0, 0.0])).sum()
    });
    zero(&[1.0], "mul", "mul v3 multiplies it by relu v2, which is 0", |w| {
        (w * w.tape().constant([-5.0]).relu()).sum()
    });
    zero(&[1.0, -1.0], "relu", "the derivative of relu v1 is 0 wherever its gradient is not", |w| {
        (w.relu() * w.tape().constant([0.0, 1.0])).sum()
    });
    zero(&[1.0, 2.0], "powi", "the derivative of powi v1 is 0 wherever its gradient is not", |w| {
        w.powi(0).sum()
    });
}

#[test]
fn contributions_that_cancel_and_numbers_that_underflow_are_zeros_of_their_own() {
    zero(&[5.0], "sub", "what sub v1 and others send back to param \"w\" cancels", |w| (w - w).sum());
    zero(
        &[1.0],
        "mul",
        "what mul v2 sends back to param \"w\" is too small for f32: it underflows to 0",
        |w| ((w * 1e-30) * 1e-30).sum(),
    );
}

#[test]
fn a_gradient_of_zero_that_was_also_cut_names_what_sent_nothing_on() {
    zero(&[1.0], "relu", "relu v4 is off: its input -3.80797 is not above 0", |w| {
        (w.tanh() * -5.0).relu().sum() + w.detach().sum()
    });
}

#[test]
fn a_nan_forward_names_the_first_value_that_is_not_finite() {
    let report = report_of(&[4.0, -1.0], |w| (w.ln() * w).sum());
    let Finding::NotFinite(Some(at)) = &report.get("w").unwrap().finding else { panic!("{report}") };
    assert_eq!((at.op.as_str(), at.what.as_str()), ("ln", "ln v1 is NaN at [1]"));
    assert!(report.to_string().contains("the gradient is not finite"));
    // A gradient may be finite though the value is not: 1/x is, at -1.
    let report = report_of(&[4.0, -1.0], |w| w.ln().sum());
    assert_eq!(report.get("w").unwrap().finding, Finding::Fine);
    assert_eq!(report.first_not_finite.as_ref().unwrap().what, "ln v1 is NaN at [1]");
    assert!(
        !report.is_fine() && report.to_string().contains("the root is not finite\n    ln v1 is NaN at [1]")
    );
    // An infinity that comes to nothing is no fault.
    assert!(report_of(&[1.0], |w| (w + w.tape().constant(f32::NEG_INFINITY).exp()).sum()).is_fine());
}

#[test]
fn a_nan_backward_names_who_sent_it() {
    let report = report_of(&[4.0, 0.0], |w| w.sqrt().sum());
    let at = report.get("w").unwrap().finding.cut().unwrap().clone();
    assert_eq!(
        (at.op.as_str(), at.what.as_str()),
        ("sqrt", "what sqrt v1 sends back to param \"w\" is inf at [1]")
    );
    // Two large contributions, each of which is a number.
    let report = report_of(&[1e-3], |w| (w * 2e38 + w * 2e38).sum());
    let at = report.get("w").unwrap().finding.cut().unwrap().clone();
    assert_eq!(at.what, "what is sent back to param \"w\" adds up to more than f32 can hold");
    // A bad seed is nobody's fault on the tape.
    let mut params: Params = Params::new();
    let w = params.add("w", [1.0]);
    let tape = Tape::eval(&params);
    let report = tape.param(w).backward_with([f32::NAN]).report(&tape);
    assert_eq!(report.get("w").unwrap().finding, Finding::NotFinite(None));
}

#[test]
fn a_watched_tape_is_reported_on_without_a_panic() {
    let mut params: Params = Params::new();
    let w = params.add("w", [0.0]);
    let tape = Tape::eval(&params);
    let grads = tape.param(w).sqrt().sum().backward();
    tape.watch();
    assert!(!grads.report(&tape).is_fine());
}

/// A chain of sigmoid layers: each passes on a fraction of what it gets.
#[test]
fn layers_whose_gradient_vanishes_are_flagged() {
    let mut rng = Rng::new(3);
    let mut params = Params::<f64>::new();
    let widths = [4; 14];
    let mlp = Mlp::new(&mut params.init(&mut rng), widths).activation(Activation::Sigmoid);
    let tape = Tape::eval(&params);
    let x = tape.constant(Tensor::randn([8, 4], &mut rng));
    let report = mlp.forward(x).square().mean().backward().report(&tape);
    let sizes: Vec<Size> = report.layers.iter().map(|layer| layer.size).collect();
    assert_eq!((sizes[0], sizes[12]), (Size::Vanishing, Size::Usual), "{report}");
    // The rule is the documented one.
    let largest = report.layers.iter().map(|layer| layer.rms()).fold(0.0, f64::max);
    for layer in &report.layers {
        let small = layer.rms() < GradientReport::VANISHING * largest;
        assert_eq!(layer.size == Size::Vanishing, small, "{layer:?}");
    }
    assert!(report.to_string().contains("layers.0, layers.1"), "{report}");
    assert!(report.to_string().contains("the gradient vanishes"), "{report}");
}

#[test]
fn a_gradient_lost_beside_the_weights_vanishes_too() {
    let lost = report_of(&[3.0, 4.0], |w| w.sum() * 1e-8);
    assert_eq!(lost.layers[0].size, Size::Vanishing);
    assert!(!lost.is_fine());
    assert_eq!(report_of(&[3.0, 4.0], |w| w.sum() * 1e-6).layers[0].size, Size::Usual);
}

#[test]
fn layers_whose_gradient_explodes_are_flagged() {
    let size = |factor: f32| {
        let report = report_of(&[3.0, 4.0], |w| (w * factor).sum());
        assert_eq!(
            report.to_string().contains("the gradient explodes"),
            report.layers[0].size == Size::Exploding
        );
        report.layers[0].size
    };
    // ‖w‖ is 5, ‖g‖ is √2 times the factor.
    assert_eq!(size(353.0), Size::Usual);
    assert_eq!(size(354.0), Size::Exploding);
    // What explodes is not what others are compared with.
    let mut params: Params = Params::new();
    let [a, b] = ["a.w", "b.w"].map(|name| params.add(name, 1.0));
    let tape = Tape::eval(&params);
    let report = (tape.param(a) * 1e6 + tape.param(b)).backward().report(&tape);
    assert_eq!([report.layers[0].size, report.layers[1].size], [Size::Exploding, Size::Usual]);
}

#[test]
fn a_layer_is_its_parameters_together() {
    let mut params: Params = Params::new();
    let [w, b, other] = ["h.weight", "h.bias", "other"].map(|name| params.add(name, [1.0, 2.0]));
    let tape = Tape::eval(&params);
    let loss = (tape.param(w) * 3.0 + tape.param(b) * 4.0 + tape.param(other)).sum();
    let report = loss.backward().report(&tape);
    let [h, rest] = &report.layers[..] else { panic!("{report}") };
    assert_eq!((h.name.as_str(), h.entries, rest.name.as_str(), rest.entries), ("h", 4, "", 2));
    assert!((h.norm - 50f64.sqrt()).abs() < 1e-12 && (h.rms() - 12.5f64.sqrt()).abs() < 1e-12);
    assert!((h.value_norm - 10f64.sqrt()).abs() < 1e-12);
}

#[test]
fn variables_are_reported_on_too() {
    let tape = Tape::new();
    let [x, off, _unused] = [2.0, -1.0, 5.0].map(|value| tape.var(value));
    let off = off.named("off");
    let loss = x.square() + off.relu();
    let report = loss.backward().report(&tape);
    assert_eq!(report.get("v0").unwrap().norm, Some(4.0));
    assert!(matches!(report.get("off").unwrap().finding, Finding::Zero(_)));
    assert_eq!(report.get("v2").unwrap().finding, Finding::NotReached);
    assert!(report.layers.is_empty());
}

/// What was clipped or scaled since is reported as it is now; a hook has its say.
#[test]
fn the_gradients_are_those_at_hand() {
    let mut params: Params = Params::new();
    let [w, hooked] = ["w", "hooked"].map(|name| params.add(name, 2.0));
    let tape = Tape::eval(&params);
    let inner = tape.param(hooked) * 3.0;
    tape.hook(inner, |g| g * 0.0);
    let mut grads = (tape.param(w) + inner).backward();
    grads *= 0.5;
    let report = grads.report(&tape);
    assert_eq!(report.get("w").unwrap().norm, Some(0.5));
    assert!(matches!(report.get("hooked").unwrap().finding, Finding::Zero(_)), "{report}");
}

#[test]
#[should_panic(expected = "report: these gradients are of another tape")]
fn gradients_of_another_tape_panic() {
    let (one, other) = (Tape::new(), Tape::new());
    let _ = one.var(1.0).backward().report(&other);
}

#[test]
#[should_panic(expected = "report: a sum of gradients comes from several tapes")]
fn a_sum_of_gradients_panics() {
    let params: Params = Params::new();
    let tape = Tape::eval(&params);
    let x = tape.var(1.0);
    let _ = (x.backward() + x.backward()).report(&tape);
}

#[test]
fn the_text_is_what_a_person_reads() {
    let mut params: Params = Params::new();
    let [w, bias, spare] = [("dead.weight", 1.0), ("dead.bias", -9.0), ("head.weight", 2.0)]
        .map(|(name, value)| params.add(name, [value, value]));
    params.add("spare.weight", 7.0);
    let tape = Tape::eval(&params);
    let (hidden, line) = ((tape.param(w) + tape.param(bias)).relu(), line!());
    let loss = (hidden + tape.param(spare)).sum().named("loss");
    let text = loss.backward().report(&tape).to_string();
    let expected = format!(
        "\
The gradient of sum \"loss\" (tests/gradient_report.rs:{})
1 of 4 parameters have one that is finite and not all 0.

    name          shape      ‖g‖       ‖w‖
    dead.weight   [2]    0         1.41421  all 0
    dead.bias     [2]    0        12.7279   all 0
    head.weight   [2]    1.41421   2.82843
    spare.weight  []        none   7        not used

    layer  entries      ‖g‖  ‖g‖/√n       ‖w‖
    dead         4  0             0  12.8062
    head         2  1.41421       1   2.82843
    spare        0     none    none      none

What is wrong
  dead.weight, dead.bias: the gradient is 0
    relu v3 is all off: no input is above 0
    at tests/gradient_report.rs:{line}
    -> lower the learning rate, start anew, or use leaky_relu, elu or gelu, which have a slope there
  spare.weight: no gradient, for nothing on this tape is made from it
    -> use it in `forward`, or take it out of the model
",
        line + 1
    );
    assert_eq!(text, expected, "{text}");
}

#[test]
fn of_many_rows_those_with_something_wrong_come_first() {
    let mut params: Params = Params::new();
    let ids: Vec<ParamId> = (0..100).map(|i| params.add(format!("w{i}"), -1.0)).collect();
    let tape = Tape::eval(&params);
    let mut sum = tape.param(ids[0]);
    for &id in &ids[1..90] {
        sum += tape.param(id);
    }
    for &id in &ids[90..] {
        sum += tape.param(id).relu();
    }
    let text = sum.backward().report(&tape).to_string();
    assert!(text.contains("… 40 more") && text.contains("    w99"), "{text}");
    assert!(!text.contains("    w75"), "{text}");
}

/// The time is in benches/; this says that the answer is right on a long tape.
#[test]
#[ignore = "a million nodes are slow without optimisation"]
fn a_tape_of_a_million_nodes_is_reported_on() {
    let mut params: Params = Params::new();
    let [w, dead] = ["w", "dead"].map(|name| params.add(name, -0.5));
    let tape = Tape::eval(&params);
    let mut x = tape.param(w);
    for _ in 0..500_000 {
        x = (x * 1.0000001).sin();
    }
    let loss = x + tape.param(dead).relu();
    let grads = loss.backward();
    let start = std::time::Instant::now();
    let report = grads.report(&tape);
    println!("{} nodes: {:?}", tape.len(), start.elapsed());
    assert!(tape.len() > 1_000_000);
    assert!(matches!(report.get("dead").unwrap().finding, Finding::Zero(_)));
}
