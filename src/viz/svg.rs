//! `Picture`: a drawing as SVG text, and the few marks that drawings here are made of.

use crate::error::Error;
use std::fmt::Write;
use std::path::Path;

/// A finished drawing. The same data gives the same bytes; letters are left to whoever shows it, so
/// no font is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture(String);

impl Picture {
    /// The drawing as SVG.
    #[must_use]
    pub fn svg(&self) -> &str {
        &self.0
    }

    /// Writes it to a file, making the folders on the way.
    ///
    /// # Errors
    /// If a folder or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        super::save(path, &self.0)
    }
}

/// A drawing in the making, measured in pixels from its upper left corner.
pub(super) struct Canvas(String);

pub(super) const INK: &str = "#22262b";
pub(super) const AXIS: &str = "#8a9199";

/// To which side of its place a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Canvas {
    pub fn new(width: f64, height: f64) -> Self {
        let (width, height) = (width.ceil(), height.ceil());
        let mut canvas = Canvas(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"system-ui, sans-serif\">\n"
        ));
        canvas.rect(0.0, 0.0, width, height, "#ffffff");
        canvas
    }

    pub fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, fill: &str) {
        let [x, y, width, height] = [x, y, width, height].map(short);
        self.put(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"/>"
        ));
    }

    /// Rectangles between here and [`end_cells`](Self::end_cells) meet without a seam.
    pub fn begin_cells(&mut self) {
        self.put(format_args!("<g shape-rendering=\"crispEdges\">"));
    }

    pub fn end_cells(&mut self) {
        self.put(format_args!("</g>"));
    }

    pub fn frame(&mut self, x: f64, y: f64, width: f64, height: f64) {
        let [x, y, width, height] = [x, y, width, height].map(short);
        self.put(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"none\" stroke=\"{AXIS}\"/>"
        ));
    }

    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: &str) {
        let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(short);
        self.put(format_args!("<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" stroke=\"{stroke}\"/>"));
    }

    /// Lines from the first to the second of each pair.
    pub fn lines(&mut self, pairs: &[[(f64, f64); 2]], stroke: &str, width: f64) {
        let mut path = String::new();
        for [from, to] in pairs {
            let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(short);
            // OK because a String takes whatever is written to it.
            write!(path, "M{x1} {y1}L{x2} {y2}").expect("a String never fails");
        }
        self.put(format_args!(
            "<path d=\"{path}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"{width}\" stroke-linecap=\"round\"/>"
        ));
    }

    pub fn circle(&mut self, x: f64, y: f64, radius: f64, fill: &str, stroke: &str) {
        let [x, y] = [x, y].map(short);
        self.put(format_args!(
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{fill}\" stroke=\"{stroke}\"/>"
        ));
    }

    /// A text whose middle is at this height.
    pub fn text(&mut self, (x, y): (f64, f64), size: f64, anchor: Anchor, fill: &str, text: &str) {
        let [x, y] = [x, y + 0.35 * size].map(short);
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escaped(text);
        self.put(format_args!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" text-anchor=\"{anchor}\" fill=\"{fill}\">{text}</text>"
        ));
    }

    /// A text that is read from below.
    pub fn upward_text(&mut self, (x, y): (f64, f64), size: f64, fill: &str, text: &str) {
        let [x, y] = [x + 0.35 * size, y].map(short);
        let text = escaped(text);
        self.put(format_args!(
            "<text transform=\"translate({x} {y}) rotate(-90)\" font-size=\"{size}\" text-anchor=\"middle\" \
             fill=\"{fill}\">{text}</text>"
        ));
    }

    pub fn finish(mut self) -> Picture {
        self.0.push_str("</svg>\n");
        Picture(self.0)
    }

    fn put(&mut self, mark: std::fmt::Arguments<'_>) {
        // OK because a String takes whatever is written to it.
        writeln!(self.0, "{mark}").expect("a String never fails");
    }
}

/// About how wide a text is, in any usual font.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    0.58 * size * text.chars().count() as f64
}

/// Colours that differ for every kind of colour vision, and in lightness (Okabe and Ito, 2008; the last
/// but one is Tol's wine, for their yellow is too pale on white).
pub(super) fn class_colour(class: usize) -> Colour {
    const COLOURS: [Colour; 8] = [
        Colour(0x00, 0x72, 0xb2),
        Colour(0xd5, 0x5e, 0x00),
        Colour(0x00, 0x9e, 0x73),
        Colour(0xcc, 0x79, 0xa7),
        Colour(0xe6, 0x9f, 0x00),
        Colour(0x56, 0xb4, 0xe9),
        Colour(0x88, 0x22, 0x55),
        Colour(0x22, 0x26, 0x2b),
    ];
    COLOURS[class % COLOURS.len()]
}

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    pub const WHITE: Colour = Colour(0xff, 0xff, 0xff);

    /// This share of the other colour.
    pub fn towards(self, other: Colour, share: f64) -> Colour {
        let mix = |a: u8, b: u8| {
            (f64::from(a) + (f64::from(b) - f64::from(a)) * share.clamp(0.0, 1.0)).round() as u8
        };
        Colour(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }
}

impl std::fmt::Display for Colour {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// Cells of one colour side by side become one rectangle: `colours` row by row, `columns` a row.
pub(super) fn cells(
    canvas: &mut Canvas,
    (x, y): (f64, f64),
    cell: (f64, f64),
    columns: usize,
    colours: &[Colour],
) {
    for (i, row) in colours.chunks(columns.max(1)).enumerate() {
        let mut start = 0;
        for run in row.chunk_by(|a, b| a == b) {
            let left = x + start as f64 * cell.0;
            canvas.rect(left, y + i as f64 * cell.1, run.len() as f64 * cell.0, cell.1, &run[0].to_string());
            start += run.len();
        }
    }
}

/// Round numbers within a range, some five of them.
pub(super) fn ticks(low: f64, high: f64) -> Vec<f64> {
    let rough = (high - low) / 5.0;
    if !(rough.is_finite() && rough > 0.0) {
        return Vec::new();
    }
    let power = 10f64.powf(rough.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|&s| s >= rough * 0.999).unwrap_or(power);
    let first = (low / step).ceil() as i64;
    (first..).map(|i| i as f64 * step).take_while(|&x| x <= high).collect()
}

/// Four significant digits, with a real minus.
pub(super) fn number(x: f64) -> String {
    let rounded: f64 = format!("{x:.3e}").parse().unwrap_or(x);
    let rounded = if rounded == 0.0 { 0.0 } else { rounded };
    format!("{rounded}").replace('-', "−")
}

/// A coordinate to a hundredth of a pixel.
fn short(x: f64) -> f64 {
    let x = (x * 100.0).round() / 100.0;
    if x == 0.0 { 0.0 } else { x } // no −0
}

/// Without what XML cannot hold, and with its own signs written out.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within_the_range() {
        assert_eq!(ticks(0.0, 1.0), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!(ticks(-1.3, 2.1), [-1.0, 0.0, 1.0, 2.0]);
        assert_eq!(ticks(97.0, 203.0), [100.0, 150.0, 200.0]);
        assert!(ticks(1.0, 1.0).is_empty() && ticks(f64::NAN, 1.0).is_empty());
    }

    #[test]
    fn texts_and_numbers_are_fit_for_xml() {
        assert_eq!(escaped("a<b & c>\u{0}\u{7}"), "a&lt;b &amp; c&gt;");
        assert_eq!(
            (number(-0.25), number(0.1 + 0.2), number(-0.0)),
            ("−0.25".into(), "0.3".into(), "0".into())
        );
        assert_eq!(short(-0.001).to_string(), "0");
    }
}
