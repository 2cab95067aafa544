//! The knobs of learning, side by side on one data set: how many samples a step looks at, how
//! long the step is, and which rule takes it. The table and the picture show what each is worth, and
//! that a step too long leads away from the goal and one too short hardly towards it.

mod common;

use common::{OUT, Options, Outcome, SEED};
use wengert::data::datasets;
use wengert::metrics::binary_accuracy;
use wengert::prelude::*;
use wengert::viz::plot::Plot;

const ABOUT: &str = "Batch sizes, learning rates and optimizers compared on the breast cancer data.";

/// The losses that the pictures show.
const LOWEST: f64 = 5e-4;
const HIGHEST: f64 = 10.0;

/// The data, ready for training.
struct Data {
    x_train: Tensor,
    y_train: Tensor,
    x_test: Tensor,
    y_test: Tensor,
}

/// How one run went.
struct Run {
    name: &'static str,
    losses: Vec<f64>,
    steps: usize,
    /// On the test rows; none where the network diverged, which predicts nothing.
    accuracy: Option<f64>,
}

fn main() -> Outcome {
    let options = Options::read(ABOUT, &[("epochs", "30", "passes over the training data"), SEED, OUT]);
    let epochs = options.count("epochs");
    let seed: u64 = options.get("seed");

    let table: Table = datasets::breast_cancer();
    let (train, test) = train_test_split(&table, 0.2, &mut Rng::new(seed))?;
    let (scaler, x_train) = StandardScaler::fit_transform(train.features())?;
    let x_test = scaler.transform(test.features())?;
    let data = Data { x_train, y_train: train.targets()?, x_test, y_test: test.targets()? };
    let all = train.len();

    // Every run starts from the same weights and sees the same shuffles.
    let run = |name, batch_size, optimizer: &mut dyn Optimizer<f32>| {
        learn(name, &data, batch_size, optimizer, epochs, seed)
    };
    let batches = [
        run("whole batch (455)", all, &mut Sgd::new(0.1))?,
        run("mini-batches (32)", 32, &mut Sgd::new(0.1))?,
        run("single samples (1)", 1, &mut Sgd::new(0.1))?,
    ];
    let rates = [
        run("too high (10)", 32, &mut Sgd::new(10.0))?,
        run("right (0.1)", 32, &mut Sgd::new(0.1))?,
        run("too low (0.0005)", 32, &mut Sgd::new(0.0005))?,
    ];
    let optimizers = [
        run("SGD (0.01)", 32, &mut Sgd::new(0.01))?,
        run("momentum (0.01, 0.9)", 32, &mut Sgd::new(0.01).momentum(0.9))?,
        run("Adam (0.001)", 32, &mut Adam::new(0.001))?,
        run("AdamW (0.001, decay 1)", 32, &mut AdamW::new(0.001).weight_decay(1.0))?,
    ];

    for (title, file, runs) in [
        ("Batch size", "learning_batch_size.svg", &batches[..]),
        ("Learning rate", "learning_rate.svg", &rates),
        ("Optimizer", "learning_optimizer.svg", &optimizers),
    ] {
        println!("{title:<22} steps  loss after 1 epoch  loss after {epochs:>3}  test accuracy");
        let mut picture = Plot::new(title)
            .x("Epoch")
            .y("Training loss, measured after each epoch")
            .log_y()
            .y_between(LOWEST, HIGHEST);
        for run in runs {
            let (first, last) = (run.losses[0], run.losses[run.losses.len() - 1]);
            let accuracy = run.accuracy.map_or("diverged".to_string(), |accuracy| format!("{accuracy:.4}"));
            let [first, last] = [first, last].map(loss_text);
            println!("{:<22} {:>5}  {first:>18}  {last:>14}  {accuracy:>13}", run.name, run.steps);
            // A loss that leaves the frame, or is NaN, is not drawn: its line has a gap there.
            let inside = run.losses.iter().all(|&loss| loss <= HIGHEST);
            let name = if inside {
                run.name.to_string()
            } else {
                format!("{}, not drawn above {HIGHEST}", run.name)
            };
            picture = picture.line(name, (1..).map(f64::from).zip(run.losses.iter().copied()));
        }
        let path = options.path(file);
        picture.save(&path)?;
        println!("Picture: {}\n", path.display());
    }
    Ok(())
}

fn loss_text(loss: f64) -> String {
    if loss < 1e4 { format!("{loss:.4}") } else { format!("{loss:.1e}") }
}

/// Trains a 30-16-1 network and measures its loss on all training data after each epoch.
fn learn(
    name: &'static str,
    data: &Data,
    batch_size: usize,
    optimizer: &mut dyn Optimizer<f32>,
    epochs: usize,
    seed: u64,
) -> Result<Run, wengert::Error> {
    let mut rng = Rng::new(seed);
    let mut params = Params::new();
    let model = Mlp::new(&mut params.init(&mut rng), [30, 16, 1]);
    let loader = DataLoader::new(data.x_train.clone(), data.y_train.clone(), batch_size)?.shuffle(true);
    let mut losses = Vec::new();
    for _ in 0..epochs {
        for (x, y) in loader.epoch(&mut rng) {
            let tape = Tape::training(&params, &mut rng);
            let loss = bce_with_logits(model.forward(tape.constant(x)), y);
            let grads = loss.backward();
            optimizer.step(&mut params, &grads);
        }
        let tape = Tape::inference(&params);
        let loss = bce_with_logits(model.forward(tape.constant(&data.x_train)), &data.y_train);
        losses.push(f64::from(loss.item()));
    }
    let tape = Tape::inference(&params);
    let probabilities = model.forward(tape.constant(&data.x_test)).sigmoid().value();
    let accuracy = match probabilities.is_finite() {
        true => Some(binary_accuracy(&probabilities, &data.y_test, 0.5)?),
        false => None,
    };
    Ok(Run { name, losses, steps: epochs * loader.len(), accuracy })
}
