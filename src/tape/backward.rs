//! Going backward: the reverse `for`, in two modes. `backward` gives numbers, with fused rules
//! where an operation offers them; `grad` records, so that its result can be differentiated.

use super::accumulate::{Slots, add_to};
use super::by_node::ByNode;
use super::gradients::Kept;
use super::list::Out;
use super::op::Point;
use super::pullback::Pulled;
use super::recycle::Recycled;
use super::scope::{Off, Region};
use super::{Gradients, Inputs, List, Pullback, Tape, Var};
use crate::float::Float;
use crate::tensor::Tensor;
use std::cell::RefCell;

impl<T: Float> Tape<'_, T> {
    /// See [`Var::backward`] and [`Var::backward_with`].
    #[track_caller]
    pub(super) fn backward(&self, root: Var<'_, T>, seed: Option<Tensor<T>>) -> Gradients<T> {
        self.check_root(root, "backward");
        // Not `unwrap_or_else`: a closure would blame this line, not the user's.
        let seed = match seed {
            Some(seed) => seed,
            None => Tensor::full(root.shape(), T::ONE).single(root),
        };
        assert!(
            root.with_value(|y| y.shape() == seed.shape()),
            "backward_with: the seed has shape {}, the root v{} has {}",
            seed.shape(),
            root.node(),
            root.shape()
        );
        if let Some(fault) = self.fault.get() {
            return self.plain_backward(root, seed, Some(fault));
        }
        let kept = self.sweep(root, seed.clone(), |_, _| {});
        Gradients::collect(self, root.id(), seed, kept)
    }

    /// The gradient of every node up to the root, as [`Var::backward`] finds them: nothing where
    /// there is no path.
    #[track_caller]
    pub(crate) fn adjoints(&self, root: Var<'_, T>) -> Vec<Option<Tensor<T>>> {
        self.check_root(root, "explain");
        let seed = Tensor::full(root.shape(), T::ONE).single(root);
        let mut adjoints = vec![None; root.id() + 1];
        self.sweep(root, seed, |id, g| adjoints[id] = Some(g.clone()));
        adjoints
    }

    /// Goes backward once more, as [`Var::backward_with`] does, for what `look` sees: every node
    /// that has a gradient, from the root down. What is not finite does not panic here.
    pub(crate) fn look_back(&self, root: Var<'_, T>, seed: Tensor<T>, look: impl FnMut(usize, &Tensor<T>)) {
        let _unwatched = Off::enter(&self.watched);
        self.sweep(root, seed, look);
    }

    /// The reverse `for`. Shows every gradient when it is complete, and returns those of leaves and
    /// of nodes that keep theirs, from the last such node to the first.
    #[inline]
    fn sweep(
        &self,
        root: Var<'_, T>,
        seed: Tensor<T>,
        mut look: impl FnMut(usize, &Tensor<T>),
    ) -> Recycled<Kept<T>> {
        let mut kept = Recycled::<Kept<T>>::default();
        let mut gradients = ByNode::of(root.id() + 1);
        *gradients.at(root.id()) = Some(seed);

        let hooked = !self.hooks.is_empty();
        let watched = self.watched.get();
        let mut nodes = self.nodes.borrow();
        // Inputs have smaller ids than their node: when a node's turn comes, all its uses have
        // been, and its gradient is complete.
        for id in (0..=root.id()).rev() {
            let Some(mut g) = gradients.pop() else { continue };
            if hooked {
                drop(nodes);
                g = self.on_scratch(|| self.through_hooks(id as u32, self.constant(g)).value());
                nodes = self.nodes.borrow();
            }
            if watched {
                self.inspect_gradient(id, &g);
            }
            look(id, &g);
            let node = &nodes[id];
            if node.kind.is_leaf() {
                kept.push((id as u32, g));
                continue;
            }
            if node.keeps_grad {
                kept.push((id as u32, g.clone()));
            }
            let point = Point { nodes: &nodes, params: self.params, node, id: id as u32 };
            let mut slots = Slots { nodes: &nodes, params: self.params, node, gradients: &mut gradients };
            let rule = nodes.rule(node).unwrap_or_else(|| self.rule_is_out(&nodes, id));
            let arrived = watched.then(|| g.clone());
            if !rule.vjp_into(nodes.words(node), &point, &mut g, &mut slots) {
                drop(nodes);
                let pulled = self.replay(id as u32, g);
                nodes = self.nodes.borrow();
                let inputs = nodes.inputs(&nodes[id]);
                for (i, gradient) in pulled {
                    let shape = nodes.value(self.params, inputs[i]).shape();
                    add_to(gradients.at(inputs[i] as usize), shape, gradient);
                }
            }
            if let Some(g) = arrived {
                self.inspect_sent(id as u32, &g, |input| gradients.get(input as usize).cloned());
            }
        }
        kept
    }

    /// dy/dx for each x, recorded, so that they can be differentiated again; y is one number.
    /// The xs may be any nodes. Where y does not depend on an x, the result is a zero constant.
    ///
    /// # Panics
    /// If y has more than one entry, if an x is a constant, or on an inference tape.
    #[track_caller]
    #[must_use]
    pub fn grad<'t>(&'t self, y: Var<'t, T>, xs: &[Var<'t, T>]) -> Vec<Var<'t, T>> {
        self.check(y);
        let seed = y.with_value(|value| Tensor::full(value.shape(), T::ONE)).single(y);
        let region = Region::enter(self);
        let mut gradients = self.grad_with(y, self.constant(seed), xs);
        region.keep();
        gradients.iter_mut().for_each(|gradient| *gradient = self.handle(gradient.node()));
        gradients
    }

    /// [`grad`](Self::grad) of Σ seed·y: the transposed Jacobian of y times `seed`, which has
    /// y's shape and may itself be differentiated.
    ///
    /// # Panics
    /// If the shapes of seed and y differ, if an x is a constant, or on an inference tape.
    #[track_caller]
    #[must_use]
    pub fn grad_with<'t>(&'t self, y: Var<'t, T>, seed: Var<'t, T>, xs: &[Var<'t, T>]) -> Vec<Var<'t, T>> {
        assert!(self.keeps_rules.get(), "grad: this tape keeps no rules (Tape::inference, or inside a rule)");
        self.check(y);
        self.check(seed);
        assert!(
            seed.shape() == y.shape(),
            "grad_with: the seed has shape {}, y has {}",
            seed.shape(),
            y.shape()
        );
        for &x in xs {
            self.check(x);
            assert!(
                x.needs_grad(),
                "grad: v{} is a constant; leaves that get a gradient are made by `tape.var`",
                x.node()
            );
        }
        if let Some(fault) = self.fault.get() {
            let gradients = self.plain_backward(y, seed.value(), Some(fault));
            let of = |x: &Var<'t, T>| match gradients.get(*x) {
                Some(gradient) => self.constant(gradient),
                None => self.constant(Tensor::zeros(x.shape())),
            };
            return xs.iter().map(of).collect();
        }
        let reaches = self.reaching(y, xs);
        // A rule or a hook that panics takes along what was recorded before it.
        let region = Region::enter(self);
        let mut cotangents: Vec<Option<Var<'t, T>>> = vec![None; y.id() + 1];
        cotangents[y.id()] = Some(seed);
        for id in (0..=y.id()).rev().filter(|&id| reaches[id]) {
            let Some(mut g) = cotangents[id] else { continue };
            if !self.hooks.is_empty() {
                g = self.through_hooks(id as u32, g);
                cotangents[id] = Some(g);
            }
            if self.nodes.borrow()[id].kind.is_leaf() {
                continue;
            }
            let (inputs, pulled) = self.run_rule(id as u32, g, |input| reaches[input as usize]);
            let unwatched = Off::enter(&self.watched);
            for (i, gradient) in pulled {
                let input = inputs[i] as usize;
                let gradient = gradient.sum_to(&self.handle(inputs[i]).shape());
                cotangents[input] = Some(match cotangents[input] {
                    Some(sum) => sum.accumulate(gradient),
                    None => gradient,
                });
            }
            drop(unwatched);
            if self.watched.get() {
                self.inspect_sent(id as u32, &g.value(), |input| Some(cotangents[input as usize]?.value()));
            }
        }
        region.keep();
        xs.iter()
            .map(|x| match cotangents.get(x.id()) {
                Some(Some(gradient)) => self.handle(gradient.node()),
                _ => self.constant(Tensor::zeros(x.shape())),
            })
            .collect()
    }

    /// Which nodes up to y are an x or made from one. The xs may be any nodes, so this is worked
    /// out anew on every call.
    fn reaching(&self, y: Var<'_, T>, xs: &[Var<'_, T>]) -> Vec<bool> {
        let nodes = self.nodes.borrow();
        let mut reaches = vec![false; y.id() + 1];
        for x in xs.iter().filter(|x| x.node() <= y.node()) {
            reaches[x.id()] = true;
        }
        for (id, node) in nodes.nodes()[..=y.id()].iter().enumerate() {
            reaches[id] |= node.needs_grad && nodes.inputs(node).iter().any(|&i| reaches[i as usize]);
        }
        reaches
    }

    /// One node's rule alone, on scratch: the gradients of its inputs for the cotangent g, each
    /// of its input's shape or still broadcast. What the rule records is cut off again.
    pub(crate) fn replay(&self, id: u32, g: Tensor<T>) -> Pulled<Tensor<T>> {
        self.replay_for(id, g, |input: u32| self.nodes.borrow()[input as usize].needs_grad)
    }

    /// [`replay`](Self::replay) for every input, those that need no gradient included: what the
    /// views show of a constant.
    pub(crate) fn replay_all(&self, id: usize, g: &Tensor<T>) -> Pulled<Tensor<T>> {
        self.replay_for(id as u32, g.clone(), |_| true)
    }

    /// [`replay_all`](Self::replay_all), summed to the inputs' shapes as the engine does it.
    pub(crate) fn contributions(&self, id: usize, g: &Tensor<T>) -> Pulled<Tensor<T>> {
        let mut pulled = self.replay_all(id, g);
        let nodes = self.nodes.borrow();
        for (i, gradient) in &mut pulled {
            let shape = nodes.value(self.params, nodes.inputs(&nodes[id])[*i]).shape();
            let mut sum = None;
            add_to(&mut sum, shape, std::mem::take(gradient));
            *gradient = sum.unwrap_or_default();
        }
        pulled
    }

    fn replay_for(&self, id: u32, g: Tensor<T>, wanted: impl Fn(u32) -> bool) -> Pulled<Tensor<T>> {
        self.on_scratch(|| {
            let (_, pulled) = self.run_rule(id, self.constant(g), wanted);
            pulled.into_iter().map(|(i, gradient)| (i, gradient.value())).collect()
        })
    }

    /// Runs `f` where nothing that it records stays and no rules are kept.
    fn on_scratch<R>(&self, f: impl FnOnce() -> R) -> R {
        let _region = Region::enter(self);
        let _rules = Off::enter(&self.keeps_rules);
        let _watched = Off::enter(&self.watched);
        f()
    }

    /// Runs the rule of a node, which is out of the node meanwhile so that it may record on this
    /// very tape. Returns the node's inputs and what was pulled.
    fn run_rule<'t>(
        &'t self,
        id: u32,
        g: Var<'t, T>,
        wanted: impl Fn(u32) -> bool,
    ) -> (Inputs, Pulled<Var<'t, T>>) {
        let inputs = self.inputs(id as usize);
        let bits = inputs.iter().take(64).enumerate().map(|(i, &input)| u64::from(wanted(input)) << i).sum();
        let pulled = RefCell::default();
        let pullback = Pullback { tape: self, inputs, output: id, wanted: bits, pulled };
        let rule = RuleOut::of(self, id);
        // A rule's own values are not watched: what it sends on is, under the operation's name.
        let _unwatched = Off::enter(&self.watched);
        rule.run(&pullback, g);
        drop(rule);
        let pulled = pullback.pulled.into_inner();
        for &(i, gradient) in &pulled {
            self.check_gradient(id, i, pullback.inputs[i], gradient);
        }
        (pullback.inputs, pulled)
    }

    /// Refuses a gradient of a shape to which the input does not broadcast: a rule's mistake.
    fn check_gradient(&self, id: u32, i: usize, input: u32, gradient: Var<'_, T>) {
        self.check(gradient);
        let nodes = self.nodes.borrow();
        let shape = nodes.value(self.params, input).shape();
        let given = nodes.value(self.params, gradient.node()).shape();
        assert!(
            given == shape || shape.expands_to(given),
            "{}: its rule gave input {i}, of shape {shape}, a gradient of shape {given}",
            self.title(&nodes, id)
        );
    }

    #[track_caller]
    fn check_root(&self, root: Var<'_, T>, what: &str) {
        self.check(root);
        assert!(
            self.keeps_rules.get(),
            "{what}: this tape keeps no rules, so it has no gradients (it was made by Tape::inference, \
             or this is inside a rule); use Tape::eval or Tape::training"
        );
        assert!(
            root.needs_grad(),
            "{what}: v{} depends on no variable and no unfrozen parameter, so there is nothing to differentiate by",
            root.node()
        );
    }

    #[cold]
    #[track_caller]
    fn rule_is_out<R>(&self, nodes: &List<T>, id: usize) -> R {
        if nodes[id].running {
            panic!(
                "the rule of `{}` is running: it cannot differentiate through itself",
                nodes.name(&nodes[id])
            );
        }
        panic!("v{id} ({}) has no rule to go backward by", self.title(nodes, id as u32));
    }
}

impl<T: Float> Tensor<T> {
    /// The seed of a root that must be one number.
    #[track_caller]
    fn single(self, root: Var<'_, T>) -> Self {
        assert!(
            self.numel() == 1,
            "a gradient starts at a single number, but v{} has shape {}: take its sum or mean, or give a seed \
             (`backward_with`, `grad_with`)",
            root.node(),
            self.shape()
        );
        self
    }
}

/// A rule out of its node; it goes back when this is dropped, also by a panic of the rule.
struct RuleOut<'a, 'p, T: Float> {
    tape: &'a Tape<'p, T>,
    id: u32,
    rule: Option<Out<T>>,
    words: super::Words,
    line_before: Option<&'static std::panic::Location<'static>>,
    layer_before: u32,
}

impl<'a, 'p, T: Float> RuleOut<'a, 'p, T> {
    fn of(tape: &'a Tape<'p, T>, id: u32) -> Self {
        let mut nodes = tape.nodes.borrow_mut();
        let out = nodes.take_out(id as usize);
        let node = &nodes[id as usize];
        let rule = out.unwrap_or_else(|| tape.rule_is_out(&nodes, id as usize));
        // What the rule records is said to come from the line and the layer of its operation.
        let line_before = tape.line.replace(Some(node.line));
        let layer_before = tape.layers.set(node.layer);
        RuleOut { tape, id, rule: Some(rule), words: *nodes.words(node), line_before, layer_before }
    }

    fn run<'t>(&self, pullback: &Pullback<'t, T>, g: Var<'t, T>) {
        if let Some(rule) = &self.rule {
            rule.rule().vjp(&self.words, pullback, g);
        }
    }
}

impl<T: Float> Drop for RuleOut<'_, '_, T> {
    fn drop(&mut self) {
        self.tape.line.set(self.line_before);
        self.tape.layers.set(self.layer_before);
        if let Some(rule) = self.rule.take() {
            self.tape.nodes.borrow_mut().put_back(self.id as usize, rule);
        }
    }
}
