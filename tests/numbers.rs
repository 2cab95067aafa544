//! What comes out of every operation at ±0, ±∞, NaN, the subnormal numbers, the largest ones and the
//! ends of its domain, forward and backward, as `docs/numbers.md` has it, beside what PyTorch 2.15
//! gives (`tests/numbers/pytorch.json`, written by `generate.py` there).
//!
//! Each number goes through an operation alone and at every place of a long vector: the vectorised
//! loops and what they leave over give the same bits. Wherever PyTorch gives something else,
//! `tests/numbers/differences.rs` says why.

mod common;

#[path = "numbers/calls.rs"]
mod calls;
#[path = "numbers/cases.rs"]
mod cases;
#[path = "numbers/differences.rs"]
mod differences;
#[path = "numbers/table.rs"]
mod table;

use calls::{along, call, registered_name};
use cases::{Array, Case, Kind, stored};
use std::collections::BTreeSet;
use wengert::prelude::*;

/// A prime, so that every number comes to stand in every lane, and in what is left over.
const LONG: usize = 1009;

#[test]
fn every_operation_of_the_registry_has_its_rows() {
    let cases = stored();
    for name in ["f32", "f64"] {
        let rows: BTreeSet<&str> =
            cases.iter().filter(|case| case.of == name).map(|case| registered_name(&case.call)).collect();
        let missing: BTreeSet<_> = wengert::ops::registry().iter().map(|sample| sample.op).collect();
        let missing: Vec<_> = missing.difference(&rows).collect();
        assert!(missing.is_empty(), "without a row in {name}: {missing:?}");
    }
}

/// With WENGERT_UPDATE set, the committed table is written anew.
#[test]
fn the_table_of_numbers_is_what_comes_out_and_every_difference_from_pytorch_is_argued() {
    let mut argued = differences::Argued::new();
    let mut table = table::Table::default();
    for case in stored() {
        let own = if case.of == "f32" { outcome::<f32>(&case) } else { outcome::<f64>(&case) };
        let notes = argued.compare(&case, &own);
        table.add(case, own, notes);
    }
    argued.done();
    let text = table.text();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/numbers.md");
    if std::env::var_os("WENGERT_UPDATE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    for (now, then) in text.lines().zip(committed.lines()) {
        assert_eq!(now, then, "docs/numbers.md is not what comes out; WENGERT_UPDATE=1 writes it anew");
    }
    assert!(text == committed, "docs/numbers.md is not what comes out; WENGERT_UPDATE=1 writes it anew");
}

/// A kernel that is fast for zeros would hide what 0·∞ and 0·NaN are.
#[test]
fn a_product_leaves_out_no_zero() {
    fn check<T: Float>(n: usize, wild: f64) {
        let at = |place: [usize; 2]| {
            Tensor::<T>::from_fn([n, n], |i| {
                if i == place[0] * n + place[1] { T::from_f64(wild) } else { T::ZERO }
            })
        };
        let (row, inner, column) = (n / 2, n - 1, n / 3);
        let (left, right, zeros) = (at([row, inner]), at([inner, column]), Tensor::zeros([n, n]));
        let nans = |y: Var<T>, there: &dyn Fn(usize, usize) -> bool| {
            let places = y.value().data().iter().enumerate().all(|(i, y)| y.is_nan() == there(i / n, i % n));
            assert!(places, "{wild} in a product of {n} in {}", T::NAME);
        };
        let tape = Tape::<T>::default();
        let [left, right, zeros] = [left, right, zeros].map(|x| tape.constant(x));
        nans(left.matmul(zeros), &|i, _| i == row);
        nans(zeros.matmul(right), &|_, j| j == column);
        nans(left.t().t_matmul(zeros), &|i, _| i == row);
        nans(zeros.matmul_t(right.t()), &|_, j| j == column);
        nans(zeros.linear(right.t(), None), &|_, j| j == column);
    }
    for n in [1, 5, 67, 130] {
        for wild in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            check::<f32>(n, wild);
            check::<f64>(n, wild);
        }
    }
}

/// What an operation gives: the result, and each input's gradient, none where there is none.
pub struct Outcome {
    pub y: Array,
    pub grads: Vec<Option<Array>>,
}

/// The case's outcome, which is that of the fused and of the recorded way, and of every place in a
/// longer tensor.
fn outcome<T: Float>(case: &Case) -> Outcome {
    match case.kind {
        Kind::List => list::<T>(case),
        Kind::Elements if case.call.starts_with("dropout") => dropout::<T>(case),
        Kind::Elements => elements::<T>(case),
    }
}

/// Entry by entry, alone; and the same bits in a long vector.
fn elements<T: Float>(case: &Case) -> Outcome {
    let count = case.inputs[0].data.len();
    let inputs: Vec<Vec<T>> = case.inputs.iter().map(Array::cast).collect();
    let alone: Vec<Vec<Option<T>>> = (0..count)
        .map(|i| {
            let numbers: Vec<Tensor<T>> = inputs.iter().map(|x| Tensor::scalar(x[i])).collect();
            let (y, grads) = run(&case.call, &numbers, None);
            let grads = grads.iter().map(|g| g.as_ref().map(Tensor::item));
            [Some(y.item())].into_iter().chain(grads).collect()
        })
        .collect();
    let place = |k: usize| k % count;
    let long = |x: &Vec<T>| Tensor::from_vec((0..LONG).map(|k| x[place(k)]).collect(), [LONG]);
    let (y, grads) = run(&case.call, &inputs.iter().map(long).collect::<Vec<_>>(), None);
    for k in 0..LONG {
        let number = &alone[place(k)];
        let point: Vec<T> = inputs.iter().map(|x| x[place(k)]).collect();
        let there =
            [Some(y.data()[k])].into_iter().chain(grads.iter().map(|g| g.as_ref().map(|g| g.data()[k])));
        for (there, number) in there.zip(number) {
            assert!(
                bits(there) == bits(*number),
                "{} at {point:?}: alone {number:?}, at place {k} of a vector {there:?}",
                case.call
            );
        }
    }
    if let Some([a, b]) = &case.grid {
        against_a_number::<T>(case, [a, b], &alone);
    }
    let column = |of: usize| -> Option<Array> {
        alone.iter().map(|row| row[of].map(T::to_f64)).collect::<Option<Vec<f64>>>().map(Array::vector)
    };
    Outcome { y: column(0).unwrap(), grads: (1..=inputs.len()).map(column).collect() }
}

/// A long vector against each single number, from both sides: loops of their own.
fn against_a_number<T: Float>(case: &Case, [a, b]: [&Vec<f64>; 2], alone: &[Vec<Option<T>>]) {
    let long = |x: &[f64]| Tensor::from_vec((0..LONG).map(|k| T::from_f64(x[k % x.len()])).collect(), [LONG]);
    for (side, numbers, vector) in [(0, a, b), (1, b, a)] {
        for (i, &number) in numbers.iter().enumerate() {
            let mut operands = [Tensor::scalar(T::from_f64(number)), long(vector)];
            operands.rotate_left(side);
            let (y, grads) = run(&case.call, &operands, None);
            for k in 0..LONG {
                let j = k % vector.len();
                let there = &alone[if side == 0 { i * b.len() + j } else { j * b.len() + i }];
                let of_vector = grads[1 - side].as_ref().map(|g| g.data()[k]);
                let same =
                    bits(Some(y.data()[k])) == bits(there[0]) && bits(of_vector) == bits(there[2 - side]);
                assert!(same, "{} of {number} and a vector, at place {k}, instead of {there:?}", case.call);
            }
        }
    }
}

/// Each number where the mask keeps it, or where it drops it.
fn dropout<T: Float>(case: &Case) -> Outcome {
    let kept = run("dropout(0.5)", &[Tensor::<T>::ones([LONG])], None).0;
    let drops = case.call.ends_with("dropped");
    let (mut y, mut dx) = (Vec::new(), Vec::new());
    for x in case.inputs[0].cast::<T>() {
        let (ys, grads) = run("dropout(0.5)", &[Tensor::full([LONG], x)], None);
        let gs = grads[0].as_ref().unwrap();
        let mut chosen = (0..LONG).filter(|&k| (kept.data()[k] == T::ZERO) == drops);
        let first = chosen.next().unwrap();
        for k in chosen {
            assert_eq!(bits(Some(ys.data()[k])), bits(Some(ys.data()[first])), "{} of {x}", case.call);
        }
        y.push(ys.data()[first].to_f64());
        dx.push(gs.data()[first].to_f64());
    }
    Outcome { y: Array::vector(y), grads: vec![Some(Array::vector(dx))] }
}

/// A tensor at a time; what goes along an axis gives the same in each row and in each column.
fn list<T: Float>(case: &Case) -> Outcome {
    let inputs: Vec<Tensor<T>> = case.inputs.iter().map(Array::tensor).collect();
    let refused = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let tape = Tape::<T>::default();
        let x: Vec<_> = inputs.iter().map(|x| tape.constant(x)).collect();
        call(&case.call, &x);
    }));
    if refused.is_err() {
        let none = inputs.iter().map(|_| None).collect();
        return Outcome { y: Array::refused(), grads: none };
    }
    let seed = case.seed.as_ref().map(Array::tensor);
    let (y, grads) = run(&case.call, &inputs, seed.clone());
    if cases::ALONG.contains(&&*case.call) && inputs[0].numel() > 0 {
        let seed = seed.unwrap_or_else(|| Tensor::ones(y.shape()));
        for axis in [0, 1] {
            let what = format!("{} of {:?} in lanes along axis {axis}", case.call, inputs[0]);
            let tape = Tape::<T>::default();
            let x = tape.var(side_by_side(&inputs[0], axis));
            let lanes = along(&case.call, x, axis);
            alike(&what, &lanes.value(), &side_by_side(&y, axis));
            if let Some(g) = &grads[0] {
                let got = lanes.backward_with(side_by_side(&seed, axis));
                alike(&format!("the gradient of {what}"), &got[x], &side_by_side(g, axis));
            }
        }
    }
    Outcome { y: Array::of(&y), grads: grads.iter().map(|g| g.as_ref().map(Array::of)).collect() }
}

/// The vector 67 times, as columns (its entries go along axis 0) or as rows; so a number, in one axis.
fn side_by_side<T: Float>(x: &Tensor<T>, axis: isize) -> Tensor<T> {
    let n = x.numel();
    let entry = |i: usize| x.data()[if axis == 0 { i / 67 } else { i % n }];
    let shape = if x.rank() == 0 {
        vec![67]
    } else if axis == 0 {
        vec![n, 67]
    } else {
        vec![67, n]
    };
    Tensor::from_fn(shape, entry)
}

#[track_caller]
fn alike<T: Float>(what: &str, a: &Tensor<T>, b: &Tensor<T>) {
    assert_eq!(a.shape(), b.shape(), "{what}");
    for (a, b) in a.data().iter().zip(b.data()) {
        assert!(cases::same::<T>(a.to_f64(), b.to_f64()), "{what}: {a} instead of {b}");
    }
}

/// The result and the gradients of its product with the seed, ones if there is none: by the fused
/// rules, which agree with the recorded ones.
fn run<T: Float>(
    name: &str,
    inputs: &[Tensor<T>],
    seed: Option<Tensor<T>>,
) -> (Tensor<T>, Vec<Option<Tensor<T>>>) {
    let tape = Tape::<T>::default();
    let x: Vec<Var<T>> = inputs.iter().map(|x| tape.var(x)).collect();
    let y = call(name, &x);
    let value = y.value().clone();
    if !y.needs_grad() {
        return (value, x.iter().map(|_| None).collect());
    }
    let seed = seed.unwrap_or_else(|| Tensor::ones(y.shape()));
    let fused = y.backward_with(&seed);
    let recorded = tape.grad_with(y, tape.constant(&seed), &x);
    let grads: Vec<Option<Tensor<T>>> = x.iter().map(|&x| fused.get(x).cloned()).collect();
    for ((recorded, fused), x) in recorded.iter().zip(&grads).zip(inputs) {
        if let Some(fused) = fused {
            for (r, f) in recorded.value().data().iter().zip(fused.data()) {
                // Adding up may lose the sign of a 0, and which additions there are is each way's own.
                let (r, f) = (r.to_f64(), f.to_f64());
                assert!(r == f || cases::same::<T>(r, f), "{name} at {x:?}: recorded {r}, fused {f}");
            }
        }
    }
    (value, grads)
}

/// The bits, those of one NaN for all.
fn bits<T: Float>(x: Option<T>) -> Option<u64> {
    x.map(|x| if x.is_nan() { T::NAN.bits() } else { x.bits() })
}
