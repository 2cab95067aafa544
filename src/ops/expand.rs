//! `expand`: broadcasting said aloud. The operation is the engine's own; its derivative is the sum
//! over the axes along which entries were repeated.

use super::{Sample, inputs, sample};
use crate::float::Float;
use crate::shape::Dims;
use crate::tape::{Expand, Var};

impl<'t, T: Float> Var<'t, T> {
    /// Broadcast to a larger shape, as NumPy does: axes are aligned at the last one, extents of 1
    /// are stretched, new axes come in front. −1 keeps an extent.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.var([[1.0], [2.0]]);
    /// let y = x.expand([-1, 3]);
    /// assert_eq!(y.value(), [[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]);
    /// let grads = y.backward_with([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    /// assert_eq!(grads[x], [[6.0], [15.0]]);
    /// ```
    ///
    /// # Panics
    /// If the shape does not broadcast to the wanted one.
    #[doc(alias = "broadcast_to")]
    #[track_caller]
    #[must_use]
    pub fn expand(self, dims: impl Into<Dims>) -> Self {
        let shape = self.resolve("expand", |x| dims.into().expand(x));
        self.tape().record_inline(Expand(shape), &[self])
    }
}

#[inline]
pub(super) fn samples() -> Vec<Sample> {
    let x = |shape: &[usize]| inputs(shape, -2.0, 2.0, 1);
    vec![
        sample!("expand", x.expand([4, 3, 2]), [x = x(&[3, 1])]),
        sample!("expand", x.expand([-1, 3, -1]), [x = x(&[2, 1, 2])]),
        sample!("expand", x.expand([2, 2]), [x = x(&[])]),
        sample!("expand", x.expand([2, 3]), [x = x(&[2, 3])]),
        sample!("expand", x.expand([2, 0, 3]), [x = x(&[1, 3])]),
        sample!("expand", x.expand([4, 0]), [x = x(&[1, 0])]),
        sample!("expand", x.expand([1, 2, 1, 2, 3, 2]), [x = x(&[1, 2])]),
    ]
}
