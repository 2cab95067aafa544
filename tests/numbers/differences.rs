//! Where PyTorch 2.15 gives another number, and why this crate does not: a sentence each. A
//! difference without a sentence fails, and so does a sentence without a difference.

use super::Outcome;
use super::cases::{Array, Case, Kind, same};
use super::table::{array_text, number_text};

/// One number here and there.
pub struct Difference<'a> {
    /// The operands; of what goes along an axis, and of products, all entries.
    at: &'a [f64],
    own: Option<f64>,
    /// In a long vector.
    torch: Option<f64>,
    /// As a single number.
    alone: Option<f64>,
}

type When = fn(&Difference) -> bool;

/// The calls, `y` or the operand whose gradient it is, when, and why.
const ARGUED: [(&str, &str, When, &str); 29] = [
    ("ln_1p", "y", |_| true, "ln(1 + x) is x for so small an x; PyTorch rounds it to 0."),
    (
        "sigmoid|silu|bce_with_logits",
        "y 0",
        |d| d.at[0] == -100.0 && (d.torch == Some(0.0)),
        "The number is small but not 0; PyTorch's 1/(1 + eˣ) overflows on the way, or drops it beside 1.",
    ),
    ("silu", "0", zeros, "A sum of +0 and −0, which are what is left of underflown terms, is +0."),
    ("elu(0.5)", "0", is_nan, "PyTorch is of two minds: NaN in its vectorised code, 1 in its scalar code."),
    (
        "gelu",
        "y",
        |d| d.at[0] > 1e30,
        "PyTorch's vectorised code in f32 overflows; its scalar code gives what is given here.",
    ),
    (
        "powf(0.5)|powf(-0.5)",
        "y 0",
        |d| d.at[0] == f64::NEG_INFINITY || d.at[0] == 0.0,
        "IEEE 754 has (±∞)^½ = ∞ and (±0)^½ = +0 for a power, which its general `pow` follows too; PyTorch takes a square root.",
    ),
    ("sign", "y", is_nan, "A NaN has no sign, and 0 would hide it."),
    (
        "dropout(0.5), dropped",
        "y",
        |_| true,
        "What is dropped is 0; PyTorch multiplies by 0, which lets ∞ and NaN through as NaN, and a sign.",
    ),
    (
        "maximum|minimum",
        "y",
        |d| {
            d.at == [0.0, 0.0]
                && d.own.zip(d.alone).is_some_and(|(own, alone)| own.to_bits() == alone.to_bits())
        },
        "Of two equal zeros the first one, as PyTorch's scalar code has it; its vectorised code takes the second.",
    ),
    (
        "maximum|minimum",
        "0 1",
        |d| d.at.iter().any(|x| x.is_nan()),
        "NaN wins over no number and loses to none: a tie, shared as any other. PyTorch gives both sides the whole, twice what came.",
    ),
    ("pow", "0", zeros, "b·aᵇ⁻¹ of b = 0 has the sign of its factors; PyTorch writes a plain 0 there."),
    ("pow", "1", zeros, "aᵇ·ln a of aᵇ = −0 is −0; PyTorch writes a plain 0 where a = 0."),
    ("bce", "y 1", zeros, "A sum of zeros of two signs, a difference of equal logarithms."),
    (
        "bce",
        "y 0 1",
        |d| d.torch.is_none(),
        "PyTorch refuses what is no probability, and NaN; here the loss is NaN, which an anomaly check finds. Outside 0..1 its derivative in p means nothing.",
    ),
    (
        "bce",
        "1",
        |d| d.at[0] == 0.0 || d.at[0] == 1.0 || d.own.is_some_and(|g| g.abs() == 100.0),
        "The logarithms in the loss are held above −100, and so they are in its derivative by the target; PyTorch takes them unheld there.",
    ),
    (
        "bce",
        "0",
        |d| d.own.zip(d.torch).is_some_and(|(own, torch)| (own / torch - 1.0).abs() < 1e-7),
        "The denominator is held above 1e-12; PyTorch's is the f32 that is nearest to that, in f64 too.",
    ),
    (
        "surprise",
        "0",
        |d| d.at[0] < 1e-12 || d.at[0].is_nan(),
        "−t/p with p held above 1e-12, as PyTorch has it in its binary cross-entropy, so that the gradient is finite at p = 0; the reference here, composed of `log` and `clamp`, gives 0·∞ or 0. Below 0 the loss is NaN.",
    ),
    (
        "bce_with_logits",
        "y",
        |d| d.at[0].is_infinite(),
        "The limit: a class without weight takes no part. PyTorch multiplies ∞ by 0, or subtracts ∞ from ∞.",
    ),
    ("sum|mean", "y", zeros, "The sum of −0 alone is −0; PyTorch starts at +0."),
    (
        "prod",
        "0",
        |d| d.own.is_some_and(|g| g.is_finite() && g != 0.0) || d.at.iter().all(|&x| x != 0.0),
        "The product of the other entries; PyTorch divides the product of all by the entry, which fails where either leaves the floating range.",
    ),
    (
        "prod",
        "0",
        |d| d.own.is_some_and(f64::is_nan) && d.torch == Some(0.0),
        "∞·0 and NaN·0 among the other entries are NaN; PyTorch takes 0 wherever two entries are 0.",
    ),
    ("prod", "0", zeros, "A product of zeros has the sign of its factors."),
    ("norm", "0", zeros, "0·x has the sign of x."),
    (
        "norm",
        "y 0",
        |d| d.at.len() == 1,
        "√(x²) for one entry as for many, which leaves the floating range at both ends; PyTorch takes |x| where there is one entry.",
    ),
    (
        "logsumexp",
        "0",
        |d| d.at.iter().all(|&x| x == f64::NEG_INFINITY),
        "Of nothing but masked entries none has a part, and the gradient is 0; PyTorch's is −∞ − (−∞).",
    ),
    ("variance|variance(correction 1)", "0", zeros, "The sign of a 0 that is a difference of equal numbers."),
    (
        "variance|variance(correction 1)",
        "0",
        |d| d.at.iter().any(|&x| x.abs() > 1e30) || d.at.len() == 1,
        "Neither is right: the mean or the square is not finite, or one entry is divided by 0. The gradient goes through the mean here, and PyTorch writes 2(x − mean)/(n − 1).",
    ),
    ("linear", "y", zeros, "The products are added up from +0."),
    (
        "cross_entropy",
        "y",
        |d| d.torch.is_some_and(f64::is_nan),
        "A class without weight takes no part, though the logarithm of its probability be −∞; PyTorch gives 0·∞.",
    ),
];

/// Zeros of two signs.
fn zeros(d: &Difference) -> bool {
    d.own == Some(0.0) && d.torch == Some(0.0)
}

fn is_nan(d: &Difference) -> bool {
    d.at[0].is_nan()
}

/// What PyTorch gives instead, and the number of the sentence that says why.
pub struct Mark {
    pub theirs: String,
    pub note: usize,
}

/// For each part (the result, then the gradients), for each entry of an elementwise case, or for all
/// entries of another.
pub type Marks = Vec<Vec<Option<Mark>>>;

pub struct Argued {
    used: [bool; ARGUED.len()],
    unexplained: Vec<String>,
}

impl Argued {
    pub fn new() -> Self {
        Argued { used: [false; ARGUED.len()], unexplained: Vec::new() }
    }

    /// The sentence of this number.
    pub fn sentence(note: usize) -> &'static str {
        ARGUED[note].3
    }

    pub fn compare(&mut self, case: &Case, own: &Outcome) -> Marks {
        let alone = case.alone.as_ref();
        let mut marks =
            vec![self.part("y", case, Some(&own.y), Some(&case.y), alone.map(|alone| Some(&alone.0)))];
        for (i, (own, torch)) in own.grads.iter().zip(&case.grads).enumerate() {
            let alone = alone.map(|alone| alone.1[i].as_ref());
            marks.push(self.part(&i.to_string(), case, own.as_ref(), torch.as_ref(), alone));
        }
        marks
    }

    fn part(
        &mut self,
        part: &str,
        case: &Case,
        own: Option<&Array>,
        torch: Option<&Array>,
        alone: Option<Option<&Array>>,
    ) -> Vec<Option<Mark>> {
        let alone = alone.unwrap_or(torch);
        let entry =
            |array: Option<&Array>, i: usize| array.and_then(|array| array.data.get(i).copied().flatten());
        let entries = case.inputs[0].data.len();
        let count =
            if case.kind == Kind::Elements { entries } else { own.or(torch).map_or(0, |x| x.data.len()) };
        let mut marks: Vec<Option<Mark>> = Vec::new();
        for i in 0..count {
            let at: Vec<f64> = match case.kind {
                Kind::Elements => case.inputs.iter().filter_map(|x| x.data[i]).collect(),
                Kind::List => case.inputs.iter().flat_map(|x| x.data.iter().copied().flatten()).collect(),
            };
            let difference =
                Difference { at: &at, own: entry(own, i), torch: entry(torch, i), alone: entry(alone, i) };
            let as_there = |there| agree(case, part, difference.own, there);
            if as_there(difference.torch) && as_there(difference.alone) {
                marks.push(None);
                continue;
            }
            let text = |x: Option<f64>| x.map_or("refuses".to_string(), |x| number_text(x, &case.of));
            let (vector, scalar) = (text(difference.torch), text(difference.alone));
            let theirs = match case.kind {
                Kind::List => torch.map_or("refuses".into(), |torch| array_text(torch, &case.of)),
                Kind::Elements if vector == scalar => vector,
                Kind::Elements => format!("{vector}, alone {scalar}"),
            };
            let row = ARGUED.iter().position(|(calls, parts, when, _)| {
                calls.split('|').any(|call| call == case.call)
                    && parts.split(' ').any(|p| p == part)
                    && when(&difference)
            });
            match row {
                Some(note) => {
                    self.used[note] = true;
                    marks.push(Some(Mark { theirs, note }));
                }
                None => {
                    let inputs: Vec<String> = match case.kind {
                        Kind::Elements => at.iter().map(|&x| number_text(x, &case.of)).collect(),
                        Kind::List => case.inputs.iter().map(|x| array_text(x, &case.of)).collect(),
                    };
                    let (inputs, own) = (inputs.join("; "), text(difference.own));
                    let what =
                        format!("{} {} {part} at {inputs}: {own}, PyTorch {theirs}", case.of, case.call);
                    if self.unexplained.last() != Some(&what) {
                        self.unexplained.push(what);
                    }
                    marks.push(None);
                }
            }
        }
        if case.kind == Kind::List {
            // One mark says it for all entries.
            return vec![marks.into_iter().flatten().next()];
        }
        marks
    }

    /// Nothing unexplained, no explanation too many.
    pub fn done(&self) {
        let idle: Vec<_> =
            ARGUED.iter().zip(self.used).filter(|(_, used)| !used).map(|(row, _)| (row.0, row.3)).collect();
        let unexplained = &self.unexplained;
        assert!(unexplained.is_empty(), "{} unexplained\n{}", unexplained.len(), unexplained.join("\n"));
        assert!(idle.is_empty(), "explanations without a difference: {idle:#?}");
    }
}

/// No gradient is as good as one of 0.
fn agree(case: &Case, part: &str, own: Option<f64>, there: Option<f64>) -> bool {
    match (own, there) {
        (Some(own), Some(there)) if case.of == "f32" => same::<f32>(own, there),
        (Some(own), Some(there)) => same::<f64>(own, there),
        (None, None) => true,
        (own, there) => part != "y" && own.or(there) == Some(0.0),
    }
}
