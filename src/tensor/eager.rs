//! Eager helpers: what one does to data that is not on a tape.

use super::{Tensor, shape_panic};
use crate::float::Float;
use crate::shape::{Axis, Dims, ShapeError};

impl<T: Float> Tensor<T> {
    /// f of each entry.
    #[must_use]
    pub fn map(&self, f: impl Fn(T) -> T) -> Self {
        Tensor::build(self.shape(), |y| y.iter_mut().zip(self.data()).for_each(|(y, &x)| *y = f(x)))
    }

    /// The same numbers in the other element type, rounded to nearest.
    #[must_use]
    pub fn cast<U: Float>(&self) -> Tensor<U> {
        Tensor::build(self.shape(), |y: &mut [U]| {
            y.iter_mut().zip(self.data()).for_each(|(y, &x)| *y = U::from_f64(x.to_f64()));
        })
    }

    /// The entries as a `Vec`, row-major.
    pub fn to_vec(&self) -> Vec<T> {
        self.data().to_vec()
    }

    /// The same entries in another shape; one extent may be −1.
    ///
    /// # Panics
    /// If the number of entries differs.
    #[must_use]
    #[track_caller]
    #[doc(alias = "view")]
    pub fn reshape(&self, dims: impl Into<Dims>) -> Self {
        match dims.into().reshape(self.shape()) {
            Ok(shape) => self.clone().with_shape(shape),
            Err(error) => shape_panic("reshape", &error),
        }
    }

    /// Row `i`: the entries at index `i` of the first axis.
    ///
    /// # Panics
    /// If there is no such row.
    #[track_caller]
    pub fn row(&self, i: usize) -> &[T] {
        let Some(&rows) = self.shape().first() else { panic!("row: a single number has no rows") };
        assert!(i < rows, "row: index {i} out of range for shape {}", self.shape());
        let width = self.numel() / rows;
        &self.data()[i * width..(i + 1) * width]
    }

    /// The rows (entries of the first axis) with these indices, in this order.
    ///
    /// # Panics
    /// If an index is out of range, or the tensor is a single number.
    #[must_use]
    #[track_caller]
    #[doc(alias = "index_select")]
    pub fn select_rows(&self, rows: impl AsRef<[usize]>) -> Self {
        let rows = rows.as_ref();
        let shape = self.shape();
        let Some(&n) = shape.first() else { panic!("select_rows: a single number has no rows") };
        if let Some(&bad) = rows.iter().find(|&&i| i >= n) {
            shape_panic("select_rows", &ShapeError::new(format!("row {bad} out of range for shape {shape}")));
        }
        let width = shape[1..].iter().product();
        Tensor::build(shape.with(0, rows.len()), |y| {
            if width > 0 {
                y.chunks_exact_mut(width).zip(rows).for_each(|(y, &i)| y.copy_from_slice(self.row(i)));
            }
        })
    }

    /// The index of the largest entry along the last axis, for every row; the first one of a
    /// tie, and a NaN counts as largest (as NumPy has it).
    ///
    /// # Panics
    /// If there is no last axis or it is empty.
    #[track_caller]
    #[doc(alias = "argmax")]
    pub fn argmax_rows(&self) -> Vec<usize> {
        let width = match Axis(-1).of(self.shape()) {
            Ok(axis) => self.shape()[axis],
            Err(error) => shape_panic("argmax_rows", &error),
        };
        assert!(width > 0, "argmax_rows: the last axis of shape {} is empty", self.shape());
        self.data().chunks_exact(width).map(|row| argmax(row.iter().copied())).collect()
    }

    /// Whether no entry is infinite or NaN.
    pub fn is_finite(&self) -> bool {
        self.data().iter().all(|x| x.is_finite())
    }

    /// max |a − b| over all entries; NaN where one entry is NaN and infinite where shapes differ,
    /// so that comparing it with a tolerance never passes by accident.
    pub fn max_abs_diff(&self, other: &Self) -> f64 {
        if self.shape() != other.shape() {
            return f64::INFINITY;
        }
        let pairs = self.data().iter().zip(other.data());
        // Equal infinities are no distance apart, though ∞ − ∞ is NaN.
        let distance = |(&a, &b): (&T, &T)| if a == b { 0.0 } else { (a - b).to_f64().abs() };
        pairs.map(distance).fold(0.0, Float::max)
    }
}

/// The index of the first largest entry; a NaN counts as largest. 0 where there is none.
pub(crate) fn argmax<T: Float>(entries: impl IntoIterator<Item = T>) -> usize {
    let mut best = (0, T::NAN);
    for (i, x) in entries.into_iter().enumerate() {
        if i == 0 || !best.1.is_nan() && (x > best.1 || x.is_nan()) {
            best = (i, x);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use crate::Tensor;

    #[test]
    fn writing_to_a_clone_leaves_the_original_alone() {
        let a = Tensor::from([1.0f32, 2.0]);
        let mut b = a.clone();
        b.data_mut()[0] = 9.0;
        assert_eq!((a, b), (Tensor::from([1.0, 2.0]), Tensor::from([9.0, 2.0])));
    }

    #[test]
    fn argmax_takes_the_first_of_a_tie_and_nan_as_largest() {
        let a = Tensor::from([[1.0f32, 3.0, 3.0], [f32::NAN, 5.0, 0.0]]);
        assert_eq!(a.argmax_rows(), [1, 0]);
    }

    #[test]
    fn a_distance_never_hides_a_nan() {
        let a = Tensor::from([1.0f64, f64::NAN]);
        assert!(a.max_abs_diff(&a).is_nan());
        assert_eq!(a.max_abs_diff(&Tensor::from([1.0])), f64::INFINITY);
        let inf = Tensor::scalar(f64::INFINITY);
        assert_eq!(inf.max_abs_diff(&inf), 0.0);
    }

    #[test]
    fn rows_are_selected_in_order_and_may_be_empty() {
        let a = Tensor::from([[1.0f32, 2.0], [3.0, 4.0], [5.0, 6.0]]);
        assert_eq!(a.select_rows([2, 0]), [[5.0, 6.0], [1.0, 2.0]]);
        assert_eq!(a.select_rows([]).shape().dims(), [0, 2]);
        assert_eq!(Tensor::<f32>::zeros([2, 0]).select_rows([1]).shape().dims(), [1, 0]);
    }
}
