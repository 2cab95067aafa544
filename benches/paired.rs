//! Ratios that a busy machine does not spoil: the two sides take turns, many short rounds each,
//! and what is printed is the median of the rounds' ratios. See benches/README.md.

mod common;

use common::{BreastCancer, check_steps, mnist_steps, scalar_chain};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Seconds for one call, from as many as fill `time`.
fn seconds(time: Duration, f: &mut dyn FnMut() -> f32) -> f64 {
    let (start, mut calls) = (Instant::now(), 0);
    while start.elapsed() < time {
        black_box(f());
        calls += 1;
    }
    start.elapsed().as_secs_f64() / f64::from(calls)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Prints what one call of each side costs per unit, at the median and the least, and the ratio.
fn pair(
    name: &str,
    units: [f64; 2],
    unit: &str,
    one: &mut dyn FnMut() -> f32,
    other: &mut dyn FnMut() -> f32,
) {
    const ROUNDS: usize = 41;
    let time = Duration::from_millis(40);
    let rounds: Vec<[f64; 2]> =
        (0..=ROUNDS).map(|_| [seconds(time, one) / units[0], seconds(time, other) / units[1]]).collect();
    let rounds = &rounds[1..]; // the first warms up
    let of = |f: &dyn Fn(&[f64; 2]) -> f64| rounds.iter().map(f).collect::<Vec<_>>();
    let least = |i: usize| of(&|r| r[i]).into_iter().fold(f64::INFINITY, f64::min);
    println!(
        "{name:<24} {:>10.2} {:>10.2} {unit}   ratio {:.3}   least {:>10.2} {:>10.2}   ratio {:.3}",
        median(of(&|r| r[0])),
        median(of(&|r| r[1])),
        median(of(&|r| r[0] / r[1])),
        least(0),
        least(1),
        least(0) / least(1),
    );
}

fn main() {
    let only = std::env::args().skip(1).find(|a| !a.starts_with('-')).unwrap_or_default();
    check_steps();
    println!("{:<24} {:>10} {:>10}", "", "tape", "by hand");
    if "wdbc_step".contains(&only) {
        let (mut tape, mut by_hand) = BreastCancer::steps(BreastCancer::DROPOUTS);
        pair("wdbc_step", [1e-6; 2], "µs", &mut tape, &mut by_hand);
    }
    for rows in [32, 128, 512] {
        let name = format!("mnist_step/{rows}");
        if name.contains(&only) {
            let (mut tape, mut by_hand) = mnist_steps(rows);
            pair(&name, [1e-6; 2], "µs", &mut tape, &mut by_hand);
        }
    }
    println!("{:<24} {:>10} {:>10}", "", "on a tape", "bare");
    if "scalar_chain".contains(&only) {
        let units = [3000e-9; 2];
        pair("scalar_chain/3000", units, "ns", &mut || scalar_chain(3000), &mut bare_chain);
    }
    println!("{:<24} {:>10} {:>10}", "", "10^6", "10^3");
    if "nodes".contains(&only) {
        pair("nodes", [1e6 * 1e-9, 1e3 * 1e-9], "ns", &mut || scalar_chain(1_000_000), &mut || {
            scalar_chain(1000)
        });
    }
}

/// The scalar chain of 3,000 operations with its derivative by hand.
fn bare_chain() -> f32 {
    let [w, b] = black_box([0.9f32, 0.1]);
    let mut xs = [0f32; 1000];
    let mut ys = [0f32; 1000];
    let mut x = black_box(0.5f32);
    for i in 0..1000 {
        xs[i] = x;
        ys[i] = (x * w).tanh();
        x = ys[i] + b;
    }
    let (mut dw, mut g) = (0.0, 1.0);
    for i in (0..1000).rev() {
        let dz = g - g * ys[i] * ys[i];
        dw += dz * xs[i];
        g = dz * w;
    }
    dw
}
