//! How tensors are made: from numbers, from arrays, from shapes, from randomness.

use super::{Tensor, shape_panic};
use crate::float::Float;
use crate::rng::Rng;
use crate::shape::{Shape, ShapeError};

impl<T: Float> Tensor<T> {
    /// Entries in row-major order.
    ///
    /// # Panics
    /// If `data` does not have as many entries as the shape.
    #[track_caller]
    pub fn from_vec(data: Vec<T>, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        if shape.checked_numel().ok() != Some(data.len()) {
            let error = ShapeError::new(format!("{} numbers do not fill shape {shape}", data.len()));
            shape_panic("Tensor::from_vec", &error);
        }
        Tensor::build(shape, |y| y.copy_from_slice(&data))
    }

    /// Every entry `value`.
    ///
    /// # Panics
    /// If the shape has more entries than memory can hold.
    #[track_caller]
    #[doc(alias = "fill")]
    pub fn full(shape: impl Into<Shape>, value: T) -> Self {
        let shape = shape.into();
        if let Err(error) = shape.checked_numel() {
            shape_panic("Tensor::full", &error);
        }
        Tensor::build(shape, |y| y.fill(value))
    }

    /// Every entry 0.
    #[track_caller]
    pub fn zeros(shape: impl Into<Shape>) -> Self {
        Self::full(shape, T::ZERO)
    }

    /// Every entry 1.
    #[track_caller]
    pub fn ones(shape: impl Into<Shape>) -> Self {
        Self::full(shape, T::ONE)
    }

    /// The identity matrix of n rows.
    #[track_caller]
    pub fn eye(n: usize) -> Self {
        let mut eye = Self::zeros([n, n]);
        eye.data_mut().iter_mut().step_by(n + 1).for_each(|x| *x = T::ONE);
        eye
    }

    /// 0, 1, .. n − 1.
    #[track_caller]
    pub fn arange(n: usize) -> Self {
        Self::from_fn([n], T::from_usize)
    }

    /// n numbers at even distances, both ends included.
    #[track_caller]
    pub fn linspace(start: f64, end: f64, n: usize) -> Self {
        let step = (end - start) / (n.max(2) - 1) as f64;
        Self::from_fn([n], |i| T::from_f64(if i + 1 == n && n > 1 { end } else { start + step * i as f64 }))
    }

    /// Entry by entry, in row-major order, from its flat index.
    #[track_caller]
    pub fn from_fn(shape: impl Into<Shape>, mut f: impl FnMut(usize) -> T) -> Self {
        let mut tensor = Self::zeros(shape);
        tensor.data_mut().iter_mut().enumerate().for_each(|(i, x)| *x = f(i));
        tensor
    }

    /// Drawn from the normal distribution of mean 0 and variance 1.
    #[track_caller]
    #[doc(alias = "normal")]
    pub fn randn(shape: impl Into<Shape>, rng: &mut Rng) -> Self {
        Self::from_fn(shape, |_| T::from_f64(rng.normal()))
    }

    /// Drawn evenly from [0, 1).
    #[track_caller]
    #[doc(alias = "uniform")]
    pub fn rand(shape: impl Into<Shape>, rng: &mut Rng) -> Self {
        Self::rand_in(0.0, 1.0, shape, rng)
    }

    /// Drawn evenly from [low, high).
    #[track_caller]
    pub fn rand_in(low: f64, high: f64, shape: impl Into<Shape>, rng: &mut Rng) -> Self {
        Self::from_fn(shape, |_| rng.uniform_between(low, high))
    }
}

impl<T: Float> From<T> for Tensor<T> {
    fn from(value: T) -> Self {
        Tensor::scalar(value)
    }
}

impl<T: Float> From<&Tensor<T>> for Tensor<T> {
    /// Shares the buffer.
    fn from(tensor: &Tensor<T>) -> Self {
        tensor.clone()
    }
}

impl<T: Float> From<Vec<T>> for Tensor<T> {
    fn from(data: Vec<T>) -> Self {
        Tensor::from(&data[..])
    }
}

impl<T: Float> From<&[T]> for Tensor<T> {
    fn from(data: &[T]) -> Self {
        Tensor::build([data.len()], |y| y.copy_from_slice(data))
    }
}

impl<T: Float, const A: usize> From<[T; A]> for Tensor<T> {
    fn from(data: [T; A]) -> Self {
        Tensor::from(&data[..])
    }
}

impl<T: Float, const A: usize, const B: usize> From<[[T; B]; A]> for Tensor<T> {
    fn from(data: [[T; B]; A]) -> Self {
        Tensor::build([A, B], |y| y.copy_from_slice(data.as_flattened()))
    }
}

impl<T: Float, const A: usize, const B: usize, const C: usize> From<[[[T; C]; B]; A]> for Tensor<T> {
    fn from(data: [[[T; C]; B]; A]) -> Self {
        Tensor::build([A, B, C], |y| y.copy_from_slice(data.as_flattened().as_flattened()))
    }
}

/// Same shape and equal entries; NaN equals nothing, as ever.
impl<T: Float> PartialEq for Tensor<T> {
    fn eq(&self, other: &Self) -> bool {
        self.shape() == other.shape() && self.data() == other.data()
    }
}

impl<T: Float> PartialEq<T> for Tensor<T> {
    fn eq(&self, other: &T) -> bool {
        self.as_scalar() == Some(*other)
    }
}

impl<T: Float, const A: usize> PartialEq<[T; A]> for Tensor<T> {
    fn eq(&self, other: &[T; A]) -> bool {
        *self.shape() == [A] && self.data() == other
    }
}

impl<T: Float, const A: usize, const B: usize> PartialEq<[[T; B]; A]> for Tensor<T> {
    fn eq(&self, other: &[[T; B]; A]) -> bool {
        *self.shape() == [A, B] && self.data() == other.as_flattened()
    }
}

impl<T: Float, const A: usize, const B: usize, const C: usize> PartialEq<[[[T; C]; B]; A]> for Tensor<T> {
    fn eq(&self, other: &[[[T; C]; B]; A]) -> bool {
        *self.shape() == [A, B, C] && self.data() == other.as_flattened().as_flattened()
    }
}
