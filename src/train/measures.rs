//! Means over the rows of a data set, from numbers measured batch by batch.

/// The mean over all rows of what was measured on batches: each number counts as often as its
/// batch has rows.
///
/// For what is a mean over rows itself (a loss, accuracy, top-k accuracy, MAE, MSE) this is the number of the
/// whole data set. For what is not (precision, recall, F1, ROC-AUC, R², a root of a mean) it is the mean of the
/// batches' numbers, which is another one: measure those on the predictions for the whole set, with
/// [`score`](super::score), in [`Trainer::each_epoch`](super::Trainer::each_epoch) where every epoch is to have its own.
///
/// ```
/// use wengert::train::Measures;
/// let mut measures = Measures::new();
/// for (rows, accuracy) in [(32, 0.75), (16, 0.9375)] {
///     measures.next_batch(rows);
///     measures.add("accuracy", accuracy);
/// }
/// assert_eq!(measures.get("accuracy"), Some(0.8125));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Measures {
    rows: usize,
    sums: Vec<Sum>,
}

#[derive(Debug, Clone)]
struct Sum {
    name: String,
    /// Σ rows·value
    total: f64,
    rows: usize,
}

impl Measures {
    /// Nothing measured yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What is added from here on is of a batch of so many rows.
    pub fn next_batch(&mut self, rows: usize) {
        self.rows = rows;
    }

    /// Adds a number measured on this batch.
    pub fn add(&mut self, name: &str, value: f64) {
        let term = value * self.rows as f64;
        match self.sums.iter_mut().find(|sum| sum.name == name) {
            Some(sum) => {
                sum.total += term;
                sum.rows += self.rows;
            }
            None => self.sums.push(Sum { name: name.to_string(), total: term, rows: self.rows }),
        }
    }

    /// The mean of this name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.iter().find(|(known, _)| *known == name).map(|(_, mean)| mean)
    }

    /// Names and means, in the order in which the names came up.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.sums.iter().map(|sum| (sum.name.as_str(), sum.total / sum.rows as f64))
    }
}
