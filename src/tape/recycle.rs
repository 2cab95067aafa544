//! A `Vec`, or several, whose memory goes back to the thread when it is dropped: a tape's nodes and its
//! gradients are as many in every step, and a step in steady state should allocate nothing.

use std::any::Any;
use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// How many are kept for each thread, of all types together.
const MOST_KEPT: usize = 16;
/// More bytes go back to the allocator.
const LARGEST_KEPT: usize = 1 << 28;

thread_local! {
    static KEPT: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

/// What keeps its memory when it is cleared.
pub(super) trait Recycle: Default + 'static {
    fn clear(&mut self);
    /// The memory it keeps.
    fn bytes(&self) -> usize;
}

impl<A: 'static> Recycle for Vec<A> {
    fn clear(&mut self) {
        self.clear();
    }
    fn bytes(&self) -> usize {
        self.capacity() * size_of::<A>()
    }
}

/// Dereferences to a `Vec`, or several, which start empty and perhaps with room.
// Boxed so that it can be kept as a `Box<dyn Any>` without allocating anew; `None` only while being
// dropped.
pub(super) struct Recycled<A: Recycle>(Option<Box<A>>);

impl<A: Recycle> Default for Recycled<A> {
    fn default() -> Self {
        let kept = KEPT.try_with(|kept| {
            let mut kept = kept.borrow_mut();
            let at = kept.iter().rposition(|one| one.is::<A>())?;
            kept.swap_remove(at).downcast::<A>().ok()
        });
        Recycled(Some(kept.ok().flatten().unwrap_or_default()))
    }
}

impl<A: Recycle> Drop for Recycled<A> {
    fn drop(&mut self) {
        let Some(mut one) = self.0.take() else { return };
        one.clear();
        if one.bytes() == 0 || one.bytes() > LARGEST_KEPT {
            return;
        }
        // A thread that is ending keeps nothing.
        let _ = KEPT.try_with(|kept| {
            let mut kept = kept.borrow_mut();
            if kept.len() < MOST_KEPT {
                kept.push(one);
            }
        });
    }
}

impl<A: Recycle> Deref for Recycled<A> {
    type Target = A;
    fn deref(&self) -> &A {
        self.0.as_ref().expect("there until dropped")
    }
}

impl<A: Recycle> DerefMut for Recycled<A> {
    fn deref_mut(&mut self) -> &mut A {
        self.0.as_mut().expect("there until dropped")
    }
}
