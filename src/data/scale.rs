//! Scaling of features, column by column, and back: x ↦ (x − mean) / std, or onto an interval.

use super::table::check_finite;
use crate::error::Error;
use crate::float::Float;
use crate::tensor::Tensor;

/// Gives every feature mean 0 and variance 1: z = (x − μ) / σ with the population's σ.
///
/// Fit it on the training rows alone and transform all others with it: what is known of the
/// test rows must not leak into training. Sums are carried in f64 whatever the element type. A
/// constant feature has no σ to divide by; it is divided by 1, and becomes 0.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::{Tensor, data::StandardScaler};
/// let train: Tensor = Tensor::from([[1.0, 7.0], [3.0, 7.0]]);
/// let scaler = StandardScaler::fit(&train)?;
/// assert_eq!(scaler.transform(&train)?, [[-1.0, 0.0], [1.0, 0.0]]);
/// assert_eq!(scaler.inverse_transform(&scaler.transform(&train)?)?, train);
/// assert_eq!((scaler.mean(), scaler.scale()), (&[2.0, 7.0][..], &[1.0, 1.0][..]));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct StandardScaler {
    mean: Vec<f64>,
    scale: Vec<f64>,
}

impl StandardScaler {
    /// The mean and the standard deviation of each column of `x`, [n, d].
    ///
    /// # Errors
    /// If `x` is not of rank 2, has no rows, or has an entry that is infinite or NaN; or if a
    /// column spans so much that its variance overflows.
    pub fn fit<T: Float>(x: &Tensor<T>) -> Result<Self, Error> {
        let [rows, width] = usable("StandardScaler", x)?;
        let n = rows as f64;
        let columns = || x.data().chunks_exact(width.max(1));
        // A first mean, which rounding may have moved; then what is left of the deviations
        // from it corrects both mean and variance (Chan, Golub and LeVeque, 1983, eq. 1.7).
        let mut mean = vec![0.0; width];
        columns().for_each(|row| mean.iter_mut().zip(row).for_each(|(m, x)| *m += x.to_f64() / n));
        let (mut rest, mut squares) = (vec![0.0; width], vec![0.0; width]);
        for row in columns() {
            for (j, x) in row.iter().enumerate() {
                let d = x.to_f64() - mean[j];
                rest[j] += d;
                squares[j] += d * d;
            }
        }
        let mut scale = Vec::with_capacity(width);
        for j in 0..width {
            mean[j] += rest[j] / n;
            let variance = (squares[j] - rest[j] * rest[j] / n) / n;
            if !variance.is_finite() {
                let facts =
                    format!("the variance of column {j} is too large for a number; scale the data down");
                return Err(Error::data(format!("StandardScaler: {facts}")));
            }
            // What rounding alone can make of a constant column counts as constant.
            let rounding = n * f64::EPSILON * variance + (n * mean[j] * f64::EPSILON).powi(2);
            scale.push(if variance <= rounding { 1.0 } else { variance.sqrt() });
        }
        Ok(Self { mean, scale })
    }

    /// Fits on `x` and transforms it: the scaler, and `x` with mean 0 and variance 1.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn fit_transform<T: Float>(x: &Tensor<T>) -> Result<(Self, Tensor<T>), Error> {
        let scaler = Self::fit(x)?;
        let z = scaler.transform(x)?;
        Ok((scaler, z))
    }

    /// From numbers that an earlier fit gave.
    ///
    /// # Errors
    /// If there are not as many means as scales, one of them is infinite or NaN, or a scale is
    /// not above 0.
    pub fn from_parts(mean: Vec<f64>, scale: Vec<f64>) -> Result<Self, Error> {
        if mean.len() != scale.len() {
            return Err(Error::data(format!(
                "StandardScaler: {} means and {} scales",
                mean.len(),
                scale.len()
            )));
        }
        if let Some(j) =
            (0..mean.len()).find(|&j| !(mean[j].is_finite() && scale[j].is_finite() && scale[j] > 0.0))
        {
            return Err(Error::data(format!(
                "StandardScaler: column {j} has mean {} and scale {}; they must be finite, and the scale above 0",
                mean[j], scale[j]
            )));
        }
        Ok(Self { mean, scale })
    }

    /// z = (x − mean) / scale, column by column.
    ///
    /// # Errors
    /// If `x` is not of rank 2, has another number of columns than what was fitted, or has an
    /// entry that is infinite or NaN.
    pub fn transform<T: Float>(&self, x: &Tensor<T>) -> Result<Tensor<T>, Error> {
        self.each("transform", x, |x, mean, scale| (x - mean) / scale)
    }

    /// x = z · scale + mean, column by column: what [`transform`](Self::transform) undoes.
    ///
    /// # Errors
    /// As [`transform`](Self::transform).
    pub fn inverse_transform<T: Float>(&self, z: &Tensor<T>) -> Result<Tensor<T>, Error> {
        self.each("inverse_transform", z, |z, mean, scale| z * scale + mean)
    }

    /// The mean of each column.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// What each column is divided by: its population standard deviation, and 1 where it is
    /// constant.
    #[doc(alias = "std")]
    pub fn scale(&self) -> &[f64] {
        &self.scale
    }

    fn each<T: Float>(
        &self,
        what: &str,
        x: &Tensor<T>,
        f: impl Fn(f64, f64, f64) -> f64,
    ) -> Result<Tensor<T>, Error> {
        let who = format!("StandardScaler::{what}");
        each_column(&who, x, self.mean.len(), |x, j| f(x, self.mean[j], self.scale[j]))
    }
}

/// Brings every feature onto an interval, [0, 1] unless said otherwise:
/// z = low + (x − min) / (max − min) · (high − low).
///
/// Fit it on the training rows alone; rows that lie outside what was fitted then come to lie
/// outside the interval. A constant feature is divided by 1, and becomes `low`.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::{Tensor, data::MinMaxScaler};
/// let train: Tensor = Tensor::from([[1.0, 7.0], [3.0, 7.0], [5.0, 7.0]]);
/// let (scaler, z) = MinMaxScaler::fit_transform(&train)?;
/// assert_eq!(z, [[0.0, 0.0], [0.5, 0.0], [1.0, 0.0]]);
/// let scaler = MinMaxScaler::fit_to(&train, -1.0, 1.0)?;
/// assert_eq!(scaler.transform(&Tensor::from([[7.0, 7.0]]))?, [[2.0, -1.0]]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MinMaxScaler {
    min: Vec<f64>,
    span: Vec<f64>,
    low: f64,
    high: f64,
}

impl MinMaxScaler {
    /// The smallest and the largest number of each column of `x`, [n, d], to be brought to 0
    /// and 1.
    ///
    /// # Errors
    /// If `x` is not of rank 2, has no rows, or has an entry that is infinite or NaN; or if the
    /// distance between the ends of a column overflows.
    pub fn fit<T: Float>(x: &Tensor<T>) -> Result<Self, Error> {
        Self::fit_to(x, 0.0, 1.0)
    }

    /// As [`fit`](Self::fit), to be brought to `low` and `high`.
    ///
    /// # Errors
    /// As [`fit`](Self::fit), and if `low` is not below `high` or either is not finite.
    pub fn fit_to<T: Float>(x: &Tensor<T>, low: f64, high: f64) -> Result<Self, Error> {
        if !(low < high && (high - low).is_finite()) {
            return Err(Error::config(format!("MinMaxScaler: {low} to {high} is no interval to scale to")));
        }
        let [_, width] = usable("MinMaxScaler", x)?;
        let (mut min, mut max) = (vec![f64::INFINITY; width], vec![f64::NEG_INFINITY; width]);
        for row in x.data().chunks_exact(width.max(1)) {
            for (j, x) in row.iter().enumerate() {
                min[j] = min[j].min(x.to_f64());
                max[j] = max[j].max(x.to_f64());
            }
        }
        let mut span = Vec::with_capacity(width);
        for j in 0..width {
            let distance = max[j] - min[j];
            if !distance.is_finite() {
                let facts = format!("the span of column {j} is too large for a number; scale the data down");
                return Err(Error::data(format!("MinMaxScaler: {facts}")));
            }
            span.push(if distance == 0.0 { 1.0 } else { distance });
        }
        Ok(Self { min, span, low, high })
    }

    /// Fits on `x` and transforms it: the scaler, and `x` on [0, 1].
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn fit_transform<T: Float>(x: &Tensor<T>) -> Result<(Self, Tensor<T>), Error> {
        let scaler = Self::fit(x)?;
        let z = scaler.transform(x)?;
        Ok((scaler, z))
    }

    /// z = low + (x − min) / (max − min) · (high − low), column by column.
    ///
    /// # Errors
    /// If `x` is not of rank 2, has another number of columns than what was fitted, or has an
    /// entry that is infinite or NaN.
    pub fn transform<T: Float>(&self, x: &Tensor<T>) -> Result<Tensor<T>, Error> {
        each_column("MinMaxScaler::transform", x, self.min.len(), |x, j| {
            self.low + (x - self.min[j]) / self.span[j] * (self.high - self.low)
        })
    }

    /// What [`transform`](Self::transform) undoes.
    ///
    /// # Errors
    /// As [`transform`](Self::transform).
    pub fn inverse_transform<T: Float>(&self, z: &Tensor<T>) -> Result<Tensor<T>, Error> {
        each_column("MinMaxScaler::inverse_transform", z, self.min.len(), |z, j| {
            self.min[j] + (z - self.low) / (self.high - self.low) * self.span[j]
        })
    }

    /// The smallest number of each column.
    pub fn min(&self) -> &[f64] {
        &self.min
    }

    /// max − min of each column, and 1 where it is constant.
    pub fn span(&self) -> &[f64] {
        &self.span
    }
}

/// [rows, columns] of a matrix that a scaler can be fitted to.
fn usable<T: Float>(who: &str, x: &Tensor<T>) -> Result<[usize; 2], Error> {
    let [rows, width] = matrix(who, x)?;
    if rows == 0 {
        return Err(Error::data(format!("{who}: there are no rows to fit to")));
    }
    check_finite(who, x)?;
    Ok([rows, width])
}

/// [rows, columns] of a matrix.
fn matrix<T: Float>(who: &str, x: &Tensor<T>) -> Result<[usize; 2], Error> {
    match *x.shape().dims() {
        [rows, width] => Ok([rows, width]),
        _ => Err(Error::data(format!("{who}: a tensor of shape {} is not [rows, features]", x.shape()))),
    }
}

/// f(entry, column) of each entry of a matrix of this many columns, in f64.
fn each_column<T: Float>(
    who: &str,
    x: &Tensor<T>,
    fitted: usize,
    f: impl Fn(f64, usize) -> f64,
) -> Result<Tensor<T>, Error> {
    let [_, width] = matrix(who, x)?;
    if width != fitted {
        return Err(Error::data(format!("{who}: {width} features, but it was fitted to {fitted}")));
    }
    check_finite(who, x)?;
    Ok(Tensor::build(x.shape(), |y| {
        let rows = y.chunks_exact_mut(width.max(1)).zip(x.data().chunks_exact(width.max(1)));
        for (y, x) in rows {
            for (j, (y, x)) in y.iter_mut().zip(x).enumerate() {
                *y = T::from_f64(f(x.to_f64(), j));
            }
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn a_transformed_column_has_mean_zero_and_variance_one() {
        let x = Tensor::<f64>::randn([200, 3], &mut Rng::new(1)).map(|x| 1e6 + 3.0 * x);
        let (_, z) = StandardScaler::fit_transform(&x).unwrap();
        for j in 0..3 {
            let column: Vec<f64> = z.data().iter().skip(j).step_by(3).copied().collect();
            let mean = column.iter().sum::<f64>() / 200.0;
            let variance = column.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / 200.0;
            assert!(mean.abs() < 1e-9 && (variance - 1.0).abs() < 1e-9, "{mean} {variance}");
        }
    }

    #[test]
    fn a_large_offset_does_not_drown_the_spread() {
        // The textbook's E[x²] − E[x]² gives 0 or less here.
        let x = Tensor::from([[1e9 + 4.0], [1e9 + 7.0], [1e9 + 13.0], [1e9 + 16.0]]);
        let scaler = StandardScaler::fit::<f64>(&x).unwrap();
        assert_eq!((scaler.mean()[0], scaler.scale()[0]), (1e9 + 10.0, 22.5f64.sqrt()));
    }

    #[test]
    #[cfg(feature = "datasets")]
    fn breast_cancer_is_scaled_as_scikit_learn_scales_it() {
        let scaler = StandardScaler::fit::<f64>(crate::data::datasets::breast_cancer().features()).unwrap();
        // StandardScaler of scikit-learn 1.9.1: column, mean_, scale_.
        for (column, mean, scale) in [
            (0, 14.127291739894563, 3.5209507607110626),
            (3, 654.8891036906857, 351.6047540632298),
            (19, 0.0037949038664323383, 0.0026437447504047366),
            (29, 0.08394581722319855, 0.018045389308594995),
        ] {
            assert!((scaler.mean()[column] / mean - 1.0).abs() < 1e-12);
            assert!((scaler.scale()[column] / scale - 1.0).abs() < 1e-12);
        }
    }

    #[track_caller]
    fn constant_column_becomes_zero(value: f64, rows: usize) {
        let x = Tensor::<f64>::full([rows, 1], value);
        let (scaler, z) = StandardScaler::fit_transform(&x).unwrap();
        assert_eq!(scaler.scale(), [1.0], "{value} × {rows}");
        assert!(z.data().iter().all(|z| z.abs() < 1e-12 * value.abs().max(1.0)));
        assert!(scaler.inverse_transform(&z).unwrap().max_abs_diff(&x) <= 1e-12 * value.abs());
    }

    #[test]
    fn a_constant_column_stays_finite() {
        for value in [0.0, 1.0, 0.1, -1e-30, 1e15, 0.1 + 0.2] {
            [1, 3, 10, 1000].into_iter().for_each(|rows| constant_column_becomes_zero(value, rows));
        }
    }

    #[test]
    fn the_inverse_undoes_the_transform() {
        let x = Tensor::<f64>::randn([20, 4], &mut Rng::new(3)).map(|x| x * 50.0 - 7.0);
        let (scaler, z) = StandardScaler::fit_transform(&x).unwrap();
        assert!(scaler.inverse_transform(&z).unwrap().max_abs_diff(&x) < 1e-12);
        let again = StandardScaler::from_parts(scaler.mean().to_vec(), scaler.scale().to_vec()).unwrap();
        assert_eq!(again, scaler);
        let scaler = MinMaxScaler::fit_to(&x, -3.0, 5.0).unwrap();
        let z = scaler.transform(&x).unwrap();
        assert!(scaler.inverse_transform(&z).unwrap().max_abs_diff(&x) < 1e-12);
        for j in 0..4 {
            let column = || z.data().iter().skip(j).step_by(4).copied();
            assert_eq!((column().fold(9.0, f64::min), column().fold(-9.0, f64::max)), (-3.0, 5.0));
        }
    }

    #[track_caller]
    fn refused<A: std::fmt::Debug>(result: Result<A, Error>, why: &str) {
        let error = result.expect_err(why).to_string();
        assert!(error.contains(why), "{error}");
    }

    #[test]
    fn what_cannot_be_scaled_is_refused() {
        refused(StandardScaler::fit(&Tensor::<f32>::zeros([0, 3])), "no rows");
        refused(StandardScaler::fit(&Tensor::<f32>::zeros([3])), "shape [3]");
        refused(StandardScaler::fit(&Tensor::from([[1.0], [f64::NAN]])), "row 1, column 0 is NaN");
        refused(StandardScaler::fit(&Tensor::from([[1e300], [-1e300]])), "column 0");
        let scaler = StandardScaler::fit(&Tensor::<f32>::zeros([2, 3])).unwrap();
        refused(scaler.transform(&Tensor::<f32>::zeros([2, 2])), "2 features, but it was fitted to 3");
        refused(scaler.inverse_transform(&Tensor::<f32>::zeros([2, 4])), "4 features");
        refused(scaler.transform(&Tensor::full([1, 3], f32::INFINITY)), "row 0, column 0 is inf");
        refused(MinMaxScaler::fit(&Tensor::<f32>::zeros([0, 3])), "no rows");
        refused(MinMaxScaler::fit(&Tensor::from([[1.0], [f64::NAN]])), "row 1, column 0 is NaN");
        refused(MinMaxScaler::fit(&Tensor::from([[1e308], [-1e308]])), "span of column 0");
        for (low, high) in [(1.0, 1.0), (1.0, 0.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
            refused(MinMaxScaler::fit_to(&Tensor::<f32>::zeros([2, 3]), low, high), "no interval");
        }
        let onto = MinMaxScaler::fit(&Tensor::<f32>::zeros([2, 3])).unwrap();
        refused(onto.transform(&Tensor::<f32>::zeros([2, 2])), "2 features, but it was fitted to 3");
        refused(StandardScaler::from_parts(vec![0.0], vec![]), "1 means and 0 scales");
        refused(StandardScaler::from_parts(vec![0.0], vec![0.0]), "scale 0");
        refused(StandardScaler::from_parts(vec![f64::NAN], vec![1.0]), "mean NaN");
    }
}
