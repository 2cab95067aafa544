//! How reports are printed for people, and written for programs.

use super::report::{Entry, InputReport, NodeReport, Place, Report, TapeReport};
use super::verdict::{Reason, Verdict};
use std::fmt::{self, Display, Formatter, Write};

/// Of each kind of thing, no more than this many are shown: a report has at most 30 lines, that is
/// a title, 2 nodes of 4, 3 inputs of 3, .., a place, 3 each of reasons, unclear ones and kinks, and a sum.
const SHOWN: usize = 3;

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let failed: Vec<&InputReport> = self.inputs.iter().filter(|input| input.failed > 0).collect();
        let order = self.inputs.iter().map(|input| input.order).max().unwrap_or(1);
        let inputs: Vec<&InputReport> = self.inputs.iter().filter(|input| input.order == order).collect();
        match self.verdict {
            Verdict::Fail => {
                let at_least = if failed.iter().any(|input| input.at_least) { "≥ " } else { "" };
                let entries: usize = inputs.iter().map(|input| input.entries).sum();
                let (some, wrong) = (failed.len(), self.failed());
                let (of, entries) = (count(inputs.len(), "input"), count(entries, "entry"));
                write!(f, "GRADIENT CHECK FAILED  ({some} of {of}, {at_least}{wrong} of {entries})")?;
            }
            _ if self.passed() => write!(f, "gradient check passed  ({})", self.extent())?,
            _ => write!(f, "GRADIENT CHECK INCONCLUSIVE  ({})", self.extent())?,
        }
        write!(f, "    seed {}, {}, order {order}", self.seed, self.element)?;
        for node in self.tape.iter().flat_map(TapeReport::failing).take(SHOWN - 1) {
            node.show(f)?;
        }
        for input in failed.iter().take(SHOWN) {
            input.show(f, "input")?;
        }
        if failed.len() > SHOWN {
            write!(f, "\n  .. and {} more", count(failed.len() - SHOWN, "input"))?;
        }
        if let Some(tape) = &self.tape {
            write!(f, "\n  where   {}", tape.whereabouts())?;
        }
        for reason in self.reasons.iter().take(SHOWN) {
            write!(f, "\n  reason  {reason}")?;
        }
        self.show_some(f, "unclear", |input| &input.inconclusive_at)?;
        self.show_some(f, "kink", |input| &input.kinks_at)?;
        let (kinks, inconclusive) = self.inputs.iter().fold((0, 0), |(kinks, inconclusive), input| {
            (kinks + input.kinks, inconclusive + input.inconclusive)
        });
        write!(f, "\n  kinks   {kinks}   inconclusive {inconclusive}")?;
        // Where nothing but zeros and kinks was compared, there is nothing relative to say.
        if self.verdict != Verdict::Fail && self.resolution() > 0.0 {
            write!(
                f,
                "   worst relative error {:.0e}; one of {:.0e} would have been seen",
                self.error(),
                self.resolution()
            )?;
        }
        Ok(())
    }
}

impl Report {
    /// `2 inputs, 24 entries`, and how much of it was looked at.
    fn extent(&self) -> String {
        if self.inputs.is_empty() {
            return "nothing was compared".to_string();
        }
        let order = self.inputs.iter().map(|input| input.order).max().unwrap_or(1);
        let inputs = || self.inputs.iter().filter(|input| input.order == order);
        let entries: usize = inputs().map(|input| input.entries).sum();
        let checked: usize = inputs().map(|input| input.checked).sum();
        let probes: usize = inputs().map(|input| input.probes).sum();
        let mut text = format!("{}, {}", count(inputs().count(), "input"), count(entries, "entry"));
        if probes > 0 {
            let _ = write!(text, ", {}", count(probes, "random direction"));
        } else if checked < entries {
            let _ = write!(
                text,
                ", {checked} of them looked at: {:.1} %",
                100.0 * checked as f64 / entries as f64
            );
        }
        text
    }

    fn show_some(
        &self,
        f: &mut Formatter<'_>,
        title: &str,
        of: impl Fn(&InputReport) -> &[Entry],
    ) -> fmt::Result {
        let entries = self.inputs.iter().flat_map(|input| of(input).iter().map(move |entry| (input, entry)));
        entries.take(SHOWN).try_for_each(|(input, entry)| {
            let InputReport { name, order, .. } = input;
            let direction = "along a random direction".to_string();
            let place = if input.probes > 0 { direction } else { entry.place() };
            write!(f, "\n  {title:7} `{name}` order {order} {place}")?;
            match entry.verdict {
                Verdict::Kink => {
                    let [least, greatest] = entry.sides.map(number);
                    write!(f, "   D− and D+ are {least} and {greatest}   analytic {}", number(entry.analytic))
                }
                _ => write!(f, "   {}", entry.numbers()),
            }
        })
    }
}

impl InputReport {
    fn show(&self, f: &mut Formatter<'_>, title: &str) -> fmt::Result {
        let InputReport { number, name, shape, failed, .. } = self;
        let at_least = if self.at_least { "≥ " } else { "" };
        let entries = count(self.entries, "entry");
        write!(f, "\n  {title:7} {number} `{name}`  shape {shape}   {at_least}{failed} of {entries}")?;
        if self.probes == 0 && self.checked < self.entries {
            write!(f, ", {} of them looked at", self.checked)?;
        }
        if let [way] = &self.ways[..] {
            write!(f, "   in `{way}` alone")?;
        }
        if let Some(worst) = &self.worst {
            write!(f, "\n  worst   {}   {}", worst.place(), worst.numbers())?;
        }
        if let Some(pattern) = self.pattern {
            let checked = self.checked;
            match *failed == checked {
                true => write!(f, "\n  pattern {pattern} (on all {failed})")?,
                false => write!(f, "\n  pattern {pattern} (on {failed} of {checked})")?,
            }
        }
        Ok(())
    }
}

impl Entry {
    fn place(&self) -> String {
        format!("flat {} = {:?}", self.flat, self.index)
    }

    fn numbers(&self) -> String {
        let [least, greatest] = self.sides;
        // At a kink everything between the one-sided derivatives would have been right.
        let numeric = match least < greatest {
            true => format!("from {} to {}", number(least), number(greatest)),
            false => number(self.numeric),
        };
        format!(
            "analytic {}   numeric {numeric} ± {:.0e}   abs {:.1e}  rel {:.1e}   step {:.0e}",
            number(self.analytic),
            self.estimate,
            self.absolute(),
            self.relative(),
            self.step
        )
    }
}

impl NodeReport {
    /// `matmul v17 [3, 6] ← v2, v5   created at src/model.rs:88 in layer "head"`
    fn title(&self) -> String {
        let inputs: Vec<String> = self.inputs.iter().map(|id| format!("v{id}")).collect();
        let mut title = format!("{}   node v{} {} ← {}", self.op, self.id, self.shape, inputs.join(", "));
        if !self.attributes.is_empty() {
            let _ = write!(title, "   {}", self.attributes);
        }
        let _ = write!(title, "   created at {}", self.line);
        if let Some(layer) = &self.layer {
            let _ = write!(title, " in layer {layer:?}");
        }
        title
    }

    fn show(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "\n  op      {}", self.title())?;
        self.failed.iter().take(1).try_for_each(|input| input.show(f, "rule    input"))
    }
}

impl TapeReport {
    fn whereabouts(&self) -> String {
        let names = |of: &dyn Fn(&NodeReport) -> bool| {
            let names: Vec<String> = self
                .nodes
                .iter()
                .filter(|node| of(node))
                .map(|node| format!("v{} {}", node.id, node.op))
                .collect();
            let more = if names.len() > SHOWN {
                format!(" and {} more", names.len() - SHOWN)
            } else {
                String::new()
            };
            format!("{}{more}", names[..names.len().min(SHOWN)].join(", "))
        };
        let nodes = count(self.nodes.len(), "node");
        let pass =
            self.nodes.iter().filter(|node| matches!(node.verdict, Verdict::Pass | Verdict::Kink)).count();
        match self.place {
            Some(Place::Rule) => {
                let failing = names(&|node| node.verdict == Verdict::Fail);
                format!("{failing} failed alone, {pass} of {nodes} passed: a rule error")
            }
            Some(Place::Replay) => {
                let changed = names(&|node| node.verdict == Verdict::Inconclusive(Reason::ReplayDiffers));
                format!(
                    "{changed} gave another value than the tape holds: it was changed, or is not deterministic"
                )
            }
            Some(Place::Accumulation) => {
                format!(
                    "{pass} of {nodes} passed alone, the whole is wrong: an accumulation or graph error, or a hook"
                )
            }
            None if self.nodes.is_empty() => {
                "nothing on the tape depends on an input: it is detached".to_string()
            }
            None if pass == self.nodes.len() => format!("{pass} of {nodes} passed alone, and they add up"),
            None => {
                let unclear = self.nodes.len() - pass;
                format!("{pass} of {nodes} passed alone, {unclear} unclear, none failed, and they add up")
            }
        }
    }
}

impl Display for TapeReport {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let nodes = count(self.nodes.len(), "node");
        let (seed, element) = (self.seed, self.element);
        match self.passed() {
            true => write!(f, "tape check passed  ({nodes})    seed {seed}, {element}")?,
            false if self.place.is_none() => {
                write!(f, "TAPE CHECK INCONCLUSIVE  ({nodes})    seed {seed}, {element}")?
            }
            false => write!(f, "TAPE CHECK FAILED  ({nodes})    seed {seed}, {element}")?,
        }
        for node in self.failing().take(SHOWN) {
            node.show(f)?;
        }
        for node in
            self.nodes.iter().filter(|node| matches!(node.verdict, Verdict::Inconclusive(_))).take(SHOWN)
        {
            write!(f, "\n  unclear {}: {}", node.title(), node.verdict)?;
        }
        write!(f, "\n  where   {}", self.whereabouts())
    }
}

/// `1 input`, `2 entries`.
fn count(n: usize, what: &str) -> String {
    match (n, what.strip_suffix('y')) {
        (1, _) => format!("1 {what}"),
        (_, Some(stem)) => format!("{n} {stem}ies"),
        (_, None) => format!("{n} {what}s"),
    }
}

/// Ten significant digits: a relative error of 10⁻⁶ is to be seen by eye.
fn number(x: f64) -> String {
    let size = x.abs();
    if size != 0.0 && !(1e-4..1e9).contains(&size) {
        return format!("{x:.9e}");
    }
    let before = if size >= 1.0 { size.log10() as usize + 1 } else { 1 };
    let text = format!("{x:.*}", 10 - before.min(10));
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}
