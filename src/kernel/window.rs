//! Copying between a tensor and a part of a larger one: the entries at some indices in a row along
//! one axis.
//!
//! Row-major, such a part is a matrix's window of whole columns: the axes before the axis make the
//! rows; the axis and those after it make the columns.

use super::map;
use crate::float::Float;
use std::ops::Range;

/// The columns `start .. start + len` of a matrix of `width` columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    width: usize,
    start: usize,
    len: usize,
}

impl Window {
    /// The entries at the indices `range` of an axis of extent n; the extents after that axis
    /// multiply to `inner`.
    pub(crate) fn new(n: usize, inner: usize, range: Range<usize>) -> Self {
        assert!(range.start <= range.end && range.end <= n, "{range:?} of {n}");
        Window { width: n * inner, start: range.start * inner, len: range.len() * inner }
    }

    fn columns(self) -> Range<usize> {
        self.start..self.start + self.len
    }

    /// y ← the window of x, or y + the window of x if `accumulate`.
    pub(crate) fn read<T: Float>(self, y: &mut [T], x: &[T], accumulate: bool) {
        if self.len == 0 {
            return;
        }
        let rows = y.chunks_exact_mut(self.len).zip(x.chunks_exact(self.width));
        rows.for_each(|(y, x)| put(y, &x[self.columns()], accumulate));
    }

    /// The window of y ← x, or + x if `accumulate`. The rest of y stays as it is.
    pub(crate) fn write<T: Float>(self, y: &mut [T], x: &[T], accumulate: bool) {
        if self.len == 0 {
            return;
        }
        let rows = y.chunks_exact_mut(self.width).zip(x.chunks_exact(self.len));
        rows.for_each(|(y, x)| put(&mut y[self.columns()], x, accumulate));
    }
}

fn put<T: Float>(y: &mut [T], x: &[T], accumulate: bool) {
    if accumulate {
        map::update(y, x, |y, x| y + x);
    } else {
        y.copy_from_slice(x);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every index spelled out.
    fn read_naive(x: &[f64], [outer, n, inner]: [usize; 3], range: Range<usize>) -> Vec<f64> {
        let mut y = Vec::new();
        for o in 0..outer {
            for i in range.clone() {
                (0..inner).for_each(|k| y.push(x[(o * n + i) * inner + k]));
            }
        }
        y
    }

    #[test]
    fn a_window_is_read_and_written_back_where_it_was() {
        for dims in [[1, 4, 1], [3, 4, 2], [2, 5, 1], [0, 4, 2], [2, 4, 0]] {
            let [outer, n, inner] = dims;
            let x: Vec<f64> = (1..=outer * n * inner).map(|i| i as f64).collect();
            for range in [0..0, 0..n, 1..3, n..n, n - 1..n] {
                let window = Window::new(n, inner, range.clone());
                let expected = read_naive(&x, dims, range.clone());
                let mut y = vec![1.0; expected.len()];
                window.read(&mut y, &x, true);
                assert!(y.iter().zip(&expected).all(|(y, e)| *y == e + 1.0), "{dims:?} {range:?}");
                window.read(&mut y, &x, false);
                assert_eq!(y, expected, "{dims:?} {range:?}");

                let mut z = vec![0.0; x.len()];
                window.write(&mut z, &y, false);
                window.write(&mut z, &y, true);
                let twice: f64 = expected.iter().sum::<f64>() * 2.0;
                assert_eq!(z.iter().sum::<f64>(), twice, "the rest of z stays 0");
                assert_eq!(read_naive(&z, dims, range), y.iter().map(|y| 2.0 * y).collect::<Vec<_>>());
            }
        }
    }
}
