//! What is called during a training: when, and what those do that come with the crate.

#[path = "common/start.rs"]
mod start;

use start::{loss, same, start};
use std::cell::RefCell;
use wengert::optim::grad_norm;
use wengert::optim::schedule::{Constant, ReduceOnPlateau};
use wengert::prelude::*;
use wengert::train::{Callback, EarlyStopping, Moment, Progress, TerminateOnNan, Trainer};

/// Writes down its moments.
struct Diary<'a>(&'a RefCell<Vec<String>>);

macro_rules! diary {
    ($($moment:ident $($grads:ident)?),*) => {
        impl Callback<f64> for Diary<'_> {
            $(fn $moment(&mut self, now: &mut Moment<'_, f64> $(, $grads: &mut Gradients<f64>)?) -> Result<(), Error> {
                $(assert!(grad_norm($grads) > 0.0);)?
                let what = stringify!($moment).trim_start_matches("on_");
                self.0.borrow_mut().push(format!("{what} {}.{}", now.epoch, now.batch));
                Ok(())
            })*
        }
    };
}
diary!(
    on_train_begin, on_epoch_begin, on_batch_begin, on_backward grads, on_batch_end, on_validation_begin,
    on_epoch_end, on_train_end
);

#[test]
fn moments_come_in_their_order() {
    let mut s = start();
    let mut adam = Adam::new(0.01);
    let diary = RefCell::new(Vec::new());
    let valid = &s.valid;
    Trainer::new(&mut s.params, &mut adam, &mut s.rng)
        .accumulate(2)
        .callback(Diary(&diary))
        .fit((&s.train, valid), 1, |tape, batch| loss(&s.model, tape, batch))
        .unwrap();
    let expected = "train_begin 0.0, epoch_begin 1.0, batch_begin 1.1, batch_end 1.1, \
        batch_begin 1.2, backward 1.2, batch_end 1.2, batch_begin 1.3, backward 1.3, batch_end 1.3, \
        validation_begin 1.3, epoch_end 1.3, train_end 1.3";
    assert_eq!(diary.borrow().join(", "), expected);
}

/// Replaces the recorded losses by a script, and the parameters by the epoch's number.
struct Script(&'static [f64]);

impl Callback<f64> for Script {
    fn on_epoch_end(&mut self, now: &mut Moment<'_, f64>) -> Result<(), Error> {
        let (epoch, w) = (now.epoch, now.params.id("w").unwrap());
        *now.params.value_mut(w) = Tensor::scalar(epoch as f64);
        now.record("metric", self.0[epoch - 1]);
        Ok(())
    }
}

/// How many epochs early stopping lets a training with these numbers run, and from which epoch the
/// parameters are in the end.
fn stopped(metric: &'static [f64], early: EarlyStopping<f64>) -> (usize, f64, Option<String>) {
    let mut params: Params<f64> = Params::new();
    let w = params.add("w", 1.0);
    let loader = DataLoader::new(Tensor::ones([1, 1]), Tensor::ones([1, 1]), 1).unwrap();
    let (mut sgd, mut rng) = (Sgd::new(0.0), Rng::new(0));
    let history = Trainer::new(&mut params, &mut sgd, &mut rng)
        .callback(Script(metric))
        .callback(early.of("metric"))
        .fit(&loader, metric.len(), |tape, (x, y)| mse(tape.constant(x) * tape.param(w), y))
        .unwrap();
    (history.len(), params[w].item(), history.stopped().map(str::to_string))
}

#[test]
fn early_stopping_waits_its_patience_and_goes_back_to_the_best() {
    let new = |patience| EarlyStopping::new(patience).unwrap();
    let falling = &[5.0, 4.0, 3.0, 2.0];
    assert_eq!(stopped(falling, new(1)), (4, 4.0, None));
    assert_eq!(stopped(falling, new(1).higher_is_better()).0, 2);
    let up_and_down = &[5.0, 3.0, 4.0, 3.0, 2.0, 9.0, 9.0, 9.0, 1.0];
    let (epochs, best, why) = stopped(up_and_down, new(3));
    assert_eq!((epochs, best), (8, 5.0));
    assert_eq!(why.unwrap(), "metric got no better for 3 epochs; the best was 2.0000 in epoch 5");
    assert_eq!(stopped(up_and_down, new(2)).0, 4);
    assert_eq!(stopped(up_and_down, new(4)), (9, 9.0, None));
    // The best even if nothing stopped it.
    assert_eq!(stopped(&[1.0, 2.0, 3.0], new(9)), (3, 1.0, None));
    // Better by too little.
    let slowly = &[5.0, 4.5, 4.0, 3.5, 3.0];
    assert_eq!(stopped(slowly, new(2).min_delta(1.0).unwrap()).1, 1.0);
    assert_eq!(stopped(slowly, new(3).min_delta(1.0).unwrap()), (5, 4.0, None));
    // NaN is not better, and does not hide what is.
    assert_eq!(stopped(&[f64::NAN, 2.0, f64::NAN, 1.0], new(2)), (4, 4.0, None));
    let (epochs, _, why) = stopped(&[f64::NAN, f64::NAN, 1.0], new(2));
    assert_eq!(
        (epochs, why.unwrap().as_str()),
        (2, "metric got no better for 2 epochs; there was no number to compare with")
    );
}

#[test]
fn a_loss_that_is_no_number_stops_before_the_step() {
    let mut s = start();
    let mut sgd = Sgd::new(0.1);
    let mut batches = 0;
    let before = s.params.clone();
    let history = Trainer::new(&mut s.params, &mut sgd, &mut s.rng)
        .callback(TerminateOnNan)
        .callback(EarlyStopping::new(1).unwrap())
        .fit(&s.train, 9, |tape, batch| {
            batches += 1;
            loss(&s.model, tape, batch) * f64::NAN
        })
        .unwrap();
    assert_eq!((batches, history.len()), (1, 0));
    assert_eq!(history.stopped(), Some("the loss is NaN in epoch 1, batch 1"));
    same(&s.params, &before);
}

/// Two rows, a batch each, of a training that ends in its first epoch without a step: why it ended.
#[track_caller]
fn ends_at_once(step: impl for<'t> Fn(Var<'t, f64>, f64) -> Var<'t, f64>) -> String {
    let (mut params, mut rng) = (Params::new(), Rng::new(0));
    let w = params.add("w", 0.0);
    let rows = DataLoader::new(Tensor::from([[1.0], [2.0]]), Tensor::from([[1.0], [2.0]]), 1).unwrap();
    let mut sgd = Sgd::new(0.1);
    let history = Trainer::new(&mut params, &mut sgd, &mut rng)
        .accumulate(2)
        .callback(TerminateOnNan)
        .fit(&rows, 9, |tape, (x, _)| step(tape.param(w), x.item()))
        .unwrap();
    assert_eq!((history.len(), params[w].item()), (0, 0.0), "no step was taken");
    history.stopped().unwrap().to_string()
}

#[test]
fn a_loss_that_is_no_number_stops_also_where_its_step_is_still_to_come() {
    let why = ends_at_once(|w, x| if x == 1.0 { w * f64::NAN } else { w });
    assert_eq!(why, "the loss is NaN in epoch 1, batch 1");
}

#[test]
fn a_gradient_that_is_no_number_stops_though_the_loss_is_one() {
    // √(w²) at 0 is 0, and its derivative 0 · ∞.
    let why = ends_at_once(|w, _| w.square().sqrt());
    assert_eq!(why, "the gradient of w is not finite in epoch 1, batch 2");
}

#[test]
fn a_plateau_lowers_the_rate() {
    let mut s = start();
    let mut sgd = Sgd::new(0.5);
    let plateau = ReduceOnPlateau::new(0.5).unwrap().factor(0.5).unwrap().patience(0);
    let history = Trainer::new(&mut s.params, &mut sgd, &mut s.rng)
        .each_epoch(|now| {
            now.record("constant", 1.0);
            Ok(())
        })
        .reduce_on_plateau(plateau, "constant")
        .fit(&s.train, 4, |tape, batch| loss(&s.model, tape, batch))
        .unwrap();
    assert_eq!(history["learning_rate"], [0.5, 0.5, 0.25, 0.125]);
}

#[test]
fn progress_is_a_line_an_epoch() {
    let mut out = Vec::new();
    let mut s = start();
    let mut sgd = Sgd::new(0.0);
    let history = Trainer::new(&mut s.params, &mut sgd, &mut s.rng)
        .schedule(Constant::new(0.0).unwrap())
        .callback(Progress::to(&mut out).every(2))
        .callback(EarlyStopping::new(2).unwrap().of("learning_rate"))
        .fit(&s.train, 10, |tape, batch| loss(&s.model, tape, batch))
        .unwrap();
    let expected = format!(
        "Epoch [ 2/10] train_loss {:.4} learning_rate 0.0000\n\
         Epoch [ 3/10] train_loss {:.4} learning_rate 0.0000\n\
         Stopped: learning_rate got no better for 2 epochs; the best was 0.0000 in epoch 1\n",
        history["train_loss"][1], history["train_loss"][2]
    );
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn progress_tells_of_the_last_epoch_also_where_the_training_was_stopped_between_two_lines() {
    let lines = |every: usize| {
        let mut s = start();
        let (mut sgd, mut out) = (Sgd::new(0.1), Vec::new());
        Trainer::new(&mut s.params, &mut sgd, &mut s.rng)
            .callback(Progress::to(&mut out).every(every))
            .callback(EarlyStopping::new(3).unwrap().of("learning_rate"))
            .fit(&s.train, 9, |tape, batch| loss(&s.model, tape, batch))
            .unwrap();
        let text = String::from_utf8(out).unwrap();
        text.lines().map(|line| line.chars().take(11).collect()).collect::<Vec<String>>()
    };
    assert_eq!(lines(3), ["Epoch [3/9]", "Epoch [4/9]", "Stopped: le"]);
    assert_eq!(lines(2), ["Epoch [2/9]", "Epoch [4/9]", "Stopped: le"]);
    assert_eq!(lines(0).len(), 5, "0 counts as 1");
}
