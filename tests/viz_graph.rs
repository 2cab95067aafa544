//! Tapes drawn: DOT, Mermaid and SVG say what is there, in the same bytes every time, and what they
//! left out. The committed pictures are those that the crate draws.

mod common;

use common::tapes::{readme, xor};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use wengert::prelude::*;
use wengert::viz::Graph;

/// The crate draws the committed file. With WENGERT_UPDATE set, it is written anew.
#[track_caller]
fn as_committed(file: &str, drawn: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(file);
    if std::env::var_os("WENGERT_UPDATE").is_some() {
        return wengert::viz::save(&path, drawn).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert!(
        committed == drawn,
        "docs/{file} is not what is drawn now; set WENGERT_UPDATE=1 to write it anew"
    );
}

/// A network with layers, on a tape with parameters.
fn with_mlp<R>(f: impl FnOnce(Graph<'_, '_, f32>) -> R) -> R {
    let mut rng = Rng::new(1);
    let mut params = Params::new();
    let mlp = Mlp::new(&mut params.init(&mut rng).scope("net"), [2, 8, 8, 1]);
    let tape = Tape::training(&params, &mut rng);
    let x = tape.constant(Tensor::randn([4, 2], &mut rng)).named("X");
    let y = Tensor::from([[0.0], [1.0], [1.0], [0.0]]);
    let loss = bce_with_logits(mlp.forward(x), y).named("loss");
    f(tape.explain(loss).graph())
}

#[test]
fn the_expression_of_the_readme_is_drawn_as_committed() {
    let tape = Tape::f64();
    let [.., g] = readme(&tape);
    let explained = tape.explain(g);
    as_committed("expression.svg", &explained.graph().svg());
    as_committed("expression.mmd", &explained.graph().mermaid());
    as_committed("expression.dot", &explained.graph().dot());
    let tape = Tape::f64();
    let [.., loss] = xor(&tape);
    as_committed("xor.svg", &tape.explain(loss).graph().svg());
}

/// The picture in the README, of the program beside it.
#[test]
fn the_neuron_of_the_readme_is_drawn_as_committed() {
    let tape = Tape::new();
    let [x1, x2] = [2.0, -1.0].map(|x| tape.constant(x));
    let [w1, w2, b] = [0.5, 1.5, 1.0].map(|w| tape.var(w));
    let [x1, x2, w1, w2, b] =
        [(x1, "x1"), (x2, "x2"), (w1, "w1"), (w2, "w2"), (b, "b")].map(|(v, name)| v.named(name));
    let y = (w1 * x1 + w2 * x2 + b).tanh().named("y");
    as_committed("neuron.svg", &tape.explain(y).graph().svg());
}

#[test]
fn the_same_tape_gives_the_same_bytes() {
    let draw = || {
        let tape = Tape::f64();
        let [.., g] = readme(&tape);
        let explained = tape.explain(g);
        let graph = explained.graph();
        [graph.dot(), graph.mermaid(), graph.svg()]
    };
    assert_eq!(draw(), draw());
}

#[test]
fn edges_carry_local_derivatives_and_boxes_values_and_adjoints() {
    let tape = Tape::f64();
    let [.., g] = readme(&tape);
    let dot = tape.explain(g).graph().dot();
    assert!(dot.contains("  v0 [label=\"a: var\\n-4\\ngrad 138.8338\""), "{dot}");
    assert!(dot.contains("  v3 [label=\"v3 mul\\n-8\\ngrad 83.3003\"];"), "{dot}");
    assert!(dot.contains("  v0 -> v3 [label=\"2\"];\n  v1 -> v3 [label=\"-4\"];"), "{dot}");
    assert_eq!(dot.matches(" -> ").count(), 25 * 2 - 5, "25 operations, of which 5 have one input");
}

#[test]
fn a_value_used_twice_by_one_node_has_two_edges() {
    let tape = Tape::f64();
    let x = tape.var(3.0);
    let explained = tape.explain(x * x);
    assert_eq!(explained.graph().dot().matches("v0 -> v1").count(), 2);
    assert_eq!(explained.graph().svg().matches("class=\"edge\"").count(), 2);
}

#[test]
fn constants_are_hidden_when_asked() {
    let tape = Tape::f64();
    let [.., g] = readme(&tape);
    let explained = tape.explain(g);
    let boxes = |svg: String| svg.matches("class=\"box ").count();
    assert_eq!(boxes(explained.graph().svg()), 33);
    assert_eq!(boxes(explained.graph().hide_constants().svg()), 27);
    assert!(!explained.graph().hide_constants().dot().contains("constant"));
}

#[test]
fn a_layer_collapses_into_one_box() {
    with_mlp(|graph| {
        let dot = graph.dot();
        assert!(dot.contains("subgraph cluster_0 { label=\"net.layers.0\";"), "{dot}");
        let layers = graph.clone().collapse_layers().dot();
        assert!(layers.contains("label=\"net.layers.1: linear (3 nodes)\\n[4, 8]"), "{layers}");
        assert_eq!(
            layers.matches(" -> ").count(),
            8,
            "X, a chain of layers and relus, the target, the mean: {layers}"
        );
        // A scope within which layers are: everything from the first to the last relu aside.
        let net = graph.collapse("net").dot();
        assert_eq!(net.matches("peripheries=2").count(), 3, "relus stand between the layers: {net}");
    });
}

#[test]
fn a_large_tape_says_what_it_left_out() {
    let tape = Tape::new();
    let x = tape.var(0.5).named("x");
    let mut y = x;
    for _ in 0..900 {
        y = y.sin() + x;
    }
    let explained = tape.explain(y);
    let graph = explained.graph().max_nodes(40);
    for text in [graph.dot(), graph.mermaid(), graph.svg()] {
        assert!(text.contains("… 1761 more"), "{text}");
    }
    assert_eq!(graph.dot().matches(" [label=\"v").count(), 40);
    assert!(explained.graph().dot().contains("… 1401 more"), "400 unless told otherwise");
    assert!(graph.dot().contains("rest -> v1762"), "what uses it is joined to it: {}", graph.dot());
}

const NASTY: &str = "\"<>{}|\\ \n#;*_`&\u{7}'";

#[test]
fn nasty_names_are_quoted() {
    let tape = Tape::new();
    let _layer = tape.layer(NASTY);
    let x = tape.var(1.0).named(NASTY);
    let y = (x * 2.0).named(NASTY);
    let explained = tape.explain(y);
    let graph = explained.graph();
    let one_line = "\\\"<>{}|\\\\  #;*_`& '";
    assert!(graph.dot().contains(&format!("v0 [label=\"{one_line}: var\\n1\\ngrad 2\"")), "{}", graph.dot());
    let mermaid = graph.mermaid();
    assert!(
        mermaid.contains("v0([\"#34;#60;#62;#123;#125;#124;#92;  #35;#59;#42;#95;#96;#38; ': var<br/>1"),
        "{mermaid}"
    );
    assert!(!graph.svg().contains("<>"), "{}", graph.svg());
    valid_dot(&graph.dot());
    valid_dot(&graph.collapse_layers().dot());
}

/// Graphviz takes it, where there is a Graphviz.
#[track_caller]
fn valid_dot(dot: &str) {
    let spawned = Command::new("dot").arg("-Tsvg").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = spawned else {
        return eprintln!("skipped: there is no `dot` here");
    };
    child.stdin.take().unwrap().write_all(dot.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "dot refuses {dot}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("</svg>"));
}

#[test]
fn graphviz_draws_them() {
    let tape = Tape::f64();
    let [.., g] = readme(&tape);
    valid_dot(&tape.explain(g).graph().dot());
    with_mlp(|graph| {
        valid_dot(&graph.dot());
        valid_dot(&graph.collapse_layers().max_nodes(4).dot());
    });
}

#[test]
fn a_tape_that_nobody_went_back_on_is_drawn_without_gradients() {
    let tape = Tape::new();
    let x = tape.var(1.0).named("x");
    let _ = x.exp();
    let explained = tape.explain_values();
    assert!(!explained.graph().dot().contains("grad"));
    assert!(!explained.graph().svg().contains("class=\"grad\""));
    let empty = Tape::new();
    assert!(empty.explain_values().graph().svg().contains("0 nodes of a tape"));
}

#[test]
fn boxes_of_numbers_that_are_not_finite_are_marked() {
    let tape = Tape::f64();
    let x = tape.var([4.0, -1.0]).named("x");
    let loss = x.ln().sum();
    let explained = tape.explain(loss);
    let (svg, dot) = (explained.graph().svg(), explained.graph().dot());
    // The logarithms and their sum; the gradients of 1/4 and −1 are numbers.
    for (text, times) in [("⚠ [2]<", 1), ("⚠ NaN<", 1), ("∂ ⚠", 0)] {
        assert_eq!(svg.matches(text).count(), times, "{text} in {svg}");
    }
    assert_eq!(dot.matches('⚠').count(), 2, "{dot}");
    let x = tape.var(0.0);
    let svg = tape.explain(x.sqrt() * 0.0).graph().svg();
    assert!(svg.contains("∂ ⚠ NaN<"), "{svg}");
}
