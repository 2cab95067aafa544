//! The oracle: forward-mode differentiation by dual numbers, x + ẋε with ε² = 0, on plain `Vec`s
//! with plain loops. It shares nothing with the crate.

/// An array of dual numbers, row-major.
#[derive(Debug, Clone)]
pub struct Dual {
    pub dims: Vec<usize>,
    pub x: Vec<f64>,
    pub dx: Vec<f64>,
}

/// One dual number.
type Number = (f64, f64);

impl Dual {
    pub fn new(dims: &[usize], x: Vec<f64>, dx: Vec<f64>) -> Self {
        Dual { dims: dims.to_vec(), x, dx }
    }

    fn at(&self, i: usize) -> Number {
        (self.x[i], self.dx[i])
    }

    /// An array of these extents from its entries' indices.
    fn build(dims: &[usize], entry: impl Fn(&[usize]) -> Number) -> Self {
        let mut dual = Dual::new(dims, Vec::new(), Vec::new());
        for flat in 0..dims.iter().product() {
            let (mut index, mut rest) = (vec![0; dims.len()], flat);
            for (i, d) in index.iter_mut().zip(dims).rev() {
                *i = rest % d;
                rest /= d;
            }
            let (x, dx) = entry(&index);
            dual.x.push(x);
            dual.dx.push(dx);
        }
        dual
    }

    /// The entry at the end of this index; extents of 1 are broadcast.
    fn get(&self, index: &[usize]) -> Number {
        let index = &index[index.len() - self.dims.len()..];
        let flat = self.dims.iter().zip(index).fold(0, |at, (&d, &i)| at * d + if d == 1 { 0 } else { i });
        self.at(flat)
    }

    pub fn map(&self, f: impl Fn(f64) -> f64, df: impl Fn(f64) -> f64) -> Self {
        Dual::build(&self.dims, |index| {
            let (x, dx) = self.get(index);
            (f(x), df(x) * dx)
        })
    }

    pub fn zip(&self, other: &Self, f: impl Fn(Number, Number) -> Number) -> Self {
        let dims = broadcast(&self.dims, &other.dims).expect("the shapes broadcast");
        Dual::build(&dims, |index| f(self.get(index), other.get(index)))
    }

    pub fn add(&self, other: &Self) -> Self {
        self.zip(other, |(a, da), (b, db)| (a + b, da + db))
    }

    pub fn sub(&self, other: &Self) -> Self {
        self.zip(other, |(a, da), (b, db)| (a - b, da - db))
    }

    pub fn mul(&self, other: &Self) -> Self {
        self.zip(other, |(a, da), (b, db)| (a * b, da * b + a * db))
    }

    pub fn div(&self, other: &Self) -> Self {
        self.zip(other, |(a, da), (b, db)| (a / b, da / b - a * db / (b * b)))
    }

    /// Σ along an axis that stays, with extent 1.
    pub fn sum(&self, axis: usize) -> Self {
        let mut dims = self.dims.clone();
        dims[axis] = 1;
        Dual::build(&dims, |index| {
            let mut index = index.to_vec();
            (0..self.dims[axis]).fold((0.0, 0.0), |(sum, dsum), i| {
                index[axis] = i;
                let (x, dx) = self.get(&index);
                (sum + x, dsum + dx)
            })
        })
    }

    /// exp x / Σ exp x along an axis.
    pub fn softmax(&self, axis: usize) -> Self {
        let exp = self.map(f64::exp, f64::exp);
        exp.div(&exp.sum(axis))
    }

    /// A·Bᵀ of two matrices.
    pub fn matmul_t(&self, other: &Self) -> Self {
        let (m, k, n) = (self.dims[0], self.dims[1], other.dims[0]);
        Dual::build(&[m, n], |index| {
            (0..k).fold((0.0, 0.0), |(sum, dsum), p| {
                let ((a, da), (b, db)) = (self.get(&[index[0], p]), other.get(&[index[1], p]));
                (sum + a * b, dsum + da * b + a * db)
            })
        })
    }

    /// The axes in reverse order.
    pub fn reversed(&self) -> Self {
        let dims: Vec<usize> = self.dims.iter().rev().copied().collect();
        Dual::build(&dims, |index| {
            let index: Vec<usize> = index.iter().rev().copied().collect();
            self.get(&index)
        })
    }

    /// One after the other along the first axis.
    pub fn concat(&self, other: &Self) -> Self {
        let mut dims = self.dims.clone();
        dims[0] += other.dims[0];
        let both = |a: &[f64], b: &[f64]| a.iter().chain(b).copied().collect();
        Dual { dims, x: both(&self.x, &other.x), dx: both(&self.dx, &other.dx) }
    }

    /// Without the first entry along the first axis.
    pub fn tail(&self) -> Self {
        let mut dims = self.dims.clone();
        dims[0] -= 1;
        let skip = self.x.len() / self.dims[0];
        Dual { dims, x: self.x[skip..].to_vec(), dx: self.dx[skip..].to_vec() }
    }

    pub fn flatten(&self) -> Self {
        Dual { dims: vec![self.x.len()], ..self.clone() }
    }

    /// a where x > 0, b elsewhere.
    pub fn choose(&self, a: &Self, b: &Self) -> Self {
        let chosen = self.zip(a, |(x, _), a| if x > 0.0 { a } else { (0.0, 0.0) });
        let other = self.zip(b, |(x, _), b| if x > 0.0 { (0.0, 0.0) } else { b });
        chosen.add(&other)
    }
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
