//! `Tensor`: a shape and a row-major buffer; nothing else. No strides, no views, no aliasing:
//! `permute`, slices and `expand` copy. (Why? See ARCHITECTURE.md, "Why are there no strides?")

mod arith;
mod eager;
mod make;
mod pool;
mod print;

pub(crate) use eager::argmax;

use crate::float::Float;
use crate::shape::{Shape, ShapeError};
use pool::Block;
use std::ops::Index;
use triomphe::Arc;

/// An array of numbers of any rank. 16 bytes; a clone shares the buffer, and writing to a
/// shared buffer copies it first, so a tensor behaves as a value.
///
/// ```
/// use wengert::Tensor;
/// let a = Tensor::from([[1.0, 2.0], [3.0, 4.0]]);
/// assert_eq!(a.shape().dims(), [2, 2]);
/// assert_eq!(a[[1, 0]], 3.0);
/// assert_eq!(a, [[1.0, 2.0], [3.0, 4.0]]);
/// assert_eq!(&a - 1.0, [[0.0, 1.0], [2.0, 3.0]]);
/// ```
///
/// Operators broadcast. Those of tensors are just worked out; what is to have a gradient is recorded, by [`Var`](crate::Var), and so is all
/// else there is: sums, products, functions (`tape.constant(&a).matmul(..)`). [`map`](Tensor::map) is for functions without a tape.
// Two words that travel in two registers. As an enum of a number and a block it would be moved
// through memory, and a 16-byte load of what was just stored in pieces waits for the stores
// (measured: 5 ns a move, a dozen moves a recorded operation).
pub struct Tensor<T: Float = f32> {
    /// The number, if there is no block.
    one: T,
    /// Shape and entries of anything but a single number.
    block: Option<Arc<Block<T>>>,
}

impl<T: Float> Tensor<T> {
    /// A tensor of this shape whose entries `write` fills in. `write` must set every entry: what
    /// it finds is unspecified.
    pub fn build(shape: impl Into<Shape>, write: impl FnOnce(&mut [T])) -> Self {
        let shape = shape.into();
        if shape.rank() == 0 {
            let mut one = [T::NAN];
            write(&mut one);
            return Tensor::scalar(one[0]);
        }
        Tensor { one: T::ZERO, block: Some(pool::take(shape, write).0) }
    }

    /// [`build`](Self::build) for what is read from a file: writing has a result of its own, and the buffer is no larger than
    /// the entries need, where one that is recycled may be by a quarter.
    #[cfg(feature = "data")] // the readers of CSV and IDX files
    pub(crate) fn build_exact<R>(shape: Shape, write: impl FnOnce(&mut [T]) -> R) -> (Self, R) {
        let (block, result) = pool::take_exact(shape, write);
        match *block.entries() {
            [one] if block.shape.rank() == 0 => (Tensor::scalar(one), result),
            _ => (Tensor { one: T::ZERO, block: Some(block) }, result),
        }
    }

    /// A single number (rank 0).
    #[inline(always)]
    pub fn scalar(value: T) -> Self {
        Tensor { one: value, block: None }
    }

    /// The number of a rank-0 tensor, and nothing for any other.
    #[inline(always)]
    pub(crate) fn as_scalar(&self) -> Option<T> {
        if self.block.is_none() { Some(self.one) } else { None }
    }

    /// The extents.
    pub fn shape(&self) -> &Shape {
        const { assert!(size_of::<Tensor<f64>>() == 16) }
        static SCALAR: Shape = Shape::SCALAR;
        match &self.block {
            None => &SCALAR,
            Some(block) => &block.shape,
        }
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.shape().rank()
    }

    /// The number of entries.
    #[doc(alias = "len")]
    pub fn numel(&self) -> usize {
        self.data().len()
    }

    /// The entries, row-major.
    #[doc(alias = "as_slice")]
    pub fn data(&self) -> &[T] {
        match &self.block {
            None => std::slice::from_ref(&self.one),
            Some(block) => block.entries(),
        }
    }

    /// The entries, to be changed. A shared buffer is copied first: no other tensor changes.
    pub fn data_mut(&mut self) -> &mut [T] {
        let Some(block) = &mut self.block else { return std::slice::from_mut(&mut self.one) };
        if !block.is_unique() {
            *block = pool::take(block.shape.clone(), |copy| copy.copy_from_slice(block.entries())).0;
        }
        // OK because a shared block was replaced above.
        Arc::get_mut(block).expect("made unique above").entries_mut()
    }

    /// The same entries in another shape of as many. Copies only if the buffer is shared.
    pub(crate) fn with_shape(mut self, shape: Shape) -> Self {
        debug_assert_eq!(self.numel(), shape.numel());
        if *self.shape() == shape {
            return self;
        }
        if shape.rank() == 0 {
            return Tensor::scalar(self.data()[0]);
        }
        if let Some(block) = &mut self.block
            && let Some(block) = Arc::get_mut(block)
        {
            block.shape = shape;
            return self;
        }
        Tensor::build(shape, |y| y.copy_from_slice(self.data()))
    }

    /// The number in a tensor of one entry.
    ///
    /// # Panics
    /// If there is not exactly one entry.
    #[track_caller]
    pub fn item(&self) -> T {
        match self.data() {
            [value] => *value,
            _ => panic!("item: a tensor of shape {} is not a single number", self.shape()),
        }
    }

    /// Where an entry lies in the buffer, or nothing if the index is out of range.
    pub(crate) fn offset(&self, index: &[usize]) -> Option<usize> {
        let shape = self.shape();
        (index.len() == shape.rank()).then_some(())?;
        index.iter().zip(shape.iter()).try_fold(0, |at, (&i, &d)| (i < d).then_some(at * d + i))
    }
}

impl<T: Float> Drop for Tensor<T> {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(block) = self.block.take() {
            pool::give(block);
        }
    }
}

impl<T: Float> Clone for Tensor<T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        Tensor { one: self.one, block: self.block.clone() }
    }
}

impl<T: Float> Default for Tensor<T> {
    /// The number 0.
    fn default() -> Self {
        Tensor::scalar(T::ZERO)
    }
}

/// `a[[i, j]]`: one entry.
///
/// # Panics
/// If the index has another rank than the tensor or lies outside it.
impl<T: Float, const R: usize> Index<[usize; R]> for Tensor<T> {
    type Output = T;
    #[track_caller]
    fn index(&self, index: [usize; R]) -> &T {
        match self.offset(&index) {
            Some(at) => &self.data()[at],
            None => panic!("index {index:?} is not in a tensor of shape {}", self.shape()),
        }
    }
}

/// Panics with `op` and the facts: how an eager helper reports a shape mistake.
#[track_caller]
pub(crate) fn shape_panic(op: &str, error: &ShapeError) -> ! {
    panic!("{op}: {error}")
}
