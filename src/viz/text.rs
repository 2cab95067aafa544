//! A tape as text: the table of its nodes, and one node with the sum over its uses.

use super::cause::place;
use super::explain::{Adjoint, Explanation, Local, Row, Use, add};
use super::formula;
use super::number::{IN_A_ROW, cell, short, stats};
use super::table::{Align, Table};
use crate::float::Float;
use crate::shape::Shape;
use crate::tape::{NodeKind, Var};
use crate::tensor::Tensor;
use std::fmt;

/// Of a sum in a table, so many terms are written out; all of them where its node is looked at alone.
const MOST_TERMS: usize = 12;
/// Tensors up to so many rows and columns are printed whole.
const WHOLE: usize = 8;

/// The table: a row for each node, in the order of the tape.
impl<T: Float> fmt::Display for Explanation<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = self.left_out();
        if before > 0 {
            writeln!(f, "… {before} more nodes before v{}", self.first())?;
        }
        let tensors = self.rows.iter().any(|row| row.node.value.rank() > 0);
        let local = if tensors { "local d/d(in), or rule" } else { "local d/d(in)" };
        let heading =
            ["#", "name", "op", "shape", "value", "inputs", local, "adjoint", "fwd", "bwd", "sum over uses"];
        use Align::{Left, Point, Right};
        let mut rows = vec![heading.map(String::from).to_vec()];
        rows.extend(self.rows.iter().map(|row| self.cells(row, tensors).to_vec()));
        let align = vec![Right, Left, Left, Left, Point, Left, Left, Point, Right, Right, Left];
        write!(f, "{}", Table { align, rows })?;
        if after > 0 {
            let last = self.first() + self.rows.len();
            writeln!(f, "… {after} more nodes after v{}", last.saturating_sub(1))?;
        }
        if self.rows.iter().any(|row| matches!(row.adjoint, Adjoint::Constant(Some(_)))) {
            writeln!(
                f,
                "(in parentheses: what the adjoint of a constant would be; the engine leaves it out)"
            )?;
        }
        Ok(())
    }
}

impl<'t, T: Float> Explanation<'t, T> {
    /// One node: its formula with the numbers put in, and its adjoint as the sum over its uses,
    /// in the order in which the engine adds them up.
    ///
    /// ```
    /// use wengert::prelude::*;
    /// let tape = Tape::new();
    /// let a = tape.var(2.0).named("a");
    /// let y = (a * a + a).named("y");
    /// let text = tape.explain(y).node(a).to_string();
    /// assert!(text.contains("dy/da = 5 = sum over 3 uses"));
    /// ```
    ///
    /// # Panics
    /// If the node is not in the window.
    #[track_caller]
    pub fn node(&self, v: Var<'_, T>) -> NodeView<'_, 't, T> {
        let Some(row) = self.get(v) else {
            panic!("node: v{} is not among the {} nodes explained here", v.id(), self.rows.len());
        };
        NodeView { explanation: self, row }
    }

    fn cells(&self, row: &Row<T>, tensors: bool) -> [String; 11] {
        let node = &row.node;
        let inputs = node.inputs.iter().map(|i| format!("v{i}")).collect::<Vec<_>>().join(" ");
        let name = node.label.as_ref().map_or_else(String::new, |name| one_line(name));
        [
            node.id.to_string(),
            name,
            row.title(),
            if tensors { node.value.shape().to_string() } else { String::new() },
            cell(&node.value),
            inputs,
            self.locals(row),
            adjoint(&row.adjoint),
            (node.id + 1).to_string(),
            row.backward_step.map_or_else(String::new, |step| step.to_string()),
            self.note(row),
        ]
    }

    /// Numbers where they are numbers, the rules of the inputs elsewhere.
    fn locals(&self, row: &Row<T>) -> String {
        let numbers: Vec<String> = row
            .locals
            .iter()
            .map_while(|local| match local {
                Local::Number(x) => Some(short(x.to_f64())),
                _ => None,
            })
            .collect();
        if numbers.len() == row.locals.len() {
            return numbers.join(", ");
        }
        let rules: Vec<String> = (0..row.locals.len()).map(|input| self.rule(row, input)).collect();
        rules.join("; ")
    }

    /// The rule of an input, what is known of the local derivative, and whether the engine runs it.
    pub(super) fn rule(&self, row: &Row<T>, input: usize) -> String {
        self.with_facts(row, input, row.rule(input, self.tape.node(row.node.inputs[input]).value.shape()))
    }

    /// The same with the nodes' names for letters.
    pub(super) fn rule_by_name(&self, row: &Row<T>, input: usize) -> String {
        self.with_facts(row, input, self.bare_rule(row, input))
    }

    /// And without the facts that some rules go with.
    pub(super) fn bare_rule(&self, row: &Row<T>, input: usize) -> String {
        let names = self.words(row, |e, id| one_line(&e.label(id)));
        let of = self.tape.node(row.node.inputs[input]);
        formula::rule_by_name(&row.node, input, of.value.shape(), &names)
    }

    fn with_facts(&self, row: &Row<T>, input: usize, mut text: String) -> String {
        let of = self.tape.node(row.node.inputs[input]);
        if row.node.has_rule && !of.needs_grad {
            text.push_str(" (constant: skipped)");
        } else if let Local::Entries(local) = &row.locals[input]
            && !matches!(row.node.name.as_str(), "add" | "sub" | "negate")
        {
            text.push_str(&format!(" (d: {})", stats(local)));
        }
        text
    }

    /// What the adjoint is the sum of, or why it is 0 or not there.
    pub(super) fn note(&self, row: &Row<T>) -> String {
        if self.root.is_some_and(|root| root.id() == row.node.id) {
            return "seed".to_string();
        }
        let hook = if self.tape.is_hooked(row.node.id) { "; a hook had the last word" } else { "" };
        let sum = match row.uses.as_slice() {
            [] | [_] => String::new(),
            uses if uses.iter().all(|u| u.contribution.rank() == 0) => {
                let term = |u: &Use<T>| format!("v{} {}", u.node, cell(&u.contribution));
                format!("= {}", uses.iter().take(MOST_TERMS).map(term).collect::<Vec<_>>().join(" + "))
            }
            uses => format!("= sum of what {} sent", nodes(&uses[..uses.len().min(MOST_TERMS)])),
        };
        let more = match row.uses.len().saturating_sub(MOST_TERMS) + row.uses_left_out {
            0 => String::new(),
            more => format!(" + … {more} more uses"),
        };
        let because = row.because.as_ref().map(|because| format!("({because})")).unwrap_or_default();
        format!("{sum}{more} {because}{hook}").trim().to_string()
    }
}

/// One node of an [`Explanation`], to be printed.
#[derive(Debug)]
pub struct NodeView<'e, 't, T: Float> {
    explanation: &'e Explanation<'t, T>,
    row: &'e Row<T>,
}

impl<T: Float> fmt::Display for NodeView<'_, '_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (e, row) = (self.explanation, self.row);
        let node = &row.node;
        let layer = node.layer.as_ref().map(|layer| format!(" in layer {layer:?}")).unwrap_or_default();
        let name = node.label.as_ref().map(|name| format!("{} = ", one_line(name))).unwrap_or_default();
        writeln!(
            f,
            "{name}v{} {} {}  made at {}{layer}",
            node.id,
            row.title(),
            node.value.shape(),
            place(node)
        )?;
        writeln!(f, "  value: {}", e.formula(row))?;
        write_entries(f, &node.value)?;
        for (input, line) in e.derivatives(row) {
            writeln!(f, "  d/d{}: {line}", e.label(node.inputs[input]))?;
        }
        let Some(root) = e.root.and_then(|root| e.row(root.id())) else {
            return writeln!(f, "  adjoint: not computed");
        };
        let what = format!("d{}/d{}", root.label(), row.label());
        match &row.adjoint {
            Adjoint::Value(g) => {
                let seed = if root.node.id == node.id { " (the seed)" } else { "" };
                let of = match row.uses.len() + row.uses_left_out {
                    0 => String::new(),
                    1 => " = what its one use sent".to_string(),
                    n => format!(" = sum over {n} uses, in the engine's order"),
                };
                let because = row.because.as_ref().map(|b| format!(" ({b})")).unwrap_or_default();
                writeln!(f, "{what} = {}{seed}{of}{because}", cell(g))?;
            }
            Adjoint::Constant(would_be) => {
                let would =
                    would_be.as_ref().map(|g| format!("; it would be {}", cell(g))).unwrap_or_default();
                writeln!(f, "{what}: not computed, this is a constant{would}")?;
            }
            Adjoint::NoPath => {
                writeln!(
                    f,
                    "{what}: no path ({})",
                    row.because.as_deref().unwrap_or("the root does not use it")
                )?;
            }
            Adjoint::NotComputed => writeln!(f, "{what}: not computed")?,
        }
        if let Adjoint::Value(g) = &row.adjoint {
            write_entries(f, g)?;
        }
        e.write_uses(f, row)
    }
}

impl<T: Float> Explanation<'_, T> {
    /// The name of any node of the tape, or `v12`.
    pub(super) fn label(&self, id: usize) -> String {
        match self.row(id) {
            Some(row) => row.label(),
            None => super::cause::label(&self.tape.node(id)),
        }
    }

    /// `c0 = a + b = -4 + 2 = -2`, or what a leaf was given.
    pub(super) fn formula(&self, row: &Row<T>) -> String {
        self.formula_of(row, &cell(&row.node.value))
    }

    /// The same with the value in these words.
    pub(super) fn formula_of(&self, row: &Row<T>, value: &str) -> String {
        if row.node.kind != NodeKind::Operation {
            return value.to_string();
        }
        let names = self.words(row, |e, id| one_line(&e.label(id)));
        let mut text = formula::value(&row.node, &names[..row.node.inputs.len()]);
        if let (false, Some(letters)) =
            (formula::is_elementwise(&row.node.name), formula::in_letters(&row.node))
        {
            text = format!("{text}, {letters}");
        }
        if self.is_scalar(row) && formula::is_elementwise(&row.node.name) {
            let numbers = self.words(row, |e, id| cell(&e.tape.node(id).value));
            text = format!("{text} = {}", formula::value(&row.node, &numbers[..row.node.inputs.len()]));
        }
        format!("{text} = {value}")
    }

    /// For each input, ∂y/∂x: the formula with the numbers put in, or the rule.
    pub(super) fn derivatives(&self, row: &Row<T>) -> Vec<(usize, String)> {
        let numbers = self.words(row, |e, id| cell(&e.tape.node(id).value));
        let names = self.words(row, |e, id| one_line(&e.label(id)));
        (0..row.locals.len())
            .map(|input| {
                let Local::Number(x) = &row.locals[input] else { return (input, self.rule(row, input)) };
                let mut steps = Vec::new();
                for words in [&names, &numbers] {
                    steps.extend(formula::local(&row.node, input, words));
                }
                let number = short(x.to_f64());
                if let Some(condition) = steps.first().filter(|words| words.contains(" if ")) {
                    return (input, format!("{condition}; here {number}"));
                }
                steps.push(number);
                steps.dedup();
                (input, steps.join(" = "))
            })
            .collect()
    }

    /// A word for each input and for the node itself.
    fn words(&self, row: &Row<T>, word: impl Fn(&Self, usize) -> String) -> Vec<String> {
        row.node.inputs.iter().chain([&row.node.id]).map(|&id| word(self, id)).collect()
    }

    pub(super) fn is_scalar(&self, row: &Row<T>) -> bool {
        row.node.value.rank() == 0
            && row.node.inputs.iter().all(|&i| *self.tape.node(i).value.shape() == Shape::SCALAR)
    }

    /// A line for each use: local × adjoint = contribution, and the sum so far.
    fn write_uses(&self, f: &mut fmt::Formatter<'_>, row: &Row<T>) -> fmt::Result {
        if row.uses.is_empty() {
            return Ok(());
        }
        use Align::{Left, Point};
        let mut rows = vec![
            ["", "use", "op", "local", "", "adjoint", "", "sent", "sum so far", ""]
                .map(String::from)
                .to_vec(),
        ];
        let mut sum: Option<Tensor<T>> = None;
        for u in &row.uses {
            let user = self.tape.node(u.node);
            add(&mut sum, &u.contribution);
            let adjoint = self.row(u.node).and_then(|row| row.adjoint.value().map(cell)).unwrap_or_default();
            let (local, times) = match &u.local {
                Local::Number(x) => (short(x.to_f64()), "×"),
                _ => (formula::rule(&user, u.input, row.node.value.shape()), ""),
            };
            let because = self.row(u.node).and_then(|row| row.because.clone());
            let note = because.map(|b| format!("({b})")).unwrap_or_default();
            let so_far = sum.as_ref().map(cell).unwrap_or_default();
            let adjoint = if times.is_empty() { String::new() } else { adjoint };
            rows.push(
                [
                    "",
                    &format!("v{}", u.node),
                    &user.name,
                    &local,
                    times,
                    &adjoint,
                    if times.is_empty() { "" } else { "=" },
                    &cell(&u.contribution),
                    &so_far,
                    &note,
                ]
                .map(String::from)
                .to_vec(),
            );
        }
        // An indent, as a column that is never empty.
        rows.iter_mut().for_each(|row| row[0] = " ".to_string());
        let align = vec![Left, Left, Left, Point, Left, Point, Left, Point, Point, Left];
        write!(f, "{}", Table { align, rows })?;
        if row.uses_left_out > 0 {
            writeln!(f, "  … {} more uses", row.uses_left_out)?;
        }
        Ok(())
    }
}

/// The adjoint's cell: `not computed`, `no path`, `constant` and 0 are four things.
pub(super) fn adjoint<T: Float>(adjoint: &Adjoint<T>) -> String {
    match adjoint {
        Adjoint::NotComputed => "not computed".to_string(),
        Adjoint::NoPath => "no path".to_string(),
        Adjoint::Constant(None) => "constant".to_string(),
        Adjoint::Constant(Some(g)) => format!("({})", cell(g)),
        Adjoint::Value(g) => cell(g),
    }
}

/// The entries of a small tensor, a line for each row.
fn write_entries<T: Float>(f: &mut fmt::Formatter<'_>, x: &Tensor<T>) -> fmt::Result {
    let columns = *x.shape().last().unwrap_or(&1);
    let rows = x.numel() / columns.max(1);
    let in_a_row = x.numel() <= IN_A_ROW;
    if in_a_row || x.rank() > 2 || rows > WHOLE || columns > WHOLE {
        return Ok(());
    }
    let mut lines = vec![vec![String::new(); columns + 1]];
    for row in x.data().chunks(columns) {
        let mut line = vec!["   ".to_string()];
        line.extend(row.iter().map(|x| short(x.to_f64())));
        lines.push(line);
    }
    let table = Table { align: vec![Align::Point; columns + 1], rows: lines }.to_string();
    // The first line is the heading, which is empty.
    f.write_str(table.split_once('\n').map_or("", |(_, body)| body))
}

fn nodes<T: Float>(uses: &[Use<T>]) -> String {
    uses.iter().map(|u| format!("v{}", u.node)).collect::<Vec<_>>().join(", ")
}

/// A name on one line of a table.
pub(super) fn one_line(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
