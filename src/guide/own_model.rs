//! A model of one's own, from the data to the file, in one program.
//!
//! It tells three kinds of iris by four lengths of their flowers. Each part is said below in the order in which it stands.
//!
//! ```
//! use wengert::data::{datasets, load_params, save_params};
//! use wengert::metrics::accuracy;
//! use wengert::prelude::*;
//!
//! // 6. A model is a struct of layers, and a way forward through them.
//! struct Net {
//!     hidden: Linear,
//!     output: Linear,
//! }
//!
//! impl Net {
//!     fn new<T: Float>(init: &mut Init<T>) -> Self {
//!         Net {
//!             hidden: Linear::new(&mut init.scope("hidden"), 4, 16),
//!             output: Linear::new(&mut init.scope("output"), 16, 3),
//!         }
//!     }
//! }
//!
//! impl<T: Float> Module<T> for Net {
//!     fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
//!         self.output.forward(self.hidden.forward(x).relu().dropout(0.1))
//!     }
//! }
//!
//! // 1. The one source of randomness: the same seed, the same model.
//! let mut rng = Rng::new(1);
//!
//! // 2. Rows to learn from, rows that say when to stop, rows to judge by.
//! let data: Table = datasets::iris();
//! let (rest, test) = train_test_split(&data, 0.2, &mut rng)?;
//! let (train, valid) = train_test_split(&rest, 0.25, &mut rng)?;
//!
//! // 3. Mean 0 and deviation 1, measured on the training rows alone.
//! let (scaler, x_train) = StandardScaler::fit_transform(train.features())?;
//! let x_valid = scaler.transform(valid.features())?;
//! let x_test = scaler.transform(test.features())?;
//!
//! // 4. Batches of 16, in a new order each epoch.
//! let labels = train.labels().to_vec();
//! let loader = DataLoader::new(x_train, labels, 16)?.shuffle(true);
//!
//! // 5. Parameters, model, optimizer.
//! let mut params = Params::new();
//! let net = Net::new(&mut params.init(&mut rng));
//! let mut adam = Adam::new(0.01);
//!
//! let (mut best, mut best_loss, mut waited) = (params.clone(), f32::INFINITY, 0);
//! for epoch in 1..=100 {
//!     // 7. Training: a tape, a loss, its gradients, a step.
//!     for (x, labels) in loader.epoch(&mut rng) {
//!         let tape = Tape::training(&params, &mut rng);
//!         let loss = cross_entropy(net.forward(tape.constant(x)), labels);
//!         let grads = loss.backward();
//!         adam.step(&mut params, &grads);
//!     }
//!     // 8. Looking: no dropout, no rules kept.
//!     let tape = Tape::inference(&params);
//!     let logits = net.forward(tape.constant(&x_valid));
//!     let loss = cross_entropy(logits, valid.labels()).item();
//!     // 9. Early stopping: the best are kept; ten epochs without are enough.
//!     waited += 1;
//!     if loss < best_loss {
//!         (best, best_loss, waited) = (params.clone(), loss, 0);
//!     }
//!     if waited == 10 {
//!         println!("stopped after epoch {epoch}");
//!         break;
//!     }
//! }
//!
//! // 10. Saved, and read again by a program that only predicts.
//! let file = format!("iris-{}.safetensors", std::process::id());
//! let file = std::env::temp_dir().join(file);
//! save_params(&file, &best)?;
//! let mut loaded = Params::new();
//! // Names and shapes are declared, and then filled in.
//! let net = Net::new(&mut loaded.init(&mut Rng::new(0)));
//! load_params(&file, &mut loaded)?;
//! # std::fs::remove_file(&file).unwrap();
//!
//! // 11. The judgement, once.
//! let tape = Tape::inference(&loaded);
//! let logits = net.forward(tape.constant(&x_test)).value();
//! let reached = accuracy(&logits.argmax_rows(), test.labels())?;
//! assert!(best_loss < 0.2 && reached > 0.9, "{best_loss} {reached}");
//! # Ok::<(), Error>(())
//! ```
//!
#![doc = include_str!("pictures/style.html")]
#![doc = include_str!("pictures/own_model.svg")]
//!
//! # Part by part
//!
//! - **Seed (1).** Start, order and dropout all draw from it. If a result depends on the seed, say so with several of them.
//! - **Split (2).** A network can learn its training rows by heart, so it is judged by others. Rows that chose when to stop, or which
//!   settings to take, have been used for choosing; the test rows are looked at once, at the end.
//!   [`train_test_split`](crate::data::train_test_split) keeps each class's share.
//! - **Scaler (3).** A feature in the thousands would rule over one in the hundredths. Mean and deviation come from the training rows:
//!   taken from all rows, they would tell of the test. The scaler belongs to the model; keep its
//!   [`mean`](crate::data::StandardScaler::mean) and [`scale`](crate::data::StandardScaler::scale) with it.
//! - **Loader (4).** Small batches give many steps an epoch and a little noise, which does no harm; large ones give fewer and smoother
//!   steps. A new order each epoch keeps a batch from being the same company always.
//! - **Parameters (5, 6).** They live in [`Params`](crate::Params), by name; layers hold their ids. What [`init`](crate::Init) draws is
//!   scaled by the number of a layer's inputs.
//! - **Step (7).** Gradients are a value that `backward` returns, so there is nothing to set to zero. The tape ends with the block. The
//!   loss lives on it, and it borrows the parameters: what you want of the loss, read before the step.
//! - **Modes (7, 8).** [`Tape::training`](crate::Tape::training) has dropout on. [`Tape::inference`](crate::Tape::inference) has it off and
//!   keeps no rules, so it is lighter and cannot go backward; [`Tape::eval`](crate::Tape::eval) has it off and can.
//! - **Early stopping (9).** When the training loss still falls and the other rises, what is learned is the rows and no longer what they
//!   have in common. That is overfitting; dropout, weight decay and more data are the other remedies.
//! - **File (10).** The names and shapes in it are checked against those declared. A whole training, with the optimizer's memory
//!   and the random numbers to come, is kept by a checkpoint: see the example `resume`.
//!
//! # When it does not learn
//!
//! 1. Is the first loss what a guess would give? For k classes ln k.
//! 2. Can it learn ten rows by heart, without dropout? If not, the mistake is in the program and not in the data.
//! 3. Do all parameters get a gradient? [`Gradients::report`](crate::Gradients::report) says which do not, and where the way was cut.
//! 4. Is something not finite? [`Tape::watch`](crate::Tape::watch) stops at the first such number.
//! 5. Another learning rate, three times smaller and three times larger.
//! 6. An operation of one's own? [Check it](super::checking).
//!
//! [`Trainer`](crate::train::Trainer) is this loop, written once, with schedules, clipping, early stopping and a history; the example
//! `fit` shows it in thirty lines, and what is left out here.
//!
//! Before: [Second derivatives](super::second_derivatives) · To look things up: [Coming from PyTorch](super::from_pytorch)
