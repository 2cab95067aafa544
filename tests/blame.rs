//! A mistake in a program panics at the program's own line, not at one of the crate's, whatever the
//! method; and where boxed layers lie between, the text names that line.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::Once;
use wengert::prelude::*;

thread_local! {
    /// File and line of this thread's last panic.
    static LAST: Cell<Option<(String, u32)>> = const { Cell::new(None) };
}

/// Panics unless `f` panics at the line of this call, in this file.
#[track_caller]
fn blames_this_line<R>(f: impl FnOnce() -> R) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            LAST.set(info.location().map(|at| (at.file().to_string(), at.line())));
            before(info);
        }));
    });
    let here = Location::caller();
    assert!(catch_unwind(AssertUnwindSafe(f)).is_err(), "it should panic");
    assert_eq!(LAST.take(), Some((here.file().to_string(), here.line())));
}

/// Panics unless the text of f's panic names the line of this call.
#[track_caller]
fn names_this_line<R>(f: impl FnOnce() -> R) {
    let here = Location::caller();
    let panic = catch_unwind(AssertUnwindSafe(f)).err().expect("it should panic");
    let text = panic.downcast_ref::<String>().expect("a text with numbers in it");
    assert!(text.contains(&format!("\n  at {}:{} in layer", here.file(), here.line())), "{text}");
}

#[test]
fn a_product_with_a_vector_names_the_operands_as_the_user_made_them() {
    let tape = Tape::<f32>::new();
    let (m, x) = (tape.var([[1.0, 2.0, 3.0]]), tape.var([1.0, 2.0]));
    let Err(panic) = catch_unwind(AssertUnwindSafe(|| m.matmul(x))) else { panic!("it should panic") };
    let text = panic.downcast_ref::<String>().expect("a text with numbers in it");
    assert!(
        text.starts_with("matmul: inner dimensions differ: [1, 3] · [2]  (3 ≠ 2)\n  lhs: var  [1, 3]"),
        "{text}"
    );
}

#[test]
#[rustfmt::skip] // a call and its line stand together
fn shapes_that_do_not_fit() {
    let tape = Tape::<f32>::new();
    let (x, z, m) = (tape.var([1.0, 2.0]), tape.var([1.0, 2.0, 3.0]), tape.var([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]));
    blames_this_line(|| x + z);
    blames_this_line(|| x * Tensor::zeros([3]));
    blames_this_line(|| Tensor::zeros([3]) - x);
    blames_this_line(|| x.pow(z));
    blames_this_line(|| x.maximum(z));
    blames_this_line(|| x.lt(z));
    blames_this_line(|| x.where_cond(x, z));
    blames_this_line(|| m.matmul(m));
    blames_this_line(|| m.matmul(x));
    blames_this_line(|| x.matmul(z));
    blames_this_line(|| m.matmul_t(x));
    blames_this_line(|| m.linear(x.reshape([1, 2]), None));
    blames_this_line(|| m.sum_axis(2));
    blames_this_line(|| m.mean_keepdim([0, 0]));
    blames_this_line(|| m.variance_axis(-3, 0));
    blames_this_line(|| m.softmax(2));
    blames_this_line(|| m.log_softmax(-3));
    blames_this_line(|| m.cumsum(5));
    blames_this_line(|| m.argmax(2));
    blames_this_line(|| m.prod_axis(2));
    blames_this_line(|| m.reshape([4, 2]));
    blames_this_line(|| m.flatten_from(3));
    blames_this_line(|| m.squeeze(0));
    blames_this_line(|| m.unsqueeze(4));
    blames_this_line(|| m.expand([3, 3]));
    blames_this_line(|| m.permute([0, 0]));
    blames_this_line(|| m.transpose(0, 2));
    blames_this_line(|| z.t());
    blames_this_line(|| m.slice(1, 2..5));
    blames_this_line(|| m.select(0, 2));
    blames_this_line(|| m.split(1, [1, 1]));
    blames_this_line(|| m.chunk(1, 0));
    blames_this_line(|| m.index_select(0, [2]));
    blames_this_line(|| m.gather(1, [[3], [0]]));
    blames_this_line(|| Var::concat([x, m], 0));
    blames_this_line(|| Var::stack([x, z], 0));
    blames_this_line(|| m.item());
    blames_this_line(|| m.dropout(1.5));
}

#[test]
#[rustfmt::skip]
fn values_that_do_not_belong() {
    let (tape, other, params) = (Tape::<f32>::new(), Tape::new(), Params::<f32>::new());
    let (x, z, c) = (tape.var(1.0), other.var(2.0), tape.constant(3.0));
    let (y, pair, inference) = (x * x, tape.var([1.0, 2.0]), Tape::inference(&params));
    let mut ended = x;
    let _ = tape.scope(|| { ended = x * 2.0; x });
    blames_this_line(|| x + z);
    blames_this_line(|| x.matmul(z));
    blames_this_line(|| x * ended);
    blames_this_line(|| ended.exp());
    blames_this_line(|| ended.value());
    blames_this_line(|| tape.scope(|| z));
    blames_this_line(|| tape.hook(z, |g| g));
    blames_this_line(|| c.backward());
    blames_this_line(|| pair.backward());
    blames_this_line(|| pair.backward_with([1.0, 2.0, 3.0]));
    blames_this_line(|| inference.var(1.0).backward());
    blames_this_line(|| inference.var(1.0).grad(inference.var(1.0)));
    blames_this_line(|| y.grad(c));
    blames_this_line(|| y.grad(z));
    blames_this_line(|| pair.grad(pair));
    blames_this_line(|| tape.grad_with(y, pair, &[x]));
    let grads = y.backward();
    blames_this_line(|| grads[c].clone());
    blames_this_line(|| grads[y].clone());
    blames_this_line(|| grads[z].clone());
    blames_this_line(|| grads.get(z).is_some());
    blames_this_line(|| tape.node(100));
}

#[test]
#[rustfmt::skip]
fn parameters_and_layers() {
    let (mut params, mut others) = (Params::<f32>::new(), Params::<f32>::new());
    let layer = Linear::new(&mut params.init(&mut Rng::new(0)).scope("layer"), 3, 2);
    let sequential = Sequential::builder(&mut params.init(&mut Rng::new(0)).scope("net")).linear(3, 4).relu().linear(4, 1).build();
    let mlp = Mlp::new(&mut params.init(&mut Rng::new(0)).scope("mlp"), [3, 4, 1]);
    let other = others.add("other", 1.0);
    let tape = Tape::eval(&params);
    let x = tape.var([[1.0, 2.0]]);
    blames_this_line(|| layer.forward(x));
    names_this_line(|| sequential.forward(x));
    names_this_line(|| mlp.forward(x));
    blames_this_line(|| tape.param(other));
    blames_this_line(|| Tape::new().param(other).item());
    let grads = tape.param(layer.weight()).sum().backward();
    blames_this_line(|| grads[other].clone());
    blames_this_line(|| grads[layer.bias().unwrap()].clone());
    blames_this_line(|| Linear::new(&mut others.init(&mut Rng::new(0)).scope("a"), 3, 2).forward(x));
    blames_this_line(|| others.add("other", 2.0));
    blames_this_line(|| others.value(layer.weight()).clone());
    blames_this_line(|| Sgd::new(0.1).step(&mut others, &grads));
    blames_this_line(|| Adam::<f32>::new(f64::NAN));
    blames_this_line(|| Dropout::new(-0.5));
}

#[test]
#[rustfmt::skip]
fn losses() {
    let tape = Tape::<f32>::new();
    let (x, rows) = (tape.var([1.0, 2.0]), tape.var([[1.0, 2.0], [3.0, 4.0]]));
    let three = Tensor::zeros([3]);
    blames_this_line(|| mse(x, &three));
    blames_this_line(|| l1(x, &three));
    blames_this_line(|| huber(x, &three));
    blames_this_line(|| bce(x, &three));
    blames_this_line(|| bce_with_logits(x, &three));
    blames_this_line(|| BceWithLogits::new().pos_weight(2.0).of(x, &three));
    blames_this_line(|| cross_entropy(rows, [0, 2]));
    blames_this_line(|| cross_entropy(rows, [0]));
    blames_this_line(|| cross_entropy(rows, &three));
    blames_this_line(|| cross_entropy(tape.var(1.0), [0]));
    blames_this_line(|| categorical_cross_entropy(rows, vec![0, 2]));
    blames_this_line(|| CrossEntropy::new().class_weights([1.0]).of(rows, [0, 1]));
    blames_this_line(|| CrossEntropy::new().label_smoothing(2.0));
}

#[test]
#[rustfmt::skip]
fn tensors() {
    let x: Tensor = Tensor::zeros([2, 3]);
    blames_this_line(|| Tensor::from_vec(vec![1.0, 2.0], [3]));
    blames_this_line(|| x.reshape([4]));
    blames_this_line(|| x.item());
    blames_this_line(|| x[[2, 0]]);
    blames_this_line(|| x.row(2).to_vec());
    blames_this_line(|| x.select_rows([2]));
    blames_this_line(|| Tensor::<f32>::zeros([usize::MAX, 2]));
}

#[test]
#[rustfmt::skip] // a call and its line stand together
fn networks_that_take_a_name_again() {
    let (mut params, mut rng) = (Params::<f32>::new(), Rng::new(0));
    let mut init = params.init(&mut rng);
    Sequential::builder(&mut init).linear(2, 3).build();
    Mlp::new(&mut init, [2, 3]);
    let builder = Sequential::builder(&mut init);
    blames_this_line(|| builder.linear(2, 3).build());
    blames_this_line(|| Mlp::new(&mut init, [2, 3]));
}

#[test]
#[rustfmt::skip] // a call and its line stand together
fn operators_of_tensors() {
    let (a, b) = (Tensor::<f32>::ones([2]), Tensor::ones([3]));
    blames_this_line(|| &a + &b);
    blames_this_line(|| a.clone() * b.clone());
    blames_this_line(|| a.clone() / &b);
    let mut c = a.clone();
    blames_this_line(|| c -= &b);
    let mut c = a.clone();
    blames_this_line(|| c -= b);
}
