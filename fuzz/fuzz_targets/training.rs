//! Trainings: any bytes are taken up whole or not at all, and a training goes on from what was.
#![no_main]

#[path = "../../tests/common/interrupted.rs"]
mod interrupted;

use libfuzzer_sys::fuzz_target;
use wengert::data::Checkpoint;

fuzz_target!(|bytes: &[u8]| {
    let Ok(checkpoint) = Checkpoint::from_bytes("stranger", bytes) else { return };
    interrupted::train(Some(&checkpoint));
});
