//! A tape as one HTML file to step through: forward node by node, the seed, backward edge by edge.
//! It needs no network and no library; without scripts it still shows the drawing, the table and
//! every step in words.

use super::cause::place;
use super::drawing::Drawing;
use super::explain::{Explanation, Local, Row};
use super::graph::{Graph, Picture};
use super::heat::{html, minus, table as heat};
use super::json::{entries, string};
use super::mistake::{Line, Mistake, Mistakes, Sent};
use super::number::{brief, cell, in_a_box, on_a_card, short};
use super::page::{Page, fill};
use super::step::{Step, StepKind};
use super::text::{adjoint, one_line};
use crate::float::Float;
use crate::grad::check_tape;
use crate::tape::NodeKind;
use crate::tensor::Tensor;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The page has the exact entries of tensors up to this size; of larger ones what is known of them.
const EXACT: usize = 64;
/// A contribution up to this size is asked for in practice.
const ASKED: usize = 16;
/// Derivatives are checked node by node, and leaves are moved, on tapes up to this size.
const CHECKED: usize = 400;
/// So many entries of leaves are moved.
const NUDGED: usize = 8;
/// Heat-maps are made for so many tensors: the last ones.
const HEATED: usize = 60;

impl<T: Float> Explanation<'_, T> {
    /// A page that goes through the tape step by step: [`graph`](Self::graph)`().html()`.
    ///
    /// ```
    /// use wengert::prelude::*;
    /// let tape = Tape::new();
    /// let x = tape.var(2.0).named("x");
    /// let y = (x.powi(3) - x * 4.0).named("y");
    /// let page = tape.explain(y).html();
    /// assert!(page.starts_with("<!doctype html>") && !page.contains("http:"));
    /// ```
    #[must_use]
    pub fn html(&self) -> String {
        self.graph().html()
    }
}

impl<T: Float> Graph<'_, '_, T> {
    /// A page that goes through the tape step by step, drawn as this graph: one HTML file without
    /// anything from outside, to be opened from a disk. It goes with the arrow keys or by itself;
    /// a node that is clicked shows its formula with the numbers put in; gradients can be hidden
    /// and predicted; wrong ways to go backward stand beside the right one. The same explanation
    /// gives the same bytes.
    ///
    /// What the explanation and the graph leave out is left out here too, and the page says so.
    #[must_use]
    pub fn html(&self) -> String {
        Stepper { e: self.explanation, picture: self.picture() }.write()
    }
}

struct Stepper<'p, 't, T: Float> {
    e: &'p Explanation<'t, T>,
    picture: Picture,
}

impl<T: Float> Stepper<'_, '_, T> {
    fn write(&self) -> String {
        let drawing = Drawing::new(&self.picture);
        let steps = self.e.steps();
        let sentences: String =
            steps.iter().map(|step| format!("<li>{}</li>\n", html(&minus(&step.to_string())))).collect();
        let (title, heading) = self.title();
        let mistakes = self.e.mistakes();
        let main = fill(
            include_str!("stepper.html"),
            &[
                ("width", &drawing.width.to_string()),
                ("height", &drawing.height.to_string()),
                ("boxes", &drawing.boxes.to_string()),
                ("drawing", &drawing.body),
                ("steps", &steps.len().to_string()),
                ("tensors", &self.tensors()),
                ("table", &self.table()),
                ("ways", &ways(mistakes.as_ref())),
                ("mistakes", &mistakes.as_ref().map(table_of).unwrap_or_default()),
                ("nudges", &self.nudges()),
                ("sentences", &sentences),
            ],
        );
        Page {
            title: &title,
            heading: &heading,
            summary: &self.summary(&steps),
            notices: &self.notices(),
            still: "the drawn tape, its table, every step in words",
            main: &main,
            style: include_str!("stepper.css"),
            data: ("tape", &self.data(&steps, mistakes.as_ref())),
            script: include_str!("stepper.js"),
        }
        .write()
    }

    fn title(&self) -> (String, String) {
        match self.e.root.and_then(|root| self.e.row(root.id())) {
            Some(root) => {
                let label = html(&one_line(&root.label()));
                let value = html(&minus(&cell(&root.node.value)));
                (format!("{label} = {value}"), format!("{label} = <b>{value}</b>, forward and backward"))
            }
            None => ("a tape".to_string(), "A tape, going forward".to_string()),
        }
    }

    fn summary(&self, steps: &[Step<T>]) -> String {
        let count =
            |kind: fn(&NodeKind) -> bool| self.e.rows.iter().filter(|row| kind(&row.node.kind)).count();
        let sent = steps.iter().filter(|step| matches!(step.kind, StepKind::Backward { .. })).count();
        let parts = [
            (count(|kind| matches!(kind, NodeKind::Variable)), "variable"),
            (count(|kind| matches!(kind, NodeKind::Parameter(_))), "parameter"),
            (count(|kind| matches!(kind, NodeKind::Constant)), "constant"),
            (count(|kind| matches!(kind, NodeKind::Operation)), "operation"),
            (sent, "contribution going back"),
        ];
        let plural = |(n, what): &(usize, &str)| match (*n, what.split_once(' ')) {
            (1, _) => format!("1 {what}"),
            (n, Some((noun, rest))) => format!("{n} {noun}s {rest}"),
            (n, None) => format!("{n} {what}s"),
        };
        let parts: Vec<String> = parts.iter().filter(|part| part.0 > 0).map(plural).collect();
        format!("{}; {}", parts.join(", "), T::NAME)
    }

    /// What is left out, and what is not finite.
    fn notices(&self) -> String {
        let mut notices = Vec::new();
        let (before, after) = self.e.left_out();
        if before > 0 {
            notices.push(format!(
                "This is a window: {before} more nodes before v{} are left out.",
                self.e.first()
            ));
        }
        if after > 0 {
            notices.push(format!(
                "This is a window: {after} more nodes after it, up to the root, are left out."
            ));
        }
        let undrawn = self.picture.box_of.iter().filter(|b| b.is_none()).count();
        if undrawn > 0 {
            notices.push(format!("{undrawn} nodes of the table are not drawn."));
        }
        let bad = self.e.not_finite();
        if bad.value.is_some() || bad.gradient.is_some() {
            notices.push(bad.to_string().trim_end().to_string());
        }
        let lines =
            |notice: &String| notice.lines().map(|line| html(&minus(line))).collect::<Vec<_>>().join("\n");
        notices.iter().map(|notice| format!("<p class=\"notice\">{}</p>\n", lines(notice))).collect()
    }

    fn table(&self) -> String {
        let mut out = String::from(
            "<div class=\"scroll\"><table class=\"tape\"><thead><tr><th>node</th><th>what</th><th>value</th><th>local ∂/∂input</th>\
             <th class=\"n\">gradient</th><th>as a sum over uses</th><th>made at</th></tr></thead><tbody>\n",
        );
        for row in &self.e.rows {
            let id = row.node.id;
            let name =
                row.node.label.as_ref().map(|name| format!(" {}", html(&one_line(name)))).unwrap_or_default();
            let locals: Vec<String> =
                self.derivatives(row).map(|(input, text)| format!("{input}: {text}")).collect();
            // Writing to a String does not fail.
            let _ = writeln!(
                out,
                "<tr id=\"row-{id}\"><td class=\"label\">v{id}{name}</td><td>{}</td>\
                 <td class=\"formula wide\">{}</td><td class=\"wide\" data-what=\"local\">{}</td>\
                 <td class=\"n adjoint\" data-what=\"gradient\">{}</td><td class=\"sum wide\">{}</td>\
                 <td class=\"why wide\">{}</td></tr>",
                html(&row.title()),
                html(&minus(&self.e.formula_of(row, &on_a_card(&row.node.value)))),
                html(&minus(&locals.join("; "))),
                html(&minus(&adjoint(&row.adjoint))),
                html(&minus(&self.e.note(row))),
                html(&place(&row.node)),
            );
        }
        out.push_str("</tbody></table></div>\n");
        out
    }

    /// What each input is called, and the derivative by it.
    fn derivatives(&self, row: &Row<T>) -> impl Iterator<Item = (String, String)> {
        let named = |(input, text): (usize, String)| {
            let text = match row.locals[input] {
                Local::Number(_) => text,
                _ => self.e.rule_by_name(row, input),
            };
            (one_line(&self.e.label(row.node.inputs[input])), text)
        };
        self.e.derivatives(row).into_iter().map(named)
    }

    /// Heat-maps of values, gradients and local derivatives.
    fn tensors(&self) -> String {
        let tensors: Vec<&Row<T>> = self.e.rows.iter().filter(|row| row.node.value.numel() > 1).collect();
        let Some(first) = tensors.first() else { return String::new() };
        // Rows of what has as many rows as the first input are samples.
        let batch = first.node.value.shape().first().copied().filter(|_| first.node.value.rank() == 2);
        let mut out = String::from(
            "<section>\n<h2>Tensors</h2>\n<p>Orange is above 0, blue below; the stronger, the farther from 0, on a scale of its own for each.</p>\n",
        );
        if let Some(n) = batch.filter(|&n| n > 1 && n <= 16) {
            out.push_str("<p class=\"sample\" hidden><label for=\"sample\">Mark sample</label> <select id=\"sample\"><option value=\"\">none</option>");
            (1..=n).for_each(|i| {
                let _ = write!(out, "<option>{i}</option>");
            });
            out.push_str("</select></p>\n");
        }
        out.push_str("<div class=\"heats\">\n");
        let skipped = tensors.len().saturating_sub(HEATED);
        for row in &tensors[skipped..] {
            let name = html(&one_line(&row.label()));
            let samples = batch.is_some_and(|n| row.node.value.rank() == 2 && row.node.value.shape()[0] == n);
            let class = if samples { " class=\"batch\"" } else { "" };
            let _ = write!(
                out,
                "<div{class} id=\"heat-{}\"><div>{}</div>",
                row.node.id,
                heat(&name, &row.node.value)
            );
            if let Some(g) = row.adjoint.value() {
                let _ = write!(out, "<div class=\"of-grad\">{}</div>", heat(&format!("∂ {name}"), g));
            }
            if let [Local::Entries(local)] = row.locals.as_slice() {
                let _ =
                    write!(out, "<div>{}</div>", heat(&format!("slope of {}", html(&row.node.name)), local));
            }
            out.push_str("</div>\n");
        }
        out.push_str("</div>\n");
        if skipped > 0 {
            let _ = writeln!(out, "<p>… {skipped} more tensors.</p>");
        }
        out.push_str("</section>\n");
        out
    }

    /// What the gradients of leaves predict, and what happens.
    fn nudges(&self) -> String {
        let finite = |row: &Row<T>| row.node.value.data()[0].to_f64().is_finite();
        let root = self.e.root.and_then(|root| self.e.row(root.id()));
        if self.e.total > CHECKED || !root.is_some_and(finite) {
            return String::new();
        }
        let leaves = self.e.rows.iter().filter(|row| row.is_leaf() && row.adjoint.value().is_some());
        let entries =
            leaves.flat_map(|row| (0..row.node.value.numel().min(2)).map(move |entry| (row, entry)));
        let mut out = String::new();
        for (row, entry) in entries.take(NUDGED) {
            let name = html(&one_line(&row.label()));
            let name = if row.node.value.rank() > 0 { format!("{name}, entry {}", entry + 1) } else { name };
            let _ = write!(
                out,
                "<table><caption>{name}</caption><thead><tr><th>moved by</th><th>predicted</th><th>actual</th><th>apart</th></tr></thead><tbody>"
            );
            for power in 0..4 {
                let epsilon = T::from_f64(0.125 / f64::from(1 << power));
                let Some(nudge) = self.e.nudge_at(row.node.id, entry, epsilon) else { continue };
                let _ = write!(out, "<tr>");
                for x in [nudge.epsilon, nudge.predicted, nudge.actual, nudge.error()] {
                    let _ = write!(out, "<td>{}</td>", minus(&brief(x)));
                }
                out.push_str("</tr>");
            }
            out.push_str("</tbody></table>\n");
        }
        if out.is_empty() {
            return out;
        }
        format!(
            "<section id=\"nudges\">\n<h2>What a gradient promises</h2>\n<p>A leaf is moved by ε: its gradient predicts that \
             the root changes by gradient·ε. Where the function is smooth, the two come closer by a factor of 4 when ε is \
             halved.</p>\n<div class=\"nudges\">\n{out}</div>\n</section>\n"
        )
    }

    /// What the script goes by.
    fn data(&self, steps: &[Step<T>], mistakes: Option<&Mistakes<'_, '_, T>>) -> String {
        let root = self.e.root.map_or("null".to_string(), |root| root.id().to_string());
        let checks = self.checks();
        let mut out = format!("{{\"element\":\"{}\",\"root\":{root},\"nodes\":[", T::NAME);
        for (i, row) in self.e.rows.iter().enumerate() {
            let comma = if i == 0 { "\n" } else { ",\n" };
            let derivatives: Vec<String> = self
                .derivatives(row)
                .map(|(input, text)| format!("[{},{}]", string(&input), string(&text)))
                .collect();
            let drawn = self.picture.box_of[i].map_or("", |at| self.picture.boxes[at].id.as_str());
            let _ = write!(
                out,
                "{comma}{{\"id\":{},\"label\":{},\"op\":{},\"box\":{},\"value\":{},\"adjoint\":{},\"because\":{},\
                 \"derivatives\":[{}],\"check\":{},\"line\":{}}}",
                row.node.id,
                string(&one_line(&row.label())),
                string(&row.title()),
                string(drawn),
                exact(Some(&row.node.value), EXACT),
                exact(row.adjoint.value(), EXACT),
                string(row.because.as_deref().unwrap_or_default()),
                derivatives.join(","),
                string(checks.get(&row.node.id).map_or("", String::as_str)),
                string(&place(&row.node)),
            );
        }
        let seed = steps.iter().find(|step| matches!(step.kind, StepKind::Seed { .. }));
        let seed = seed.map(|step| format!("[{root},{}]", sums(step))).unwrap_or_default();
        let _ = write!(out, "\n],\"seed\":[{seed}],\"sends\":[");
        let mut edges = BTreeMap::new();
        let mut received: BTreeMap<usize, usize> = BTreeMap::new();
        for step in steps {
            let StepKind::Backward { from, input, to } = step.kind else { continue };
            let comma = if edges.is_empty() { "\n" } else { ",\n" };
            edges.insert((from, input), edges.len());
            let got = received.entry(to).or_insert(0);
            let _ = write!(out, "{comma}{}", self.sending(step, (from, input, to), *got));
            *got += 1;
        }
        out.push_str("\n],\"ways\":[");
        let replays = Mistake::ALL.map(|mistake| mistakes.and_then(|mistakes| mistakes.replay(mistake)));
        for (i, replay) in replays.into_iter().enumerate() {
            let sent = |sent: &Sent| {
                let (contribution, holds) = (string(&sent.contribution), string(&sent.holds));
                let brief = if sent.brief == sent.holds {
                    String::new()
                } else {
                    format!(",{}", string(&sent.brief))
                };
                format!("[{},{contribution},{holds}{brief}]", edges[&(sent.from, sent.input)])
            };
            let replay = replay.map(|replay| replay.iter().map(sent).collect::<Vec<_>>().join(","));
            let comma = if i == 0 { "\n" } else { ",\n" };
            let _ = match replay {
                Some(replay) => write!(out, "{comma}[{replay}]"),
                None => write!(out, "{comma}null"),
            };
        }
        // The box that each number beside an arrow belongs to, in the order of the drawing.
        let labelled = self.picture.edges.iter().filter(|edge| !edge.label.is_empty());
        let boxes: Vec<String> = labelled.map(|edge| string(&self.picture.boxes[edge.to].id)).collect();
        let _ = write!(out, "\n],\"labelled\":[{}]}}", boxes.join(","));
        out
    }

    /// A step backward: from, input, to; whether of numbers; local, upstream and what is sent; and
    /// the sums, of so many contributions.
    fn sending(&self, step: &Step<T>, (from, input, to): (usize, usize, usize), got: usize) -> String {
        // OK because steps are made of rows and of their uses.
        let (sender, receiver) = (self.e.row(from).expect("a row"), self.e.row(to).expect("a row"));
        let u = &receiver.uses[got];
        let (local, scalar) = match &u.local {
            Local::Number(x) => (short(x.to_f64()), true),
            _ => (self.e.rule_by_name(sender, input), false),
        };
        let upstream = sender.adjoint.value().map(on_a_card).unwrap_or_default();
        let sent = &u.contribution;
        format!(
            "[{from},{input},{to},{scalar},{},{},{},{},{},{},{}]",
            string(&local),
            string(&upstream),
            string(&on_a_card(sent)),
            string(&if scalar { brief(sent.data()[0].to_f64()) } else { String::new() }),
            exact(Some(sent).filter(|sent| sent.is_finite()), ASKED),
            receiver.uses.len() + receiver.uses_left_out,
            sums(step),
        )
    }

    /// The verdict of each node checked alone against numbers.
    fn checks(&self) -> BTreeMap<usize, String> {
        let tape = self.e.tape;
        let small =
            tape.len() <= CHECKED && tape.nodes().map(|node| node.value.numel()).sum::<usize>() <= 40_000;
        if !small || !self.e.rows.iter().any(|row| row.node.has_rule && row.node.needs_grad) {
            return BTreeMap::new();
        }
        let report = match check_tape(tape) {
            Ok(report) => report,
            Err(failed) => failed.report().clone(),
        };
        report
            .nodes
            .iter()
            .map(|node| (node.id, format!("{}, held against differences", node.verdict)))
            .collect()
    }
}

/// What the receiver holds after a step: to be read, in a box, exactly.
fn sums<T: Float>(step: &Step<T>) -> String {
    let held = step.sum.clone().unwrap_or_default();
    format!("{},{},{}", string(&on_a_card(&held)), string(&in_a_box(&held)), exact(Some(&held), EXACT))
}

/// The exact entries of what is not too large.
fn exact<T: Float>(x: Option<&Tensor<T>>, most: usize) -> String {
    x.filter(|x| x.numel() <= most).map_or("null".to_string(), entries)
}

/// What the leaves hold at the end of each way.
fn table_of<T: Float>(mistakes: &Mistakes<'_, '_, T>) -> String {
    let [order, overwrite, twice] = Mistake::ALL.map(Mistake::name);
    let mut out = format!(
        "<section id=\"mistakes\">\n<h2>What goes wrong</h2>\n<p>The same tape, gone back on in three wrong ways. \
             <b>{order}</b>: a recursion from the root, in which a node sends as soon as something has reached it, and \
             again each time, so that what came first is sent on more than once. <b>{overwrite}</b>: a contribution \
             replaces the one before it, and of a value used twice one use is forgotten. <b>{twice}</b>: a second pass on \
             top of the first, whose gradients were not reset.</p>\n<div class=\"scroll\"><table class=\"scores\">\
             <thead><tr><th>leaf</th><th>right</th><th>{order}</th><th>{overwrite}</th><th>{twice}</th></tr></thead><tbody>\n"
    );
    for Line { label, right, wrong } in mistakes.lines() {
        let _ = write!(out, "<tr><th>{}</th><td>{}</td>", html(&label), html(&minus(&right)));
        for (text, differs) in wrong {
            let class = if differs { "off" } else { "same" };
            let _ = write!(out, "<td class=\"{class}\">{}</td>", html(&minus(&text)));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
    for mistake in Mistake::ALL {
        if let Some(why) = mistakes.unnoticed(mistake) {
            let name = mistake.name();
            let _ = writeln!(out, "<p><b>{name}</b> goes unnoticed: {why}.</p>");
        }
    }
    if mistakes.gave_up() {
        let _ = writeln!(
            out,
            "<p>The recursion was given up: it visits a node once for each path that leads to it, and their number \
                 doubles with each value that is used twice.</p>"
        );
    }
    out.push_str("</section>\n");
    out
}

/// A button for each way back that can be replayed.
fn ways<T: Float>(mistakes: Option<&Mistakes<'_, '_, T>>) -> String {
    let replayed =
        |mistakes: &&Mistakes<'_, '_, T>| Mistake::ALL.iter().any(|&m| mistakes.replay(m).is_some());
    let Some(mistakes) = mistakes.filter(replayed) else { return String::new() };
    let mut out = String::from(
        "<div class=\"tools ways\" id=\"ways\" role=\"group\" aria-label=\"the way back\" hidden>\n<span>way back:</span>\n\
         <button type=\"button\" data-way=\"0\" aria-pressed=\"true\">right</button>\n",
    );
    for (i, mistake) in Mistake::ALL.into_iter().enumerate() {
        if mistakes.replay(mistake).is_some() {
            let _ = writeln!(
                out,
                "<button type=\"button\" data-way=\"{}\" aria-pressed=\"false\">{}</button>",
                i + 1,
                mistake.name()
            );
        }
    }
    out.push_str("<span class=\"key\" id=\"astray\" hidden><span class=\"good\">✓ ∂</span> what is right; below, what this way brings: <span class=\"bad\">≠</span> or =</span>\n</div>\n");
    out
}
