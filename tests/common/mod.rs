//! What several tests share: the reference values in `tests/golden`, or in the folder that
//! WENGERT_GOLDEN names, what it means to agree with them, and what a panic says.
#![allow(dead_code)] // each test uses its share

pub mod calls;
pub mod tapes;

use serde_json::Value;
use std::path::PathBuf;

/// A file of reference values.
#[track_caller]
pub fn read(file: &str) -> Value {
    let folder = std::env::var_os("WENGERT_GOLDEN")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden")), PathBuf::from);
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The cases of a file.
#[track_caller]
pub fn golden(file: &str) -> Vec<Value> {
    match read(file) {
        Value::Array(cases) => cases,
        _ => panic!("{file} is no list of cases"),
    }
}

/// A list of numbers.
#[track_caller]
pub fn numbers(list: &Value) -> Vec<f64> {
    let list = list.as_array().unwrap_or_else(|| panic!("no list: {list}"));
    list.iter().map(|x| x.as_f64().unwrap_or_else(|| panic!("no number: {x}"))).collect()
}

/// |x − r| ≤ tolerance · max(1, ‖r‖∞) in every entry.
#[track_caller]
pub fn agree(what: &str, got: &[f64], reference: &[f64], tolerance: f64) {
    assert_eq!(got.len(), reference.len(), "{what}: another number of entries");
    if let Some(i) = worst(got, reference, tolerance) {
        panic!("{what}: entry {i} is {}, the reference {}", got[i], reference[i]);
    }
}

/// The entry that is furthest from its reference, if one is further than agreement allows. NaN is
/// further than any number.
pub fn worst(got: &[f64], reference: &[f64], tolerance: f64) -> Option<usize> {
    let bound = tolerance * reference.iter().fold(1.0, |m: f64, r| m.max(r.abs()));
    let distance = |i: &usize| {
        let distance = (got[*i] - reference[*i]).abs();
        if distance.is_nan() { f64::INFINITY } else { distance }
    };
    let worst = (0..got.len()).max_by(|i, j| distance(i).total_cmp(&distance(j)))?;
    (distance(&worst) > bound).then_some(worst)
}

/// What a closure says when it panics.
#[track_caller]
pub fn panic_text<R>(f: impl FnOnce() -> R) -> String {
    let Err(panic) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)) else {
        panic!("it should panic");
    };
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast_ref::<&str>().expect("a panic with a text").to_string(),
    }
}

/// Panics unless `f` panics with a text that holds every one of `parts`.
#[track_caller]
pub fn panics<R>(f: impl FnOnce() -> R, parts: &[&str]) {
    let text = panic_text(f);
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in the panic's text:\n{text}");
    }
}
