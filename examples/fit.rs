//! The complete training with `fit`: what `examples/breast_cancer.rs` writes out by hand. A schedule,
//! early stopping, progress, a checkpoint of the best model, a report and curves are a line or two each.

mod common;

use common::{OUT, Options, Outcome, SEED};
use wengert::data::{datasets, load_params};
use wengert::metrics::{accuracy, binary_accuracy, binary_classes, classification_report};
use wengert::optim::schedule::CosineAnnealing;
use wengert::prelude::*;
use wengert::train::{EarlyStopping, Progress, SaveBest, Trainer, predict};
use wengert::viz;

const ABOUT: &str =
    "Trains on the Wisconsin breast cancer data with `fit`, and everything that goes with it.";
const EPOCHS: (&str, &str, &str) = ("epochs", "60", "passes over the training data, at most");

fn main() -> Outcome {
    let options = Options::read(ABOUT, &[EPOCHS, SEED, OUT]);
    let (epochs, best) = (options.count("epochs"), options.path("fit.safetensors"));
    let mut rng = Rng::new(options.get("seed"));

    // A fifth of the rows for the final test; of the others, a fifth to say when to stop.
    let (rest, test) = train_test_split(&datasets::breast_cancer::<f32>(), 0.2, &mut rng)?;
    let (train, valid) = train_test_split(&rest, 0.2, &mut rng)?;
    let (scaler, x_train) = StandardScaler::fit_transform(train.features())?;
    let [x_valid, x_test] = [&valid, &test].map(|part| scaler.transform(part.features()));
    let train = DataLoader::new(x_train, train.targets()?, 32)?.shuffle(true);
    let valid = DataLoader::new(x_valid?, valid.targets()?, 256)?;

    let mut params = Params::new();
    let model = Mlp::new(&mut params.init(&mut rng), [30, 64, 32, 1]).dropout(0.2);
    let mut adam = AdamW::new(1e-3);
    println!("{}\n", summary(&model, &params, [1, 30]));

    let history = Trainer::new(&mut params, &mut adam, &mut rng)
        .schedule(CosineAnnealing::new(3e-3, epochs)?)
        .callback(Progress::new().every(5))
        .callback(SaveBest::new(&best))
        .callback(EarlyStopping::new(15)?)
        .fit_measured((&train, &valid), epochs, |tape, (x, y), measures| {
            let logits = model.forward(tape.constant(x));
            measures.add("accuracy", binary_accuracy(&logits.value(), y, 0.0)?);
            Ok(bce_with_logits(logits, y))
        })?;

    println!("{} epochs of at most {epochs}.\n", history.len());
    load_params(&best, &mut params)?; // what a program that only predicts would begin with
    let predicted = binary_classes(&predict(&model, &params, x_test?), 0.0)?; // a logit of 0 is a probability of ½
    println!("{}", classification_report(&predicted, test.labels(), test.class_names())?);
    viz::history(&history, &["train_loss", "valid_loss"])?.save(options.path("fit_loss.svg"))?;
    viz::history(&history, &["train_accuracy", "valid_accuracy"])?.save(options.path("fit_accuracy.svg"))?;
    viz::history(&history, &["learning_rate"])?.save(options.path("fit_learning_rate.svg"))?;
    history.save_csv(options.path("fit.csv"))?;
    println!("Model, history and curves: {}", options.path("fit*").display());
    println!("Test Accuracy: {:.4}", accuracy(&predicted, test.labels())?);
    Ok(())
}
