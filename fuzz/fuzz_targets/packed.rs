//! Gzip: any bytes as a packed CSV or IDX file, as they are and with the right checksum, which no chance would find.
#![no_main]

#[path = "../readers.rs"]
mod readers;

use flate2::{Crc, bufread::DeflateDecoder};
use libfuzzer_sys::fuzz_target;
use std::io::Read;

fuzz_target!(|bytes: &[u8]| {
    for file in [Some(bytes.to_vec()), with_its_checksum(bytes)].into_iter().flatten() {
        readers::csv(file.clone());
        readers::idx(file);
    }
});

/// The first member with the plainest of headers, and the trailer that its content should have; then what follows.
fn with_its_checksum(bytes: &[u8]) -> Option<Vec<u8>> {
    const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut rest = bytes.get(HEADER.len()..)?;
    let (deflated, mut unpacked) = (rest, Vec::new());
    DeflateDecoder::new(&mut rest).take(1 << 20).read_to_end(&mut unpacked).ok()?;
    let mut crc = Crc::new();
    crc.update(&unpacked);
    let stream = &deflated[..deflated.len() - rest.len()];
    let trailer = [crc.sum().to_le_bytes(), crc.amount().to_le_bytes()];
    Some([&HEADER[..], stream, trailer.as_flattened(), rest.get(8..).unwrap_or_default()].concat())
}
