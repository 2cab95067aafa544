//! Which rows train and which rows test.

use super::table::{Rows, Table};
use crate::error::Error;
use crate::float::Float;
use crate::rng::Rng;
use std::collections::BTreeMap;

/// Rows for training and rows for testing, both in random order, every class with its share in
/// each: [`Split::stratified`] on a table.
///
/// # Errors
/// As [`Split::stratified`].
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::{Rng, data::{Table, datasets, train_test_split}};
/// let data: Table = datasets::breast_cancer();
/// let (train, test) = train_test_split(&data, 0.2, &mut Rng::new(42))?;
/// assert_eq!((train.len(), test.len()), (455, 114));
/// assert_eq!((train.class_counts(), test.class_counts()), (vec![170, 285], vec![42, 72]));
/// # Ok(()) }
/// ```
pub fn train_test_split<T: Float>(
    data: &Table<T>,
    test: f64,
    rng: &mut Rng,
) -> Result<(Table<T>, Table<T>), Error> {
    Ok(Split::stratified(data.labels(), test, rng)?.of(data))
}

/// The indices of the rows to train on and of those to test on.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::{Rng, Tensor, data::Split};
/// let x = Tensor::<f32>::zeros([10, 3]);
/// let (x_train, x_test) = Split::random(10, 0.25, &mut Rng::new(0))?.of(&x);
/// assert_eq!((x_train.shape()[0], x_test.shape()[0]), (7, 3));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Split {
    /// The rows to train on.
    pub train: Vec<usize>,
    /// The rows to test on.
    pub test: Vec<usize>,
}

impl Split {
    /// Draws ⌈test · n⌉ of n rows for testing; the others train.
    ///
    /// # Errors
    /// If there are no rows, `test` is not between 0 and 1, or no row is left to train on.
    pub fn random(n: usize, test: f64, rng: &mut Rng) -> Result<Self, Error> {
        let test = test_rows(n, test)?;
        let mut train = shuffled(n, rng);
        let test = train.split_off(n - test);
        Ok(Self { train, test })
    }

    /// Draws ⌈test · n⌉ of n rows for testing so that each class has its share in both parts,
    /// to within a row: of a class with m rows, m · (train rows) / n train, rounded down; the
    /// rows still missing come from the classes that lost most by rounding.
    ///
    /// # Errors
    /// If there are no rows, `test` is not between 0 and 1, a class has fewer than two rows, or
    /// a part has fewer rows than there are classes.
    pub fn stratified(labels: &[usize], test: f64, rng: &mut Rng) -> Result<Self, Error> {
        let n = labels.len();
        let test = test_rows(n, test)?;
        let mut classes: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        labels.iter().enumerate().for_each(|(row, &label)| classes.entry(label).or_default().push(row));
        if let Some((class, _)) = classes.iter().find(|(_, rows)| rows.len() < 2) {
            return Err(Error::data(format!(
                "split: class {class} has one row, and both parts need one; leave it out or use Split::random"
            )));
        }
        if test.min(n - test) < classes.len() {
            return Err(Error::data(format!(
                "split: {} rows to train on and {test} to test on are too few for {} classes",
                n - test,
                classes.len()
            )));
        }
        let counts: Vec<usize> = classes.values().map(Vec::len).collect();
        let shares = largest_remainder(&counts, n - test);
        let mut split = Self { train: Vec::with_capacity(n - test), test: Vec::with_capacity(test) };
        for (mut rows, share) in classes.into_values().zip(shares) {
            rng.shuffle(&mut rows);
            split.train.extend(&rows[..share]);
            split.test.extend(&rows[share..]);
        }
        rng.shuffle(&mut split.train);
        rng.shuffle(&mut split.test);
        Ok(split)
    }

    /// n rows dealt out to k folds in random order: k splits, each of which tests on one fold and
    /// trains on the others. Folds differ by one row at most.
    ///
    /// # Errors
    /// If k is below 2 or above n.
    ///
    /// ```
    /// # fn main() -> Result<(), wengert::Error> {
    /// use wengert::{Rng, data::Split};
    /// for split in Split::k_fold(10, 5, &mut Rng::new(0))? {
    ///     assert_eq!((split.train.len(), split.test.len()), (8, 2));
    /// }
    /// # Ok(()) }
    /// ```
    #[doc(alias = "KFold")]
    pub fn k_fold(n: usize, k: usize, rng: &mut Rng) -> Result<Vec<Self>, Error> {
        check_folds(n, k)?;
        let order = shuffled(n, rng);
        Ok(deal(&order, &order, k))
    }

    /// As [`k_fold`](Self::k_fold), and each fold has its share of each class: folds differ by
    /// one row of it at most.
    ///
    /// # Errors
    /// If k is below 2, or a class has fewer than k rows.
    #[doc(alias = "StratifiedKFold")]
    pub fn stratified_k_fold(labels: &[usize], k: usize, rng: &mut Rng) -> Result<Vec<Self>, Error> {
        check_folds(labels.len(), k)?;
        let mut counts = BTreeMap::new();
        labels.iter().for_each(|&label| *counts.entry(label).or_insert(0) += 1);
        if let Some((class, rows)) = counts.into_iter().find(|&(_, rows)| rows < k) {
            return Err(Error::data(format!(
                "split: class {class} has {rows} rows, too few for {k} folds; make fewer folds or use Split::k_fold"
            )));
        }
        let order = shuffled(labels.len(), rng);
        let mut by_class = order.clone();
        by_class.sort_by_key(|&row| labels[row]); // stable, so rows of a class stay shuffled
        Ok(deal(&order, &by_class, k))
    }

    /// These rows of `data`: (to train on, to test on).
    ///
    /// # Panics
    /// If `data` has fewer rows than what was split.
    #[track_caller]
    pub fn of<R: Rows>(&self, data: &R) -> (R, R) {
        (data.select(&self.train), data.select(&self.test))
    }
}

fn shuffled(n: usize, rng: &mut Rng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    rng.shuffle(&mut order);
    order
}

fn check_folds(n: usize, k: usize) -> Result<(), Error> {
    if k < 2 {
        return Err(Error::config(format!(
            "split: {k} folds; there must be at least 2, to train and to test on"
        )));
    }
    if n < k {
        return Err(Error::data(format!("split: {n} rows are too few for {k} folds")));
    }
    Ok(())
}

/// Deals the rows `dealt` out to k folds, one after the other as cards; the rows of each part
/// come in the order of `order`.
fn deal(order: &[usize], dealt: &[usize], k: usize) -> Vec<Split> {
    let mut fold_of = vec![0; dealt.len()];
    dealt.iter().enumerate().for_each(|(i, &row)| fold_of[row] = i % k);
    let split = |fold| {
        let (test, train) = order.iter().partition(|&&row| fold_of[row] == fold);
        Split { train, test }
    };
    (0..k).map(split).collect()
}

/// ⌈fraction · n⌉, where both that and what is left are at least one row.
fn test_rows(n: usize, fraction: f64) -> Result<usize, Error> {
    if !(fraction > 0.0 && fraction < 1.0) {
        return Err(Error::config(format!(
            "split: the test part is {fraction} of the rows; it must lie between 0 and 1"
        )));
    }
    if n == 0 {
        return Err(Error::data("split: the data set is empty"));
    }
    let test = (fraction * n as f64).ceil() as usize;
    if test >= n {
        return Err(Error::data(format!("split: {fraction} of {n} rows to test on leave none to train on")));
    }
    Ok(test)
}

/// `total` shared out in proportion to `counts`: each share is rounded down, then the largest
/// remainders get one more (of equal ones, the first).
fn largest_remainder(counts: &[usize], total: usize) -> Vec<usize> {
    let sum: u128 = counts.iter().map(|&c| c as u128).sum();
    // In whole numbers, so that no rounding decides between equal remainders.
    let exact = |&c: &usize| c as u128 * total as u128;
    let mut shares: Vec<usize> = counts.iter().map(|c| (exact(c) / sum) as usize).collect();
    let missing = total - shares.iter().sum::<usize>();
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(exact(&counts[i]) % sum));
    order[..missing].iter().for_each(|&i| shares[i] += 1);
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Labels of classes with these many rows, class by class.
    fn labels(counts: &[usize]) -> Vec<usize> {
        counts.iter().enumerate().flat_map(|(class, &n)| vec![class; n]).collect()
    }

    #[track_caller]
    fn check(counts: &[usize], test: f64, expected: &[usize]) {
        let labels = labels(counts);
        let split = Split::stratified(&labels, test, &mut Rng::new(9)).unwrap();
        let tested = |class| split.test.iter().filter(|&&i| labels[i] == class).count();
        assert_eq!((0..counts.len()).map(tested).collect::<Vec<_>>(), expected);
        let mut all = [split.train, split.test].concat();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..labels.len()), "every row is in one part, once");
    }

    #[test]
    fn classes_keep_their_shares_to_a_row() {
        // The counts that scikit-learn 1.9.1 gives, where it leaves no tie to chance.
        check(&[212, 357], 0.2, &[42, 72]);
        check(&[50, 50, 50], 0.2, &[10, 10, 10]);
        check(&[7, 13, 29], 0.3, &[2, 4, 9]);
        check(&[98, 2], 0.2, &[20, 0]);
        check(&[2, 2], 0.5, &[1, 1]);
        check(
            &[178, 182, 177, 183, 181, 182, 181, 179, 174, 180],
            0.25,
            &[45, 46, 44, 46, 45, 46, 45, 45, 43, 45],
        );
    }

    #[test]
    fn the_same_seed_gives_the_same_split_and_another_one_another() {
        let labels = labels(&[30, 40]);
        let split = |seed| Split::stratified(&labels, 0.2, &mut Rng::new(seed)).unwrap();
        assert_eq!(split(1), split(1));
        assert_ne!(split(1), split(2));
    }

    #[test]
    fn classes_are_mixed_within_each_part() {
        let labels = labels(&[100, 100]);
        let split = Split::stratified(&labels, 0.5, &mut Rng::new(0)).unwrap();
        let first_half = split.train[..50].iter().filter(|&&i| labels[i] == 0).count();
        assert!((10..40).contains(&first_half), "{first_half}");
    }

    #[test]
    fn a_random_split_takes_every_row_once() {
        let split = Split::random(11, 0.3, &mut Rng::new(5)).unwrap();
        assert_eq!((split.train.len(), split.test.len()), (7, 4));
        let mut all = [split.train, split.test].concat();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..11));
    }

    /// How many rows of each class each fold tests on.
    fn folds(labels: &[usize], splits: &[Split]) -> Vec<Vec<usize>> {
        let classes = labels.iter().max().unwrap() + 1;
        let mut tested: Vec<usize> = Vec::new();
        let counts = splits.iter().map(|split| {
            let mut all = [&split.train[..], &split.test].concat();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..labels.len()), "every row is in one part, once");
            tested.extend(&split.test);
            (0..classes).map(|class| split.test.iter().filter(|&&i| labels[i] == class).count()).collect()
        });
        let counts = counts.collect();
        tested.sort_unstable();
        assert!(tested.into_iter().eq(0..labels.len()), "every row is tested on once");
        counts
    }

    #[test]
    fn folds_differ_by_a_row_at_most() {
        let splits = Split::k_fold(11, 4, &mut Rng::new(2)).unwrap();
        assert_eq!(folds(&[0; 11], &splits), [[3], [3], [3], [2]]);
    }

    #[test]
    fn stratified_folds_have_each_class_by_its_share() {
        // The counts that StratifiedKFold of scikit-learn 1.9.1 gives.
        let labels = labels(&[7, 13, 4]);
        let splits = Split::stratified_k_fold(&labels, 3, &mut Rng::new(2)).unwrap();
        assert_eq!(folds(&labels, &splits), [[3, 4, 1], [2, 5, 1], [2, 4, 2]]);
    }

    #[test]
    fn what_cannot_be_folded_is_refused() {
        let refused = |labels: &[usize], k, why: &str| {
            let error = Split::stratified_k_fold(labels, k, &mut Rng::new(0)).expect_err(why).to_string();
            assert!(error.contains(why), "{error}");
        };
        refused(&labels(&[5, 5]), 1, "1 folds; there must be at least 2");
        refused(&labels(&[5, 2]), 3, "class 1 has 2 rows, too few for 3 folds");
        refused(&[], 2, "0 rows are too few");
        assert!(Split::k_fold(3, 4, &mut Rng::new(0)).is_err());
        assert!(Split::k_fold(3, 0, &mut Rng::new(0)).is_err());
    }

    #[track_caller]
    fn refused(counts: &[usize], test: f64, why: &str) {
        let error = Split::stratified(&labels(counts), test, &mut Rng::new(0)).expect_err(why).to_string();
        assert!(error.contains(why), "{error}");
    }

    #[test]
    fn what_cannot_be_split_is_refused() {
        refused(&[], 0.2, "empty");
        for fraction in [0.0, 1.0, -0.1, 1.5, f64::NAN, f64::INFINITY] {
            refused(&[5, 5], fraction, "between 0 and 1");
        }
        refused(&[5, 1], 0.5, "class 1 has one row");
        refused(&[2, 2], 0.2, "too few for 2 classes");
        refused(&[3], 0.9, "leave none to train on");
        assert!(Split::random(0, 0.5, &mut Rng::new(0)).is_err());
        assert!(Split::random(1, 0.5, &mut Rng::new(0)).is_err());
    }
}
