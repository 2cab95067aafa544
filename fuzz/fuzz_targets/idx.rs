//! IDX: any bytes, as numbers and as labels. (`packed` is for what gzip has packed.)
#![no_main]

#[path = "../readers.rs"]
mod readers;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| readers::idx(bytes.to_vec()));
