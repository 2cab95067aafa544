//! What is checked: a function of some tensors, recorded anew at every point where it is wanted.

use crate::float::Float;
use crate::ops::Sample;
use crate::params::{ParamId, Params};
use crate::rng::Rng;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// What can be checked: values anywhere, and the engine's gradients at one point.
pub(crate) trait Subject<T: Float> {
    /// The inputs: their names and the values at which to check.
    fn inputs(&self) -> Vec<Input<T>>;
    /// The results at these values of the inputs.
    fn values(&self, at: &[Tensor<T>]) -> Vec<Tensor<T>>;
    /// The engine's gradients of Σ v·y at the point itself, with respect to each input; zeros
    /// where there is no path.
    fn pull(&self, cotangents: &[Tensor<T>], way: Way) -> Vec<Tensor<T>>;
}

/// A function that can be recorded at any values of its inputs.
pub(crate) trait Function<T: Float> {
    /// The inputs: their names and the values at which to check.
    fn inputs(&self) -> Vec<Input<T>>;
    /// Records the function at these values, and shows the tape, the leaves and the results.
    fn record(&self, at: &[Tensor<T>], see: &mut See<'_, T>);
}

/// Looks at a recorded function: the tape, the inputs' leaves, the results.
pub(crate) type See<'a, T> = dyn for<'t> FnMut(&'t Tape<'t, T>, &[Var<'t, T>], &[Var<'t, T>]) + 'a;

/// One input of a function under check.
#[derive(Debug, Clone)]
pub(crate) struct Input<T: Float> {
    pub(crate) name: String,
    pub(crate) value: Tensor<T>,
}

impl<T: Float> Input<T> {
    pub(crate) fn new(name: impl Into<String>, value: &Tensor<T>) -> Self {
        Input { name: name.into(), value: value.clone() }
    }
}

/// By which of the two ways the engine goes backward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// [`backward`](Var::backward): by the fused rule where an operation has one.
    Backward,
    /// [`grad`](Var::grad): by the rule said in `Var`s, which can be differentiated again.
    Recorded,
}

impl Way {
    pub(crate) const BOTH: [Way; 2] = [Way::Backward, Way::Recorded];
}

impl std::fmt::Display for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Way::Backward => "backward",
            Way::Recorded => "grad",
        })
    }
}

impl<T: Float> Subject<T> for &dyn Function<T> {
    fn inputs(&self) -> Vec<Input<T>> {
        Function::inputs(*self)
    }

    fn values(&self, at: &[Tensor<T>]) -> Vec<Tensor<T>> {
        let mut values = Vec::new();
        self.record(at, &mut |_, _, ys| values = ys.iter().map(|y| y.value()).collect());
        values
    }

    fn pull(&self, cotangents: &[Tensor<T>], way: Way) -> Vec<Tensor<T>> {
        let at: Vec<Tensor<T>> = Function::inputs(*self).into_iter().map(|input| input.value).collect();
        let mut sums: Vec<Tensor<T>> = at.iter().map(|x| Tensor::zeros(x.shape())).collect();
        self.record(&at, &mut |tape, xs, ys| {
            // A result without gradient adds nothing: that is what the engine says of it.
            for (&y, v) in ys.iter().zip(cotangents).filter(|(y, _)| y.needs_grad()) {
                let gradients: Vec<Option<Tensor<T>>> = match way {
                    Way::Backward => {
                        let gradients = y.backward_with(v);
                        xs.iter().map(|&x| gradients.get(x).cloned()).collect()
                    }
                    Way::Recorded => {
                        let gradients = tape.grad_with(y, tape.constant(v), xs);
                        gradients.iter().map(|g| Some(g.value())).collect()
                    }
                };
                for (sum, gradient) in sums.iter_mut().zip(gradients) {
                    let Some(gradient) = gradient else { continue };
                    sum.data_mut().iter_mut().zip(gradient.data()).for_each(|(sum, &g)| *sum += g);
                }
            }
        });
        sums
    }
}

/// A closure over `Var`s.
pub(crate) struct Closure<T: Float, F, const N: usize> {
    pub(crate) f: F,
    pub(crate) inputs: [Tensor<T>; N],
}

impl<T: Float, F, const N: usize> Function<T> for Closure<T, F, N>
where
    F: for<'t> Fn([Var<'t, T>; N]) -> Var<'t, T>,
{
    fn inputs(&self) -> Vec<Input<T>> {
        self.inputs.iter().enumerate().map(|(i, x)| Input::new(format!("x{i}"), x)).collect()
    }
    fn record(&self, at: &[Tensor<T>], see: &mut See<'_, T>) {
        let tape = Tape::default();
        let xs: [Var<'_, T>; N] = std::array::from_fn(|i| tape.var(&at[i]));
        let y = (self.f)(xs);
        see(&tape, &xs, &[y]);
    }
}

/// A model: the inputs are the parameters that are not frozen, under their names.
pub(crate) struct Model<'a, T: Float, F> {
    pub(crate) f: F,
    pub(crate) params: &'a Params<T>,
    /// On a training tape, the same dropout every time; on an evaluating one without.
    pub(crate) training: Option<u64>,
}

impl<T: Float, F> Model<'_, T, F> {
    fn ids(&self) -> impl Iterator<Item = ParamId> {
        self.params.ids().filter(|&id| !self.params.is_frozen(id))
    }
}

impl<T: Float, F> Function<T> for Model<'_, T, F>
where
    F: for<'t> Fn(&'t Tape<'t, T>) -> Var<'t, T>,
{
    fn inputs(&self) -> Vec<Input<T>> {
        self.ids().map(|id| Input::new(self.params.name(id), self.params.value(id))).collect()
    }
    fn record(&self, at: &[Tensor<T>], see: &mut See<'_, T>) {
        let mut params = self.params.clone();
        for (id, x) in self.ids().zip(at) {
            *params.value_mut(id) = x.clone();
        }
        let tape = match self.training {
            Some(seed) => Tape::training(&params, &mut Rng::new(seed)),
            None => Tape::eval(&params),
        };
        let y = (self.f)(&tape);
        let xs: Vec<_> = self.ids().map(|id| tape.param(id)).collect();
        see(&tape, &xs, &[y]);
    }
}

/// A sample of an operation, in either element type.
impl<T: Float> Function<T> for Sample {
    fn inputs(&self) -> Vec<Input<T>> {
        let inputs = self.inputs.iter().enumerate();
        inputs.map(|(i, x)| Input { name: format!("x{i}"), value: x.cast() }).collect()
    }
    fn record(&self, at: &[Tensor<T>], see: &mut See<'_, T>) {
        let tape = Tape::default();
        let xs: Vec<_> = at.iter().map(|x| tape.var(x)).collect();
        let y = self.call(&xs);
        see(&tape, &xs, &[y]);
    }
}

/// The first derivative of a function as a function itself: (x.., v..) ↦ the gradients of
/// Σ v·f(x) with respect to each x. Checking it is checking the second order. The cotangents v
/// are inputs too, so that a rule which cuts the path through its own cotangent is found out.
pub(crate) struct Slope<'a, T: Float> {
    pub(crate) of: &'a dyn Function<T>,
    pub(crate) cotangents: Vec<Tensor<T>>,
}

impl<T: Float> Function<T> for Slope<'_, T> {
    fn inputs(&self) -> Vec<Input<T>> {
        let mut inputs = self.of.inputs();
        let cotangents = self.cotangents.iter().enumerate();
        inputs.extend(cotangents.map(|(i, v)| Input::new(format!("cotangent {i}"), v)));
        inputs
    }
    fn record(&self, at: &[Tensor<T>], see: &mut See<'_, T>) {
        let (at, seeds) = at.split_at(at.len() - self.cotangents.len());
        self.of.record(at, &mut |tape, xs, ys| {
            let seeds: Vec<_> = seeds.iter().map(|v| tape.var(v)).collect();
            let mut sums: Vec<Option<Var<'_, T>>> = vec![None; xs.len()];
            for (&y, &v) in ys.iter().zip(&seeds) {
                for (sum, gradient) in sums.iter_mut().zip(tape.grad_with(y, v, xs)) {
                    *sum = Some(sum.map_or(gradient, |sum| sum + gradient));
                }
            }
            let leaves: Vec<_> = xs.iter().copied().chain(seeds).collect();
            let slopes: Vec<_> = sums.into_iter().flatten().collect();
            see(tape, &leaves, &slopes);
        });
    }
}
