//! A [`GradientReport`] as text: the parameters, the layers, and for each thing that is wrong what
//! it is, where, and what to do.

use super::number::short;
use super::report::{Finding, GradientLayer, GradientReport, GradientRow, Size};
use super::table::{Align, Table};
use super::text::one_line;
use std::fmt;

/// So many rows are printed; of more, those with something wrong come first.
const MOST_ROWS: usize = 60;
/// So many names share a line, and one says how many more there are.
const MOST_NAMES: usize = 6;

impl fmt::Display for GradientReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = &self.root;
        writeln!(f, "The gradient of {} ({}:{})", root.what, root.line.file(), root.line.line())?;
        let good = self.rows.iter().filter(|row| row.finding == Finding::Fine).count();
        let what = if self.layers.is_empty() { "variables" } else { "parameters and variables" };
        let what = if self.rows.iter().all(|row| row.param.is_some()) { "parameters" } else { what };
        writeln!(f, "{good} of {} {what} have one that is finite and not all 0.\n", self.rows.len())?;
        self.write_rows(f)?;
        self.write_layers(f)?;
        if self.is_fine() {
            return writeln!(f, "\nNothing is wrong.");
        }
        writeln!(f, "\nWhat is wrong")?;
        let explained = |row: &GradientRow| matches!(row.finding, Finding::NotFinite(_));
        if let (Some(at), false) = (&self.first_not_finite, self.rows.iter().any(explained)) {
            let finding = Finding::NotFinite(Some(at.clone()));
            write_finding(f, "the root is not finite", &finding)?;
        }
        self.write_findings(f)?;
        self.write_sizes(f)
    }
}

impl GradientReport {
    fn write_rows(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Align::{Left, Point};
        let mut shown: Vec<&GradientRow> = self.rows.iter().collect();
        // A stable sort: within both kinds the order stays.
        if shown.len() > MOST_ROWS {
            shown.sort_by_key(|row| row.is_fine());
        }
        let mut rows = vec![["  ", "name", "shape", "‖g‖", "‖w‖", "of g", ""].map(String::from).to_vec()];
        for row in shown.iter().take(MOST_ROWS) {
            let zeros = match row.zeros {
                0 => String::new(),
                _ if row.zeros == row.shape.numel() => String::new(),
                zeros => format!("{zeros} of {} are 0", row.shape.numel()),
            };
            rows.push(vec![
                "  ".to_string(),
                one_line(&row.name),
                row.shape.to_string(),
                row.norm.map_or("none".to_string(), short),
                short(row.value_norm),
                zeros,
                row.finding.word().to_string(),
            ]);
        }
        write!(f, "{}", Table { align: vec![Left, Left, Left, Point, Point, Left, Left], rows })?;
        match self.rows.len().saturating_sub(MOST_ROWS) {
            0 => Ok(()),
            more => writeln!(f, "  … {more} more"),
        }
    }

    fn write_layers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Align::{Left, Point, Right};
        if self.layers.len() < 2 {
            return Ok(());
        }
        let mut rows =
            vec![["  ", "layer", "entries", "‖g‖", "‖g‖/√n", "‖w‖", ""].map(String::from).to_vec()];
        for layer in self.layers.iter().take(MOST_ROWS) {
            let number = |x: f64| if layer.entries == 0 { "none".to_string() } else { short(x) };
            rows.push(vec![
                "  ".to_string(),
                layer_name(layer),
                layer.entries.to_string(),
                number(layer.norm),
                number(layer.rms()),
                number(layer.value_norm),
                match layer.size {
                    Size::Usual => String::new(),
                    Size::Vanishing => "vanishing".to_string(),
                    Size::Exploding => "exploding".to_string(),
                },
            ]);
        }
        let align = vec![Left, Left, Right, Point, Point, Point, Left];
        write!(f, "\n{}", Table { align, rows })?;
        match self.layers.len().saturating_sub(MOST_ROWS) {
            0 => Ok(()),
            more => writeln!(f, "  … {more} more"),
        }
    }

    /// Rows with one cause are one paragraph.
    fn write_findings(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut groups: Vec<(&Finding, Vec<&str>)> = Vec::new();
        for row in self.rows.iter().filter(|row| !row.is_fine()) {
            match groups.iter().position(|(finding, _)| *finding == &row.finding) {
                Some(at) => groups[at].1.push(&row.name),
                // As many causes as anybody reads.
                None if groups.len() == MOST_ROWS => {}
                None => groups.push((&row.finding, vec![&row.name])),
            }
        }
        for (finding, names) in groups {
            write_finding(f, &format!("{}: {}", list(&names), finding.sentence()), finding)?;
        }
        Ok(())
    }

    fn write_sizes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |size: Size| -> Vec<String> {
            self.layers.iter().filter(|layer| layer.size == size).map(layer_name).collect()
        };
        let vanishing = names(Size::Vanishing);
        if !vanishing.is_empty() {
            writeln!(
                f,
                "  {}: the gradient vanishes\n    \
                 ‖g‖/√n is below {:e} of the largest layer's, or ‖g‖ below {:e} of ‖w‖\n    \
                 -> saturated or many layers deep: use relu or another activation that does not saturate,\n       \
                 start with weights of the right size (`Scheme`), add skip connections; or it has converged",
                list(&vanishing),
                Self::VANISHING,
                Self::LOST
            )?;
        }
        let exploding = names(Size::Exploding);
        if !exploding.is_empty() {
            writeln!(
                f,
                "  {}: the gradient explodes\n    \
                 ‖g‖ is more than {} times ‖w‖ (and 1)\n    \
                 -> scale the data, start with smaller weights, lower the learning rate, clip (`clip_grad_norm`)",
                list(&exploding),
                Self::EXPLODING
            )?;
        }
        Ok(())
    }
}

impl GradientRow {
    fn is_fine(&self) -> bool {
        matches!(self.finding, Finding::Fine | Finding::Frozen)
    }
}

impl Finding {
    /// In a table's cell.
    fn word(&self) -> &'static str {
        match self {
            Finding::Fine => "",
            Finding::Frozen => "frozen",
            Finding::Unused => "not used",
            Finding::AfterRoot => "used too late",
            Finding::NotReached => "no path",
            Finding::Cut(_) => "cut",
            Finding::Zero(_) => "all 0",
            Finding::NotFinite(_) => "not finite",
        }
    }

    fn sentence(&self) -> &'static str {
        match self {
            Finding::Fine | Finding::Frozen => "as it should be",
            Finding::Unused => "no gradient, for nothing on this tape is made from it",
            Finding::AfterRoot => "no gradient, for it was first used after the root was made",
            Finding::NotReached => "no gradient, for what was made from it does not go into the root",
            Finding::Cut(_) => "no gradient, for the path to it is cut",
            Finding::Zero(_) => "the gradient is 0",
            Finding::NotFinite(_) => "the gradient is not finite",
        }
    }

    fn advice(&self) -> &'static str {
        match self {
            Finding::Fine | Finding::Frozen => "nothing to do",
            Finding::Unused => "use it in `forward`, or take it out of the model",
            Finding::AfterRoot => "go backward from a value that is made after it",
            Finding::NotReached => "follow what is made from it: somewhere it is dropped before the loss",
            Finding::Cut(cut) if cut.op == "detach" => {
                "take `detach` out; if the cut is meant, freeze the parameter to say so"
            }
            Finding::Cut(_) => {
                "put something that has a derivative in its place (softmax for argmax, a gate for a step)"
            }
            Finding::Zero(cut) => match cut.op.as_str() {
                _ if cut.what.ends_with("cancels") => {
                    "look at what uses it: the terms have opposite derivatives"
                }
                _ if cut.what.ends_with("underflows to 0") => {
                    "use logits and their losses, fewer saturated layers, or f64"
                }
                "relu" => {
                    "lower the learning rate, start anew, or use leaky_relu, elu or gelu, which have a slope there"
                }
                "tanh" | "sigmoid" | "erf" => {
                    "make what goes in smaller: scale the data, start with smaller weights"
                }
                "mul" | "div" | "matmul" | "linear" => {
                    "find out why the other factor is 0: an off relu before it, or weights that started at 0"
                }
                _ => "look at this operation's inputs: its derivative is 0 there",
            },
            Finding::NotFinite(Some(_)) => {
                "mend the operation at this line (ln, sqrt, a quotient at 0; exp of too much); `tape.watch()` stops there"
            }
            Finding::NotFinite(None) => {
                "look at the seed, or at what changed the gradients after going backward"
            }
        }
    }
}

/// What is wrong, where, and what to do.
fn write_finding(f: &mut fmt::Formatter<'_>, what: &str, finding: &Finding) -> fmt::Result {
    writeln!(f, "  {what}")?;
    if let Some(cut) = finding.cut() {
        let layer = cut.layer.as_ref().map(|layer| format!(" in layer {layer:?}"));
        let (file, line) = (cut.line.file(), cut.line.line());
        writeln!(f, "    {}\n    at {file}:{line}{}", cut.what, layer.unwrap_or_default())?;
    }
    writeln!(f, "    -> {}", finding.advice())
}

fn layer_name(layer: &GradientLayer) -> String {
    if layer.name.is_empty() { "(none)".to_string() } else { one_line(&layer.name) }
}

/// `a, b, c and 7 more`.
fn list<S: AsRef<str>>(names: &[S]) -> String {
    let shown: Vec<String> = names.iter().take(MOST_NAMES).map(|name| one_line(name.as_ref())).collect();
    match names.len().saturating_sub(MOST_NAMES) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
