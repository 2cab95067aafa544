//! Products in f32 on processors with AVX-512.
//!
//! C is made of tiles of up to 14 rows and 32 columns, whose sums stay in registers (28 of the 32 there are) while the
//! kernel goes along k: a step takes two vectors of B and, for each row, one number of A. Both factors are
//! copied into groups, of up to 14 rows of A and of 16 columns of B, in the order in which the kernel reads them: of B a
//! block that stays in the second cache, of A a group that stays in the first. The first tiles copy B while they multiply, where it
//! is not transposed and its rows are short: 32×784×256 takes 87 µs and not 107 (an Intel Xeon).
//!
//! An entry of C is the sum of what it is added to and a sum for each block of k, along k, in which every step is rounded once.
//! Neither the tile that it lies in nor the thread that works it out makes a difference to it.

use super::{Onto, Operand};
use crate::float::Float;

/// `false`, and nothing is done, where numbers or processor are of another kind. The slices are as long as the extents say.
pub(super) fn product<T: Float>(
    threads: usize,
    extents: (usize, usize, usize),
    a: Operand<'_, T>,
    b: Operand<'_, T>,
    onto: Onto<'_, T>,
    c: &mut [T],
) -> bool {
    #[cfg(target_arch = "x86_64")]
    if let (Some(a), Some(b), Some(onto), Some(c)) =
        (a.singles(), b.singles(), onto.singles(), T::singles_mut(c))
        && extents.1 > 0
        && is_x86_feature_detected!("avx512f")
    {
        avx512::product(threads, extents, a, b, onto, c);
        return true;
    }
    let _ = (threads, extents, a, b, onto, c);
    false
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use super::{Onto, Operand};
    use crate::kernel::crew::share;
    use crate::kernel::prefetch::prefetch;
    use std::arch::x86_64::*;
    use std::array::from_fn;
    use std::cell::RefCell;
    use std::ops::Range;

    /// Numbers in a vector.
    const LANES: usize = 16;
    /// The most rows of a tile.
    const ROWS: usize = 14;
    /// The most steps along k of a block: two groups of B and one of A are about what the first cache holds.
    const DEPTH: usize = 288;
    /// Columns of a block of B: with so many steps 576 KiB, about half of the second cache.
    const COLUMNS: usize = 512;
    /// The longest rows of B that are copied while they are multiplied. A tile takes two cache lines of each, where copying before takes
    /// eight, side by side. With longer rows some products lose more than others gain: 14×784×1000 takes 423 µs and not 311,
    /// and 32×784×816 388 and not 428 (an Intel Xeon).
    const SHORT: usize = 800;
    /// So many rows ahead of the kernel the processor is asked for what it will copy.
    const AHEAD: usize = 12;

    /// A vector in memory.
    #[derive(Clone, Copy)]
    #[repr(C, align(64))]
    struct Lane([f32; LANES]);

    thread_local! {
        /// A group of A and a block of B, kept from product to product.
        static GROUPS: RefCell<(Vec<Lane>, Vec<Lane>)> = const { RefCell::new((Vec::new(), Vec::new())) };
    }

    /// C, of which parts are written on several threads.
    #[derive(Clone, Copy)]
    struct Target {
        entries: *mut f32,
        len: usize,
        /// From one row to the next.
        step: usize,
    }

    // SAFETY: a pointer to numbers that any thread may write; no two parts write the same ones (see `product`).
    unsafe impl Sync for Target {}

    /// Where in C the sums of a tile go, and what they are added to.
    ///
    /// Who makes one vouches that these rows and columns lie within C, that nobody else reads or writes their entries while it is
    /// in use, and that a bias is as long as the rows of C.
    struct Place<'a> {
        onto: Onto<'a, f32>,
        c: Target,
        rows: Range<usize>,
        columns: Range<usize>,
    }

    /// What `super::product` says, on a processor that has AVX-512.
    pub(super) fn product(
        threads: usize,
        (m, k, n): (usize, usize, usize),
        a: Operand<'_, f32>,
        b: Operand<'_, f32>,
        onto: Onto<'_, f32>,
        c: &mut [f32],
    ) {
        // Vectors run along the rows of A and along the columns of B.
        let a = Vectors { entries: a.entries, step: if a.transposed { m } else { k }, along: a.transposed };
        let b = Vectors { entries: b.entries, step: if b.transposed { k } else { n }, along: !b.transposed };
        let c = Target { entries: c.as_mut_ptr(), len: c.len(), step: n };
        share(threads, &|part| {
            // Cut at any row: an entry has the same bits in any tile.
            let (rows, columns) = super::super::part_of((m, n), 1, part, threads);
            if rows.is_empty() || columns.is_empty() {
                return;
            }
            // SAFETY: `super::product` has seen that the processor has AVX-512, and `gemm_on` that C is as long as the
            // extents say, and a bias as its rows, so that rows and columns lie within it. C is borrowed mutably until all parts
            // are done, and no two of them have an entry in common.
            unsafe { block(k, a, b, onto, c, rows, columns) }
        });
    }

    /// The entries of C in these rows and columns.
    ///
    /// # Safety
    /// These rows and columns lie within C, and nobody else reads or writes their entries until this returns. A bias is as long
    /// as the rows of C.
    #[target_feature(enable = "avx512f")]
    unsafe fn block(
        k: usize,
        a: Vectors<'_>,
        b: Vectors<'_>,
        onto: Onto<'_, f32>,
        c: Target,
        rows: Range<usize>,
        columns: Range<usize>,
    ) {
        let depth = k.div_ceil(k.div_ceil(DEPTH));
        let height = rows.len().div_ceil(rows.len().div_ceil(ROWS).max(1));
        let short = b.along && b.step <= SHORT;
        GROUPS.with_borrow_mut(|(group, block)| {
            let empty = Lane([0.0; LANES]);
            grow(group, depth, empty);
            grow(block, depth * columns.len().min(COLUMNS).div_ceil(LANES), empty);
            for start in (0..k).step_by(depth.max(1)) {
                let depth = depth.min(k - start);
                let onto = if start == 0 { onto } else { Onto::Scaled(1.0) };
                for left in columns.clone().step_by(COLUMNS) {
                    let right = columns.end.min(left + COLUMNS);
                    if !short {
                        b.copy(block, depth, start, left..right);
                    }
                    for top in rows.clone().step_by(height.max(1)) {
                        let bottom = rows.end.min(top + height);
                        let group = &mut group[..depth];
                        a.copy(group, depth, start, top..bottom);
                        let unpacked = (short && top == rows.start).then(|| b.from(start));
                        for (pair, left) in block.chunks_mut(2 * depth).zip((left..right).step_by(2 * LANES))
                        {
                            let right = right.min(left + 2 * LANES);
                            let place = Place { onto, c, rows: top..bottom, columns: left..right };
                            // SAFETY: the caller's.
                            unsafe { tile(group, pair, unpacked, place) }
                        }
                    }
                }
            }
        });
    }

    fn grow(lanes: &mut Vec<Lane>, len: usize, empty: Lane) {
        if lanes.len() < len {
            lanes.resize(len, empty);
        }
    }

    /// C ← A·B, added to what it is added to, for a tile: a group of A with its rows, one group of B or two, one after the other,
    /// with its columns. `unpacked` is B from this block's first step on, if these groups are to be copied from it while they are
    /// multiplied (of use to later tiles, and done where there is none, too).
    ///
    /// # Safety
    /// What [`Place`] says.
    #[target_feature(enable = "avx512f")]
    unsafe fn tile(a: &[Lane], b: &mut [Lane], unpacked: Option<Vectors<'_>>, place: Place<'_>) {
        macro_rules! of_height {
            ($($height:literal)*) => {
                match (place.rows.len(), place.columns.len() > LANES) {
                    // SAFETY: the caller's.
                    $(
                        ($height, false) => unsafe { tile_of::<$height, 1>(a, b, unpacked, place) },
                        ($height, true) => unsafe { tile_of::<$height, 2>(a, b, unpacked, place) },
                    )*
                    _ => unreachable!("a tile has 1 to {ROWS} rows"),
                }
            };
        }
        of_height!(1 2 3 4 5 6 7 8 9 10 11 12 13 14)
    }

    /// A [`tile`] of so many rows and groups of B.
    ///
    /// # Safety
    /// What [`Place`] says.
    #[target_feature(enable = "avx512f")]
    unsafe fn tile_of<const HEIGHT: usize, const WIDTH: usize>(
        a: &[Lane],
        b: &mut [Lane],
        unpacked: Option<Vectors<'_>>,
        place: Place<'_>,
    ) {
        let depth = a.len();
        let b = &mut b[..WIDTH * depth];
        let sums: [[_; WIDTH]; HEIGHT] = match unpacked {
            None => sums(a, |p| from_fn(|v| load(&b[v * depth + p]))),
            Some(unpacked) => sums(a, |p| {
                let row = &unpacked.entries[p * unpacked.step..][place.columns.clone()];
                from_fn(|v| {
                    let numbers = &row[v * LANES..];
                    prefetch(numbers.as_ptr().wrapping_add(AHEAD * unpacked.step));
                    let vector = load_some(numbers);
                    store(&mut b[v * depth + p], vector);
                    vector
                })
            }),
        };
        // SAFETY: the caller's.
        unsafe { put(sums, place) }
    }

    /// The sums of a tile along k: of a group of A, and of the vectors of B that each step takes.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn sums<const HEIGHT: usize, const WIDTH: usize>(
        a: &[Lane],
        mut b: impl FnMut(usize) -> [__m512; WIDTH],
    ) -> [[__m512; WIDTH]; HEIGHT] {
        let mut sums = [[_mm512_setzero_ps(); WIDTH]; HEIGHT];
        for (p, a) in a.iter().enumerate() {
            let b = b(p);
            for (sums, &a) in sums.iter_mut().zip(&a.0) {
                let a = _mm512_set1_ps(a);
                for (sum, &b) in sums.iter_mut().zip(&b) {
                    *sum = _mm512_fmadd_ps(a, b, *sum);
                }
            }
        }
        sums
    }

    /// C ← sums, added to what they are added to.
    ///
    /// # Safety
    /// What [`Place`] says.
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn put<const HEIGHT: usize, const WIDTH: usize>(
        sums: [[__m512; WIDTH]; HEIGHT],
        Place { onto, c, rows, columns }: Place<'_>,
    ) {
        // A bias is read as rows of C are, each 0 from the next.
        let (beta, from) = match onto {
            Onto::Scaled(beta) => (beta, c),
            Onto::Bias(bias) => (1.0, Target { entries: bias.as_ptr().cast_mut(), len: bias.len(), step: 0 }),
        };
        for (i, sums) in sums.into_iter().enumerate() {
            for (j, sum) in sums.into_iter().enumerate() {
                let (row, left) = (rows.start + i, columns.start + j * LANES);
                let count = LANES.min(columns.end - left);
                let (first, first_of) = (row * c.step + left, row * from.step + left);
                debug_assert!(left + count <= c.step && first + count <= c.len, "gemm: a tile leaves C");
                debug_assert!(first_of + count <= from.len, "gemm: a tile leaves what it is added to");
                let mask = u16::MAX >> (LANES - count);
                // SAFETY: the entries that the mask lets through are within C, and nobody else reads or writes them, or within the
                // bias, as the caller vouches; a debug build has asserted where they lie.
                unsafe {
                    let sum = if beta == 0.0 {
                        sum
                    } else {
                        let before = _mm512_maskz_loadu_ps(mask, from.entries.add(first_of));
                        _mm512_fmadd_ps(_mm512_set1_ps(beta), before, sum)
                    };
                    _mm512_mask_storeu_ps(c.entries.add(first), mask, sum);
                }
            }
        }
    }

    /// A factor: many vectors, and k numbers of each.
    #[derive(Clone, Copy)]
    struct Vectors<'a> {
        entries: &'a [f32],
        /// From one number of a vector to its next one, or from one vector to the next.
        step: usize,
        /// Whether the numbers of different vectors for the same step along k lie side by side.
        along: bool,
    }

    impl Vectors<'_> {
        /// The same from this step along k on, if they lie side by side.
        fn from(self, start: usize) -> Self {
            Vectors { entries: &self.entries[start * self.step..], ..self }
        }

        /// Groups of 16 vectors, of the last one what there is: into the k-th of their `depth` lanes the numbers of step
        /// `start` + k.
        #[target_feature(enable = "avx512f")]
        fn copy(self, lanes: &mut [Lane], depth: usize, start: usize, vectors: Range<usize>) {
            /// Groups whose numbers are read side by side: a group alone takes a cache line from each of many rows.
            const SIDE: usize = 4;

            let (side, of_lane) = if self.along { (SIDE, SIDE * LANES) } else { (1, LANES) };
            for (groups, first) in lanes.chunks_mut(side * depth).zip(vectors.clone().step_by(of_lane)) {
                let vectors = first..vectors.end.min(first + of_lane);
                if self.along {
                    self.copy_along(groups, depth, start, vectors);
                } else {
                    self.copy_across(&mut groups[..depth], start, vectors);
                }
            }
        }

        #[target_feature(enable = "avx512f")]
        fn copy_along(self, groups: &mut [Lane], depth: usize, start: usize, vectors: Range<usize>) {
            for p in 0..depth {
                let row = &self.entries[(start + p) * self.step..][vectors.clone()];
                let (whole, rest) = row.as_chunks::<LANES>();
                for (group, &numbers) in whole.iter().enumerate() {
                    groups[group * depth + p] = Lane(numbers);
                }
                if !rest.is_empty() {
                    store(&mut groups[whole.len() * depth + p], load_some(rest));
                }
            }
        }

        #[target_feature(enable = "avx512f")]
        fn copy_across(self, lanes: &mut [Lane], start: usize, vectors: Range<usize>) {
            let depth = lanes.len();
            let rows: [&[f32]; LANES] = from_fn(|lane| {
                // What there is too little of is taken again, and never looked at.
                let vector = (vectors.start + lane).min(vectors.end - 1);
                &self.entries[vector * self.step + start..][..depth]
            });
            for (lanes, p) in lanes.chunks_mut(LANES).zip((0..depth).step_by(LANES)) {
                let mut square = [_mm512_setzero_ps(); LANES];
                for (vector, row) in square.iter_mut().zip(rows) {
                    *vector = load_some(&row[p..p + lanes.len()]);
                }
                for (lane, vector) in lanes.iter_mut().zip(transpose(square)) {
                    store(lane, vector);
                }
            }
        }
    }

    /// Rows to columns: first within squares of four by four numbers, then among these squares.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn transpose(mut rows: [__m512; LANES]) -> [__m512; LANES] {
        // The j-th of four rows becomes, of each quarter of the vectors, the j-th column.
        for rows in rows.as_chunks_mut::<4>().0 {
            let [a, b, c, d] = *rows;
            let (ab, cd) =
                (_mm512_castps_pd(_mm512_unpacklo_ps(a, b)), _mm512_castps_pd(_mm512_unpacklo_ps(c, d)));
            rows[0] = _mm512_castpd_ps(_mm512_unpacklo_pd(ab, cd));
            rows[1] = _mm512_castpd_ps(_mm512_unpackhi_pd(ab, cd));
            let (ab, cd) =
                (_mm512_castps_pd(_mm512_unpackhi_ps(a, b)), _mm512_castps_pd(_mm512_unpackhi_ps(c, d)));
            rows[2] = _mm512_castpd_ps(_mm512_unpacklo_pd(ab, cd));
            rows[3] = _mm512_castpd_ps(_mm512_unpackhi_pd(ab, cd));
        }
        // Quarters 0 and 2 of two vectors, and 1 and 3.
        const EVEN: i32 = 0b10_00_10_00;
        const ODD: i32 = 0b11_01_11_01;
        for j in 0..4 {
            let [a, b, c, d] = [rows[j], rows[4 + j], rows[8 + j], rows[12 + j]];
            let (ab, cd) = (_mm512_shuffle_f32x4::<EVEN>(a, b), _mm512_shuffle_f32x4::<EVEN>(c, d));
            rows[j] = _mm512_shuffle_f32x4::<EVEN>(ab, cd);
            rows[8 + j] = _mm512_shuffle_f32x4::<ODD>(ab, cd);
            let (ab, cd) = (_mm512_shuffle_f32x4::<ODD>(a, b), _mm512_shuffle_f32x4::<ODD>(c, d));
            rows[4 + j] = _mm512_shuffle_f32x4::<EVEN>(ab, cd);
            rows[12 + j] = _mm512_shuffle_f32x4::<ODD>(ab, cd);
        }
        rows
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn load(lane: &Lane) -> __m512 {
        // SAFETY: a lane is 16 numbers, aligned to 64 bytes.
        unsafe { _mm512_load_ps(lane.0.as_ptr()) }
    }

    /// The first 16 numbers, or what there is of them and zeros.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn load_some(numbers: &[f32]) -> __m512 {
        let mask = ((1u32 << numbers.len().min(LANES)) - 1) as u16;
        // SAFETY: the mask lets through as many numbers as the slice has, at most 16.
        unsafe { _mm512_maskz_loadu_ps(mask, numbers.as_ptr()) }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn store(lane: &mut Lane, vector: __m512) {
        // SAFETY: a lane is 16 numbers, aligned to 64 bytes.
        unsafe { _mm512_store_ps(lane.0.as_mut_ptr(), vector) }
    }
}
