//! Data, from a file to the batches of an epoch: tables and their readers, splitting, scaling,
//! loading.
//!
//! | to | use |
//! |---|---|
//! | read a file | [`Csv`], [`Idx`], [`mnist`](idx::mnist) (feature `data`) |
//! | have data at once | [`datasets`]: moons, circles, .. and, with the feature `datasets`, breast cancer, iris, digits |
//! | keep features and labels together | [`Table`] |
//! | hold back rows for testing, cross-validate | [`train_test_split`], [`Split`] |
//! | bring features to one scale | [`StandardScaler`], [`MinMaxScaler`] |
//! | turn labels or categories into vectors | [`one_hot`], [`OneHotEncoder`] |
//! | make up for rare classes | [`class_weights`] |
//! | save and load parameters, whole trainings | [`save_params`], [`load_params`], [`Checkpoint`] (feature `safetensors`) |
//! | write a file whole or not at all | [`write_whole`] |
//! | go through it in batches | [`DataLoader`], over tensors or over a [`Dataset`] of your own |
//!
//! ```
//! # fn main() -> Result<(), wengert::Error> {
//! use wengert::data::{DataLoader, StandardScaler, Table, datasets, train_test_split};
//! use wengert::Rng;
//!
//! let mut rng = Rng::new(42);
//! let data: Table = datasets::breast_cancer();
//! let (train, test) = train_test_split(&data, 0.2, &mut rng)?;
//! let (scaler, x_train) = StandardScaler::fit_transform(train.features())?;
//! let x_test = scaler.transform(test.features())?;
//!
//! let loader = DataLoader::new(x_train, train.targets()?, 32)?.shuffle(true);
//! for (x, y) in loader.epoch(&mut rng) {
//!     assert_eq!((x.shape()[1], y.shape()[1]), (30, 1));
//! }
//! assert_eq!((loader.len(), x_test.shape()[0]), (15, 114));
//! # Ok(()) }
//! ```

#[cfg(feature = "safetensors")]
mod checkpoint;
#[cfg(feature = "data")]
pub mod csv;
pub mod datasets;
mod encode;
#[cfg(feature = "data")]
mod file;
#[cfg(feature = "data")]
pub mod idx;
mod loader;
mod scale;
mod split;
mod table;
mod whole;

#[cfg(feature = "safetensors")]
pub use checkpoint::{Checkpoint, load_params, load_params_below, save_params};
#[cfg(feature = "safetensors")]
pub(crate) use checkpoint::{shortened, texts_are_none};
#[cfg(feature = "data")]
pub use csv::Csv;
pub use encode::{OneHotEncoder, hstack, one_hot};
#[cfg(feature = "data")]
pub use idx::Idx;
pub use loader::{DataLoader, Dataset, Epoch};
pub use scale::{MinMaxScaler, StandardScaler};
pub use split::{Split, train_test_split};
pub use table::{Rows, Table, class_weights};
pub(crate) use table::{check_finite, check_labels};
pub use whole::write_whole;
