//! Tapes explained: the numbers agree with micrograd and with a small network computed elsewhere,
//! sums over uses add up to the last bit, and what is not a number is said in words.
//!
//! What is asked of the views of a tape, and the tests that hold it:
//!
//! | | asked | held by |
//! |---|---|---|
//! | T1 | micrograd's expression, row by row | `every_node_of_micrograds_expressions_agrees` |
//! | T2 | contributions add up, and are shown to | `what_the_uses_sent_adds_up_to_the_adjoint_to_the_last_bit`, `the_sum_over_uses_is_shown` |
//! | T3 | not computed, no path and 0 apart | `not_computed_no_path_constant_and_zero_are_four_things` |
//! | T4 | tensors: rules, entries, Jacobians | `the_network_for_xor_agrees`, `entries_are_printed_up_to_eight_rows_of_eight`, `a_small_jacobian_is_written_out` |
//! | T5 | order, and why a node waits | `the_steps_are_the_nodes_the_edges_and_the_seed`, `the_sum_over_uses_is_shown` |
//! | T6 | DOT | `viz_graph`; its time in `benches/views.rs` |
//! | T7 | one page that needs nothing | `viz_html::the_pages_stand_alone_and_are_small`, `the_controls_cover_nothing_that_is_read`, `without_scripts_every_node_is_read_with_its_numbers_and_nothing_waits_for_a_script` |
//! | T8 | every step, by key, slider and play | `viz_html::the_expression_is_walked_through_by_keys_and_ends_at_the_engines_numbers`, `the_slider_goes_to_any_step_and_moves_along`, `it_goes_by_itself_until_it_is_stopped_or_has_come_to_the_end` |
//! | T9 | a node that is clicked | `viz_html::a_node_that_is_clicked_shows_its_formula_its_uses_and_its_check` |
//! | T10 | what goes wrong | `viz_mistakes::each_mistake_gives_its_own_wrong_numbers`, `viz_html::mistakes_are_replayed_in_the_graph_beside_what_is_right` |
//! | T11 | a leaf that is moved | `what_the_adjoint_predicts_comes_closer_by_a_quarter_when_the_nudge_is_halved` |
//! | T12 | answers, judged | `viz_mistakes::answers_are_judged_in_backward_order`, `viz_html::in_practice_answers_are_judged_and_the_first_wrong_one_is_named` |
//! | T13 | keyboard, screen readers, contrast, motion | `viz_html::texts_are_legible_in_light_and_in_dark`, `who_wants_no_motion_sees_none`, and the walk by keys |
//! | T14 | pictures as committed | `guide_pictures::every_picture_that_is_shown_is_drawn_by_a_test` and those after it, `viz_graph::the_expression_of_the_readme_is_drawn_as_committed` and the one after it, `training::the_curves_of_the_readme_are_those_of_the_training` |
//! | T15 | Mermaid | `viz_graph::the_expression_of_the_readme_is_drawn_as_committed` |
//! | T16 | the first number that is not finite | `viz_mistakes::the_first_bad_value_and_the_first_bad_gradient_are_found_apart`, `viz_watch`, `viz_graph::boxes_of_numbers_that_are_not_finite_are_marked` |
//! | T17 | no dependency for the views | `.ci/run`, the library without any feature |
//! | | a million nodes | `viz_large`, by the memory that the views take; their times in `benches/views.rs` |

mod common;

use common::read as golden;
use common::tapes::{readme, sanity, xor};
use serde_json::Value;
use wengert::prelude::*;
use wengert::viz::{Adjoint, Explanation, Local, StepKind};

#[track_caller]
fn close(got: f64, expected: f64, tolerance: f64) {
    assert!((got - expected).abs() <= tolerance * expected.abs().max(1.0), "{got} is not {expected}");
}

/// Every number in nested lists.
fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        number => vec![number.as_f64().unwrap()],
    }
}

#[track_caller]
fn agrees(explained: &Explanation<'_, f64>, nodes: &Value) {
    let nodes = nodes.as_array().unwrap();
    assert_eq!(explained.rows().len(), nodes.len());
    for (row, node) in explained.rows().iter().zip(nodes) {
        close(row.node.value.item(), node["val"].as_f64().unwrap(), 1e-12);
        assert_eq!(row.node.inputs, numbers(&node["par"]).iter().map(|&i| i as usize).collect::<Vec<_>>());
        let adjoint = match &row.adjoint {
            Adjoint::Value(g) | Adjoint::Constant(Some(g)) => g.item(),
            other => panic!("v{}: {other:?}", row.node.id),
        };
        close(adjoint, node["adj"].as_f64().unwrap(), 1e-12);
        for (local, expected) in row.locals.iter().zip(numbers(&node["loc"])) {
            let Local::Number(local) = local else { panic!("v{}: {local:?}", row.node.id) };
            close(*local, expected, 1e-12);
        }
    }
}

#[test]
fn every_node_of_micrograds_expressions_agrees() {
    let golden = golden("micrograd_readme.json");
    let tape = Tape::f64();
    let [a, b, g] = readme(&tape);
    let explained = tape.explain(g);
    agrees(&explained, &golden["micrograd_readme"]["nodes"]);
    let ops = explained.rows().iter().filter(|row| !row.node.inputs.is_empty()).count();
    let constants = explained.rows().iter().filter(|row| matches!(row.adjoint, Adjoint::Constant(_))).count();
    assert_eq!((explained.rows().len(), constants, ops), (33, 6, 25));
    close(g.item(), 24.70408163265306, 1e-12);
    close(explained.get(a).unwrap().adjoint.value().unwrap().item(), 138.83381924198252, 1e-12);
    close(explained.get(b).unwrap().adjoint.value().unwrap().item(), 645.5772594752186, 1e-12);

    let tape = Tape::f64();
    let [_, y] = sanity(&tape);
    agrees(&tape.explain(y), &golden["micrograd_sanity"]["nodes"]);
}

#[test]
fn the_network_for_xor_agrees() {
    let golden = golden("xor_mlp.json");
    let tape = Tape::f64();
    let [w1, b1, w2, b2, h, loss] = xor(&tape);
    let explained = tape.explain(loss);
    close(loss.item(), golden["loss"].as_f64().unwrap(), 1e-12);
    for (v, name) in [(w1, "dW1"), (b1, "db1"), (w2, "dW2"), (b2, "db2"), (h, "dH")] {
        let got = explained.get(v).unwrap().adjoint.value().unwrap();
        let expected = numbers(&golden[name]);
        assert_eq!(got.numel(), expected.len(), "{name}");
        got.data().iter().zip(expected).for_each(|(&got, expected)| close(got, expected, 1e-12));
    }
    let table = explained.to_string();
    for text in [
        "Ā = Ȳ·Bᵀ (constant: skipped); B̄ = Aᵀ·Ȳ",
        "b̄ = ȳ, sum over axis 0",
        "x̄ = ȳ∘(1 - y²) (d: norm 1.94847, 0.103558 to 0.990066)",
        "x̄ = ȳ/4, spread over what was averaged",
        "[-0.367757 -1.05204; -0.098634 -0.505279]",
    ] {
        assert!(table.contains(text), "{text} is missing in\n{table}");
    }
    let one = explained.node(h).to_string();
    for entry in golden["H"].as_array().unwrap().iter().chain(golden["dH"].as_array().unwrap()) {
        let entry = &entry[0].to_string()[..6];
        assert!(one.contains(entry), "{entry} is missing in\n{one}");
    }
}

/// What the uses of every node sent adds up to its adjoint: of numbers to the bit, in the engine's
/// order; of tensors nearly, for the engine adds up within a matrix product.
#[track_caller]
fn adds_up<T: Float>(explained: &Explanation<'_, T>, tolerance: f64) {
    let root = explained.rows().last().unwrap().node.id;
    for row in explained.rows().iter().filter(|row| row.node.id != root) {
        let Adjoint::Value(g) = &row.adjoint else { continue };
        for entry in 0..g.numel() {
            let sum = row.uses.iter().map(|u| u.contribution.data()[entry]).reduce(|a, b| a + b).unwrap();
            let (sum, g) = (sum.to_f64(), g.data()[entry].to_f64());
            if row.node.value.rank() == 0 {
                assert_eq!(sum.to_bits(), g.to_bits(), "v{}: {sum} is not {g}", row.node.id);
            }
            close(sum, g, tolerance);
        }
        for u in &row.uses {
            let user = explained.rows().iter().find(|user| user.node.id == u.node).unwrap();
            if let (Local::Number(local), Some(g)) = (&u.local, user.adjoint.value()) {
                close((*local * g.item()).to_f64(), u.contribution.item().to_f64(), tolerance);
            }
        }
    }
}

#[test]
fn what_the_uses_sent_adds_up_to_the_adjoint_to_the_last_bit() {
    let tape = Tape::f64();
    let [.., g] = readme(&tape);
    adds_up(&tape.explain(g), 1e-12);
    let tape = Tape::f64();
    let [_, y] = sanity(&tape);
    adds_up(&tape.explain(y), 1e-12);
    let tape = Tape::f64();
    let [.., loss] = xor(&tape);
    adds_up(&tape.explain(loss), 1e-12);

    let mut rng = Rng::new(7);
    let mut params = Params::<f32>::new();
    let mlp = Mlp::new(&mut params.init(&mut rng), [5, 8, 8, 3]);
    let tape = Tape::training(&params, &mut rng);
    let x = tape.constant(Tensor::randn([4, 5], &mut Rng::new(1)));
    let hidden = mlp.forward(x);
    let loss = cross_entropy(mlp.forward(x) * hidden.softmax(1), &[0usize, 1, 2, 1][..]);
    adds_up(&tape.explain(loss), 1e-6);
}

#[test]
fn the_sum_over_uses_is_shown() {
    let tape = Tape::f64();
    let [a, _, g] = readme(&tape);
    let explained = tape.explain(g);
    assert_eq!(
        explained.node(a).to_string().lines().skip(2).collect::<Vec<_>>(),
        [
            "dg/da = 138.8338 = sum over 5 uses, in the engine's order",
            "   use  op      local       adjoint          sent  sum so far",
            "   v22  sub        -1  ×    6.94169  =   -6.94169    -6.94169",
            "   v16  add         1  ×    0        =    0          -6.94169  (relu v17 is off: its input -2 is not above 0)",
            "   v11  negate     -1  ×   -6.94169  =    6.94169     0",
            "   v3   mul         2  ×   83.3003   =  166.6006    166.6006",
            "   v2   add         1  ×  -27.7668   =  -27.7668    138.8338",
        ]
    );
    let table = explained.to_string();
    for line in [
        " 2  c0    add       -2         v0 v1    1, 1                     -27.7668        3   25  = v8 -13.8834 + v7 -13.8834",
        "16        add       -2         v1 v0    1, 1                       0            17   14  (relu v17 is off: its input -2 is not above 0)",
        "32  g     add       24.7041    v29 v31  1, 1                       1            33    1  seed",
    ] {
        assert!(table.contains(line), "{line} is missing in\n{table}");
    }
}

#[test]
fn not_computed_no_path_constant_and_zero_are_four_things() {
    let tape = Tape::f64();
    let x = tape.var(-2.0).named("x");
    let unused = tape.var(1.0).named("unused");
    let cut = tape.var(1.5).named("cut");
    let off = x.relu();
    let (end, line) = (cut.detach(), line!());
    let y = (off * 3.0 + end).named("y");
    let late = unused * 2.0;

    let before = tape.explain_values();
    assert!(before.rows().iter().all(|row| row.adjoint == Adjoint::NotComputed));
    let text = before.to_string();
    assert_eq!(text.matches("not computed").count(), tape.len(), "{text}");
    assert!(before.node(x).to_string().contains("adjoint: not computed"));

    let after = tape.explain(y);
    let reads = |v: Var<'_, f64>| after.node(v).to_string();
    assert!(
        reads(x).contains("dy/dx = 0 = what its one use sent (relu v3 is off: its input -2 is not above 0)"),
        "{}",
        reads(x)
    );
    assert!(reads(unused).contains("dy/dunused: no path (the root does not use it)"), "{}", reads(unused));
    assert!(
        reads(cut).contains(&format!("dy/dcut: no path (cut by detach v4 (tests/viz.rs:{line}))")),
        "{}",
        reads(cut)
    );
    assert!(after.to_string().contains("no path"));
    assert!(after.get(late).is_none(), "what comes after the root is not a part of it");
    assert!(!after.to_string().contains("not computed"));
    let constants = after.rows().iter().filter(|row| matches!(row.adjoint, Adjoint::Constant(_)));
    assert_eq!(constants.count(), 2); // 3.0, and what detach gave
}

#[test]
fn the_steps_are_the_nodes_the_edges_and_the_seed() {
    let tape = Tape::f64();
    let [a, _, g] = readme(&tape);
    let explained = tape.explain(g);
    let edges: usize = explained
        .rows()
        .iter()
        .filter(|row| matches!(row.adjoint, Adjoint::Value(_)))
        .map(|row| row.uses.len())
        .sum();
    let steps = explained.steps();
    assert_eq!(steps.len(), 33 + edges + 1);
    assert_eq!(steps[33].kind, StepKind::Seed { node: g.id() });
    assert!(steps.iter().enumerate().all(|(i, step)| step.number == i + 1));
    let held: Vec<String> = steps
        .iter()
        .filter(|step| matches!(step.kind, StepKind::Backward { to, .. } if to == a.id()))
        .map(|step| format!("{:.4}", step.sum.as_ref().unwrap().item()))
        .collect();
    assert_eq!(held, ["-6.9417", "-6.9417", "0.0000", "166.6006", "138.8338"]);
    // After the last step every accumulator holds what the engine found.
    for row in explained.rows() {
        let last = steps.iter().rev().find(|step| match step.kind {
            StepKind::Backward { to, .. } => to == row.node.id,
            StepKind::Seed { node } => node == row.node.id,
            _ => false,
        });
        assert_eq!(last.and_then(|step| step.sum.as_ref()), row.adjoint.value(), "v{}", row.node.id);
    }
    let sentences: Vec<String> = steps.iter().map(|step| step.to_string()).collect();
    assert_eq!(sentences[3], "step 4: v3 = a · b = -4 · 2 = -8.");
    assert_eq!(sentences[33], "step 34: the gradient of g with respect to itself is 1: the seed.");
    assert!(
        sentences.iter().any(|s| s.ends_with(
            "v3 mul sends 2 × 83.3003 = 166.6006 to a; a holds 166.6006, and waits for 1 more, from c0."
        )),
        "{sentences:#?}"
    );
    assert!(
        sentences.iter().any(|s| s.contains("v8 holds -6.94169, and waits for 1 more, from v10.")),
        "{sentences:#?}"
    );
}

#[test]
fn json_holds_every_bit_and_every_state() {
    let tape = Tape::f64();
    let [a, _, g] = readme(&tape);
    let explained = tape.explain(g);
    let json = explained.json();
    assert_eq!(json, tape.explain(g).json());
    let data: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((data["root"].as_u64(), data["total"].as_u64()), (Some(32), Some(33)));
    for (row, node) in explained.rows().iter().zip(data["nodes"].as_array().unwrap()) {
        assert_eq!(numbers(&node["value"]), row.node.value.data());
        if let Adjoint::Value(g) = &row.adjoint {
            assert_eq!(numbers(&node["adjoint"]["value"]), g.data());
        }
    }
    assert_eq!(data["nodes"][a.id()]["uses"][3]["contribution"][0].as_f64(), Some(2.0 * 83.30029154518951));
    assert_eq!(data["nodes"][6]["adjoint"]["state"], "constant");

    let tape = Tape::new();
    let x = tape.var([f32::NAN, f32::INFINITY, -0.0, 0.1]).named("a\"b\\\n</script>");
    let text = tape.explain(x.sum()).json();
    assert!(!text.contains("</script"), "{text}");
    let data: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(data["nodes"][0]["name"], "a\"b\\\n</script>");
    assert_eq!(data["nodes"][0]["value"].to_string(), "[\"NaN\",\"inf\",-0.0,0.1]");
    let data: Value = serde_json::from_str(&tape.explain_values().json()).unwrap();
    assert_eq!(data["nodes"][1]["adjoint"]["state"], "not computed");
    assert!(data["root"].is_null());
}

#[test]
fn entries_are_printed_up_to_eight_rows_of_eight() {
    #[track_caller]
    fn check(shape: &[usize], whole: bool) {
        let tape = Tape::f64();
        // Entries that no norm and no range gives away.
        let x = tape.var(Tensor::from_fn(shape, |i| 1000.5 + i as f64)).named("x");
        let explained = tape.explain((x * x).sum());
        let (text, page) = (explained.node(x).to_string(), explained.html());
        let within = |text: &str, entry: usize| text.contains(&format!("{}", 1000.5 + entry as f64));
        let printed = |text: &str| (1..x.shape().numel() - 1).filter(|&entry| within(text, entry)).count();
        let inner = x.shape().numel() - 2;
        assert_eq!(printed(&text), if whole { inner } else { 0 }, "{shape:?}\n{text}");
        // Where the page does not write a number into its cell, it is said where one points at it.
        let heat = page.split_once("id=\"heat-0\"").unwrap().1.split_once("</table>").unwrap().0;
        let cells = heat.matches("<td").count();
        let (columns, rows) = (shape[shape.len() - 1], x.shape().numel() / shape[shape.len() - 1]);
        assert_eq!(cells, columns.min(16) * rows.min(16));
        assert_eq!(heat.matches("title=\"").count(), if whole { 0 } else { cells });
        assert_eq!(page.contains("class=\"more\""), rows > 16 || columns > 16);
    }
    for shape in [&[8usize, 8][..], &[8], &[1, 8], &[8, 1], &[3, 5]] {
        check(shape, true);
    }
    for shape in [&[9usize, 8][..], &[8, 9], &[9], &[9, 1], &[17, 3], &[2, 17]] {
        check(shape, false);
    }
}

#[test]
fn a_small_jacobian_is_written_out() {
    let tape = Tape::f64();
    let x = tape.var([1.0, 2.0, 3.0]);
    let y = x.softmax(0);
    let explained = tape.explain((y * Tensor::from([1.0, 10.0, 100.0])).sum());
    let jacobian = explained.jacobian(y, 0).unwrap();
    let p = y.value();
    for i in 0..3 {
        for j in 0..3 {
            let (p, q) = (p.data()[i], p.data()[j]);
            close(jacobian[[i, j]], if i == j { p * (1.0 - p) } else { -p * q }, 1e-12);
        }
    }
    for (n, written) in [(64, true), (65, false)] {
        let sum = tape.var(Tensor::ones([n])).sum();
        assert_eq!(tape.explain(sum).jacobian(sum, 0).is_some(), written, "{n} entries");
    }
}

#[test]
fn a_hook_is_said_to_have_had_the_last_word() {
    let tape = Tape::f64();
    let x = tape.var(3.0);
    let y = x * x;
    tape.hook(y, |g| g * 10.0);
    let explained = tape.explain(y + 1.0);
    assert_eq!(explained.get(y).unwrap().adjoint.value().unwrap().item(), 10.0);
    assert!(explained.to_string().contains("a hook had the last word"), "{explained}");
}

#[test]
fn an_inference_tape_has_values_only() {
    let params = Params::<f64>::new();
    let tape = Tape::inference(&params);
    let x = tape.constant([1.0, 2.0]).named("x");
    let y = x.exp().sum();
    let explained = tape.explain_values();
    assert_eq!(explained.rows().len(), 3);
    assert!(explained.node(y).to_string().contains("adjoint: not computed"));
    let node = tape.node(x.leaky_relu(0.5).id());
    assert_eq!((node.attributes.as_str(), node.has_rule), ("negative_slope 0.5", false));
}

#[test]
fn a_window_of_a_large_tape_is_explained_alone() {
    let tape = Tape::new();
    let x = tape.var(0.5).named("x");
    let mut y = x;
    for i in 0..200_000 {
        y = if i % 100 == 0 { y + x } else { y.sin() };
    }
    let last = tape.explain(y);
    assert_eq!(last.rows().len(), 2000);
    assert!(last.to_string().starts_with("… 198001 more nodes before v198001\n"));
    let first = tape.explain_window(y, 0..2);
    let row = &first.rows()[0];
    assert_eq!((row.uses.len(), row.uses_left_out), (1000, 1001));
    assert!(first.to_string().contains("+ … 1989 more uses"));
    assert!(first.to_string().ends_with("… 199999 more nodes after v1\n"));
}

#[test]
fn what_the_adjoint_predicts_comes_closer_by_a_quarter_when_the_nudge_is_halved() {
    let tape = Tape::f64();
    let [w1, b1, .., loss] = xor(&tape);
    let explained = tape.explain(loss);
    for (v, entries) in [(w1, 4), (b1, 2)] {
        for entry in 0..entries {
            let errors = [0.04, 0.02, 0.01, 0.005].map(|e| explained.nudge(v, entry, e).unwrap().error());
            for pair in errors.windows(2) {
                let ratio = pair[1] / pair[0];
                assert!((0.2..0.3).contains(&ratio), "v{} entry {entry}: {errors:?}", v.id());
            }
        }
    }
    let nudge = explained.nudge(loss, 0, 0.5).unwrap();
    assert_eq!((nudge.predicted, nudge.error() < 1e-15), (0.5, true));
    assert!(explained.nudge(loss, 1, 0.5).is_none(), "there is no second entry");
}
