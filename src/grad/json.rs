//! Reports as JSON (RFC 8259), for programs in other languages. Every field of the structs is
//! there under its own name. A number that is not finite is written as a string.

use super::report::{Entry, InputReport, NodeReport, Report, TapeReport};
use std::fmt::{Debug, Display};

impl Report {
    /// The report as JSON.
    ///
    /// ```
    /// use wengert::prelude::*;
    /// let json = gradcheck(|[x]| x.exp(), [1.0]).unwrap().to_json();
    /// assert!(json.starts_with(r#"{"verdict": "pass", "passed": true, "seed": 0, "element": "f64""#));
    /// ```
    pub fn to_json(&self) -> String {
        object(&[
            ("verdict", text(self.verdict)),
            ("passed", self.passed().to_string()),
            ("seed", self.seed.to_string()),
            ("element", text(self.element)),
            ("reasons", list(&self.reasons, name)),
            ("allowed", list(&self.allowed, name)),
            ("inputs", list(&self.inputs, input)),
            ("tape", self.tape.as_ref().map_or("null".into(), TapeReport::to_json)),
            ("evaluations", self.evaluations.to_string()),
        ])
    }
}

impl TapeReport {
    /// The report as JSON.
    pub fn to_json(&self) -> String {
        object(&[
            ("passed", self.passed().to_string()),
            ("place", self.place.as_ref().map_or("null".into(), name)),
            ("seed", self.seed.to_string()),
            ("element", text(self.element)),
            ("nodes", list(&self.nodes, node)),
            ("evaluations", self.evaluations.to_string()),
        ])
    }
}

fn input(input: &InputReport) -> String {
    object(&[
        ("number", input.number.to_string()),
        ("name", text(&input.name)),
        ("shape", list(input.shape.dims(), usize::to_string)),
        ("order", input.order.to_string()),
        ("entries", input.entries.to_string()),
        ("checked", input.checked.to_string()),
        ("probes", input.probes.to_string()),
        ("failed", input.failed.to_string()),
        ("at_least", input.at_least.to_string()),
        ("worst", input.worst.as_ref().map_or("null".into(), entry)),
        ("ways", list(&input.ways, |way| text(way))),
        ("pattern", input.pattern.map_or("null".into(), text)),
        ("kinks", input.kinks.to_string()),
        ("kinks_at", list(&input.kinks_at, entry)),
        ("inconclusive", input.inconclusive.to_string()),
        ("inconclusive_at", list(&input.inconclusive_at, entry)),
        ("error", number(&input.error)),
        ("resolution", number(&input.resolution)),
    ])
}

fn entry(entry: &Entry) -> String {
    object(&[
        ("flat", entry.flat.to_string()),
        ("index", list(&entry.index, usize::to_string)),
        ("analytic", number(&entry.analytic)),
        ("numeric", number(&entry.numeric)),
        ("estimate", number(&entry.estimate)),
        ("sides", list(&entry.sides, number)),
        ("step", number(&entry.step)),
        ("verdict", text(entry.verdict)),
    ])
}

fn node(node: &NodeReport) -> String {
    object(&[
        ("id", node.id.to_string()),
        ("op", text(&node.op)),
        ("attributes", text(&node.attributes)),
        ("inputs", list(&node.inputs, usize::to_string)),
        ("shape", list(node.shape.dims(), usize::to_string)),
        ("layer", node.layer.as_ref().map_or("null".into(), text)),
        ("line", text(&node.line)),
        ("verdict", text(node.verdict)),
        ("along", list(&node.along, number)),
        ("failed", list(&node.failed, input)),
    ])
}

fn object(fields: &[(&str, String)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
    format!("{{{}}}", fields.join(", "))
}

fn list<A>(items: &[A], json: impl Fn(&A) -> String) -> String {
    let items: Vec<String> = items.iter().map(json).collect();
    format!("[{}]", items.join(", "))
}

fn number(x: &f64) -> String {
    if x.is_finite() { format!("{x:e}") } else { format!("\"{x}\"") }
}

/// A variant by its name.
fn name(variant: &impl Debug) -> String {
    format!("\"{variant:?}\"")
}

fn text(text: impl Display) -> String {
    let mut quoted = String::from('"');
    for c in text.to_string().chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c < ' ' => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}
