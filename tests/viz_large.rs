//! A tape of a million nodes: views of it answer, say what they leave out, stay small, and take no
//! more memory than the tape itself. Run by `cargo test --release -- --ignored --nocapture`, which prints
//! how long each takes; `benches/views.rs` measures it.

#[path = "common/counting.rs"]
mod counting;

use counting::{BYTES_HELD, PEAK};
use std::time::Instant;
use wengert::prelude::*;

const NODES: usize = 1_000_000;
/// A node and its value are 72 bytes.
const TAPE: isize = 72 * NODES as isize;

/// Runs it within the memory that it may take at a time, given back in the end but for what it returns.
#[track_caller]
fn within<R>(bytes: isize, what: &str, f: impl FnOnce() -> R) -> R {
    let (start, before) = (Instant::now(), BYTES_HELD.get());
    PEAK.set(before);
    let result = f();
    let peak = PEAK.get() - before;
    println!("{what}: {:.2?}, {:.1} MB", start.elapsed(), peak as f64 / 1e6);
    assert!(peak <= bytes, "{what} took {peak} bytes at a time");
    result
}

#[test]
#[ignore = "slow without --release"]
fn a_million_nodes_are_explained_in_windows_drawn_within_limits_and_reported_on() {
    let mut params: Params = Params::new();
    let [w, dead] = ["w", "dead"].map(|name| params.add(name, 0.5));
    let tape = Tape::eval(&params);
    let x = tape.param(w).named("x");
    let mut y = x - (tape.param(dead) - 1.0).relu();
    while tape.len() < NODES {
        // Every tenth node uses x: it has 100,000 uses.
        y = if tape.len().is_multiple_of(10) { y + x } else { y.sin() };
    }
    let explained = within(TAPE, "explain, the last 2000", || tape.explain(y));
    assert_eq!(explained.rows().len(), 2000);
    let text = within(4_000_000, "  its table", || explained.to_string());
    assert!(text.starts_with("… 998000 more nodes before v998000\n") && text.len() < 1_000_000);
    let dot = within(4_000_000, "  DOT of 100", || explained.graph().max_nodes(100).dot());
    assert!(dot.contains("… 999900 more") && dot.len() < 40_000);
    let svg = within(4_000_000, "  SVG of 100", || explained.graph().max_nodes(100).svg());
    assert!(svg.len() < 200_000);
    let first = within(TAPE, "explain, the first 20", || tape.explain_window(y, 0..20));
    assert_eq!(first.rows()[0].uses.len(), 1000);
    assert!(first.rows()[0].uses_left_out > 98_000);
    assert!(first.to_string().contains("… 999980 more nodes after v19\n"));
    let page = within(TAPE, "a page of 200", || tape.explain_window(y, NODES - 200..NODES).html());
    assert!(page.contains("999800 more nodes before v999800 are left out") && page.len() < 1_000_000);
    let grads = y.backward();
    let report = within(TAPE, "the report", || grads.report(&tape));
    assert!(report.to_string().contains("relu v4 is off"), "{report}");
}
