//! Trainings: any bytes are taken up whole or not at all, and a training goes on from what was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wengert::data::Checkpoint;
use wengert::optim::schedule::ReduceOnPlateau;
use wengert::prelude::*;
use wengert::train::{EarlyStopping, Trainer};

fuzz_target!(|bytes: &[u8]| {
    let Ok(checkpoint) = Checkpoint::from_bytes("stranger", bytes) else { return };
    let (mut rng, mut params) = (Rng::new(3), Params::new());
    let model = Mlp::new(&mut params.init(&mut rng), &[2, 3, 2]).dropout(0.3);
    let x = Tensor::randn([6, 2], &mut rng);
    let loader = DataLoader::new(x, vec![0, 1, 0, 1, 1, 0], 4).unwrap().shuffle(true);
    let (mut adam, plateau) = (Adam::new(0.1).amsgrad(), ReduceOnPlateau::new(0.1).unwrap());
    let mut trainer = Trainer::new(&mut params, &mut adam, &mut rng)
        .ema(0.9)
        .reduce_on_plateau(plateau, "train_loss")
        .callback(EarlyStopping::new(9).unwrap());
    let fit = |trainer: &mut Trainer<'_>, epochs| {
        trainer.fit((&loader, &loader), epochs, |tape, (x, labels)| {
            cross_entropy(model.forward(tape.constant(x)), labels)
        })
    };
    fit(&mut trainer, 1).unwrap();
    let before = trainer.checkpoint().to_bytes().unwrap();
    match trainer.restore(&checkpoint) {
        Ok(()) => {
            let epochs = checkpoint.state("trainer").unwrap().numbers["epochs"] as usize;
            let _ = fit(&mut trainer, epochs + 1);
        }
        Err(_) => assert!(trainer.checkpoint().to_bytes().unwrap() == before),
    }
});
