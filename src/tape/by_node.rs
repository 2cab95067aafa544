//! `ByNode`: the gradients that are on their way back.

use super::recycle::{Recycle, Recycled};
use crate::float::Float;
use crate::tensor::Tensor;

/// Nodes of a page.
const PAGE: usize = 256;

/// A gradient, or none, for each node up to a root. It is gone through from its end: [`pop`](Self::pop) takes the last node's gradient
/// and shortens the list.
///
/// Most nodes have a gradient for a short while only, from the first use that is gone back through until their own turn. So the
/// list is in pages, which are made when they are written to, and used again when the last of their nodes has had its turn: what
/// goes back through a long list stays in the processor's first cache (measured, a million nodes of a scalar chain: 17.5 ns each, and 23
/// in one piece, dropping it included).
pub(super) struct ByNode<T: Float> {
    /// The page of a node is at id / PAGE; `None` if it has not been written to, or has been used up.
    pages: Vec<Option<Page<T>>>,
    nodes: usize,
    /// Pages without a gradient.
    spare: Vec<Page<T>>,
}

type Page<T> = Box<[Option<Tensor<T>>; PAGE]>;

impl<T: Float> Default for ByNode<T> {
    fn default() -> Self {
        ByNode { pages: Vec::new(), nodes: 0, spare: Vec::new() }
    }
}

impl<T: Float> Recycle for ByNode<T> {
    fn clear(&mut self) {
        for (number, page) in self.pages.drain(..).enumerate() {
            if let Some(mut page) = page {
                // No node from the end of the list on has a gradient: `at` gives no place to it, and `pop` has taken it.
                let nodes = PAGE.min(self.nodes.saturating_sub(number * PAGE));
                page[..nodes].fill(None);
                self.spare.push(page);
            }
        }
    }
    fn bytes(&self) -> usize {
        self.pages.bytes() + self.spare.bytes() + self.spare.len() * size_of::<[Option<Tensor<T>>; PAGE]>()
    }
}

impl<T: Float> ByNode<T> {
    /// For so many nodes, none of which has a gradient.
    pub(super) fn of(nodes: usize) -> Recycled<Self> {
        let mut new = Recycled::<Self>::default();
        new.pages.resize_with(nodes.div_ceil(PAGE), || None);
        new.nodes = nodes;
        new
    }

    pub(super) fn nodes(&self) -> usize {
        self.nodes
    }

    /// The place of a node's gradient.
    #[inline]
    pub(super) fn at(&mut self, id: usize) -> &mut Option<Tensor<T>> {
        debug_assert!(id < self.nodes, "a gradient of v{id}, which has had its turn");
        let page = &mut self.pages[id / PAGE];
        let page = match page {
            Some(page) => page,
            None => page.insert(empty_page(&mut self.spare)),
        };
        &mut page[id % PAGE]
    }

    /// The gradient of a node, so far.
    pub(super) fn get(&self, id: usize) -> Option<&Tensor<T>> {
        self.pages[id / PAGE].as_ref()?[id % PAGE].as_ref()
    }

    /// The gradient of the last node of the list, if it has one. The list ends before it then.
    ///
    /// # Panics
    /// If there is no node left.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<Tensor<T>> {
        let id = self.nodes - 1;
        self.nodes = id;
        let gradient = self.pages[id / PAGE].as_mut()?[id % PAGE].take();
        if id.is_multiple_of(PAGE) {
            self.spare.extend(self.pages[id / PAGE].take());
        }
        gradient
    }
}

/// A page without a gradient: a spare one if there is one.
#[cold]
fn empty_page<T: Float>(spare: &mut Vec<Page<T>>) -> Page<T> {
    spare.pop().unwrap_or_else(|| Box::new([const { None }; PAGE]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tape::Tape;

    #[test]
    fn a_list_ends_before_the_node_that_was_popped_and_uses_its_pages_again() {
        let mut list = ByNode::<f64>::of(3 * PAGE + 5);
        for id in [0, PAGE - 1, PAGE, 3 * PAGE + 4] {
            *list.at(id) = Some(Tensor::scalar(id as f64));
        }
        assert_eq!(list.pages.iter().flatten().count(), 3);
        assert_eq!(list.get(PAGE).map(Tensor::item), Some(PAGE as f64));
        assert!(list.get(PAGE + 1).is_none() && list.get(2 * PAGE).is_none());
        for id in (PAGE..3 * PAGE + 5).rev() {
            let wanted = [PAGE, 3 * PAGE + 4].contains(&id).then_some(id as f64);
            assert_eq!((list.pop().map(|g| g.item()), list.nodes()), (wanted, id));
        }
        assert_eq!(list.spare.len(), 2);
        // What is left when a rule panics is not found by the next one.
        drop(list);
        let mut list = ByNode::<f64>::of(PAGE);
        assert_eq!(list.spare.len(), 3);
        *list.at(PAGE - 1) = None;
        assert_eq!((list.spare.len(), list.get(0)), (2, None));
        assert!((0..PAGE).all(|_| list.pop().is_none()));
    }

    #[test]
    fn gradients_are_kept_at_the_edges_of_pages() {
        const LAST: usize = 3 * PAGE + 5;
        let asked = [0, PAGE - 1, PAGE, 2 * PAGE - 1, 2 * PAGE, LAST - 1, LAST];
        // The second time with the pages of the first.
        for _ in 0..2 {
            let tape = Tape::f64();
            let mut x = tape.var(1.0);
            let mut nodes = vec![x];
            while x.id() < LAST {
                x = x + x;
                nodes.push(x);
            }
            for id in asked {
                let _ = nodes[id].keep_grad();
            }
            let grads = x.backward();
            for (id, &node) in nodes.iter().enumerate() {
                let wanted = asked.contains(&id).then(|| 2.0f64.powi((LAST - id) as i32));
                assert_eq!(grads.get(node).map(Tensor::item), wanted, "v{id}");
            }
            assert_eq!(format!("{grads:?}"), "Gradients of 7 variables and 0 parameters");
            let halved = grads * 0.5;
            let wanted = asked.map(|id| 2.0f64.powi((LAST - id) as i32) / 2.0);
            assert_eq!(asked.map(|id| halved[nodes[id]].item()), wanted);
        }
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "a gradient of v2, which has had its turn")]
    fn a_node_that_has_had_its_turn_gets_no_gradient() {
        let mut list = ByNode::<f32>::of(3);
        list.pop();
        list.at(2);
    }
}
