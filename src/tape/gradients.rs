//! `Gradients`: what going backward returns. Nothing is stored on the values themselves, so there
//! is nothing to zero and nothing to forget.

use super::recycle::Recycled;
use super::{Kind, Tape, Var};
use crate::float::Float;
use crate::kernel::map;
use crate::params::{Names, ParamId, Params};
use crate::tensor::Tensor;
use std::ops::{Add, AddAssign, Index, Mul, MulAssign};
use std::sync::Arc;

/// Gradients by node, from the last node to the first.
pub(super) type Kept<T> = Vec<(u32, Tensor<T>)>;

/// The gradients of one number with respect to the leaves that it depends on.
///
/// Index with a [`Var`], a [`ParamId`] or a parameter's name; [`get`](Gradients::get) and
/// [`param`](Gradients::param) say `None` where there is no path, and [`iter`](Gradients::iter) goes through those of parameters.
///
/// The sum of two keeps the gradients of parameters, those of variables being of one tape only:
/// that is gradient accumulation.
///
/// ```
/// use wengert::prelude::*;
/// let mut params: Params = Params::new();
/// let w = params.add("w", [1.0, 2.0]);
/// let step = |x: f32| {
///     let tape = Tape::eval(&params);
///     (tape.param(w) * x).sum().backward()
/// };
/// let sum = step(3.0) + step(4.0);
/// assert_eq!(sum[w], [7.0, 7.0]);
/// assert_eq!(sum["w"], [7.0, 7.0]);
/// ```
#[must_use = "gradients are returned, not stored"]
pub struct Gradients<T: Float = f32> {
    /// The tape's number; 0 for a sum.
    tape: u64,
    root: usize,
    /// What going backward started with.
    seed: Tensor<T>,
    /// Of nodes, from the last one to the first.
    leaves: Recycled<Kept<T>>,
    /// The number of the parameters' store, 0 if the tape had none.
    store: u64,
    /// The parameters' names, if the tape had any parameters.
    names: Option<Names>,
    /// By the parameter's place in its store.
    params: Recycled<Vec<Option<Tensor<T>>>>,
}

impl<T: Float> Gradients<T> {
    /// Takes over what is left after going backward: the gradients of leaves and of nodes that
    /// were asked to keep theirs. Those of parameters go to their places.
    pub(super) fn collect(
        tape: &Tape<'_, T>,
        root: usize,
        seed: Tensor<T>,
        mut leaves: Recycled<Kept<T>>,
    ) -> Self {
        let mut params = Recycled::<Vec<_>>::default();
        if let Some(store) = tape.params {
            params.resize_with(store.len(), || None);
            let nodes = tape.nodes.borrow();
            leaves.retain_mut(|(id, gradient)| {
                let Kind::Parameter(index) = nodes[*id as usize].kind else { return true };
                params[index as usize] = Some(std::mem::take(gradient));
                false
            });
        }
        let store = tape.params.map_or(0, Params::store);
        let names = tape.params.map(|store| store.names().clone());
        Gradients { tape: tape.number, root, seed, leaves, store, names, params }
    }

    /// The gradient of `v`: `None` if the root does not depend on it, or if `v` is neither a
    /// leaf nor was asked to [`keep_grad`](Var::keep_grad).
    ///
    /// # Panics
    /// If `v` is of another tape.
    #[track_caller]
    pub fn get(&self, v: Var<'_, T>) -> Option<&Tensor<T>> {
        assert!(self.tape != 0, "a sum of gradients has those of parameters only: ask it for a ParamId");
        assert!(v.tape.number == self.tape, "v{} belongs to another tape than these gradients", v.node());
        v.tape.check(v);
        match v.tape.nodes.borrow()[v.id()].kind {
            Kind::Parameter(index) => self.params.get(index as usize)?.as_ref(),
            _ => {
                let place = self.leaves.binary_search_by(|(id, _)| v.node().cmp(id)).ok()?;
                Some(&self.leaves[place].1)
            }
        }
    }

    /// The gradient of a parameter; `None` if it was not used, is frozen, or does not reach the
    /// root.
    ///
    /// # Panics
    /// If the parameter is of another store.
    #[track_caller]
    pub fn param(&self, id: ParamId) -> Option<&Tensor<T>> {
        assert!(
            id.store() == self.store,
            "parameter {} of store {} has no gradient here: these gradients are of store {}",
            id.index(),
            id.store(),
            self.store
        );
        self.params.get(id.index())?.as_ref()
    }

    /// The gradients of parameters by name, in the order in which these were added to their store; those without one are left out.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let mut params: Params = Params::new();
    /// # let w = params.add("w", [3.0, 4.0]);
    /// # let tape = Tape::eval(&params);
    /// let grads = tape.param(w).square().sum().backward();
    /// for (name, gradient) in grads.iter() {
    ///     println!("{name}: {gradient}"); // w: [6, 8]
    /// }
    /// # assert_eq!(grads.iter().count(), 1);
    /// # assert_eq!(grads.iter().next().unwrap().1, &[6.0, 8.0]);
    /// ```
    #[doc(alias = "named_parameters")]
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor<T>)> {
        let names = self.names.iter().flat_map(|names| names.iter());
        names.zip(self.params.iter()).filter_map(|(name, gradient)| Some((&**name, gradient.as_ref()?)))
    }

    /// What the parameter at this place is called.
    fn name(&self, index: usize) -> &str {
        self.names.as_ref().and_then(|names| names.get(index)).map_or("?", |name| name)
    }

    /// The gradients of parameters, by place in the store, `None` where there is no path.
    pub fn params(&self) -> &[Option<Tensor<T>>] {
        &self.params
    }

    /// The gradients of parameters, to be changed: clipped, scaled, noised.
    pub fn params_mut(&mut self) -> &mut [Option<Tensor<T>>] {
        &mut self.params
    }

    /// What these are the gradients of, on the tape that they come from, and what going backward
    /// started with there.
    #[track_caller]
    pub(crate) fn origin<'t>(&self, tape: &'t Tape<'t, T>) -> (Var<'t, T>, &Tensor<T>) {
        assert!(
            self.tape != 0,
            "report: a sum of gradients comes from several tapes; report on each before they are added"
        );
        assert!(self.tape == tape.number, "report: these gradients are of another tape");
        assert!(self.root < tape.len(), "report: v{} was made in a scope that has ended", self.root);
        // OK because a tape has fewer than 2^32 nodes.
        (tape.handle(self.root as u32), &self.seed)
    }

    /// The number of the store whose parameters these are.
    pub(crate) fn store(&self) -> u64 {
        self.store
    }

    /// Why there is no gradient of `v`.
    #[cold]
    #[track_caller]
    fn missing(&self, v: Var<'_, T>) -> ! {
        let nodes = v.tape.nodes.borrow();
        let node = &nodes[v.id()];
        let what = format!("v{} ({})", v.node(), v.tape.title(&nodes, v.node()));
        if !node.needs_grad {
            panic!(
                "{what} has no gradient: it is a constant (leaves with one are made by `tape.var` and `tape.param`)"
            );
        }
        if v.id() > self.root {
            panic!("{what} has no gradient: it was recorded after the root, v{}", self.root);
        }
        if !node.kind.is_leaf() && !node.keeps_grad {
            panic!(
                "the gradient of {what} was not kept: it is no leaf (call `keep_grad` on it before `backward`)"
            );
        }
        panic!("{what} has no gradient: the root, v{}, does not depend on it (`get` gives None)", self.root);
    }
}

impl<T: Float> Index<Var<'_, T>> for Gradients<T> {
    type Output = Tensor<T>;
    /// # Panics
    /// If there is no gradient, saying why.
    #[track_caller]
    fn index(&self, v: Var<'_, T>) -> &Tensor<T> {
        // Not `unwrap_or_else`: a closure would blame this line, not the user's.
        match self.get(v) {
            Some(gradient) => gradient,
            None => self.missing(v),
        }
    }
}

impl<T: Float> Index<ParamId> for Gradients<T> {
    type Output = Tensor<T>;
    /// # Panics
    /// If there is no gradient.
    #[track_caller]
    fn index(&self, id: ParamId) -> &Tensor<T> {
        match self.param(id) {
            Some(gradient) => gradient,
            None => no_path(self.name(id.index())),
        }
    }
}

impl<T: Float> Index<&str> for Gradients<T> {
    type Output = Tensor<T>;
    /// # Panics
    /// If there is no parameter of this name, or no gradient of it.
    #[track_caller]
    fn index(&self, name: &str) -> &Tensor<T> {
        let names = self.names.as_ref().map_or(&[][..], |names| names);
        match names.iter().position(|own| **own == *name) {
            Some(index) => match self.params.get(index) {
                Some(Some(gradient)) => gradient,
                _ => no_path(name),
            },
            None => panic!("there is no parameter {name:?}; there are: {}", names.join(", ")),
        }
    }
}

#[cold]
#[track_caller]
fn no_path(name: &str) -> ! {
    panic!("parameter {name:?} has no gradient: it is frozen, was not used, or does not reach the root");
}

impl<T: Float> AddAssign for Gradients<T> {
    /// # Panics
    /// If the gradients are of two stores, or of copies of one that have been given other parameters since.
    #[track_caller]
    fn add_assign(&mut self, mut other: Self) {
        assert!(self.store == other.store, "gradients of two parameter stores cannot be added");
        self.tape = 0;
        self.leaves.clear();
        // Parameters may have been added to the store between the two.
        let longest = self.params.len().max(other.params.len());
        self.params.resize_with(longest, || None);
        if let (Some(own), Some(new)) = (&self.names, &other.names)
            && !Arc::ptr_eq(own, new)
        {
            let common = own.len().min(new.len());
            assert!(
                own[..common] == new[..common],
                "gradients of two copies of a store that have grown apart cannot be added"
            );
            if new.len() > common {
                self.names = other.names;
            }
        }
        for (sum, new) in self.params.iter_mut().zip(other.params.iter_mut()) {
            match (&mut *sum, new.take()) {
                (Some(sum), Some(new)) => map::update(sum.data_mut(), new.data(), |a, b| a + b),
                (None, new) => *sum = new,
                (Some(_), None) => {}
            }
        }
    }
}

impl<T: Float> Add for Gradients<T> {
    type Output = Self;
    #[track_caller]
    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl<T: Float> MulAssign<f64> for Gradients<T> {
    /// Scales every gradient: 1/n makes a mean of a sum of n.
    fn mul_assign(&mut self, factor: f64) {
        let factor = T::from_f64(factor);
        for gradient in
            self.params.iter_mut().flatten().chain(self.leaves.iter_mut().map(|(_, gradient)| gradient))
        {
            gradient.data_mut().iter_mut().for_each(|g| *g *= factor);
        }
    }
}

impl<T: Float> Mul<f64> for Gradients<T> {
    type Output = Self;
    fn mul(mut self, factor: f64) -> Self {
        self *= factor;
        self
    }
}

impl<T: Float> std::fmt::Debug for Gradients<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let leaves = self.leaves.len();
        let params = self.params.iter().flatten().count();
        write!(f, "Gradients of {leaves} variables and {params} parameters")
    }
}
