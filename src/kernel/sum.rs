//! Sums in a fixed order: blocks of a fixed size, added pairwise, with several accumulators in
//! each block. The error grows with log n instead of n, additions need not wait for one another,
//! and the order depends on the extents alone.

use super::simd::simd;
use crate::float::Float;

/// Entries in a block of a sum.
const BLOCK: usize = 1024;
/// Rows in a block of a sum of rows.
const ROWS: usize = 128;
/// Accumulators: entries k, k + 64, k + 128 .. go to the k-th one. Four vectors of the widest kind, since an
/// addition takes about as many cycles as four begin in.
const ACCUMULATORS: usize = 64;
/// Columns summed at a time.
pub(super) const TILE: usize = 32;

/// Σ x.
pub(crate) fn sum<T: Float>(x: &[T]) -> T {
    if x.len() <= BLOCK {
        return simd(
            #[inline(always)]
            || fold(x, x, T::ZERO, |sum, x, _| sum + x, |a, b| a + b),
        );
    }
    let (first, second) = x.split_at((x.len() / 2).next_multiple_of(BLOCK));
    sum(first) + sum(second)
}

/// Goes through two equally long slices by `step` from `start` on: in 64 accumulators, what is
/// left over in 4, what is left over then in one, and joins them. To be inlined into a loop that
/// is compiled for the processor.
#[inline(always)]
pub(super) fn fold<T: Float>(
    a: &[T],
    b: &[T],
    start: T,
    step: impl Fn(T, T, T) -> T + Copy,
    join: impl Fn(T, T) -> T + Copy,
) -> T {
    let ((many_a, a), (many_b, b)) = (a.as_chunks::<ACCUMULATORS>(), b.as_chunks::<ACCUMULATORS>());
    let ((a4, a), (b4, b)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let mut whole = joined(accumulators(a4, b4, start, step), join);
    for (&a, &b) in a.iter().zip(b) {
        whole = step(whole, a, b);
    }
    // Most of a long slice is here, and nothing of a short one.
    if many_a.is_empty() {
        whole
    } else {
        join(joined(accumulators(many_a, many_b, start, step), join), whole)
    }
}

/// The k-th of L accumulators goes through the k-th entries of all chunks.
#[inline(always)]
fn accumulators<T: Float, const L: usize>(
    a: &[[T; L]],
    b: &[[T; L]],
    start: T,
    step: impl Fn(T, T, T) -> T,
) -> [T; L] {
    let mut sums = [start; L];
    for (a, b) in a.iter().zip(b) {
        for k in 0..L {
            sums[k] = step(sums[k], a[k], b[k]);
        }
    }
    sums
}

#[inline(always)]
fn joined<T: Float, const L: usize>(mut sums: [T; L], join: impl Fn(T, T) -> T) -> T {
    let mut width = L / 2;
    while width > 0 {
        for k in 0..width {
            sums[k] = join(sums[k], sums[k + width]);
        }
        width /= 2;
    }
    sums[0]
}

/// y ← y + Σ of the rows of x, a matrix as wide as y.
pub(crate) fn add_rows<T: Float>(y: &mut [T], x: &[T]) {
    let width = y.len();
    if width == 0 {
        return;
    }
    assert!(x.len().is_multiple_of(width), "{} entries in rows of {width}", x.len());
    let rows = x.len() / width;
    for (tile, y) in y.chunks_mut(TILE).enumerate() {
        let sums = sum_rows(&x[tile * TILE..], width, y.len(), rows);
        y.iter_mut().zip(sums).for_each(|(y, sum)| *y += sum);
    }
}

/// The sums of `columns` ≤ TILE columns over `rows` rows that lie `width` apart, pairwise over blocks.
fn sum_rows<T: Float>(x: &[T], width: usize, columns: usize, rows: usize) -> [T; TILE] {
    if rows <= ROWS {
        return simd(
            #[inline(always)]
            // Known to be whole, a tile stays in registers.
            || if columns == TILE { tile(x, width, TILE, rows) } else { tile(x, width, columns, rows) },
        );
    }
    let half = (rows / 2).next_multiple_of(ROWS);
    let mut sums = sum_rows(x, width, columns, half);
    let others = sum_rows(&x[half * width..], width, columns, rows - half);
    sums.iter_mut().zip(others).for_each(|(sum, other)| *sum += other);
    sums
}

#[inline(always)]
fn tile<T: Float>(x: &[T], width: usize, columns: usize, rows: usize) -> [T; TILE] {
    let mut sums = [T::ZERO; TILE];
    for row in 0..rows {
        let row = &x[row * width..][..columns];
        for (sum, &x) in sums.iter_mut().zip(row) {
            *sum += x;
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole numbers, whose sums are exact in any order.
    fn numbers(n: usize) -> Vec<f64> {
        (0..n).map(|i| (i * 7919 % 2003) as f64 - 1000.0).collect()
    }

    #[test]
    fn sums_are_those_of_a_loop_at_every_length() {
        for n in (0..200).chain([1023, 1024, 1025, 2048, 5000, 100_001]) {
            let x = numbers(n);
            assert_eq!(sum(&x), x.iter().sum::<f64>(), "{n}");
        }
    }

    #[test]
    fn rows_are_summed_column_by_column() {
        for (rows, width) in [(0, 3), (1, 1), (3, 0), (5, 31), (128, 32), (129, 33), (1000, 70), (300, 1)] {
            let x = numbers(rows * width);
            let mut y = numbers(width);
            let naive: Vec<f64> =
                (0..width).map(|j| y[j] + (0..rows).map(|i| x[i * width + j]).sum::<f64>()).collect();
            add_rows(&mut y, &x);
            assert_eq!(y, naive, "{rows} × {width}");
        }
    }

    #[test]
    fn a_long_sum_of_f32_loses_no_digits() {
        let n = 10_000_000;
        let x = vec![0.1f32; n];
        let exact = f64::from(0.1f32) * n as f64;
        let mut y = [0.0f32; 1];
        add_rows(&mut y, &x);
        // A plain loop is off by 9 %.
        for sum in [sum(&x), y[0]] {
            assert!((f64::from(sum) / exact - 1.0).abs() < 1e-6, "{sum} {exact}");
        }
    }
}
