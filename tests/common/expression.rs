//! Random expressions: any operations of the registry, on any values before them that fit.

use super::dual::{Dual, Number};
use super::rows::{Draw, ROWS, Row};
use proptest::prelude::*;
use wengert::Rng;
use wengert::prelude::*;

/// An operation of an expression.
#[derive(Debug, Clone)]
struct Call {
    row: &'static Row,
    /// Which of the values before it.
    operands: [usize; 3],
    draw: Draw,
    /// The result is multiplied by it: a power of 2 that keeps numbers below 4.
    scale: f64,
}

/// A point, a direction, and operations to evaluate there.
#[derive(Debug, Clone)]
pub struct Expression {
    /// Of shapes that are variations of one and broadcast with each other.
    pub x: Vec<Tensor<f64>>,
    pub u: Vec<Tensor<f64>>,
    calls: Vec<Call>,
    /// The leaves, so that each has a gradient, and the values that no operation takes but the last.
    ends: Vec<usize>,
    pub seed: u64,
}

/// Expressions of 1 to `most` operations on 1 to 4 arrays.
pub fn expression(most: usize) -> impl Strategy<Value = Expression> {
    let shapes = (prop::collection::vec(1usize..4, 0..4), prop::collection::vec(any::<u8>(), 1..5))
        .prop_map(|(dims, choices)| choices.into_iter().map(|choice| vary(&dims, choice)).collect());
    let steps = prop::collection::vec((0..ROWS.len(), any::<[u16; 3]>(), any::<u64>()), 1..=most);
    (shapes, steps, any::<u64>()).prop_map(|(shapes, steps, seed)| Expression::new(shapes, &steps, seed))
}

/// The low bits of a choice drop leading axes, the others turn extents into 1.
pub fn vary(dims: &[usize], choice: u8) -> Vec<usize> {
    let skip = usize::from(choice & 7) % (dims.len() + 1);
    let one = |i: usize, d: usize| if choice >> (i + 3) & 1 == 1 { 1 } else { d };
    dims.iter().enumerate().skip(skip).map(|(i, &d)| one(i, d)).collect()
}

impl Expression {
    /// Evaluates step by step, to find out what fits.
    fn new(shapes: Vec<Vec<usize>>, steps: &[(usize, [u16; 3], u64)], seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let mut random =
            || shapes.iter().map(|dims| Tensor::rand_in(-1.5, 1.5, &dims[..], &mut rng)).collect();
        let (x, u): (Vec<Tensor<f64>>, _) = (random(), random());
        let mut e = Expression { x, u, calls: Vec::new(), ends: Vec::new(), seed };
        let mut values = e.leaves();
        let (leaves, mut used) = (values.len(), vec![false; values.len()]);
        let params = Params::new();
        let masks = Tape::training(&params, &mut Rng::new(seed));
        for &(first, places, bits) in steps {
            // Mostly recent values: expressions are deep and not only wide.
            let recent = values.len().saturating_sub(6);
            let [a, b, c] = places.map(usize::from).map(|at| {
                if at % 3 == 0 { at % values.len() } else { recent + at % (values.len() - recent) }
            });
            let mut draw = Draw { bits, mask: Vec::new() };
            let of = |operands: [usize; 3]| operands.map(|i| &values[i]);
            // The row that was drawn or the next one, on the values that were drawn or the first.
            let rows = (0..ROWS.len()).map(|i| &ROWS[(first + i) % ROWS.len()]);
            let mut all = rows.flat_map(|row| [(row, [a, b, c]), (row, [a, a, a])]);
            let found = all.find(|(row, operands)| (row.fits)(of(*operands), &draw));
            let (row, operands) = found.expect("the sine fits everything");
            if row.op == "dropout" {
                draw.mask = masks.constant(Tensor::ones(&values[a].dims[..])).dropout(0.5).value().to_vec();
            }
            let y = (row.forward)(of(operands), &draw);
            let largest = y.numbers.iter().fold(0.0, |m: f64, y| m.max(y.x.abs()));
            let scale = if largest > 4.0 { (2.0 - largest.log2()).floor().exp2() } else { 1.0 };
            values.push(y.map(|y| y * scale));
            operands[..row.operands].iter().for_each(|&i| used[i] = true);
            used.push(false);
            e.calls.push(Call { row, operands, draw, scale });
        }
        used.pop();
        e.ends = (0..used.len()).filter(|&i| i < leaves || !used[i]).collect();
        e
    }

    pub fn has(&self, op: &str) -> bool {
        self.calls.iter().any(|call| call.row.op == op)
    }

    fn leaves(&self) -> Vec<Dual> {
        self.x.iter().zip(&self.u).map(|(x, u)| Dual::new(x.shape(), x.data(), u.data())).collect()
    }

    /// The value and its derivative along u: the last operation's result and the means of the ends.
    pub fn forward(&self) -> Dual {
        let mut values = self.leaves();
        for Call { row, operands, draw, scale } in &self.calls {
            let y = (row.forward)(operands.map(|i| &values[i]), draw);
            values.push(y.map(|y| y * *scale));
        }
        let last = values.last().expect("an expression has a value").clone();
        self.ends.iter().fold(last, |y, &i| y.zip(&mean(&values[i]), |y, mean| y + mean))
    }

    /// The same on a tape.
    pub fn on_tape<'t>(&self, leaves: &[Var<'t, f64>]) -> Var<'t, f64> {
        let mut values = leaves.to_vec();
        for Call { row, operands, draw, scale } in &self.calls {
            let y = (row.on_tape)(operands.map(|i| values[i]), draw);
            values.push(if *scale == 1.0 { y } else { y * *scale });
        }
        let last = *values.last().expect("an expression has a value");
        self.ends.iter().fold(last, |y, &i| y + values[i].mean())
    }
}

fn mean(x: &Dual) -> Dual {
    let axes: Vec<usize> = (0..x.dims.len()).collect();
    x.reduce(&axes, false, |lane| lane.iter().copied().sum::<Number>() / lane.len() as f64)
}
