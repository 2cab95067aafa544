//! The training loop against the same loop written out by hand.

#[path = "common/start.rs"]
mod start;

use start::{Batch, Start, loss, same, start};
use wengert::data::Dataset;
use wengert::error::ErrorKind;
use wengert::metrics::accuracy;
use wengert::optim::schedule::{Exponential, Lambda, OneCycle};
use wengert::optim::{WeightAverage, clip_grad_norm, clip_grad_value};
use wengert::prelude::*;
use wengert::train::{
    Callback, EarlyStopping, Moment, RateRange, Trainer, evaluate, evaluate_measured, predict, weighted_mean,
};

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
fn weights_of_rows_count_as_often_as_the_rows_themselves() {
    let tape = Tape::f64();
    let x = tape.var([[0.5, 1.0], [2.0, -1.0], [0.1, 0.2]]);
    let weighted = weighted_mean(x.square(), Tensor::from([[2.0], [0.0], [1.0]]));
    let repeated = x.value().select_rows([0, 0, 2]);
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
