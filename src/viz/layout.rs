//! Placing a graph in layers, from top to bottom: every edge goes down (Sugiyama et al., 1981).
//! Ranks by longest path, order within a rank by barycentres, places by least squares.

/// A graph to be placed. Edges go from lower to higher numbers; nodes are boxes of one size.
pub(super) struct Graph<'a> {
    pub(super) nodes: usize,
    pub(super) edges: &'a [(usize, usize)],
}

/// Where everything is, in units of a box and the gap beside it: x within the rank, y the rank.
#[derive(Debug)]
pub(super) struct Layout {
    /// The centre of each node.
    pub(super) places: Vec<(f64, usize)>,
    /// The points through which each edge goes, both ends included.
    pub(super) paths: Vec<Vec<(f64, usize)>>,
    /// From the leftmost centre, which is at 0, to the rightmost.
    pub(super) width: f64,
    pub(super) ranks: usize,
}

/// How wide the stand-in for an edge that passes a rank is, beside a box of 1.
const THREAD: f64 = 0.22;
/// How often order and places are improved.
const SWEEPS: usize = 12;

impl Graph<'_> {
    pub(super) fn layout(&self) -> Layout {
        let ranks = self.ranks();
        let mut layers = Layers::new(self, &ranks);
        layers.sort();
        let x = layers.place();
        let left = x.iter().copied().fold(f64::INFINITY, f64::min).min(f64::MAX);
        let width = x.iter().map(|x| x - left).fold(0.0, f64::max);
        let place = |v: usize| (x[v] - left, layers.rank[v]);
        Layout {
            places: (0..self.nodes).map(place).collect(),
            paths: layers.threads.iter().map(|path| path.iter().map(|&v| place(v)).collect()).collect(),
            width,
            ranks: layers.layers.len(),
        }
    }

    /// The longest way from a source; then sources move down to just above their first use.
    fn ranks(&self) -> Vec<usize> {
        let mut ranks = vec![0; self.nodes];
        let mut edges = self.edges.to_vec();
        edges.sort_unstable_by_key(|&(from, to)| (to, from));
        for &(from, to) in &edges {
            ranks[to] = ranks[to].max(ranks[from] + 1);
        }
        let mut is_source = vec![true; self.nodes];
        edges.iter().for_each(|&(_, to)| is_source[to] = false);
        let mut first_use = vec![usize::MAX; self.nodes];
        edges.iter().for_each(|&(from, to)| first_use[from] = first_use[from].min(ranks[to]));
        for v in 0..self.nodes {
            if is_source[v] && first_use[v] != usize::MAX {
                ranks[v] = first_use[v] - 1;
            }
        }
        ranks
    }
}

/// The nodes by rank, and threads: stand-ins for edges in the ranks that they pass.
struct Layers {
    layers: Vec<Vec<usize>>,
    rank: Vec<usize>,
    /// Where in its layer each one stands.
    at: Vec<usize>,
    above: Vec<Vec<usize>>,
    below: Vec<Vec<usize>>,
    /// The way of each edge: its ends and what stands in for it between them.
    threads: Vec<Vec<usize>>,
    /// From here on they are threads.
    nodes: usize,
}

impl Layers {
    fn new(graph: &Graph<'_>, ranks: &[usize]) -> Self {
        let mut rank = ranks.to_vec();
        let threads: Vec<Vec<usize>> = graph
            .edges
            .iter()
            .map(|&(from, to)| {
                let mut path = vec![from];
                for passed in ranks[from] + 1..ranks[to] {
                    path.push(rank.len());
                    rank.push(passed);
                }
                path.push(to);
                path
            })
            .collect();
        let mut layers = vec![Vec::new(); rank.iter().max().map_or(0, |last| last + 1)];
        rank.iter().enumerate().for_each(|(v, &rank)| layers[rank].push(v));
        let (mut above, mut below) = (vec![Vec::new(); rank.len()], vec![Vec::new(); rank.len()]);
        for pair in threads.iter().flat_map(|path| path.windows(2)) {
            below[pair[0]].push(pair[1]);
            above[pair[1]].push(pair[0]);
        }
        let at = vec![0; rank.len()];
        let mut layers = Layers { layers, rank, at, above, below, threads, nodes: graph.nodes };
        layers.number();
        layers
    }

    fn number(&mut self) {
        for layer in &self.layers {
            layer.iter().enumerate().for_each(|(at, &v)| self.at[v] = at);
        }
    }

    /// Sorts each rank by the mean place of its neighbours, down and up by turns; keeps the order
    /// with the fewest crossings.
    fn sort(&mut self) {
        let mut best = (self.crossings(), self.layers.clone());
        for sweep in 0..SWEEPS {
            let down = sweep % 2 == 0;
            let order: Vec<usize> =
                if down { (0..self.layers.len()).collect() } else { (0..self.layers.len()).rev().collect() };
            for rank in order {
                let neighbours = if down { &self.above } else { &self.below };
                let mean = |v: usize| {
                    let of = &neighbours[v];
                    let sum: usize = of.iter().map(|&n| self.at[n]).sum();
                    if of.is_empty() { self.at[v] as f64 } else { sum as f64 / of.len() as f64 }
                };
                let mut keyed: Vec<(f64, usize)> = self.layers[rank].iter().map(|&v| (mean(v), v)).collect();
                keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
                self.layers[rank] = keyed.into_iter().map(|(_, v)| v).collect();
                let layer = &self.layers[rank];
                layer.iter().enumerate().for_each(|(at, &v)| self.at[v] = at);
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.layers.clone());
            }
        }
        self.layers = best.1;
        self.number();
    }

    /// How many pairs of edges cross, between all neighbouring ranks.
    fn crossings(&self) -> usize {
        let mut crossings = 0;
        for layer in &self.layers {
            let mut ends: Vec<(usize, usize)> = layer
                .iter()
                .flat_map(|&v| self.below[v].iter().map(move |&to| (self.at[v], self.at[to])))
                .collect();
            ends.sort_unstable();
            // Pairs out of order, counted while inserting into a sorted list.
            let mut sorted: Vec<usize> = Vec::with_capacity(ends.len());
            for (_, to) in ends {
                let place = sorted.partition_point(|&seen| seen <= to);
                crossings += sorted.len() - place;
                sorted.insert(place, to);
            }
        }
        crossings
    }

    /// Moves everything towards the mean of its neighbours as far as the order and the distances
    /// allow, rank by rank.
    fn place(&self) -> Vec<f64> {
        let room = |v: usize| if v < self.nodes { 1.0 } else { THREAD };
        let mut x = vec![0.0; self.rank.len()];
        let offsets: Vec<Vec<f64>> = self
            .layers
            .iter()
            .map(|layer| {
                let mut at = 0.0;
                layer
                    .iter()
                    .enumerate()
                    .map(|(i, &v)| {
                        if i > 0 {
                            at += (room(layer[i - 1]) + room(v)) / 2.0;
                        }
                        at
                    })
                    .collect()
            })
            .collect();
        for (layer, offsets) in self.layers.iter().zip(&offsets) {
            let middle = offsets.last().unwrap_or(&0.0) / 2.0;
            layer.iter().zip(offsets).for_each(|(&v, offset)| x[v] = offset - middle);
        }
        // The edge that a thread stands in for.
        let mut edge_of = vec![usize::MAX; self.rank.len()];
        for (edge, path) in self.threads.iter().enumerate() {
            path[1..path.len() - 1].iter().for_each(|&v| edge_of[v] = edge);
        }
        for sweep in 0..6 * SWEEPS {
            let down = sweep % 2 == 0;
            // Towards the end threads are straightened: each wants to be where its edge is on average.
            let means: Vec<f64> =
                self.threads.iter().map(|path| mean(&path[1..path.len() - 1], &x)).collect();
            let straighten = sweep >= 2 * SWEEPS;
            for step in 0..self.layers.len() {
                let rank = if down { step } else { self.layers.len() - 1 - step };
                let (layer, offsets) = (&self.layers[rank], &offsets[rank]);
                let wanted = |v: usize| {
                    if straighten && v >= self.nodes {
                        return means[edge_of[v]];
                    }
                    // Both sides pull, the side that was just moved twice as much.
                    let (above, below) = (mean(&self.above[v], &x), mean(&self.below[v], &x));
                    match (self.above[v].is_empty(), self.below[v].is_empty()) {
                        (true, true) => x[v],
                        (true, false) => below,
                        (false, true) => above,
                        _ if down => (2.0 * above + below) / 3.0,
                        _ => (above + 2.0 * below) / 3.0,
                    }
                };
                let wanted: Vec<f64> =
                    layer.iter().zip(offsets).map(|(&v, offset)| wanted(v) - offset).collect();
                for ((&v, offset), at) in layer.iter().zip(offsets).zip(isotonic(&wanted)) {
                    x[v] = at + offset;
                }
            }
        }
        x
    }
}

fn mean(of: &[usize], x: &[f64]) -> f64 {
    of.iter().map(|&v| x[v]).sum::<f64>() / of.len().max(1) as f64
}

/// The non-decreasing sequence closest to this one by least squares (pool adjacent violators).
fn isotonic(wanted: &[f64]) -> Vec<f64> {
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for &x in wanted {
        pools.push((x, 1));
        while let [.., (before, n), (after, m)] = pools[..]
            && before > after
        {
            pools.pop();
            pools.pop();
            pools.push(((before * n as f64 + after * m as f64) / (n + m) as f64, n + m));
        }
    }
    pools.into_iter().flat_map(|(x, n)| std::iter::repeat_n(x, n)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(nodes: usize, edges: &[(usize, usize)]) -> Layout {
        Graph { nodes, edges }.layout()
    }

    #[test]
    fn edges_go_down_and_boxes_stand_apart() {
        let edges = [(0, 3), (1, 3), (2, 4), (3, 4), (0, 4), (1, 5), (4, 5), (3, 5), (3, 3 + 2)];
        let layout = layout(6, &edges);
        for (&(from, to), path) in edges.iter().zip(&layout.paths) {
            assert_eq!((path[0], path[path.len() - 1]), (layout.places[from], layout.places[to]));
            assert!(path.windows(2).all(|pair| pair[1].1 == pair[0].1 + 1), "{path:?}");
        }
        for (i, a) in layout.places.iter().enumerate() {
            for b in &layout.places[..i] {
                assert!(a.1 != b.1 || (a.0 - b.0).abs() > 0.999, "{a:?} and {b:?} overlap");
            }
        }
        // Node 2 is used by node 4 alone: it stands right above it.
        assert_eq!(layout.places[2].1 + 1, layout.places[4].1);
    }

    #[test]
    fn a_chain_is_straight_and_crossings_are_undone() {
        let chain = layout(4, &[(0, 1), (1, 2), (2, 3)]);
        assert!(chain.places.iter().all(|place| place.0.abs() < 1e-9), "{chain:?}");
        assert_eq!((chain.width, chain.ranks), (0.0, 4));
        let crossed = layout(4, &[(0, 3), (1, 2)]);
        let [a, b, c, d] = crossed.places[..] else { unreachable!() };
        assert_eq!(a.0 < b.0, d.0 < c.0, "{crossed:?}");
        assert_eq!(layout(0, &[]).ranks, 0);
    }

    #[test]
    fn the_closest_non_decreasing_sequence() {
        assert_eq!(isotonic(&[1.0, 3.0, 2.0, 4.0]), [1.0, 2.5, 2.5, 4.0]);
        assert_eq!(isotonic(&[3.0, 2.0, 1.0]), [2.0, 2.0, 2.0]);
        assert_eq!(isotonic(&[]), [0.0; 0]);
    }
}
