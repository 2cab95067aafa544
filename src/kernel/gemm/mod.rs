//! Matrix products on slices: C ← A·B + βC, or A·B and a bias. In f32, where the processor has AVX-512, by tiles of our own; otherwise by
//! `matrixmultiply`.

#![allow(unsafe_code)]

mod library;
mod tiles;

use super::crew::num_threads;
use super::simd::simd;
use super::sum::{self, TILE};
use crate::float::Float;
use std::ops::Range;

/// A factor, row-major.
#[derive(Clone, Copy)]
struct Operand<'a, T> {
    entries: &'a [T],
    /// Whether the columns are stored as rows.
    transposed: bool,
}

impl<'a, T: Float> Operand<'a, T> {
    /// Itself, if its numbers are `f32`s.
    fn singles(self) -> Option<Operand<'a, f32>> {
        Some(Operand { entries: T::singles(self.entries)?, transposed: self.transposed })
    }
}

/// What a product is added to.
#[derive(Clone, Copy)]
enum Onto<'a, T> {
    /// What C holds, times β. If β = 0, C is not read.
    Scaled(T),
    /// A bias, which is as long as the rows of C, in the place of each. C is not read.
    Bias(&'a [T]),
}

impl<'a, T: Float> Onto<'a, T> {
    /// The same in `f32`; nothing for a bias of other numbers.
    fn singles(self) -> Option<Onto<'a, f32>> {
        match self {
            Onto::Scaled(beta) => Some(Onto::Scaled(beta.to_f64() as f32)),
            Onto::Bias(bias) => T::singles(bias).map(Onto::Bias),
        }
    }

    /// The β to go on with, when C holds what is added to.
    fn in_place(self, c: &mut [T]) -> T {
        match self {
            Onto::Scaled(beta) => beta,
            Onto::Bias(bias) => {
                c.chunks_exact_mut(bias.len()).for_each(|c| c.copy_from_slice(bias));
                T::ONE
            }
        }
    }
}

/// C ← A·B + βC with A `[m, k]`, B `[k, n]` and C `[m, n]`, all row-major; A is stored as
/// `[k, m]` if `ta`, B as `[n, k]` if `tb`. If β = 0, C is not read.
///
/// A large product is shared between threads by rows or by columns of C, and never along k: each entry of C is the
/// same sum in the same order on any number of threads.
#[allow(clippy::too_many_arguments)]
pub(crate) fn gemm<T: Float>(
    (m, k, n): (usize, usize, usize),
    a: &[T],
    ta: bool,
    b: &[T],
    tb: bool,
    beta: T,
    c: &mut [T],
) {
    gemm_on(threads_for((m, k, n)), (m, k, n), a, ta, b, tb, Onto::Scaled(beta), c);
}

/// [`gemm`] with a bias in the place of βC: C ← A·B + bias, which is added to each row.
pub(crate) fn gemm_bias<T: Float>(
    (m, k, n): (usize, usize, usize),
    a: &[T],
    ta: bool,
    b: &[T],
    tb: bool,
    bias: &[T],
    c: &mut [T],
) {
    gemm_on(threads_for((m, k, n)), (m, k, n), a, ta, b, tb, Onto::Bias(bias), c);
}

/// The threads that a product is worth.
fn threads_for((m, k, n): (usize, usize, usize)) -> usize {
    let shares = m.saturating_mul(k).saturating_mul(n) / SHARE;
    // Asking starts no thread, and sharing does: small programs never do.
    if shares < 2 { 1 } else { num_threads().min(shares) }
}

/// The rows and the columns of C that are the part-th of so many parts, which may be none: by rows, cut at multiples of `rows`, or, of a product
/// with more columns than rows, by columns, cut at multiples of 16.
///
/// A part by rows writes one piece of C, and one by columns a piece of every row, at whose ends the processor fetches lines that it does not write:
/// 128×784×256 takes 214 µs on two threads by rows and 235 µs by columns (an Intel Xeon). What is done with C next, a loop over
/// its entries or the optimizer's step, is cut by rows, too, and each thread finds its part in its own cache: a step of
/// 784-256-128-10 on 32 rows takes 322 µs with the gradient of [256, 784] by rows, and 343 µs by columns. But each part by rows
/// copies all of B. So products of up to four times as many columns as rows are cut by rows, where each part has 64 of them.
fn part_of((m, n): (usize, usize), rows: usize, part: usize, parts: usize) -> (Range<usize>, Range<usize>) {
    let of = |long: usize, unit: usize| {
        let start = |part: usize| (long * part / parts).next_multiple_of(unit).min(long);
        start(part)..start(part + 1)
    };
    let by_rows = m >= n || 4 * m >= n && m >= 64 * parts;
    if by_rows { (of(m, rows), 0..n) } else { (0..m, of(n, 16)) }
}

/// Multiplications for which it pays to share.
const SHARE: usize = 1 << 19;

#[allow(clippy::too_many_arguments)]
fn gemm_on<T: Float>(
    threads: usize,
    (m, k, n): (usize, usize, usize),
    a: &[T],
    ta: bool,
    b: &[T],
    tb: bool,
    onto: Onto<'_, T>,
    c: &mut [T],
) {
    let len = |rows: usize, columns: usize| rows.checked_mul(columns);
    assert!(
        len(m, k) == Some(a.len()) && len(k, n) == Some(b.len()) && len(m, n) == Some(c.len()),
        "gemm: [{m}, {k}] · [{k}, {n}] with {}, {} and {} entries",
        a.len(),
        b.len(),
        c.len()
    );
    if let Onto::Bias(bias) = onto {
        assert!(bias.len() == n, "gemm: [{m}, {k}] · [{k}, {n}] and a bias with {} entries", bias.len());
    }
    if c.is_empty() {
        return; // An extent of nothing may be of any length.
    }
    // A packed product has to copy its operands first, which a vector does not earn back:
    // 32×32×1 takes 0.88 µs packed and 0.28 µs here.
    let vector = m == 1 || n == 1;
    let (of_a, of_b) = (Operand { entries: a, transposed: ta }, Operand { entries: b, transposed: tb });
    if !vector && tiles::product(threads, (m, k, n), of_a, of_b, onto, c) {
        return;
    }
    let beta = onto.in_place(c);
    if n == 1 {
        matrix_vector((m, k), a, ta, b, beta, c);
    } else if m == 1 {
        matrix_vector((n, k), b, !tb, a, beta, c);
    } else {
        library::product(threads, (m, k, n), of_a, of_b, beta, c);
    }
}

/// y ← A·x + βy with A `[m, k]`, stored as `[k, m]` if `ta`.
fn matrix_vector<T: Float>((m, k): (usize, usize), a: &[T], ta: bool, x: &[T], beta: T, y: &mut [T]) {
    let put = |y: &mut T, sum: T| *y = if beta == T::ZERO { sum } else { sum + beta * *y };
    simd(
        #[inline(always)]
        || {
            if !ta {
                for (i, y) in y.iter_mut().enumerate() {
                    let row = &a[i * k..(i + 1) * k];
                    put(y, sum::fold(row, x, T::ZERO, |sum, a, x| sum + a * x, |a, b| a + b));
                }
                return;
            }
            for (tile, y) in y.chunks_mut(TILE).enumerate() {
                let mut sums = [T::ZERO; TILE];
                for (p, &x) in x.iter().enumerate() {
                    let row = &a[p * m + tile * TILE..][..y.len()];
                    for (sum, &a) in sums.iter_mut().zip(row) {
                        *sum += a * x;
                    }
                }
                for (y, sum) in y.iter_mut().zip(sums) {
                    put(y, sum);
                }
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Small whole numbers, whose products and sums are exact in any order.
    fn numbers<T: Float>(n: usize, from: usize) -> Vec<T> {
        (0..n).map(|i| T::from_f64(((i + from) * 7919 % 23) as f64 - 11.0)).collect()
    }

    #[track_caller]
    fn check<T: Float>((m, k, n): (usize, usize, usize), ta: bool, tb: bool, beta: f64) {
        let (a, b) = (numbers::<T>(m * k, 3), numbers::<T>(k * n, 5));
        let beta_t = T::from_f64(beta);
        // What β = 0 must not read.
        let before = if beta == 0.0 { vec![T::NAN; m * n] } else { numbers(m * n, 7) };
        let mut c = before.clone();
        gemm((m, k, n), &a, ta, &b, tb, beta_t, &mut c);
        let mut by_library = before.clone();
        let (a_of, b_of) =
            (Operand { entries: &a[..], transposed: ta }, Operand { entries: &b[..], transposed: tb });
        library::product(1, (m, k, n), a_of, b_of, beta_t, &mut by_library);
        let (bias, mut biased) = (numbers::<T>(n, 9), vec![T::NAN; m * n]);
        gemm_bias((m, k, n), &a, ta, &b, tb, &bias, &mut biased);
        assert_eq!(c, by_library, "{m}×{k}×{n} {ta} {tb} {beta}");
        for i in 0..m {
            for j in 0..n {
                let of_a = |p| if ta { a[p * m + i] } else { a[i * k + p] };
                let of_b = |p| if tb { b[j * k + p] } else { b[p * n + j] };
                let sum: T = (0..k).map(|p| of_a(p) * of_b(p)).sum();
                let wanted = if beta == 0.0 { sum } else { sum + beta_t * before[i * n + j] };
                assert_eq!(c[i * n + j], wanted, "{m}×{k}×{n} {ta} {tb} {beta}, entry {i}, {j}");
                assert_eq!(
                    biased[i * n + j],
                    sum + bias[j],
                    "{m}×{k}×{n} {ta} {tb} and a bias, entry {i}, {j}"
                );
            }
        }
    }

    #[test]
    fn products_are_those_of_the_definition() {
        let extents = [(1, 1, 1), (2, 3, 4), (5, 0, 3), (0, 2, 3), (3, 2, 0), (33, 17, 1), (1, 40, 70)];
        let larger = [(1, 0, 5), (40, 3, 1), (17, 33, 65), (50, 260, 40)];
        // One, two and three blocks along k; more columns than a block has, copied while they are multiplied and before; a group
        // that is not whole beside each.
        let blocks =
            [(15, 288, 16), (29, 289, 49), (3, 700, 17), (2, 5, 1100), (15, 289, 530), (15, 289, 810)];
        for extents in extents.into_iter().chain(larger).chain(blocks) {
            for flags in 0..4 {
                for beta in [0.0, 1.0, 2.0] {
                    check::<f32>(extents, flags & 1 == 1, flags & 2 == 2, beta);
                    check::<f64>(extents, flags & 1 == 1, flags & 2 == 2, beta);
                }
            }
        }
    }

    #[test]
    fn every_number_of_threads_gives_the_same_bits() {
        fn check<T: Float>((m, k, n): (usize, usize, usize)) {
            let fractions =
                |n, from| numbers::<T>(n, from).into_iter().map(|x| x / T::from_f64(7.3)).collect();
            let (a, b, c): (Vec<T>, Vec<T>, Vec<T>) =
                (fractions(m * k, 1), fractions(k * n, 2), fractions(m * n, 3));
            let scaled = |beta| Onto::Scaled(T::from_f64(beta));
            let bias = Onto::Bias(&c[..n]);
            for (flags, onto) in
                [(0, scaled(0.0)), (1, scaled(1.0)), (2, scaled(0.5)), (3, scaled(0.0)), (0, bias), (2, bias)]
            {
                let on = |threads| {
                    let mut c = c.clone();
                    let (ta, tb) = (flags & 1 == 1, flags & 2 == 2);
                    gemm_on(threads, (m, k, n), &a, ta, &b, tb, onto, &mut c);
                    c.iter().map(|c| c.bits()).collect::<Vec<_>>()
                };
                let one = on(1);
                for threads in [2, 3, 8] {
                    assert!(on(threads) == one, "{m}×{k}×{n} {flags} on {threads} threads");
                }
            }
        }
        let by_rows = [(128, 30, 50), (33, 260, 60), (70, 13, 37), (65, 20, 65), (150, 9, 200)];
        let by_columns = [(20, 300, 61), (3, 40, 200), (14, 700, 90), (2, 33, 1100)];
        for extents in by_rows.into_iter().chain(by_columns) {
            check::<f32>(extents);
            check::<f64>(extents);
        }
    }

    #[test]
    fn the_parts_of_a_product_hold_each_entry_once() {
        for (m, n) in (1..40).flat_map(|m| (1..60).map(move |n| (3 * m, 3 * n))) {
            for (unit, parts) in
                [1, 16].into_iter().flat_map(|unit| [1, 2, 3, 8, 40].map(|parts| (unit, parts)))
            {
                let mut entries = vec![0; m * n];
                for (rows, columns) in (0..parts).map(|part| part_of((m, n), unit, part, parts)) {
                    rows.for_each(|i| {
                        entries[i * n..][columns.clone()].iter_mut().for_each(|count| *count += 1)
                    });
                }
                assert!(entries.iter().all(|&count| count == 1), "{m}×{n} in {parts} parts of {unit}");
            }
        }
    }

    #[test]
    fn a_product_without_entries_may_be_of_any_length() {
        for threads in [1, 2] {
            gemm_on::<f32>(threads, (0, 0, usize::MAX), &[], false, &[], false, Onto::Scaled(0.0), &mut []);
            gemm_on::<f64>(threads, (usize::MAX, 0, 0), &[], true, &[], true, Onto::Bias(&[]), &mut []);
        }
    }

    #[test]
    #[should_panic(expected = "gemm: [2, 3] · [3, 2] with 6, 5 and 4 entries")]
    fn slices_of_other_lengths_panic() {
        gemm((2, 3, 2), &[0.0; 6], false, &[0.0; 5], false, 0.0, &mut [0.0; 4]);
    }

    #[test]
    #[should_panic(expected = "gemm: [2, 3] · [3, 2] and a bias with 1 entries")]
    fn a_bias_of_another_length_panics() {
        gemm_bias((2, 3, 2), &[0.0; 6], false, &[0.0; 6], false, &[0.0], &mut [0.0; 4]);
    }
}
