//! Toy sets: points in the plane whose classes no straight line separates (but for blobs).
//!
//! Classes take turns: row i is of class i mod classes. Noise is normal, with the given standard
//! deviation, and independent in each coordinate.

use crate::data::{Rows, Table};
use crate::error::Error;
use crate::float::Float;
use crate::rng::Rng;
use crate::tensor::Tensor;
use std::f64::consts::{PI, TAU};

/// Two half circles of radius 1 that interlock, [n, 2]: the upper one around (0, 0), class 0,
/// and the lower one around (1, ½), class 1.
///
/// # Errors
/// If n is below 2, or the noise is negative, infinite or NaN.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::{Rng, data::{Table, datasets}};
/// let data: Table = datasets::moons(200, 0.1, &mut Rng::new(0))?;
/// assert_eq!((data.features().shape().dims(), data.class_counts()), (&[200, 2][..], vec![100, 100]));
/// # Ok(()) }
/// ```
#[doc(alias = "make_moons")]
pub fn moons<T: Float>(n: usize, noise: f64, rng: &mut Rng) -> Result<Table<T>, Error> {
    points("moons", n, 2, noise, rng, |class, i, rows| {
        let angle = PI * i as f64 / (rows.max(2) - 1) as f64;
        match class {
            0 => [angle.cos(), angle.sin()],
            _ => [1.0 - angle.cos(), 0.5 - angle.sin()],
        }
    })
}

/// Two circles around (0, 0), [n, 2]: the outer one of radius 1, class 0, and the inner one of
/// radius `factor`, class 1.
///
/// # Errors
/// If n is below 2, `factor` is not between 0 and 1, or the noise is negative, infinite or NaN.
#[doc(alias = "make_circles")]
pub fn circles<T: Float>(n: usize, noise: f64, factor: f64, rng: &mut Rng) -> Result<Table<T>, Error> {
    if !(factor > 0.0 && factor < 1.0) {
        return Err(Error::config(format!("circles: the factor is {factor}; it must lie between 0 and 1")));
    }
    points("circles", n, 2, noise, rng, |class, i, rows| {
        let radius = if class == 0 { 1.0 } else { factor };
        polar(radius, TAU * i as f64 / rows as f64)
    })
}

/// Spirals, one for each class, that turn one and a half times around (0, 0) on their way out to
/// radius 1, [n, 2].
///
/// # Errors
/// If there is no class or n is below their number, or the noise is negative, infinite or NaN.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::{Rng, data::{Table, datasets}};
/// let data: Table = datasets::spirals(300, 3, 0.02, &mut Rng::new(0))?;
/// assert_eq!(data.class_counts(), [100, 100, 100]);
/// # Ok(()) }
/// ```
pub fn spirals<T: Float>(n: usize, classes: usize, noise: f64, rng: &mut Rng) -> Result<Table<T>, Error> {
    points("spirals", n, classes, noise, rng, |class, i, rows| {
        let radius = (i + 1) as f64 / rows as f64;
        polar(radius, 1.5 * TAU * radius + TAU * class as f64 / classes as f64)
    })
}

/// Points around centres [classes, d], [n, d]: class c around row c.
///
/// # Errors
/// If `centres` is not of rank 2, has an entry that is infinite or NaN, or has no rows or more
/// than n; or if the noise is negative, infinite or NaN.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::{Rng, Tensor, data::datasets};
/// let centres = Tensor::from([[-2.0, 0.0], [2.0, 0.0], [0.0, 3.0]]);
/// let data = datasets::blobs::<f32>(90, &centres, 0.5, &mut Rng::new(0))?;
/// assert_eq!(data.class_counts(), [30, 30, 30]);
/// # Ok(()) }
/// ```
#[doc(alias = "make_blobs")]
pub fn blobs<T: Float>(n: usize, centres: &Tensor<T>, noise: f64, rng: &mut Rng) -> Result<Table<T>, Error> {
    if centres.rank() != 2 {
        let shape = centres.shape();
        return Err(Error::config(format!("blobs: centres of shape {shape} are not [classes, features]")));
    }
    let classes = centres.rows();
    check("blobs", n, classes, noise)?;
    let labels: Vec<usize> = (0..n).map(|i| i % classes).collect();
    let mut features = centres.select_rows(&labels);
    features.data_mut().iter_mut().for_each(|x| *x += T::from_f64(noise * rng.normal()));
    Table::new(features, labels, classes)
}

/// The four corners (0, 0), (0, 1), (1, 0), (1, 1) in turn, [n, 2]; class 1 where the
/// coordinates differ. Four points without noise are the truth table of exclusive or.
///
/// # Errors
/// If n is below 4, or the noise is negative, infinite or NaN.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::{Rng, data::{Table, datasets}};
/// let data: Table = datasets::xor(4, 0.0, &mut Rng::new(0))?;
/// assert_eq!(data.features(), &wengert::Tensor::from([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]]));
/// assert_eq!(data.labels(), [0, 1, 0, 1]);
/// # Ok(()) }
/// ```
pub fn xor<T: Float>(n: usize, noise: f64, rng: &mut Rng) -> Result<Table<T>, Error> {
    if n < 4 {
        return Err(Error::config(format!("xor: {n} points do not reach all 4 corners")));
    }
    points("xor", n, 2, noise, rng, |class, i, _| match (class, i % 2) {
        (0, 0) => [0.0, 0.0],
        (_, 0) => [0.0, 1.0],
        (0, _) => [1.0, 1.0],
        (_, _) => [1.0, 0.0],
    })
}

/// n points with noise: `place(class, i, rows)` is where the i-th of the rows of a class stands.
fn points<T: Float>(
    who: &str,
    n: usize,
    classes: usize,
    noise: f64,
    rng: &mut Rng,
    place: impl Fn(usize, usize, usize) -> [f64; 2],
) -> Result<Table<T>, Error> {
    check(who, n, classes, noise)?;
    let mut features = Vec::with_capacity(2 * n);
    for i in 0..n {
        let class = i % classes;
        let rows = (n - class).div_ceil(classes);
        features.extend(place(class, i / classes, rows).map(|x| T::from_f64(x + noise * rng.normal())));
    }
    Table::new(Tensor::from_vec(features, [n, 2]), (0..n).map(|i| i % classes).collect(), classes)
}

fn check(who: &str, n: usize, classes: usize, noise: f64) -> Result<(), Error> {
    if classes == 0 || n < classes {
        return Err(Error::config(format!("{who}: {n} points for {classes} classes; each needs one")));
    }
    if !(noise >= 0.0 && noise.is_finite()) {
        return Err(Error::config(format!("{who}: the noise is {noise}; it must be 0 or more")));
    }
    Ok(())
}

fn polar(radius: f64, angle: f64) -> [f64; 2] {
    [radius * angle.cos(), radius * angle.sin()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const CENTRES: [[f64; 3]; 2] = [[0.0, 1.0, 2.0], [10.0, 10.0, 10.0]];

    /// Every toy set with this much noise.
    fn all(n: usize, noise: f64, seed: u64) -> Vec<Result<Table<f64>, Error>> {
        let rng = &mut Rng::new(seed);
        vec![
            moons(n, noise, rng),
            circles(n, noise, 0.5, rng),
            spirals(n, 3, noise, rng),
            blobs(n, &Tensor::from(CENTRES), noise, rng),
            xor(n, noise, rng),
        ]
    }

    /// All points of a class satisfy `on`.
    #[track_caller]
    fn lie(data: &Table<f64>, class: usize, on: impl Fn(f64, f64) -> bool) {
        let rows = (0..data.len()).filter(|&i| data.labels()[i] == class);
        for x in rows.map(|i| data.features().row(i)) {
            assert!(on(x[0], x[1]), "class {class} at {x:?}");
        }
    }

    #[test]
    fn without_noise_points_lie_on_their_curves() {
        let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
        let data = moons(31, 0.0, &mut Rng::new(0)).unwrap();
        lie(&data, 0, |x, y| near(x.hypot(y), 1.0) && y >= 0.0);
        lie(&data, 1, |x, y| near((x - 1.0).hypot(y - 0.5), 1.0) && y <= 0.5);
        assert_eq!((data.features().row(0), data.features().row(1)), (&[1.0, 0.0][..], &[0.0, 0.5][..]));
        let data = circles(31, 0.0, 0.3, &mut Rng::new(0)).unwrap();
        lie(&data, 0, |x, y| near(x.hypot(y), 1.0));
        lie(&data, 1, |x, y| near(x.hypot(y), 0.3));
        let data = spirals(30, 2, 0.0, &mut Rng::new(0)).unwrap();
        lie(&data, 0, |x, y| x.hypot(y) <= 1.0 + 1e-12);
        // The two arms are opposite to each other.
        let (a, b) = (data.features().row(12), data.features().row(13));
        assert!(near(a[0], -b[0]) && near(a[1], -b[1]));
        let data = blobs(7, &Tensor::from(CENTRES), 0.0, &mut Rng::new(0)).unwrap();
        assert_eq!((data.features().row(4), data.features().row(5)), (&CENTRES[0][..], &CENTRES[1][..]));
    }

    #[test]
    fn noise_has_the_deviation_asked_for() {
        let exact: Vec<_> = all(2000, 0.0, 0);
        for (exact, noisy) in exact.into_iter().zip(all(2000, 0.2, 1)) {
            let (exact, noisy) = (exact.unwrap(), noisy.unwrap());
            let pairs = exact.features().data().iter().zip(noisy.features().data());
            let mean_square =
                pairs.map(|(a, b)| (a - b).powi(2)).sum::<f64>() / exact.features().numel() as f64;
            assert!((mean_square.sqrt() - 0.2).abs() < 0.01, "{}", mean_square.sqrt());
        }
    }

    #[test]
    fn a_seed_repeats_a_toy_set_and_another_one_does_not() {
        let sets = |seed| all(40, 0.1, seed).into_iter().map(Result::unwrap).collect::<Vec<_>>();
        assert_eq!(sets(3), sets(3));
        assert!(sets(3).into_iter().zip(sets(4)).all(|(a, b)| a != b));
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        for noise in [-0.1, f64::NAN, f64::INFINITY] {
            assert!(
                all(40, noise, 0)
                    .into_iter()
                    .all(|set| set.unwrap_err().to_string().contains("the noise is"))
            );
        }
        assert!(all(0, 0.1, 0).into_iter().all(|set| set.is_err()));
        let rng = &mut Rng::new(0);
        assert!(spirals::<f32>(10, 0, 0.1, rng).is_err());
        assert!(spirals::<f32>(2, 3, 0.1, rng).is_err());
        assert!(blobs::<f32>(10, &Tensor::zeros([0, 2]), 0.1, rng).is_err());
        assert!(blobs::<f32>(10, &Tensor::zeros([2]), 0.1, rng).is_err());
        assert!(blobs::<f32>(10, &Tensor::full([2, 2], f32::NAN), 0.1, rng).is_err());
        for factor in [0.0, 1.0, -1.0, f64::NAN] {
            assert!(circles::<f32>(10, 0.1, factor, rng).unwrap_err().to_string().contains("the factor is"));
        }
    }
}
