//! The multi-layer perceptron 784-256-128-10 reads handwritten digits. Give it a folder with the
//! four IDX files of MNIST, packed by gzip or not.

mod common;

use common::{Options, Outcome, SEED};
use std::time::Instant;
use wengert::data::idx;
use wengert::metrics::accuracy;
use wengert::prelude::*;

const ABOUT: &str = "Trains 784-256-128-10 on MNIST.\n\nUsage: mnist [options] DIR    DIR holds train-images-idx3-ubyte(.gz) and its three siblings";

fn main() -> Outcome {
    let options = Options::read_with_arguments(
        ABOUT,
        &[("epochs", "20", "passes over the training data"), ("batch-size", "64", "rows of a batch"), SEED],
    );
    let [folder] = &options.arguments[..] else {
        eprintln!("error: one folder is needed\n\n{ABOUT}");
        std::process::exit(2)
    };
    let epochs = options.count("epochs");
    let mut rng = Rng::new(options.get("seed"));

    let (train, test): (Table, Table) = idx::mnist(folder)?;
    println!("{} images to learn from, {} to be tested on", train.len(), test.len());
    let loader =
        DataLoader::new(train.features().clone(), train.labels().to_vec(), options.count("batch-size"))?
            .shuffle(true);

    let mut params = Params::new();
    let model = Mlp::new(&mut params.init(&mut rng), [784, 256, 128, 10]);
    let mut adam = Adam::new(1e-3);
    println!("{}\n", summary(&model, &params, [1, 784]));

    let start = Instant::now();
    let mut test_accuracy = 0.0;
    for epoch in 1..=epochs {
        let mut sum = 0.0;
        for (x, labels) in loader.epoch(&mut rng) {
            let tape = Tape::training(&params, &mut rng);
            // Logits in, softmax and cross-entropy in one stable step.
            let loss = cross_entropy(model.forward(tape.constant(x)), labels);
            let grads = loss.backward();
            sum += loss.item();
            adam.step(&mut params, &grads);
        }
        let tape = Tape::inference(&params);
        let logits = model.forward(tape.constant(test.features())).value();
        test_accuracy = accuracy(&logits.argmax_rows(), test.labels())?;
        let loss = sum / loader.len() as f32;
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "Epoch [{epoch}/{epochs}] Train Loss: {loss:.4} Test Accuracy: {test_accuracy:.4}  {seconds:.1} s"
        );
    }
    println!("\nTest accuracy: {test_accuracy:.4}");
    Ok(())
}
