//! Histories: whatever the columns are called, and whatever is in them, JSON stays JSON and is read back as the
//! same; and what is read of any bytes is written as bytes that are read as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wengert::train::History;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let mut history = History::new();
    for (i, line) in text.split('\n').take(20).enumerate() {
        let bits = line.bytes().fold(i as u64, |bits, byte| bits.rotate_left(8) ^ u64::from(byte));
        history.push([(line, f64::from_bits(bits)), ("loss", i as f64)]);
    }
    let json: serde_json::Value = serde_json::from_str(&history.to_json()).unwrap();
    for (name, column) in history.columns() {
        let read = json[name].as_array().unwrap();
        assert_eq!(read.len(), history.len());
        for (x, read) in column.iter().zip(read) {
            assert_eq!(read.as_f64(), x.is_finite().then_some(*x));
        }
    }
    let _ = history.to_csv();
    if let Ok(read) = History::from_json(&text) {
        assert!(History::from_json(&read.to_json()).unwrap() == read);
    }
});
