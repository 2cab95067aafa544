//! The operations without attributes that every table of stored values calls by the name they have here.

use wengert::prelude::*;

/// The operation of this name on these inputs, if it is one of them.
pub fn plain<'t, T: Float>(name: &str, x: &[Var<'t, T>]) -> Option<Var<'t, T>> {
    Some(match (name, x) {
        ("exp", &[x]) => x.exp(),
        ("exp_m1", &[x]) => x.exp_m1(),
        ("ln", &[x]) => x.ln(),
        ("ln_1p", &[x]) => x.ln_1p(),
        ("sqrt", &[x]) => x.sqrt(),
        ("square", &[x]) => x.square(),
        ("recip", &[x]) => x.recip(),
        ("abs", &[x]) => x.abs(),
        ("sin", &[x]) => x.sin(),
        ("cos", &[x]) => x.cos(),
        ("tanh", &[x]) => x.tanh(),
        ("sigmoid", &[x]) => x.sigmoid(),
        ("relu", &[x]) => x.relu(),
        ("gelu", &[x]) => x.gelu(),
        ("gelu_tanh", &[x]) => x.gelu_tanh(),
        ("silu", &[x]) => x.silu(),
        ("softplus", &[x]) => x.softplus(),
        ("erf", &[x]) => x.erf(),
        ("sign", &[x]) => x.sign(),
        ("add", &[a, b]) => a + b,
        ("sub", &[a, b]) => a - b,
        ("mul", &[a, b]) => a * b,
        ("div", &[a, b]) => a / b,
        ("pow", &[a, b]) => a.pow(b),
        ("maximum", &[a, b]) => a.maximum(b),
        ("minimum", &[a, b]) => a.minimum(b),
        ("matmul", &[a, b]) => a.matmul(b),
        _ => return None,
    })
}
