//! The calculus of every operation in words: y = f(x), ∂y/∂x, and x̄ from ȳ. The tape has the
//! rules themselves; this is what a reader is told of them.

use crate::float::Float;
use crate::shape::Shape;
use crate::tape::NodeInfo;

/// Operations that act entry by entry: what they compute, and ∂y/∂ each input. In braces stands
/// what is replaced by a letter or a number: x, a, b, c for the inputs, y for the result, and the
/// names of attributes.
const ELEMENTWISE: &[(&str, &str, &[&str])] = &[
    ("add", "{a} + {b}", &["1", "1"]),
    ("sub", "{a} - {b}", &["1", "-1"]),
    ("mul", "{a} · {b}", &["{b}", "{a}"]),
    ("div", "{a} / {b}", &["1/{b}", "-{a}/{b}²"]),
    ("pow", "{a}^{b}", &["{b}·{a}^({b} - 1)", "{y}·ln {a}"]),
    ("maximum", "max({a}, {b})", &["1 if {a} is the larger, else 0", "1 if {b} is the larger, else 0"]),
    ("minimum", "min({a}, {b})", &["1 if {a} is the smaller, else 0", "1 if {b} is the smaller, else 0"]),
    ("accumulate", "{a} + {b}", &["1", "1"]),
    ("negate", "-{x}", &["-1"]),
    ("exp", "e^{x}", &["{y}"]),
    ("exp_m1", "e^{x} - 1", &["{y} + 1"]),
    ("ln", "ln {x}", &["1/{x}"]),
    ("ln_1p", "ln(1 + {x})", &["1/(1 + {x})"]),
    ("sqrt", "√{x}", &["1/(2·{y})"]),
    ("square", "{x}²", &["2·{x}"]),
    ("recip", "1/{x}", &["-{y}²"]),
    ("abs", "|{x}|", &["the sign of {x}"]),
    ("sin", "sin {x}", &["cos {x}"]),
    ("cos", "cos {x}", &["-sin {x}"]),
    ("tanh", "tanh {x}", &["1 - {y}²"]),
    ("sigmoid", "1/(1 + e^(-{x}))", &["{y}·(1 - {y})"]),
    ("relu", "max({x}, 0)", &["1 if {x} > 0, else 0"]),
    ("leaky_relu", "{x} if {x} > 0, else {negative_slope}·{x}", &["1 if {x} > 0, else {negative_slope}"]),
    ("elu", "{x} if {x} > 0, else {alpha}·(e^{x} - 1)", &["1 if {x} > 0, else {y} + {alpha}"]),
    ("gelu", "{x}·Φ({x})", &["Φ({x}) + {x}·φ({x})"]),
    ("gelu_tanh", "{x}/2·(1 + tanh(√(2/π)·({x} + 0.044715·{x}³)))", &["Φ({x}) + {x}·φ({x}), nearly"]),
    ("silu", "{x}·sigmoid({x})", &["sigmoid({x})·(1 + {x} - {y})"]),
    ("softplus", "ln(1 + e^{x})", &["sigmoid({x})"]),
    ("erf", "erf {x}", &["2/√π·e^(-{x}²)"]),
    ("powi", "{x}^{n}", &["{n}·{x}^{n-1}"]),
    ("powf", "{x}^{p}", &["{p}·{x}^{p-1}"]),
    ("clamp", "{x}, held between {min} and {max}", &["1 if {x} is between them, else 0"]),
    ("dropout", "{x}/(1 - {p}), or 0 with probability {p}", &["1/(1 - {p}) if kept, else 0"]),
    ("where_cond", "{b} if {a} ≠ 0, else {c}", &["0", "1 if {a} ≠ 0, else 0", "0 if {a} ≠ 0, else 1"]),
    ("where_positive", "{b} if {a} > 0, else {c}", &["0", "1 if {a} > 0, else 0", "0 if {a} > 0, else 1"]),
    (
        "bce",
        "-({b}·ln {a} + (1 - {b})·ln(1 - {a}))",
        &["({a} - {b})/({a}·(1 - {a}))", "ln(1 - {a}) - ln {a}"],
    ),
    ("bce_with_logits", "ln(1 + e^{a}) - {a}·{b}", &["sigmoid({a}) - {b}", "-{a}"]),
];

/// Operations that move or mix entries: what they compute, and the adjoint of each input.
const MIXING: &[(&str, &str, &[&str])] = &[
    ("matmul", "A·B", &["Ā = Ȳ·Bᵀ", "B̄ = Aᵀ·Ȳ"]),
    ("matmul aᵀ·b", "Aᵀ·B", &["Ā = B·Ȳᵀ", "B̄ = A·Ȳ"]),
    ("matmul a·bᵀ", "A·Bᵀ", &["Ā = Ȳ·B", "B̄ = Ȳᵀ·A"]),
    ("matmul aᵀ·bᵀ", "Aᵀ·Bᵀ", &["Ā = Bᵀ·Ȳᵀ", "B̄ = Ȳᵀ·Aᵀ"]),
    ("linear", "X·Wᵀ + b", &["X̄ = Ȳ·W", "W̄ = Ȳᵀ·X", "b̄ = Ȳ, sum over the rows"]),
    ("sum", "the sum of x", &["x̄ = ȳ, spread over what was summed"]),
    ("mean", "the mean of x", &["x̄ = ȳ/{count}, spread over what was averaged"]),
    ("max", "the largest of x", &["x̄ = ȳ where x is the largest (ties share it), else 0"]),
    ("min", "the smallest of x", &["x̄ = ȳ where x is the smallest (ties share it), else 0"]),
    ("prod", "the product of x", &["x̄ = ȳ·the product of the others"]),
    ("norm", "√(the sum of x²)", &["x̄ = ȳ·x/y"]),
    ("logsumexp", "ln(the sum of e^x)", &["x̄ = ȳ·softmax(x)"]),
    ("softmax", "e^x / the sum of e^x", &["x̄ = y∘(ȳ - the sum of ȳ∘y)"]),
    ("log_softmax", "x - ln(the sum of e^x)", &["x̄ = ȳ - softmax(x)·the sum of ȳ"]),
    (
        "cross_entropy",
        "-the sum of t·log_softmax(x)",
        &["x̄ = ȳ·(softmax(x)·the sum of t - t)", "t̄ = -ȳ·log_softmax(x)"],
    ),
    ("cumsum", "running sums of x", &["x̄ = running sums of ȳ, from the end"]),
    ("reshape", "x in another shape", &["x̄ = ȳ in x's shape"]),
    ("permute", "x with its axes in another order", &["x̄ = ȳ with its axes put back"]),
    ("expand", "x repeated", &["x̄ = ȳ"]),
    ("sum_to", "x summed to a smaller shape", &["x̄ = ȳ, repeated"]),
    ("spread", "each sum handed to what was summed", &["x̄ = ȳ, summed again"]),
    ("slice", "a part of x", &["x̄ = ȳ in its place, 0 elsewhere"]),
    ("pad", "x with zeros around it", &["x̄ = the part of ȳ where x is"]),
    ("concat", "the inputs one after another", &["its part of ȳ"]),
    ("stack", "the inputs along a new axis", &["its part of ȳ"]),
    ("index_select", "chosen rows of x", &["x̄ = ȳ's rows, added where they came from"]),
    ("index_add", "rows of x, added where the indices say", &["x̄ = ȳ's chosen rows"]),
    ("gather", "chosen entries of x", &["x̄ = ȳ's entries, added where they came from"]),
    ("scatter_add", "entries of x, added where the indices say", &["x̄ = ȳ's chosen entries"]),
];

/// Whether each entry of the result comes from one entry of each input.
pub(super) fn is_elementwise(op: &str) -> bool {
    ELEMENTWISE.iter().any(|row| row.0 == op)
}

/// What a node computes, with these words for its inputs, names or numbers: `-4 · 2`.
pub(super) fn value<T: Float>(node: &NodeInfo<T>, words: &[String]) -> String {
    match ELEMENTWISE.iter().find(|row| row.0 == node.name) {
        Some((_, value, _)) => fill(value, node, |name, arity| word(name, arity, words)),
        None => format!("{}({})", node.name, words.join(", ")),
    }
}

/// ∂y/∂(input i) with these words, those of the inputs and last the result's: `1 - 0.5²`. Nothing
/// for what is not elementwise.
pub(super) fn local<T: Float>(node: &NodeInfo<T>, input: usize, words: &[String]) -> Option<String> {
    let (_, _, locals) = ELEMENTWISE.iter().find(|row| row.0 == node.name)?;
    Some(fill(locals.get(input)?, node, |name, arity| word(name, arity, words)))
}

/// What a node computes, in letters, of an operation that moves or mixes entries: `A·B`.
pub(super) fn in_letters<T: Float>(node: &NodeInfo<T>) -> Option<String> {
    Some(fill(row(node)?.1, node, letter))
}

/// How the adjoint of input i is made from the node's own: `Ā = Ȳ·Bᵀ`; and how it is summed if the
/// input was broadcast.
pub(super) fn rule<T: Float>(node: &NodeInfo<T>, input: usize, shape: &Shape) -> String {
    if !node.has_rule {
        return "no derivative: the path ends here".to_string();
    }
    let bar = format!("{}̄", letter(input_name(input, node.inputs.len()), 0).unwrap_or_default());
    let mut text = match (ELEMENTWISE.iter().any(|row| row.0 == node.name), row(node)) {
        (true, Some((_, _, locals))) => {
            let local = fill(locals.get(input).unwrap_or(&"∂y/∂x"), node, letter);
            match local.as_str() {
                "0" => format!("{bar} = 0"),
                "1" => format!("{bar} = ȳ"),
                "-1" => format!("{bar} = -ȳ"),
                _ if local.chars().count() > 1 => format!("{bar} = ȳ∘({local})"),
                _ => format!("{bar} = ȳ∘{local}"),
            }
        }
        (_, Some((_, _, rules))) => {
            let rule = fill(rules.get(input).or(rules.last()).unwrap_or(&""), node, letter);
            let averaged = shape.numel() / node.value.numel().max(1);
            rule.replace("{count}", &averaged.to_string())
        }
        (_, None) => format!("{bar} by its own rule"),
    };
    if is_elementwise(&node.name) || node.name == "expand" || node.name == "matmul" {
        text.push_str(&summed(node, shape));
    }
    text
}

/// The same with these names for the inputs and, last, for the node itself: `∂W = Xᵀ·∂v6`.
pub(super) fn rule_by_name<T: Float>(
    node: &NodeInfo<T>,
    input: usize,
    shape: &Shape,
    names: &[String],
) -> String {
    let elementwise = ELEMENTWISE.iter().find(|row| row.0 == node.name).filter(|_| node.has_rule);
    let Some(local) = elementwise.and_then(|row| row.2.get(input)) else {
        return named(&rule(node, input, shape), node, input, names);
    };
    let (of, upstream) = (&names[input], &names[node.inputs.len()]);
    let local = fill(local, node, |name, arity| word(name, arity, names));
    let text = match local.as_str() {
        "0" => format!("∂{of} = 0"),
        "1" => format!("∂{of} = ∂{upstream}"),
        "-1" => format!("∂{of} = -∂{upstream}"),
        _ if local.contains([' ', '/', '·']) => format!("∂{of} = ∂{upstream}∘({local})"),
        _ => format!("∂{of} = ∂{upstream}∘{local}"),
    };
    text + &summed(node, shape)
}

/// A rule in letters, with names for them: x̄, X̄ is ∂ of what x stands for.
fn named<T: Float>(rule: &str, node: &NodeInfo<T>, input: usize, names: &[String]) -> String {
    let own = node.inputs.len();
    let place = |letter: char| match (node.name.as_str(), letter.to_ascii_lowercase()) {
        (_, 'y') => Some(own),
        ("linear", 'w') | ("cross_entropy", 't') => Some(1),
        ("linear", 'b') => Some(2),
        _ if row(node).is_none() => Some(input), // by its own rule
        (_, 'x' | 'a') => Some(0),
        (_, 'b') => Some(1),
        _ => None,
    };
    let apart: Vec<char> = rule
        .chars()
        .flat_map(|c| match c {
            'ȳ' => vec!['y', BAR],
            'Ȳ' => vec!['Y', BAR],
            'Ā' => vec!['A', BAR],
            c => vec![c],
        })
        .collect();
    let mut text = String::new();
    for (at, &c) in apart.iter().enumerate().filter(|(_, c)| **c != BAR) {
        let barred = apart.get(at + 1) == Some(&BAR);
        let in_word = |c: Option<&char>| c.is_some_and(char::is_ascii_alphabetic);
        let alone = !in_word(at.checked_sub(1).and_then(|at| apart.get(at))) && !in_word(apart.get(at + 1));
        match place(c).filter(|_| alone && c.is_ascii_alphabetic()).and_then(|place| names.get(place)) {
            Some(name) if barred => text.push_str(&format!("∂{name}")),
            Some(name) => text.push_str(name),
            None => text.push(c),
        }
    }
    text
}

/// The bar over a letter, as a character that combines.
const BAR: char = '\u{304}';

/// `, sum over axis 0`, if an input of this shape was repeated.
fn summed<T: Float>(node: &NodeInfo<T>, shape: &Shape) -> String {
    match summed_axes(node, shape).as_slice() {
        [] => String::new(),
        [axis] => format!(", sum over axis {axis}"),
        axes => format!(", sum over axes {axes:?}"),
    }
}

/// The axes of the result along which an input of this shape was repeated.
fn summed_axes<T: Float>(node: &NodeInfo<T>, input: &Shape) -> Vec<usize> {
    let of = node.value.shape();
    // The last two axes of a matrix product are not broadcast.
    let kept = if node.name == "matmul" { 2 } else { 0 };
    let missing = of.rank().saturating_sub(input.rank());
    (0..of.rank().saturating_sub(kept))
        .filter(|&axis| axis < missing || (input[axis - missing] == 1 && of[axis] != 1))
        .collect()
}

type Row = (&'static str, &'static str, &'static [&'static str]);

fn row<T: Float>(node: &NodeInfo<T>) -> Option<Row> {
    let with_flags = format!("{} {}", node.name, node.attributes);
    let named = |name: &str| ELEMENTWISE.iter().chain(MIXING).find(|row| row.0 == name).copied();
    named(&with_flags).or_else(|| named(&node.name))
}

/// The letter that a formula calls input i of so many.
fn input_name(input: usize, arity: usize) -> &'static str {
    match (arity, input) {
        (1, _) => "x",
        (_, 0) => "a",
        (_, 1) => "b",
        (_, 2) => "c",
        _ => "x",
    }
}

fn letter(name: &str, _: usize) -> Option<String> {
    matches!(name, "x" | "y" | "a" | "b" | "c").then(|| name.to_string())
}

/// The word for a letter.
fn word(name: &str, arity: usize, words: &[String]) -> Option<String> {
    let at = match name {
        "y" => arity,
        "x" | "a" => 0,
        "b" => 1,
        "c" => 2,
        _ => return None,
    };
    words.get(at).cloned()
}

/// Replaces what stands in braces: by `of`, or by the attribute of that name.
fn fill<T: Float>(template: &str, node: &NodeInfo<T>, of: impl Fn(&str, usize) -> Option<String>) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { break };
        text.push_str(before);
        match of(name, node.inputs.len()).or_else(|| attribute(&node.attributes, name)) {
            Some(number) if is_signed(&number) && !stands_free(&text, after) => {
                text.push_str(&format!("({number})"));
            }
            Some(replacement) => text.push_str(&replacement),
            None => text.push_str(&format!("{{{name}}}")),
        }
        rest = after;
    }
    text + rest
}

/// Whether a sign is read rightly between these: nothing is taken from it, multiplied with it or
/// raised to a power.
fn stands_free(before: &str, after: &str) -> bool {
    let begins = before.is_empty() || before.ends_with(['(', '|']) || before.ends_with(" if ");
    begins && (after.is_empty() || after.starts_with([' ', ',', ')', '|']))
}

/// Whether a number begins with a sign, or has a power of ten.
fn is_signed(word: &str) -> bool {
    word.parse::<f64>().is_ok() && word.contains(['-', 'e'])
}

/// The value of an attribute in `n 3, axis 1`; one less of `n` for `n-1`.
fn attribute(attributes: &str, name: &str) -> Option<String> {
    if let Some(name) = name.strip_suffix("-1") {
        let number: f64 = attribute(attributes, name)?.parse().ok()?;
        return Some((number - 1.0).to_string());
    }
    attributes.split(", ").find_map(|part| part.strip_prefix(name)?.strip_prefix(' ')).map(str::to_string)
}
