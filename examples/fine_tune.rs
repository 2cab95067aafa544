//! Learning from what was learned before: a network that can read digits keeps its body, frozen. A new
//! head tells odd ones from even ones, of which it sees no more than four examples of each digit.

mod common;

use common::{OUT, Options, Outcome, SEED};
use wengert::data::{Rows, datasets, load_params_below, save_params};
use wengert::metrics::accuracy;
use wengert::prelude::*;
use wengert::train::{Trainer, score};

const ABOUT: &str = "Trains a network to read digits, and a new head of it to tell odd from even.";

/// A body that makes features of pixels, and a head that makes classes of features.
struct Net {
    body: Mlp,
    head: Linear,
}

impl Net {
    fn new(init: &mut Init, classes: usize) -> Self {
        let body = Mlp::new(&mut init.scope("body"), [64, 64, 32]).output(Activation::Relu);
        Self { body, head: Linear::new(&mut init.scope("head"), 32, classes) }
    }
}

impl Module<f32> for Net {
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.head.forward(self.body.forward(x))
    }
}

/// Odd or even instead of which digit, with at most so many examples of each digit.
fn odd_or_even(data: &Table, most: usize) -> Result<Table, wengert::Error> {
    let mut seen = [0; 10];
    let mut rows = Vec::new();
    for (row, &digit) in data.labels().iter().enumerate() {
        seen[digit] += 1;
        if seen[digit] <= most {
            rows.push(row);
        }
    }
    let part = data.select(&rows);
    let labels = part.labels().iter().map(|digit| digit % 2).collect();
    Table::new(part.features().clone(), labels, 2)?.with_class_names(["even", "odd"])
}

/// Trains a model's parameters, those that are not frozen, on a table.
fn fit(
    model: &Net,
    params: &mut Params,
    data: &Table,
    epochs: usize,
    rng: &mut Rng,
) -> Result<(), wengert::Error> {
    let loader = DataLoader::from_dataset(data, 16)?.shuffle(true);
    let mut adam = Adam::new(3e-3);
    Trainer::new(params, &mut adam, rng)
        .fit(&loader, epochs, |tape, (x, labels)| cross_entropy(model.forward(tape.constant(x)), labels))?;
    Ok(())
}

fn right(model: &Net, params: &Params, test: &Table) -> Result<f64, wengert::Error> {
    score(model, params, test.features(), test.labels(), |logits, labels| {
        accuracy(&logits.argmax_rows(), labels)
    })
}

fn main() -> Outcome {
    let options = Options::read(ABOUT, &[("epochs", "40", "passes over each training part"), SEED, OUT]);
    let epochs = options.count("epochs");
    let mut rng = Rng::new(options.get("seed"));
    let digits: Table = datasets::digits();
    let digits = digits.with_features(digits.features().map(|pixel| pixel / 16.0))?;
    let (train, test) = train_test_split(&digits, 0.3, &mut rng)?;

    // The first task, with all there is.
    let mut params = Params::new();
    let model = Net::new(&mut params.init(&mut rng), 10);
    fit(&model, &mut params, &train, epochs, &mut rng)?;
    let file = options.path("fine_tune_first.safetensors");
    save_params(&file, &params)?;
    let accuracy = right(&model, &params, &test)?;
    println!("First task, which digit, {} examples: accuracy {accuracy:.4}\n", train.len());

    // The second one, with little. A body that has learned nothing shows what the first task is worth.
    let (few, test) = (odd_or_even(&train, 4)?, odd_or_even(&test, usize::MAX)?);
    println!("Second task, odd or even, {} examples, only the head learns:", few.len());
    let mut results = Vec::new();
    for (what, load) in [("a body of random weights", false), ("the body of the first task", true)] {
        let mut params = Params::new();
        let model = Net::new(&mut params.init(&mut rng), 2);
        if load {
            load_params_below(&file, &mut params, "body")?;
        }
        params.freeze("body")?;
        let before = params.clone();
        fit(&model, &mut params, &few, 5 * epochs, &mut rng)?;
        let untouched = before.iter().zip(params.iter()).filter(|((_, a), (_, b))| a == b).count();
        let accuracy = right(&model, &params, &test)?;
        println!("  {what:<27} accuracy {accuracy:.4}, {untouched} of {} parameters untouched", params.len());
        results.push(accuracy);
        if load {
            params.unfreeze("body")?;
            fit(&model, &mut params, &few, epochs, &mut rng)?;
            println!(
                "  {:<27} accuracy {:.4}",
                "then body and head together",
                right(&model, &params, &test)?
            );
        }
    }
    println!("\nWhat the first task taught the body is worth {:+.4}.", results[1] - results[0]);
    Ok(())
}
