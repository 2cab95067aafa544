//! The table of what comes out, as Markdown.

use super::Outcome;
use super::cases::{ALONG, Array, Case, Kind};
use super::differences::{Argued, Marks};
use std::collections::BTreeSet;
use std::fmt::Write;

const HEAD: &str = "\
# Numbers at the edges

What comes out of every operation at ±0, ±∞, NaN, the subnormal numbers, the largest ones and the ends of its domain,
forward and backward. `cargo test --test numbers` works this table out anew, in f32 and f64, alone and at every place
of a long vector, by the fused and by the recorded rules, and compares it with this file and with what PyTorch 2.15
gives (`tests/numbers/pytorch.json`). A new operation without rows fails the test.

A cell is what this crate gives, and PyTorch too. Where PyTorch gives something else, that stands in brackets behind it,
with the number of the sentence that argues the difference. Where f32 and f64 differ, f32 stands first: `∞ / 2.69e43`.
`tiny` is the smallest positive number, `sub` the largest subnormal one, `max` the largest one, ε the step above 1; other
numbers are rounded to four digits. `none` is no gradient, which counts as 0. Zeros are compared with their sign. Agreement is to 16
units in the last place.
";

#[derive(Default)]
pub struct Table(Vec<(Case, Outcome, Marks)>);

/// The same case in f32 and f64.
struct Pair<'a>([&'a (Case, Outcome, Marks); 2]);

impl Table {
    pub fn add(&mut self, case: Case, own: Outcome, marks: Marks) {
        self.0.push((case, own, marks));
    }

    pub fn text(&self) -> String {
        let of = |name: &'static str| self.0.iter().filter(move |row| row.0.of == name);
        let pairs: Vec<Pair> = of("f32").zip(of("f64")).map(|(a, b)| Pair([a, b])).collect();
        assert_eq!(2 * pairs.len(), self.0.len());
        let select =
            |f: &dyn Fn(&Case) -> bool| pairs.iter().filter(|pair| f(pair.case())).collect::<Vec<_>>();
        let mut text = HEAD.to_string();

        text += "\n## Functions of one number\n";
        let ones = select(&|case| case.kind == Kind::Elements && case.grid.is_none());
        for (part, title) in ["The value", "The derivative"].into_iter().enumerate() {
            let points =
                ones[0].case().inputs[0].data.iter().map(|x| number_text(x.unwrap(), "f32")).collect();
            let rows = ones
                .iter()
                .map(|pair| (pair.case().call.clone(), *pair, (0..pair.entries()).collect()))
                .collect();
            text += &matrix(title, "x", points, part, rows);
        }

        text += "\n## Functions of two numbers\n\n";
        text += "`bce`, `bce_with_logits` and `surprise` (−t ln p) are the terms that the losses of probabilities, logits and\n";
        text += "classes add up; a is the prediction, b the target.\n";
        for pair in select(&|case| case.grid.is_some()) {
            let case = pair.case();
            let [a, b] = case.grid.as_ref().unwrap();
            writeln!(text, "\n### {}", case.call).unwrap();
            for (part, title) in
                ["The value", "The derivative by a", "The derivative by b"].into_iter().enumerate()
            {
                let cells: BTreeSet<String> = (0..pair.entries()).map(|i| pair.cell(part, i)).collect();
                if cells.len() == 1 {
                    writeln!(text, "\n{title} is {} everywhere.", cells.first().unwrap()).unwrap();
                    continue;
                }
                let names = |numbers: &[f64]| -> Vec<String> {
                    numbers.iter().map(|&x| number_text(x, "f32")).collect()
                };
                let rows = names(a).into_iter().enumerate();
                let rows = rows.map(|(i, a)| (a, pair, (i * b.len()..(i + 1) * b.len()).collect())).collect();
                text += &matrix(title, "a \\\\ b", names(b), part, rows);
            }
        }

        text += "\n## Along an axis\n\nThe gradient is that of the result, or of its first entry.\n";
        for call in ALONG {
            let rows = select(&|case| case.call == call);
            writeln!(text, "\n### {call}\n\n| x | y | x̄ |\n|---|---|---|").unwrap();
            for pair in &rows {
                writeln!(text, "| {} | {} | {} |", pair.inputs(), pair.cell(0, 0), pair.cell(1, 0)).unwrap();
            }
            text += &notes(&rows);
        }

        text += "\n## Of whole tensors\n\nEntries are listed row by row. The gradients are those of the result's product with the seed.\n";
        text += "\n| | inputs | seed | result | gradients |\n|---|---|---|---|---|\n";
        let rows = select(&|case| case.kind == Kind::List && !ALONG.contains(&&*case.call));
        for pair in &rows {
            let case = pair.case();
            let grads: Vec<String> = (0..case.inputs.len()).map(|i| pair.cell(1 + i, 0)).collect();
            let (inputs, seed) = (pair.inputs(), array_text(case.seed.as_ref().unwrap(), &case.of));
            writeln!(
                text,
                "| {} | {inputs} | {seed} | {} | {} |",
                case.call,
                pair.cell(0, 0),
                grads.join("; ")
            )
            .unwrap();
        }
        text += &notes(&rows);
        text
    }
}

/// A table with a row for each name, and a cell for each of its entries.
fn matrix(
    title: &str,
    corner: &str,
    points: Vec<String>,
    part: usize,
    rows: Vec<(String, &Pair, Vec<usize>)>,
) -> String {
    let mut text = format!(
        "\n{title}:\n\n| {corner} | {} |\n|{}\n",
        points.join(" | "),
        "---|".repeat(points.len() + 1)
    );
    for (name, pair, entries) in &rows {
        let cells: Vec<String> = entries.iter().map(|&i| pair.cell(part, i)).collect();
        writeln!(text, "| {name} | {} |", cells.join(" | ")).unwrap();
    }
    let mut seen = BTreeSet::new();
    for (_, pair, _) in &rows {
        seen.extend(pair.notes(part));
    }
    text + &sentences(seen)
}

fn notes(rows: &[&Pair]) -> String {
    sentences(rows.iter().flat_map(|pair| (0..pair.0[0].2.len()).flat_map(|part| pair.notes(part))).collect())
}

fn sentences(notes: BTreeSet<usize>) -> String {
    let lines: String =
        notes.iter().map(|&note| format!("- ({}) {}\n", note + 1, Argued::sentence(note))).collect();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}

impl Pair<'_> {
    fn case(&self) -> &Case {
        &self.0[0].0
    }

    fn entries(&self) -> usize {
        self.case().inputs[0].data.len()
    }

    fn inputs(&self) -> String {
        let of =
            |case: &Case| case.inputs.iter().map(|x| array_text(x, &case.of)).collect::<Vec<_>>().join("; ");
        of(self.case())
    }

    fn notes(&self, part: usize) -> BTreeSet<usize> {
        self.0.iter().flat_map(|row| row.2[part].iter().flatten().map(|mark| mark.note)).collect()
    }

    /// What the part's entry is in both types: all entries, where the case is of whole tensors.
    fn cell(&self, part: usize, i: usize) -> String {
        let [f32, f64] = self.0.map(|(case, own, marks)| {
            let array = if part == 0 { Some(&own.y) } else { own.grads[part - 1].as_ref() };
            let value = match (array, case.kind) {
                (None, _) => "none".to_string(),
                (Some(array), Kind::List) => array_text(array, &case.of),
                (Some(array), Kind::Elements) => number_text(array.data[i].unwrap(), &case.of),
            };
            match &marks[part][if case.kind == Kind::List { 0 } else { i }] {
                Some(mark) => format!("{value} [{}] ({})", mark.theirs, mark.note + 1),
                None => value,
            }
        });
        if f32 == f64 { f32 } else { format!("{f32} / {f64}") }
    }
}

/// The entries, those that repeat counted; a number alone without brackets.
pub fn array_text(array: &Array, of: &str) -> String {
    if array.data == [None] {
        return "refused".to_string();
    }
    let texts: Vec<String> = array.data.iter().map(|x| number_text(x.unwrap(), of)).collect();
    if array.shape.is_empty() {
        return texts[0].clone();
    }
    let mut parts = Vec::new();
    for run in texts.chunk_by(|a, b| a == b) {
        if run.len() > 3 {
            parts.push(format!("{} × {}", run.len(), run[0]));
        } else {
            parts.extend_from_slice(run);
        }
    }
    format!("[{}]", parts.join(", "))
}

/// A number by its name, or in four digits.
pub fn number_text(x: f64, of: &str) -> String {
    let [tiny, least_normal, max, epsilon] = match of {
        "f32" => [f32::from_bits(1), f32::MIN_POSITIVE, f32::MAX, f32::EPSILON].map(f64::from),
        _ => [f64::from_bits(1), f64::MIN_POSITIVE, f64::MAX, f64::EPSILON],
    };
    let sign = if x.is_sign_negative() && !x.is_nan() { "−" } else { "" };
    let size = x.abs();
    let text = if x.is_nan() {
        "NaN".to_string()
    } else if size.is_infinite() {
        "∞".to_string()
    } else if size == tiny {
        "tiny".to_string()
    } else if size == least_normal - tiny {
        "sub".to_string()
    } else if size == max {
        "max".to_string()
    } else if size == 1.0 - epsilon {
        "1−ε".to_string()
    } else {
        // Rounded in its decimal digits, and then without those that are 0.
        let digits = |n: usize| format!("{size:.n$e}").parse::<f64>().unwrap();
        let plain = size == 0.0 || (1e-3..1e5).contains(&digits(3));
        if plain { format!("{}", digits(3)) } else { format!("{:e}", digits(2)) }
    };
    format!("{sign}{text}")
}
