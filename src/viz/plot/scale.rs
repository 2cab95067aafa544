//! An axis: from numbers to places, linear or logarithmic, and the numbers worth a tick.

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use std::ops::Range;

/// An axis from `low` to `high`, which are finite, `low` being the smaller; both positive if it is
/// logarithmic.
// Why not the axes of the library: their ticks do not end for 1e-320..2e-320.
#[derive(Debug, Clone)]
pub(super) struct Scale {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) log: bool,
}

impl Ranged for Scale {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, at: &f64, (from, to): (i32, i32)) -> i32 {
        let place = |x: f64| if self.log { x.ln() } else { x / 2.0 }; // a half never overflows
        let share = (place(*at) - place(self.low)) / (place(self.high) - place(self.low));
        from + (f64::from(to - from) * share).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        self.ticks(hint.max_num_points().max(2))
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl Scale {
    /// At most `most` numbers, or a few more where a decade is cut into 1, 2, 5.
    fn ticks(&self, most: usize) -> Vec<f64> {
        if !self.has_decades() {
            return self.steps(most);
        }
        let decades = self.high.log10() - self.low.log10();
        let (first, last) = (self.low.log10().floor() as i32, self.high.log10().ceil() as i32);
        let each = (decades / most as f64).ceil().max(1.0) as usize;
        let digits = if 3.0 * decades <= most as f64 { &[1, 2, 5][..] } else { &[1] };
        // Parsed, because 10^-3 by multiplication is not the number that is written 0.001.
        let tick = |digit: &i32, power: i32| format!("{digit}e{power}").parse::<f64>().ok();
        (first..=last)
            .step_by(each)
            .flat_map(|power| digits.iter().filter_map(move |digit| tick(digit, power)))
            .filter(|tick| (self.low..=self.high).contains(tick))
            .collect()
    }

    /// Whether ticks are powers of ten; a short logarithmic axis has those of a linear one.
    fn has_decades(&self) -> bool {
        self.log && self.high >= 10.0 * self.low
    }

    /// Multiples of 1, 2 or 5 times a power of ten.
    fn steps(&self, most: usize) -> Vec<f64> {
        let step = self.step(most);
        let (first, last) = ((self.low / step).ceil(), (self.high / step).floor());
        (0..=(last - first).min(100.0) as usize).map(|i| (first + i as f64) * step).collect()
    }

    fn step(&self, most: usize) -> f64 {
        let least = self.high / most as f64 - self.low / most as f64;
        let power = least.log10().floor();
        [1, 2, 5, 10]
            .iter()
            .filter_map(|digit| format!("{digit}e{power}").parse::<f64>().ok())
            .find(|&step| step >= least)
            .unwrap_or(least)
    }
}

impl ValueFormatter<f64> for Scale {
    /// A tick's number, with the digits that tell it from its neighbours; a power of ten beside it
    /// where it is very large or small.
    fn format_ext(&self, &at: &f64) -> String {
        let largest = self.low.abs().max(self.high.abs());
        let text = if self.has_decades() {
            if (1e-4..1e5).contains(&at) { format!("{at}") } else { format!("{at:e}") }
        } else if (1e-3..1e6).contains(&largest) {
            let decimals = (-self.step(10).log10().floor()).max(0.0) as usize;
            format!("{at:.decimals$}")
        } else {
            let rounded: f64 = format!("{at:.3e}").parse().unwrap_or(at);
            if rounded == 0.0 { "0".to_string() } else { format!("{rounded:e}") }
        };
        text.replace('-', "−")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(low: f64, high: f64, log: bool, expected: &str) {
        let scale = Scale { low, high, log };
        let labels: Vec<String> = scale.ticks(10).iter().map(|at| scale.format_ext(at)).collect();
        assert_eq!(labels.join(" "), expected);
    }

    #[test]
    fn ticks_are_round_numbers_within_the_axis() {
        check(0.0, 1.0, false, "0.0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1.0");
        check(1.0, 100.0, false, "10 20 30 40 50 60 70 80 90 100");
        check(-3.1, 3.2, false, "−3 −2 −1 0 1 2 3");
        check(0.013, 0.027, false, "0.014 0.016 0.018 0.020 0.022 0.024 0.026");
        check(0.0, 6e7, false, "0 1e7 2e7 3e7 4e7 5e7 6e7");
        check(0.004, 3.0, true, "0.005 0.01 0.02 0.05 0.1 0.2 0.5 1 2");
        check(1e-9, 1.0, true, "1e−9 1e−8 1e−7 1e−6 1e−5 0.0001 0.001 0.01 0.1 1");
        check(0.2, 0.45, true, "0.20 0.25 0.30 0.35 0.40 0.45");
    }

    #[test]
    fn extreme_axes_have_few_ticks() {
        for (low, high, log) in [
            (f64::MIN, f64::MAX, false),
            (1e-320, 2e-320, false),
            (1.0, 1.0 + 1e-11, false),
            (1e-320, 2e-320, true),
            (1e-300, 1e300, true),
            (f64::MIN_POSITIVE, f64::MAX, true),
        ] {
            let ticks = Scale { low, high, log }.ticks(10);
            assert!(ticks.len() <= 12, "{low} to {high}: {ticks:?}");
            assert!(ticks.iter().all(|tick| (low..=high).contains(tick)), "{low} to {high}: {ticks:?}");
        }
    }
}
