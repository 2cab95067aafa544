//! CSV: any bytes, packed or not, with a header or without, in every way of reading.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io::Write;
use wengert::data::Csv;

fuzz_target!(|bytes: &[u8]| {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    for file in [bytes.to_vec(), encoder.finish().unwrap()] {
        let Ok(csv) = Csv::from_bytes("stranger", file) else { continue };
        for csv in [csv.clone(), csv.no_header()] {
            if let Ok(table) = csv.table::<f32>() {
                assert!(table.features().is_finite());
                assert!(table.labels().iter().all(|&label| label < table.classes()));
            }
            let _ = csv.xy::<f64>();
            let _ = csv.matrix::<f32>();
            let _ = csv.text([0]);
            let _ = csv.clone().delimiter(b';').label("y").without(0).table::<f64>();
        }
    }
});
