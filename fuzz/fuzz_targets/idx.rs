//! IDX: any bytes, packed or not, as numbers and as labels.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io::Write;
use wengert::data::Idx;

fuzz_target!(|bytes: &[u8]| {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    for file in [bytes.to_vec(), encoder.finish().unwrap()] {
        let Ok(idx) = Idx::from_bytes("stranger", file) else { continue };
        if let Ok(tensor) = idx.tensor::<f32>() {
            assert!(tensor.is_finite() && tensor.shape() == idx.shape());
        }
        let _ = idx.tensor::<f64>();
        let _ = idx.labels();
    }
});
