//! A tape of a million nodes: views of it answer, say what they leave out, and stay small. Run by
//! `cargo test --release -- --ignored --nocapture`, which prints how long each takes.

use std::time::Instant;
use wengert::prelude::*;

const NODES: usize = 1_000_000;

fn timed<R>(what: &str, f: impl FnOnce() -> R) -> R {
    let start = Instant::now();
    let result = f();
    println!("{what}: {:.2?}", start.elapsed());
    result
}

#[test]
#[ignore = "slow without --release"]
fn a_million_nodes_are_explained_in_windows_and_drawn_within_limits() {
    let tape = Tape::new();
    let x = tape.var(0.5).named("x");
    let mut y = x;
    while tape.len() < NODES {
        // Every tenth node uses x: it has 100,000 uses.
        y = if tape.len().is_multiple_of(10) { y + x } else { y.sin() };
    }
    let explained = timed("explain, the last 2000", || tape.explain(y));
    assert_eq!(explained.rows().len(), 2000);
    let text = timed("  its table", || explained.to_string());
    assert!(text.starts_with("… 998000 more nodes before v998000\n") && text.len() < 1_000_000);
    let dot = timed("  DOT of 100", || explained.graph().max_nodes(100).dot());
    assert!(dot.contains("… 999900 more") && dot.len() < 40_000);
    let svg = timed("  SVG of 100", || explained.graph().max_nodes(100).svg());
    assert!(svg.len() < 200_000);
    let first = timed("explain, the first 20", || tape.explain_window(y, 0..20));
    assert_eq!((first.rows()[0].uses.len(), first.rows()[0].uses_left_out), (1000, 99_000));
    assert!(first.to_string().ends_with("… 999980 more nodes after v19\n"));
    let page = timed("a page of 200", || tape.explain_window(y, NODES - 200..NODES).html());
    assert!(page.contains("999800 more nodes before v999800 are left out") && page.len() < 1_000_000);
}
