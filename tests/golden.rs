//! Every operation, loss and training run against PyTorch's numbers. What agreement means, and
//! where the numbers come from, stands in `tests/golden/README.md`.

mod common;

#[path = "golden/calls.rs"]
mod calls;

use calls::{Attrs, call, tensor};
use common::{golden, numbers, read, worst};
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};
use wengert::data::{StandardScaler, datasets};
use wengert::metrics::binary_accuracy;
use wengert::nn::Activation;
use wengert::prelude::*;

/// What the files hold and the crate does not have yet.
const STILL_TO_COME: [&str; 5] = ["conv2d", "max_pool2d", "avg_pool2d", "layer_norm", "batch_norm_train"];

#[test]
fn operations_and_their_gradients_are_those_of_pytorch() {
    compare_all("ops.json");
}

#[test]
fn losses_and_their_gradients_are_those_of_pytorch() {
    compare_all("losses.json");
}

#[test]
fn training_runs_are_those_of_pytorch() {
    let file = read("training.json");
    let runs = file["runs"].as_array().unwrap();
    assert!(!runs.is_empty());
    let mut failures = Vec::new();
    for run in runs {
        let name = run["optimizer"].as_str().unwrap();
        failures.extend(tried(&format!("{name} in f64"), || train::<f64>(&file, run, 1e-9)));
        failures.extend(tried(&format!("{name} in f32"), || train::<f32>(&file, run, 1e-3)));
    }
    report(failures);
}

fn compare_all(file: &str) {
    let cases = golden(file);
    assert!(!cases.is_empty());
    let mut failures = Vec::new();
    for (i, case) in cases.iter().enumerate() {
        let op = case["op"].as_str().unwrap();
        if STILL_TO_COME.contains(&op) {
            continue;
        }
        let attrs: String = case["attrs"].to_string().chars().take(120).collect();
        let what = format!("{file}[{i}] {op} {attrs}");
        failures.extend(tried(&format!("{what} in f64"), || compare::<f64>(case, 1e-10)));
        failures.extend(tried(&format!("{what} in f32"), || compare::<f32>(case, 1e-4)));
    }
    report(failures);
}

/// The failures that `f` lists, or its panic as one, each with what it was about.
fn tried(what: &str, f: impl FnOnce() -> Vec<String>) -> Vec<String> {
    let failures = catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        vec![format!("panicked: {}", text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("?"))]
    });
    failures.into_iter().map(|failure| format!("{what}: {failure}")).collect()
}

#[track_caller]
fn report(failures: Vec<String>) {
    assert!(failures.is_empty(), "{} disagreements\n{}", failures.len(), failures.join("\n"));
}

/// How the case's value and gradients, by the fused and by the recorded way, disagree with the
/// reference. All gradients are asked for together, and each alone.
fn compare<T: Float>(case: &Value, tolerance: f64) -> Vec<String> {
    let op = case["op"].as_str().unwrap();
    let inputs: Vec<Tensor<f64>> = case["inputs"].as_array().unwrap().iter().map(tensor).collect();
    let grads = case["grads"].as_array().unwrap();
    assert_eq!(grads.len(), inputs.len(), "as many gradients as inputs");
    let known: Vec<usize> = (0..inputs.len()).filter(|&i| !grads[i].is_null()).collect();
    let mut askings = vec![known.clone()];
    if known.len() > 1 {
        askings.extend(known.iter().map(|&i| vec![i]));
    }
    let mut failures = Vec::new();
    for asked in askings {
        let tape = Tape::<T>::default();
        let leaf = |(i, x): (usize, &Tensor<f64>)| {
            if asked.contains(&i) { tape.var(x.cast()) } else { tape.constant(x.cast()) }
        };
        let x: Vec<Var<T>> = inputs.iter().enumerate().map(leaf).collect();
        let mut attrs = Attrs::of(case);
        let y = call(op, &mut attrs, &x);
        attrs.done();
        let differ = |what: String, got: &Tensor<T>, reference: &Value| {
            disagreement(got, &tensor(reference), tolerance).map(|text| format!("{what} {text}"))
        };
        failures.extend(differ("output".into(), &y.value(), &case["output"]));
        if asked.is_empty() {
            continue;
        }
        let seed: Tensor<T> = tensor(&case["cotangent"]).cast();
        let wanted: Vec<Var<T>> = asked.iter().map(|&i| x[i]).collect();
        let recorded = tape.grad_with(y, tape.constant(&seed), &wanted);
        // A step function's result has no gradient: the reference must say 0.
        let fused = y.needs_grad().then(|| y.backward_with(&seed));
        for (&i, recorded) in asked.iter().zip(recorded) {
            let what = format!("input {i} of those with gradient {asked:?}");
            let zero = Tensor::zeros(x[i].shape());
            let fused = fused.as_ref().and_then(|grads| grads.get(x[i])).unwrap_or(&zero);
            failures.extend(differ(format!("{what}, fused,"), fused, &grads[i]));
            failures.extend(differ(format!("{what}, recorded,"), &recorded.value(), &grads[i]));
        }
    }
    failures
}

/// The worst entry, if one is too far from the reference; or the shapes, if they differ.
fn disagreement<T: Float>(got: &Tensor<T>, reference: &Tensor<f64>, tolerance: f64) -> Option<String> {
    let shape = reference.shape();
    if got.shape() != shape {
        return Some(format!("has shape {}, the reference {shape}", got.shape()));
    }
    let got: Vec<f64> = got.data().iter().map(|x| x.to_f64()).collect();
    let flat = worst(&got, reference.data(), tolerance)?;
    let index: Vec<usize> = (0..shape.rank())
        .map(|axis| flat / shape[axis + 1..].iter().product::<usize>() % shape[axis])
        .collect();
    Some(format!("{shape}: entry {index:?} is {}, the reference {}", got[flat], reference.data()[flat]))
}

/// A network of linear layers with activations between them.
struct Net {
    layers: Vec<Linear>,
    activations: Vec<Activation>,
}

impl<T: Float> Module<T> for Net {
    fn forward<'t>(&self, mut x: Var<'t, T>) -> Var<'t, T> {
        for (i, layer) in self.layers.iter().enumerate() {
            x = layer.forward(x);
            if let Some(activation) = self.activations.get(i) {
                x = activation.forward(x);
            }
        }
        x
    }
}

/// How a whole run disagrees with the reference.
fn train<T: Float>(file: &Value, run: &Value, tolerance: f64) -> Vec<String> {
    let (x, y, x_test, y_test) = breast_cancer::<T>(file, tolerance);
    let mut params = Params::<T>::new();
    let start: Vec<Tensor<f64>> = run["start"].as_array().unwrap().iter().map(tensor).collect();
    let net = Net {
        layers: start
            .chunks_exact(2)
            .enumerate()
            .map(|(i, pair)| {
                let weight = params.add(format!("{i}.weight"), pair[0].cast::<T>());
                let bias = params.add(format!("{i}.bias"), pair[1].cast::<T>());
                Linear::from_ids(i.to_string(), weight, Some(bias))
            })
            .collect(),
        activations: run["layers"].as_array().unwrap().iter().map(activation).collect(),
    };
    assert_eq!(net.layers.len(), net.activations.len() + 1, "the last layer gives logits");

    let name = run["optimizer"].as_str().unwrap();
    let mut optimizer = optimizer::<T>(name, &file["optimizers"][name]);
    let (batch, epochs) = (run["batch"].as_u64().unwrap() as usize, run["epochs"].as_u64().unwrap());
    let rows: Vec<usize> = (0..x.shape()[0]).collect();
    let mut losses = Vec::new();
    for rows in (0..epochs).flat_map(|_| rows.chunks(batch)) {
        let tape = Tape::training(&params, &mut Rng::new(0));
        let logits = net.forward(tape.constant(x.select_rows(rows)));
        let loss = bce_with_logits(logits, y.select_rows(rows));
        losses.push(loss.item().to_f64());
        let grads = loss.backward();
        optimizer.step(&mut params, &grads);
    }

    let mut failures = Vec::new();
    let expected = numbers(&run["losses"]);
    failures.extend(
        disagreement(&Tensor::from(losses), &Tensor::from(expected), tolerance)
            .map(|text| format!("batch losses {text}")),
    );
    let end = run["end"].as_array().unwrap();
    assert_eq!(end.len(), params.len(), "as many weights at the end as at the start");
    for ((name, value), end) in params.iter().zip(end) {
        failures.extend(disagreement(value, &tensor(end), tolerance).map(|text| format!("{name} {text}")));
    }
    let tape = Tape::inference(&params);
    let logits = net.forward(tape.constant(x_test));
    let test_loss = bce_with_logits(logits, &y_test).item();
    let test_accuracy = binary_accuracy(&logits.sigmoid().value(), &y_test, 0.5).unwrap();
    for (what, got) in [("test_loss", test_loss.to_f64()), ("test_accuracy", test_accuracy)] {
        let reference = Tensor::from(run[what].as_f64().unwrap());
        failures.extend(
            disagreement(&Tensor::from(got), &reference, tolerance).map(|text| format!("{what} {text}")),
        );
    }
    failures
}

/// The table in the file's order and scaling: x and y of the first rows to train on, of the rest to
/// test on. The scaling is also what a scaler fitted to the training rows finds.
fn breast_cancer<T: Float>(file: &Value, tolerance: f64) -> (Tensor<T>, Tensor<T>, Tensor<T>, Tensor<T>) {
    let table = datasets::breast_cancer::<f64>();
    let order: Vec<usize> = numbers(&file["row_order"]).into_iter().map(|row| row as usize).collect();
    let (train, test) = order.split_at(file["train_rows"].as_u64().unwrap() as usize);
    let (mean, std) = (numbers(&file["mean"]), numbers(&file["std"]));
    let fitted = StandardScaler::fit(&table.features().select_rows(train)).unwrap();
    common::agree("the scaler's mean", fitted.mean(), &mean, tolerance);
    common::agree("the scaler's scale", fitted.scale(), &std, tolerance);
    let scaler = StandardScaler::from_parts(mean, std).unwrap();
    let targets = table.targets().unwrap();
    let part = |rows: &[usize]| {
        let x = scaler.transform(&table.features().select_rows(rows)).unwrap();
        (x.cast::<T>(), targets.select_rows(rows).cast::<T>())
    };
    let ((x, y), (x_test, y_test)) = (part(train), part(test));
    (x, y, x_test, y_test)
}

fn activation(name: &Value) -> Activation {
    match name.as_str() {
        Some("relu") => Activation::Relu,
        Some("tanh") => Activation::Tanh,
        Some("sigmoid") => Activation::Sigmoid,
        _ => panic!("no test knows the activation {name}"),
    }
}

/// The optimizer of this name with these settings, all of them.
fn optimizer<T: Float>(name: &str, settings: &Value) -> Box<dyn Optimizer<T>> {
    let settings = settings.as_object().unwrap_or_else(|| panic!("no settings of {name}"));
    let keys: Vec<&str> = settings.keys().map(String::as_str).collect();
    let number = |key: &str| settings[key].as_f64().unwrap();
    let lr = number("lr");
    match (name, &keys[..]) {
        ("sgd", ["lr"]) => Box::new(Sgd::new(lr)),
        ("sgd_momentum", ["lr", "momentum"]) => Box::new(Sgd::new(lr).momentum(number("momentum"))),
        ("adam", ["lr"]) => Box::new(Adam::new(lr)),
        ("adamw", ["lr", "weight_decay"]) => Box::new(AdamW::new(lr).weight_decay(number("weight_decay"))),
        _ => panic!("no test knows the optimizer {name:?} with {keys:?}"),
    }
}
