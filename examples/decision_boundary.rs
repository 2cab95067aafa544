//! Two interleaved moons and three spirals, which no straight line tells apart, are learned by small
//! networks. Every place of the plane is coloured by what the network says of it, so that one sees
//! where it changes its mind.

mod common;

use common::{OUT, Options, Outcome, SEED};
use wengert::data::datasets;
use wengert::metrics::accuracy;
use wengert::optim::schedule::OneCycle;
use wengert::prelude::*;
use wengert::train::{Trainer, predict, score};
use wengert::viz;

const ABOUT: &str = "Learns moons and spirals and draws the decision boundaries.";

fn main() -> Outcome {
    let options = Options::read(ABOUT, &[("epochs", "200", "passes over the training data"), SEED, OUT]);
    let epochs = options.count("epochs");
    let mut rng = Rng::new(options.get("seed"));
    let moons = datasets::moons(600, 0.1, &mut rng)?;
    let spirals = datasets::spirals(1200, 3, 0.01, &mut rng)?;
    for (name, data) in [("moons", moons), ("spirals", spirals)] {
        learn(name, &data, epochs, &mut rng, &options)?;
    }
    Ok(())
}

fn learn(name: &str, data: &Table, epochs: usize, rng: &mut Rng, options: &Options) -> Outcome {
    let (train, test) = train_test_split(data, 0.25, rng)?;
    let loader = DataLoader::from_dataset(&train, 32)?.shuffle(true);

    let mut params = Params::new();
    let model = Mlp::new(&mut params.init(rng), [2, 64, 64, data.classes()]).activation(Activation::Tanh);
    let mut adam = Adam::new(1e-2);
    let history = Trainer::new(&mut params, &mut adam, rng)
        .schedule_steps(OneCycle::new(2e-2, epochs * loader.len())?)
        .fit(&loader, epochs, |tape, (x, labels)| cross_entropy(model.forward(tape.constant(x)), labels))?;

    let right = score(&model, &params, test.features(), test.labels(), |logits, labels| {
        accuracy(&logits.argmax_rows(), labels)
    })?;
    let title = format!("{name}: test accuracy {right:.4}");
    let picture = viz::decision_boundary(&title, test.features(), test.labels(), |places| {
        let tape = Tape::new();
        tape.constant(predict(&model, &params, places)).softmax(-1).value()
    })?;
    let path = options.path(&format!("boundary_{name}.svg"));
    picture.save(&path)?;
    let loss = history.last("train_loss").unwrap_or(f64::NAN);
    println!("{name:>8}: train loss {loss:.4}, picture {}", path.display());
    println!("Test Accuracy: {right:.4}");
    Ok(())
}
