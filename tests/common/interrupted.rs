//! A training that is taken up from a checkpoint of any kind: whole or not at all.

use wengert::data::Checkpoint;
use wengert::optim::schedule::ReduceOnPlateau;
use wengert::prelude::*;
use wengert::train::{EarlyStopping, Trainer};

/// A small training that remembers something everywhere, and takes up `from` if that fits; as it is then.
pub fn train(from: Option<&Checkpoint>) -> Checkpoint {
    let (mut rng, mut params) = (Rng::new(3), Params::new());
    let model = Mlp::new(&mut params.init(&mut rng), [2, 3, 2]).dropout(0.3);
    let loader =
        DataLoader::new(Tensor::randn([6, 2], &mut rng), vec![0, 1, 0, 1, 1, 0], 4).unwrap().shuffle(true);
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
    if let Some(checkpoint) = from {
        let before = trainer.checkpoint().to_bytes().unwrap();
        match trainer.restore(checkpoint) {
            Ok(()) => {
                let epochs = checkpoint.state("trainer").unwrap().numbers["epochs"] as usize;
                // Numbers that fit and make no sense may be found out later: an error then, too.
                let _ = fit(&mut trainer, epochs + 1);
            }
            Err(error) => {
                assert!(trainer.checkpoint().to_bytes().unwrap() == before, "half taken up: {error}");
                assert!(error.to_string().len() <= 6003, "goes on and on: {error}");
            }
        }
    }
    trainer.checkpoint()
}
