//! The training loop against the same loop written out by hand, and its callbacks.

use std::cell::RefCell;
use wengert::data::Dataset;
use wengert::error::ErrorKind;
use wengert::metrics::accuracy;
use wengert::optim::schedule::{Constant, Exponential, Lambda, OneCycle, ReduceOnPlateau};
use wengert::optim::{WeightAverage, clip_grad_norm, clip_grad_value, grad_norm};
use wengert::prelude::*;
use wengert::train::{
    Callback, EarlyStopping, Moment, Progress, RateRange, TerminateOnNan, Trainer, evaluate,
    evaluate_measured, predict, weighted_mean,
};

/// A small network with dropout on a small problem, as it stands before a training.
struct Start {
    rng: Rng,
    params: Params<f64>,
    model: Mlp,
    train: DataLoader<(Tensor<f64>, Vec<usize>)>,
    valid: DataLoader<(Tensor<f64>, Vec<usize>)>,
}

fn start() -> Start {
    let mut rng = Rng::new(7);
    let mut params = Params::new();
    let model = Mlp::new(&mut params.init(&mut rng), &[3, 8, 2]).dropout(0.25);
    let mut data = |rows: usize, batch: usize| {
        let x = Tensor::randn([rows, 3], &mut rng);
        let labels = (0..rows).map(|i| usize::from(x.row(i)[0] * x.row(i)[1] > 0.0)).collect();
        DataLoader::new(x, labels, batch).unwrap()
    };
    let (train, valid) = (data(22, 8).shuffle(true), data(10, 4));
    Start { rng, params, model, train, valid }
}

type Batch = (Tensor<f64>, Vec<usize>);

fn loss<'t>(model: &Mlp, tape: &'t Tape<'t, f64>, (x, labels): &Batch) -> Var<'t, f64> {
    cross_entropy(model.forward(tape.constant(x)), labels)
}

/// What a loop written by hand does between backward and the next batch.
type Step<'a> = &'a mut dyn FnMut(&mut Params<f64>, &mut dyn Optimizer<f64>, Gradients<f64>, usize);

/// The loop, written out.
fn by_hand(start: &mut Start, optimizer: &mut dyn Optimizer<f64>, epochs: usize, step: Step<'_>) -> Vec<f64> {
    let Start { rng, params, model, train, .. } = start;
    let (mut losses, mut steps) = (Vec::new(), 0);
    for _ in 0..epochs {
        let mut sum = 0.0;
        for batch in train.epoch(rng) {
            let tape = Tape::training(params, rng);
            let loss = loss(model, &tape, &batch);
            sum += loss.item() * batch.1.len() as f64;
            let grads = loss.backward();
            step(params, optimizer, grads, steps);
            steps += 1;
        }
        losses.push(sum / 22.0);
    }
    losses
}

#[track_caller]
fn same(a: &Params<f64>, b: &Params<f64>) {
    for ((name, x), (_, y)) in a.iter().zip(b.iter()) {
        assert!(x.data().iter().zip(y.data()).all(|(x, y)| x.to_bits() == y.to_bits()), "{name}: {x} {y}");
    }
}

/// Fits with a trainer set up by `set`, and by hand with `step`; the bits must be the same.
#[track_caller]
fn check(set: impl for<'a> FnOnce(Trainer<'a, f64>) -> Trainer<'a, f64>, step: Step<'_>) {
    let mut fitted = start();
    let mut adam = Adam::new(0.01);
    let history = set(Trainer::new(&mut fitted.params, &mut adam, &mut fitted.rng))
        .fit(&fitted.train, 4, |tape, batch| loss(&fitted.model, tape, batch))
        .unwrap();
    let mut written = start();
    let losses = by_hand(&mut written, &mut Adam::new(0.01), 4, step);
    same(&fitted.params, &written.params);
    assert_eq!(fitted.rng, written.rng);
    assert_eq!(history.len(), 4);
    for (a, b) in history["train_loss"].iter().zip(losses) {
        assert!((a - b).abs() < 1e-12);
    }
}

#[test]
fn fit_gives_the_bits_of_the_loop_written_by_hand() {
    check(|t| t, &mut |params, adam, grads, _| adam.step(params, &grads));
    let schedule = || Exponential::new(0.1, 0.5).unwrap();
    check(|t| t.schedule(schedule()), &mut |params, adam, grads, step| {
        adam.set_learning_rate(schedule().rate(step / 3));
        adam.step(params, &grads);
    });
    check(|t| t.schedule_steps(schedule()), &mut |params, adam, grads, step| {
        adam.set_learning_rate(schedule().rate(step));
        adam.step(params, &grads);
    });
    check(|t| t.clip_norm(0.1), &mut |params, adam, mut grads, _| {
        assert!(clip_grad_norm(&mut grads, 0.1) > 0.1, "it has something to clip");
        adam.step(params, &grads);
    });
    check(|t| t.clip_value(0.01).clip_norm(0.02), &mut |params, adam, mut grads, _| {
        clip_grad_value(&mut grads, 0.01);
        clip_grad_norm(&mut grads, 0.02);
        adam.step(params, &grads);
    });
}

#[test]
fn the_average_is_what_is_validated_and_what_is_left() {
    let mut fitted = start();
    let mut adam = Adam::new(0.05);
    let history = Trainer::new(&mut fitted.params, &mut adam, &mut fitted.rng)
        .ema(0.9)
        .fit((&fitted.train, &fitted.valid), 3, |tape, batch| loss(&fitted.model, tape, batch))
        .unwrap();
    let mut written = start();
    let mut average = WeightAverage::ema(&written.params, 0.9);
    by_hand(&mut written, &mut Adam::new(0.05), 3, &mut |params, adam, grads, _| {
        adam.step(params, &grads);
        average.update(params);
    });
    same(&fitted.params, average.params());
    let valid =
        evaluate(&fitted.params, &fitted.valid, |tape, batch| loss(&fitted.model, tape, batch)).unwrap();
    assert_eq!(history.last("valid_loss"), Some(valid));
}

#[test]
fn accumulated_batches_are_one_large_batch() {
    let fit = |batch_size: usize, accumulate: usize| {
        let Start { mut rng, mut params, model, train, .. } = start();
        let model = model.dropout(0.0); // whose masks would differ
        let loader = DataLoader::from_dataset(train.dataset().clone(), batch_size).unwrap();
        let mut steps = 0;
        let count = Count(&mut steps);
        let mut sgd = Sgd::new(0.5).momentum(0.9);
        Trainer::new(&mut params, &mut sgd, &mut rng)
            .accumulate(accumulate)
            .callback(count)
            .fit(&loader, 5, |tape, batch| loss(&model, tape, batch))
            .unwrap();
        (params, steps)
    };
    let ((one, steps), (other, same_steps)) = (fit(12, 1), fit(4, 3)); // 22 rows: 12 + 10, or 4·5 + 2
    assert_eq!((steps, same_steps), (10, 10));
    for ((_, a), (_, b)) in one.iter().zip(other.iter()) {
        assert!(a.max_abs_diff(b) < 1e-12);
    }
}

/// Counts the optimizer's steps.
struct Count<'a>(&'a mut usize);

impl Callback<f64> for Count<'_> {
    fn on_backward(&mut self, now: &mut Moment<'_, f64>, _: &mut Gradients<f64>) -> Result<(), Error> {
        assert_eq!(now.step, *self.0);
        *self.0 += 1;
        Ok(())
    }
}

#[test]
fn metrics_are_measured_in_training_and_in_validation() {
    let mut s = start();
    let mut adam = Adam::new(0.01);
    let history = Trainer::new(&mut s.params, &mut adam, &mut s.rng)
        .fit_measured((&s.train, &s.valid), 2, |tape, (x, labels), measures| {
            let logits = s.model.forward(tape.constant(x));
            measures.add("accuracy", accuracy(&logits.value().argmax_rows(), labels)?);
            Ok(cross_entropy(logits, labels))
        })
        .unwrap();
    let names: Vec<_> = history.columns().map(|(name, _)| name).collect();
    assert_eq!(names, ["train_loss", "train_accuracy", "valid_loss", "valid_accuracy", "learning_rate"]);
    let (x, labels) = s.valid.dataset();
    let right = accuracy(&predict(&s.model, &s.params, x).argmax_rows(), labels).unwrap();
    assert!((history.last("valid_accuracy").unwrap() - right).abs() < 1e-15);
    let (_, measures) = evaluate_measured(&s.params, &s.train, |tape, (x, labels), measures| {
        measures.add("rows", labels.len() as f64);
        Ok(cross_entropy(s.model.forward(tape.constant(x)), labels))
    })
    .unwrap();
    assert_eq!(measures.get("rows"), Some((8.0 * 8.0 + 8.0 * 8.0 + 6.0 * 6.0) / 22.0));
}

#[test]
fn a_step_that_fails_ends_the_training_with_its_error() {
    let mut s = start();
    let mut adam = Adam::new(0.01);
    let error = Trainer::new(&mut s.params, &mut adam, &mut s.rng)
        .fit_measured(&s.train, 2, |_, _, _| Err(Error::data("the disk is gone")))
        .unwrap_err();
    assert_eq!(error.to_string(), "the disk is gone");
    same(&s.params, &start().params);
}

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
fn fitting_again_goes_on() {
    let (mut once, mut twice) = (start(), start());
    let schedule = || Exponential::new(0.1, 0.5).unwrap();
    let (mut adam, mut other) = (Adam::new(1.0), Adam::new(1.0));
    let whole = Trainer::new(&mut once.params, &mut adam, &mut once.rng)
        .schedule(schedule())
        .fit(&once.train, 5, |tape, batch| loss(&once.model, tape, batch))
        .unwrap();
    let mut trainer = Trainer::new(&mut twice.params, &mut other, &mut twice.rng).schedule(schedule());
    for epochs in [2, 5] {
        trainer.fit(&twice.train, epochs, |tape, batch| loss(&twice.model, tape, batch)).unwrap();
    }
    let parts = trainer.fit(&twice.train, 5, |_, _| unreachable!("nothing is left to do")).unwrap();
    assert_eq!(whole, parts);
    drop(trainer);
    same(&once.params, &twice.params);
}

#[test]
fn fitting_again_goes_on_from_the_last_step_and_not_from_what_was_left_behind() {
    let (mut once, mut twice) = (start(), start());
    let (mut adam, mut other) = (Adam::new(0.1), Adam::new(0.1));
    let early = || EarlyStopping::new(99).unwrap();
    Trainer::new(&mut once.params, &mut adam, &mut once.rng)
        .ema(0.9)
        .callback(early())
        .fit((&once.train, &once.valid), 7, |tape, batch| loss(&once.model, tape, batch))
        .unwrap();
    let mut trainer = Trainer::new(&mut twice.params, &mut other, &mut twice.rng).ema(0.9).callback(early());
    for epochs in [3, 5, 7] {
        let data = (&twice.train, &twice.valid);
        trainer.fit(data, epochs, |tape, batch| loss(&twice.model, tape, batch)).unwrap();
    }
    drop(trainer);
    same(&once.params, &twice.params);
    assert_eq!(adam.state(&once.params), other.state(&twice.params));
}

#[test]
fn fitting_again_after_an_early_stop_trains_no_further_epoch() {
    let mut s = start();
    let mut sgd = Sgd::new(0.0);
    let mut trainer = Trainer::new(&mut s.params, &mut sgd, &mut s.rng)
        .each_epoch(|now| {
            now.record("constant", 1.0);
            Ok(())
        })
        .callback(EarlyStopping::new(2).unwrap().of("constant"));
    for epochs in [9, 20] {
        let history = trainer.fit(&s.train, epochs, |tape, batch| loss(&s.model, tape, batch)).unwrap();
        assert_eq!(history.len(), 3);
        assert_eq!(
            history.stopped(),
            Some("constant got no better for 2 epochs; the best was 1.0000 in epoch 1")
        );
    }
}

/// What `fit` says of a trainer set up like this; nothing may change.
#[track_caller]
fn refused(set: impl for<'a> FnOnce(Trainer<'a, f64>) -> Trainer<'a, f64>, why: &str) {
    let mut s = start();
    let before = start();
    let mut sgd = Sgd::new(0.5);
    let error = set(Trainer::new(&mut s.params, &mut sgd, &mut s.rng))
        .fit(&s.train, 10, |_, _| unreachable!("it must be found before the first batch"))
        .expect_err(why);
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Config, why));
    same(&s.params, &before.params);
    assert_eq!(s.rng, before.rng);
    assert_eq!(sgd.learning_rate(), 0.5);
}

#[test]
fn settings_out_of_range_are_found_before_anything_changes() {
    refused(|t| t.accumulate(0), "gradients of 0 batches cannot be accumulated; 1 means no accumulation");
    refused(
        |t| t.clip_norm(0.0),
        "gradients cannot be clipped to a norm of 0: it must be finite and above 0",
    );
    refused(
        |t| t.clip_value(f64::NAN),
        "gradients cannot be clipped to a value of NaN: it must be finite and above 0",
    );
    refused(|t| t.ema(1.0), "the average's decay is 1: it must be at least 0 and below 1");
    refused(
        |t| t.schedule(OneCycle::new(0.1, 9).unwrap()),
        "the schedule has 9 learning rates and the training 10 epochs: it would end before",
    );
    refused(
        |t| t.schedule_steps(OneCycle::new(0.1, 29).unwrap()), // three batches an epoch
        "the schedule has 29 learning rates and the training 30 steps: it would end before",
    );
    refused(
        |t| t.schedule(Lambda::new(0.1, |_| -1.0).unwrap()),
        "the schedule's learning rate at epoch 0, counted from 0, is -0.1: it must be finite and not negative",
    );
    assert_eq!(
        EarlyStopping::<f64>::new(0).unwrap_err().to_string(),
        "early stopping with a patience of 0 would stop after the first epoch; it must be at least 1"
    );
    assert!(EarlyStopping::<f64>::new(1).unwrap().min_delta(-1.0).is_err());
}

#[test]
fn a_schedule_as_long_as_the_training_is_enough() {
    let mut s = start();
    let mut sgd = Sgd::new(0.5);
    let mut trainer = Trainer::new(&mut s.params, &mut sgd, &mut s.rng)
        .accumulate(2)
        .schedule_steps(OneCycle::new(0.1, 6).unwrap());
    trainer.fit(&s.train, 3, |tape, batch| loss(&s.model, tape, batch)).unwrap(); // 2 steps an epoch
    let error = trainer.fit(&s.train, 4, |tape, batch| loss(&s.model, tape, batch)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the schedule has 6 learning rates and the training 8 steps: it would end before"
    );
}

#[test]
fn a_name_that_nothing_is_recorded_under_is_an_error() {
    let mut s = start();
    let mut sgd = Sgd::new(0.5);
    let error = Trainer::new(&mut s.params, &mut sgd, &mut s.rng)
        .callback(EarlyStopping::new(1).unwrap().of("valid_los"))
        .fit((&s.train, &s.valid), 10, |tape, batch| loss(&s.model, tape, batch))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "nothing is recorded under \"valid_los\"; there are: train_loss, valid_loss, learning_rate"
    );
}

#[test]
fn a_loader_without_batches_is_an_error() {
    let Start { mut rng, mut params, model, train, .. } = start();
    let empty = DataLoader::from_dataset(train.dataset().clone(), 100).unwrap().drop_last(true);
    let mut sgd = Sgd::new(0.5);
    let mut trainer = Trainer::new(&mut params, &mut sgd, &mut rng);
    let error = trainer.fit(&empty, 1, |tape, batch| loss(&model, tape, batch)).unwrap_err().to_string();
    assert_eq!(error, "the loader has no batch: 22 rows, and a last batch below 100 is dropped");
    let error = trainer.fit((&train, &empty), 1, |tape, batch| loss(&model, tape, batch)).unwrap_err();
    assert_eq!(error.to_string(), "the loader for validation has no batch");
}

#[test]
#[should_panic(expected = "the step's loss has shape [8, 2]: it must be a single number")]
fn a_loss_of_several_numbers_panics() {
    let mut s = start();
    let mut sgd = Sgd::new(0.5);
    let _ = Trainer::new(&mut s.params, &mut sgd, &mut s.rng)
        .fit(&s.train, 1, |tape, (x, _)| s.model.forward(tape.constant(x)));
}

#[test]
fn finding_a_rate_leaves_everything_as_it_was() {
    let mut s = start();
    let mut adam = Adam::new(0.25);
    let curve = {
        let mut trainer = Trainer::new(&mut s.params, &mut adam, &mut s.rng);
        trainer.fit(&s.train, 1, |tape, batch| loss(&s.model, tape, batch)).unwrap();
        trainer
            .find_learning_rate(&s.train, RateRange { low: 1e-4, high: 1e3, steps: 50 }, |tape, batch| {
                loss(&s.model, tape, batch)
            })
            .unwrap()
    };
    let mut untouched = start();
    let mut other = Adam::new(0.25);
    Trainer::new(&mut untouched.params, &mut other, &mut untouched.rng)
        .fit(&untouched.train, 1, |tape, batch| loss(&untouched.model, tape, batch))
        .unwrap();
    same(&s.params, &untouched.params);
    assert_eq!(s.rng, untouched.rng);
    assert_eq!(adam.state(&s.params), other.state(&untouched.params));
    assert!(curve.rates.len() < 50 && curve.losses.len() == curve.rates.len(), "a rate of 1000 diverges");
    assert!(curve.rates.is_sorted() && curve.rates[0] == 1e-4);
}

#[test]
fn the_suggested_rate_is_where_the_loss_falls_steepest() {
    let curve = |smoothed: &[f64]| wengert::train::RateCurve {
        rates: (0..smoothed.len()).map(|i| 10f64.powi(i as i32)).collect(),
        losses: smoothed.to_vec(),
        smoothed: smoothed.to_vec(),
    };
    assert_eq!(curve(&[5.0, 4.9, 3.0, 1.0, 0.9, 20.0, 0.95]).suggestion(), Some(100.0));
    assert_eq!(curve(&[1.0, 2.0, 3.0]).suggestion(), None);
    assert_eq!(curve(&[]).suggestion(), None);
}

#[test]
fn a_range_that_is_none_is_refused() {
    let mut s = start();
    let mut sgd = Sgd::new(0.5);
    let mut trainer = Trainer::new(&mut s.params, &mut sgd, &mut s.rng);
    for (low, high, steps) in
        [(0.0, 1.0, 9), (1.0, 1.0, 9), (1e-3, f64::INFINITY, 9), (f64::NAN, 1.0, 9), (0.1, 1.0, 1)]
    {
        let range = RateRange { low, high, steps };
        let error = trainer.find_learning_rate(&s.train, range, |_, _| unreachable!()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }
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
fn weights_of_rows_count_as_often_as_the_rows_themselves() {
    let tape = Tape::f64();
    let x = tape.var([[0.5, 1.0], [2.0, -1.0], [0.1, 0.2]]);
    let weighted = weighted_mean(x.square(), Tensor::from([[2.0], [0.0], [1.0]]));
    let repeated = x.value().select_rows(&[0, 0, 2]);
    let mean = repeated.data().iter().map(|x| x * x).sum::<f64>() / 6.0;
    assert!((weighted.item() - mean).abs() < 1e-15);
}

/// A data set whose validation comes from another type.
struct Doubled(Tensor<f64>);

impl Dataset for Doubled {
    type Batch = Batch;
    fn len(&self) -> usize {
        self.0.shape()[0]
    }
    fn batch(&self, rows: &[usize], _: &mut Rng) -> Batch {
        (self.0.select_rows(rows).map(|x| 2.0 * x), vec![0; rows.len()])
    }
}

#[test]
fn training_and_validation_may_be_data_sets_of_two_types() {
    let mut s = start();
    let mut sgd = Sgd::new(0.1);
    let doubled = DataLoader::from_dataset(Doubled(Tensor::ones([5, 3])), 2).unwrap();
    let history = Trainer::new(&mut s.params, &mut sgd, &mut s.rng)
        .fit((&doubled, &s.valid), 1, |tape, batch| loss(&s.model, tape, batch))
        .unwrap();
    assert_eq!(history.len(), 1);
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

#[test]
fn after_an_error_fitting_again_ends_with_the_bits_of_a_training_without_it() {
    let (mut once, mut twice) = (start(), start());
    let (mut adam, mut other) = (Adam::new(0.1), Adam::new(0.1));
    Trainer::new(&mut once.params, &mut adam, &mut once.rng)
        .fit(&once.train, 5, |tape, batch| loss(&once.model, tape, batch))
        .unwrap();
    let mut full = true;
    let mut trainer = Trainer::new(&mut twice.params, &mut other, &mut twice.rng).each_epoch(|now| {
        if now.epoch == 3 && std::mem::take(&mut full) {
            // A file is no folder.
            now.save(std::env::current_exe().unwrap().join("a.safetensors"));
        }
        Ok(())
    });
    let mut fit = || trainer.fit(&twice.train, 5, |tape, batch| loss(&twice.model, tape, batch));
    assert_eq!(fit().unwrap_err().kind(), ErrorKind::Io);
    assert_eq!(fit().unwrap().len(), 5);
    drop(trainer);
    same(&once.params, &twice.params);
}

#[test]
fn a_step_may_have_several_inputs_and_add_up_several_losses() {
    let (mut params, mut rng) = (Params::<f64>::new(), Rng::new(1));
    let [a, b] = ["a", "b"].map(|name| params.add(name, 0.0));
    let column = |f: fn(usize) -> f64| Tensor::from_fn([8, 1], f);
    let (left, right) = (column(|i| i as f64 / 8.0), column(|i| 1.0 - i as f64 / 4.0));
    let target = column(|i| 2.0 * i as f64 / 8.0 + 3.0 * (1.0 - i as f64 / 4.0));
    let rows = DataLoader::from_dataset((left, right, target), 4).unwrap();
    let mut adam = Adam::new(0.1);
    let history = Trainer::new(&mut params, &mut adam, &mut rng)
        .fit(&rows, 400, |tape, (left, right, target)| {
            let [a, b] = [a, b].map(|id| tape.param(id));
            let sum = tape.constant(left) * a + tape.constant(right) * b;
            mse(sum, target) + (a - 2.0).square() * 0.1
        })
        .unwrap();
    assert!(history.last("train_loss") < Some(1e-3), "{history:?}");
    assert!((params[b].item() - 3.0).abs() < 0.1);
}
