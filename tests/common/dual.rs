//! The oracle: forward-mode differentiation by dual numbers, x + ẋε with ε² = 0, on plain `Vec`s
//! with plain loops. It shares nothing with the crate.

use std::ops::{Add, Div, Mul, Sub};

/// One dual number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number {
    pub x: f64,
    pub dx: f64,
}

impl Number {
    /// f(x), given f′.
    pub fn through(self, f: impl Fn(f64) -> f64, df: impl Fn(f64) -> f64) -> Self {
        Number { x: f(self.x), dx: df(self.x) * self.dx }
    }

    pub fn exp(self) -> Self {
        self.through(f64::exp, f64::exp)
    }

    pub fn ln(self) -> Self {
        self.through(f64::ln, f64::recip)
    }

    pub fn sqrt(self) -> Self {
        self.through(f64::sqrt, |x| 0.5 / x.sqrt())
    }

    pub fn tanh(self) -> Self {
        self.through(f64::tanh, |x| 1.0 - x.tanh().powi(2))
    }

    /// 2/√π e^(−x²) Σ 2ⁿ x²ⁿ⁺¹/(2n + 1)‼, whose terms have one sign.
    pub fn erf(self) -> Self {
        let slope = |x: f64| std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp();
        let series = |x: f64| {
            let next = |term: &f64, n: i32| term * 2.0 * x * x / f64::from(2 * n + 1);
            let terms = (1..150).scan(x, |term, n| Some(std::mem::replace(term, next(term, n))));
            slope(x) * terms.sum::<f64>()
        };
        self.through(series, slope)
    }

    pub fn sigmoid(self) -> Self {
        Number::from(1.0) / ((self * -1.0).exp() + 1.0)
    }

    /// The larger one, or half of each where they tie.
    pub fn max(self, other: Self) -> Self {
        match self.x.total_cmp(&other.x) {
            std::cmp::Ordering::Greater => self,
            std::cmp::Ordering::Less => other,
            std::cmp::Ordering::Equal => (self + other) * 0.5,
        }
    }
}

/// A constant.
impl From<f64> for Number {
    fn from(x: f64) -> Self {
        Number { x, dx: 0.0 }
    }
}

impl<N: Into<Number>> Add<N> for Number {
    type Output = Self;
    fn add(self, other: N) -> Self {
        let other = other.into();
        Number { x: self.x + other.x, dx: self.dx + other.dx }
    }
}

impl<N: Into<Number>> Sub<N> for Number {
    type Output = Self;
    fn sub(self, other: N) -> Self {
        let other = other.into();
        Number { x: self.x - other.x, dx: self.dx - other.dx }
    }
}

impl<N: Into<Number>> Mul<N> for Number {
    type Output = Self;
    fn mul(self, other: N) -> Self {
        let other = other.into();
        Number { x: self.x * other.x, dx: self.dx * other.x + self.x * other.dx }
    }
}

impl<N: Into<Number>> Div<N> for Number {
    type Output = Self;
    fn div(self, other: N) -> Self {
        let other = other.into();
        Number { x: self.x / other.x, dx: self.dx / other.x - self.x * other.dx / (other.x * other.x) }
    }
}

impl std::iter::Sum for Number {
    fn sum<I: Iterator<Item = Self>>(numbers: I) -> Self {
        numbers.fold(Number::from(0.0), |sum, x| sum + x)
    }
}

/// An array of dual numbers, row-major.
#[derive(Debug, Clone)]
pub struct Dual {
    pub dims: Vec<usize>,
    pub numbers: Vec<Number>,
}

impl Dual {
    pub fn new(dims: &[usize], x: &[f64], dx: &[f64]) -> Self {
        let numbers = x.iter().zip(dx).map(|(&x, &dx)| Number { x, dx }).collect();
        Dual { dims: dims.to_vec(), numbers }
    }

    /// An array of these extents from its entries' indices.
    pub fn build(dims: &[usize], entry: impl Fn(&[usize]) -> Number) -> Self {
        let numbers = indices(dims).iter().map(|index| entry(index)).collect();
        Dual { dims: dims.to_vec(), numbers }
    }

    /// The entry at the end of this index; extents of 1 are broadcast.
    pub fn get(&self, index: &[usize]) -> Number {
        self.numbers[self.place(&index[index.len() - self.dims.len()..])]
    }

    /// Where the entry with this index lies; extents of 1 are broadcast.
    fn place(&self, index: &[usize]) -> usize {
        self.dims.iter().zip(index).fold(0, |at, (&d, &i)| at * d + if d == 1 { 0 } else { i })
    }

    pub fn map(&self, f: impl Fn(Number) -> Number) -> Self {
        Dual { dims: self.dims.clone(), numbers: self.numbers.iter().map(|&x| f(x)).collect() }
    }

    pub fn zip(&self, other: &Self, f: impl Fn(Number, Number) -> Number) -> Self {
        let dims = broadcast(&self.dims, &other.dims).expect("the shapes broadcast");
        Dual::build(&dims, |index| f(self.get(index), other.get(index)))
    }

    /// a where the condition holds, b elsewhere.
    pub fn choose(&self, condition: impl Fn(f64) -> bool, a: &Self, b: &Self) -> Self {
        let chosen = self.zip(a, |x, a| if condition(x.x) { a } else { 0.0.into() });
        let other = self.zip(b, |x, b| if condition(x.x) { 0.0.into() } else { b });
        chosen.zip(&other, |a, b| a + b)
    }

    /// What `f` makes of the entries along these axes, which stay with extent 1 if `keep`.
    pub fn reduce(&self, axes: &[usize], keep: bool, f: impl Fn(&[Number]) -> Number) -> Self {
        let of = |i: usize, d: usize| if axes.contains(&i) { 1 } else { d };
        let kept: Vec<usize> = self.dims.iter().enumerate().map(|(i, &d)| of(i, d)).collect();
        let mut lanes = vec![Vec::new(); kept.iter().product()];
        let result = Dual { dims: kept, numbers: Vec::new() };
        for (index, &x) in indices(&self.dims).iter().zip(&self.numbers) {
            lanes[result.place(index)].push(x);
        }
        let numbers = lanes.iter().map(|lane| f(lane)).collect();
        let dropped = self.dims.iter().enumerate().filter(|(i, _)| !axes.contains(i)).map(|(_, &d)| d);
        Dual { dims: if keep { result.dims } else { dropped.collect() }, numbers }
    }

    /// Along one axis, each entry from those of its lane and its place among them.
    pub fn along(&self, axis: usize, f: impl Fn(&[Number], usize) -> Number) -> Self {
        Dual::build(&self.dims, |index| {
            let mut at = index.to_vec();
            let lane: Vec<Number> = (0..self.dims[axis])
                .map(|i| {
                    at[axis] = i;
                    self.get(&at)
                })
                .collect();
            f(&lane, index[axis])
        })
    }

    /// Entry i along an axis is what lies at `from(i)`, and 0 where there is nothing.
    pub fn pick(&self, axis: usize, extent: usize, from: impl Fn(usize) -> Option<usize>) -> Self {
        Dual::build(&with(&self.dims, axis, extent), |index| {
            let mut index = index.to_vec();
            from(index[axis]).map_or(0.0.into(), |i| {
                index[axis] = i;
                self.get(&index)
            })
        })
    }

    /// What lies at i along an axis is added to what lies at `to(index of the entry)`.
    pub fn add_into(&self, dims: &[usize], axis: usize, to: impl Fn(&[usize], usize) -> usize) -> Self {
        let mut sums = Dual::build(dims, |_| 0.0.into());
        for (flat, (mut index, &x)) in indices(&self.dims).into_iter().zip(&self.numbers).enumerate() {
            index[axis] = to(&index, flat);
            let place = sums.place(&index);
            sums.numbers[place] = sums.numbers[place] + x;
        }
        sums
    }

    /// Axis i is axis `order[i]` of what it was.
    pub fn permute(&self, order: &[usize]) -> Self {
        let dims: Vec<usize> = order.iter().map(|&axis| self.dims[axis]).collect();
        Dual::build(&dims, |index| {
            let mut from = vec![0; index.len()];
            order.iter().zip(index).for_each(|(&axis, &i)| from[axis] = i);
            self.get(&from)
        })
    }

    /// The same numbers in another shape.
    pub fn reshape(&self, dims: &[usize]) -> Self {
        Dual { dims: dims.to_vec(), ..self.clone() }
    }

    /// One after the other along an axis.
    pub fn concat(&self, other: &Self, axis: usize) -> Self {
        let extent = self.dims[axis];
        Dual::build(&with(&self.dims, axis, extent + other.dims[axis]), |index| {
            let mut index = index.to_vec();
            if index[axis] < extent {
                return self.get(&index);
            }
            index[axis] -= extent;
            other.get(&index)
        })
    }

    /// Σₖ a[.., i, k] b[.., k, j] of matrices, or of stacks of them that broadcast.
    pub fn matmul(&self, other: &Self) -> Self {
        let ([batch_a @ .., m, inner], [batch_b @ .., _, n]) = (&self.dims[..], &other.dims[..]) else {
            panic!("{:?} and {:?} are no matrices", self.dims, other.dims)
        };
        let mut dims = broadcast(batch_a, batch_b).expect("the stacks broadcast");
        dims.extend([m, n]);
        Dual::build(&dims, |index| {
            let (batch, at) = index.split_at(index.len() - 2);
            let term =
                |k| self.get(&[batch, &[at[0], k]].concat()) * other.get(&[batch, &[k, at[1]]].concat());
            (0..*inner).map(term).sum()
        })
    }

    /// The last two axes exchanged.
    pub fn t(&self) -> Self {
        let rank = self.dims.len();
        let mut order: Vec<usize> = (0..rank).collect();
        order.swap(rank - 2, rank - 1);
        self.permute(&order)
    }
}

/// The indices of all entries, in their order.
pub fn indices(dims: &[usize]) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for &d in dims {
        all = all.iter().flat_map(|index| (0..d).map(move |i| [&index[..], &[i]].concat())).collect();
    }
    all
}

/// These extents with another one on an axis.
pub fn with(dims: &[usize], axis: usize, extent: usize) -> Vec<usize> {
    let mut dims = dims.to_vec();
    dims[axis] = extent;
    dims
}

/// The shape to which both broadcast, if there is one.
pub fn broadcast(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let extent = |dims: &[usize], i: usize| (i + dims.len()).checked_sub(rank).map_or(1, |at| dims[at]);
    (0..rank)
        .map(|i| match (extent(a, i), extent(b, i)) {
            (x, y) if x == y || y == 1 => Some(x),
            (1, y) => Some(y),
            _ => None,
        })
        .collect()
}
