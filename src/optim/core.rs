//! What all optimizers share: which parameters a step touches, with which settings, and what is
//! remembered of each. An optimizer is this and a [`Rule`].

use super::group::{Group, Own, settings};
use super::setting::{must, not_negative};
use super::state::{Reader, State};
use crate::error::Error;
use crate::float::Float;
use crate::kernel::crew::{PIECES, each, piece_of};
use crate::kernel::simd::simd;
use crate::params::Params;
use crate::shape::Shape;
use crate::tape::Gradients;
use crate::tensor::Tensor;
use smallvec::SmallVec;

/// No rule keeps more arrays than this for a parameter.
const BUFFERS: usize = 3;

/// The formula by which one optimizer differs from another.
pub(super) trait Rule: Sync {
    /// A number kept for each parameter beside the buffers, 1 before the first step.
    const NUMBER: Option<&'static str> = None;

    /// The optimizer's name.
    fn name(&self) -> &'static str;

    /// What is kept for each parameter: arrays of its shape, 0 at first, by PyTorch's names.
    fn buffers(&self) -> [Option<&'static str>; BUFFERS];

    /// p ← what follows p; likewise the buffers. All slices are equally long, but for those of
    /// buffers that are not kept: they are empty.
    ///
    /// One pass over all of them, to be marked `#[inline(always)]`: so it is compiled for the
    /// instructions that the processor offers.
    fn update<T: Float>(&self, step: Step<'_>, p: &mut [T], g: &[T], buffers: [&mut [T]; BUFFERS]);
}

/// One parameter's step.
///
/// Weight decay λ is said by two factors, one of which does nothing, so that no formula needs to
/// know which kind it is: `l2` = λ adds λp to the gradient, `shrink` = 1 − ηλ multiplies p.
pub(super) struct Step<'a> {
    /// The number of this step of this parameter, from 1.
    pub count: u64,
    /// η, the parameter's own.
    pub rate: f64,
    /// g ← g + l2·p, first of all.
    pub l2: f64,
    /// p ← shrink·p, before the step is subtracted.
    pub shrink: f64,
    /// What [`Rule::NUMBER`] names.
    pub number: &'a mut f64,
}

#[derive(Debug, Clone)]
pub(super) struct Core<T: Float, R> {
    pub rule: R,
    learning_rate: f64,
    weight_decay: f64,
    /// Whether weight decay multiplies the parameter instead of adding to the gradient.
    decoupled: bool,
    groups: Vec<Group>,
    /// What the groups say, by the parameter's place in its store; found anew when parameters or
    /// groups were added.
    settings: Vec<Own>,
    /// The store whose parameters `memory` is of; 0 before the first step.
    store: u64,
    /// By the parameter's place in its store; `None` before its first step.
    memory: Vec<Option<Memory<T>>>,
}

/// What is remembered of one parameter.
#[derive(Debug, Clone)]
struct Memory<T: Float> {
    steps: u64,
    number: f64,
    buffers: [Option<Tensor<T>>; BUFFERS],
}

impl<T: Float, R: Rule> Core<T, R> {
    pub fn new(learning_rate: f64, rule: R) -> Result<Self, Error> {
        Ok(Self {
            rule,
            learning_rate: not_negative("learning rate", learning_rate)?,
            weight_decay: 0.0,
            decoupled: false,
            groups: Vec::new(),
            settings: Vec::new(),
            store: 0,
            memory: Vec::new(),
        })
    }

    #[track_caller]
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = must(not_negative("weight decay", weight_decay));
        self
    }

    pub fn decoupled(mut self) -> Self {
        self.decoupled = true;
        self
    }

    pub fn group(mut self, group: Group) -> Self {
        self.groups.push(group);
        self.settings.clear();
        self
    }

    pub fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    #[track_caller]
    pub fn set_learning_rate(&mut self, learning_rate: f64) {
        self.learning_rate = must(not_negative("learning rate", learning_rate));
    }

    #[track_caller]
    pub fn step(&mut self, params: &mut Params<T>, grads: &Gradients<T>) {
        self.check(params, grads);
        if self.settings.len() != params.len() {
            self.settings = settings(&self.groups, params);
        }
        self.store = params.store();
        self.memory.resize_with(params.len(), || None);

        let names = self.rule.buffers();
        for (((id, g), memory), own) in
            params.ids().zip(grads.params()).zip(&mut self.memory).zip(&self.settings)
        {
            let Some(g) = g else { continue };
            if params.is_frozen(id) {
                continue;
            }
            let p = params.value_mut(id);
            let memory = memory.get_or_insert_default();
            memory.grow(&names, p.shape());
            memory.steps += 1;

            let rate = self.learning_rate * own.rate_scale.unwrap_or(1.0);
            let decay = own.weight_decay.unwrap_or(self.weight_decay);
            let (l2, shrink) = if self.decoupled { (0.0, 1.0 - rate * decay) } else { (decay, 1.0) };
            let step = Step { count: memory.steps, rate, l2, shrink, number: &mut memory.number };
            let buffers = memory.buffers.each_mut().map(|buffer| match buffer {
                Some(buffer) => buffer.data_mut(),
                None => &mut [],
            });
            update(&self.rule, step, p.data_mut(), g.data(), buffers);
        }
    }

    /// Panics with what does not fit, while nothing is changed yet.
    #[track_caller]
    fn check(&self, params: &Params<T>, grads: &Gradients<T>) {
        let name = self.rule.name();
        let store = params.store();
        self.check_store(params);
        assert!(
            grads.store() != 0,
            "{name}: the gradients are of a tape without parameters; make it by `Tape::training(&params, ..)`"
        );
        assert!(
            grads.store() == store,
            "{name}: the gradients are of parameter store {}, the parameters given are store {store}",
            grads.store()
        );
        for (id, g) in params.ids().zip(grads.params()) {
            let Some(g) = g else { continue };
            let p = params.value(id).shape();
            assert!(
                g.shape() == p,
                "{name}: parameter {:?} has shape {p}, its gradient {}",
                params.name(id),
                g.shape()
            );
            let known = self.memory.get(id.index()).and_then(|memory| memory.as_ref()?.buffers[0].as_ref());
            if let Some(buffer) = known {
                assert!(
                    buffer.shape() == p,
                    "{name}: parameter {:?} had shape {} in the steps before, it has {p} now",
                    params.name(id),
                    buffer.shape()
                );
            }
        }
    }

    #[track_caller]
    fn check_store(&self, params: &Params<T>) {
        assert!(
            self.store == 0 || self.store == params.store(),
            "{}: its steps so far were of parameter store {}, the parameters given are store {}: \
             each model has an optimizer of its own",
            self.rule.name(),
            self.store,
            params.store()
        );
    }

    #[track_caller]
    pub fn state(&self, params: &Params<T>) -> State<T> {
        self.check_store(params);
        let mut state = State::new(self.rule.name());
        state.numbers.insert("learning_rate".into(), self.learning_rate);
        let names = self.rule.buffers();
        for ((param, _), memory) in params.iter().zip(&self.memory) {
            let Some(memory) = memory else { continue };
            state.numbers.insert(format!("{param}.step"), memory.steps as f64);
            if let Some(name) = R::NUMBER {
                state.numbers.insert(format!("{param}.{name}"), memory.number);
            }
            for (name, buffer) in names.iter().zip(&memory.buffers) {
                if let (Some(name), Some(buffer)) = (name, buffer) {
                    state.tensors.insert(format!("{param}.{name}"), buffer.clone());
                }
            }
        }
        state
    }

    pub fn load_state(&mut self, params: &Params<T>, state: &State<T>) -> Result<(), Error> {
        let mut state = Reader::new(state, self.rule.name())?;
        let learning_rate = state.number("learning_rate", |x| not_negative("learning rate", x));
        let mut memory = Vec::with_capacity(params.len());
        for (param, value) in params.iter() {
            let step = format!("{param}.step");
            memory.push(if state.has(&step) {
                Some(Memory {
                    steps: state.count(&step).unwrap_or_default(),
                    number: match R::NUMBER {
                        Some(name) => state.number(&format!("{param}.{name}"), Ok).unwrap_or_default(),
                        None => 1.0,
                    },
                    buffers: self
                        .rule
                        .buffers()
                        .map(|name| state.tensor(&format!("{param}.{}", name?), value.shape())),
                })
            } else {
                None
            });
        }
        state.finish()?;
        self.store = params.store();
        self.settings.clear();
        self.memory = memory;
        self.learning_rate = learning_rate.unwrap_or(self.learning_rate);
        Ok(())
    }
}

/// [`Rule::update`], in the instructions that the processor offers, and of a large parameter on several threads: an entry's
/// step looks at no other entry.
pub(super) fn update<T: Float, R: Rule>(
    rule: &R,
    step: Step<'_>,
    mut p: &mut [T],
    mut g: &[T],
    mut buffers: [&mut [T]; BUFFERS],
) {
    let len = piece_of(p.len());
    let shares = if p.len() <= len { 1 } else { p.len().div_ceil(len) };
    let mut numbers = SmallVec::<[f64; PIECES]>::from_elem(*step.number, shares);
    /// The first `len` entries, or what there is; the others stay.
    fn first<'a, T>(slice: &mut &'a mut [T], len: usize) -> &'a mut [T] {
        slice.split_off_mut(..len.min(slice.len())).unwrap_or_default()
    }
    let pieces = numbers.iter_mut().map(|number| {
        let g = g.split_off(..len.min(g.len())).unwrap_or_default();
        (Step { number, ..step }, first(&mut p, len), g, buffers.each_mut().map(|buffer| first(buffer, len)))
    });
    each(pieces, |(step, p, g, buffers)| {
        simd(
            #[inline(always)]
            || rule.update(step, p, g, buffers),
        );
    });
    // Each piece has made the same of it.
    *step.number = numbers[0];
}

impl<T: Float> Memory<T> {
    /// Makes the buffers that are kept and not there yet.
    fn grow(&mut self, names: &[Option<&'static str>; BUFFERS], shape: &Shape) {
        for (buffer, name) in self.buffers.iter_mut().zip(names) {
            if name.is_some() && buffer.is_none() {
                *buffer = Some(Tensor::zeros(shape));
            }
        }
    }
}

impl<T: Float> Default for Memory<T> {
    fn default() -> Self {
        Self { steps: 0, number: 1.0, buffers: [None, None, None] }
    }
}

/// What every optimizer says in the same words. The optimizer is a newtype of [`Core`]; `$rule` is
/// its formula with the default settings, `$with` what is different about its core.
macro_rules! optimizer {
    ($name:ident, $rule:expr $(, $with:expr)?) => {
        impl<T: Float> $name<T> {
            /// With this learning rate, and PyTorch's defaults for everything else.
            ///
            /// # Panics
            /// If the learning rate is negative, infinite or NaN.
            #[track_caller]
            pub fn new(learning_rate: f64) -> Self {
                must(Self::try_new(learning_rate))
            }

            /// [`new`](Self::new) for a learning rate from outside: a file, a command line.
            ///
            /// # Errors
            /// If the learning rate is negative, infinite or NaN.
            pub fn try_new(learning_rate: f64) -> Result<Self, Error> {
                let core = Core::new(learning_rate, $rule)?;
                $(let core = $with(core);)?
                Ok(Self(core))
            }

            /// Some parameters get settings of their own; see [`Group`].
            #[must_use]
            pub fn group(self, group: Group) -> Self {
                Self(self.0.group(group))
            }
        }

        impl<T: Float> Optimizer<T> for $name<T> {
            #[track_caller]
            fn step(&mut self, params: &mut Params<T>, grads: &Gradients<T>) {
                self.0.step(params, grads);
            }

            fn learning_rate(&self) -> f64 {
                self.0.learning_rate()
            }

            #[track_caller]
            fn set_learning_rate(&mut self, learning_rate: f64) {
                self.0.set_learning_rate(learning_rate);
            }

            #[track_caller]
            fn state(&self, params: &Params<T>) -> State<T> {
                self.0.state(params)
            }

            fn load_state(&mut self, params: &Params<T>, state: &State<T>) -> Result<(), Error> {
                self.0.load_state(params, state)
            }
        }
    };
}
pub(super) use optimizer;
