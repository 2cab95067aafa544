//! `Tensor`: a shape and a row-major buffer; nothing else. No strides, no views, no aliasing:
//! `permute`, slices and `expand` copy. (Why? See ARCHITECTURE.md, "Why are there no strides?")

mod eager;
mod make;
mod pool;
mod print;

use crate::float::Float;
use crate::shape::{Shape, ShapeError};
use pool::Block;
use std::ops::Index;
use std::sync::Arc;

/// An array of numbers of any rank. 16 bytes; a clone shares the buffer, and writing to a
/// shared buffer copies it first, so a tensor behaves as a value.
///
/// ```
/// use wengert::Tensor;
/// let a = Tensor::from([[1.0, 2.0], [3.0, 4.0]]);
/// assert_eq!(a.shape().dims(), [2, 2]);
/// assert_eq!(a[[1, 0]], 3.0);
/// assert_eq!(a, [[1.0, 2.0], [3.0, 4.0]]);
/// ```
pub struct Tensor<T: Float = f32>(Repr<T>);

enum Repr<T: Float> {
    /// Rank 0, inline: a scalar expression touches no heap.
    One(T),
    /// Any other rank. `None` only while the tensor is being dropped.
    Many(Option<Arc<Block<T>>>),
}

const DROPPED: &str = "a tensor has its block until it is dropped";

impl<T: Float> Tensor<T> {
    /// A tensor of this shape whose entries `write` fills in. `write` must set every entry: what
    /// it finds is unspecified.
    pub fn build(shape: impl Into<Shape>, write: impl FnOnce(&mut [T])) -> Self {
        Self::build_with(shape.into(), |entries| {
            write(entries);
        })
        .0
    }

    /// [`build`](Self::build) where writing has a result of its own.
    pub(crate) fn build_with<R>(shape: Shape, write: impl FnOnce(&mut [T]) -> R) -> (Self, R) {
        if shape.rank() == 0 {
            let mut one = [T::NAN];
            let result = write(&mut one);
            return (Tensor(Repr::One(one[0])), result);
        }
        let mut block = pool::take(shape);
        // OK because take() gives out blocks that nobody else holds.
        let result = write(Arc::get_mut(&mut block).expect("a fresh block has one owner").entries_mut());
        (Tensor(Repr::Many(Some(block))), result)
    }

    /// A single number (rank 0).
    #[inline(always)]
    pub fn scalar(value: T) -> Self {
        Tensor(Repr::One(value))
    }

    /// The number of a rank-0 tensor, and nothing for any other.
    #[inline(always)]
    pub(crate) fn as_scalar(&self) -> Option<T> {
        match self.0 {
            Repr::One(value) => Some(value),
            Repr::Many(_) => None,
        }
    }

    /// The extents.
    pub fn shape(&self) -> &Shape {
        const { assert!(size_of::<Tensor<f64>>() == 16) }
        static SCALAR: Shape = Shape::SCALAR;
        match &self.0 {
            Repr::One(_) => &SCALAR,
            Repr::Many(block) => &block.as_ref().expect(DROPPED).shape,
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
        match &self.0 {
            Repr::One(value) => std::slice::from_ref(value),
            Repr::Many(block) => block.as_ref().expect(DROPPED).entries(),
        }
    }

    /// The entries, to be changed. A shared buffer is copied first: no other tensor changes.
    pub fn data_mut(&mut self) -> &mut [T] {
        if let Repr::Many(Some(block)) = &mut self.0
            && Arc::get_mut(block).is_none()
        {
            let mut copy = pool::take(block.shape.clone());
            // OK because take() gives out blocks that nobody else holds.
            Arc::get_mut(&mut copy)
                .expect("a fresh block has one owner")
                .entries_mut()
                .copy_from_slice(block.entries());
            *block = copy;
        }
        match &mut self.0 {
            Repr::One(value) => std::slice::from_mut(value),
            Repr::Many(block) => {
                // OK because a shared block was replaced above.
                Arc::get_mut(block.as_mut().expect(DROPPED)).expect("made unique above").entries_mut()
            }
        }
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
        if let Repr::Many(Some(block)) = &mut self.0
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
    #[inline]
    fn drop(&mut self) {
        if let Repr::Many(block) = &mut self.0
            && let Some(block) = block.take()
        {
            pool::give(block);
        }
    }
}

impl<T: Float> Clone for Tensor<T> {
    #[inline]
    fn clone(&self) -> Self {
        match &self.0 {
            Repr::One(value) => Tensor(Repr::One(*value)),
            Repr::Many(block) => Tensor(Repr::Many(block.clone())),
        }
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
