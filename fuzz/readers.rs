//! The ways in which a CSV or IDX file is read, and what must hold of what was read.
#![allow(dead_code)] // each target uses its share

use wengert::data::{Csv, Idx};

/// A number that depends on every byte: it chooses one way of reading, so that an execution is short, and mutations of
/// a file go through the others.
pub fn hash(file: &[u8]) -> u32 {
    file.iter().fold(0, |hash: u32, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)) >> 8
}

/// One of ten ways: each makes three or four parsers, whose tables of 256 bytes by every state are most of the time.
pub fn csv(file: Vec<u8>) {
    let way = hash(&file);
    let Ok(csv) = Csv::from_bytes("stranger", file) else { return };
    let csv = if way & 1 == 0 { csv } else { csv.no_header() };
    match way / 2 % 5 {
        0 => {
            if let Ok(table) = csv.table::<f32>() {
                assert!(table.features().is_finite());
                assert!(table.labels().iter().all(|&label| label < table.classes()));
            }
        }
        1 => drop(csv.xy::<f64>()),
        2 => drop(csv.matrix::<f32>()),
        3 => drop(csv.text([0])),
        _ => drop(csv.delimiter(b';').label("y").without(0).table::<f64>()),
    }
}

/// As numbers of either type and as labels.
pub fn idx(file: Vec<u8>) {
    let Ok(idx) = Idx::from_bytes("stranger", file) else { return };
    if let Ok(tensor) = idx.tensor::<f32>() {
        assert!(tensor.is_finite() && tensor.shape() == idx.shape());
    }
    let _ = idx.tensor::<f64>();
    let _ = idx.labels();
}
