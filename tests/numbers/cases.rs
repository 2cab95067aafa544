//! The stored cases, and what it means that two numbers are the same.

use serde_json::Value;
use wengert::prelude::*;

/// Those that go along an axis, or over one.
pub const ALONG: [&str; 13] = [
    "sum",
    "mean",
    "prod",
    "max",
    "min",
    "norm",
    "logsumexp",
    "variance",
    "variance(correction 1)",
    "softmax",
    "log_softmax",
    "cumsum",
    "argmax",
];

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Each entry is a case of its own.
    Elements,
    /// The tensors are one case.
    List,
}

/// A tensor of numbers, of which any may be refused: there is none.
#[derive(Debug, Clone)]
pub struct Array {
    pub shape: Vec<usize>,
    pub data: Vec<Option<f64>>,
}

#[derive(Debug)]
pub struct Case {
    pub kind: Kind,
    pub call: String,
    /// `"f32"` or `"f64"`.
    pub of: String,
    pub inputs: Vec<Array>,
    /// PyTorch's result and gradients, in a long vector if it is elementwise.
    pub y: Array,
    pub grads: Vec<Option<Array>>,
    /// The same for single numbers, where that differs.
    pub alone: Option<(Array, Vec<Option<Array>>)>,
    /// What the result is multiplied by before it is summed and differentiated.
    pub seed: Option<Array>,
    /// The numbers that two operands go through.
    pub grid: Option<[Vec<f64>; 2]>,
}

/// What PyTorch gave.
pub fn stored() -> Vec<Case> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/numbers/pytorch.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    file["cases"].as_array().unwrap().iter().map(Case::of).collect()
}

impl Case {
    fn of(case: &Value) -> Self {
        let arrays = |list: &Value| list.as_array().unwrap().iter().map(Array::read).collect::<Vec<_>>();
        let grads = |of: &Value| -> Vec<Option<Array>> {
            arrays(&of["grads"])
                .into_iter()
                .map(|g| Some(g).filter(|g| !g.data.iter().all(Option::is_none)))
                .collect()
        };
        let numbers = |list: &Value| -> Vec<f64> {
            list.as_array().unwrap().iter().map(|x| number(x).unwrap()).collect()
        };
        Case {
            kind: if case["kind"] == "list" { Kind::List } else { Kind::Elements },
            call: case["call"].as_str().unwrap().into(),
            of: case["type"].as_str().unwrap().into(),
            inputs: arrays(&case["inputs"]),
            y: Array::read(&case["y"]),
            grads: grads(case),
            alone: case.get("alone").map(|alone| (Array::read(&alone["y"]), grads(alone))),
            seed: case.get("seed").map(Array::read),
            grid: case.get("grid").map(|grid| [numbers(&grid[0]), numbers(&grid[1])]),
        }
    }
}

/// A number as text: `"inf"`, `"-inf"` and `"nan"` are no JSON numbers, and others may be rounded when
/// they are read.
fn number(x: &Value) -> Option<f64> {
    x.as_str().map(|text| text.parse().unwrap())
}

impl Array {
    fn read(value: &Value) -> Self {
        match value {
            Value::Array(data) => Array { shape: vec![data.len()], data: data.iter().map(number).collect() },
            Value::Null => Array::refused(),
            value => {
                let shape =
                    value["shape"].as_array().unwrap().iter().map(|d| d.as_u64().unwrap() as usize).collect();
                Array { shape, ..Array::read(&value["data"]) }
            }
        }
    }

    pub fn refused() -> Self {
        Array { shape: vec![], data: vec![None] }
    }

    pub fn vector(data: Vec<f64>) -> Self {
        Array { shape: vec![data.len()], data: data.into_iter().map(Some).collect() }
    }

    pub fn of<T: Float>(x: &Tensor<T>) -> Self {
        Array { shape: x.shape().to_vec(), ..Array::vector(x.data().iter().map(|x| x.to_f64()).collect()) }
    }

    pub fn cast<T: Float>(&self) -> Vec<T> {
        self.data.iter().map(|x| T::from_f64(x.expect("an input is a number"))).collect()
    }

    pub fn tensor<T: Float>(&self) -> Tensor<T> {
        Tensor::from_vec(self.cast(), &self.shape[..])
    }
}

/// Both NaN; or the same with its sign, 0 and ∞ included; or the same but for the last few bits, which
/// are those of a polynomial or of an order of summation.
pub fn same<T: Float>(a: f64, b: f64) -> bool {
    let least = if T::NAME == "f32" { f64::from(f32::from_bits(1)) } else { f64::from_bits(1) };
    let close = a.is_finite() && b.is_finite() && a != 0.0 && b != 0.0;
    a.is_nan() && b.is_nan()
        || a == b && a.is_sign_negative() == b.is_sign_negative()
        || close && (a - b).abs() <= 16.0 * T::EPSILON.to_f64() * b.abs() + 4.0 * least
}
