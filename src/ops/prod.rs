//! `prod`: the product over axes, by halving: the first half of an axis times its second half,
//! until one is left.
//!
//! Composed of products and slices, it has right derivatives of every order where entries are 0
//! too: no division by an entry takes it out of the product.

use super::{Sample, inputs, sample};
use crate::float::Float;
use crate::shape::Axes;
use crate::tape::Var;
use crate::tensor::Tensor;

impl<'t, T: Float> Var<'t, T> {
    /// The product of all entries; of none it is 1.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.var([2.0, 0.0, 5.0]);
    /// assert_eq!(x.prod().item(), 0.0);
    /// assert_eq!(x.prod().backward()[x], [0.0, 10.0, 0.0]); // the product of the others
    /// ```
    #[track_caller]
    #[must_use]
    pub fn prod(self) -> Self {
        self.prod_axis(..)
    }

    /// [`prod`](Self::prod) over these axes, which are dropped.
    ///
    /// # Panics
    /// If an axis is out of range or named twice.
    #[track_caller]
    #[must_use]
    pub fn prod_axis(self, axes: impl Into<Axes>) -> Self {
        let shape = self.shape();
        match axes.into().of(&shape) {
            Ok(axes) => {
                let mut product = self;
                for axis in (0..shape.rank()).filter(|&axis| axes.contains(axis)) {
                    product = product.prod_of_one(axis);
                }
                product.reshape(axes.dropped(&shape))
            }
            Err(error) => self.tape().refuse_shape("prod_axis", &error, &[self]),
        }
    }

    /// [`prod`](Self::prod) over these axes, which stay as 1.
    ///
    /// # Panics
    /// If an axis is out of range or named twice.
    #[track_caller]
    #[must_use]
    pub fn prod_keepdim(self, axes: impl Into<Axes>) -> Self {
        let shape = self.shape();
        let axes = axes.into();
        match axes.of(&shape) {
            Ok(set) => self.prod_axis(axes).reshape(set.kept(&shape)),
            Err(error) => self.tape().refuse_shape("prod_keepdim", &error, &[self]),
        }
    }

    /// The product over one axis, which stays as 1.
    #[track_caller]
    fn prod_of_one(self, axis: usize) -> Self {
        let shape = self.shape();
        let (mut product, mut n) = (self, shape[axis]);
        if n == 0 {
            return self.tape().constant(Tensor::ones(shape.with(axis, 1)));
        }
        while n > 1 {
            let half = n / 2;
            let pairs = product.slice(axis, 0..half) * product.slice(axis, half..2 * half);
            // An odd one waits for the next round.
            product = match n % 2 {
                0 => pairs,
                _ => Var::concat([pairs, product.slice(axis, 2 * half..n)], axis),
            };
            n = n.div_ceil(2);
        }
        product
    }
}

#[inline]
pub(super) fn samples() -> Vec<Sample> {
    let x = |shape: &[usize], seed| inputs(shape, -2.0, 2.0, seed);
    vec![
        sample!("reshape", x.prod(), [x = x(&[7], 1)]),
        sample!("reshape", x.prod(), [x = x(&[], 2)]),
        sample!("reshape", x.prod_axis(1), [x = x(&[3, 4], 3)]),
        sample!("reshape", x.prod_keepdim([0, -1]), [x = x(&[2, 3, 3], 4)]),
        sample!("reshape", x.prod_axis(1), [x = x(&[2, 0], 5)]),
        sample!("reshape", x.prod(), [x = [2.0, 0.0, 3.0]]).with_gradients([[0.0, 6.0, 0.0].into()]),
        sample!("reshape", x.prod(), [x = [0.0, 0.0, 3.0]]).with_gradients([[0.0, 0.0, 0.0].into()]),
    ]
}
