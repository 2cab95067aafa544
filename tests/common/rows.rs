//! Every operation of the registry, said once on a tape and once in dual numbers: the rows from
//! which random expressions draw.

use super::dual::{Dual, Number, broadcast, with};
use std::collections::BTreeMap;
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_PI};
use std::fmt;
use std::sync::LazyLock;
use wengert::ops::{self, Indices};
use wengert::prelude::*;

/// An expression of three numbers or arrays (fewer where `operands` says so), in two languages.
pub struct Row {
    /// The operation's name in the registry.
    pub op: &'static str,
    pub operands: usize,
    /// Whether shapes and values fit: none near a kink, where rounding could take the two sides
    /// to different sides of it.
    pub fits: fn([&Dual; 3], &Draw) -> bool,
    pub on_tape: for<'t> fn([Var<'t, f64>; 3], &Draw) -> Var<'t, f64>,
    pub forward: fn([&Dual; 3], &Draw) -> Dual,
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.op)
    }
}

impl Row {
    pub fn of(op: &str) -> &'static Row {
        ROWS.iter().find(|row| row.op == op).expect("the operation has a row")
    }
}

/// What an operation's attributes are drawn from: axes, indices, a mask.
#[derive(Debug, Clone, Default)]
pub struct Draw {
    pub bits: u64,
    /// Of the shape of the first operand: 2 or 0, as dropout on a tape will have it.
    pub mask: Vec<f64>,
}

impl Draw {
    fn below(&self, n: usize) -> usize {
        self.bits as usize % n
    }

    /// Another number below n.
    fn other(&self, n: usize) -> usize {
        (self.bits >> 20) as usize % n
    }

    fn bit(&self, i: usize) -> bool {
        self.bits >> (40 + i) & 1 == 1
    }

    /// Some of the axes; all, one or none of them, too.
    fn axes(&self, rank: usize) -> Vec<usize> {
        (0..rank).filter(|&i| self.bit(i)).collect()
    }

    /// `count` numbers below n.
    fn indices(&self, count: usize, n: usize) -> Vec<usize> {
        (0..count).map(|i| (self.bits.rotate_left(7 * i as u32) as usize) % n).collect()
    }

    /// A range of an axis, never empty.
    fn range(&self, extent: usize) -> (usize, usize) {
        let start = self.below(extent);
        (start, start + 1 + self.other(extent - start))
    }

    /// An order of the axes.
    fn order(&self, rank: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..rank).collect();
        order.rotate_left(self.below(rank.max(1)));
        if self.bit(0) {
            order.reverse();
        }
        order
    }

    /// These extents after a new axis, some of those of 1 stretched.
    fn stretched(&self, dims: &[usize]) -> Vec<usize> {
        let stretch = |(i, &d): (usize, &usize)| if d == 1 && self.bit(i) { 2 } else { d };
        [1 + self.below(2)].into_iter().chain(dims.iter().enumerate().map(stretch)).collect()
    }
}

/// The operations of the registry that no method reaches, by the call of their first sample.
fn registered<'t>(op: &str, x: &[Var<'t, f64>]) -> Var<'t, f64> {
    type Function = for<'t> fn(&[Var<'t, f64>]) -> Var<'t, f64>;
    static FIRST: LazyLock<BTreeMap<&str, Function>> =
        LazyLock::new(|| ops::registry().into_iter().rev().map(|sample| (sample.op, sample.f64)).collect());
    FIRST[op](x)
}

/// What a rule records for g: the operations that are others' derivatives.
fn pulled<'t>(shape: &[usize], g: Var<'t, f64>, f: impl Fn(Var<'t, f64>) -> Var<'t, f64>) -> Var<'t, f64> {
    let x = g.tape().var(Tensor::zeros(shape));
    g.tape().grad_with(f(x), g, &[x])[0]
}

// What fits

fn any_shape(_: [&Dual; 3], _: &Draw) -> bool {
    true
}

fn ranked([a, ..]: [&Dual; 3], _: &Draw) -> bool {
    !a.dims.is_empty()
}

/// With room for more entries.
fn small([a, ..]: [&Dual; 3], _: &Draw) -> bool {
    a.numbers.len() <= 24 && a.dims.len() < 6
}

fn small_ranked(x: [&Dual; 3], draw: &Draw) -> bool {
    small(x, draw) && ranked(x, draw)
}

fn two([a, b, _]: [&Dual; 3], _: &Draw) -> bool {
    broadcast(&a.dims, &b.dims).is_some()
}

fn three([a, b, c]: [&Dual; 3], _: &Draw) -> bool {
    broadcast(&a.dims, &b.dims).is_some_and(|both| broadcast(&both, &c.dims).is_some())
}

const CLEAR: f64 = 1e-6;

fn away([a, ..]: [&Dual; 3], from: &[f64]) -> bool {
    a.numbers.iter().all(|a| from.iter().all(|x| (a.x - x).abs() > CLEAR))
}

fn away_from_0(x: [&Dual; 3], _: &Draw) -> bool {
    away(x, &[0.0])
}

fn away_from_whole(x: [&Dual; 3], _: &Draw) -> bool {
    x[0].numbers.iter().all(|a| (a.x - a.x.round()).abs() > CLEAR)
}

/// Two that broadcast and tie nowhere, or one twice that ties everywhere.
fn apart(x: [&Dual; 3], draw: &Draw) -> bool {
    let [a, b, _] = x;
    two(x, draw) && (std::ptr::eq(a, b) || away([&a.zip(b, |a, b| a - b), b, b], &[0.0]))
}

/// No two of a lane tie; a lane of one never does.
fn all_apart(x: &Dual, axes: &[usize]) -> bool {
    let gaps = x.reduce(axes, false, |lane| {
        let mut sorted: Vec<f64> = lane.iter().map(|x| x.x).collect();
        sorted.sort_by(f64::total_cmp);
        sorted.windows(2).map(|pair| pair[1] - pair[0]).fold(1.0, f64::min).into()
    });
    away([&gaps; 3], &[0.0])
}

/// Which of the three products, and whether the shapes allow it.
fn product([a, b, _]: [&Dual; 3], draw: &Draw) -> bool {
    let ([batch_a @ .., m, k], [batch_b @ .., l, n]) = (&a.dims[..], &b.dims[..]) else {
        // A vector is a row on the left and a column on the right.
        return matches!((&a.dims[..], &b.dims[..]), ([.., k], [l]) if k == l);
    };
    let fits = match draw.below(3) {
        0 => k == l,
        1 => k == n,
        _ => m == l,
    };
    fits && broadcast(batch_a, batch_b).is_some() && a.numbers.len() * b.numbers.len() < 400
}

fn same([a, b, _]: [&Dual; 3], _: &Draw) -> bool {
    a.dims == b.dims && !a.dims.is_empty()
}

fn concatenable(x: [&Dual; 3], draw: &Draw) -> bool {
    let [a, b, _] = x;
    small_ranked(x, draw) && small([b; 3], draw) && a.dims.len() == b.dims.len() && {
        let axis = draw.below(a.dims.len());
        with(&a.dims, axis, 0) == with(&b.dims, axis, 0)
    }
}

fn rows_of_weights([a, b, _]: [&Dual; 3], _: &Draw) -> bool {
    matches!((&a.dims[..], &b.dims[..]), ([.., k], [_, l]) if k == l)
}

// The operations

/// `(operands) operation, if it fits, on a tape, in dual numbers;`
macro_rules! rows {
    ($(($operands:literal) $op:ident, if $fits:expr, $on_tape:expr, $forward:expr;)*) => {
        &[$(Row { op: stringify!($op), operands: $operands, fits: $fits, on_tape: $on_tape, forward: $forward }),*]
    };
}

/// x² + ½, for what is defined above 0 alone.
fn positive(x: Number) -> Number {
    x * x + 0.5
}

fn of(holds: bool) -> Number {
    f64::from(u8::from(holds)).into()
}

fn sum(lane: &[Number]) -> Number {
    lane.iter().copied().sum()
}

fn logsumexp(lane: &[Number]) -> Number {
    lane.iter().map(|x| x.exp()).sum::<Number>().ln()
}

fn largest(lane: &[Number]) -> Number {
    lane.iter().copied().reduce(Number::max).expect("a lane has an entry")
}

fn smallest(lane: &[Number]) -> Number {
    largest(&lane.iter().map(|&x| x * -1.0).collect::<Vec<_>>()) * -1.0
}

/// Reduces as it was drawn, with the axes kept or dropped.
macro_rules! reduction {
    ($axis:ident, $keepdim:ident) => {
        |[x, ..], draw| {
            let axes = draw.axes(x.rank());
            if draw.bit(7) { x.$keepdim(&axes) } else { x.$axis(&axes) }
        }
    };
    ($f:expr) => {
        |[x, ..], draw| x.reduce(&draw.axes(x.dims.len()), draw.bit(7), $f)
    };
}

/// Flat, or the extents in reverse.
fn reshaped(dims: &[usize], draw: &Draw) -> Vec<usize> {
    if draw.bit(0) { vec![dims.iter().product()] } else { dims.iter().rev().copied().collect() }
}

/// The shape of a table into which entries of this shape are added: longer than it on some axes.
fn table(dims: &[usize], axis: usize, extent: usize, draw: &Draw) -> Vec<usize> {
    let longer = |(i, d): (usize, &usize)| if i == axis { extent } else { d + usize::from(draw.bit(i)) };
    dims.iter().enumerate().map(longer).collect()
}

/// The shape of the indices that gather takes: shorter than the entries' on some axes.
fn gathered(dims: &[usize], axis: usize, extent: usize, draw: &Draw) -> Vec<usize> {
    let other = |(i, &d): (usize, &usize)| {
        if i == axis {
            extent
        } else if draw.bit(i) {
            1
        } else {
            d
        }
    };
    dims.iter().enumerate().map(other).collect()
}

/// What is summed over an axis to have these extents, and that axis.
fn before_summing(dims: &[usize], draw: &Draw) -> (Vec<usize>, usize) {
    let axis = draw.below(dims.len() + 1);
    let mut wide = dims.to_vec();
    wide.insert(axis, 1 + draw.other(3));
    (wide, axis)
}

pub static ROWS: &[Row] = rows! {
    (1) negate, if any_shape, |[x, ..], _| -x, |[x, ..], _| x.map(|x| x * -1.0);
    (1) exp, if any_shape, |[x, ..], _| x.exp(), |[x, ..], _| x.map(Number::exp);
    (1) exp_m1, if any_shape, |[x, ..], _| x.exp_m1(), |[x, ..], _| x.map(|x| x.exp() - 1.0);
    (1) ln, if any_shape, |[x, ..], _| (x.square() + 0.5).ln(), |[x, ..], _| x.map(|x| positive(x).ln());
    (1) ln_1p, if any_shape, |[x, ..], _| x.square().ln_1p(), |[x, ..], _| x.map(|x| (x * x + 1.0).ln());
    (1) sqrt, if any_shape, |[x, ..], _| (x.square() + 0.5).sqrt(),
        |[x, ..], _| x.map(|x| positive(x).sqrt());
    (1) square, if any_shape, |[x, ..], _| x.square(), |[x, ..], _| x.map(|x| x * x);
    (1) recip, if any_shape, |[x, ..], _| (x.square() + 0.5).recip(),
        |[x, ..], _| x.map(|x| Number::from(1.0) / positive(x));
    (1) abs, if away_from_0, |[x, ..], _| x.abs(), |[x, ..], _| x.map(|x| x.through(f64::abs, f64::signum));
    (1) sin, if any_shape, |[x, ..], _| x.sin(), |[x, ..], _| x.map(|x| x.through(f64::sin, f64::cos));
    (1) cos, if any_shape, |[x, ..], _| x.cos(), |[x, ..], _| x.map(|x| x.through(f64::cos, |x| -x.sin()));
    (1) tanh, if any_shape, |[x, ..], _| x.tanh(), |[x, ..], _| x.map(Number::tanh);
    (1) sigmoid, if any_shape, |[x, ..], _| x.sigmoid(), |[x, ..], _| x.map(Number::sigmoid);
    (1) relu, if away_from_0, |[x, ..], _| x.relu(), |[x, ..], _| x.map(|x| x * of(x.x > 0.0));
    (1) leaky_relu, if away_from_0, |[x, ..], _| x.leaky_relu(0.1),
        |[x, ..], _| x.map(|x| if x.x > 0.0 { x } else { x * 0.1 });
    (1) elu, if away_from_0, |[x, ..], _| x.elu(0.7),
        |[x, ..], _| x.map(|x| if x.x > 0.0 { x } else { (x.exp() - 1.0) * 0.7 });
    (1) gelu, if any_shape, |[x, ..], _| x.gelu(),
        |[x, ..], _| x.map(|x| x * ((x * FRAC_1_SQRT_2).erf() + 1.0) * 0.5);
    (1) gelu_tanh, if any_shape, |[x, ..], _| x.gelu_tanh(),
        |[x, ..], _| x.map(|x| x * (((x + x * x * x * 0.044715) * FRAC_2_PI.sqrt()).tanh() + 1.0) * 0.5);
    (1) silu, if any_shape, |[x, ..], _| x.silu(), |[x, ..], _| x.map(|x| x * x.sigmoid());
    (1) softplus, if any_shape, |[x, ..], _| x.softplus(), |[x, ..], _| x.map(|x| (x.exp() + 1.0).ln());
    (1) erf, if any_shape, |[x, ..], _| x.erf(), |[x, ..], _| x.map(Number::erf);
    (1) powi, if any_shape, |[x, ..], draw| x.powi(draw.below(5) as i32),
        |[x, ..], draw| x.map(|x| (0..draw.below(5)).fold(Number::from(1.0), |power, _| power * x));
    (1) powf, if any_shape, |[x, ..], _| (x.square() + 0.5).powf(1.7),
        |[x, ..], _| x.map(|x| (positive(x).ln() * 1.7).exp());
    (1) clamp, if |x, _| away(x, &[-1.0, 0.5]), |[x, ..], _| x.clamp(-1.0, 0.5),
        |[x, ..], _| x.map(|x| if x.x == x.x.clamp(-1.0, 0.5) { x } else { x.x.clamp(-1.0, 0.5).into() });
    (1) sign, if away_from_0, |[x, ..], _| x.sign(), |[x, ..], _| x.map(|x| x.x.signum().into());
    (1) floor, if away_from_whole, |[x, ..], _| x.floor(), |[x, ..], _| x.map(|x| x.x.floor().into());
    (1) detach, if any_shape, |[x, ..], _| x.detach(), |[x, ..], _| x.map(|x| x.x.into());
    (1) dropout, if any_shape, |[x, ..], _| x.dropout(0.5),
        |[x, ..], draw| {
            let kept = x.numbers.iter().zip(&draw.mask).map(|(&x, &m)| x * m);
            Dual { numbers: kept.collect(), ..x.clone() }
        };

    (2) add, if two, |[a, b, _], _| a + b, |[a, b, _], _| a.zip(b, |a, b| a + b);
    (2) sub, if two, |[a, b, _], _| a - b, |[a, b, _], _| a.zip(b, |a, b| a - b);
    (2) mul, if two, |[a, b, _], _| a * b, |[a, b, _], _| a.zip(b, |a, b| a * b);
    (2) div, if two, |[a, b, _], _| a / (b.square() + 0.5), |[a, b, _], _| a.zip(b, |a, b| a / positive(b));
    (2) pow, if two, |[a, b, _], _| (a.square() + 0.5).pow(b.tanh()),
        |[a, b, _], _| a.zip(b, |a, b| (positive(a).ln() * b.tanh()).exp());
    (2) maximum, if apart, |[a, b, _], _| a.maximum(b), |[a, b, _], _| a.zip(b, Number::max);
    (2) minimum, if apart, |[a, b, _], _| a.minimum(b), |[a, b, _], _| a.zip(b, |a, b| smallest(&[a, b]));
    (2) eq, if apart, |[a, b, _], _| a.eq(b), |[a, b, _], _| a.zip(b, |a, b| of(a.x == b.x));
    (2) ne, if apart, |[a, b, _], _| a.ne(b), |[a, b, _], _| a.zip(b, |a, b| of(a.x != b.x));
    (2) lt, if apart, |[a, b, _], _| a.lt(b), |[a, b, _], _| a.zip(b, |a, b| of(a.x < b.x));
    (2) le, if apart, |[a, b, _], _| a.le(b), |[a, b, _], _| a.zip(b, |a, b| of(a.x <= b.x));
    (2) gt, if apart, |[a, b, _], _| a.gt(b), |[a, b, _], _| a.zip(b, |a, b| of(a.x > b.x));
    (2) ge, if apart, |[a, b, _], _| a.ge(b), |[a, b, _], _| a.zip(b, |a, b| of(a.x >= b.x));
    (2) bce, if two, |[p, t, _], _| registered("bce", &[p.sigmoid(), t.sigmoid()]),
        |[p, t, _], _| p.zip(t, |p, t| {
            let (p, t, one) = (p.sigmoid(), t.sigmoid(), Number::from(1.0));
            (t * p.ln() + (one - t) * (one - p).ln()) * -1.0
        });
    (2) bce_with_logits, if two, |[x, t, _], _| registered("bce_with_logits", &[x, t.sigmoid()]),
        |[x, t, _], _| x.zip(t, |x, t| (x.exp() + 1.0).ln() - x * t.sigmoid());
    (2) surprise, if two, |[p, t, _], _| registered("surprise", &[p.sigmoid(), t]),
        |[p, t, _], _| p.zip(t, |p, t| t * p.sigmoid().ln() * -1.0);
    (3) where_cond, if |x, draw| three(x, draw) && away_from_0(x, draw),
        |[c, a, b], _| c.gt(0.0).where_cond(a, b), |[c, a, b], _| c.choose(|c| c > 0.0, a, b);
    (3) where_positive, if |x, draw| three(x, draw) && away_from_0(x, draw),
        |x, _| registered("where_positive", &x), |[c, a, b], _| c.choose(|c| c > 0.0, a, b);

    (1) reshape, if any_shape,
        |[x, ..], draw| x.reshape(&reshaped(&x.shape(), draw)[..]),
        |[x, ..], draw| x.reshape(&reshaped(&x.dims, draw));
    (1) expand, if small, |[x, ..], draw| x.expand(&draw.stretched(&x.shape())[..]),
        |[x, ..], draw| Dual::build(&draw.stretched(&x.dims), |index| x.get(index));
    (1) permute, if any_shape, |[x, ..], draw| x.permute(&draw.order(x.rank())),
        |[x, ..], draw| x.permute(&draw.order(x.dims.len()));
    (1) slice, if ranked,
        |[x, ..], draw| {
            let axis = draw.other(x.rank());
            let (start, end) = draw.range(x.shape()[axis]);
            x.slice(axis, start..end)
        },
        |[x, ..], draw| {
            let axis = draw.other(x.dims.len());
            let (start, end) = draw.range(x.dims[axis]);
            x.pick(axis, end - start, |i| Some(start + i))
        };
    (1) pad, if small_ranked,
        |[x, ..], draw| {
            let (axis, before, after) = (draw.other(x.rank()), draw.below(3), draw.below(2));
            let extent = x.shape()[axis];
            pulled(&with(&x.shape(), axis, before + extent + after), x, |x| x.slice(axis, before..before + extent))
        },
        |[x, ..], draw| {
            let (axis, before, after) = (draw.other(x.dims.len()), draw.below(3), draw.below(2));
            let extent = x.dims[axis];
            x.pick(axis, before + extent + after, |i| i.checked_sub(before).filter(|&i| i < extent))
        };
    (2) concat, if concatenable, |[a, b, _], draw| Var::concat([a, b], draw.below(a.rank())),
        |[a, b, _], draw| a.concat(b, draw.below(a.dims.len()));
    (2) stack, if |x, draw| small(x, draw) && x[0].dims == x[1].dims,
        |[a, b, _], draw| Var::stack([a, b], draw.below(a.rank() + 1)),
        |[a, b, _], draw| {
            let axis = draw.below(a.dims.len() + 1);
            let one = [&a.dims[..axis], &[1], &a.dims[axis..]].concat();
            a.reshape(&one).concat(&b.reshape(&one), axis)
        };
    (1) index_select, if small_ranked,
        |[x, ..], draw| {
            let axis = draw.other(x.rank());
            x.index_select(axis, draw.indices(1 + draw.below(4), x.shape()[axis]))
        },
        |[x, ..], draw| {
            let axis = draw.other(x.dims.len());
            let indices = draw.indices(1 + draw.below(4), x.dims[axis]);
            x.pick(axis, indices.len(), |i| Some(indices[i]))
        };
    (1) index_add, if ranked,
        |[x, ..], draw| {
            let (axis, extent) = (draw.other(x.rank()), 1 + draw.below(3));
            let indices = draw.indices(x.shape()[axis], extent);
            pulled(&with(&x.shape(), axis, extent), x, |x| x.index_select(axis, &indices))
        },
        |[x, ..], draw| {
            let (axis, extent) = (draw.other(x.dims.len()), 1 + draw.below(3));
            let indices = draw.indices(x.dims[axis], extent);
            x.add_into(&with(&x.dims, axis, extent), axis, |index, _| indices[index[axis]])
        };
    (1) gather, if small_ranked,
        |[x, ..], draw| {
            let axis = draw.other(x.rank());
            let shape = gathered(&x.shape(), axis, 1 + draw.below(3), draw);
            let indices = draw.indices(shape.iter().product(), x.shape()[axis]);
            x.gather(axis, Indices::new(&indices, shape))
        },
        |[x, ..], draw| {
            let axis = draw.other(x.dims.len());
            let shape = gathered(&x.dims, axis, 1 + draw.below(3), draw);
            let indices = draw.indices(shape.iter().product(), x.dims[axis]);
            let taken = super::dual::indices(&shape).into_iter().zip(indices);
            Dual { numbers: taken.map(|(at, i)| x.get(&with(&at, axis, i))).collect(), dims: shape }
        };
    (1) scatter_add, if small_ranked,
        |[x, ..], draw| {
            let (axis, extent) = (draw.other(x.rank()), 1 + draw.below(3));
            let indices = Indices::new(&draw.indices(x.numel(), extent), x.shape());
            let table = table(&x.shape(), axis, extent, draw);
            pulled(&table, x, |x| x.gather(axis, indices.clone()))
        },
        |[x, ..], draw| {
            let (axis, extent) = (draw.other(x.dims.len()), 1 + draw.below(3));
            let indices = draw.indices(x.numbers.len(), extent);
            let table = table(&x.dims, axis, extent, draw);
            x.add_into(&table, axis, |_, flat| indices[flat])
        };

    (1) sum, if any_shape, reduction!(sum_axis, sum_keepdim), reduction!(sum);
    (1) mean, if any_shape,
        reduction!(mean_axis, mean_keepdim), reduction!(|lane| sum(lane) / lane.len() as f64);
    (1) max, if |[x, ..], draw| all_apart(x, &draw.axes(x.dims.len())),
        reduction!(max_axis, max_keepdim), reduction!(largest);
    (1) min, if |[x, ..], draw| all_apart(x, &draw.axes(x.dims.len())),
        reduction!(min_axis, min_keepdim), reduction!(smallest);
    (1) logsumexp, if any_shape, reduction!(logsumexp_axis, logsumexp_keepdim), reduction!(logsumexp);
    (1) norm, if away_from_0,
        reduction!(norm_axis, norm_keepdim), reduction!(|lane| lane.iter().map(|&x| x * x).sum::<Number>().sqrt());
    (1) spread, if small,
        |[x, ..], draw| {
            let (wide, axis) = before_summing(&x.shape(), draw);
            pulled(&wide, x, |x| if draw.bit(0) { x.sum_axis(axis) } else { x.mean_axis(axis) })
        },
        |[x, ..], draw| {
            let (wide, axis) = before_summing(&x.dims, draw);
            let part = if draw.bit(0) { 1.0 } else { 1.0 / wide[axis] as f64 };
            x.reshape(&with(&wide, axis, 1)).pick(axis, wide[axis], |_| Some(0)).map(|x| x * part)
        };
    (1) cumsum, if ranked, |[x, ..], draw| x.cumsum(draw.below(x.rank())),
        |[x, ..], draw| x.along(draw.below(x.dims.len()), |lane, i| sum(&lane[..=i]));
    (1) softmax, if ranked, |[x, ..], draw| x.softmax(draw.below(x.rank())),
        |[x, ..], draw| x.along(draw.below(x.dims.len()), |lane, i| (lane[i] - logsumexp(lane)).exp());
    (1) log_softmax, if ranked, |[x, ..], draw| x.log_softmax(draw.below(x.rank())),
        |[x, ..], draw| x.along(draw.below(x.dims.len()), |lane, i| lane[i] - logsumexp(lane));
    (1) argmax, if |x, draw| ranked(x, draw) && all_apart(x[0], &[draw.below(x[0].dims.len())]),
        |[x, ..], draw| x.argmax(draw.below(x.rank())),
        |[x, ..], draw| x.reduce(&[draw.below(x.dims.len())], false, |lane| {
            let top = largest(lane);
            (lane.iter().position(|&x| x == top).expect("the largest is one of them") as f64).into()
        });

    (2) matmul, if product,
        |[a, b, _], draw| match draw.below(3) {
            _ if b.rank() == 1 => a.matmul(b),
            0 => a.matmul(b),
            1 => a.matmul_t(b),
            _ => a.t_matmul(b),
        },
        |[a, b, _], draw| {
            if let [k] = b.dims[..] {
                let (rows, kept) = (a.numbers.len() / k, &a.dims[..a.dims.len() - 1]);
                return a.reshape(&[rows, k]).matmul(&b.reshape(&[k, 1])).reshape(kept);
            }
            match draw.below(3) {
                0 => a.matmul(b),
                1 => a.matmul(&b.t()),
                _ => a.t().matmul(b),
            }
        };
    (2) linear, if rows_of_weights,
        |[x, w, _], draw| x.linear(w, draw.bit(0).then(|| w.mean_axis(1))),
        |[x, w, _], draw| {
            let (k, outputs) = (w.dims[1], w.dims[0]);
            let y = x.reshape(&[x.numbers.len() / k, k]).matmul(&w.t());
            let bias = w.reduce(&[1], false, |row| sum(row) / k as f64);
            let y = if draw.bit(0) { y.zip(&bias, |y, b| y + b) } else { y };
            y.reshape(&with(&x.dims, x.dims.len() - 1, outputs))
        };
    (2) cross_entropy, if same,
        |[x, t, _], _| CrossEntropy::new().reduction(Reduction::None).of(x, t.softmax(-1)),
        |[x, t, _], _| {
            let last = x.dims.len() - 1;
            let log = |x: &Dual| x.along(last, |lane, i| lane[i] - logsumexp(lane));
            log(x).zip(&log(t), |x, t| x * t.exp() * -1.0).reduce(&[last], false, sum)
        };
};
