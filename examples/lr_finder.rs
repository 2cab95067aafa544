//! Which learning rate? One short run in which it grows from step to step tells: the loss falls
//! where the rate is useful, and rises where it is too large.

mod common;

use common::{OUT, Options, Outcome, SEED};
use wengert::data::datasets;
use wengert::prelude::*;
use wengert::train::{RateRange, Trainer};
use wengert::viz;

const ABOUT: &str = "Searches for SGD's learning rate on 8×8 digits and tries what it found.";

fn main() -> Outcome {
    let options = Options::read(ABOUT, &[("epochs", "10", "passes of each trial"), SEED, OUT]);
    let epochs = options.count("epochs");
    let seed: u64 = options.get("seed");
    let digits: Table = datasets::digits();
    let digits = digits.with_features(digits.features().map(|pixel| pixel / 16.0))?;
    let loader = DataLoader::from_dataset(digits, 32)?.shuffle(true);

    // The same network and the same start, for the search and for each trial.
    let start = || {
        let mut rng = Rng::new(seed);
        let mut params = Params::new();
        let model = Mlp::new(&mut params.init(&mut rng), [64, 64, 10]);
        (rng, params, model)
    };
    let (mut rng, mut params, model) = start();
    let mut sgd = Sgd::new(0.0).momentum(0.9);
    let range = RateRange { low: 1e-5, high: 10.0, steps: 150 };
    let curve = Trainer::new(&mut params, &mut sgd, &mut rng).find_learning_rate(
        &loader,
        range,
        |tape, (x, labels)| cross_entropy(model.forward(tape.constant(x)), labels),
    )?;
    let Some(suggested) = curve.suggestion() else {
        return Err("the loss falls at no rate of the range".into());
    };
    let last = curve.rates.last().copied().unwrap_or(range.low);
    println!(
        "{} steps, from a rate of {:.0e} to {last:.2}, where the loss had exploded.",
        curve.rates.len(),
        range.low
    );
    println!("The loss falls steepest at {suggested:.3}.\n\n    rate  loss after {epochs} epochs");
    for (times, what) in
        [(0.01, "a hundredth"), (0.1, "a tenth"), (1.0, "the suggested rate"), (30.0, "thirty times")]
    {
        let (mut rng, mut params, model) = start();
        let mut sgd = Sgd::new(suggested * times).momentum(0.9);
        let history =
            Trainer::new(&mut params, &mut sgd, &mut rng).fit(&loader, epochs, |tape, (x, labels)| {
                cross_entropy(model.forward(tape.constant(x)), labels)
            })?;
        let loss = history.last("train_loss").unwrap_or(f64::NAN);
        println!("{:>8.4}  {loss:<8.4}  {what}", suggested * times);
    }
    let path = options.path("lr_finder.svg");
    viz::learning_rate_search(&curve).save(&path)?;
    println!("\nCurve: {}", path.display());
    println!("Suggested rate: {suggested:.4}");
    Ok(())
}
