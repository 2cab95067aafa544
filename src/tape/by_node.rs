//! `ByNode`: gradients by node.

use super::recycle::{Recycle, Recycled};
use crate::float::Float;
use crate::tensor::Tensor;

/// Nodes of a page.
const PAGE: usize = 256;

/// A gradient, or none, for each node up to a root. Most nodes have one for a short while only, from the first use that is gone
/// back through until their own turn. So the list is in pages, which are made when they are written to, and the pages behind
/// the node whose turn it is are used again: what goes back through a long list stays in the processor's first cache
/// (measured, a million nodes of a scalar chain: 17.5 ns for each to be gone back through, and 23 in one piece, its end included).
pub(super) struct ByNode<T: Float> {
    /// Of page ids / PAGE; none where there is no gradient.
    pages: Vec<Option<Page<T>>>,
    nodes: usize,
    /// Pages that hold nothing.
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
                let nodes = PAGE.min(self.nodes - number * PAGE);
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
        let page = &mut self.pages[id / PAGE];
        let page = match page {
            Some(page) => page,
            None => page.insert(page_of(&mut self.spare)),
        };
        &mut page[id % PAGE]
    }

    /// Takes a node's gradient.
    #[inline]
    pub(super) fn take(&mut self, id: usize) -> Option<Tensor<T>> {
        self.pages[id / PAGE].as_mut()?[id % PAGE].take()
    }

    /// Gives up the page that starts with this node, if one does and nothing in it has been kept.
    #[inline]
    pub(super) fn leave(&mut self, id: usize) {
        if id.is_multiple_of(PAGE) {
            self.give_up(id / PAGE);
        }
    }

    #[inline(never)]
    fn give_up(&mut self, number: usize) {
        if let Some(slot) = self.pages.get_mut(number)
            && let Some(page) = slot.take_if(|page| page.iter().all(Option::is_none))
        {
            self.spare.push(page);
        }
    }

    pub(super) fn get(&self, id: usize) -> Option<&Tensor<T>> {
        self.pages.get(id / PAGE)?.as_ref()?[id % PAGE].as_ref()
    }

    /// Those that there are.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Tensor<T>> {
        self.pages.iter().flatten().flat_map(|page| page.iter().flatten())
    }

    /// [`iter`](Self::iter), to be changed.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Tensor<T>> {
        self.pages.iter_mut().flatten().flat_map(|page| page.iter_mut().flatten())
    }
}

/// A page that holds nothing: a spare one if there is one.
#[cold]
fn page_of<T: Float>(spare: &mut Vec<Page<T>>) -> Page<T> {
    spare.pop().unwrap_or_else(|| Box::new([const { None }; PAGE]))
}

#[cfg(test)]
mod tests {
    use super::PAGE;
    use crate::tape::Tape;

    #[test]
    fn gradients_that_are_kept_stay_at_the_edges_of_pages_and_nothing_else_does() {
        const LAST: usize = 3 * PAGE + 5;
        let kept = [0, PAGE - 1, PAGE, 2 * PAGE - 1, 2 * PAGE, LAST - 1, LAST];
        // The second time with the pages of the first.
        for _ in 0..2 {
            let tape = Tape::f64();
            let mut x = tape.var(1.0);
            let mut nodes = vec![x];
            while x.id() < LAST {
                x = x + x;
                nodes.push(x);
            }
            for id in kept {
                let _ = nodes[id].keep_grad();
            }
            let grads = x.backward();
            for (id, &node) in nodes.iter().enumerate() {
                let wanted = kept.contains(&id).then(|| 2.0f64.powi((LAST - id) as i32));
                assert_eq!(grads.get(node).map(|g| g.item()), wanted, "v{id}");
            }
            assert_eq!(
                format!("{grads:?}"),
                format!("Gradients of {} variables and 0 parameters", kept.len())
            );
            let halved = grads * 0.5;
            assert_eq!(
                kept.map(|id| halved[nodes[id]].item()),
                kept.map(|id| 2.0f64.powi((LAST - id) as i32) / 2.0)
            );
        }
    }
}
