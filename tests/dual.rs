//! Random expressions of up to 60 nodes on random shapes, backwards against forwards:
//! ⟨v, J u⟩ by dual numbers, ⟨Jᵀ v, u⟩ by the tape. The two sides share no formula, but neither
//! would notice one that is wrong in both; numbers (in the other tests) do.

#[path = "common/custom.rs"]
mod custom;
#[path = "common/dual.rs"]
mod dual;

use custom::Custom;
use dual::{Dual, broadcast};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use wengert::Rng;
use wengert::grad::{GradCheck, Reason, vjp};
use wengert::prelude::*;

/// An operation, and from which of the values before it takes its operands (modulo their number).
#[derive(Debug, Clone)]
struct Step {
    op: usize,
    operands: [usize; 3],
}

#[derive(Debug, Clone)]
struct Expression {
    /// The leaves' shapes: variations of one that broadcast with each other.
    leaves: Vec<Vec<usize>>,
    steps: Vec<Step>,
    seed: u64,
}

fn expression(most: usize) -> impl Strategy<Value = Expression> {
    let leaves = (prop::collection::vec(1usize..4, 0..4), prop::collection::vec(any::<u8>(), 1..5)).prop_map(
        |(dims, choices)| {
            // The low bits drop leading axes, the others turn extents into 1.
            let vary = |choice: u8| {
                let skip = usize::from(choice & 3).min(dims.len());
                let one = |i: usize, d: usize| if choice >> (i + 2) & 1 == 1 { 1 } else { d };
                dims.iter().enumerate().skip(skip).map(|(i, &d)| one(i, d)).collect()
            };
            choices.into_iter().map(vary).collect()
        },
    );
    let step = (0..OPS, any::<[u16; 3]>()).prop_map(|(op, at)| Step { op, operands: at.map(usize::from) });
    (leaves, prop::collection::vec(step, 1..most), any::<u64>())
        .prop_map(|(leaves, steps, seed)| Expression { leaves, steps, seed })
}

/// So many cases, the same ones in every run: a failure is one that everybody sees.
fn config(cases: u32) -> ProptestConfig {
    let rng_seed = RngSeed::Fixed(1964);
    ProptestConfig { cases, rng_seed, failure_persistence: None, ..ProptestConfig::default() }
}

/// What both sides can do.
trait Algebra: Clone {
    fn dims(&self) -> Vec<usize>;
    fn run(op: usize, a: &Self, b: &Self, c: &Self) -> Self;
}

/// How many operations [`Algebra::run`] knows. Those that need two broadcastable operands, a
/// matrix or an axis come last, and fall back on the first where there is none.
const OPS: usize = 20;

/// Which operation it is to be, given the operands' shapes.
fn fitting(op: usize, [a, b, c]: [&[usize]; 3]) -> usize {
    let both = broadcast(a, b);
    let fits = match op {
        8..=12 => both.is_some(),
        13 => both.is_some_and(|both| broadcast(&both, c).is_some()),
        14 | 15 => !a.is_empty(),
        16 => a.len() == 2 && b.len() == 2 && a[1] == b[1],
        17 => a.len() > 1,
        18 => a.first() > Some(&1),
        19 => !a.is_empty() && a.len() == b.len() && a[1..] == b[1..] && a[0] + b[0] < 9,
        _ => true,
    };
    if fits { op } else { op % 8 }
}

impl Algebra for Var<'_, f64> {
    fn dims(&self) -> Vec<usize> {
        self.shape().to_vec()
    }
    fn run(op: usize, &a: &Self, &b: &Self, &c: &Self) -> Self {
        match op {
            0 => a.tanh(),
            1 => a.sigmoid(),
            2 => a.sin(),
            3 => (a.square() + 1.0).ln(),
            4 => (a.square() + 0.5).sqrt(),
            5 => a.tanh().exp(),
            6 => a * 0.5 - 0.25,
            7 => a.flatten().cos(),
            8 => (a + b) * 0.5,
            9 => a - b,
            10 => a.tanh() * b,
            11 => a / (b.square() + 1.0),
            12 => a.maximum(b),
            13 => a.gt(0.0).where_cond(b, c),
            14 => a.sum_keepdim(0),
            15 => a.softmax(-1),
            16 => a.matmul_t(b).tanh(),
            17 => a.permute(&(0..a.rank()).rev().collect::<Vec<_>>()),
            18 => a.slice(0, 1..),
            19 => Var::concat(&[a, b], 0),
            _ => unreachable!("there are {OPS} operations"),
        }
    }
}

impl Algebra for Dual {
    fn dims(&self) -> Vec<usize> {
        self.dims.clone()
    }
    fn run(op: usize, a: &Self, b: &Self, c: &Self) -> Self {
        let tanh = |a: &Self| a.map(f64::tanh, |x| 1.0 - x.tanh().powi(2));
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        match op {
            0 => tanh(a),
            1 => a.map(sigmoid, |x| sigmoid(x) * (1.0 - sigmoid(x))),
            2 => a.map(f64::sin, f64::cos),
            3 => a.map(|x| (x * x + 1.0).ln(), |x| 2.0 * x / (x * x + 1.0)),
            4 => a.map(|x| (x * x + 0.5).sqrt(), |x| x / (x * x + 0.5).sqrt()),
            5 => tanh(a).map(f64::exp, f64::exp),
            6 => a.map(|x| x * 0.5 - 0.25, |_| 0.5),
            7 => a.flatten().map(f64::cos, |x| -x.sin()),
            8 => a.add(b).map(|x| x * 0.5, |_| 0.5),
            9 => a.sub(b),
            10 => tanh(a).mul(b),
            11 => a.div(&b.map(|x| x * x + 1.0, |x| 2.0 * x)),
            12 => a.zip(b, |(a, da), (b, db)| match a.total_cmp(&b) {
                std::cmp::Ordering::Greater => (a, da),
                std::cmp::Ordering::Less => (b, db),
                std::cmp::Ordering::Equal => (a, (da + db) / 2.0),
            }),
            13 => a.choose(b, c),
            14 => a.sum(0),
            15 => a.softmax(a.dims.len() - 1),
            16 => tanh(&a.matmul_t(b)),
            17 => a.reversed(),
            18 => a.tail(),
            19 => a.concat(b),
            _ => unreachable!("there are {OPS} operations"),
        }
    }
}

impl Expression {
    /// The last value and every leaf that was not used, so that none is without a gradient.
    fn run<A: Algebra>(&self, leaves: &[A]) -> A {
        let mut values = leaves.to_vec();
        for Step { op, operands } in &self.steps {
            // Mostly recent values: expressions are deep and not only wide.
            let recent = values.len().saturating_sub(6);
            let [a, b, c] = operands.map(|at| {
                &values[if at % 3 == 0 { at % values.len() } else { recent + at % (values.len() - recent) }]
            });
            let op = fitting(*op, [&a.dims(), &b.dims(), &c.dims()]);
            values.push(A::run(op, a, b, c));
        }
        values.pop().expect("an expression has a leaf")
    }

    /// Random numbers for leaves of these shapes.
    fn random(&self, rng: &mut Rng) -> Vec<Tensor<f64>> {
        self.leaves.iter().map(|dims| Tensor::rand_in(-1.5, 1.5, dims.clone(), rng)).collect()
    }

    /// The value on a tape, of leaves in an array.
    fn on_tape<'t, const N: usize>(&self, leaves: [Var<'t, f64>; N]) -> Var<'t, f64> {
        self.run(&leaves[..self.leaves.len()])
    }
}

/// How far apart ⟨v, J u⟩ and ⟨Jᵀ v, u⟩ are, each given by its terms, as a part of the terms' size.
fn apart(forth: &[f64], back: &[f64]) -> f64 {
    let scale: f64 = forth.iter().chain(back).map(|p| p.abs()).sum();
    (back.iter().sum::<f64>() - forth.iter().sum::<f64>()).abs() / scale.max(1.0)
}

/// Symmetric but for a part in 10¹².
const J: [[f64; 2]; 2] = [[1.0, 0.5], [0.5 + 1e-12, 1.0]];

fn times(x: &[&Tensor<f64>]) -> Tensor<f64> {
    let x = x[0].data();
    Tensor::from(J.map(|row| row[0] * x[0] + row[1] * x[1]))
}

#[test]
fn a_transpose_forgotten_is_seen_where_it_changes_a_part_in_a_million_million() {
    let right = Custom::new("times", times, |p, g| p.pull(0, || g.matmul(g.tape().constant(J))));
    let wrong = Custom::new("times", times, |p, g| p.pull(0, || g.tape().constant(J).matmul(g)));
    let [u, v] = [[1.0, 0.0], [0.0, 1.0]];
    let x = Dual::new(&[1, 2], vec![0.3, -0.7], u.to_vec());
    let forward = x.matmul_t(&Dual::new(&[2, 2], J.concat(), vec![0.0; 4]));
    let forth = [v[0] * forward.dx[0], v[1] * forward.dx[1]];
    let [right, wrong] = [right, wrong].map(|op| {
        let [g] = vjp(|[x]| op.of(&[x]), [&Tensor::from([0.3, -0.7])], Tensor::from(v));
        apart(&forth, &[g.data()[0] * u[0], g.data()[1] * u[1]])
    });
    assert!(right <= 1e-13, "{right}");
    assert!(wrong > 1e-13, "{wrong}");
}

proptest! {
    #![proptest_config(config(512))]

    #[test]
    fn going_backward_is_the_transpose_of_going_forward(e in expression(60)) {
        let mut rng = Rng::new(e.seed);
        let (x, u) = (e.random(&mut rng), e.random(&mut rng));
        let duals: Vec<Dual> = x.iter().zip(&u).map(|(x, u)| Dual::new(x.shape(), x.to_vec(), u.to_vec())).collect();
        let forward = e.run(&duals);

        let tape = Tape::f64();
        let leaves: Vec<Var<'_, f64>> = x.iter().map(|x| tape.var(x)).collect();
        let y = e.run(&leaves);
        prop_assert_eq!(y.dims(), forward.dims.clone());
        let largest = forward.x.iter().fold(1.0, |m: f64, x| m.max(x.abs()));
        for (y, x) in y.value().data().iter().zip(&forward.x) {
            prop_assert!((y - x).abs() <= 1e-12 * largest, "value {} is not {}", y, x);
        }

        let v: Tensor<f64> = Tensor::rand_in(-1.0, 1.0, y.shape(), &mut rng);
        let products: Vec<f64> = v.data().iter().zip(&forward.dx).map(|(v, dy)| v * dy).collect();
        for fused in [true, false] {
            let gradients: Vec<Tensor<f64>> = if fused {
                let gradients = y.backward_with(&v);
                leaves.iter().map(|&x| gradients.get(x).cloned().unwrap_or_else(|| Tensor::zeros(x.shape()))).collect()
            } else {
                tape.grad_with(y, tape.constant(&v), &leaves).iter().map(|g| g.value()).collect()
            };
            let pairs = gradients.iter().zip(&u).flat_map(|(g, u)| g.data().iter().zip(u.data()));
            let back: Vec<f64> = pairs.map(|(g, u)| g * u).collect();
            let apart = apart(&products, &back);
            prop_assert!(apart <= 1e-13, "{} apart, as a part of their scale", apart);
        }
    }

    #[test]
    fn operands_broadcast_in_every_pattern(
        dims in prop::collection::vec(0usize..4, 0..5),
        (drop_a, drop_b) in (any::<u8>(), any::<u8>()),
        op in 8usize..12,
        seed in any::<u64>(),
    ) {
        let vary = |choice: u8| -> Vec<usize> {
            let one = |i: usize, d: usize| if choice >> (i + 3) & 1 == 1 { 1 } else { d };
            let skip = usize::from(choice & 7).min(dims.len());
            dims.iter().enumerate().skip(skip).map(|(i, &d)| one(i, d)).collect()
        };
        let e = Expression { leaves: vec![vary(drop_a), vary(drop_b)], steps: vec![], seed };
        let mut rng = Rng::new(seed);
        let (x, u) = (e.random(&mut rng), e.random(&mut rng));
        let [a, b] = [0, 1].map(|i| Dual::new(x[i].shape(), x[i].to_vec(), u[i].to_vec()));
        let forward = Dual::run(op, &a, &b, &b);
        let v: Tensor<f64> = Tensor::rand_in(-1.0, 1.0, forward.dims.clone(), &mut rng);
        let gradients = vjp(|[a, b]| Var::run(op, &a, &b, &b), [&x[0], &x[1]], &v);
        let forth: f64 = v.data().iter().zip(&forward.dx).map(|(v, dy)| v * dy).sum();
        let mut back = 0.0;
        for (g, u) in gradients.iter().zip(&u) {
            prop_assert_eq!(g.shape(), u.shape());
            back += g.data().iter().zip(u.data()).map(|(g, u)| g * u).sum::<f64>();
        }
        prop_assert!((forth - back).abs() <= 1e-13 * v.numel().max(1) as f64 * 10.0, "{} is not {}", back, forth);
    }
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn the_checker_never_fails_a_right_expression(e in expression(20)) {
        let leaves = e.random(&mut Rng::new(e.seed));
        let inputs: [Tensor<f64>; 4] = std::array::from_fn(|i| leaves.get(i).cloned().unwrap_or_default());
        let how = GradCheck::new().seed(e.seed).fast(2).order(2);
        // A value that an expression brings about may be tiny, or lie on a step of a condition.
        let how = how.allow(Reason::Unresolved).allow(Reason::BelowResolution).allow(Reason::Discontinuity);
        if let Err(failed) = how.check(|x| e.on_tape(x), inputs) {
            prop_assert!(false, "{}", failed);
        }
    }
}
