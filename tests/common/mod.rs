//! The reference values in `tests/golden`, or in the folder that WENGERT_GOLDEN names, and what
//! it means to agree with them.

use serde_json::Value;
use std::path::PathBuf;

/// The cases of a file.
pub fn golden(file: &str) -> Vec<Value> {
    let folder = std::env::var_os("WENGERT_GOLDEN")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden")), PathBuf::from);
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A list of numbers.
pub fn numbers(list: &Value) -> Vec<f64> {
    let list = list.as_array().unwrap_or_else(|| panic!("no list: {list}"));
    list.iter().map(|x| x.as_f64().unwrap_or_else(|| panic!("no number: {x}"))).collect()
}

/// |x − r| ≤ tolerance · max(1, ‖r‖∞) in every entry.
#[track_caller]
pub fn agree(what: &str, got: &[f64], reference: &[f64], tolerance: f64) {
    assert_eq!(got.len(), reference.len(), "{what}: another number of entries");
    let bound = tolerance * reference.iter().fold(1.0, |m: f64, r| m.max(r.abs()));
    for (i, (x, r)) in got.iter().zip(reference).enumerate() {
        // Written so that NaN does not pass.
        assert!((x - r).abs() <= bound, "{what}: entry {i} is {x}, the reference {r}");
    }
}
