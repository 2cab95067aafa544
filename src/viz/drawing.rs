//! A graph as SVG, placed by our own layout: inputs at the top, the root at the bottom.

use super::graph::{Box, BoxKind, Edge, Graph, Picture};
use super::layout;
use super::svg::escaped;
use crate::float::Float;
use std::fmt::Write;

/// A box, and the gaps beside and below it, in pixels.
const WIDTH: f64 = 132.0;
const HEIGHT: f64 = 60.0;
const BESIDE: f64 = 18.0;
const BELOW: f64 = 44.0;
/// Around everything.
const MARGIN: f64 = 14.0;

/// The look of a picture that stands alone: dark on white whatever is around it.
const STYLE: &str = ".wengert-tape{background:#fff;font-family:system-ui,sans-serif;font-variant-numeric:tabular-nums}\
.wengert-tape .box rect{fill:#fff;stroke:#5f6b76}\
.wengert-tape .variable rect{fill:#e3f0fa;stroke:#0b5c92}\
.wengert-tape .constant rect{fill:#f4f5f6;stroke-dasharray:4 3}\
.wengert-tape .root rect{fill:#fdf0e4;stroke:#a64400;stroke-width:2}\
.wengert-tape .group rect{stroke-width:3}\
.wengert-tape .rest rect{stroke:none;fill:none}\
.wengert-tape text{font-size:12px;fill:#16202a}\
.wengert-tape .name{font-weight:600}\
.wengert-tape .op{font-size:11px;fill:#4a5661;text-anchor:end}\
.wengert-tape .value{fill:#0b5c92}\
.wengert-tape .grad{fill:#a64400}\
.wengert-tape .edge{fill:none;stroke:#8a949e;stroke-width:1.3}\
.wengert-tape .dead{stroke-dasharray:3 3}\
.wengert-tape .local{font-size:10.5px;fill:#4a5661;paint-order:stroke;stroke:#fff;stroke-width:5px;stroke-linejoin:round}\
.wengert-tape .left{text-anchor:end}\
.wengert-tape marker path{fill:#8a949e}";

impl<T: Float> Graph<'_, '_, T> {
    /// The graph as an SVG picture that stands alone: values blue, gradients orange and marked
    /// `∂`, local derivatives on the edges, `⚠` before what is not finite. The same explanation gives
    /// the same bytes.
    #[must_use]
    pub fn svg(&self) -> String {
        let drawing = Drawing::new(&self.picture());
        let (width, height) = (drawing.width, drawing.height);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"wengert-tape\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{} nodes of a tape</title>\n<style>{STYLE}</style>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{}</svg>\n",
            drawing.boxes, drawing.body
        )
    }
}

/// The inside of an SVG, and its size.
pub(super) struct Drawing {
    pub(super) body: String,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) boxes: usize,
}

impl Drawing {
    pub(super) fn new(picture: &Picture) -> Self {
        let edges: Vec<(usize, usize)> = picture.edges.iter().map(|e| (e.from, e.to)).collect();
        let layout = layout::Graph { nodes: picture.boxes.len(), edges: &edges }.layout();
        let centre = |(x, rank): (f64, usize)| {
            let x = MARGIN + WIDTH / 2.0 + x * (WIDTH + BESIDE);
            (round(x), round(MARGIN + HEIGHT / 2.0 + rank as f64 * (HEIGHT + BELOW)))
        };
        let mut body = String::from(
            "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"9\" markerHeight=\"9\" \
             markerUnits=\"userSpaceOnUse\" \
             orient=\"auto\"><path d=\"M0 0.8 8 4 0 7.2z\"/></marker></defs>\n",
        );
        let paths: Vec<Vec<(f64, f64)>> =
            layout.paths.iter().map(|path| path.iter().map(|&place| centre(place)).collect()).collect();
        let mut labels = String::new();
        for ((edge, path), port) in picture.edges.iter().zip(&paths).zip(ports(picture, &paths)) {
            write_edge(&mut body, &mut labels, picture, edge, path, port);
        }
        body.push_str(&labels);
        for (b, &place) in picture.boxes.iter().zip(&layout.places) {
            write_box(&mut body, b, centre(place));
        }
        let ranks = layout.ranks as f64;
        Drawing {
            body,
            width: (2.0 * MARGIN + WIDTH + layout.width * (WIDTH + BESIDE)).ceil(),
            height: (2.0 * MARGIN + ranks * HEIGHT + (ranks - 1.0).max(0.0) * BELOW).ceil(),
            boxes: picture.boxes.len(),
        }
    }
}

fn write_box(body: &mut String, b: &Box, (x, y): (f64, f64)) {
    let class = match b.kind {
        BoxKind::Variable => "variable",
        BoxKind::Constant => "constant",
        BoxKind::Operation => "operation",
        BoxKind::Root => "root",
        BoxKind::Group => "group",
        BoxKind::LeftOut => "rest",
    };
    let (left, top) = (round(x - WIDTH / 2.0), round(y - HEIGHT / 2.0));
    let inner = WIDTH - 18.0;
    let leaf = matches!(b.kind, BoxKind::Variable | BoxKind::Constant);
    // The operation's name without its attributes, where both do not fit; of a leaf with a name,
    // which its colour tells, nothing.
    let short = b.op.split(' ').next().unwrap_or_default();
    let fits = |op: &str| width(b.label(), 13.2) + width(op, 11.0) + 6.0 <= inner;
    let op = match [b.op.as_str(), short].into_iter().find(|op| fits(op)) {
        Some(op) => op.to_string(),
        None if leaf && !b.name.is_empty() => String::new(),
        None => shortened(short, 11.0, inner * 0.6),
    };
    let name = shortened(b.label(), 13.2, inner - width(&op, 11.0) - 6.0);
    // Writing to a String does not fail.
    let _ = write!(
        body,
        "<g class=\"box {class}\" id=\"{}\" transform=\"translate({left} {top})\"><title>{}</title>\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"{}\"/>",
        b.id,
        escaped(&hint(b)),
        if leaf { 16 } else { 6 },
    );
    let _ = write!(body, "<text class=\"name\" x=\"9\" y=\"18\">{}</text>", escaped(&name));
    let grad = if b.adjoint.is_empty() { String::new() } else { format!("∂ {}", b.adjoint) };
    for (kind, x, y, text) in [
        ("op", WIDTH - 9.0, 18.0, op),
        ("value", 9.0, 35.0, shortened(&typeset(&b.value), 12.0, inner)),
        ("grad", 9.0, 52.0, shortened(&typeset(&grad), 12.0, inner)),
    ] {
        if !text.is_empty() {
            let _ = write!(body, "<text class=\"{kind}\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(&text));
        }
    }
    body.push_str("</g>\n");
}

/// What a box says when it is pointed at: everything, unabridged.
fn hint(b: &Box) -> String {
    let mut hint = format!("{} {}", b.label(), b.op);
    for (what, text) in [("value", &b.value), ("gradient", &b.adjoint)] {
        if !text.is_empty() {
            let _ = write!(hint, ", {what} {text}");
        }
    }
    if let Some(layer) = &b.layer {
        let _ = write!(hint, ", layer {layer}");
    }
    hint
}

/// Each edge's port: the how manieth of how many it is, from the left, at the box where it ends.
/// Edges arrive in the order in which they come, so that they do not cross there.
fn ports(picture: &Picture, paths: &[Vec<(f64, f64)>]) -> Vec<(usize, usize)> {
    let mut arriving: Vec<Vec<usize>> = vec![Vec::new(); picture.boxes.len()];
    picture.edges.iter().enumerate().for_each(|(i, edge)| arriving[edge.to].push(i));
    let mut ports = vec![(0, 1); picture.edges.len()];
    for edges in &mut arriving {
        let from = |&i: &usize| paths[i][paths[i].len() - 2].0;
        edges.sort_by(|a, b| from(a).total_cmp(&from(b)));
        edges.iter().enumerate().for_each(|(at, &i)| ports[i] = (at, edges.len()));
    }
    ports
}

fn write_edge(
    body: &mut String,
    labels: &mut String,
    picture: &Picture,
    edge: &Edge,
    path: &[(f64, f64)],
    port: (usize, usize),
) {
    // Straight past the boxes of a rank.
    let (start, end) = (path[0], path[path.len() - 1]);
    let passed =
        path[1..path.len() - 1].iter().flat_map(|&(x, y)| [(x, y - HEIGHT / 2.0), (x, y + HEIGHT / 2.0)]);
    let mut points: Vec<_> = [start].into_iter().chain(passed).chain([end]).collect();
    let last = points.len() - 1;
    let step = (WIDTH * 0.5 / port.1 as f64).min(30.0);
    let aside = step * (port.0 as f64 - (port.1 as f64 - 1.0) / 2.0);
    points[0].1 += HEIGHT / 2.0;
    points[last] = (points[last].0 + aside, points[last].1 - HEIGHT / 2.0 - 1.0);
    let points = without_needless(&points);
    let last = points.len() - 1;
    let class = if edge.dead { "edge dead" } else { "edge" };
    let id = match edge.input {
        Some(input) => format!(" id=\"{}-{input}\"", picture.boxes[edge.to].id),
        None => String::new(),
    };
    // Writing to a String does not fail.
    let _ =
        writeln!(body, "<path class=\"{class}\"{id} d=\"{}\" marker-end=\"url(#tip)\"/>", smooth(&points));
    if !edge.label.is_empty() {
        // Beside the tip, on the side that is free.
        let (side, x) = match port {
            (at, of) if 2 * at + 1 < of => ("left", points[last].0 - 5.0),
            _ => ("right", points[last].0 + 5.0),
        };
        let (x, y, label) = (round(x), points[last].1 - 9.0, typeset(&edge.label));
        let of = if edge.dead { " constant" } else { "" };
        let _ = writeln!(
            labels,
            "<text class=\"local {side}{of}\" x=\"{x}\" y=\"{y}\">{}</text>",
            escaped(&label)
        );
    }
}

/// Without points in the middle of a straight line down.
fn without_needless(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let needed = |i: usize| {
        let straight = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).abs() < 1.0;
        i == 0
            || i + 1 == points.len()
            || !(straight(points[i - 1], points[i]) && straight(points[i], points[i + 1]))
    };
    (0..points.len()).filter(|&i| needed(i)).map(|i| points[i]).collect()
}

/// A curve down through these points, upright at both ends, that does not swing beyond them
/// (monotone cubics, Fritsch and Carlson, 1980).
fn smooth(points: &[(f64, f64)]) -> String {
    let slope = |a: (f64, f64), b: (f64, f64)| (b.0 - a.0) / (b.1 - a.1);
    let mut tangents = vec![0.0; points.len()];
    for (i, three) in points.windows(3).enumerate() {
        let (before, after) = (slope(three[0], three[1]), slope(three[1], three[2]));
        // The harmonic mean; 0 at a turning point.
        tangents[i + 1] = if before * after > 0.0 { 2.0 * before * after / (before + after) } else { 0.0 };
    }
    let mut d = format!("M{} {}", round(points[0].0), round(points[0].1));
    for (i, pair) in points.windows(2).enumerate() {
        let (a, b) = (pair[0], pair[1]);
        let third = (b.1 - a.1) / 3.0;
        // Where the curve is upright it stays so for longer.
        let [first, second] =
            [tangents[i], tangents[i + 1]].map(|tangent| if tangent == 0.0 { 1.5 } else { 1.0 });
        let _ = write!(
            d,
            "C{} {} {} {} {} {}",
            round(a.0 + tangents[i] * third * first),
            round(a.1 + third * first),
            round(b.0 - tangents[i + 1] * third * second),
            round(b.1 - third * second),
            round(b.0),
            round(b.1)
        );
    }
    d
}

/// About how wide a text is in pixels, at this size.
fn width(text: &str, size: f64) -> f64 {
    let em = |c: char| match c {
        'i' | 'j' | 'l' | 't' | 'f' | 'r' | '.' | ',' | ':' | ' ' | '[' | ']' | '(' | ')' | '|' => 0.36,
        'm' | 'w' | 'M' | 'W' => 0.9,
        c if c.is_uppercase() => 0.7,
        _ => 0.58,
    };
    text.chars().map(em).sum::<f64>() * size
}

/// As much of a text as has room, the end an ellipsis where some is left out.
fn shortened(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_string();
    }
    let mut kept = String::new();
    for c in text.chars() {
        if width(&kept, size) + width("m", size) > room - width("…", size) {
            break;
        }
        kept.push(c);
    }
    kept + "…"
}

/// With a minus sign where a hyphen stands before a number.
fn typeset(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let before_number = chars.peek().is_some_and(|next| next.is_ascii_digit() || *next == 'i');
        out.push(if c == '-' && before_number { '−' } else { c });
    }
    out
}

/// Half pixels are enough.
fn round(x: f64) -> f64 {
    (x * 2.0).round() / 2.0
}
