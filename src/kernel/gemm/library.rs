//! Products by `matrixmultiply`: f32 and f64, on every processor.

use super::{Operand, part_of};
use crate::float::Float;
use crate::kernel::crew::share;
use std::any::TypeId;

/// C ← A·B + βC on so many threads. The slices are as long as the extents say.
pub(super) fn product<T: Float>(
    threads: usize,
    (m, k, n): (usize, usize, usize),
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    beta: T,
    c: &mut [T],
) {
    let product = Product {
        m,
        k,
        n,
        a: a.entries.as_ptr(),
        a_steps: if a.transposed { (1, m) } else { (k, 1) },
        b: b.entries.as_ptr(),
        b_steps: if b.transposed { (1, k) } else { (n, 1) },
        beta,
        c: c.as_mut_ptr(),
        c_step: n,
        #[cfg(debug_assertions)]
        within: [addresses(a.entries), addresses(b.entries), addresses(c)],
    };
    share(threads, &|part| {
        // SAFETY: the slices hold as many entries as the extents and steps reach (`gemm_on` compares them); C is borrowed
        // mutably, and A and B are borrowed, until all parts are done; no two parts reach the same entry of C.
        unsafe { product.part(part, threads).run() }
    });
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

// SAFETY: whoever runs a product vouches for its pointers (see `run`); T is f32 or f64, which any thread may read and
// write.
unsafe impl<T: Float> Sync for Product<T> {}

impl<T: Float> Product<T> {
    /// The part-th of so many products with about as many rows, or columns, each. A tile of 16 rows, a multiple of the kernels', is
    /// whole in a part if it is whole in the product: one cut short is rounded differently.
    fn part(mut self, part: usize, parts: usize) -> Self {
        let (rows, columns) = part_of((self.m, self.n), 16, part, parts);
        (self.m, self.n) = (rows.len(), columns.len());
        // In bounds where the product is, unless the part is empty.
        self.a = self.a.wrapping_add(rows.start * self.a_steps.0);
        self.b = self.b.wrapping_add(columns.start * self.b_steps.1);
        self.c = self.c.wrapping_add(rows.start * self.c_step + columns.start);
        self
    }

    /// # Safety
    /// All entries that the extents and steps reach lie in allocations that hold numbers of type T,
    /// those of C in one that nothing else reads or writes, until this returns.
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

#[cfg(all(test, debug_assertions))]
mod tests {
    use super::*;

    /// A product of [3, 4] and [4, 5] on slices that fit, changed.
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
