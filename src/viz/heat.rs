//! A tensor as a heat-map in HTML: a table whose cells are coloured by their numbers.

use super::number::{brief, norm, short};
use super::svg::escaped;
use crate::float::Float;
use crate::tensor::Tensor;
use std::fmt::Write;

/// Cells have numbers in them up to so many rows and columns.
const WRITTEN: usize = 8;
/// Of a larger tensor the first rows and columns are shown.
const SHOWN: usize = 16;

/// The entries as a table: rows of the last axis, orange above 0, blue below, stronger where
/// farther from 0, all on one scale. Up to 8×8 with the numbers; in larger ones a number appears
/// where it is pointed at, and negative cells are marked by a bar. A name is a text already fit for
/// HTML.
pub(super) fn table<T: Float>(name: &str, x: &Tensor<T>) -> String {
    let columns = x.shape().last().copied().unwrap_or(1).max(1);
    let rows = x.numel() / columns;
    let entries = || x.data().iter().map(|x| x.to_f64()).filter(|x| x.is_finite());
    let largest = entries().fold(0.0, |largest: f64, x| largest.max(x.abs()));
    let written = rows <= WRITTEN && columns <= WRITTEN;
    let mut out = format!(
        "<p class=\"what\">{name} <small>{}, norm {}</small></p><table class=\"heat{}\" aria-label=\"{name}\"><tbody>",
        x.shape(),
        minus(&short(norm(x))),
        if written { "" } else { " fine" },
    );
    for (i, row) in x.data().chunks(columns).take(SHOWN).enumerate() {
        let _ = write!(out, "<tr data-row=\"{}\">", i + 1);
        for x in row.iter().take(SHOWN) {
            let x = x.to_f64();
            let share =
                if x.is_finite() && largest > 0.0 { (x.abs() / largest * 100.0).round() } else { 0.0 };
            let class = match x {
                x if !x.is_finite() => "bad",
                x if x < 0.0 => "neg",
                _ => "pos",
            };
            let number = minus(&brief(x));
            let text = if written || !x.is_finite() { number.as_str() } else { "" };
            let hint = if written { String::new() } else { format!(" title=\"{number}\"") };
            let _ = write!(out, "<td class=\"{class}\" style=\"--t:{share}\"{hint}>{text}</td>");
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table>");
    let part = |count: usize, what: &str| match count {
        1 => String::new(),
        ..=SHOWN => format!("all {count} {what}"),
        _ => format!("{SHOWN} of {count} {what}"),
    };
    if rows > SHOWN || columns > SHOWN {
        let parts = [part(rows, "rows"), part(columns, "columns")];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let _ = write!(out, "<p class=\"more\">shown: {}</p>", parts.join(", "));
    }
    out
}

/// Text for HTML, quotes included.
pub(super) fn html(text: &str) -> String {
    escaped(text).replace('"', "&quot;").replace('\'', "&#39;")
}

/// With a minus sign where a hyphen stands before a number.
pub(super) fn minus(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let number =
            chars.peek().is_some_and(|next| next.is_ascii_digit() || matches!(next, 'i' | '(' | '√' | '∂'));
        let within = out.ends_with(|c: char| c.is_alphanumeric());
        out.push(if c == '-' && number && !within { '−' } else { c });
    }
    out
}
