//! Gzip: any bytes as a packed CSV or IDX file, as they are or with the right checksum, which no chance would find.
#![no_main]

#[path = "../readers.rs"]
mod readers;

use flate2::{Crc, bufread::DeflateDecoder};
use libfuzzer_sys::fuzz_target;
use std::io::Read;

fuzz_target!(|bytes: &[u8]| {
    let way = readers::hash(bytes);
    let checked = if way % 8 == 0 { None } else { with_its_checksum(bytes) };
    let file = checked.unwrap_or_else(|| bytes.to_vec());
    if way & 8 == 0 { readers::csv(file) } else { readers::idx(file) }
});

/// The first member with the plainest of headers, and the trailer that its content should have; then what follows.
fn with_its_checksum(bytes: &[u8]) -> Option<Vec<u8>> {
    const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    const MOST: u64 = 1 << 14; // larger is slower, and no other file for it; `tests/hostile.rs` has the bombs
    let mut rest = bytes.get(HEADER.len()..)?;
    let (deflated, mut unpacked) = (rest, Vec::new());
    DeflateDecoder::new(&mut rest)
        .take(MOST)
        .read_to_end(&mut unpacked)
        .ok()
        .filter(|&size| size < MOST as usize)?;
    let mut crc = Crc::new();
    crc.update(&unpacked);
    let stream = &deflated[..deflated.len() - rest.len()];
    let trailer = [crc.sum().to_le_bytes(), crc.amount().to_le_bytes()];
    Some([&HEADER[..], stream, trailer.as_flattened(), rest.get(8..).unwrap_or_default()].concat())
}
