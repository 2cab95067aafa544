//! Curves as SVG: named lines and points over two axes, each linear or logarithmic.

mod scale;

use super::svg::{Colour, class_colour, text_width};
use crate::error::Error;
use crate::float::Float;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use scale::Scale;
use std::path::Path;

/// The loss on the training data and on the test data after each epoch, the first epoch being 1.
///
/// The y axis says binary cross-entropy; [`Plot::y`] sets another loss.
///
/// ```
/// use wengert::viz::plot;
/// let svg = plot::curves(&[0.7, 0.4, 0.3], &[0.7, 0.5, 0.45]).svg();
/// assert!(svg.contains("Training and Test Loss Over Epochs"));
/// ```
pub fn curves<T: Float>(train: &[T], test: &[T]) -> Plot {
    let by_epoch = |losses: &[T]| -> Vec<(f64, f64)> {
        losses.iter().enumerate().map(|(i, loss)| (i as f64 + 1.0, loss.to_f64())).collect()
    };
    Plot::new("Training and Test Loss Over Epochs")
        .x("Epoch")
        .y("Loss (Binary Cross-Entropy)")
        .line("Train Loss", by_epoch(train))
        .line("Test Loss", by_epoch(test))
}

/// A picture of named lines and points, described step by step and then drawn.
///
/// A point that is not finite, or not positive on a logarithmic axis, is left out and breaks its
/// line there. The same description gives the same bytes.
///
/// ```
/// use wengert::viz::plot::Plot;
/// let curve = (0..=100).map(|i| f64::from(i) / 10.0).map(|x| (x, x.sin()));
/// let plot = Plot::new("A sine and five samples")
///     .x("x")
///     .y("sin x")
///     .line("sin", curve)
///     .points("samples", [(1.0, 0.84), (2.0, 0.91), (3.0, 0.14)]);
/// assert!(plot.svg().starts_with("<svg"));
/// ```
#[derive(Debug, Clone)]
pub struct Plot {
    title: String,
    x: Axis,
    y: Axis,
    width: u32,
    height: u32,
    series: Vec<Series>,
}

#[derive(Debug, Clone, Default)]
struct Axis {
    name: String,
    log: bool,
    range: Option<(f64, f64)>,
}

#[derive(Debug, Clone)]
struct Series {
    name: String,
    mark: Mark,
    points: Vec<(f64, f64)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mark {
    Line,
    Points,
}

impl Plot {
    /// An empty picture of 900 by 560 pixels.
    pub fn new(title: impl Into<String>) -> Self {
        let (x, y) = (Axis::default(), Axis::default());
        Plot { title: title.into(), x, y, width: 900, height: 560, series: Vec::new() }
    }

    /// The name of the x axis.
    #[must_use]
    pub fn x(mut self, name: impl Into<String>) -> Self {
        self.x.name = name.into();
        self
    }

    /// The name of the y axis.
    #[must_use]
    pub fn y(mut self, name: impl Into<String>) -> Self {
        self.y.name = name.into();
        self
    }

    /// A logarithmic x axis.
    #[must_use]
    pub fn log_x(mut self) -> Self {
        self.x.log = true;
        self
    }

    /// A logarithmic y axis.
    #[must_use]
    pub fn log_y(mut self) -> Self {
        self.y.log = true;
        self
    }

    /// Shows y from `low` to `high` only, instead of all there is: a diverging run would hide the
    /// others. On a logarithmic axis `low` counts only if it is positive.
    ///
    /// # Panics
    /// If `low` is not below `high`.
    #[must_use]
    #[track_caller]
    pub fn y_between(mut self, low: f64, high: f64) -> Self {
        assert!(low < high && (high - low).is_finite(), "y_between: {low} is not below {high}");
        self.y.range = Some((low, high));
        self
    }

    /// The size in pixels.
    ///
    /// # Panics
    /// If a side is below 200 or above 8000.
    #[must_use]
    #[track_caller]
    pub fn size(mut self, width: u32, height: u32) -> Self {
        let sides = 200..=8000;
        assert!(
            sides.contains(&width) && sides.contains(&height),
            "size: {width} by {height} is not within 200 to 8000"
        );
        (self.width, self.height) = (width, height);
        self
    }

    /// Adds a line through these points, in their order. An empty name keeps it out of the legend.
    #[must_use]
    pub fn line(self, name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.add(name.into(), Mark::Line, points.into_iter().collect())
    }

    /// Adds single points. An empty name keeps them out of the legend.
    #[must_use]
    pub fn points(self, name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.add(name.into(), Mark::Points, points.into_iter().collect())
    }

    fn add(mut self, name: String, mark: Mark, points: Vec<(f64, f64)>) -> Self {
        self.series.push(Series { name, mark, points });
        self
    }

    /// The picture.
    #[must_use]
    pub fn svg(&self) -> String {
        let (width, height) = (self.width * FINE, self.height * FINE);
        let mut svg = String::new();
        {
            let root = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
            // OK because a String takes whatever is written to it.
            self.draw(&root).and_then(|()| root.present()).expect("a String never fails");
        }
        let fine = format!("width=\"{width}\" height=\"{height}\"");
        svg.replacen(&fine, &format!("width=\"{}\" height=\"{}\"", self.width, self.height), 1)
    }

    /// Writes the picture to a file, making the folders on the way.
    ///
    /// # Errors
    /// If a folder or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        super::save(path, &self.svg())
    }

    fn draw(&self, root: &Area) -> Drawn {
        root.fill(&WHITE)?;
        let legend = self.legend_rows();
        let head = 56 + 26 * legend.len() as u32;
        let (head, body) = root.split_vertically(px(head));
        let centred = Pos::new(HPos::Center, VPos::Center);
        // A title too long for the picture is written smaller.
        let fits = f64::from(self.width - 40) / text_width(&self.title, 1.0).max(1.0);
        let title = text(22.min(fits as u32).max(8), INK).pos(centred);
        head.draw_text(&printable(&self.title), &title, (px(self.width / 2), px(32)))?;
        for (row, entries) in legend.iter().enumerate() {
            self.draw_legend(&head, entries, 64 + 26 * row as u32)?;
        }
        let x = self.x.scale(self.shown().map(|p| p.0), 0.0);
        let y = self.y.scale(self.shown().map(|p| p.1), 0.04);
        let mut chart = ChartBuilder::on(&body)
            .margin_right(px(28))
            .margin_bottom(px(14))
            .margin_left(px(10))
            .x_label_area_size(px(54))
            .y_label_area_size(px(80))
            .build_cartesian_2d(x, y)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID.stroke_width(FINE))
            .axis_style(AXIS.stroke_width(FINE))
            .set_all_tick_mark_size(px(5))
            .x_labels(10)
            .y_labels(8)
            .label_style(text(14, INK))
            .x_desc(printable(&self.x.name))
            .y_desc(printable(&self.y.name))
            .axis_desc_style(text(16, INK))
            .draw()?;
        for (i, series) in self.series.iter().enumerate() {
            let colour = colour(i);
            for run in series.points.split(|&point| !self.shows(point)).filter(|run| !run.is_empty()) {
                if series.mark == Mark::Line && run.len() > 1 {
                    chart.draw_series(LineSeries::new(run.iter().copied(), line_style(i)))?;
                } else {
                    let dot = |&point| Circle::new(point, 4 * FINE, colour.filled());
                    chart.draw_series(run.iter().map(dot))?;
                }
            }
        }
        Ok(())
    }

    /// The names with the numbers of their series, as many to a row as fit.
    fn legend_rows(&self) -> Vec<Vec<usize>> {
        let mut rows: Vec<Vec<usize>> = Vec::new();
        let mut room = 0;
        for (i, series) in self.series.iter().enumerate().filter(|(_, series)| !series.name.is_empty()) {
            let width = entry_width(series);
            if room < width || rows.is_empty() {
                rows.push(Vec::new());
                room = self.width.saturating_sub(40);
            }
            room = room.saturating_sub(width);
            if let Some(row) = rows.last_mut() {
                row.push(i);
            }
        }
        rows
    }

    fn draw_legend(&self, head: &Area, entries: &[usize], y: u32) -> Drawn {
        let total: u32 = entries.iter().map(|&i| entry_width(&self.series[i])).sum();
        let mut x = self.width.saturating_sub(total) / 2;
        for &i in entries {
            let series = &self.series[i];
            match series.mark {
                Mark::Line => {
                    let swatch = vec![(px(x), px(y)), (px(x + 28), px(y))];
                    head.draw(&PathElement::new(swatch, line_style(i)))?;
                }
                Mark::Points => head.draw(&Circle::new((px(x + 14), px(y)), 4 * FINE, colour(i).filled()))?,
            }
            let middle = Pos::new(HPos::Left, VPos::Center);
            head.draw_text(&printable(&series.name), &text(15, INK).pos(middle), (px(x + 36), px(y)))?;
            x += entry_width(series);
        }
        Ok(())
    }

    /// Every point that is drawn.
    fn shown(&self) -> impl Iterator<Item = (f64, f64)> {
        self.series.iter().flat_map(|series| &series.points).copied().filter(|&point| self.shows(point))
    }

    fn shows(&self, (x, y): (f64, f64)) -> bool {
        self.x.shows(x) && self.y.shows(y)
    }
}

impl Axis {
    fn shows(&self, at: f64) -> bool {
        let within = self.range.is_none_or(|(low, high)| (low..=high).contains(&at));
        at.is_finite() && (at > 0.0 || !self.log) && within
    }

    /// From the smallest to the largest of these, and `margin` of the distance more on both sides.
    fn scale(&self, at: impl Iterator<Item = f64>, margin: f64) -> Scale {
        let log = self.log;
        let to = |low: f64, high: f64| Scale { low, high, log };
        if let Some((low, high)) = self.range.filter(|range| range.0 > 0.0 || !log) {
            return to(low, high);
        }
        let (low, high) = at.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
        let apart = |low: f64, high: f64| high - low > 1e-12 * low.abs().max(high.abs());
        match log {
            _ if low > high => to(0.1, 1.0),
            true if apart(low.ln(), high.ln()) => {
                let widen = (high.ln() - low.ln()) * margin;
                to((low.ln() - widen).exp(), (high.ln() + widen).exp())
            }
            true => to(low / 2.0, low * 2.0),
            false if apart(low, high) => {
                // Halves, so that the distance between the extremes of f64 does not overflow.
                let widen = (high / 2.0 - low / 2.0) * 2.0 * margin;
                to((low - widen).max(f64::MIN), (high + widen).min(f64::MAX))
            }
            false if low == 0.0 => to(-1.0, 1.0),
            false => to(low - low.abs() / 2.0, low + low.abs() / 2.0),
        }
    }
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// The backend draws on whole units: eight of them make a pixel, so that curves are smooth.
const FINE: u32 = 8;

fn px(pixels: u32) -> i32 {
    (pixels * FINE) as i32
}

const INK: RGBColor = RGBColor(0x22, 0x26, 0x2b);
const AXIS: RGBColor = RGBColor(0x8a, 0x91, 0x99);
const GRID: RGBColor = RGBColor(0xe6, 0xe9, 0xec);

fn colour(series: usize) -> RGBColor {
    let Colour(red, green, blue) = class_colour(series);
    RGBColor(red, green, blue)
}

fn line_style(series: usize) -> ShapeStyle {
    colour(series).stroke_width(5 * FINE / 2)
}

fn text(pixels: u32, colour: RGBColor) -> TextStyle<'static> {
    // The backend divides by 1.24.
    ("system-ui, sans-serif", f64::from(pixels * FINE) * 1.24).with_color(colour).into_text_style(&(0, 0))
}

/// The room of an entry of the legend: its swatch, its name, and the distance to the next.
fn entry_width(series: &Series) -> u32 {
    36 + text_width(&series.name, 15.0).ceil() as u32 + 36
}

/// Without what XML has no way to write.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_reaches_over_its_points() {
        let scale = |points: &[f64], log| {
            let scale = Axis { log, ..Axis::default() }.scale(points.iter().copied(), 0.1);
            (scale.low, scale.high)
        };
        assert_eq!(scale(&[1.0, 3.0, 2.0], false), (0.8, 3.2));
        assert_eq!(scale(&[], false), (0.1, 1.0));
        assert_eq!(scale(&[0.0], false), (-1.0, 1.0));
        assert_eq!(scale(&[-4.0, -4.0], false), (-6.0, -2.0));
        assert_eq!(scale(&[4.0], true), (2.0, 8.0));
        assert_eq!(scale(&[f64::MIN, f64::MAX], false), (f64::MIN, f64::MAX));
    }
}
