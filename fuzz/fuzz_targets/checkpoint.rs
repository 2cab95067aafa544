//! Checkpoints: any bytes; what is read is written as bytes that are read as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wengert::Float;
use wengert::data::Checkpoint;

fuzz_target!(|bytes: &[u8]| {
    check::<f32>(bytes);
    check::<f64>(bytes);
});

fn check<T: Float>(bytes: &[u8]) {
    let Ok(checkpoint) = Checkpoint::<T>::from_bytes("stranger", bytes) else { return };
    let names: Vec<String> = checkpoint.states().map(str::to_string).collect();
    for name in names {
        checkpoint.state(&name).unwrap();
    }
    let _ = checkpoint.rng().map(|mut rng| rng.next_u64());
    let _ = checkpoint.columns("history");
    let written = checkpoint.to_bytes().unwrap();
    let again = Checkpoint::<T>::from_bytes("again", &written).unwrap().to_bytes().unwrap();
    assert!(written == again);
}
