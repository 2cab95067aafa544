//! Files of parameters between PyTorch and here, both ways.

mod common;
#[path = "common/folder.rs"]
mod folder;

use common::{agree, numbers};
use folder::Folder;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use wengert::data::{load_params, save_params};
use wengert::prelude::*;
use wengert::train::predict;

/// The network of tests/golden/torch/interop.py.
struct Net<T: Float> {
    hidden1: Linear,
    network: Sequential<T>,
}

impl<T: Float> Net<T> {
    fn new(init: &mut Init<T>) -> Self {
        Self {
            hidden1: Linear::new(&mut init.scope("hidden1"), 4, 8),
            network: Sequential::builder(&mut init.scope("network"))
                .linear(8, 16)
                .relu()
                .dropout(0.2)
                .linear(16, 3)
                .build(),
        }
    }
}

impl<T: Float> Module<T> for Net<T> {
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        self.network.forward(self.hidden1.forward(x).tanh())
    }
}

fn net<T: Float>(seed: u64) -> (Params<T>, Net<T>) {
    let mut params = Params::new();
    let net = Net::new(&mut params.init(&mut Rng::new(seed)));
    (params, net)
}

fn torch(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/torch").join(file)
}

/// PyTorch's inputs, and its predictions for them.
fn torch_predictions<T: Float>() -> (Tensor<T>, Vec<f64>) {
    let golden: serde_json::Value = serde_json::from_slice(&fs::read(torch("net.json")).unwrap()).unwrap();
    let rows = |key: &str| golden[key].as_array().unwrap().iter().flat_map(numbers).collect::<Vec<f64>>();
    let x = rows("x");
    (Tensor::from_fn([5, 4], |i| T::from_f64(x[i])), rows("y"))
}

#[track_caller]
fn predicts_as_torch<T: Float>(file: &str) {
    let (mut params, net) = net::<T>(0);
    load_params(torch(file), &mut params).unwrap();
    let (x, y) = torch_predictions();
    let predicted = predict(&net, &params, x).cast::<f64>();
    agree(file, predicted.data(), &y, 1e-6);
}

#[test]
fn a_file_of_pytorch_predicts_what_pytorch_predicts() {
    predicts_as_torch::<f32>("net.safetensors");
    predicts_as_torch::<f64>("net.safetensors");
    predicts_as_torch::<f32>("net64.safetensors");
    predicts_as_torch::<f64>("net64.safetensors");
}

#[test]
fn a_file_of_ours_predicts_the_same_in_pytorch() {
    let python = std::env::var("WENGERT_PYTHON").unwrap_or_else(|_| "python3".into());
    let has_torch = Command::new(&python).args(["-c", "import torch, safetensors.torch"]).output();
    if !has_torch.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: {python} has no torch and safetensors (WENGERT_PYTHON names another one)");
        return;
    }
    let folder = Folder::new("ours");
    let (params, net) = net::<f32>(7);
    save_params(folder.file("ours.safetensors"), &params).unwrap();
    let output = Command::new(&python)
        .arg(torch("interop.py"))
        .arg("check")
        .arg(folder.file("ours.safetensors"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let theirs: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let theirs: Vec<f64> = theirs.as_array().unwrap().iter().flat_map(numbers).collect();
    let (x, _) = torch_predictions();
    agree("PyTorch", predict(&net, &params, x).cast::<f64>().data(), &theirs, 1e-6);
}

#[test]
fn pytorchs_file_and_ours_are_the_same_bytes() {
    let theirs = fs::read(torch("net.safetensors")).unwrap();
    let (mut params, _) = net::<f32>(0);
    load_params(torch("net.safetensors"), &mut params).unwrap();
    let folder = Folder::new("bytes");
    save_params(folder.file("a"), &params).unwrap();
    let ours = fs::read(folder.file("a")).unwrap();
    let split = |file: &[u8]| -> (serde_json::Value, Vec<u8>) {
        let (header, data) = file[8..].split_at(u64::from_le_bytes(file[..8].try_into().unwrap()) as usize);
        (serde_json::from_slice(header).unwrap(), data.to_vec())
    };
    let ((mut our_header, our_data), (their_header, their_data)) = (split(&ours), split(&theirs));
    // Apart from the header's metadata: PyTorch's function writes none of its own accord.
    our_header.as_object_mut().unwrap().remove("__metadata__");
    assert_eq!(our_header, their_header);
    assert!(our_data == their_data);
}
