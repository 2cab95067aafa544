//! Losses: how far a prediction is from its target, as one number to be made small.
//!
//! | task | loss | formula, before reduction |
//! |---|---|---|
//! | regression | [`mse`] | (ŷ − y)² |
//! | regression, outliers | [`l1`], [`huber`] | \|ŷ − y\|; quadratic near 0, linear beyond δ |
//! | two classes | [`bce`] of probabilities, [`bce_with_logits`] | −[y ln p + (1 − y) ln(1 − p)] |
//! | many classes | [`categorical_cross_entropy`] of probabilities, [`cross_entropy`] of logits | −Σ yₖ ln pₖ |
//!
//! The functions take the mean. Each has a type of the same name for everything else:
//! `BceWithLogits::new().pos_weight(2.5).reduction(Reduction::Sum).of(logits, target)`.
//! Those on logits are stable for logits of any size; prefer them where you can.
//!
//! A target is a [`Tensor`] or a [`Var`] of the prediction's shape, or a number; class labels are
//! `&[usize]`.

use crate::float::{Elementary, Float};
use crate::params::Params;
use crate::shape::{Shape, ShapeError};
use crate::tape::{IntoVar, Tape, Var};
use crate::tensor::Tensor;

/// What becomes of the losses of the entries (or of the rows, where a row is one decision).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reduction {
    /// Their mean.
    #[default]
    Mean,
    /// Their sum.
    Sum,
    /// They are returned as they are.
    None,
}

impl Reduction {
    #[track_caller]
    fn of<'t, T: Float>(self, losses: Var<'t, T>) -> Var<'t, T> {
        match self {
            Reduction::Mean => losses.mean(),
            Reduction::Sum => losses.sum(),
            Reduction::None => losses,
        }
    }
}

/// The mean squared error (1/n) Σ (ŷ − y)².
///
/// ```
/// use wengert::prelude::*;
/// let tape = Tape::new();
/// let prediction = tape.var([1.0, 4.0]);
/// let loss = mse(prediction, Tensor::from([0.0, 2.0]));
/// assert_eq!(loss.item(), 2.5);
/// assert_eq!(loss.backward()[prediction], [1.0, 2.0]); // 2(ŷ − y)/n
/// ```
///
/// # Panics
/// If the shapes differ and the target is not a single number.
#[doc(alias = "MSELoss")]
#[doc(alias = "mse_loss")]
#[track_caller]
pub fn mse<'t, T: Float>(prediction: Var<'t, T>, target: impl IntoVar<'t, T>) -> Var<'t, T> {
    Mse::new().of(prediction, target)
}

/// The mean absolute error (1/n) Σ |ŷ − y|.
///
/// # Panics
/// If the shapes differ and the target is not a single number.
#[doc(alias = "mae")]
#[doc(alias = "L1Loss")]
#[doc(alias = "l1_loss")]
#[track_caller]
pub fn l1<'t, T: Float>(prediction: Var<'t, T>, target: impl IntoVar<'t, T>) -> Var<'t, T> {
    L1::new().of(prediction, target)
}

/// Huber's loss with δ = 1: d²/2 for |d| ≤ δ and δ(|d| − δ/2) beyond, d = ŷ − y, averaged
/// (Huber, 1964).
///
/// # Panics
/// If the shapes differ and the target is not a single number.
#[doc(alias = "smooth_l1")]
#[doc(alias = "HuberLoss")]
#[doc(alias = "huber_loss")]
#[doc(alias = "SmoothL1Loss")]
#[track_caller]
pub fn huber<'t, T: Float>(prediction: Var<'t, T>, target: impl IntoVar<'t, T>) -> Var<'t, T> {
    Huber::new().of(prediction, target)
}

/// Binary cross-entropy of probabilities p: the mean of −[y ln p + (1 − y) ln(1 − p)], with
/// logarithms held above −100.
///
/// ```
/// use wengert::prelude::*;
/// let tape = Tape::f64();
/// let p = tape.var([0.5, 0.0]);
/// let loss = bce(p, Tensor::from([1.0, 0.0]));
/// assert_eq!(loss.item(), 2f64.ln() / 2.0);
/// ```
///
/// A p outside [0, 1] gives NaN: logits go to [`bce_with_logits`].
///
/// # Panics
/// If the shapes differ and the target is not a single number.
#[doc(alias = "binary_cross_entropy")]
#[doc(alias = "BCELoss")]
#[track_caller]
pub fn bce<'t, T: Float>(probability: Var<'t, T>, target: impl IntoVar<'t, T>) -> Var<'t, T> {
    Bce::new().of(probability, target)
}

/// [`bce`] of p = sigmoid(logit), in one stable step: finite for logits of any size.
///
/// # Panics
/// If the shapes differ and the target is not a single number.
#[doc(alias = "binary_cross_entropy_with_logits")]
#[doc(alias = "BCEWithLogitsLoss")]
#[track_caller]
pub fn bce_with_logits<'t, T: Float>(logit: Var<'t, T>, target: impl IntoVar<'t, T>) -> Var<'t, T> {
    BceWithLogits::new().of(logit, target)
}

/// Cross-entropy of logits [.., classes]: the mean over rows of −Σ yₖ ln softmax(x)ₖ, in one
/// stable step. The target is a label for each row (`&[usize]`) or a row of probabilities.
///
/// ```
/// use wengert::prelude::*;
/// let tape = Tape::f64();
/// let logits = tape.var([[2.0, 2.0], [0.0, 800.0]]);
/// let loss = cross_entropy(logits, &[0, 1]);
/// assert_eq!(loss.item(), 2f64.ln() / 2.0);
/// assert_eq!(loss.backward()[logits], [[-0.25, 0.25], [0.0, 0.0]]); // (softmax − y)/rows
/// ```
///
/// # Panics
/// If there is not one label a row, or a label is not a class.
#[doc(alias = "CrossEntropyLoss")]
#[track_caller]
pub fn cross_entropy<'t, T: Float>(logits: Var<'t, T>, target: impl ClassTarget<'t, T>) -> Var<'t, T> {
    CrossEntropy::new().of(logits, target)
}

/// Cross-entropy of probabilities [.., classes], such as softmax gives: the mean over rows of
/// −Σ yₖ ln pₖ, with logarithms held above −100. [`cross_entropy`] on logits is more exact.
///
/// # Panics
/// If there is not one label a row, or a label is not a class.
#[doc(alias = "CategoricalCrossentropy")]
#[track_caller]
pub fn categorical_cross_entropy<'t, T: Float>(
    probabilities: Var<'t, T>,
    target: impl ClassTarget<'t, T>,
) -> Var<'t, T> {
    CategoricalCrossEntropy::new().of(probabilities, target)
}

/// A penalty on large weights: (λ/2) Σ w² over the parameters that `select` picks by name. Its
/// gradient is λw, the same as a weight decay of λ in [SGD](crate::optim::Sgd).
///
/// ```
/// use wengert::prelude::*;
/// let mut params: Params = Params::new();
/// let weight = params.add("out.weight", [3.0, -1.0]);
/// params.add("out.bias", [5.0]);
/// let tape = Tape::eval(&params);
/// let penalty = l2_penalty(&tape, 0.1, |name| name.ends_with("weight"));
/// assert_eq!(penalty.item(), 0.5);
/// assert_eq!(penalty.backward()[weight], [0.3, -0.1]);
/// ```
///
/// # Panics
/// If the tape has no parameters.
#[doc(alias = "weight_decay")]
#[track_caller]
pub fn l2_penalty<'t, T: Float>(
    tape: &'t Tape<'t, T>,
    strength: f64,
    select: impl Fn(&str) -> bool,
) -> Var<'t, T> {
    let params: &Params<T> = tape.params().expect("l2_penalty: this tape has no parameters");
    let mut sum = tape.constant(T::ZERO);
    for id in params.ids().filter(|&id| select(params.name(id))) {
        sum += tape.param(id).square().sum();
    }
    sum * T::from_f64(strength / 2.0)
}

/// A loss that is a reduction and a formula entry by entry.
macro_rules! entrywise {
    ($($(#[$doc:meta])* $Loss:ident $({ $($(#[$fdoc:meta])* $field:ident: $type:ty = $default:expr),* })?:
       |$self:ident, $a:ident, $b:ident| $formula:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone)]
        #[must_use]
        pub struct $Loss {
            reduction: Reduction,
            $($($field: $type),*)?
        }

        impl $Loss {
            /// With the mean as reduction.
            pub fn new() -> Self {
                Self { reduction: Reduction::Mean, $($($field: $default),*)? }
            }

            /// What becomes of the entries' losses.
            pub fn reduction(mut self, reduction: Reduction) -> Self {
                self.reduction = reduction;
                self
            }

            $($(
                $(#[$fdoc])*
                ///
                /// # Panics
                /// If it is negative, infinite or NaN.
                #[track_caller]
                pub fn $field(mut self, $field: $type) -> Self {
                    let what = stringify!($field);
                    assert!($field.is_finite() && $field >= 0.0, "{what} must be finite and ≥ 0, got {}", $field);
                    self.$field = $field;
                    self
                }
            )*)?

            /// The loss.
            ///
            /// # Panics
            /// If the shapes differ and the target is not a single number.
            #[track_caller]
            pub fn of<'t, T: Float>(&self, prediction: Var<'t, T>, target: impl IntoVar<'t, T>) -> Var<'t, T> {
                let target = target.into_var(prediction.tape());
                same_shape(stringify!($Loss), prediction, target);
                let ($self, $a, $b) = (self, prediction, target);
                $self.reduction.of($formula)
            }
        }

        impl Default for $Loss {
            fn default() -> Self {
                Self::new()
            }
        }
    )*};
}

/// Refuses a target of another shape than the prediction's, a single number excepted: [n, 1]
/// against [n] would broadcast to [n, n] and give a loss that means nothing.
#[track_caller]
fn same_shape<T: Float>(loss: &str, prediction: Var<'_, T>, target: Var<'_, T>) {
    let (a, b) = (prediction.shape(), target.shape());
    if a != b && b.rank() != 0 {
        let error = ShapeError::new(format!(
            "prediction {a} and target {b} differ in shape (a target is of the prediction's shape or a single number; \
             `unsqueeze(-1)` makes [n] into [n, 1])"
        ));
        prediction.tape().refuse_shape(loss, &error, &[prediction, target]);
    }
}

entrywise! {
    /// [`mse`] with settings.
    Mse: |this, a, b| (a - b).square();

    /// [`l1`] with settings.
    L1: |this, a, b| (a - b).abs();

    /// [`huber`] with settings.
    Huber {
        /// Where the parabola goes over into a line.
        delta: f64 = 1.0
    }: |this, a, b| {
        // With c = min(|d|, δ): c(|d| − c/2) is d²/2 below δ and δ(|d| − δ/2) above.
        let distance = (a - b).abs();
        let c = distance.minimum(T::from_f64(this.delta));
        c * (distance - c.times(0.5))
    };

    /// [`bce`] with settings.
    Bce: |this, p, y| p.bce_entries(y);

    /// [`bce_with_logits`] with settings.
    BceWithLogits {
        /// The weight of positive targets, for classes of unequal size: above 1 it raises recall.
        pos_weight: f64 = 1.0
    }: |this, x, y| {
        if this.pos_weight == 1.0 {
            x.bce_with_logits_entries(y)
        } else {
            // (1 − y)x + (1 + (w − 1)y)·ln(1 + e⁻ˣ)
            x - x * y + (y.times(this.pos_weight - 1.0).plus(1.0)) * (-x).softplus()
        }
    };
}

/// [`cross_entropy`] with settings.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct CrossEntropy {
    reduction: Reduction,
    rows: Rows,
}

/// [`categorical_cross_entropy`] with settings.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct CategoricalCrossEntropy {
    reduction: Reduction,
    rows: Rows,
}

/// How a target becomes a row of weights, one for each class.
#[derive(Debug, Clone, Default)]
struct Rows {
    label_smoothing: f64,
    class_weights: Option<Vec<f64>>,
    ignore_index: Option<usize>,
}

macro_rules! classwise {
    ($Loss:ident, $input:ident, |$x:ident, $t:ident| $rows:expr) => {
        impl $Loss {
            /// With the mean as reduction, no smoothing, classes of equal weight.
            pub fn new() -> Self {
                Self::default()
            }

            /// What becomes of the rows' losses. With class weights and labels, `Mean` divides by the
            /// sum of the rows' weights.
            pub fn reduction(mut self, reduction: Reduction) -> Self {
                self.reduction = reduction;
                self
            }

            /// Moves this share of each target to all classes alike (Szegedy et al., 2016).
            ///
            /// # Panics
            /// If it is not in 0..=1.
            #[track_caller]
            pub fn label_smoothing(mut self, share: f64) -> Self {
                assert!((0.0..=1.0).contains(&share), "label smoothing must be in 0..=1, not {share}");
                self.rows.label_smoothing = share;
                self
            }

            /// A weight for each class, for classes of unequal size.
            ///
            /// # Panics
            /// If one is negative, infinite or NaN.
            #[track_caller]
            pub fn class_weights(mut self, weights: impl Into<Vec<f64>>) -> Self {
                let weights = weights.into();
                for weight in &weights {
                    assert!(
                        weight.is_finite() && *weight >= 0.0,
                        "class weights must be finite and ≥ 0, got {weights:?}"
                    );
                }
                self.rows.class_weights = Some(weights);
                self
            }

            /// Rows with this label count for nothing, in the mean's divisor too.
            pub fn ignore_index(mut self, label: usize) -> Self {
                self.rows.ignore_index = Some(label);
                self
            }

            /// The loss.
            ///
            /// # Panics
            /// If there is not one label a row, if a label is not a class, or if there is not one
            /// weight a class.
            #[track_caller]
            pub fn of<'t, T: Float>(
                &self,
                $input: Var<'t, T>,
                target: impl ClassTarget<'t, T>,
            ) -> Var<'t, T> {
                let shape = $input.shape();
                let Some((&classes, rows)) = shape.split_last() else {
                    let error = ShapeError::new("the input is [.., classes], got a single number");
                    $input.tape().refuse_shape(stringify!($Loss), &error, &[$input])
                };
                if classes == 0 {
                    let error = ShapeError::new(format!("the input {shape} has no classes on its last axis"));
                    $input.tape().refuse_shape(stringify!($Loss), &error, &[$input])
                }
                if let Some(weights) = &self.rows.class_weights {
                    assert!(
                        weights.len() == classes,
                        "{} class weights for {classes} classes",
                        weights.len()
                    );
                }
                let rows = Shape::new(rows);
                let (target, divisor) = target.weigh($input.tape(), &rows, classes, &self.rows);
                same_shape(stringify!($Loss), $input, target);
                let ($x, $t) = ($input, target);
                let losses = $rows;
                match self.reduction {
                    Reduction::Mean => losses.sum() * T::from_f64(1.0 / divisor),
                    other => other.of(losses),
                }
            }
        }
    };
}
classwise!(CrossEntropy, logits, |x, t| x.cross_entropy_rows(t));
classwise!(CategoricalCrossEntropy, probabilities, |p, t| p.surprise(t).sum_axis(-1));

impl Rows {
    fn weight(&self, class: usize) -> f64 {
        self.class_weights.as_ref().map_or(1.0, |weights| weights[class])
    }

    /// A label's weights, and the row's part of the mean's divisor.
    fn of_label<T: Float>(&self, label: usize, row: &mut [T]) -> f64 {
        if self.ignore_index == Some(label) {
            row.fill(T::ZERO);
            return 0.0;
        }
        let spread = self.label_smoothing / row.len() as f64;
        for (class, y) in row.iter_mut().enumerate() {
            let share = if class == label { 1.0 - self.label_smoothing + spread } else { spread };
            *y = T::from_f64(self.weight(class) * share);
        }
        self.weight(label)
    }
}

/// What a classification loss can be measured against: a label for each row, or a row of
/// probabilities as a [`Tensor`] or [`Var`].
pub trait ClassTarget<'t, T: Float>: private::Weigh<'t, T> {}

mod private {
    use super::*;

    pub trait Weigh<'t, T: Float> {
        /// A weight for each row and class, and what a mean over rows divides by.
        #[track_caller]
        #[allow(private_interfaces)]
        fn weigh(self, tape: &'t Tape<'t, T>, rows: &Shape, classes: usize, how: &Rows) -> (Var<'t, T>, f64);
    }
}
use private::Weigh;

impl<'t, T: Float> ClassTarget<'t, T> for &[usize] {}
impl<'t, T: Float> Weigh<'t, T> for &[usize] {
    #[allow(private_interfaces)]
    fn weigh(self, tape: &'t Tape<'t, T>, rows: &Shape, classes: usize, how: &Rows) -> (Var<'t, T>, f64) {
        assert!(
            self.len() == rows.numel(),
            "cross-entropy: {} labels for {} rows of shape {rows}",
            self.len(),
            rows.numel()
        );
        if let Some((row, label)) =
            self.iter().enumerate().find(|&(_, &label)| label >= classes && how.ignore_index != Some(label))
        {
            panic!(
                "cross-entropy: label {label} of row {row} is not a class: there are {classes}, 0 to {}",
                classes - 1
            );
        }
        let mut divisor = 0.0;
        let target = Tensor::build(rows.inserted(rows.rank(), classes), |y| {
            for (row, &label) in y.chunks_exact_mut(classes).zip(self) {
                divisor += how.of_label(label, row);
            }
        });
        (tape.constant(target), divisor)
    }
}

impl<'t, T: Float> ClassTarget<'t, T> for Var<'t, T> {}
impl<'t, T: Float> Weigh<'t, T> for Var<'t, T> {
    #[allow(private_interfaces)]
    fn weigh(self, tape: &'t Tape<'t, T>, rows: &Shape, classes: usize, how: &Rows) -> (Var<'t, T>, f64) {
        assert!(
            how.ignore_index.is_none(),
            "cross-entropy: ignore_index is for labels; a row of probabilities without weight is a row of zeros"
        );
        let mut target = self;
        if how.label_smoothing > 0.0 {
            target = target.times(1.0 - how.label_smoothing).plus(how.label_smoothing / classes as f64);
        }
        if let Some(weights) = &how.class_weights {
            target *= tape.constant(Tensor::<f64>::from(&weights[..]).cast::<T>());
        }
        (target, rows.numel() as f64)
    }
}

macro_rules! class_target {
    ($([$($generics:tt)*] $type:ty: |$this:ident, $tape:ident| $as:expr;)*) => {$(
        impl<'t, T: Float $($generics)*> ClassTarget<'t, T> for $type {}
        impl<'t, T: Float $($generics)*> Weigh<'t, T> for $type {
            #[allow(private_interfaces)]
            #[track_caller]
            fn weigh(self, $tape: &'t Tape<'t, T>, rows: &Shape, classes: usize, how: &Rows) -> (Var<'t, T>, f64) {
                let $this = self;
                Weigh::weigh($as, $tape, rows, classes, how)
            }
        }
    )*};
}
class_target! {
    [] Vec<usize>: |this, tape| &this[..];
    [] &Vec<usize>: |this, tape| &this[..];
    [, const N: usize] &[usize; N]: |this, tape| &this[..];
    [, const N: usize] [usize; N]: |this, tape| &this[..];
    [] Tensor<T>: |this, tape| tape.constant(this);
    [] &Tensor<T>: |this, tape| tape.constant(this);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logits_of_any_size_give_finite_losses_and_gradients() {
        for logit in [-800.0, 800.0, -1e30, 1e30] {
            for target in [0.0, 0.3, 1.0] {
                let tape = Tape::f64();
                let x = tape.var([logit]);
                for loss in [bce_with_logits(x, target), BceWithLogits::new().pos_weight(3.0).of(x, target)] {
                    assert!(loss.item().is_finite() && loss.backward()[x].is_finite(), "{logit} {target}");
                }
                let p = tape.var([if logit > 0.0 { 1.0 } else { 0.0 }]);
                let loss = bce(p, target);
                assert!(loss.item().is_finite() && loss.backward()[p].is_finite(), "{logit} {target}");
            }
            let tape = Tape::new();
            let x = tape.var([[logit as f32, 0.0, -logit as f32]]);
            for label in 0..3 {
                let loss = cross_entropy(x, [label]);
                assert!(loss.item().is_finite() && loss.backward()[x].is_finite(), "{logit} {label}");
                let loss = categorical_cross_entropy(x.softmax(-1), [label]);
                assert!(loss.item().is_finite() && loss.backward()[x].is_finite(), "{logit} {label}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "label 3 of row 1 is not a class: there are 3, 0 to 2")]
    fn a_label_out_of_range_panics() {
        let tape = Tape::new();
        let _ = cross_entropy(tape.var([[0.0; 3]; 2]), [0, 3]);
    }

    #[test]
    #[should_panic(expected = "1 labels for 2 rows")]
    fn a_label_too_few_panics() {
        let tape = Tape::new();
        let _ = cross_entropy(tape.var([[0.0; 3]; 2]), [0]);
    }

    #[test]
    #[should_panic(expected = "prediction [4, 1] and target [4] differ in shape")]
    fn a_target_of_another_shape_panics_and_does_not_broadcast() {
        let tape = Tape::new();
        let _ = mse(tape.var([[1.0], [0.0], [1.0], [0.0]]), Tensor::from([1.0, 0.0, 1.0, 0.0]));
    }

    #[test]
    #[should_panic(expected = "prediction [1, 3] and target [4, 3] differ in shape")]
    fn rows_of_probabilities_do_not_broadcast() {
        let tape = Tape::new();
        let _ = categorical_cross_entropy(tape.var([[0.5, 0.25, 0.25]]), Tensor::ones([4, 3]));
    }

    #[test]
    fn huber_is_a_parabola_near_zero_and_a_line_beyond_delta() {
        let tape = Tape::f64();
        let x = tape.var([0.5, -3.0]);
        let losses = Huber::new().delta(2.0).reduction(Reduction::None).of(x, 0.0);
        assert_eq!(losses.value(), [0.125, 4.0]);
        assert_eq!(losses.sum().backward()[x], [0.5, -2.0]);
    }
}
