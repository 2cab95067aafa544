//! `DataLoader`: a data set in batches, epoch after epoch.

use super::table::{Rows, Table};
use crate::error::Error;
use crate::float::Float;
use crate::rng::Rng;
use crate::tensor::Tensor;

/// Data that gives out batches: what a [`DataLoader`] goes through.
///
/// Tensors and labels in memory are one already, as pairs or triples of [`Rows`]. Implement it
/// for data that is made when it is asked for: augmented, generated, read from disk (a `Batch`
/// may be a `Result`).
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::{Rng, Tensor, data::{DataLoader, Dataset}};
///
/// /// sin x, seen through noise that is new in every epoch.
/// struct NoisySine { x: Vec<f32> }
///
/// impl Dataset for NoisySine {
///     type Batch = (Tensor, Tensor);
///     fn len(&self) -> usize {
///         self.x.len()
///     }
///     fn batch(&self, rows: &[usize], rng: &mut Rng) -> (Tensor, Tensor) {
///         let x = Tensor::from_fn([rows.len(), 1], |i| self.x[rows[i]]);
///         let y = Tensor::from_fn([rows.len(), 1], |i| x.data()[i].sin() + 0.1 * rng.normal() as f32);
///         (x, y)
///     }
/// }
///
/// let loader = DataLoader::from_dataset(NoisySine { x: vec![0.0, 1.0, 2.0] }, 2)?.shuffle(true);
/// let sizes: Vec<usize> = loader.epoch(&mut Rng::new(0)).map(|(x, _)| x.shape()[0]).collect();
/// assert_eq!(sizes, [2, 1]);
/// # Ok(()) }
/// ```
pub trait Dataset {
    /// What one batch is, often `(Tensor<T>, Tensor<T>)` or `(Tensor<T>, Vec<usize>)`.
    type Batch;

    /// The number of rows.
    fn len(&self) -> usize;

    /// The batch of these rows, which are below [`len`](Self::len), in this order. Randomness
    /// comes from `rng` alone, so that a seed repeats a run.
    fn batch(&self, rows: &[usize], rng: &mut Rng) -> Self::Batch;

    /// Whether there is no row.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the data can be used, and why not. A loader asks once, before anything else.
    ///
    /// # Errors
    /// Where the parts of the data do not fit together.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl<D: Dataset + ?Sized> Dataset for &D {
    type Batch = D::Batch;
    fn len(&self) -> usize {
        (**self).len()
    }
    fn batch(&self, rows: &[usize], rng: &mut Rng) -> Self::Batch {
        (**self).batch(rows, rng)
    }
    fn check(&self) -> Result<(), Error> {
        (**self).check()
    }
}

impl<T: Float> Dataset for Table<T> {
    type Batch = (Tensor<T>, Vec<usize>);
    fn len(&self) -> usize {
        self.rows()
    }
    fn batch(&self, rows: &[usize], _: &mut Rng) -> Self::Batch {
        (self.features().select_rows(rows), rows.iter().map(|&i| self.labels()[i]).collect())
    }
}

macro_rules! rows_in_step {
    ($($part:ident $name:literal),+) => {
        impl<$($part: Rows),+> Dataset for ($($part,)+) {
            type Batch = Self;
            fn len(&self) -> usize {
                self.0.rows()
            }
            #[expect(non_snake_case, reason = "a tuple's parts go by the names of their types")]
            fn batch(&self, rows: &[usize], _: &mut Rng) -> Self {
                let ($($part,)+) = self;
                ($($part.select(rows),)+)
            }
            #[expect(non_snake_case, reason = "a tuple's parts go by the names of their types")]
            fn check(&self) -> Result<(), Error> {
                let ($($part,)+) = self;
                $(if $part.rows() != self.len() {
                    let (first, this) = (self.len(), $part.rows());
                    return Err(Error::data(format!("x has {first} rows and {} has {this}", $name)));
                })+
                $(if let Some(row) = $part.row_with_nan() {
                    return Err(Error::data(format!(
                        "{} holds a NaN in row {row}, counted from 0: fill it in or leave the row out",
                        $name
                    )));
                })+
                Ok(())
            }
        }
    };
}

rows_in_step!(X "x", Y "y");
rows_in_step!(X "x", Y "y", Z "the third part");

/// Goes through a data set in batches, in another order each epoch if asked to.
///
/// All its randomness comes from the [`Rng`] that [`epoch`](DataLoader::epoch) is given, one
/// number of it per epoch; the loader itself never changes. So a run can be repeated, and taken
/// up again in the middle.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::{Rng, Tensor, data::DataLoader};
/// let (x, y) = (Tensor::<f32>::zeros([10, 3]), Tensor::<f32>::zeros([10, 1]));
/// let loader = DataLoader::new(x, y, 4)?.shuffle(true);
/// let mut rng = Rng::new(42);
/// for epoch in 0..2 {
///     for (x, y) in loader.epoch(&mut rng) {
///         let _ = rng.uniform(); // free to be used in between
///         assert_eq!(x.shape()[0], y.shape()[0]);
///     }
/// }
/// assert_eq!((loader.len(), loader.drop_last(true).len()), (3, 2));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct DataLoader<D> {
    dataset: D,
    batch_size: usize,
    shuffle: bool,
    drop_last: bool,
}

impl<X: Rows, Y: Rows> DataLoader<(X, Y)> {
    /// Over the rows of `x` and `y` in step, such as features [n, d] and targets [n, 1], or
    /// features and a `Vec` of n labels.
    ///
    /// # Errors
    /// If the batch size is 0, there are no rows, or `x` and `y` have not as many.
    pub fn new(x: X, y: Y, batch_size: usize) -> Result<Self, Error> {
        Self::from_dataset((x, y), batch_size)
    }
}

impl<D: Dataset> DataLoader<D> {
    /// Over a [`Dataset`]: a [`Table`], tensors in step, or one of your own.
    ///
    /// # Errors
    /// If the batch size is 0, there are no rows, or the data set finds fault with itself: rows of tensors hold no
    /// NaN.
    pub fn from_dataset(dataset: D, batch_size: usize) -> Result<Self, Error> {
        if batch_size == 0 {
            return Err(Error::config("DataLoader: the batch size is 0; it must be at least 1"));
        }
        dataset.check().map_err(|error| Error::new(error.kind(), format!("DataLoader: {error}")))?;
        if dataset.is_empty() {
            return Err(Error::data("DataLoader: the data set is empty"));
        }
        Ok(Self { dataset, batch_size, shuffle: false, drop_last: false })
    }

    /// Whether every epoch goes through the rows in a new random order.
    #[must_use]
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// Whether to leave out a last batch that is not full.
    #[must_use]
    pub fn drop_last(mut self, drop_last: bool) -> Self {
        self.drop_last = drop_last;
        self
    }

    /// The number of batches in an epoch.
    pub fn len(&self) -> usize {
        match self.drop_last {
            true => self.dataset.len() / self.batch_size,
            false => self.dataset.len().div_ceil(self.batch_size),
        }
    }

    /// Whether an epoch has no batch: its only one is not full and is left out.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of rows in a batch; the last one may have fewer.
    pub fn batch_size(&self) -> usize {
        self.batch_size
    }

    /// What the loader goes through.
    pub fn dataset(&self) -> &D {
        &self.dataset
    }

    /// One pass over the data. One number is drawn from `rng`, now, whatever the settings; the
    /// iterator does not hold on to it.
    pub fn epoch(&self, rng: &mut Rng) -> Epoch<'_, D> {
        let mut rng = rng.fork();
        let mut order: Vec<usize> = (0..self.dataset.len()).collect();
        if self.shuffle {
            rng.shuffle(&mut order);
        }
        self.pass(order, rng)
    }

    /// One pass over the data in the order of its rows, shuffled or not: for evaluation. A data
    /// set that draws random numbers gets the same ones every time.
    pub fn batches(&self) -> Epoch<'_, D> {
        self.pass((0..self.dataset.len()).collect(), Rng::new(0))
    }

    fn pass(&self, mut order: Vec<usize>, rng: Rng) -> Epoch<'_, D> {
        order.truncate(self.len().saturating_mul(self.batch_size));
        Epoch { loader: self, order, next: 0, rng }
    }
}

/// The batches of one epoch; made by [`DataLoader::epoch`].
#[derive(Debug)]
pub struct Epoch<'a, D> {
    loader: &'a DataLoader<D>,
    order: Vec<usize>,
    next: usize,
    rng: Rng,
}

impl<D: Dataset> Iterator for Epoch<'_, D> {
    type Item = D::Batch;

    fn next(&mut self) -> Option<D::Batch> {
        let rest = &self.order[self.next..];
        let rows = &rest[..rest.len().min(self.loader.batch_size)];
        self.next += rows.len();
        (!rows.is_empty()).then(|| self.loader.dataset.batch(rows, &mut self.rng))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.order.len() - self.next).div_ceil(self.loader.batch_size);
        (left, Some(left))
    }
}

impl<D: Dataset> ExactSizeIterator for Epoch<'_, D> {}

#[cfg(test)]
mod tests {
    use super::*;

    fn loader(rows: usize, batch_size: usize) -> DataLoader<(Tensor<f64>, Vec<usize>)> {
        DataLoader::new(Tensor::arange(rows).reshape([rows as i32, 1]), (0..rows).collect(), batch_size)
            .unwrap()
    }

    /// Which rows come in which batch.
    fn rows<D: Dataset<Batch = (Tensor<f64>, Vec<usize>)>>(epoch: Epoch<'_, D>) -> Vec<Vec<usize>> {
        epoch
            .map(|(x, labels)| {
                assert!(x.data().iter().map(|&x| x as usize).eq(labels.iter().copied()), "x and y in step");
                labels
            })
            .collect()
    }

    #[track_caller]
    fn check(rows: usize, batch_size: usize, drop_last: bool, expected: &[usize]) {
        let loader = loader(rows, batch_size).drop_last(drop_last);
        let epoch = loader.epoch(&mut Rng::new(0));
        assert_eq!((epoch.len(), loader.len()), (expected.len(), expected.len()));
        assert_eq!(loader.is_empty(), expected.is_empty());
        let sizes: Vec<usize> = epoch.map(|(x, _)| x.shape()[0]).collect();
        assert_eq!(sizes, expected);
    }

    #[test]
    fn batches_cover_the_rows_and_the_last_may_be_short_or_left_out() {
        check(10, 4, false, &[4, 4, 2]);
        check(10, 4, true, &[4, 4]);
        check(10, 5, false, &[5, 5]);
        check(10, 5, true, &[5, 5]);
        check(3, 1, false, &[1, 1, 1]);
        check(3, 7, false, &[3]);
        check(3, 7, true, &[]);
        check(3, usize::MAX, false, &[3]);
    }

    #[test]
    fn rows_come_in_order_unless_shuffled() {
        let plain = loader(5, 2);
        let in_order = vec![vec![0, 1], vec![2, 3], vec![4]];
        assert_eq!(rows(plain.epoch(&mut Rng::new(0))), in_order);
        assert_eq!(rows(plain.shuffle(true).batches()), in_order);
    }

    #[test]
    fn a_shuffled_epoch_has_every_row_once_in_an_order_of_its_own() {
        let loader = loader(50, 8).shuffle(true);
        let mut rng = Rng::new(7);
        let (first, second) = (rows(loader.epoch(&mut rng)).concat(), rows(loader.epoch(&mut rng)).concat());
        assert_ne!(first, second);
        for mut order in [first, second] {
            order.sort_unstable();
            assert!(order.into_iter().eq(0..50));
        }
        let again = |seed| rows(loader.epoch(&mut Rng::new(seed)));
        assert_eq!(again(7), again(7));
    }

    #[test]
    fn a_row_with_a_nan_is_an_error_that_names_it() {
        let good = Tensor::from([[1.0_f32, 2.0], [3.0, 4.0], [5.0, 6.0]]);
        let bad = Tensor::from([[1.0_f32, 2.0], [3.0, f32::NAN], [5.0, 6.0]]);
        let error =
            |x: &Tensor, y: &Tensor| DataLoader::new(x.clone(), y.clone(), 2).unwrap_err().to_string();
        let why = "holds a NaN in row 1, counted from 0: fill it in or leave the row out";
        assert_eq!(error(&bad, &good), format!("DataLoader: x {why}"));
        assert_eq!(error(&good, &bad), format!("DataLoader: y {why}"));
    }

    #[test]
    fn an_epoch_draws_one_number_whatever_the_settings() {
        let after = |loader: DataLoader<_>| {
            let mut rng = Rng::new(3);
            let _: Vec<_> = loader.epoch(&mut rng).collect();
            rng.next_u64()
        };
        assert_eq!(after(loader(9, 2)), after(loader(100, 7).shuffle(true)));
    }

    #[test]
    fn a_data_set_that_makes_its_batches_gets_the_epochs_randomness() {
        struct Noise;
        impl Dataset for Noise {
            type Batch = Vec<u64>;
            fn len(&self) -> usize {
                3
            }
            fn batch(&self, rows: &[usize], rng: &mut Rng) -> Vec<u64> {
                rows.iter().map(|_| rng.next_u64()).collect()
            }
        }
        let loader = DataLoader::from_dataset(&Noise, 2).unwrap();
        let mut rng = Rng::new(1);
        let epochs: Vec<Vec<Vec<u64>>> = (0..2).map(|_| loader.epoch(&mut rng).collect()).collect();
        assert_ne!(epochs[0], epochs[1]);
        assert!(loader.epoch(&mut Rng::new(1)).eq(epochs[0].iter().cloned()));
        assert!(loader.batches().eq(loader.batches()));
    }

    #[test]
    fn a_table_gives_features_and_labels() {
        let table = Table::<f64>::new(Tensor::from([[1.0], [2.0], [3.0]]), vec![0, 1, 0], 2).unwrap();
        let loader = DataLoader::from_dataset(&table, 2).unwrap();
        let batches: Vec<_> = loader.batches().collect();
        assert_eq!(batches, [(Tensor::from([[1.0], [2.0]]), vec![0, 1]), (Tensor::from([[3.0]]), vec![0])]);
    }

    #[track_caller]
    fn refused<D>(result: Result<DataLoader<D>, Error>, why: &str) {
        let Err(error) = result else { panic!("accepted: {why}") };
        assert!(error.to_string().contains(why), "{error}");
    }

    #[test]
    fn what_cannot_be_loaded_is_refused() {
        let x = |rows: usize| Tensor::<f32>::zeros([rows, 2]);
        refused(DataLoader::new(x(4), x(4), 0), "batch size is 0");
        refused(DataLoader::new(x(0), x(0), 2), "empty");
        refused(DataLoader::new(x(4), x(3), 2), "x has 4 rows and y has 3");
        refused(DataLoader::new(x(4), vec![0; 5], 2), "x has 4 rows and y has 5");
        refused(DataLoader::new(x(0), x(3), 2), "x has 0 rows and y has 3");
        refused(DataLoader::new(Tensor::scalar(1.0f32), vec![0], 2), "x has 0 rows and y has 1");
        refused(DataLoader::from_dataset((x(4), x(4), vec![1.0; 3]), 2), "the third part has 3");
    }
}
