//! What the reference files call an operation, and how this crate says it.

use crate::common::calls::plain;
use serde_json::{Map, Value};
use wengert::loss;
use wengert::ops::Indices;
use wengert::prelude::*;
use wengert::shape::{self, Axes};

/// The operation of this name, with these attributes, on these inputs.
///
/// # Panics
/// If this table does not know it.
pub fn call<'t, T: Float>(op: &str, attrs: &mut Attrs, x: &[Var<'t, T>]) -> Var<'t, T> {
    match (op, x) {
        ("where", &[a, b]) => {
            let shape = shape::broadcast(&a.shape(), &b.shape()).unwrap();
            let condition = attrs.numbers("condition").into_iter().map(T::from_f64).collect();
            a.tape().constant(Tensor::from_vec(condition, shape)).where_cond(a, b)
        }

        ("neg", &[x]) => -x,
        ("leaky_relu", &[x]) => x.leaky_relu(attrs.number("negative_slope")),
        ("elu", &[x]) => x.elu(attrs.number("alpha")),
        ("powi", &[x]) => x.powi(attrs.integer("n") as i32),
        ("powf", &[x]) => x.powf(attrs.number("p")),
        ("clamp", &[x]) => x.clamp(attrs.number("min"), attrs.number("max")),

        ("linear", &[x, weight]) => x.linear(weight, None),
        ("linear", &[x, weight, bias]) => x.linear(weight, Some(bias)),

        ("sum", &[x]) => over(attrs, x, Var::sum_axis, Var::sum_keepdim),
        ("mean", &[x]) => over(attrs, x, Var::mean_axis, Var::mean_keepdim),
        ("max", &[x]) => over(attrs, x, Var::max_axis, Var::max_keepdim),
        ("min", &[x]) => over(attrs, x, Var::min_axis, Var::min_keepdim),
        ("prod", &[x]) => over(attrs, x, Var::prod_axis, Var::prod_keepdim),
        ("norm", &[x]) => over(attrs, x, Var::norm_axis, Var::norm_keepdim),
        ("logsumexp", &[x]) => over(attrs, x, Var::logsumexp_axis, Var::logsumexp_keepdim),
        ("var", &[x]) => {
            let correction = attrs.integer("correction") as usize;
            over(attrs, x, |x, a| x.variance_axis(a, correction), |x, a| x.variance_keepdim(a, correction))
        }
        ("softmax", &[x]) => x.softmax(attrs.integer("axis")),
        ("log_softmax", &[x]) => x.log_softmax(attrs.integer("axis")),
        ("cumsum", &[x]) => x.cumsum(attrs.integer("axis")),

        ("reshape", &[x]) => x.reshape(&attrs.integers("shape")[..]),
        ("flatten", &[x]) => x.flatten_from(attrs.integer("start_axis")),
        ("squeeze", &[x]) => x.squeeze(attrs.integer("axis")),
        ("unsqueeze", &[x]) => x.unsqueeze(attrs.integer("axis")),

        ("expand", &[x]) => x.expand(&attrs.integers("shape")[..]),
        ("permute", &[x]) => x.permute(&attrs.integers("axes")[..]),
        ("transpose", &[x]) => {
            let axes = attrs.integers("axes");
            let &[a, b] = &axes[..] else { panic!("two axes are exchanged, not {axes:?}") };
            x.transpose(a, b)
        }
        ("concat", x) => Var::concat(x, attrs.integer("axis")),
        ("stack", x) => Var::stack(x, attrs.integer("axis")),
        ("slice", &[x]) => x.slice(attrs.integer("axis"), attrs.integer("start")..attrs.integer("end")),
        ("index_select", &[x]) => x.index_select(attrs.integer("axis"), &attrs.indices("index").1),
        ("gather", &[x]) => {
            let (shape, index) = attrs.indices("index");
            x.gather(attrs.integer("axis"), Indices::new(&index, shape))
        }

        ("mse", &[a, b]) => Mse::new().reduction(attrs.reduction()).of(a, b),
        ("l1", &[a, b]) => L1::new().reduction(attrs.reduction()).of(a, b),
        ("huber", &[a, b]) => Huber::new().delta(attrs.number("delta")).reduction(attrs.reduction()).of(a, b),
        ("bce", &[p]) => Bce::new().reduction(attrs.reduction()).of(p, entries(attrs, p)),
        ("bce_with_logits", &[x]) => {
            let mut loss = BceWithLogits::new().reduction(attrs.reduction());
            if attrs.has("pos_weight") {
                let weights = attrs.numbers("pos_weight");
                let &[weight] = &weights[..] else { panic!("one pos_weight is known, not {weights:?}") };
                loss = loss.pos_weight(weight);
            }
            loss.of(x, entries(attrs, x))
        }
        ("cross_entropy" | "cross_entropy_probs", &[x]) => {
            let mut loss = CrossEntropy::new().reduction(attrs.reduction());
            if attrs.has("label_smoothing") {
                loss = loss.label_smoothing(attrs.number("label_smoothing"));
            }
            if attrs.has("weight") {
                loss = loss.class_weights(attrs.numbers("weight"));
            }
            if attrs.has("ignore_index") {
                loss = loss.ignore_index(label(attrs.integer("ignore_index")));
            }
            of_rows(attrs, |labels| loss.of(x, labels), |probabilities| loss.of(x, probabilities))
        }
        ("categorical_cross_entropy", &[p]) => {
            let loss = CategoricalCrossEntropy::new().reduction(attrs.reduction());
            of_rows(attrs, |labels| loss.of(p, labels), |probabilities| loss.of(p, probabilities))
        }
        _ => {
            plain(op, x).unwrap_or_else(|| panic!("no test knows the operation {op:?} of {} inputs", x.len()))
        }
    }
}

/// A reduction over the axes that `axes` names, all of them if it is null.
fn over<'t, T: Float>(
    attrs: &mut Attrs,
    x: Var<'t, T>,
    dropping: impl FnOnce(Var<'t, T>, Axes) -> Var<'t, T>,
    keeping: impl FnOnce(Var<'t, T>, Axes) -> Var<'t, T>,
) -> Var<'t, T> {
    let axes = match attrs.take("axes") {
        Value::Null => Axes::ALL,
        list => Axes::from(&integers(&list)[..]),
    };
    if attrs.flag("keepdim") { keeping(x, axes) } else { dropping(x, axes) }
}

/// The target that is given as a list, in the prediction's shape.
fn entries<T: Float>(attrs: &mut Attrs, prediction: Var<'_, T>) -> Tensor<T> {
    Tensor::from_vec(attrs.numbers("target").into_iter().map(T::from_f64).collect(), prediction.shape())
}

/// A loss of rows whose targets are labels or probabilities.
fn of_rows<'t, T: Float>(
    attrs: &mut Attrs,
    of_labels: impl FnOnce(Vec<usize>) -> Var<'t, T>,
    of_probabilities: impl FnOnce(Tensor<T>) -> Var<'t, T>,
) -> Var<'t, T> {
    if attrs.has("labels") {
        return of_labels(attrs.integers("labels").into_iter().map(label).collect());
    }
    of_probabilities(tensor(&attrs.take("target")).cast())
}

/// A label; PyTorch's negative ones, which can only be ignored, lie beyond every class.
fn label(label: isize) -> usize {
    usize::try_from(label).unwrap_or(usize::MAX)
}

/// `{"shape", "data"}` as a tensor.
#[track_caller]
pub fn tensor(array: &Value) -> Tensor<f64> {
    let shape: Vec<usize> = integers(&array["shape"]).into_iter().map(|d| d as usize).collect();
    Tensor::from_vec(super::common::numbers(&array["data"]), &shape[..])
}

#[track_caller]
fn integers(list: &Value) -> Vec<isize> {
    let list = list.as_array().unwrap_or_else(|| panic!("no list: {list}"));
    list.iter().map(integer).collect()
}

#[track_caller]
fn integer(x: &Value) -> isize {
    x.as_i64().unwrap_or_else(|| panic!("no whole number: {x}")) as isize
}

/// A case's attributes, each of which is to be used.
pub struct Attrs(Map<String, Value>);

impl Attrs {
    pub fn of(case: &Value) -> Self {
        let mut attrs = case["attrs"].as_object().unwrap_or_else(|| panic!("no attrs: {case}")).clone();
        attrs.remove("note");
        Attrs(attrs)
    }

    /// # Panics
    /// If one was not used.
    #[track_caller]
    pub fn done(&self) {
        assert!(self.0.is_empty(), "no test knows the attributes {:?}", self.0);
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    #[track_caller]
    fn take(&mut self, name: &str) -> Value {
        self.0.remove(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.0))
    }

    #[track_caller]
    fn number(&mut self, name: &str) -> f64 {
        let x = self.take(name);
        x.as_f64().unwrap_or_else(|| panic!("{name} is no number: {x}"))
    }

    #[track_caller]
    fn integer(&mut self, name: &str) -> isize {
        integer(&self.take(name))
    }

    #[track_caller]
    fn flag(&mut self, name: &str) -> bool {
        let x = self.take(name);
        x.as_bool().unwrap_or_else(|| panic!("{name} is neither true nor false: {x}"))
    }

    #[track_caller]
    fn numbers(&mut self, name: &str) -> Vec<f64> {
        super::common::numbers(&self.take(name))
    }

    #[track_caller]
    fn integers(&mut self, name: &str) -> Vec<isize> {
        integers(&self.take(name))
    }

    /// Nested lists of indices: their shape, and the indices row-major.
    #[track_caller]
    fn indices(&mut self, name: &str) -> (Vec<usize>, Vec<usize>) {
        let mut level = vec![self.take(name)];
        let mut shape = Vec::new();
        while let Some(Value::Array(first)) = level.first() {
            shape.push(first.len());
            level =
                level.iter().flat_map(|list| list.as_array().expect("lists of one depth")).cloned().collect();
        }
        let index =
            level.iter().map(|x| usize::try_from(integer(x)).expect("an index from the front")).collect();
        (shape, index)
    }

    #[track_caller]
    fn reduction(&mut self) -> loss::Reduction {
        match self.take("reduction").as_str() {
            Some("mean") => Reduction::Mean,
            Some("sum") => Reduction::Sum,
            Some("none") => Reduction::None,
            other => panic!("no test knows the reduction {other:?}"),
        }
    }
}
