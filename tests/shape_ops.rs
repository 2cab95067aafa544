//! Operations that move entries about: what they say when shapes do not fit, and what holds of
//! them beyond single samples, which the sweep tries.

use std::panic::{AssertUnwindSafe, catch_unwind};
use wengert::ops::Indices;
use wengert::prelude::*;

/// The message of the panic that `f` ends in.
#[track_caller]
fn message<'t>(f: impl FnOnce() -> Var<'t, f64>) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(f)) else { panic!("it did not panic") };
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(text) => text.downcast::<&str>().expect("a panic with a message").to_string(),
    }
}

#[test]
fn a_shape_mistake_names_the_operation_the_fact_and_the_numbers() {
    let tape = Tape::f64();
    let x = tape.var(Tensor::zeros([4, 3]));
    let v = tape.var([1.0, 2.0]);
    let one = tape.var(1.0);
    #[track_caller]
    fn check<'t>(expected: &str, f: impl FnOnce() -> Var<'t, f64>) {
        let message = message(f);
        assert_eq!(message.lines().next(), Some(expected), "{message}");
        assert!(message.contains("made at tests/shape_ops.rs"), "{message}");
    }
    check("reshape: [4, 3] (12 entries) into [5, -1]: no extent in place of −1 fits", || {
        x.reshape([5, -1])
    });
    check("flatten_from: axis 2 out of range for shape [4, 3]", || x.flatten_from(2));
    check("squeeze: axis 1 of shape [4, 3] is not of extent 1", || x.squeeze(-1));
    check("unsqueeze: axis 3 out of range for a new axis of shape [4, 3]", || x.unsqueeze(3));
    check("expand: [4, 3] does not broadcast to [4, -1, 4]", || x.expand([4, -1, 4]));
    check("permute: axis 1 of shape [4, 3] is not named", || x.permute([0]));
    check("permute: axis 0 of shape [4, 3] is named twice", || x.permute([0, -2]));
    check("transpose: axis -3 out of range for shape [4, 3]", || x.transpose(0, -3));
    check("t: a matrix has 2 axes, shape [2] has 1", || v.t());
    check("slice: 1..4 out of range for axis 1 of shape [4, 3]", || x.slice(-1, 1..4));
    check("slice: axis 0 out of range for shape []", || one.slice(0, ..));
    check("select: index 3 out of range for axis 1 of shape [4, 3]", || x.select(1, 3));
    check("row: index 4 out of range for axis 0 of shape [4, 3]", || x.row(4));
    check("row: axis 0 out of range for shape []", || one.row(0));
    check("split: sizes [2, 3] add up to 5, not 4  (axis 0 of shape [4, 3])", || x.split(0, [2, 3])[0]);
    check("split: parts of extent 0 never add up  (axis 0 of shape [4, 3])", || x.split(0, 0)[0]);
    check("chunk: [4, 3] into 0 chunks", || x.chunk(0, 0)[0]);
    check("concat: axis 2 out of range for shape [4, 3]", || Var::concat([x, x], 2));
    check("concat: x1 [2] and x0 [4, 3] differ on another axis than 0", || Var::concat([x, v], 0));
    check("concat: axis 0 out of range for shape []", || Var::concat([one, one], 0));
    check("stack: x2 [2] and x0 [4, 3] are not of one shape", || Var::stack([x, x, v], 0));
    check("stack: axis -4 out of range for a new axis of shape [4, 3]", || Var::stack([x], -4));
    check("index_select: index[1] = 3 out of range for axis 1 of shape [4, 3]", || x.index_select(1, [2, 3]));
    check("gather: index 4 out of range for axis 0 of shape [4, 3]", || x.gather(0, [[0, 4]]));
    check("gather: indices of shape [2] do not fit shape [4, 3] beside axis 0", || x.gather(0, [0, 1]));
    check("gather: indices of shape [5, 1] do not fit shape [4, 3] beside axis 1", || x.gather(1, [[0]; 5]));
    check("argmax: axis 0 of shape [0, 2] is empty", || tape.var(Tensor::zeros([0, 2])).argmax(0));
}

#[test]
fn a_shape_mistake_points_at_every_operand_and_at_the_line() {
    let tape = Tape::f64();
    let a = tape.var(Tensor::zeros([2, 3]));
    let b = tape.constant(Tensor::zeros([3, 3]));
    let (line, text) = (line!(), message(|| Var::concat([a, b], 1)));
    let rows: Vec<_> = text.lines().skip(1).map(str::trim).collect();
    assert_eq!(
        rows,
        [
            format!("lhs: var       [2, 3]  made at tests/shape_ops.rs:{}", line - 2),
            format!("rhs: constant  [3, 3]  made at tests/shape_ops.rs:{}", line - 1),
            format!("at tests/shape_ops.rs:{line}"),
        ]
    );
}

#[test]
fn nothing_cannot_be_put_together_and_a_label_must_be_a_class() {
    let empty: [Var<f64>; 0] = [];
    assert_eq!(message(|| Var::concat(empty, 0)), "concat: there is nothing to put together");
    assert_eq!(message(|| Var::stack(empty, 0)), "stack: there is nothing to put together");
    let tape = Tape::f64();
    assert_eq!(
        message(|| tape.one_hot(&[0, 3], 3)),
        "one_hot: label 3 of row 1 is out of range for 3 classes"
    );
}

#[test]
fn no_labels_and_no_classes_make_empty_vectors() {
    let tape = Tape::f64();
    assert_eq!(tape.one_hot(&[], 3).shape(), [0, 3]);
    assert_eq!(tape.one_hot(&[], 0).shape(), [0, 0]);
}

#[test]
fn what_is_taken_apart_is_put_together_again() {
    let tape = Tape::f64();
    let x = tape.var(Tensor::from_fn([4, 5, 3], |i| i as f64));
    let seed = Tensor::from_fn([4, 5, 3], |i| (i * i) as f64);
    let rows: Vec<_> = (0..4).map(|i| x.row(i)).collect();
    let columns: Vec<_> = (0..5).map(|i| x.select(1, i)).collect();
    for y in [
        Var::concat(x.split(1, 2), 1),
        Var::concat(x.split(0, [1, 0, 3]), 0),
        Var::concat(x.chunk(-1, 2), -1),
        Var::stack(&rows, 0),
        Var::stack(&columns, 1),
        x.transpose(0, 2).permute([2, 1, 0]),
        x.flatten().reshape([4, 5, 3]),
        x.index_select(1, [4, 2, 0, 1, 3]).index_select(1, [2, 3, 1, 4, 0]),
    ] {
        assert_eq!(y.value(), x.value());
        assert_eq!(y.backward_with(&seed)[x], seed);
    }
}

#[test]
fn more_operands_than_a_word_has_bits() {
    let tape = Tape::f64();
    let numbers: Vec<_> = (0..100)
        .map(|i| if i % 3 == 0 { tape.constant(f64::from(i)) } else { tape.var(f64::from(i)) })
        .collect();
    let y = Var::stack(&numbers, 0);
    let loss = (y * y).sum();
    let grads = loss.backward();
    for (i, &x) in numbers.iter().enumerate() {
        let expected = (i % 3 != 0).then_some(2.0 * i as f64);
        assert_eq!(grads.get(x).map(|g| g.item()), expected);
        if x.needs_grad() {
            assert_eq!(Some(loss.grad(x).item()), expected);
        }
    }
}

#[test]
fn indices_of_any_rank_gather_as_they_are_defined() {
    let tape = Tape::f64();
    let x = tape.var(Tensor::from_fn([2, 3, 4, 2], |i| i as f64));
    let shape = [2, 2, 5, 1];
    let index: Vec<usize> = (0..20).map(|i| i * 7 % 4).collect();
    let y = x.gather(2, Indices::new(&index, shape)).value();
    for (flat, &i) in index.iter().enumerate() {
        let (a, b, c) = (flat / 10, flat / 5 % 2, flat % 5);
        assert_eq!(y[[a, b, c, 0]], x.value()[[a, b, i, 0]]);
    }
}

/// Lists are taken as they are at hand: owned or borrowed, of fixed length or not.
#[test]
#[allow(clippy::needless_borrows_for_generic_args)]
fn arrays_vectors_and_slices_are_all_lists() {
    let tape = Tape::new();
    let x = tape.var(Tensor::<f32>::from_fn([2, 3], |i| i as f32));
    let list = vec![1, 0];
    for y in [
        x.index_select(0, [1, 0]),
        x.index_select(0, &[1, 0]),
        x.index_select(0, &list),
        x.index_select(0, &list[..]),
        x.index_select(0, list),
    ] {
        assert_eq!(y.value(), [[3.0, 4.0, 5.0], [0.0, 1.0, 2.0]]);
    }
    let list = vec![3, 2];
    for y in [x.reshape([3, 2]), x.reshape(&[3, 2]), x.reshape(&list), x.reshape(&list[..]), x.reshape(list)]
    {
        assert_eq!(y.shape().dims(), [3, 2]);
    }
    assert_eq!(x.permute(&[1, 0]).value(), x.permute([1, 0]).value());
    assert_eq!(x.sum_axis(&[0, 1]).value(), 15.0);
    assert_eq!(x.split(1, &[1, 2])[1].value(), x.split(1, [1, 2])[1].value());
    assert_eq!(x.gather(0, &[[0, 1, 0]]).value(), x.gather(0, [[0, 1, 0]]).value());
    assert_eq!(Var::concat([x, x], 0).value(), Var::concat(&vec![x, x], 0).value());
    assert_eq!(Var::stack([x, x], 0).value(), Var::stack(&[x, x], 0).value());
    let list = vec![2, 2];
    assert_eq!(Tensor::<f32>::zeros(&[2, 2]), Tensor::zeros(&list));
    assert_eq!(Tensor::<f32>::zeros(&list[..]), Tensor::zeros(list));
    let list = vec![1, 2];
    assert_eq!(x.split(1, &list)[1].value(), x.split(1, list)[1].value());
    let list = vec![1, 0];
    assert_eq!(x.permute(&list).value(), x.permute(&list[..]).value());
    let row = x.row(1);
    assert_eq!(row.gather(0, &list).value(), row.gather(0, list).value());
    assert_eq!(cross_entropy(x, [0, 1]).item(), cross_entropy(x, &[0, 1]).item());
    assert_eq!(x.value().select_rows([1]), x.value().select_rows(&[1]));
}

#[test]
fn a_name_may_be_given_to_what_an_operator_makes() {
    let tape = Tape::f64();
    let (x, y) = (tape.var(3.0), tape.var(2.0));
    let mut loss = x;
    loss += y; // 5
    loss *= x; // 15
    loss -= 1.0; // 14
    loss /= y; // 7
    let grads = loss.backward();
    assert_eq!((loss.item(), x.item()), (7.0, 3.0));
    // ((x + y)·x − 1)/y
    assert_eq!(grads[x], (2.0 * 3.0 + 2.0) / 2.0);
    assert_eq!(grads[y], 3.0 / 2.0 - 14.0 / 4.0);
}
