//! `Checkpoint`: a model's parameters, and all else that a training needs to be taken up again, as a
//! safetensors file.
//!
//! | name in the file | what it is |
//! |---|---|
//! | `hidden1.weight` | a parameter, by PyTorch's name, shape and layout |
//! | `wengert/optimizer/..` | a [`State`]: its kind, names of numbers, numbers, tensors |
//! | `wengert/history/..` | columns of numbers: their names, and a row for each |
//! | `wengert/rng` | where the random numbers stand |
//!
//! A file of parameters alone has the first kind only. Equal checkpoints are equal files.
// What comes from outside may be anything: an error at worst.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod file;
mod header;
mod json;

use super::whole::write_whole;
use crate::error::{Error, listed};
use crate::float::Float;
use crate::optim::State;
use crate::params::{ParamId, Params, is_below};
use crate::rng::Rng;
use crate::shape::Shape;
use crate::tensor::Tensor;
use file::{Entry, File, texts};
pub(crate) use json::{shortened, texts_are_none};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Writes a model's parameters to a safetensors file, whole or not at all. PyTorch reads it:
///
/// ```python
/// model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
/// ```
///
/// # Errors
/// If the file cannot be written; one that was there is as it was then.
pub fn save_params<T: Float>(path: impl AsRef<Path>, params: &Params<T>) -> Result<(), Error> {
    Checkpoint::new(params).save(path)
}

/// Reads a model's parameters from a safetensors file: one of [`save_params`], a [`Checkpoint`], or one
/// that PyTorch wrote. Numbers of the other float type are converted.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::data::{load_params, save_params};
/// use wengert::prelude::*;
/// # let path = std::env::temp_dir().join("wengert-doc-load_params.safetensors");
/// let mut params: Params = Params::new();
/// let model = Linear::new(&mut params.init(&mut Rng::new(0)), 3, 1);
/// save_params(&path, &params)?;
///
/// let mut other: Params = Params::new();
/// let model = Linear::new(&mut other.init(&mut Rng::new(1)), 3, 1);
/// load_params(&path, &mut other)?;
/// assert!(params.iter().eq(other.iter()));
///
/// let model = Linear::new(&mut other.init(&mut Rng::new(1)).scope("head"), 1, 1);
/// let error = load_params(&path, &mut other).unwrap_err().to_string();
/// assert!(error.contains("head.weight [1, 1] is missing; head.bias [1] is missing"), "{error}");
/// # std::fs::remove_file(path).unwrap();
/// # Ok(()) }
/// ```
///
/// # Errors
/// If the file cannot be read, or holds other parameters than the model's: says which names and shapes
/// differ. Nothing is changed then.
pub fn load_params<T: Float>(path: impl AsRef<Path>, params: &mut Params<T>) -> Result<(), Error> {
    load_params_below(path, params, "").map(drop)
}

/// [`load_params`] of the parameters below a scope only, such as the body of a network whose head is
/// another one. Returns how many there were.
///
/// # Errors
/// If the file cannot be read, or its parameters below the scope are not the model's: says which names
/// and shapes differ. Nothing is changed then.
pub fn load_params_below<T: Float>(
    path: impl AsRef<Path>,
    params: &mut Params<T>,
    scope: &str,
) -> Result<usize, Error> {
    let path = path.as_ref();
    let (name, bytes) = (path.display().to_string(), read(path)?);
    let file = File::read(&name, &bytes)?;
    let names = file.names().filter(|name| !name.starts_with(OURS));
    let ids = fitting(&name, names, |name| file.shape(name), params, scope)?;
    // What fits is read, and nothing else: a stranger's file may be full of it.
    let values: Vec<Tensor<T>> =
        ids.iter().map(|&id| file.tensor(params.name(id))).collect::<Result<_, _>>()?;
    for (&id, value) in ids.iter().zip(values) {
        *params.value_mut(id) = value;
    }
    Ok(ids.len())
}

/// Everything that a training needs to be taken up again, in one value and one file.
///
/// [`Trainer::save`](crate::train::Trainer::save) makes one. A loop of your own does this:
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::data::Checkpoint;
/// use wengert::prelude::*;
/// # let path = std::env::temp_dir().join("wengert-doc-Checkpoint.safetensors");
/// # let mut params: Params = Params::new();
/// # let model = Linear::new(&mut params.init(&mut Rng::new(0)), 3, 1);
/// # let (mut adam, mut rng) = (Adam::new(0.1), Rng::new(0));
/// # let losses = vec![0.5, 0.25];
/// Checkpoint::new(&params)
///     .with_state("optimizer", adam.state(&params))
///     .with_columns("history", [("loss", &losses[..])])
///     .with_rng(&rng)
///     .save(&path)?;
///
/// // In another process:
/// let checkpoint = Checkpoint::load(&path)?;
/// checkpoint.load_params(&mut params)?;
/// adam.load_state(&params, checkpoint.state("optimizer")?)?;
/// rng = checkpoint.rng()?;
/// assert_eq!(checkpoint.columns("history")?, [("loss".to_string(), vec![0.5, 0.25])]);
/// # std::fs::remove_file(path).unwrap();
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Checkpoint<T: Float = f32> {
    params: Found<T>,
    states: BTreeMap<String, State<T>>,
    columns: BTreeMap<String, Columns>,
    rng: Option<[u8; 49]>,
}

type Columns = Vec<(String, Vec<f64>)>;

/// Parameters as a file has them.
#[derive(Debug, Clone)]
struct Found<T: Float> {
    /// What errors call the file.
    name: String,
    tensors: BTreeMap<String, Tensor<T>>,
}

/// What the names of everything but parameters begin with.
const OURS: &str = "wengert/";

impl<T: Float> Checkpoint<T> {
    /// Of these parameters, and of nothing else yet.
    pub fn new(params: &Params<T>) -> Self {
        let tensors = params.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        let params = Found { name: "the checkpoint".to_string(), tensors };
        Self { params, states: BTreeMap::new(), columns: BTreeMap::new(), rng: None }
    }

    /// Adds what an optimizer, an average, .. remembers, under a name.
    ///
    /// # Panics
    /// If there is a slash in the name.
    #[must_use]
    #[track_caller]
    pub fn with_state(mut self, name: impl Into<String>, state: State<T>) -> Self {
        self.states.insert(section(name.into()), state);
        self
    }

    /// Adds named columns of numbers, such as a history's, under a name.
    ///
    /// # Panics
    /// If the columns are not equally long, or there is a slash in the name.
    #[must_use]
    #[track_caller]
    pub fn with_columns<'a>(
        mut self,
        name: impl Into<String>,
        columns: impl IntoIterator<Item = (&'a str, &'a [f64])>,
    ) -> Self {
        let columns: Columns =
            columns.into_iter().map(|(name, column)| (name.to_string(), column.to_vec())).collect();
        let length = columns.first().map_or(0, |(_, column)| column.len());
        let equal = columns.iter().all(|(_, column)| column.len() == length);
        assert!(equal, "with_columns: the columns are not equally long");
        self.columns.insert(section(name.into()), columns);
        self
    }

    /// Adds where the random numbers stand.
    #[must_use]
    pub fn with_rng(mut self, rng: &Rng) -> Self {
        self.rng = Some(rng.state());
        self
    }

    /// The parameters' names and values, in the order of their names.
    pub fn params(&self) -> impl ExactSizeIterator<Item = (&str, &Tensor<T>)> {
        self.params.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }

    /// Gives a model these parameters.
    ///
    /// # Errors
    /// If they are not the model's: says which names and shapes differ. Nothing is changed
    /// then.
    pub fn load_params(&self, params: &mut Params<T>) -> Result<(), Error> {
        let Found { name, tensors } = &self.params;
        let shape_of = |name: &str| Some(tensors.get(name)?.shape().clone());
        for id in fitting(name, tensors.keys().map(String::as_str), shape_of, params, "")? {
            // OK because a parameter without a tensor is a misfit.
            if let Some(value) = tensors.get(params.name(id)) {
                *params.value_mut(id) = value.clone();
            }
        }
        Ok(())
    }

    /// The names of the states.
    pub fn states(&self) -> impl Iterator<Item = &str> {
        self.states.keys().map(String::as_str)
    }

    /// The state of this name.
    ///
    /// # Errors
    /// If there is none.
    pub fn state(&self, name: &str) -> Result<&State<T>, Error> {
        self.states.get(name).ok_or_else(|| self.holds_no("state", name, self.states.keys()))
    }

    /// The columns of this name.
    ///
    /// # Errors
    /// If there are none.
    pub fn columns(&self, name: &str) -> Result<&[(String, Vec<f64>)], Error> {
        let columns = self.columns.get(name);
        columns.map(Vec::as_slice).ok_or_else(|| self.holds_no("columns", name, self.columns.keys()))
    }

    /// Random numbers, going on from where they stood.
    ///
    /// # Errors
    /// If there are none.
    pub fn rng(&self) -> Result<Rng, Error> {
        let state = self.rng.as_ref().ok_or_else(|| {
            Error::parameter(format!("{}: holds no random state: it is not of a training", self.params.name))
        })?;
        Ok(Rng::from_state(state))
    }

    /// Writes it to a file, whole or not at all: a process that is killed, at any moment, leaves the file
    /// that was there or the new one.
    ///
    /// # Errors
    /// If the file cannot be written; one that was there is as it was then.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        write_whole(path, &self.to_bytes()?)
    }

    /// Reads it from a file.
    ///
    /// # Errors
    /// If the file cannot be read, is not a whole safetensors file, or is of another float type.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        Self::from_bytes(&path.display().to_string(), &read(path)?)
    }

    /// The file's bytes; equal ones for equal checkpoints.
    ///
    /// # Errors
    /// If a parameter's name begins with `wengert/`.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let mut entries = BTreeMap::new();
        for (name, tensor) in &self.params.tensors {
            if name.starts_with(OURS) {
                return Err(Error::parameter(format!(
                    "parameter {name:?} cannot be saved: names that begin with {OURS:?} are taken"
                )));
            }
            entries.insert(name.clone(), Entry::tensor(tensor));
        }
        for (name, state) in &self.states {
            let mut add = |key: &str, entry| entries.insert(format!("{OURS}{name}/{key}"), entry);
            add("kind", Entry::bytes(state.kind.as_bytes()));
            add("names", texts(state.numbers.keys().map(String::as_str)));
            add("numbers", Entry::tensor(&state.numbers.values().copied().collect::<Vec<f64>>().into()));
            for (key, tensor) in &state.tensors {
                add(&format!("tensors/{key}"), Entry::tensor(tensor));
            }
        }
        for (name, columns) in &self.columns {
            let rows: Vec<f64> = columns.iter().flat_map(|(_, column)| column).copied().collect();
            let length = columns.first().map_or(0, |(_, column)| column.len());
            let rows = Tensor::<f64>::build([columns.len(), length], |y| y.copy_from_slice(&rows));
            entries.insert(
                format!("{OURS}{name}/columns"),
                texts(columns.iter().map(|(name, _)| name.as_str())),
            );
            entries.insert(format!("{OURS}{name}/rows"), Entry::tensor(&rows));
        }
        if let Some(rng) = &self.rng {
            entries.insert(format!("{OURS}rng"), Entry::bytes(rng));
        }
        file::write(entries)
    }

    /// Reads it from a file's bytes; errors call the file `name`.
    ///
    /// # Errors
    /// If they are not a whole safetensors file, or of another float type.
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self, Error> {
        let file = File::read(name, bytes)?;
        // A training goes on with the same bits or not at all.
        let exact = file.names().any(|name| name.starts_with(OURS));
        let params = read_params(&file, exact)?;
        let mut checkpoint = Self { params, states: BTreeMap::new(), columns: BTreeMap::new(), rng: None };
        for (name, key) in file.names().filter_map(|name| name.strip_prefix(OURS)?.split_once('/')) {
            let full = |key: &str| format!("{OURS}{name}/{key}");
            if key == "kind" {
                checkpoint.states.insert(name.to_string(), read_state(&file, &full)?);
            } else if key == "columns" {
                checkpoint.columns.insert(name.to_string(), read_columns(&file, &full)?);
            }
        }
        let rng = format!("{OURS}rng");
        if file.has(&rng) {
            let state = file.bytes(&rng)?.try_into();
            checkpoint.rng = Some(state.map_err(|_| file.wrong(&rng, "does not have 49 bytes"))?);
        }
        Ok(checkpoint)
    }

    fn holds_no<'a>(&self, what: &str, name: &str, known: impl Iterator<Item = &'a String>) -> Error {
        let known = listed(known.cloned(), ", ");
        let known = if known.is_empty() { "none" } else { &known };
        Error::parameter(format!("{}: holds no {what} named {name:?}; there are: {known}", self.params.name))
    }
}

/// The parameters of a model below a scope, if those of a file there are the same by name and shape. Errors call the file
/// `file`.
fn fitting<'n, T: Float>(
    file: &str,
    names: impl Iterator<Item = &'n str>,
    shape_of: impl Fn(&str) -> Option<Shape>,
    params: &Params<T>,
    scope: &str,
) -> Result<Vec<ParamId>, Error> {
    let inside = |name: &str| scope.is_empty() || is_below(name, scope);
    let ids: Vec<ParamId> = params.ids().filter(|&id| inside(params.name(id))).collect();
    let of_model = ids.iter().filter_map(|&id| {
        let (name, here) = (params.name(id), params.value(id).shape());
        match shape_of(name) {
            Some(there) if there == *here => None,
            Some(there) => Some(format!("{name} has shape {there}, the model's {here}")),
            None => Some(format!("{name} {here} is missing")),
        }
    });
    let known: BTreeSet<&str> = ids.iter().map(|&id| params.name(id)).collect();
    let unknown = names.filter(|name| inside(name) && !known.contains(name));
    let unknown = unknown
        .filter_map(|name| Some(format!("{name} {} is of no parameter of the model", shape_of(name)?)));
    let misfits = listed(of_model.chain(unknown), "; ");
    if !misfits.is_empty() {
        return Err(Error::parameter(format!("{file}: these are not the model's parameters: {misfits}")));
    }
    if ids.is_empty() && !scope.is_empty() {
        return Err(Error::parameter(format!("the model has no parameters below {scope:?}")));
    }
    Ok(ids)
}

/// A name for a part of the file.
#[track_caller]
fn section(name: String) -> String {
    assert!(!name.contains('/'), "a checkpoint's part cannot be named {name:?}: there is a slash in it");
    name
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| Error::io(format_args!("reading {}", path.display()), error))
}

fn read_params<T: Float>(file: &File<'_>, exact: bool) -> Result<Found<T>, Error> {
    let mut tensors = BTreeMap::new();
    for name in file.names().filter(|name| !name.starts_with(OURS)) {
        let tensor = if exact { file.exact_tensor(name)? } else { file.tensor(name)? };
        tensors.insert(name.to_string(), tensor);
    }
    Ok(Found { name: file.name().to_string(), tensors })
}

fn read_state<T: Float>(file: &File<'_>, key: &impl Fn(&str) -> String) -> Result<State<T>, Error> {
    let kind = std::str::from_utf8(file.bytes(&key("kind"))?)
        .map_err(|error| file.wrong(&key("kind"), "is not a text").caused_by(error))?;
    let mut state = State::new(kind);
    let numbers = file.exact_tensor::<f64>(&key("numbers"))?;
    let mut left = numbers.data().iter();
    file.texts(&key("names"), numbers.numel(), |name| {
        if let Some(&number) = left.next() {
            state.numbers.insert(name.to_string(), number);
        }
    })?;
    if state.numbers.len() < numbers.numel() {
        return Err(file.wrong(&key("names"), "has a name twice"));
    }
    let tensors = key("tensors/");
    for name in file.names_below(&tensors) {
        // OK because it begins so.
        let short = name.strip_prefix(&tensors).unwrap_or(name);
        state.tensors.insert(short.to_string(), file.exact_tensor(name)?);
    }
    Ok(state)
}

fn read_columns(file: &File<'_>, key: &impl Fn(&str) -> String) -> Result<Columns, Error> {
    let rows = file.exact_tensor::<f64>(&key("rows"))?;
    let &[count, length] = rows.shape().dims() else {
        return Err(file.wrong(&key("rows"), &format!("has shape {}, not [columns, rows]", rows.shape())));
    };
    let mut left = rows.data().chunks(length.max(1));
    let mut columns = Columns::new();
    file.texts(&key("columns"), count, |name| {
        // A chunk each, except that there is none of no rows.
        columns.push((name.to_string(), left.next().unwrap_or_default().to_vec()));
    })?;
    Ok(columns)
}
