//! A tape as JSON: the data under all views, every number to the last digit.

use super::cause::place;
use super::explain::{Adjoint, Explanation, Local, Row, Use};
use crate::float::Float;
use crate::tape::NodeKind;
use crate::tensor::Tensor;
use std::fmt::Write;

impl<T: Float> Explanation<'_, T> {
    /// The explanation as JSON.
    ///
    /// ```text
    /// { "format": "wengert-tape 1", "element": "f64", "root": 32, "total": 33,
    ///   "nodes": [
    ///     { "id": 3, "name": null, "label": "v3", "kind": "operation", "op": "mul", "attributes": "",
    ///       "layer": null, "line": "src/main.rs:7", "shape": [], "inputs": [0, 1], "value": [-8.0],
    ///       "locals": [[2.0], [-4.0]],
    ///       "adjoint": { "state": "value", "value": [83.3], "because": null },
    ///       "uses": [ { "node": 5, "input": 0, "local": [1.0], "contribution": [83.3] } ],
    ///       "uses_left_out": 0, "forward": 4, "backward": 24 } ] }
    /// ```
    ///
    /// Tensors are their entries, row-major; each number is the shortest one that reads back as
    /// the same bits of the element type. NaN and the infinities, which JSON cannot write, are
    /// `"NaN"`, `"inf"`, `"-inf"`. A local derivative is null where the operation's rule is no
    /// table of entries. The adjoint's state is `not computed`, `no path`, `constant` (its value is
    /// then what it would be, or null) or `value`. The same explanation gives the same bytes.
    #[must_use]
    pub fn json(&self) -> String {
        let root = self.root.map_or("null".to_string(), |root| root.id().to_string());
        let mut out = format!(
            "{{\"format\":\"wengert-tape 1\",\"element\":\"{}\",\"root\":{root},\"total\":{},\"nodes\":[",
            T::NAME,
            self.total
        );
        for (i, row) in self.rows.iter().enumerate() {
            out.push_str(if i == 0 { "\n" } else { ",\n" });
            write_row(&mut out, row);
        }
        out.push_str("\n]}\n");
        out
    }
}

fn write_row<T: Float>(out: &mut String, row: &Row<T>) {
    let node = &row.node;
    let kind = match node.kind {
        NodeKind::Variable => "variable",
        NodeKind::Constant => "constant",
        NodeKind::Parameter(_) => "parameter",
        NodeKind::Operation => "operation",
    };
    let shape: Vec<String> = node.value.shape().iter().map(usize::to_string).collect();
    let inputs: Vec<String> = node.inputs.iter().map(usize::to_string).collect();
    let locals: Vec<String> = row.locals.iter().map(local).collect();
    let (state, value) = match &row.adjoint {
        Adjoint::NotComputed => ("not computed", None),
        Adjoint::NoPath => ("no path", None),
        Adjoint::Constant(would_be) => ("constant", would_be.as_ref()),
        Adjoint::Value(g) => ("value", Some(g)),
    };
    let uses: Vec<String> = row.uses.iter().map(use_of).collect();
    // Writing to a String does not fail.
    let _ = write!(
        out,
        "{{\"id\":{},\"name\":{},\"label\":{},\"kind\":\"{kind}\",\"op\":{},\"attributes\":{},\"layer\":{},\
         \"line\":{},\"shape\":[{}],\"inputs\":[{}],\"value\":{},\"locals\":[{}],\
         \"adjoint\":{{\"state\":\"{state}\",\"value\":{},\"because\":{}}},\"uses\":[{}],\
         \"uses_left_out\":{},\"forward\":{},\"backward\":{}}}",
        node.id,
        option(node.label.as_deref().map(string)),
        string(&row.label()),
        string(&node.name),
        string(&node.attributes),
        option(node.layer.as_deref().map(string)),
        string(&place(node)),
        shape.join(","),
        inputs.join(","),
        entries(&node.value),
        locals.join(","),
        option(value.map(entries)),
        option(row.because.as_deref().map(string)),
        uses.join(","),
        row.uses_left_out,
        node.id + 1,
        option(row.backward_step.map(|step| step.to_string())),
    );
}

fn use_of<T: Float>(u: &Use<T>) -> String {
    format!(
        "{{\"node\":{},\"input\":{},\"local\":{},\"contribution\":{}}}",
        u.node,
        u.input,
        local(&u.local),
        entries(&u.contribution)
    )
}

fn local<T: Float>(local: &Local<T>) -> String {
    match local {
        Local::Number(x) => format!("[{}]", number(*x)),
        Local::Entries(x) => entries(x),
        Local::Rule | Local::None => "null".to_string(),
    }
}

fn option(text: Option<String>) -> String {
    text.unwrap_or_else(|| "null".to_string())
}

/// The entries, row-major.
pub(super) fn entries<T: Float>(x: &Tensor<T>) -> String {
    let numbers: Vec<String> = x.data().iter().map(|&x| number(x)).collect();
    format!("[{}]", numbers.join(","))
}

/// A number that reads back as the same bits.
pub(super) fn number<T: Float>(x: T) -> String {
    if x.is_finite() { format!("{x:?}") } else { format!("\"{x}\"") }
}

/// A string in quotes. What could end an HTML script around it is escaped too.
pub(super) fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\u{7f}' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
