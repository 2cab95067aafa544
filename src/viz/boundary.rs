//! The decision boundary: what a model says of every place in the plane, and the points it learned from.

use super::svg::{
    AXIS, Anchor, Canvas, Colour, INK, Picture, cells, class_colour, number, text_width, ticks,
};
use crate::error::Error;
use crate::float::Float;
use crate::tensor::Tensor;

/// How many places are looked at along each axis.
const GRID: usize = 161;
/// The side of the square that is drawn into, in pixels.
const SIDE: f64 = 560.0;
const LEFT: f64 = 64.0;
const TOP: f64 = 64.0;

/// Draws which class a model gives to every place in the plane: a colour for each class, paler where it
/// is less sure, a line where the class changes, and the points [n, 2] with their labels on top.
///
/// `classify` gets places [m, 2] and returns probabilities: [m, classes], or [m, 1] for the
/// probability of class 1.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::prelude::*;
/// use wengert::train::predict;
/// use wengert::viz;
/// # let mut params: Params = Params::new();
/// # let model = Mlp::new(&mut params.init(&mut Rng::new(0)), [2, 4, 1]).output(Activation::Sigmoid);
/// let x = Tensor::from([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);
/// let picture = viz::decision_boundary("XOR", &x, &[0, 1, 1, 0], |places| predict(&model, &params, places))?;
/// assert!(picture.svg().starts_with("<svg"));
/// # Ok(()) }
/// ```
///
/// # Errors
/// If there are no points, they are not finite or not of two numbers each, or there is not one label a
/// point.
///
/// # Panics
/// If `classify` returns another shape.
#[track_caller]
pub fn decision_boundary<T: Float>(
    title: &str,
    points: &Tensor<T>,
    labels: &[usize],
    classify: impl FnOnce(&Tensor<T>) -> Tensor<T>,
) -> Result<Picture, Error> {
    check_points(points, labels)?;
    let plane = Plane::around(points);
    let classes = Field::new(&classify(&plane.places(GRID)), GRID, "decision_boundary: `classify`");

    let count = classes.classes.max(labels.iter().max().map_or(0, |&label| label + 1));
    let mut canvas = Canvas::new(LEFT + SIDE + 24.0, TOP + SIDE + 44.0);
    canvas.text((LEFT + SIDE / 2.0, 24.0), 18.0, Anchor::Middle, INK, title);
    legend(&mut canvas, count);
    let cell = SIDE / (GRID - 1) as f64;
    canvas.begin_cells();
    // A place's cell reaches half a step to every side; those on the rim are cut by the frame.
    let inner: Vec<Colour> = (0..GRID - 1)
        .flat_map(|row| (0..GRID - 1).map(move |column| (row, column)))
        .map(|(row, column)| classes.colour(row * GRID + column))
        .collect();
    cells(&mut canvas, (LEFT, TOP), (cell, cell), GRID - 1, &inner);
    canvas.end_cells();
    let place = |(x, y): (f64, f64)| (LEFT + cell * x, TOP + cell * y);
    let lines: Vec<_> = classes.boundaries().into_iter().map(|line| line.map(place)).collect();
    canvas.lines(&lines, INK, 1.6);
    plane.axes(&mut canvas);
    for (i, &label) in labels.iter().enumerate() {
        let [x, y] = [0, 1].map(|axis| points.row(i)[axis].to_f64());
        let (x, y) = plane.at(x, y);
        canvas.circle(x, y, 3.4, &class_colour(label).to_string(), "#ffffff");
    }
    Ok(canvas.finish())
}

/// Whether there are points of the plane, with a label each.
pub(super) fn check_points<T: Float>(points: &Tensor<T>, labels: &[usize]) -> Result<(), Error> {
    let [n, 2] = *points.shape().dims() else {
        return Err(Error::data(format!("a boundary is drawn among points [n, 2], not {}", points.shape())));
    };
    if n == 0 || n != labels.len() {
        return Err(Error::data(format!(
            "a boundary cannot be drawn among {n} points with {} labels",
            labels.len()
        )));
    }
    if !points.is_finite() {
        return Err(Error::data("a boundary cannot be drawn among points that are not finite"));
    }
    Ok(())
}

/// The part of the plane that is shown.
pub(super) struct Plane {
    pub(super) low: [f64; 2],
    pub(super) high: [f64; 2],
}

impl Plane {
    /// With room around the points.
    pub(super) fn around<T: Float>(points: &Tensor<T>) -> Self {
        let range = |axis: usize| {
            let column = || points.data().iter().skip(axis).step_by(2).map(|x| x.to_f64());
            let (low, high) =
                (column().fold(f64::INFINITY, f64::min), column().fold(f64::NEG_INFINITY, f64::max));
            let room = if high > low { (high - low) * 0.08 } else { 1.0 };
            (low - room, high + room)
        };
        let (x, y) = (range(0), range(1));
        Plane { low: [x.0, y.0], high: [x.1, y.1] }
    }

    /// So many places along each axis, row by row, from the upper left corner.
    pub(super) fn places<T: Float>(&self, grid: usize) -> Tensor<T> {
        Tensor::build([grid * grid, 2], |y| {
            for (i, place) in y.chunks_exact_mut(2).enumerate() {
                let [right, up] = [i % grid, grid - 1 - i / grid].map(|k| k as f64 / (grid - 1) as f64);
                for (axis, share) in [right, up].into_iter().enumerate() {
                    place[axis] = T::from_f64(self.low[axis] + (self.high[axis] - self.low[axis]) * share);
                }
            }
        })
    }

    /// How far a point is from the left and from the top, as shares of the whole.
    pub(super) fn shares(&self, x: f64, y: f64) -> (f64, f64) {
        let share = |axis: usize, v: f64| (v - self.low[axis]) / (self.high[axis] - self.low[axis]);
        (share(0, x), 1.0 - share(1, y))
    }

    /// Where a point of the plane is drawn.
    fn at(&self, x: f64, y: f64) -> (f64, f64) {
        let (x, y) = self.shares(x, y);
        (LEFT + SIDE * x, TOP + SIDE * y)
    }

    fn axes(&self, canvas: &mut Canvas) {
        canvas.frame(LEFT, TOP, SIDE, SIDE);
        for x in ticks(self.low[0], self.high[0]) {
            let (at, bottom) = (self.at(x, 0.0).0, TOP + SIDE);
            canvas.line((at, bottom), (at, bottom + 5.0), AXIS);
            canvas.text((at, bottom + 18.0), 13.0, Anchor::Middle, INK, &number(x));
        }
        for y in ticks(self.low[1], self.high[1]) {
            let at = self.at(0.0, y).1;
            canvas.line((LEFT - 5.0, at), (LEFT, at), AXIS);
            canvas.text((LEFT - 9.0, at), 13.0, Anchor::End, INK, &number(y));
        }
    }
}

/// A probability of each class at every place.
pub(super) struct Field {
    pub(super) classes: usize,
    /// Places along each axis.
    grid: usize,
    /// Place by place.
    probabilities: Vec<f64>,
}

impl Field {
    /// What a model says of the places of a grid: [m, classes], or [m, 1] of class 1.
    #[track_caller]
    pub(super) fn new<T: Float>(output: &Tensor<T>, grid: usize, who: &str) -> Self {
        let numbers = output.data().iter().map(|p| p.to_f64());
        let (classes, probabilities) = match *output.shape().dims() {
            [m, 1] if m == grid * grid => (2, numbers.flat_map(|p| [1.0 - p, p]).collect()),
            [m, classes] if m == grid * grid && classes > 0 => (classes, numbers.collect()),
            _ => panic!(
                "{who} was given [{}, 2] and returned {}; it must return a row of probabilities for each",
                grid * grid,
                output.shape()
            ),
        };
        Field { classes, grid, probabilities }
    }

    fn of(&self, place: usize) -> &[f64] {
        &self.probabilities[place * self.classes..][..self.classes]
    }

    /// The likeliest class's, paler the less likely it is. In steps, so that cells alike become one.
    pub(super) fn colour(&self, place: usize) -> Colour {
        const STEPS: f64 = 12.0;
        let p = self.of(place);
        let best = (0..p.len()).max_by(|&a, &b| p[a].total_cmp(&p[b])).unwrap_or(0);
        let chance = 1.0 / self.classes as f64;
        let sure = ((p[best] - chance) / (1.0 - chance) * STEPS).round() / STEPS;
        Colour::WHITE.towards(class_colour(best), 0.12 + 0.43 * sure)
    }

    /// Lines along which the likeliest class changes, in steps of the grid from its upper left
    /// corner.
    pub(super) fn boundaries(&self) -> Vec<[(f64, f64); 2]> {
        let mut lines = Vec::new();
        // Where two classes meet, one of them is not the last.
        for class in 0..self.classes - 1 {
            // Above 0 where the class is the likeliest.
            let lead: Vec<f64> = (0..self.grid * self.grid)
                .map(|place| {
                    let p = self.of(place);
                    let others = p.iter().enumerate().filter(|(other, _)| *other != class).map(|(_, &p)| p);
                    p[class] - others.fold(f64::NEG_INFINITY, f64::max)
                })
                .collect();
            for row in 0..self.grid - 1 {
                for column in 0..self.grid - 1 {
                    contour(&lead, self.grid, row, column, &mut lines);
                }
            }
        }
        lines
    }
}

/// The line along which `f` is 0 within one cell, straight between the crossings of its sides (marching
/// squares: Lorensen and Cline, 1987, in the plane).
fn contour(f: &[f64], grid: usize, row: usize, column: usize, lines: &mut Vec<[(f64, f64); 2]>) {
    // Around the cell, from its upper left corner.
    let corners = [(row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column)];
    let value = |(row, column): (usize, usize)| f[row * grid + column];
    let place = |(row, column): (usize, usize)| (column as f64, row as f64);
    let mut crossings = Vec::with_capacity(4);
    for side in 0..4 {
        let (a, b) = (corners[side], corners[(side + 1) % 4]);
        if (value(a) > 0.0) != (value(b) > 0.0) {
            let share = value(a) / (value(a) - value(b));
            let ((ax, ay), (bx, by)) = (place(a), place(b));
            crossings.push((ax + (bx - ax) * share, ay + (by - ay) * share));
        }
    }
    match crossings[..] {
        [a, b] => lines.push([a, b]),
        [a, b, c, d] => {
            // A saddle: its middle says which corners belong together.
            let middle: f64 = corners.iter().map(|&corner| value(corner)).sum();
            let first = value(corners[0]) > 0.0;
            lines.extend(if (middle > 0.0) == first { [[a, b], [c, d]] } else { [[a, d], [b, c]] });
        }
        _ => {}
    }
}

fn legend(canvas: &mut Canvas, classes: usize) {
    const SHOWN: usize = 8;
    let names: Vec<String> = (0..classes.min(SHOWN)).map(|class| format!("class {class}")).collect();
    let width: f64 = names.iter().map(|name| text_width(name, 13.0) + 34.0).sum();
    let mut x = LEFT + (SIDE - width) / 2.0;
    for (class, name) in names.iter().enumerate() {
        canvas.circle(x + 6.0, 48.0, 5.0, &class_colour(class).to_string(), "#ffffff");
        canvas.text((x + 16.0, 48.0), 13.0, Anchor::Start, INK, name);
        x += text_width(name, 13.0) + 34.0;
    }
}
