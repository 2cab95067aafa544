//! CSV: any bytes, with a header or without, in any way of reading. (`packed` is for what gzip has packed.)
#![no_main]

#[path = "../readers.rs"]
mod readers;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        readers::csv(bytes.to_vec());
    }
});
