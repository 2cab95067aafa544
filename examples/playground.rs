//! A training, seen: a small network learns two moons. The page it writes goes through that epoch by
//! epoch: the decision boundary, what each neuron says of the plane, weights, gradients, losses.

mod common;

use common::{OUT, Options, Outcome, SEED};
use wengert::data::datasets;
use wengert::metrics::accuracy;
use wengert::prelude::*;
use wengert::train::{Snapshots, Trainer, score};
use wengert::viz;

const ABOUT: &str = "Trains a small network and writes a page that goes through the training.";

fn main() -> Outcome {
    let options = Options::read(ABOUT, &[("epochs", "200", "passes over the training data"), SEED, OUT]);
    let epochs = options.count("epochs");
    let mut rng = Rng::new(options.get("seed"));
    let data: Table = datasets::moons(240, 0.12, &mut rng)?;
    let (train, test) = train_test_split(&data, 0.25, &mut rng)?;
    let (train_loader, test_loader) =
        (DataLoader::from_dataset(&train, 20)?.shuffle(true), DataLoader::from_dataset(&test, 60)?);

    let mut params = Params::new();
    let model = Mlp::new(&mut params.init(&mut rng), [2, 6, 4, 2]).activation(Activation::Tanh);
    let mut adam = Adam::new(0.01);
    let mut snapshots = Snapshots::every((epochs / 40).max(1));
    let history = Trainer::new(&mut params, &mut adam, &mut rng).callback(&mut snapshots).fit(
        (&train_loader, &test_loader),
        epochs,
        |tape, (x, labels)| cross_entropy(model.forward(tape.constant(x)), labels),
    )?;

    let right = score(&model, &params, test.features(), test.labels(), |logits, labels| {
        accuracy(&logits.argmax_rows(), labels)
    })?;
    let page =
        viz::playground("Two moons, learned", train.features(), train.labels(), &history, &snapshots, |x| {
            model.forward(x).softmax(-1)
        })?;
    let path = options.path("playground.html");
    viz::save(&path, &page)?;
    println!("Wrote {}: {} moments of the training", path.display(), snapshots.iter().len());
    println!("Test Accuracy: {right:.4}");
    Ok(())
}
