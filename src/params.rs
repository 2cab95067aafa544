//! `Params`: the arena in which a model's parameters live: values, names, and which are frozen.
//!
//! Layers hold [`ParamId`]s, tapes borrow the store, optimizers change it between tapes. Because
//! a tape borrows it, a value needed for a gradient cannot be changed under the tape's feet:
//! that program does not compile.
//!
//! ```compile_fail,E0502
//! # use wengert::prelude::*;
//! let mut params: Params = Params::new();
//! let w = params.add("w", Tensor::ones([2]));
//! let tape = Tape::eval(&params);
//! let loss = tape.param(w).sum();
//! *params.value_mut(w) = Tensor::zeros([2]);   // error: `params` is borrowed by the tape
//! loss.backward();
//! ```

use crate::error::Error;
use crate::float::Float;
use crate::init::Init;
use crate::rng::Rng;
use crate::tensor::Tensor;
use std::ops::Index;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A model's parameters, by name and by [`ParamId`].
///
/// A clone, and a [`cast`](Params::cast), is another set of values for the same parameters: ids
/// of the one serve the other, as long as none is added to either.
///
/// ```
/// use wengert::prelude::*;
/// let mut params: Params = Params::new();
/// let bias = params.add("head.bias", Tensor::zeros([10]));
/// assert_eq!(params.name(bias), "head.bias");
/// assert_eq!(params["head.bias"].shape().dims(), [10]);
/// assert!(params.set("head.bias", Tensor::zeros([7])).is_err());
/// ```
#[derive(Debug, Clone)]
pub struct Params<T: Float = f32> {
    store: u64,
    entries: Vec<Entry<T>>,
    /// By place; gradients share them.
    names: Names,
}

/// The names of a store's parameters, by place.
pub(crate) type Names = Arc<Vec<Arc<str>>>;

#[derive(Debug, Clone)]
struct Entry<T: Float> {
    value: Tensor<T>,
    frozen: bool,
}

/// Which parameter: the number of its store and its place in it. Using the same id twice in a
/// model ties the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ParamId {
    store: u64,
    index: u32,
}

impl ParamId {
    /// The place in the store, in the order of [`Params::add`].
    pub fn index(self) -> usize {
        self.index as usize
    }

    pub(crate) fn store(self) -> u64 {
        self.store
    }
}

impl<T: Float> Default for Params<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Float> Params<T> {
    /// An empty store.
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self { store: NEXT.fetch_add(1, Ordering::Relaxed), entries: Vec::new(), names: Names::default() }
    }

    /// What layers are built with: it draws their starting weights from `rng` and names them.
    pub fn init<'a>(&'a mut self, rng: &'a mut Rng) -> Init<'a, T> {
        Init::new(self, rng)
    }

    /// Adds a parameter.
    ///
    /// # Panics
    /// If the name is taken.
    #[track_caller]
    pub fn add(&mut self, name: impl AsRef<str>, value: impl Into<Tensor<T>>) -> ParamId {
        let name = name.as_ref();
        assert!(
            self.id(name).is_none(),
            "there is a parameter named {name:?} already; give the layer a scope of its own"
        );
        // OK because four thousand million parameters do not fit into memory.
        let index = u32::try_from(self.entries.len()).expect("fewer than 2^32 parameters");
        self.entries.push(Entry { value: value.into(), frozen: false });
        Arc::make_mut(&mut self.names).push(name.into());
        ParamId { store: self.store, index }
    }

    /// The number of parameters (tensors, that is; [`numel`](Self::numel) counts their entries).
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The number of entries of all parameters together, frozen ones included.
    pub fn numel(&self) -> usize {
        self.entries.iter().map(|e| e.value.numel()).sum()
    }

    /// The parameter of this name.
    pub fn id(&self, name: &str) -> Option<ParamId> {
        let index = self.names.iter().position(|n| **n == *name)?;
        Some(self.id_at(index))
    }

    /// Every parameter, in the order in which they were added.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = ParamId> + use<T> {
        let store = self.store;
        (0..self.entries.len()).map(move |index| ParamId { store, index: index as u32 })
    }

    /// Names and values, in the order in which they were added.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Tensor<T>)> {
        self.names.iter().map(|name| &**name).zip(self.entries.iter().map(|e| &e.value))
    }

    /// The name.
    ///
    /// # Panics
    /// If the id is of another store.
    #[track_caller]
    pub fn name(&self, id: ParamId) -> &str {
        &self.names[self.checked(id)]
    }

    /// The value.
    ///
    /// # Panics
    /// If the id is of another store.
    #[track_caller]
    pub fn value(&self, id: ParamId) -> &Tensor<T> {
        &self.entry(id).value
    }

    /// The value, to be changed in place.
    ///
    /// # Panics
    /// If the id is of another store.
    #[track_caller]
    pub fn value_mut(&mut self, id: ParamId) -> &mut Tensor<T> {
        let index = self.checked(id);
        &mut self.entries[index].value
    }

    /// The value of this name.
    pub fn get(&self, name: &str) -> Option<&Tensor<T>> {
        self.id(name).map(|id| self.value(id))
    }

    /// Gives the parameter of this name another value of the same shape.
    ///
    /// # Errors
    /// If there is no such parameter or the shapes differ; nothing is changed then.
    pub fn set(&mut self, name: &str, value: impl Into<Tensor<T>>) -> Result<(), Error> {
        let value = value.into();
        let id = self.find(name)?;
        let old = self.value_mut(id);
        if old.shape() != value.shape() {
            return Err(Error::parameter(format!(
                "parameter {name:?} has shape {}, the value given has {}",
                old.shape(),
                value.shape()
            )));
        }
        *old = value;
        Ok(())
    }

    /// Freezes a parameter, or every parameter below a scope (`"hidden1"`): tapes then treat it
    /// as a constant. Returns how many it found.
    ///
    /// # Errors
    /// If nothing has this name.
    pub fn freeze(&mut self, name: &str) -> Result<usize, Error> {
        self.set_frozen(name, true)
    }

    /// The reverse of [`freeze`](Self::freeze).
    ///
    /// # Errors
    /// If nothing has this name.
    pub fn unfreeze(&mut self, name: &str) -> Result<usize, Error> {
        self.set_frozen(name, false)
    }

    /// Whether tapes treat this parameter as a constant.
    #[track_caller]
    pub fn is_frozen(&self, id: ParamId) -> bool {
        self.entry(id).frozen
    }

    /// The same parameters with values of the other element type.
    #[must_use]
    pub fn cast<U: Float>(&self) -> Params<U> {
        let entry = |e: &Entry<T>| Entry { value: e.value.cast(), frozen: e.frozen };
        Params {
            store: self.store,
            entries: self.entries.iter().map(entry).collect(),
            names: self.names.clone(),
        }
    }

    /// The value at this place in the store.
    #[inline]
    pub(crate) fn at(&self, index: usize) -> &Tensor<T> {
        &self.entries[index].value
    }

    /// The id of this place in the store.
    pub(crate) fn id_at(&self, index: usize) -> ParamId {
        ParamId { store: self.store, index: index as u32 }
    }

    /// The name at this place in the store.
    pub(crate) fn name_at(&self, index: usize) -> &str {
        &self.names[index]
    }

    /// The names, by place. To add a parameter while somebody else holds them copies the list.
    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    pub(crate) fn store(&self) -> u64 {
        self.store
    }

    /// The id's place in this store.
    #[track_caller]
    #[inline]
    pub(crate) fn checked(&self, id: ParamId) -> usize {
        if id.store != self.store || id.index() >= self.entries.len() {
            self.refuse(id);
        }
        id.index()
    }

    #[cold]
    #[track_caller]
    fn refuse(&self, id: ParamId) -> ! {
        let names = self.names[..self.len().min(4)].join(", ");
        panic!(
            "parameter {} of store {} was used with store {}, which holds {} parameters ({names}{}): \
                 a layer belongs to the `Params` it was made with",
            id.index,
            id.store,
            self.store,
            self.len(),
            if self.len() > 4 { ", .." } else { "" },
        );
    }

    #[track_caller]
    fn entry(&self, id: ParamId) -> &Entry<T> {
        &self.entries[self.checked(id)]
    }

    fn find(&self, name: &str) -> Result<ParamId, Error> {
        self.id(name).ok_or_else(|| {
            let names = self.names.join(", ");
            Error::parameter(format!("there is no parameter {name:?}; there are: {names}"))
        })
    }

    fn set_frozen(&mut self, name: &str, frozen: bool) -> Result<usize, Error> {
        let mut found = 0;
        for (entry, own) in self.entries.iter_mut().zip(self.names.iter()) {
            if is_below(own, name) {
                entry.frozen = frozen;
                found += 1;
            }
        }
        if found == 0 {
            self.find(name)?;
        }
        Ok(found)
    }
}

/// Whether a parameter's name is this scope, or lies below it.
pub(crate) fn is_below(name: &str, scope: &str) -> bool {
    name.strip_prefix(scope).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

impl<T: Float> Index<&str> for Params<T> {
    type Output = Tensor<T>;
    #[track_caller]
    fn index(&self, name: &str) -> &Tensor<T> {
        match self.find(name) {
            Ok(id) => self.value(id),
            Err(error) => panic!("{error}"),
        }
    }
}

impl<T: Float> Index<ParamId> for Params<T> {
    type Output = Tensor<T>;
    #[track_caller]
    fn index(&self, id: ParamId) -> &Tensor<T> {
        self.value(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freezing_a_scope_freezes_what_is_below_it_and_nothing_beside_it() {
        let mut params: Params = Params::new();
        let ids = ["h1.weight", "h1.bias", "h10.weight"].map(|name| params.add(name, 0.0));
        assert_eq!(params.freeze("h1").unwrap(), 2);
        assert_eq!(ids.map(|id| params.is_frozen(id)), [true, true, false]);
        assert_eq!(params.unfreeze("h1.bias").unwrap(), 1);
        let error = params.freeze("h2").unwrap_err().to_string();
        assert_eq!(error, "there is no parameter \"h2\"; there are: h1.weight, h1.bias, h10.weight");
    }

    #[test]
    fn a_clone_and_a_cast_serve_the_same_ids() {
        let mut params: Params<f32> = Params::new();
        let id = params.add("w", [1.5, 2.5]);
        assert_eq!(params.clone()[id], [1.5, 2.5]);
        assert_eq!(params.cast::<f64>()[id], [1.5f64, 2.5]);
    }

    #[test]
    #[should_panic(expected = "a layer belongs to the `Params` it was made with")]
    fn an_id_of_another_store_panics() {
        let mut one: Params = Params::new();
        let mut other: Params = Params::new();
        other.add("b", 2.0);
        let id = one.add("a", 1.0);
        other.value(id);
    }

    #[test]
    fn setting_a_wrong_shape_changes_nothing() {
        let mut params: Params = Params::new();
        params.add("w", [1.0, 2.0]);
        let error = params.set("w", [1.0]).unwrap_err();
        assert_eq!(error.to_string(), "parameter \"w\" has shape [2], the value given has [1]");
        assert_eq!(params["w"], [1.0, 2.0]);
    }
}
