//! A training, seen: one HTML file with a slider over the epochs, and for each the decision boundary,
//! what every neuron says of the plane, weights, gradients and losses.

use super::boundary::{Field, Plane, check_points};
use super::heat::{html, minus};
use super::json::{entries, string};
use super::number::{brief, norm};
use super::page::{Page, fill};
use super::svg::{class_colour, ticks};
use crate::error::Error;
use crate::float::Float;
use crate::params::ParamId;
use crate::tape::{NodeInfo, NodeKind, Tape, Var};
use crate::tensor::Tensor;
use crate::train::{History, Snapshot};
use std::fmt::Write;

/// Places along each axis: of the plane, and of what one neuron says of it.
const GRID: usize = 41;
const SMALL: usize = 17;
/// So many neurons of a layer are shown.
const SHOWN: usize = 8;
/// More snapshots are thinned to so many, the first and the last among them.
const FRAMES: usize = 60;
/// So many moments stand still below.
const MOMENTS: usize = 6;
/// A neuron, the gap below it and the way to the next layer, in units of the drawing.
const UNIT: f64 = 46.0;
const BELOW: f64 = 14.0;
const BESIDE: f64 = 84.0;

/// A page that shows how a network learned to tell points [n, 2] of the plane apart: a slider goes
/// through the snapshots; the boundary, the neurons, weights, gradients and losses follow. It needs
/// no network and no library; without scripts, some moments stand still.
///
/// `classify` is the model up to its probabilities: it gets places [m, 2], on a tape that has the
/// snapshot's parameters, and returns [m, 1], the probability of class 1, or [m, classes]. Neurons are
/// those of the [`linear`](Var::linear) operations that it records, the first 8 of a layer; what a
/// neuron says is what the next layer gets of it. The losses are the history's `train_loss` and
/// `valid_loss`.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::prelude::*;
/// use wengert::train::{Snapshots, Trainer};
/// use wengert::viz;
/// let x = Tensor::from([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);
/// let y = Tensor::from([[0.0], [1.0], [1.0], [0.0]]);
/// let loader = DataLoader::new(x.clone(), y, 4)?;
/// let (mut params, mut rng) = (Params::<f32>::new(), Rng::new(0));
/// let model = Mlp::new(&mut params.init(&mut rng), [2, 4, 1]).activation(Activation::Tanh);
/// let (mut adam, mut snapshots) = (Adam::new(0.1), Snapshots::every(5));
/// let history = Trainer::new(&mut params, &mut adam, &mut rng)
///     .callback(&mut snapshots)
///     .fit(&loader, 20, |tape, (x, y)| bce_with_logits(model.forward(tape.constant(x)), y))?;
/// let page = viz::playground("XOR", &x, &[0, 1, 1, 0], &history, &snapshots, |x| model.forward(x).sigmoid())?;
/// assert!(page.starts_with("<!doctype html>"));
/// # Ok(()) }
/// ```
///
/// # Errors
/// If there is no snapshot, or if the points cannot be drawn: not finite, not of two numbers each, or
/// not one label a point.
///
/// # Panics
/// If `classify` returns another shape.
#[track_caller]
pub fn playground<'s, T: Float>(
    title: &str,
    points: &Tensor<T>,
    labels: &[usize],
    history: &History,
    snapshots: impl IntoIterator<Item = &'s Snapshot<T>>,
    classify: impl for<'t> Fn(Var<'t, T>) -> Var<'t, T>,
) -> Result<String, Error> {
    check_points(points, labels)?;
    let snapshots = thinned(snapshots.into_iter().collect());
    let Some(first) = snapshots.first() else {
        return Err(Error::data("a training cannot be shown without snapshots of it"));
    };
    let plane = Plane::around(points);
    let layers = layers(first, &plane, &classify);
    let frames: Vec<Frame<'_, T>> =
        snapshots.iter().map(|snapshot| Frame::new(snapshot, &plane, &layers, &classify)).collect();
    let show = Show { plane: &plane, points, labels, history, layers: &layers, frames: &frames };
    Ok(show.page(title))
}

/// Evenly spread, the first and the last included.
fn thinned<T: Float>(snapshots: Vec<&Snapshot<T>>) -> Vec<&Snapshot<T>> {
    let last = snapshots.len().saturating_sub(1);
    if last < FRAMES {
        return snapshots;
    }
    (0..FRAMES).map(|i| snapshots[(i * last + (FRAMES - 1) / 2) / (FRAMES - 1)]).collect()
}

/// A dense layer, as it stands on the tape.
struct Layer {
    name: String,
    weight: ParamId,
    bias: Option<ParamId>,
    /// The nodes that hold what goes in, and what its neurons say.
    takes: usize,
    says: usize,
    inputs: usize,
    units: usize,
    /// Whether its neurons say what the model does: the probabilities of the classes.
    answers: bool,
}

/// The layers that a model records.
fn layers<T: Float>(
    snapshot: &Snapshot<T>,
    plane: &Plane,
    classify: &impl for<'t> Fn(Var<'t, T>) -> Var<'t, T>,
) -> Vec<Layer> {
    let tape = Tape::eval(&snapshot.params);
    let root = classify(tape.constant(plane.places(2)));
    let parameter = |node: &NodeInfo<T>, input: usize| match tape.node(*node.inputs.get(input)?).kind {
        NodeKind::Parameter(id) => Some(id),
        _ => None,
    };
    let mut layers: Vec<Layer> = Vec::new();
    for node in tape.nodes().take(root.id() + 1).filter(|node| node.name == "linear") {
        let Some(weight) = parameter(&node, 1) else { continue };
        let [units, inputs] = *snapshot.params.value(weight).shape().dims() else { continue };
        let takes = node.inputs[0];
        if let Some(before) = layers.last_mut()
            && tape.node(takes).value.shape().dims() == [4, before.units]
        {
            before.says = takes;
        }
        let name = snapshot.params.name(weight);
        let name = name.strip_suffix(".weight").unwrap_or(name).to_string();
        layers.push(Layer {
            name,
            weight,
            bias: parameter(&node, 2),
            takes,
            says: node.id,
            inputs,
            units,
            answers: false,
        });
    }
    if let Some(last) = layers.last_mut()
        && root.shape().dims() == [4, last.units]
    {
        last.says = root.id();
        last.answers = true;
    }
    layers
}

/// One moment of the training.
struct Frame<'s, T: Float> {
    snapshot: &'s Snapshot<T>,
    field: Field,
    /// By column of neurons, the inputs' first, what each says of the small grid.
    says: Vec<Vec<Vec<f64>>>,
}

impl<'s, T: Float> Frame<'s, T> {
    #[track_caller]
    fn new(
        snapshot: &'s Snapshot<T>,
        plane: &Plane,
        layers: &[Layer],
        classify: &impl for<'t> Fn(Var<'t, T>) -> Var<'t, T>,
    ) -> Self {
        let tape = Tape::inference(&snapshot.params);
        let probabilities = classify(tape.constant(plane.places(GRID))).value();
        let field = Field::new(&probabilities, GRID, "playground: `classify`");
        let tape = Tape::eval(&snapshot.params);
        classify(tape.constant(plane.places(SMALL)));
        let columns = |node: usize| -> Vec<Vec<f64>> {
            let value = tape.node(node).value;
            let width = value.shape().last().copied().unwrap_or(1).max(1);
            let column =
                |unit: usize| value.data().iter().skip(unit).step_by(width).map(|x| x.to_f64()).collect();
            (0..width.min(SHOWN)).map(column).collect()
        };
        let nodes =
            layers.first().map(|layer| layer.takes).into_iter().chain(layers.iter().map(|layer| layer.says));
        Frame { snapshot, field, says: nodes.map(columns).collect() }
    }

    fn value(&self, id: ParamId) -> &Tensor<T> {
        self.snapshot.params.value(id)
    }

    fn json(&self, layers: &[Layer]) -> String {
        let colours: Vec<u8> = (0..GRID * GRID)
            .flat_map(|place| {
                let c = self.field.colour(place);
                [c.0, c.1, c.2]
            })
            .collect();
        let says: Vec<String> = self
            .says
            .iter()
            .map(|column| {
                let units: Vec<String> =
                    column.iter().map(|says| format!("\"{}\"", base64(&signed_bytes(says)))).collect();
                format!("[{}]", units.join(","))
            })
            .collect();
        let layers: Vec<String> = layers
            .iter()
            .map(|layer| {
                let of = |id: ParamId| {
                    let grad = self.snapshot.grad(id).map_or("null".to_string(), entries);
                    format!("[{},{grad}]", entries(self.value(id)))
                };
                format!(
                    "{{\"weight\":{},\"bias\":{}}}",
                    of(layer.weight),
                    layer.bias.map_or("[null,null]".to_string(), of)
                )
            })
            .collect();
        format!(
            "{{\"epoch\":{},\"colours\":\"{}\",\"border\":\"{}\",\"says\":[{}],\"layers\":[{}]}}",
            self.snapshot.epoch,
            base64(&colours),
            self.border(),
            says.join(","),
            layers.join(",")
        )
    }

    /// The boundary as the path of an SVG, in steps of the grid.
    fn border(&self) -> String {
        let tenth = |x: f64| (x * 10.0).round() / 10.0;
        let mut path = String::new();
        for [a, b] in self.field.boundaries() {
            // Writing to a String does not fail.
            let _ = write!(path, "M{} {}L{} {}", tenth(a.0), tenth(a.1), tenth(b.0), tenth(b.1));
        }
        path
    }
}

/// Bytes about 128, which is 0; the number farthest from 0 is 1 or 255.
fn signed_bytes(numbers: &[f64]) -> Vec<u8> {
    let finite = numbers.iter().filter(|x| x.is_finite());
    let largest = finite.fold(f64::MIN_POSITIVE, |largest: f64, x| largest.max(x.abs()));
    let byte = |x: &f64| if x.is_finite() { (128.0 + 127.0 * x / largest).round() as u8 } else { 0 };
    numbers.iter().map(byte).collect()
}

/// Base 64 in the alphabet for names of files (RFC 4648, section 5): it has no slash.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let mut bits = [0; 4];
        bits[1..=three.len()].copy_from_slice(three);
        let bits = u32::from_be_bytes(bits);
        for i in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * i)) as usize & 63] as char;
            out.push(if i <= three.len() { digit } else { '=' });
        }
    }
    out
}

struct Show<'a, T: Float> {
    plane: &'a Plane,
    points: &'a Tensor<T>,
    labels: &'a [usize],
    history: &'a History,
    layers: &'a [Layer],
    frames: &'a [Frame<'a, T>],
}

impl<T: Float> Show<'_, T> {
    fn page(&self, title: &str) -> String {
        let (width, height) = self.size();
        let sentences: String =
            self.frames.iter().map(|frame| format!("<li>{}</li>\n", html(&self.sentence(frame)))).collect();
        let frames: Vec<String> = self.frames.iter().map(|frame| frame.json(self.layers)).collect();
        let data = format!(
            "{{\"grid\":{GRID},\"small\":{SMALL},\"shown\":{SHOWN},\"title\":{},\"frames\":[\n{}\n]}}",
            string(title),
            frames.join(",\n")
        );
        let classes = self.frames[0].field.classes.max(self.labels.iter().max().map_or(0, |label| label + 1));
        let outputs = match self.output_class(0) {
            Some(_) => "; the outputs' squares have the colours of their classes",
            None => "",
        };
        let title = html(title);
        let main = fill(
            include_str!("playground.html"),
            &[
                ("frames", &self.frames.len().to_string()),
                ("ratio", &format!("{width} / {height}")),
                ("width", &width.to_string()),
                ("height", &height.to_string()),
                ("lines", &self.lines()),
                ("outputs", outputs),
                ("units", &self.units()),
                ("grid", &(GRID - 1).to_string()),
                ("border", &self.frames[self.frames.len() - 1].border()),
                ("points", &self.marks()),
                ("classes", &legend(classes)),
                ("losses", &self.losses()),
                ("moments", &self.moments()),
                ("sentences", &sentences),
            ],
        );
        Page {
            title: &title,
            heading: &title,
            summary: &self.summary(),
            notices: "",
            still: "the boundary at some moments, the losses, every snapshot in words",
            main: &main,
            style: include_str!("playground.css"),
            data: ("training", &data),
            script: include_str!("playground.js"),
        }
        .write()
    }

    fn summary(&self) -> String {
        let sizes: Vec<String> = self.layers.iter().map(|layer| layer.units.to_string()).collect();
        let inputs = self.layers.first().map_or(2, |layer| layer.inputs);
        let weights: usize = self.frames[0].snapshot.params.numel();
        let (points, epochs) = (self.labels.len(), self.history.len());
        match sizes.is_empty() {
            true => format!("{points} points, {epochs} epochs"),
            false => format!(
                "{inputs} – {} neurons, {weights} parameters; {points} points, {epochs} epochs",
                sizes.join(" – ")
            ),
        }
    }

    /// `epoch 40: train loss 0.1234; layer layers.0: weights norm 3.1, gradients norm 0.02`.
    fn sentence(&self, frame: &Frame<'_, T>) -> String {
        let mut text = format!("epoch {}", frame.snapshot.epoch);
        for (column, name) in [("train_loss", "train loss"), ("valid_loss", "validation loss")] {
            let at = frame.snapshot.epoch.checked_sub(1);
            if let Some(loss) = at.and_then(|at| self.history.get(column)?.get(at)) {
                let _ = write!(text, ", {name} {}", brief(*loss));
            }
        }
        for layer in self.layers {
            let weights = frame.value(layer.weight);
            let _ = write!(text, "; {}: weights of norm {}", layer.name, brief(norm(weights)));
            if let Some(grad) = frame.snapshot.grad(layer.weight) {
                let _ = write!(text, ", gradients of norm {}", brief(norm(grad)));
            }
        }
        text + "."
    }

    /// How many neurons each column shows of how many: the inputs first.
    fn columns(&self) -> Vec<(usize, usize)> {
        let inputs = self.layers.first().map(|layer| layer.inputs);
        inputs
            .into_iter()
            .chain(self.layers.iter().map(|layer| layer.units))
            .map(|n| (n.min(SHOWN), n))
            .collect()
    }

    fn size(&self) -> (f64, f64) {
        let columns = self.columns();
        let tallest = columns.iter().map(|column| column.0).max().unwrap_or(1) as f64;
        let n = columns.len() as f64;
        (n * UNIT + (n - 1.0).max(0.0) * BESIDE + 16.0, 34.0 + tallest * (UNIT + BELOW) + 22.0)
    }

    /// The class whose probability an output is: of a single one it is class 1.
    fn output_class(&self, unit: usize) -> Option<usize> {
        let last = self.layers.last().filter(|layer| layer.answers)?;
        Some(if last.units == 1 { 1 } else { unit })
    }

    /// The upper left corner of a neuron.
    fn corner(&self, column: usize, unit: usize) -> (f64, f64) {
        let (shown, _) = self.columns()[column];
        let height = self.size().1 - 56.0;
        let top = 34.0 + (height - shown as f64 * (UNIT + BELOW)) / 2.0;
        (8.0 + column as f64 * (UNIT + BESIDE), top + unit as f64 * (UNIT + BELOW) + BELOW / 2.0)
    }

    /// A line for each weight between two neurons that are shown, and headings.
    fn lines(&self) -> String {
        let mut out = String::new();
        let columns = self.columns();
        for (column, &(shown, n)) in columns.iter().enumerate() {
            let middle = self.corner(column, 0).0 + UNIT / 2.0;
            let heading = match column {
                0 => "inputs",
                _ if column + 1 == columns.len() => "output",
                _ => "hidden",
            };
            let _ = writeln!(out, "<text class=\"heading\" x=\"{middle}\" y=\"20\">{heading}</text>");
            if n > shown {
                let (_, last) = self.corner(column, shown - 1);
                let below =
                    if column == self.layers.len() && self.output_class(0).is_some() { 28.0 } else { 16.0 };
                let y = last + UNIT + below;
                let _ = writeln!(
                    out,
                    "<text class=\"heading\" x=\"{middle}\" y=\"{y}\">+ {} more</text>",
                    n - shown
                );
            }
        }
        for unit in 0..columns.last().map_or(0, |column| column.0) {
            let Some(class) = self.output_class(unit) else { continue };
            let (x, y) = self.corner(columns.len() - 1, unit);
            let (x, y) = (x + UNIT / 2.0, y + UNIT + 12.0);
            let _ = writeln!(out, "<text class=\"heading\" x=\"{x}\" y=\"{y}\">class {class}</text>");
        }
        for at in 0..self.layers.len() {
            for unit in 0..columns[at + 1].0 {
                for input in 0..columns[at].0 {
                    let (from, to) = (self.corner(at, input), self.corner(at + 1, unit));
                    let (x1, y1, x2, y2) = (from.0 + UNIT, from.1 + UNIT / 2.0, to.0, to.1 + UNIT / 2.0);
                    let middle = (x1 + x2) / 2.0;
                    let _ = writeln!(
                        out,
                        "<path class=\"wire\" id=\"w-{at}-{unit}-{input}\" d=\"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}\"><title></title></path>"
                    );
                }
            }
        }
        out
    }

    /// A small canvas for each neuron, placed in shares of the drawing.
    fn units(&self) -> String {
        let (width, height) = self.size();
        let mut out = String::new();
        for (column, &(shown, _)) in self.columns().iter().enumerate() {
            for unit in 0..shown {
                let (x, y) = self.corner(column, unit);
                let label = match column {
                    0 => format!("x{}", unit + 1),
                    _ => format!("{} {}", html(&self.layers[column - 1].name), unit + 1),
                };
                let class = self.output_class(unit).filter(|_| column == self.layers.len());
                let colour = class
                    .map(|class| format!(" data-colour=\"{}\"", class_colour(class)))
                    .unwrap_or_default();
                let label = class.map_or(label.clone(), |class| format!("{label}: class {class}"));
                let _ = writeln!(
                    out,
                    "<canvas class=\"unit\" id=\"u-{column}-{unit}\" width=\"{SMALL}\" height=\"{SMALL}\" role=\"img\" \
                     aria-label=\"{label}\" data-label=\"{label}\"{colour} style=\"left:{:.3}%;top:{:.3}%;width:{:.3}%\"></canvas>",
                    x / width * 100.0,
                    y / height * 100.0,
                    UNIT / width * 100.0
                );
            }
        }
        out
    }

    /// The points, a shape for each class.
    fn marks(&self) -> String {
        let mut out = String::new();
        let side = (GRID - 1) as f64;
        for (i, &label) in self.labels.iter().enumerate() {
            let row = self.points.row(i);
            let (x, y) = self.plane.shares(row[0].to_f64(), row[1].to_f64());
            out.push_str(&mark(label, x * side, y * side, 0.5));
            out.push('\n');
        }
        out
    }

    /// The losses over the epochs.
    fn losses(&self) -> String {
        const WIDTH: f64 = 520.0;
        const HEIGHT: f64 = 200.0;
        const LEFT: f64 = 52.0;
        let curves: Vec<(&str, &str, &[f64])> = [("train_loss", "train"), ("valid_loss", "validation")]
            .into_iter()
            .filter_map(|(column, name)| Some((column, name, self.history.get(column)?)))
            .collect();
        let finite = || curves.iter().flat_map(|curve| curve.2).copied().filter(|y| y.is_finite());
        let (high, epochs) = (finite().fold(0.0, f64::max), self.history.len());
        if curves.is_empty() || high <= 0.0 || epochs < 2 {
            return String::new();
        }
        let low = finite().fold(0.0, f64::min);
        let place = |epoch: f64, loss: f64| {
            let x = LEFT + (epoch - 1.0) / (epochs as f64 - 1.0) * (WIDTH - LEFT - 12.0);
            let y = 12.0 + (high - loss) / (high - low) * (HEIGHT - 46.0);
            ((x * 10.0).round() / 10.0, (y * 10.0).round() / 10.0)
        };
        let mut out = format!(
            "<section>\n<h2>Losses</h2>\n<svg class=\"losses\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"losses over the epochs\" \
             data-left=\"{}\" data-right=\"{}\" data-epochs=\"{epochs}\">\n",
            place(1.0, 0.0).0,
            place(epochs as f64, 0.0).0
        );
        for y in ticks(low, high) {
            let (x, at) = place(1.0, y);
            let _ = writeln!(
                out,
                "<path class=\"rule\" d=\"M{x} {at}H{}\"/><text class=\"tick y\" x=\"{}\" y=\"{}\">{}</text>",
                WIDTH - 12.0,
                x - 7.0,
                at + 5.0,
                minus(&brief(y))
            );
        }
        for x in ticks(1.0, epochs as f64).into_iter().filter(|x| x.fract() == 0.0) {
            let (at, y) = place(x, low);
            let _ = writeln!(out, "<text class=\"tick x\" x=\"{at}\" y=\"{}\">{x}</text>", y + 20.0);
        }
        for (column, name, losses) in curves {
            let mut path = String::new();
            for (i, &loss) in losses.iter().enumerate().filter(|(_, loss)| loss.is_finite()) {
                let (x, y) = place(i as f64 + 1.0, loss);
                let _ = write!(path, "{}{x} {y}", if path.is_empty() { 'M' } else { 'L' });
            }
            let _ = writeln!(
                out,
                "<path class=\"curve {column}\" d=\"{path}\"><title>{name} loss</title></path>"
            );
        }
        let top = place(1.0, high).1;
        let _ = writeln!(out, "<path class=\"cursor\" id=\"cursor\" d=\"M0 {top}V{}\"/>", place(1.0, low).1);
        out.push_str("</svg>\n<p class=\"legend\"><span class=\"key solid\">train</span> <span class=\"key dotted\">validation</span>, over the epochs</p>\n</section>\n");
        out
    }

    /// The boundary at some moments, drawn once and for all.
    fn moments(&self) -> String {
        let last = self.frames.len() - 1;
        let count = MOMENTS.min(self.frames.len());
        let mut out = String::new();
        for i in 0..count {
            let frame = &self.frames[if count > 1 { i * last / (count - 1) } else { 0 }];
            let side = GRID - 1;
            let _ = write!(
                out,
                "<figure><svg viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"epoch {}\"><g shape-rendering=\"crispEdges\">",
                frame.snapshot.epoch
            );
            for row in 0..side {
                let colours: Vec<String> =
                    (0..side).map(|column| frame.field.colour(row * GRID + column).to_string()).collect();
                let mut start = 0;
                for run in colours.chunk_by(|a, b| a == b) {
                    let _ = write!(
                        out,
                        "<path fill=\"{}\" d=\"M{start} {row}h{}v1h-{}z\"/>",
                        run[0],
                        run.len(),
                        run.len()
                    );
                    start += run.len();
                }
            }
            let _ = writeln!(
                out,
                "</g><path class=\"border\" d=\"{}\"/></svg><figcaption>epoch {}</figcaption></figure>",
                frame.border(),
                frame.snapshot.epoch
            );
        }
        out
    }
}

/// A point of a class: a disc, a square, a triangle, a diamond, and again.
fn mark(class: usize, x: f64, y: f64, r: f64) -> String {
    let colour = class_colour(class);
    let [x, y] = [x, y].map(|x| (x * 100.0).round() / 100.0);
    let (d, e) = (r * 0.9, r * 1.15);
    let shape = match class % 4 {
        0 => return format!("<circle class=\"mark\" cx=\"{x}\" cy=\"{y}\" r=\"{r}\" fill=\"{colour}\"/>"),
        1 => format!("m-{d} -{d}h{}v{}h-{}z", 2.0 * d, 2.0 * d, 2.0 * d),
        2 => format!("m0 -{e}l{e} {}h-{}z", 2.0 * d, 2.0 * e),
        _ => format!("m0 -{e}l{e} {e}l-{e} {e}l-{e} -{e}z"),
    };
    format!("<path class=\"mark\" d=\"M{x} {y}{shape}\" fill=\"{colour}\"/>")
}

fn legend(classes: usize) -> String {
    let one = |class: usize| {
        format!(
            "<span class=\"key\"><svg viewBox=\"0 0 2 2\" aria-hidden=\"true\">{}</svg> class {class}</span>",
            mark(class, 1.0, 1.0, 0.8)
        )
    };
    (0..classes.min(8)).map(one).collect::<Vec<_>>().join(" ")
}
