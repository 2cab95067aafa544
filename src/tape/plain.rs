//! Going backward the plain way: a reverse `for`, one rule after the other, every gradient in a
//! `Vec`. The engine proper is held to it, and whoever checks a checker can break it on purpose.

use super::accumulate::add_to;
use super::gradients::Kept;
use super::recycle::Recycled;
use super::{Gradients, Inputs, Tape, Var};
use crate::float::Float;
use crate::tensor::Tensor;

/// A mistake that an engine can make though every rule is right.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The second use of a value overwrites the gradient of the first: `=` for `+=`.
    Overwrite,
    /// A gradient that was broadcast is cut to its input's size, not summed.
    SkippedSum,
    /// A node is visited before all of its uses have been.
    WrongOrder,
    /// The last input of an operation is forgotten.
    DroppedEdge,
    /// What an earlier pass has left is added to.
    MissingReset,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 5] =
        [Fault::Overwrite, Fault::SkippedSum, Fault::WrongOrder, Fault::DroppedEdge, Fault::MissingReset];
}

impl<T: Float> Tape<'_, T> {
    /// From here on this tape makes a mistake when it goes backward.
    #[doc(hidden)]
    pub fn break_engine(&self, fault: Fault) {
        self.fault.set(Some(fault));
    }

    /// The gradients of Σ seed·root, with hooks left out.
    pub(crate) fn plain_backward(
        &self,
        root: Var<'_, T>,
        seed: Tensor<T>,
        fault: Option<Fault>,
    ) -> Gradients<T> {
        let mut gradients = vec![None; root.id() + 1];
        let passes = if fault == Some(Fault::MissingReset) { 2 } else { 1 };
        for _ in 0..passes {
            gradients[root.id()] = Some(seed.clone());
            for turn in 0..=root.id() {
                let mut id = root.id() - turn;
                if fault == Some(Fault::WrongOrder) && turn > 0 && root.id() > 1 {
                    // Every node but the root in the order of the tape.
                    id = turn - 1;
                }
                if self.is_leaf(id) {
                    continue;
                }
                let Some(g) = gradients[id].take() else { continue };
                let arity = self.inputs(id).len();
                for (i, mut gradient) in self.replay(id as u32, g) {
                    if fault == Some(Fault::DroppedEdge) && arity > 1 && i == arity - 1 {
                        continue;
                    }
                    let input = self.inputs(id)[i] as usize;
                    let shape = self.handle(input as u32).shape();
                    if fault == Some(Fault::SkippedSum) && *gradient.shape() != shape {
                        gradient = Tensor::from_fn(&shape, |at| *gradient.data().get(at).unwrap_or(&T::ZERO));
                    }
                    if fault == Some(Fault::Overwrite) {
                        gradients[input] = None;
                    }
                    add_to(&mut gradients[input], &shape, gradient);
                }
            }
        }
        let mut kept = Recycled::<Kept<T>>::default();
        for (id, gradient) in gradients.into_iter().enumerate().rev() {
            kept.extend(gradient.map(|gradient| (id as u32, gradient)));
        }
        Gradients::collect(self, root.id(), seed, kept)
    }

    fn is_leaf(&self, id: usize) -> bool {
        self.nodes.borrow()[id].kind.is_leaf()
    }

    pub(super) fn inputs(&self, id: usize) -> Inputs {
        let nodes = self.nodes.borrow();
        nodes.inputs(&nodes[id]).into()
    }
}
