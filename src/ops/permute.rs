//! `permute`, `transpose`, `t`: axes in another order. The derivative is the inverse order.

use super::{Sample, inputs, sample};
use crate::float::Float;
use crate::kernel;
use crate::shape::{Axes, Axis, Shape, ShapeError};
use crate::tape::{Inline, Keep, Op, Pullback, Var, Words};
use crate::tensor::Tensor;
use smallvec::SmallVec;

/// Axis i of the result is axis `order[i]` of x.
#[derive(Debug, Clone, PartialEq)]
struct Permute {
    order: SmallVec<[usize; 6]>,
}

/// Four bits an axis.
const AXES_PER_WORD: usize = 16;

impl Inline for Permute {
    fn pack(&self) -> Option<Words> {
        let rank = self.order.len();
        let word = || self.order.iter().rev().fold(0, |word, &axis| word << 4 | axis as u64);
        (rank <= AXES_PER_WORD).then(|| [rank as u64, word(), 0])
    }
    fn unpack(&[rank, word, _]: &Words) -> Self {
        Permute { order: (0..rank).map(|i| (word >> (4 * i) & 15) as usize).collect() }
    }
}

impl<T: Float> Op<T> for Permute {
    fn name(&self) -> &'static str {
        "permute"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        let order = Axes::from(&self.order[..]).order(x[0])?;
        Ok(order.into_iter().map(|axis| x[0][axis]).collect())
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
        Tensor::build(shape, |y| kernel::permute::permute(y, x[0].data(), x[0].shape(), &self.order))
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        p.pull(0, || {
            let mut inverse = self.order.clone();
            self.order.iter().enumerate().for_each(|(i, &axis)| inverse[axis] = i);
            g.permute(&inverse[..])
        });
    }
    fn attributes(&self) -> String {
        format!("axes {:?}", &self.order[..])
    }
}

impl<'t, T: Float> Var<'t, T> {
    /// The axes in this order: axis i of the result is axis `axes[i]` of this value.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.var([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]); // [1, 2, 3]
    /// let y = x.permute([2, 0, 1]);
    /// assert_eq!(y.value(), [[[1.0, 4.0]], [[2.0, 5.0]], [[3.0, 6.0]]]);
    /// let grads = y.backward_with([[[1.0, 0.0]], [[0.0, 2.0]], [[3.0, 0.0]]]);
    /// assert_eq!(grads[x], [[[1.0, 0.0, 3.0], [0.0, 2.0, 0.0]]]);
    /// ```
    ///
    /// # Panics
    /// If not every axis is named once.
    #[track_caller]
    #[must_use]
    pub fn permute(self, axes: impl Into<Axes>) -> Self {
        let order = self.resolve("permute", |x| axes.into().order(x));
        self.tape().record_inline(Permute { order }, &[self])
    }

    /// Two axes exchanged: `transpose(-1, -2)` transposes every matrix of a stack.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.var([[[1.0, 2.0], [3.0, 4.0]]]);
    /// let y = x.transpose(-1, -2);
    /// assert_eq!(y.value(), [[[1.0, 3.0], [2.0, 4.0]]]);
    /// assert_eq!(y.backward_with([[[0.0, 5.0], [0.0, 0.0]]])[x], [[[0.0, 0.0], [5.0, 0.0]]]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis.
    #[doc(alias = "swapaxes")]
    #[track_caller]
    #[must_use]
    pub fn transpose(self, a: impl Into<Axis>, b: impl Into<Axis>) -> Self {
        let order = self.resolve("transpose", |x| Ok(swapped(x.rank(), a.into().of(x)?, b.into().of(x)?)));
        self.tape().record_inline(Permute { order }, &[self])
    }

    /// xᵀ, of a matrix. In a product it need not be formed: `matmul` reads its operands
    /// transposed when asked to.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.var([[1.0, 2.0, 3.0]]);
    /// let y = x.t();
    /// assert_eq!(y.value(), [[1.0], [2.0], [3.0]]);
    /// assert_eq!(y.backward_with([[4.0], [5.0], [6.0]])[x], [[4.0, 5.0, 6.0]]);
    /// ```
    ///
    /// # Panics
    /// If the rank is not 2.
    #[doc(alias = "T")]
    #[track_caller]
    #[must_use]
    pub fn t(self) -> Self {
        let order = self.resolve("t", |x| match x.rank() {
            2 => Ok(swapped(2, 0, 1)),
            rank => Err(ShapeError::new(format!("a matrix has 2 axes, shape {x} has {rank}"))),
        });
        self.tape().record_inline(Permute { order }, &[self])
    }
}

/// All axes in their order but for a and b, exchanged.
fn swapped(rank: usize, a: usize, b: usize) -> SmallVec<[usize; 6]> {
    let mut order: SmallVec<[usize; 6]> = (0..rank).collect();
    order.swap(a, b);
    order
}

#[inline]
pub(super) fn samples() -> Vec<Sample> {
    let x = |shape: &[usize]| inputs(shape, -2.0, 2.0, 1);
    vec![
        sample!("permute", x.permute([2, 0, 1]), [x = x(&[2, 3, 4])]),
        sample!("permute", x.permute([-1, 1, 0, -2]), [x = x(&[2, 3, 1, 2])]),
        sample!("permute", x.permute([3, 5, 0, 2, 4, 1]), [x = x(&[2, 1, 3, 2, 1, 2])]),
        sample!("permute", x.permute([0]), [x = x(&[3])]),
        sample!("permute", x.permute([0usize; 0]), [x = x(&[])]),
        sample!("permute", x.permute(..), [x = x(&[2, 3])]),
        sample!("permute", x.permute([1, 2, 0]), [x = x(&[2, 0, 3])]),
        sample!("permute", x.transpose(-1, -2), [x = x(&[2, 3, 4])]),
        sample!("permute", x.transpose(0, 2), [x = x(&[2, 3, 2])]),
        sample!("permute", x.transpose(1, 1), [x = x(&[2, 3])]),
        sample!("permute", x.transpose(0, 1), [x = x(&[0, 3])]),
        sample!("permute", x.t(), [x = x(&[2, 3])]),
        sample!("permute", x.t(), [x = x(&[3, 0])]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_survive_packing() {
        for rank in 0..=AXES_PER_WORD {
            let op = Permute { order: (0..rank).rev().collect() };
            assert_eq!(Permute::unpack(&op.pack().expect("it fits")), op);
        }
        let op = Permute { order: (0..AXES_PER_WORD + 1).collect() };
        assert_eq!(op.pack(), None, "boxed");
    }
}
