//! `matmul`: C = A·B of matrices, or of stacks of matrices, each operand read transposed where
//! its flag is set.
//!
//! The flags make it closed under differentiation: every gradient of a product is a product.

use super::{Sample, inputs, sample};
use crate::float::Float;
use crate::kernel::gemm::gemm;
use crate::shape::{self, Shape, ShapeError};
use crate::tape::{Accum, Inline, IntoVar, Keep, Op, Point, Pullback, Slots, Var, Words};
use crate::tensor::Tensor;
use smallvec::{SmallVec, smallvec};

/// A·B, or Aᵀ·B, A·Bᵀ, Aᵀ·Bᵀ.
#[derive(Debug, Clone, Copy)]
struct MatMul {
    ta: bool,
    tb: bool,
}

impl Inline for MatMul {
    fn pack(&self) -> Option<Words> {
        Some([self.ta.into(), self.tb.into(), 0])
    }
    fn unpack(words: &Words) -> Self {
        MatMul { ta: words[0] == 1, tb: words[1] == 1 }
    }
}

/// The extents of a stack of products: which matrices of a and b make which of c.
struct Stack {
    m: usize,
    k: usize,
    n: usize,
    /// For each matrix of c, the places of its factors.
    pairs: SmallVec<[(usize, usize); 4]>,
}

impl Stack {
    fn new(a: &Shape, ta: bool, b: &Shape, c: &Shape) -> Self {
        let [.., m, n] = *c.dims() else { unreachable!("the shape rule asks for two axes") };
        let k = a[a.rank() - if ta { 2 } else { 1 }];
        let batch = |s: &Shape| Shape::new(&s[..s.rank() - 2]);
        let (of_a, of_b, of_c) = (batch(a), batch(b), batch(c));
        // One matrix on the right multiplies all rows of the left at once.
        if of_b.numel() == 1 && !ta && (of_a == of_c) {
            return Stack { m: m * of_c.numel(), k, n, pairs: smallvec![(0, 0)] };
        }
        let places = |of: &Shape| -> SmallVec<[usize; 4]> {
            let strides = strides(of, of_c.rank());
            (0..of_c.numel())
                .map(|mut flat| {
                    let mut place = 0;
                    for axis in (0..of_c.rank()).rev() {
                        place += strides[axis] * (flat % of_c[axis]);
                        flat /= of_c[axis];
                    }
                    place
                })
                .collect()
        };
        Stack { m, k, n, pairs: places(&of_a).into_iter().zip(places(&of_b)).collect() }
    }

    /// y ← or += the product of one pair of matrices for each pair of places, y being told where.
    fn each<T: Float>(
        &self,
        (m, k, n): (usize, usize, usize),
        (a, ta): (&[T], bool),
        (b, tb): (&[T], bool),
        c: &mut [T],
        accum: Accum,
        place: impl Fn(usize, (usize, usize)) -> (usize, usize, usize),
    ) {
        // Where several products go to one place the first may set only what all then add to.
        let once = c.len() == self.pairs.len() * m * n;
        if !once && accum == Accum::Set {
            c.fill(T::ZERO);
        }
        let beta = if once { accum.beta() } else { T::ONE };
        for (i, &pair) in self.pairs.iter().enumerate() {
            let (at_a, at_b, at_c) = place(i, pair);
            let a = &a[at_a * m * k..(at_a + 1) * m * k];
            let b = &b[at_b * k * n..(at_b + 1) * k * n];
            gemm((m, k, n), a, ta, b, tb, beta, &mut c[at_c * m * n..(at_c + 1) * m * n]);
        }
    }
}

/// The strides of a stack of extents `of` seen as broadcast to `rank` axes.
fn strides(of: &Shape, rank: usize) -> SmallVec<[usize; 6]> {
    let mut strides = smallvec![0; rank];
    let mut step = 1;
    for axis in (0..of.rank()).rev() {
        strides[axis + rank - of.rank()] = if of[axis] == 1 { 0 } else { step };
        step *= of[axis];
    }
    strides
}

impl<T: Float> Op<T> for MatMul {
    fn name(&self) -> &'static str {
        "matmul"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        shape::matmul(x[0], self.ta, x[1], self.tb)
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
        let stack = Stack::new(x[0].shape(), self.ta, x[1].shape(), &shape);
        let size = (stack.m, stack.k, stack.n);
        Tensor::build(&shape, |y| {
            let (a, b) = ((x[0].data(), self.ta), (x[1].data(), self.tb));
            stack.each(size, a, b, y, Accum::Set, |i, (a, b)| (a, b, i));
        })
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        let MatMul { ta, tb } = *self;
        let (a, b) = (p.x(0), p.x(1));
        p.pull(0, || if ta { b.product(g, tb, true) } else { g.product(b, false, !tb) }); // ā = ȳ bᵀ
        p.pull(1, || if tb { g.product(a, true, ta) } else { a.product(g, !ta, false) }); // b̄ = aᵀ ȳ
    }
    fn vjp_into(&self, at: &Point<'_, T>, g: &mut Tensor<T>, dx: &mut Slots<'_, T>) -> bool {
        let MatMul { ta, tb } = *self;
        let (a, b) = (at.x(0), at.x(1));
        let stack = Stack::new(a.shape(), ta, b.shape(), at.y().shape());
        let (m, k, n) = (stack.m, stack.k, stack.n);
        let (a, b, g) = (a.data(), b.data(), g.data());
        dx.open(0, |da, accum| {
            if ta {
                stack.each((k, n, m), (b, tb), (g, true), da, accum, |i, (a, b)| (b, i, a));
            } else {
                stack.each((m, n, k), (g, false), (b, !tb), da, accum, |i, (a, b)| (i, b, a));
            }
        });
        dx.open(1, |db, accum| {
            if tb {
                stack.each((n, m, k), (g, true), (a, ta), db, accum, |i, (a, b)| (i, a, b));
            } else {
                stack.each((k, m, n), (a, !ta), (g, false), db, accum, |i, (a, b)| (a, i, b));
            }
        });
        true
    }
    fn attributes(&self) -> String {
        let t = |flag| if flag { "ᵀ" } else { "" };
        if self.ta || self.tb { format!("a{}·b{}", t(self.ta), t(self.tb)) } else { String::new() }
    }
}

impl<'t, T: Float> Var<'t, T> {
    /// The matrix product, as `@` in NumPy and PyTorch: [.., m, k] · [.., k, n] = [.., m, n], the
    /// axes in front broadcast; a vector on the left is a row, on the right a column, and its
    /// axis goes away.
    ///
    /// # Panics
    /// If the inner dimensions differ, if the axes in front do not broadcast, or if an operand is
    /// a single number.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let a = tape.var([[1.0, 2.0], [3.0, 4.0]]);
    /// let x = tape.var([1.0, -1.0]);
    /// let y = a.matmul(x);
    /// assert_eq!(y.value(), [-1.0, -1.0]);
    /// let grads = y.sum().backward();
    /// assert_eq!(grads[x], [4.0, 6.0]);
    /// assert_eq!(grads[a], [[1.0, -1.0], [1.0, -1.0]]);
    /// ```
    #[doc(alias = "mm")]
    #[doc(alias = "bmm")]
    #[doc(alias = "dot")]
    #[track_caller]
    #[must_use]
    pub fn matmul(self, other: impl IntoVar<'t, T>) -> Self {
        let other = other.into_var(self.tape());
        let ranks = (self.rank(), other.rank());
        if ranks.0.min(ranks.1) == 1 {
            self.check_inner(other);
        }
        match ranks {
            (1, 1) => self.unsqueeze(0).product(other.unsqueeze(1), false, false).reshape(Shape::SCALAR),
            (1, _) => self.unsqueeze(0).product(other, false, false).squeeze(-2),
            (_, 1) => self.product(other.unsqueeze(1), false, false).squeeze(-1),
            _ => self.product(other, false, false),
        }
    }

    /// A·Bᵀ: [.., m, k] · [.., n, k]ᵀ. The transposition costs nothing.
    ///
    /// # Panics
    /// If the last dimensions differ, or an operand has fewer than two axes.
    #[track_caller]
    #[must_use]
    pub fn matmul_t(self, other: impl IntoVar<'t, T>) -> Self {
        self.product(other.into_var(self.tape()), false, true)
    }

    /// Aᵀ·B: [.., k, m]ᵀ · [.., k, n]. The transposition costs nothing.
    ///
    /// # Panics
    /// If the first of the last two dimensions differ, or an operand has fewer than two axes.
    #[track_caller]
    #[must_use]
    pub fn t_matmul(self, other: impl IntoVar<'t, T>) -> Self {
        self.product(other.into_var(self.tape()), true, false)
    }

    /// Refuses a product with a vector before the vector is made a matrix, so that the operands
    /// named are the user's.
    #[track_caller]
    fn check_inner(self, other: Var<'t, T>) {
        let (a, b) = (self.shape(), other.shape());
        let (k, l) = (a[a.rank() - 1], b[b.rank().max(2) - 2]);
        if k != l {
            let error = shape::inner_dimensions_differ((&a, false, k), (&b, false, l));
            self.tape().refuse_shape("matmul", &error, &[self, other]);
        }
    }

    /// The product with a transpose flag for each operand; both have two axes or more.
    #[track_caller]
    #[must_use]
    pub(crate) fn product(self, other: Var<'t, T>, ta: bool, tb: bool) -> Self {
        self.tape().record_inline(MatMul { ta, tb }, &[self, other])
    }
}

#[inline]
pub(super) fn samples() -> Vec<Sample> {
    let x = |shape: &[usize], seed| inputs(shape, -2.0, 2.0, seed);
    let mut samples = Vec::new();
    for (i, (a, b)) in [
        (&[2, 3][..], &[3, 4][..]),
        (&[3], &[3]),
        (&[3], &[3, 2]),
        (&[2, 3], &[3]),
        (&[2, 2, 3], &[2, 3, 2]),
        (&[2, 2, 3], &[3, 2]),
        (&[2, 3], &[2, 3, 2]),
        (&[2, 1, 2, 3], &[3, 3, 2]),
        (&[2, 0], &[0, 3]),
        (&[0, 2], &[2, 3]),
        (&[3], &[2, 3, 2]),
    ]
    .into_iter()
    .enumerate()
    {
        let (a, b) = (x(a, 2 * i as u64), x(b, 2 * i as u64 + 1));
        samples.push(sample!("matmul", a.matmul(b), [a = &a, b = &b]));
    }
    let (a, at) = (x(&[2, 3], 30), x(&[3, 2], 31));
    let (b, bt) = (x(&[3, 4], 32), x(&[4, 3], 33));
    let (s, st) = (x(&[2, 4, 3], 34), x(&[2, 1, 2, 3], 35));
    samples.extend([
        sample!("matmul", a.product(b, true, false), [a = &at, b = &b]),
        sample!("matmul", a.product(b, false, true), [a = &a, b = &bt]),
        sample!("matmul", a.product(b, true, true), [a = &at, b = &bt]),
        sample!("matmul", a.product(b, true, false), [a = &s, b = &s]),
        sample!("matmul", a.product(b, false, true), [a = &st, b = &s]),
        sample!("matmul", a.product(b, true, true), [a = x(&[2, 3, 2], 36), b = &bt]),
        sample!("matmul", a.product(a, false, true), [a = &a]),
    ]);
    samples
}
