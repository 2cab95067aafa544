//! The complete training loop: a network learns to tell malignant from benign on real data. Read
//! it from top to bottom and you have seen all that training is.

mod common;

use common::{OUT, Options, Outcome, SEED};
use wengert::data::datasets;
use wengert::metrics::binary_accuracy;
use wengert::optim::schedule::{Constant, CosineAnnealing};
use wengert::prelude::*;
use wengert::viz::plot::Plot;

const ABOUT: &str = "Trains a network on the Wisconsin breast cancer data and draws its losses.";

// --- The network ---------------------------------------------------------------------------

/// Thirty measurements of a cell nucleus in, one probability out.
struct NeuralNet {
    network: Sequential,
}

impl NeuralNet {
    fn new(init: &mut Init, inputs: usize) -> Self {
        let network = Sequential::builder(&mut init.scope("network"))
            .linear(inputs, 64) // hidden layer 1
            .relu()
            .dropout(0.3) // regularisation: on in training, off elsewhere
            .linear(64, 32) // hidden layer 2
            .relu()
            .dropout(0.2)
            .linear(32, 1) // output layer
            .sigmoid() // a probability
            .build();
        Self { network }
    }
}

impl Module<f32> for NeuralNet {
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.network.forward(x)
    }
}

fn main() -> Outcome {
    let options = Options::read(
        ABOUT,
        &[
            ("epochs", "100", "passes over the training data"),
            ("schedule", "constant", "the learning rate: constant, or cosine, which falls to 0"),
            ("early-stopping", "off", "stop after 15 epochs without a lower loss on rows held back for it"),
            SEED,
            OUT,
        ],
    );
    let epochs = options.count("epochs");
    let mut rng = Rng::new(options.get("seed"));

    // --- Data ------------------------------------------------------------------------------
    let data: Table = datasets::breast_cancer();
    // A fifth of the rows is held back for testing, with the same share of each class.
    let (mut train, test) = train_test_split(&data, 0.2, &mut rng)?;
    // What decides when to stop must not be the test part, or its loss would be too good.
    let mut valid = None;
    if options.is_on("early-stopping") {
        let (rest, held_back) = train_test_split(&train, 0.2, &mut rng)?;
        (train, valid) = (rest, Some(held_back));
    }
    // Mean 0 and deviation 1 for every feature, measured on the training part alone: the test
    // part must not leak into what is learned.
    let (scaler, x_train) = StandardScaler::fit_transform(train.features())?;
    let x_test = scaler.transform(test.features())?;
    let (y_train, y_test) = (train.targets()?, test.targets()?);
    let valid = match &valid {
        Some(valid) => Some((scaler.transform(valid.features())?, valid.targets()?)),
        None => None,
    };
    let loader = DataLoader::new(x_train, y_train, 32)?.shuffle(true);

    // --- Model and optimizer ---------------------------------------------------------------
    let mut params = Params::new();
    let model = NeuralNet::new(&mut params.init(&mut rng), data.width());
    let mut adam = Adam::new(0.001);
    let schedule: Box<dyn Schedule> = match options.one_of("schedule", &["constant", "cosine"]) {
        "cosine" => Box::new(CosineAnnealing::new(0.001, epochs)?),
        _ => Box::new(Constant::new(0.001)?),
    };
    println!("Model architecture:\n{}\n", summary(&model, &params, [1, data.width()]));

    // --- Training --------------------------------------------------------------------------
    let (mut train_losses, mut test_losses) = (Vec::new(), Vec::new());
    let (mut best_loss, mut best_params, mut waited) = (f32::INFINITY, params.clone(), 0);
    for epoch in 1..=epochs {
        adam.set_learning_rate(schedule.rate(epoch - 1));
        let mut sum = 0.0;
        for (x, y) in loader.epoch(&mut rng) {
            // A tape records the forward pass, ..
            let tape = Tape::training(&params, &mut rng);
            let loss = bce(model.forward(tape.constant(x)), y);
            // .. goes through it backwards for the gradients, ..
            let grads = loss.backward();
            sum += loss.item();
            // .. and the optimizer moves each weight a little against its gradient.
            adam.step(&mut params, &grads);
        }
        train_losses.push(f64::from(sum) / loader.len() as f64);

        // The test loss: no dropout, no gradients.
        let tape = Tape::inference(&params);
        let test_loss = bce(model.forward(tape.constant(&x_test)), &y_test).item();
        test_losses.push(f64::from(test_loss));

        if epoch % 20 == 0 {
            let train_loss = train_losses[epoch - 1];
            println!("Epoch [{epoch}/{epochs}] Train Loss: {train_loss:.4} Test Loss: {test_loss:.4}");
        }

        // Early stopping: no lower loss for a while, and it is over.
        if let Some((x, y)) = &valid {
            let tape = Tape::inference(&params);
            let loss = bce(model.forward(tape.constant(x)), y).item();
            waited += 1;
            if loss < best_loss {
                (best_loss, best_params, waited) = (loss, params.clone(), 0);
            }
            if waited == 15 {
                println!("Stopped after epoch {epoch}: no lower loss for 15 epochs");
                break;
            }
        }
    }
    if valid.is_some() {
        params = best_params; // back to the best
    }

    // --- Evaluation ------------------------------------------------------------------------
    let tape = Tape::inference(&params);
    let probabilities = model.forward(tape.constant(&x_test));
    let test_loss = bce(probabilities, &y_test).item();
    let accuracy = binary_accuracy(&probabilities.value(), &y_test, 0.5)?;

    // --- Curves ----------------------------------------------------------------------------
    let path = options.path("breast_cancer.svg");
    let by_epoch =
        |losses: &[f64]| -> Vec<(f64, f64)> { (1..).map(f64::from).zip(losses.to_vec()).collect() };
    Plot::new("Training and Test Loss Over Epochs")
        .x("Epoch")
        .y("Loss (Binary Cross-Entropy)")
        .line("Train Loss", by_epoch(&train_losses))
        .line("Test Loss", by_epoch(&test_losses))
        .save(&path)?;

    println!("\nTest Loss: {test_loss:.4}");
    println!("Test Accuracy: {accuracy:.4}");
    println!("Training curves: {}", path.display());

    // --- Overfitting -----------------------------------------------------------------------
    // Learning on makes the training loss smaller and, from some epoch on, the test loss larger.
    let (mut lowest, mut at) = (f64::INFINITY, 0);
    for (&loss, epoch) in test_losses.iter().zip(1..) {
        if loss < lowest {
            (lowest, at) = (loss, epoch);
        }
    }
    let judged = match (test_loss > 1.1 * lowest as f32, valid.is_some()) {
        (false, _) => format!("the network has {test_loss:.4}"),
        (true, false) => format!("then it rose to {test_loss:.4}: overfitting; see --early-stopping"),
        (true, true) => format!("the network, chosen without the test rows, has {test_loss:.4}"),
    };
    if at > 0 {
        println!("Lowest test loss: {lowest:.4} in epoch {at}; {judged}");
    }
    Ok(())
}
