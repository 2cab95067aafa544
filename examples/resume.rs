//! A training that is killed in its middle and taken up again, in another process, ends with the
//! same bits as one that was left alone.
//!
//! The program starts itself three times: once undisturbed, once to be killed, once to go on.

mod common;

use common::{OUT, Options, Outcome, SEED};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use wengert::data::datasets;
use wengert::optim::schedule::CosineAnnealing;
use wengert::prelude::*;
use wengert::train::{EarlyStopping, SaveEvery, Trainer};

const ABOUT: &str = "Kills a training, resumes it in a new process, and compares the bits.";

fn main() -> Outcome {
    let options = Options::read(
        ABOUT,
        &[
            ("epochs", "40", "passes over the training data"),
            ("file", "", "train to this file, going on from it if it is there (what the three processes do)"),
            SEED,
            OUT,
        ],
    );
    let file: String = options.get("file");
    match file.is_empty() {
        false => train(Path::new(&file), options.count("epochs"), options.get("seed")),
        true => compare(&options),
    }
}

/// One process: trains, and after every epoch says its number and saves.
fn train(file: &Path, epochs: usize, seed: u64) -> Outcome {
    let mut rng = Rng::new(seed);
    let (train, valid) = train_test_split(&datasets::digits::<f32>(), 0.2, &mut rng)?;
    let train = DataLoader::from_dataset(train, 32)?.shuffle(true);
    let valid = DataLoader::from_dataset(valid, 256)?;
    let mut params = Params::new();
    let model = Mlp::new(&mut params.init(&mut rng), [64, 64, 32, 10]).dropout(0.2);
    let mut adam = Adam::new(1e-3);

    let mut trainer = Trainer::new(&mut params, &mut adam, &mut rng)
        .schedule(CosineAnnealing::new(3e-3, epochs)?)
        .ema(0.99)
        .callback(EarlyStopping::new(epochs)?)
        .callback(SaveEvery::new(1, file)?)
        .each_epoch(|now| {
            println!("{}", now.epoch);
            Ok(())
        });
    if file.exists() {
        trainer.resume(file)?;
    }
    trainer.fit((&train, &valid), epochs, |tape, (x, labels)| {
        cross_entropy(model.forward(tape.constant(x)), labels)
    })?;
    Ok(())
}

/// The three processes, and what they leave.
fn compare(options: &Options) -> Outcome {
    let epochs = options.count("epochs");
    let [whole, resumed] =
        ["resume_whole.safetensors", "resume_resumed.safetensors"].map(|f| options.path(f));
    for file in [&whole, &resumed] {
        if file.exists() {
            std::fs::remove_file(file)?;
        }
    }
    let start = |file: &Path| -> Result<_, Box<dyn std::error::Error>> {
        let mut command = Command::new(std::env::current_exe()?);
        for option in ["epochs", "seed"] {
            command.arg(format!("--{option}")).arg(options.get::<String>(option));
        }
        Ok(command.arg("--file").arg(file).stdout(Stdio::piped()).spawn()?)
    };
    // Runs a process until it ends, or has done this epoch; returns the epochs it did.
    let run = |file: &Path, kill_after: Option<usize>| -> Result<Vec<usize>, Box<dyn std::error::Error>> {
        let mut process = start(file)?;
        let lines = BufReader::new(process.stdout.take().ok_or("the process has no output")?).lines();
        let mut seen = Vec::new();
        for line in lines {
            seen.push(line?.parse()?);
            if seen.last() == kill_after.as_ref() {
                process.kill()?;
            }
        }
        let status = process.wait()?;
        match kill_after.is_some() || status.success() {
            true => Ok(seen),
            false => Err(format!("the process ended with {status}").into()),
        }
    };

    let seen = run(&whole, None)?;
    println!("undisturbed:  epochs 1 to {}", seen.len());
    // It says that an epoch is done just before it saves it, and is killed in between, or a little after.
    let seen = run(&resumed, Some(epochs.div_ceil(2)))?;
    let rest = run(&resumed, None)?;
    let saved = epochs - rest.len();
    println!("killed:       after epoch {}, with the first {saved} in the file", seen.len());
    println!("taken up:     epochs {} to {epochs}", (saved + 1).min(epochs));

    // Parameters, Adam's moments, the average, the best weights, the history, the random numbers.
    let (whole_bytes, resumed_bytes) = (std::fs::read(&whole)?, std::fs::read(&resumed)?);
    println!(
        "\n{} bytes: {}\n{} bytes: {}\n",
        whole_bytes.len(),
        whole.display(),
        resumed_bytes.len(),
        resumed.display()
    );
    if whole_bytes != resumed_bytes {
        return Err("the bits differ".into());
    }
    println!("The bits are equal.");
    Ok(())
}
