//! Matrix products on slices: C ← A·B + βC, for f32 and f64 through `matrixmultiply`.
//!
//! The only `unsafe` of the crate is here: the call of a routine that takes pointers, and handing
//! parts of one C to several threads.
#![allow(unsafe_code)]

use super::simd::simd;
use super::sum::{self, TILE};
use crate::float::Float;
use std::any::TypeId;

/// C ← A·B + βC with A `[m, k]`, B `[k, n]` and C `[m, n]`, all row-major; A is stored as
/// `[k, m]` if `ta`, B as `[n, k]` if `tb`. If β = 0, C is not read.
///
/// A large product is shared between threads by rows or by columns of C, whichever are more, and
/// never along k: each entry of C is the same sum in the same order on any number of threads.
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
    let shares = m.saturating_mul(k).saturating_mul(n) / SHARE;
    // Asking for the number of threads starts them: small programs never do.
    let threads = if shares < 2 { 1 } else { threads().min(shares) };
    gemm_on(threads, (m, k, n), a, ta, b, tb, beta, c);
}

/// Multiplications for which it pays to wake a thread: they take 45 µs, and waking it up to 15 µs
/// (measured on an AMD EPYC, Zen 4 class).
const SHARE: usize = 1 << 21;

#[allow(clippy::too_many_arguments)]
fn gemm_on<T: Float>(
    threads: usize,
    (m, k, n): (usize, usize, usize),
    a: &[T],
    ta: bool,
    b: &[T],
    tb: bool,
    beta: T,
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
    // A packed product has to copy its operands first, which a vector does not earn back:
    // 32×32×1 takes 0.88 µs packed and 0.28 µs here.
    if n == 1 {
        return matrix_vector((m, k), a, ta, b, beta, c);
    }
    if m == 1 {
        return matrix_vector((n, k), b, !tb, a, beta, c);
    }
    let product = Product {
        m,
        k,
        n,
        a: a.as_ptr(),
        a_steps: if ta { (1, m) } else { (k, 1) },
        b: b.as_ptr(),
        b_steps: if tb { (1, k) } else { (n, 1) },
        beta,
        c: c.as_mut_ptr(),
        c_step: n,
        #[cfg(debug_assertions)]
        within: [addresses(a), addresses(b), addresses(c)],
    };
    // SAFETY: the slices hold as many entries as the extents and steps reach, checked above; C is
    // borrowed mutably, and A and B are borrowed, until the product is done.
    unsafe { product.run_on(threads) }
}

/// y ← A·x + βy with A `[m, k]`, stored as `[k, m]` if `ta`.
fn matrix_vector<T: Float>((m, k): (usize, usize), a: &[T], ta: bool, x: &[T], beta: T, y: &mut [T]) {
    let put = |y: &mut T, sum: T| *y = if beta == T::ZERO { sum } else { sum + beta * *y };
    simd(
        m * k,
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

/// Threads to share a product between.
fn threads() -> usize {
    #[cfg(feature = "parallel")]
    return rayon::current_num_threads();
    #[cfg(not(feature = "parallel"))]
    return 1;
}

/// A product, or some rows or columns of one: pointers to the first entries, and how far apart
/// rows and columns are.
#[derive(Clone, Copy)]
struct Product<T> {
    m: usize,
    k: usize,
    n: usize,
    a: *const T,
    a_steps: (usize, usize),
    b: *const T,
    b_steps: (usize, usize),
    beta: T,
    c: *mut T,
    c_step: usize,
    /// The addresses of A, B and C that it may touch: what `check` holds it to.
    #[cfg(debug_assertions)]
    within: [(usize, usize); 3],
}

/// The addresses of a slice's first byte and of the one behind its last.
#[cfg(debug_assertions)]
fn addresses<T>(slice: &[T]) -> (usize, usize) {
    let range = slice.as_ptr_range();
    (range.start.addr(), range.end.addr())
}

// SAFETY: whoever runs a product vouches for its pointers (see `run_on`); T is f32 or f64, which
// any thread may read and write.
#[cfg(feature = "parallel")]
unsafe impl<T: Float> Send for Product<T> {}

impl<T: Float> Product<T> {
    /// # Safety
    /// All entries that the extents and steps reach lie in allocations that hold numbers of type T,
    /// those of C in one that nothing else reads or writes, until this returns.
    unsafe fn run_on(self, threads: usize) {
        #[cfg(feature = "parallel")]
        if let Some((first, second)) = self.halves(threads) {
            // SAFETY: the halves reach what the whole reaches, and no entry of C twice.
            rayon::join(
                move || unsafe { first.run_on(threads / 2) },
                move || unsafe { second.run_on(threads - threads / 2) },
            );
            return;
        }
        let _ = threads;
        // SAFETY: the caller's.
        unsafe { self.run() }
    }

    /// Two products with about half of the rows, or columns, each; none if there are too few.
    #[cfg(feature = "parallel")]
    fn halves(self, threads: usize) -> Option<(Self, Self)> {
        /// The rows and columns of the tiles that the kernel makes of C, or a multiple of them. A
        /// tile is then whole in a part if it is whole in the product.
        const TILES: usize = 16;

        let long = self.m.max(self.n);
        let half = (long / 2).next_multiple_of(TILES);
        if threads < 2 || half >= long {
            return None;
        }
        let (mut first, mut second) = (self, self);
        let (a, b, c);
        if self.m >= self.n {
            (first.m, second.m) = (half, self.m - half);
            (a, b, c) = (half * self.a_steps.0, 0, half * self.c_step);
        } else {
            (first.n, second.n) = (half, self.n - half);
            (a, b, c) = (0, half * self.b_steps.1, half);
        }
        // In bounds where the product is: half of its rows, or columns, are before this entry.
        second.a = second.a.wrapping_add(a);
        second.b = second.b.wrapping_add(b);
        second.c = second.c.wrapping_add(c);
        Some((first, second))
    }

    /// # Safety
    /// That of `run_on`.
    unsafe fn run(self) {
        #[cfg(debug_assertions)]
        self.check();
        let Product { m, k, n, a, a_steps, b, b_steps, beta, c, c_step, .. } = self;
        // Extents of slices fit into an isize, and these steps are extents.
        let [rsa, csa, rsb, csb, rsc] =
            [a_steps.0, a_steps.1, b_steps.0, b_steps.1, c_step].map(|step| step as isize);
        // SAFETY: the caller vouches for the pointers; T is f32 or f64 and nothing else (`Float` is
        // sealed), and they are cast to just the type that T was found to be.
        unsafe {
            if TypeId::of::<T>() == TypeId::of::<f32>() {
                let (a, b, c) = (a.cast(), b.cast(), c.cast());
                let beta = beta.to_f64() as f32;
                matrixmultiply::sgemm(m, k, n, 1.0, a, rsa, csa, b, rsb, csb, beta, c, rsc, 1);
            } else {
                let (a, b, c) = (a.cast(), b.cast(), c.cast());
                matrixmultiply::dgemm(m, k, n, 1.0, a, rsa, csa, b, rsb, csb, beta.to_f64(), c, rsc, 1);
            }
        }
    }
}

#[cfg(debug_assertions)]
impl<T> Product<T> {
    /// What `run` takes for granted, as far as it can be seen: every entry reached lies within the
    /// slices, rows of C do not run into one another, and C lies apart from A and B.
    #[track_caller]
    fn check(&self) {
        let Product { m, k, n, a_steps, b_steps, c_step, within, .. } = *self;
        let operands = [
            ("A", self.a.addr(), (m, k), a_steps),
            ("B", self.b.addr(), (k, n), b_steps),
            ("C", self.c.addr(), (m, n), (c_step, 1)),
        ];
        for ((name, start, (rows, columns), (down, right)), (low, high)) in operands.into_iter().zip(within) {
            if rows == 0 || columns == 0 {
                continue;
            }
            // In 128 bits, where it cannot wrap.
            let entries = (rows as u128 - 1) * down as u128 + (columns as u128 - 1) * right as u128 + 1;
            let end = start as u128 + entries * size_of::<T>() as u128;
            let inside = low <= start && end <= high as u128 && start.is_multiple_of(align_of::<T>());
            assert!(
                inside,
                "gemm: {name} [{rows}, {columns}] in steps of {down} and {right} leaves its slice"
            );
        }
        assert!(m < 2 || c_step >= n, "gemm: rows of C are {c_step} apart and {n} long");
        let [a, b, c] = within;
        for (name, operand) in [("A", a), ("B", b)] {
            assert!(operand.1 <= c.0 || c.1 <= operand.0, "gemm: C overlaps {name}");
        }
    }
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
        for i in 0..m {
            for j in 0..n {
                let of_a = |p| if ta { a[p * m + i] } else { a[i * k + p] };
                let of_b = |p| if tb { b[j * k + p] } else { b[p * n + j] };
                let sum: T = (0..k).map(|p| of_a(p) * of_b(p)).sum();
                let wanted = if beta == 0.0 { sum } else { sum + beta_t * before[i * n + j] };
                assert_eq!(c[i * n + j], wanted, "{m}×{k}×{n} {ta} {tb} {beta}, entry {i}, {j}");
            }
        }
    }

    #[test]
    fn products_are_those_of_the_definition() {
        let extents = [(1, 1, 1), (2, 3, 4), (5, 0, 3), (0, 2, 3), (3, 2, 0), (33, 17, 1), (1, 40, 70)];
        let larger = [(1, 0, 5), (40, 3, 1), (17, 33, 65), (50, 260, 40)];
        for extents in extents.into_iter().chain(larger) {
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
            for (flags, beta) in [(0, 0.0), (1, 1.0), (2, 0.5), (3, 0.0)] {
                let on = |threads| {
                    let mut c = c.clone();
                    let (ta, tb) = (flags & 1 == 1, flags & 2 == 2);
                    gemm_on(threads, (m, k, n), &a, ta, &b, tb, T::from_f64(beta), &mut c);
                    c.iter().map(|c| c.bits()).collect::<Vec<_>>()
                };
                let one = on(1);
                for threads in [2, 3, 8] {
                    assert!(on(threads) == one, "{m}×{k}×{n} {flags} on {threads} threads");
                }
            }
        }
        for extents in [(128, 30, 50), (33, 260, 60), (70, 13, 37), (65, 20, 65)] {
            check::<f32>(extents);
            check::<f64>(extents);
        }
    }

    #[test]
    #[should_panic(expected = "gemm: [2, 3] · [3, 2] with 6, 5 and 4 entries")]
    fn slices_of_other_lengths_panic() {
        gemm((2, 3, 2), &[0.0; 6], false, &[0.0; 5], false, 0.0, &mut [0.0; 4]);
    }

    /// A product of [3, 4] and [4, 5] on slices that fit, changed.
    #[cfg(debug_assertions)]
    #[track_caller]
    fn seen(change: impl FnOnce(&mut Product<f64>), why: &str) {
        let (a, b, mut c) = ([0.0; 12], [0.0; 20], [0.0; 15]);
        let within = [addresses(&a), addresses(&b), addresses(&c)];
        let mut product = Product {
            m: 3,
            k: 4,
            n: 5,
            a: a.as_ptr(),
            a_steps: (4, 1),
            b: b.as_ptr(),
            b_steps: (5, 1),
            beta: 0.0,
            c: c.as_mut_ptr(),
            c_step: 5,
            within,
        };
        product.check();
        change(&mut product);
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| product.check()));
        let text = *panic.expect_err(why).downcast::<String>().unwrap();
        assert_eq!(text, why);
    }

    #[test]
    #[cfg(debug_assertions)]
    fn a_product_that_must_not_be_run_is_seen_before_it_is() {
        seen(|p| p.m = 4, "gemm: A [4, 4] in steps of 4 and 1 leaves its slice");
        seen(|p| p.a_steps = (5, 1), "gemm: A [3, 4] in steps of 5 and 1 leaves its slice");
        seen(
            |p| p.a_steps = (usize::MAX, 1),
            &format!("gemm: A [3, 4] in steps of {} and 1 leaves its slice", usize::MAX),
        );
        seen(|p| p.b_steps = (5, 2), "gemm: B [4, 5] in steps of 5 and 2 leaves its slice");
        seen(|p| p.b = p.b.wrapping_sub(1), "gemm: B [4, 5] in steps of 5 and 1 leaves its slice");
        seen(|p| p.c = p.c.wrapping_add(1), "gemm: C [3, 5] in steps of 5 and 1 leaves its slice");
        seen(|p| p.c_step = 4, "gemm: rows of C are 4 apart and 5 long");
        seen(|p| p.within[2] = p.within[0], "gemm: C [3, 5] in steps of 5 and 1 leaves its slice");
        seen(
            |p| {
                let (low, high) = p.within[2];
                p.within[1] = (low.min(p.within[1].0), high.max(p.within[1].1));
            },
            "gemm: C overlaps B",
        );
    }
}
