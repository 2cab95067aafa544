//! Handwritten digits of 8 by 8 pixels. The training data is made while it is asked for: every
//! epoch sees each digit moved and brightened a little otherwise, so the network cannot learn the
//! 1,400 images by heart.

mod common;

use common::{OUT, Options, Outcome, SEED};
use wengert::data::{Dataset, datasets};
use wengert::metrics::{ConfusionMatrix, accuracy};
use wengert::optim::schedule::OneCycle;
use wengert::prelude::*;
use wengert::train::{LearningRates, Trainer, predict};
use wengert::viz;

const ABOUT: &str =
    "Learns 8×8 digits with one-cycle and augmentation; draws confusions, weights, gradients.";
const SIDE: usize = 8;

/// Digits, each a little different whenever it is asked for.
struct Augmented(Table);

impl Dataset for Augmented {
    type Batch = (Tensor, Vec<usize>);

    fn len(&self) -> usize {
        self.0.len()
    }

    fn batch(&self, rows: &[usize], rng: &mut Rng) -> Self::Batch {
        let (mut x, labels) = self.0.batch(rows, rng);
        for image in x.data_mut().chunks_exact_mut(SIDE * SIDE) {
            // By up to a pixel in either direction, and up to a tenth brighter or darker.
            let [down, right] = [rng.uniform_in(-1.0, 1.0), rng.uniform_in(-1.0, 1.0)];
            let light = rng.uniform_in(0.9, 1.1);
            moved(image, down, right).iter().zip(image).for_each(|(new, old)| *old = new * light as f32);
        }
        (x, labels)
    }
}

/// The image moved by parts of a pixel: bilinear, with nothing coming in from outside.
fn moved(image: &[f32], down: f64, right: f64) -> Vec<f32> {
    let at = |row: i32, column: i32| match (usize::try_from(row), usize::try_from(column)) {
        (Ok(row @ ..SIDE), Ok(column @ ..SIDE)) => f64::from(image[row * SIDE + column]),
        _ => 0.0,
    };
    let pixel = |i: usize| {
        let (y, x) = ((i / SIDE) as f64 - down, (i % SIDE) as f64 - right);
        let (row, column) = (y.floor() as i32, x.floor() as i32);
        let (low, far) = (y - y.floor(), x - x.floor());
        let upper = at(row, column) * (1.0 - far) + at(row, column + 1) * far;
        let lower = at(row + 1, column) * (1.0 - far) + at(row + 1, column + 1) * far;
        (upper * (1.0 - low) + lower * low) as f32
    };
    (0..SIDE * SIDE).map(pixel).collect()
}

fn main() -> Outcome {
    let options = Options::read(ABOUT, &[("epochs", "60", "passes over the training data"), SEED, OUT]);
    let epochs = options.count("epochs");
    let mut rng = Rng::new(options.get("seed"));

    let digits: Table = datasets::digits();
    let digits = digits.with_features(digits.features().map(|pixel| pixel / 16.0))?;
    let (train, test) = train_test_split(&digits, 0.2, &mut rng)?;
    let train = DataLoader::from_dataset(Augmented(train), 32)?.shuffle(true);
    let valid = DataLoader::from_dataset(&test, 256)?;

    let mut params = Params::new();
    let model = Mlp::new(&mut params.init(&mut rng), [SIDE * SIDE, 96, 64, 10]).dropout(0.1);
    let mut adamw = AdamW::new(1e-3);
    let mut rates = LearningRates::default();
    let history = Trainer::new(&mut params, &mut adamw, &mut rng)
        .schedule_steps(OneCycle::new(1e-2, epochs * train.len())?)
        .callback(&mut rates)
        .fit_measured((&train, &valid), epochs, |tape, (x, labels), measures| {
            let logits = model.forward(tape.constant(x));
            measures.add("accuracy", accuracy(&logits.value().argmax_rows(), labels)?);
            Ok(cross_entropy(logits, labels))
        })?;
    for epoch in (0..history.len()).filter(|epoch| (epoch + 1) % 10 == 0) {
        let [train, valid] = ["train_accuracy", "valid_accuracy"].map(|name| history[name][epoch]);
        println!("Epoch {:>3}: accuracy {train:.4} in training, {valid:.4} on the test digits", epoch + 1);
    }

    let predicted = predict(&model, &params, test.features()).argmax_rows();
    let matrix = ConfusionMatrix::new(&predicted, test.labels(), 10)?;
    println!("\n{matrix}\n");
    viz::confusion_matrix(&matrix, test.class_names()).save(options.path("digits_confusion.svg"))?;
    let weight = &params["layers.0.weight"];
    viz::weight_images("What the first layer looks for", weight, SIDE, SIDE)?
        .save(options.path("digits_weights.svg"))?;
    viz::learning_rates(rates.steps()).x("step").save(options.path("digits_learning_rate.svg"))?;
    viz::history(&history, &["train_loss", "valid_loss"])?.save(options.path("digits_loss.svg"))?;

    // One batch more, for its gradients.
    let tape = Tape::training(&params, &mut rng);
    let (x, labels) = test.batch(&[0, 1, 2, 3, 4, 5, 6, 7], &mut Rng::new(0));
    let grads = cross_entropy(model.forward(tape.constant(x)), &labels).backward();
    viz::gradient_histograms("Gradients of a trained network", &params, &grads)
        .save(options.path("digits_gradients.svg"))?;

    println!("Pictures: {}", options.path("digits_*.svg").display());
    println!("Test Accuracy: {:.4}", matrix.accuracy());
    Ok(())
}
