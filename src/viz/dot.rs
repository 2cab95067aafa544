//! A graph in two languages that others draw: DOT (Graphviz) and Mermaid.

use super::graph::{Box, BoxKind, Graph};
use crate::float::Float;
use std::collections::BTreeMap;
use std::fmt::Write;

impl<T: Float> Graph<'_, '_, T> {
    /// The graph in DOT, for `dot -Tsvg`. Edges carry local derivatives, boxes values and
    /// adjoints; layers are clusters. The same explanation gives the same bytes.
    pub fn dot(&self) -> String {
        let picture = self.picture();
        let mut out = String::from(
            "digraph tape {\n  \
             node [shape=box, style=\"rounded,filled\", fillcolor=\"#ffffff\", color=\"#5f6b76\", fontname=\"sans-serif\", fontsize=11];\n  \
             edge [color=\"#8a949e\", fontname=\"sans-serif\", fontsize=10];\n",
        );
        // Writing to a String does not fail.
        for b in &picture.boxes {
            let look = match b.kind {
                BoxKind::Variable => ", fillcolor=\"#e3f0fa\"",
                BoxKind::Constant => ", style=\"rounded,filled,dashed\", fillcolor=\"#f4f5f6\"",
                BoxKind::Root => ", fillcolor=\"#fdf0e4\", penwidth=2",
                BoxKind::Group => ", peripheries=2",
                BoxKind::LeftOut => ", shape=plaintext, style=\"\"",
                BoxKind::Operation => "",
            };
            let _ = writeln!(out, "  {} [label=\"{}\"{look}];", b.id, lines(b, in_dot, "\\n"));
        }
        let mut layers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for b in picture.boxes.iter().filter(|b| b.kind != BoxKind::Group) {
            if let Some(layer) = &b.layer {
                layers.entry(layer).or_default().push(&b.id);
            }
        }
        for (i, (layer, ids)) in layers.iter().enumerate() {
            let _ = writeln!(
                out,
                "  subgraph cluster_{i} {{ label=\"{}\"; color=\"#c9d0d6\"; fontname=\"sans-serif\"; fontsize=10; {}; }}",
                in_dot(layer),
                ids.join("; ")
            );
        }
        for e in &picture.edges {
            let look = if e.dead { ", style=dashed" } else { "" };
            let (from, to) = (&picture.boxes[e.from].id, &picture.boxes[e.to].id);
            let _ = writeln!(out, "  {from} -> {to} [label=\"{}\"{look}];", in_dot(&e.label));
        }
        out.push_str("}\n");
        out
    }

    /// The graph in Mermaid, which many viewers of Markdown draw. The same explanation gives the
    /// same bytes.
    pub fn mermaid(&self) -> String {
        let picture = self.picture();
        let mut out = String::from("flowchart TD\n");
        for b in &picture.boxes {
            let text = lines(b, in_mermaid, "<br/>");
            let (open, close, class) = match b.kind {
                BoxKind::Variable => ("([\"", "\"])", ":::variable"),
                BoxKind::Constant => ("([\"", "\"])", ":::constant"),
                BoxKind::Root => ("[\"", "\"]", ":::root"),
                BoxKind::Group => ("[[\"", "\"]]", ""),
                BoxKind::Operation | BoxKind::LeftOut => ("[\"", "\"]", ""),
            };
            let _ = writeln!(out, "  {}{open}{text}{close}{class}", b.id);
        }
        for e in &picture.edges {
            let arrow = if e.dead { "-.->" } else { "-->" };
            let label =
                if e.label.is_empty() { String::new() } else { format!("|\"{}\"|", in_mermaid(&e.label)) };
            let (from, to) = (&picture.boxes[e.from].id, &picture.boxes[e.to].id);
            let _ = writeln!(out, "  {from} {arrow}{label} {to}");
        }
        out.push_str(
            "  classDef variable fill:#e3f0fa,stroke:#0b5c92,color:#16202a\n  \
             classDef constant fill:#f4f5f6,stroke:#5f6b76,color:#16202a,stroke-dasharray:4 3\n  \
             classDef root fill:#fdf0e4,stroke:#a64400,color:#16202a,stroke-width:2px\n",
        );
        out
    }
}

/// What a box says: what it is called and does, its value, its adjoint.
fn lines(b: &Box, quoted: fn(&str) -> String, between: &str) -> String {
    let mut lines = vec![match (b.name.is_empty(), b.op.is_empty()) {
        (true, _) => format!("{} {}", b.id, b.op),
        (_, true) => b.name.clone(),
        _ => format!("{}: {}", b.name, b.op),
    }];
    if !b.value.is_empty() {
        lines.push(b.value.clone());
    }
    if !b.adjoint.is_empty() {
        lines.push(format!("grad {}", b.adjoint));
    }
    lines.iter().map(|line| quoted(line)).collect::<Vec<_>>().join(between)
}

/// Text within double quotes in DOT, where a backslash begins an escape.
fn in_dot(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// Text within double quotes in Mermaid, which knows characters by number.
fn in_mermaid(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' | '#' | '&' | '<' | '>' | '\\' | '`' | '|' | '{' | '}' | '*' | '_' | ';' => {
                let _ = write!(out, "#{};", c as u32);
            }
            c => out.push(c),
        }
    }
    out
}
