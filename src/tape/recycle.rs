//! A `Vec` whose memory goes back to the thread when it is dropped: a tape's nodes and its
//! gradients are as many in every step, and a step in steady state should allocate nothing.

use std::any::Any;
use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// Vecs kept for each thread, of all types together.
const MOST_KEPT: usize = 16;
/// A larger Vec goes back to the allocator.
const LARGEST_KEPT: usize = 1 << 28;

thread_local! {
    static KEPT: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

/// Dereferences to a `Vec`, which starts empty and perhaps with room.
// The Vec is boxed so that it can be kept as a `Box<dyn Any>` without allocating anew; `None`
// only while being dropped.
#[allow(clippy::box_collection)]
pub(super) struct Recycled<A: 'static>(Option<Box<Vec<A>>>);

impl<A> Default for Recycled<A> {
    fn default() -> Self {
        let kept = KEPT.try_with(|kept| {
            let mut kept = kept.borrow_mut();
            let at = kept.iter().rposition(|vec| vec.is::<Vec<A>>())?;
            kept.swap_remove(at).downcast::<Vec<A>>().ok()
        });
        Recycled(Some(kept.ok().flatten().unwrap_or_default()))
    }
}

impl<A> Drop for Recycled<A> {
    fn drop(&mut self) {
        let Some(mut vec) = self.0.take() else { return };
        vec.clear();
        if vec.capacity() == 0 || vec.capacity() * size_of::<A>() > LARGEST_KEPT {
            return;
        }
        // A thread that is ending keeps nothing.
        let _ = KEPT.try_with(|kept| {
            let mut kept = kept.borrow_mut();
            if kept.len() < MOST_KEPT {
                kept.push(vec);
            }
        });
    }
}

impl<A> Deref for Recycled<A> {
    type Target = Vec<A>;
    fn deref(&self) -> &Vec<A> {
        self.0.as_ref().expect("there until dropped")
    }
}

impl<A> DerefMut for Recycled<A> {
    fn deref_mut(&mut self) -> &mut Vec<A> {
        self.0.as_mut().expect("there until dropped")
    }
}
