//! An allocator that counts, by thread, so that tests that run at the same time do not count one another's.
#![allow(unsafe_code, dead_code)] // each test uses its share

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    pub static CALLS: Cell<usize> = const { Cell::new(0) };
    /// Calls for memory aligned to vectors. Nobody but `matrixmultiply` makes them: once in a
    /// product, given back before it returns, and out of our reach.
    pub static PACKING_CALLS: Cell<usize> = const { Cell::new(0) };
    pub static BYTES_HELD: Cell<isize> = const { Cell::new(0) };
    /// The most that were held at a time since it was last set.
    pub static PEAK: Cell<isize> = const { Cell::new(0) };
}

// SAFETY: passes every call on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let calls = if layout.align() > align_of::<u128>() { &PACKING_CALLS } else { &CALLS };
        calls.set(calls.get() + 1);
        BYTES_HELD.set(BYTES_HELD.get() + layout.size() as isize);
        PEAK.set(PEAK.get().max(BYTES_HELD.get()));
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        BYTES_HELD.set(BYTES_HELD.get() - layout.size() as isize);
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(at, layout) }
    }
    /// Not a new block beside the old one: the system moves the pages of a large block, and copies none.
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        BYTES_HELD.set(BYTES_HELD.get() + size as isize - layout.size() as isize);
        PEAK.set(PEAK.get().max(BYTES_HELD.get()));
        // SAFETY: as the caller promised.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
