//! How large the gradients are, parameter by parameter.

use super::svg::{AXIS, Anchor, Canvas, INK, Picture, class_colour, text_width};
use crate::float::Float;
use crate::params::Params;
use crate::tape::Gradients;

/// The histogram of each parameter's gradient, by the order of magnitude of its entries: how many lie
/// about 10⁻⁵, how many about 10⁻³. On one axis, from the first layer to the last, it shows where
/// gradients vanish or explode, and how many are 0: neurons that are dead. Of each parameter a hundredth of
/// the entries, the smallest, may lie beyond the axis, which says how many do.
///
/// ```
/// use wengert::prelude::*;
/// use wengert::viz;
/// let mut params: Params = Params::new();
/// let model = Mlp::new(&mut params.init(&mut Rng::new(0)), [3, 8, 1]);
/// let tape = Tape::eval(&params);
/// let grads = model.forward(tape.constant(Tensor::ones([4, 3]))).mean().backward();
/// let picture = viz::gradient_histograms("At the start", &params, &grads);
/// assert!(picture.svg().contains("layers.0.weight"));
/// ```
///
/// # Panics
/// If the gradients are of another store than the parameters.
#[track_caller]
pub fn gradient_histograms<T: Float>(title: &str, params: &Params<T>, grads: &Gradients<T>) -> Picture {
    let mut rows = Vec::new();
    for id in params.ids() {
        let sizes = grads.param(id).map(|g| Sizes::of(g.data()));
        rows.push((params.name(id).to_string(), sizes));
    }
    draw(title, &rows)
}

/// Steps of an order of magnitude.
const PER_DECADE: i32 = 4;

/// Absolute values, as orders of magnitude.
struct Sizes {
    /// log₁₀|g|·[`PER_DECADE`], rounded down, of every entry that is neither 0 nor without a size.
    steps: Vec<i32>,
    zeros: usize,
    not_finite: usize,
    numel: usize,
}

impl Sizes {
    fn of<T: Float>(entries: &[T]) -> Self {
        let mut sizes = Sizes { steps: Vec::new(), zeros: 0, not_finite: 0, numel: entries.len() };
        for g in entries.iter().map(|g| g.to_f64().abs()) {
            if g == 0.0 {
                sizes.zeros += 1;
            } else if !g.is_finite() {
                sizes.not_finite += 1;
            } else {
                sizes.steps.push((g.log10() * f64::from(PER_DECADE)).floor() as i32);
            }
        }
        sizes
    }

    fn facts(&self) -> String {
        let percent = |n: usize| format!("{:.0} %", 100.0 * n as f64 / self.numel.max(1) as f64);
        let mut facts = String::new();
        if self.zeros > 0 {
            facts = format!("{} are 0", percent(self.zeros));
        }
        if self.not_finite > 0 {
            facts = format!("{facts} {} NaN or infinite", self.not_finite).trim().to_string();
        }
        facts
    }
}

fn draw(title: &str, rows: &[(String, Option<Sizes>)]) -> Picture {
    const WIDTH: f64 = 560.0;
    const ROW: f64 = 52.0;
    const TOP: f64 = 56.0;
    let steps =
        || rows.iter().filter_map(|(_, sizes)| sizes.as_ref()).flat_map(|sizes| &sizes.steps).copied();
    let decade = |step: i32| step.div_euclid(PER_DECADE);
    // Of each row: where all of a small layer vanishes, it is seen beside a large one.
    let of_rows = rows.iter().filter_map(|(_, sizes)| lowest(sizes.as_ref()?.steps.clone()));
    let low = of_rows.min().map_or(-1, decade);
    let beyond = steps().filter(|&step| decade(step) < low).count();
    let high = steps().max().map_or(0, |step| decade(step) + 1);
    let bins = ((high - low) * PER_DECADE) as usize;

    let left = 24.0 + rows.iter().map(|(name, _)| text_width(name, 13.0)).fold(60.0, f64::max);
    let bottom = TOP + ROW * rows.len() as f64;
    let mut canvas = Canvas::new(left + WIDTH + 150.0, bottom + 58.0);
    canvas.text((left + WIDTH / 2.0, 26.0), 18.0, Anchor::Middle, INK, title);
    let at = |power: i32| left + WIDTH * f64::from(power - low) / f64::from(high - low);
    // A label for every power of ten, or every few of many.
    let every = ((high - low) as usize).div_ceil(12).max(1);
    for power in (low..=high).step_by(every) {
        canvas.line((at(power), TOP), (at(power), bottom), "#e6e9ec");
        canvas.text(
            (at(power), bottom + 16.0),
            13.0,
            Anchor::Middle,
            INK,
            &format!("10{}", superscript(power)),
        );
    }
    let mut what = "size of the gradient's entries".to_string();
    if beyond > 0 {
        what.push_str(&format!("; {beyond} of {} are below 10{}", steps().count(), superscript(low)));
    }
    canvas.text((left + WIDTH / 2.0, bottom + 40.0), 14.0, Anchor::Middle, INK, &what);
    for (i, (name, sizes)) in rows.iter().enumerate() {
        let base = TOP + ROW * (i + 1) as f64;
        canvas.text((left - 10.0, base - ROW / 2.0), 13.0, Anchor::End, INK, name);
        let facts = match sizes {
            None => "no gradient".to_string(),
            Some(sizes) => {
                let mut counts = vec![0usize; bins];
                let shown = sizes.steps.iter().filter(|&&step| decade(step) >= low);
                shown.for_each(|step| counts[(step - low * PER_DECADE) as usize] += 1);
                // Every row is as high as its largest bar: large layers do not hide small ones.
                let most = counts.iter().copied().max().unwrap_or(0).max(1);
                let width = WIDTH / bins as f64;
                for (bin, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                    let height = (ROW - 12.0) * count as f64 / most as f64;
                    let x = left + width * bin as f64;
                    canvas.rect(x + 0.5, base - height, width - 1.0, height, &class_colour(0).to_string());
                }
                sizes.facts()
            }
        };
        canvas.line((left, base), (left + WIDTH, base), AXIS);
        canvas.text((left + WIDTH + 10.0, base - ROW / 2.0), 12.0, Anchor::Start, INK, &facts);
    }
    canvas.finish()
}

/// Where an axis begins that leaves out a hundredth of a row: a few entries that are almost 0 would take most of it.
fn lowest(mut steps: Vec<i32>) -> Option<i32> {
    steps.sort_unstable();
    steps.get(steps.len() / 100).copied()
}

fn superscript(n: i32) -> String {
    let digit = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        // OK because a number in decimal has digits only, and ⁰, ⁴ .. ⁹ stand in a row.
        c => char::from_u32(0x2070 + c.to_digit(10).expect("a digit")).expect("a superscript"),
    };
    n.to_string().chars().map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_sorted_by_their_order_of_magnitude() {
        let sizes = Sizes::of(&[1.0, -1.0, 0.011, 0.0, f32::NAN, -9.9, f32::MIN_POSITIVE]);
        assert_eq!(sizes.steps, [0, 0, -8, 3, -152]);
        assert_eq!(sizes.facts(), "14 % are 0 1 NaN or infinite");
    }

    #[test]
    fn the_axis_leaves_out_a_hundredth() {
        assert_eq!(lowest(vec![3, -100, 0]), Some(-100));
        let mut steps = vec![-4; 198];
        steps.extend([-100, -90]);
        assert_eq!(lowest(steps.clone()), Some(-4));
        steps.remove(0);
        assert_eq!(lowest(steps), Some(-90), "two of 199 are more");
        assert_eq!(lowest(Vec::new()), None);
    }

    #[test]
    fn a_small_layer_that_vanishes_is_seen_beside_a_large_one() {
        let rows = [("bias", vec![1e-25; 8]), ("weight", vec![1.0; 10_000])];
        let rows = rows.map(|(name, entries)| (name.to_string(), Some(Sizes::of::<f64>(&entries))));
        let svg = draw("", &rows).svg().to_string();
        assert!(svg.contains("10\u{207b}\u{b2}") && !svg.contains("are below"), "{svg}");
    }

    #[test]
    fn powers_are_raised() {
        assert_eq!([0, -12, 305, 46, 789].map(superscript), ["⁰", "⁻¹²", "³⁰⁵", "⁴⁶", "⁷⁸⁹"]);
    }
}
