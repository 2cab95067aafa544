//! Numbers as people read them: six significant digits or four decimals, whichever is more.

use crate::float::Float;
use crate::tensor::Tensor;

/// A number, rounded for reading; the exact one is in the JSON.
pub(super) fn short(x: impl Into<f64>) -> String {
    let x = x.into();
    if x == 0.0 || !x.is_finite() {
        // −0 is 0 to a reader.
        return if x == 0.0 { "0".to_string() } else { format!("{x}") };
    }
    if !(1e-4..1e7).contains(&x.abs()) {
        let text = format!("{x:.5e}");
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{power}", trimmed(digits));
    }
    // OK because the magnitude is within -4 to 6.
    let magnitude = x.abs().log10().floor() as i32;
    let decimals = (5 - magnitude).max(4) as usize;
    trimmed(&format!("{x:.decimals$}")).to_string()
}

/// A number in a picture, where there is little room: four significant digits.
pub(super) fn brief(x: f64) -> String {
    let rounded: f64 = format!("{x:.3e}").parse().unwrap_or(x);
    short(rounded)
}

fn trimmed(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}

/// Up to this many entries are printed in a row of a table.
pub(super) const IN_A_ROW: usize = 4;
/// Up to this many are written out on a card.
const ON_A_CARD: usize = 16;

/// A tensor in a cell of a table: the number; `[1 2; 3 4]`; or what is known of a larger one.
pub(super) fn cell<T: Float>(x: &Tensor<T>) -> String {
    written_out(x).unwrap_or_else(|| stats(x))
}

/// A tensor in a sentence: what is written out in a cell, or `[4, 2] of norm 4.5`.
pub(super) fn in_a_sentence<T: Float>(x: &Tensor<T>) -> String {
    let finite = x.numel() > 0 && x.data().iter().all(|x| x.to_f64().is_finite());
    written_out(x).unwrap_or_else(|| match finite {
        true => format!("{} of norm {}", x.shape(), short(norm(x))),
        false => format!("{} ({})", x.shape(), stats(x)),
    })
}

/// A tensor on the card of a page, where there is more room.
pub(super) fn on_a_card<T: Float>(x: &Tensor<T>) -> String {
    entries_up_to(x, ON_A_CARD).unwrap_or_else(|| stats(x))
}

/// The number, or the entries of a small vector or matrix.
fn written_out<T: Float>(x: &Tensor<T>) -> Option<String> {
    entries_up_to(x, IN_A_ROW)
}

fn entries_up_to<T: Float>(x: &Tensor<T>, most: usize) -> Option<String> {
    match (x.rank(), x.numel()) {
        (0, _) => Some(short(x.data()[0].to_f64())),
        (1 | 2, numel) if (1..=most).contains(&numel) => {
            let width = *x.shape().last().unwrap_or(&1);
            let row = |row: &[T]| row.iter().map(|x| short(x.to_f64())).collect::<Vec<_>>().join(" ");
            Some(format!("[{}]", x.data().chunks(width).map(row).collect::<Vec<_>>().join("; ")))
        }
        _ => None,
    }
}

/// A tensor in a box of a drawing: the number, or how large it is.
pub(super) fn in_a_box<T: Float>(x: &Tensor<T>) -> String {
    match x.numel() {
        1 => cell(x),
        _ => format!("norm {}", brief(norm(x))),
    }
}

/// `norm 4.5, -1.5 to 2`: the Euclidean norm and the range.
pub(super) fn stats<T: Float>(x: &Tensor<T>) -> String {
    if x.numel() == 0 {
        return "empty".to_string();
    }
    let entries = || x.data().iter().map(|x| x.to_f64());
    let bad = entries().filter(|x| !x.is_finite()).count();
    if bad > 0 {
        return format!("{bad} of {} not finite", x.numel());
    }
    let (low, high) = entries().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
    if low == high {
        return format!("all {}", short(low));
    }
    format!("norm {}, {} to {}", short(norm(x)), short(low), short(high))
}

/// √Σx², in f64.
pub(super) fn norm<T: Float>(x: &Tensor<T>) -> f64 {
    x.data().iter().map(|x| x.to_f64() * x.to_f64()).sum::<f64>().sqrt()
}

/// Whether every entry is 0.
pub(super) fn is_zero<T: Float>(x: &Tensor<T>) -> bool {
    x.data().iter().all(|&x| x == T::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (x, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (-4.0, "-4"),
            (24.70408163265306, "24.7041"),
            (138.83381924198252, "138.8338"),
            (-6.941690962099126, "-6.94169"),
            (0.004164931278633903, "0.00416493"),
            (1234567.5, "1234567.5"),
            (1e-5, "1e-5"),
            (-1.234567e20, "-1.23457e20"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(short(x), expected);
        }
    }

    #[test]
    fn a_cell_shows_what_fits() {
        assert_eq!(cell(&Tensor::<f64>::from([[1.0, 2.0], [3.0, 4.5]])), "[1 2; 3 4.5]");
        assert_eq!(cell(&Tensor::<f64>::from([1.0, 2.0])), "[1 2]");
        assert_eq!(cell(&Tensor::<f32>::arange(5)), "norm 5.47723, 0 to 4");
        assert_eq!(cell(&Tensor::<f32>::ones([3, 3])), "all 1");
        assert_eq!(cell(&Tensor::<f32>::zeros([0, 3])), "empty");
        let holed: Tensor<f32> = Tensor::from_fn([9], |i| if i == 4 { f32::NAN } else { 0.0 });
        assert_eq!(cell(&holed), "1 of 9 not finite");
        for (x, said) in [
            (Tensor::from([[1.0, -2.0]]), "[1 -2]"),
            (Tensor::arange(5), "[5] of norm 5.47723"),
            (holed, "[9] (1 of 9 not finite)"),
        ] {
            assert_eq!(in_a_sentence(&x), said);
        }
    }
}
