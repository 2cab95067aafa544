//! The buffer pool: blocks that tensors leave behind, kept by size class for the next one.
//!
//! A training step makes and drops the same sizes over and over. Header, shape and memory are
//! recycled whole, so that a step in steady state asks the allocator for nothing. The pool is
//! per thread and capped per class: buffers that are always freed on another thread than the
//! one that makes them cannot pile up.

use crate::float::Float;
use crate::shape::Shape;
use std::any::Any;
use std::cell::RefCell;
use triomphe::{Arc, UniqueArc};

/// A shape and its entries, row-major. `data` may be longer than the shape needs; what lies
/// beyond is whatever an earlier tensor left there.
#[derive(Debug)]
pub(super) struct Block<T> {
    pub(super) shape: Shape,
    len: usize,
    /// The size class that `data` is of, [`CLASSES`] if of none.
    class: usize,
    /// Where in `data` the entries start: at a cache line's start.
    start: usize,
    data: Vec<T>,
}

/// Bytes of a cache line and of the widest vector. A vector that lies across two lines is two loads.
const LINE: usize = 64;

impl<T: Float> Block<T> {
    /// Entries beside those of the class, to start at a line.
    const ROOM: usize = LINE / size_of::<T>() - 1;

    fn new(class: usize, capacity: usize) -> Self {
        let data = vec![T::ZERO; capacity + Self::ROOM];
        // Where there is no saying, entries start anywhere: it is for speed alone.
        let start = Some(data.as_ptr().align_offset(LINE)).filter(|&start| start <= Self::ROOM).unwrap_or(0);
        Block { shape: Shape::SCALAR, len: 0, class, start, data }
    }

    /// Takes on a shape of so many entries. Debug builds fill it with NaN, so that a kernel that forgets an entry is seen.
    fn become_of(&mut self, shape: Shape, len: usize) {
        (self.shape, self.len) = (shape, len);
        if cfg!(debug_assertions) {
            self.entries_mut().fill(T::NAN);
        }
    }
}

impl<T> Block<T> {
    pub(super) fn entries(&self) -> &[T] {
        &self.data[self.start..self.start + self.len]
    }

    pub(super) fn entries_mut(&mut self) -> &mut [T] {
        &mut self.data[self.start..self.start + self.len]
    }
}

/// Up to this many bytes of one class are kept, and 8 blocks in any case.
const BYTES_PER_CLASS: usize = 1 << 20;
/// Blocks larger than this go back to the allocator.
const LARGEST_KEPT: usize = 1 << 28;
/// Four classes to the octave, for at most 64 octaves.
const CLASSES: usize = 4 * 64;

struct Pool<T> {
    free: Vec<Vec<UniqueArc<Block<T>>>>,
}

impl<T> Pool<T> {
    const fn new() -> Self {
        Pool { free: Vec::new() }
    }
}

thread_local! {
    static POOLS: RefCell<(Pool<f32>, Pool<f64>)> = const { RefCell::new((Pool::new(), Pool::new())) };
}

/// Runs `f` on this thread's pool for `T`; `None` while the thread is ending.
fn with_pool<T: Float, R>(f: impl FnOnce(&mut Pool<T>) -> R) -> Option<R> {
    POOLS
        .try_with(|pools| {
            let mut pools = pools.borrow_mut();
            let (single, double) = &mut *pools;
            // T is f32 or f64 and nothing else, and the compiler knows which.
            let pool = match (single as &mut dyn Any).downcast_mut::<Pool<T>>() {
                Some(pool) => Some(pool),
                None => (double as &mut dyn Any).downcast_mut::<Pool<T>>(),
            };
            pool.map(f)
        })
        .ok()
        .flatten()
}

/// The number of a class and the entries that its blocks hold: 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, .. four to
/// the octave, so that of 5 entries and more at most a fifth of a block is unused, beside the room to start at a line.
fn class_of(len: usize) -> (usize, usize) {
    let last = len.max(5) - 1; // in 2^octave .. 2^(octave + 1)
    let shift = last.ilog2() as usize - 2; // the classes of an octave are 2^shift entries apart
    let quarters = last >> shift; // 4 ..= 7
    (4 * shift + quarters - 4, (quarters + 1) << shift)
}

/// A block of this shape, and what `write` returns, which sets its entries. What it finds is unspecified.
pub(super) fn take<T: Float, R>(shape: Shape, write: impl FnOnce(&mut [T]) -> R) -> (Arc<Block<T>>, R) {
    let mut block = find(shape);
    let result = write(block.entries_mut());
    (block.shareable(), result)
}

/// [`take`] of a block that holds no more than the shape needs. It is of no class, and not kept for the next tensor.
#[cfg(any(test, feature = "data"))]
pub(super) fn take_exact<T: Float, R>(shape: Shape, write: impl FnOnce(&mut [T]) -> R) -> (Arc<Block<T>>, R) {
    let len = length(&shape);
    let mut block = UniqueArc::new(Block::new(CLASSES, len));
    block.become_of(shape, len);
    let result = write(block.entries_mut());
    (block.shareable(), result)
}

/// The number of entries. Every buffer is of a length from here: a product of extents that overflows is never taken for a
/// small one.
fn length(shape: &Shape) -> usize {
    shape.checked_numel().unwrap_or_else(|error| panic!("{error}"))
}

/// A block of this shape that nobody else holds.
fn find<T: Float>(shape: Shape) -> UniqueArc<Block<T>> {
    let len = length(&shape);
    let (class, capacity) = class_of(len);
    let found = with_pool(|pool: &mut Pool<T>| pool.free.get_mut(class).and_then(Vec::pop)).flatten();
    let mut block = found.unwrap_or_else(|| UniqueArc::new(Block::new(class, capacity)));
    block.become_of(shape, len);
    block
}

/// Takes back a block, if its last owner is the caller and it is worth keeping.
pub(super) fn give<T: Float>(block: Arc<Block<T>>) {
    let bytes = (block.data.len() - Block::<T>::ROOM) * size_of::<T>();
    if bytes > LARGEST_KEPT {
        return;
    }
    let Ok(block) = Arc::try_unique(block) else { return };
    with_pool(|pool: &mut Pool<T>| {
        if pool.free.is_empty() {
            pool.free.resize_with(CLASSES, Vec::new);
        }
        if let Some(list) = pool.free.get_mut(block.class)
            // Not a division: it takes longer than the rest of this.
            && (list.len() < 8 || (list.len() + 1).saturating_mul(bytes) <= BYTES_PER_CLASS)
        {
            list.push(block);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_cover_every_size_and_waste_at_most_a_quarter() {
        let mut last = (usize::MAX, 0);
        for len in 0..100_000 {
            let (class, capacity) = class_of(len);
            assert!(capacity >= len && class < CLASSES);
            assert!(len < 16 || capacity <= len + len / 4 + 4, "{len} in {capacity}");
            assert_eq!(class_of(capacity), (class, capacity), "a class holds its own size");
            assert!(class == last.0 || class == last.0.wrapping_add(1), "classes follow one another");
            assert_eq!(class == last.0, capacity == last.1);
            last = (class, capacity);
        }
    }

    #[test]
    fn entries_start_at_a_line() {
        for len in [1, 3, 100, 1000, 100_000] {
            let (single, double) =
                (take::<f32, _>(Shape::new(&[len]), |_| ()), take::<f64, _>(Shape::new(&[len]), |_| ()));
            assert_eq!(single.0.entries().as_ptr().align_offset(LINE), 0);
            assert_eq!(double.0.entries().as_ptr().align_offset(LINE), 0);
        }
    }

    #[test]
    fn a_block_comes_back_and_a_shared_one_does_not() {
        let take = |dims: &[usize]| -> Arc<Block<f32>> { take(Shape::new(dims), |_| ()).0 };
        let first = take(&[100]);
        let address = first.data.as_ptr();
        give(first);
        let second = take(&[10, 10]);
        assert_eq!(second.data.as_ptr(), address);
        let shared = second.clone();
        give(second);
        let third = take(&[100]);
        assert_ne!(third.data.as_ptr(), shared.data.as_ptr());
    }

    #[test]
    fn an_exact_block_has_no_entry_to_spare_and_is_not_kept() {
        for len in [0, 1, 5, 1000, 1025] {
            let block = take_exact::<f64, _>(Shape::new(&[len]), |_| ()).0;
            assert_eq!((block.entries().len(), block.data.len()), (len, len + Block::<f64>::ROOM));
            give(block);
        }
        assert_eq!(with_pool(|pool: &mut Pool<f64>| pool.free.iter().all(Vec::is_empty)), Some(true));
    }

    #[test]
    fn the_pool_is_capped_per_class() {
        let blocks: Vec<Arc<Block<f64>>> = (0..200).map(|_| take(Shape::new(&[1 << 17]), |_| ()).0).collect();
        blocks.into_iter().for_each(give);
        let kept = with_pool(|pool: &mut Pool<f64>| pool.free[class_of(1 << 17).0].len());
        assert_eq!(kept, Some(8));
    }
}
