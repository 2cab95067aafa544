//! What the stored cases call an operation, and how this crate says it.

use crate::common::calls::plain;
use std::sync::LazyLock;
use wengert::ops::{Sample, registry};
use wengert::prelude::*;

/// The operation of this name on these inputs.
///
/// # Panics
/// If this table does not know it.
pub fn call<'t, T: Float>(name: &str, x: &[Var<'t, T>]) -> Var<'t, T> {
    match (name, x) {
        ("negate", &[x]) => -x,
        ("leaky_relu(0.01)", &[x]) => x.leaky_relu(0.01),
        ("elu(0.5)", &[x]) => x.elu(0.5),
        ("powi(0)", &[x]) => x.powi(0),
        ("powi(1)", &[x]) => x.powi(1),
        ("powi(2)", &[x]) => x.powi(2),
        ("powi(3)", &[x]) => x.powi(3),
        ("powi(-1)", &[x]) => x.powi(-1),
        ("powi(-2)", &[x]) => x.powi(-2),
        ("powf(0.0)", &[x]) => x.powf(0.0),
        ("powf(0.5)", &[x]) => x.powf(0.5),
        ("powf(1.0)", &[x]) => x.powf(1.0),
        ("powf(1.7)", &[x]) => x.powf(1.7),
        ("powf(2.0)", &[x]) => x.powf(2.0),
        ("powf(-0.5)", &[x]) => x.powf(-0.5),
        ("clamp(-1, 1)", &[x]) => x.clamp(-1.0, 1.0),
        ("clamp(1, -1)", &[x]) => x.clamp(1.0, -1.0),
        ("floor", &[x]) => x.floor(),
        ("detach", &[x]) => x.detach(),

        ("eq", &[a, b]) => a.eq(b),
        ("ne", &[a, b]) => a.ne(b),
        ("lt", &[a, b]) => a.lt(b),
        ("le", &[a, b]) => a.le(b),
        ("gt", &[a, b]) => a.gt(b),
        ("ge", &[a, b]) => a.ge(b),

        ("reshape", &[x]) => x.reshape([3, 4]),
        ("permute", &[x]) => x.t(),
        ("expand", &[x]) => x.expand([2, 12]),
        ("slice", &[x]) => x.slice(0, 2..9),
        ("concat", x) => Var::concat(x, 0),
        ("stack", x) => Var::stack(x, 0),
        ("index_select", &[x]) => x.index_select(0, [11, 0, 0, 4, 5]),
        ("gather", &[x]) => x.gather(0, [11, 0, 0, 4, 5]),
        ("where_cond", &[c, a, b]) => c.where_cond(a, b),
        ("linear", &[x, w, b]) => x.linear(w, Some(b)),

        // What no method gives by itself is in the registry.
        ("bce", x) => registered("p.bce_entries(y)").call(x),
        ("bce_with_logits", x) => registered("x.bce_with_logits_entries(y)").call(x),
        ("surprise", x) => registered("p.surprise(t)").call(x),
        ("cross_entropy", x) => registered("x.cross_entropy_rows(t)").call(x),
        ("where_positive", x) => registered("where_positive(c, a, b)").call(x),
        ("pad", x) => registered("pad(x, 0, 1, 3)").call(x),
        ("index_add", x) => registered("index_add(x, 0, &[2, 0, 2].into(), 4)").call(x),
        ("scatter_add", x) => registered("scatter_add(x, 1, &[[2, 0], [1, 1]].into(), [3, 4])").call(x),
        ("spread", x) => registered("spread_columns(g, x)").call(x),
        ("dropout(0.5)", x) => {
            let call = "x.tape().record_inline(Dropout { p: 0.5, seed: 1 }, &[x])";
            registered(call).call(x)
        }
        (name, x) => plain(name, x).unwrap_or_else(|| match x {
            &[x] => along(name, x, 0),
            x => panic!("no test knows the operation {name:?} of {} inputs", x.len()),
        }),
    }
}

/// Those that go along an axis, or over one.
pub fn along<'t, T: Float>(name: &str, x: Var<'t, T>, axis: isize) -> Var<'t, T> {
    match name {
        "sum" => x.sum_axis(axis),
        "mean" => x.mean_axis(axis),
        "prod" => x.prod_axis(axis),
        "max" => x.max_axis(axis),
        "min" => x.min_axis(axis),
        "norm" => x.norm_axis(axis),
        "logsumexp" => x.logsumexp_axis(axis),
        "variance" => x.variance_axis(axis, 0),
        "variance(correction 1)" => x.variance_axis(axis, 1),
        "softmax" => x.softmax(axis),
        "log_softmax" => x.log_softmax(axis),
        "cumsum" => x.cumsum(axis),
        "argmax" => x.argmax(axis),
        _ => panic!("no test knows the operation {name:?}"),
    }
}

/// The sample whose call this is.
fn registered(call: &str) -> &'static Sample {
    static REGISTRY: LazyLock<Vec<Sample>> = LazyLock::new(registry);
    let plain = |text: &str| text.replace([' ', '\n', ','], "");
    let found = REGISTRY.iter().find(|sample| plain(sample.call) == plain(call));
    found.unwrap_or_else(|| panic!("no sample has the call {call}"))
}

/// The operation's name in the registry.
pub fn registered_name(call: &str) -> &str {
    match call {
        "prod" => "reshape",
        call => call.split(['(', ',']).next().unwrap_or(call),
    }
}
