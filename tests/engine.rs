//! What the engine promises whatever the operation: depth without recursion, scopes, tapes that are
//! not mixed up, rules that are wrong, parameters that are shared or frozen, hooks, the same bits from the same seed.

mod common;

use common::panics;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wengert::prelude::*;
use wengert::tape::{Keep, Op, Pullback};

// Depth

/// Runs `f` where a recursion as deep as the tape would not fit.
fn on_a_small_stack(f: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(256 << 10).spawn(f).unwrap().join().unwrap();
}

#[test]
fn a_chain_of_a_million_operations_needs_no_deeper_stack() {
    on_a_small_stack(|| {
        let tape = Tape::f64();
        let x = tape.var(1.5);
        let mut y = x;
        for _ in 0..500_000 {
            y = x - (-y); // y + x in two operations
        }
        assert_eq!(tape.len(), 1_000_001);
        assert_eq!(y.item(), 500_001.0 * 1.5);
        assert_eq!(y.backward()[x], 500_001.0);
        drop(tape);
    });
}

#[test]
fn a_recorded_gradient_of_a_long_chain_needs_no_deeper_stack() {
    on_a_small_stack(|| {
        let tape = Tape::f64();
        let x = tape.var(1.0);
        let mut y = x * x;
        for _ in 0..50_000 {
            y = x * x - (-y);
        }
        let slope = y.grad(x);
        assert_eq!(slope.item(), 2.0 * 50_001.0);
        assert_eq!(slope.backward()[x], 2.0 * 50_001.0);
    });
}

// Scopes and tapes

#[test]
fn a_thousand_scopes_leave_a_thousand_and_one_nodes() {
    let params = Params::<f32>::new();
    let tape = Tape::inference(&params);
    let mut x = tape.constant(Tensor::ones([4, 8]));
    for _ in 0..1000 {
        x = tape.scope(|| (x * 0.5).tanh() + x.softmax(1));
    }
    assert_eq!(tape.len(), 1001);
}

#[test]
fn a_value_of_a_scope_that_has_ended_is_refused() {
    let params = Params::<f64>::new();
    for tape in [Tape::inference(&params), Tape::eval(&params)] {
        let x = tape.var(2.0);
        let mut inner = x;
        let y = tape.scope(|| {
            inner = x * 3.0;
            inner * x
        });
        assert_eq!(y.item(), 12.0);
        let ended = ["v2 was made in a scope that has ended"];
        panics(|| inner + x, &ended);
        panics(|| x + inner, &ended);
        panics(|| inner.value(), &ended);
        panics(|| inner.backward(), &ended);
        panics(|| tape.hook(inner, |g| g), &ended);
        assert_eq!(format!("{inner:?}"), "v2 of a scope that has ended");
    }
}

#[test]
fn a_gradient_flows_through_scopes_where_there_is_one() {
    let params = Params::<f64>::new();
    let tape = Tape::eval(&params);
    let x = tape.var(2.0);
    let y = tape.scope(|| tape.scope(|| x * x) * x);
    assert_eq!(y.backward()[x], 12.0);
    assert_eq!(y.grad(x).grad(x).item(), 12.0);
    // A result from outside the scope is as good as before, and what was recorded goes.
    let nodes = tape.len();
    let same = tape.scope(|| {
        let _ = x * 5.0;
        x
    });
    assert_eq!((tape.len(), same.id()), (nodes, x.id()));
    assert_eq!((same * x).backward()[x], 4.0);
}

#[test]
fn a_parameter_first_used_in_a_scope_can_be_used_after_it() {
    let mut params = Params::<f64>::new();
    let w = params.add("w", 3.0);
    let tape = Tape::inference(&params);
    let x = tape.constant(2.0);
    let y = tape.scope(|| tape.param(w) * x);
    assert_eq!((y.item(), (tape.param(w) * x).item()), (6.0, 6.0));
    let tape = Tape::eval(&params);
    let y = tape.scope(|| tape.param(w) * 2.0);
    assert_eq!((y * tape.param(w)).backward()[w], 12.0);
}

#[test]
fn operands_of_two_tapes_are_refused() {
    let (tape, other) = (Tape::new(), Tape::new());
    let (x, z) = (tape.var(1.0), other.var(2.0));
    let parts = ["v0 belongs to another tape", "tape.constant(v.value())"];
    panics(|| x + z, &parts);
    panics(|| z * x, &parts);
    panics(|| tape.constant(1.0).where_cond(x, z), &parts);
    panics(|| Var::concat([x.reshape([1]), z.reshape([1])], 0), &["belongs to another tape"]);
    panics(|| x.grad(z), &parts);
    panics(|| tape.grad_with(x, z, &[x]), &parts);
    panics(|| tape.hook(z, |g| g), &parts);
    panics(|| tape.scope(|| z), &parts);
    assert_eq!((x + tape.constant(z.value())).item(), 3.0);
}

#[test]
fn gradients_are_asked_for_values_of_their_own_tape() {
    let (tape, other) = (Tape::new(), Tape::new());
    let (x, z) = (tape.var(1.0), other.var(2.0));
    let grads = x.square().backward();
    let parts = ["v0 belongs to another tape than these gradients"];
    panics(|| grads[z].clone(), &parts);
    panics(|| grads.get(z).cloned(), &parts);
    assert_eq!(grads[x], 2.0);
}

#[test]
fn parameters_belong_to_their_store() {
    let (mut params, mut others) = (Params::<f32>::new(), Params::<f32>::new());
    let (w, other) = (params.add("w", 1.0), others.add("other", 2.0));
    let tape = Tape::eval(&params);
    panics(|| tape.param(other), &["store"]);
    let grads = tape.param(w).square().backward();
    panics(|| grads[other].clone(), &["store"]);
    panics(|| Tape::new().param(w).item(), &["this tape has no parameters"]);
}

// Rules of one's own

/// The identity with a rule that is wrong in some way.
#[derive(Debug)]
enum Wrong {
    /// A gradient of this shape.
    Shape(Vec<usize>),
    /// A gradient taken through the operation itself.
    Itself,
    /// A gradient of an input that is not there.
    Input,
}

impl<T: Float> Op<T> for Wrong {
    fn name(&self) -> &'static str {
        "wrong"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        Ok(x[0].clone())
    }
    fn forward(&self, x: &[&Tensor<T>], _: Shape, _: &mut Keep<T>) -> Tensor<T> {
        x[0].clone()
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        match self {
            Wrong::Shape(shape) => p.pull(0, || p.tape().constant(Tensor::ones(&shape[..]))),
            Wrong::Itself => p.pull(0, || p.tape().grad_with(p.y(), g, &[p.x(0)])[0]),
            Wrong::Input => p.pull(1, || g),
        }
    }
}

#[test]
fn a_rule_that_is_wrong_is_named_and_leaves_nothing() {
    let tape = Tape::f64();
    let x = tape.var([1.0, 2.0]);
    let check = |wrong: Wrong, backward: &str, recorded: &str| {
        let y = tape.record(wrong, &[x]).sum();
        let nodes = tape.len();
        panics(|| y.backward(), &[backward]);
        panics(|| y.grad(x), &[recorded]);
        assert_eq!(tape.len(), nodes);
    };
    for shape in [vec![], vec![1], vec![3], vec![2, 1], vec![0]] {
        let text = format!("wrong: its rule gave input 0, of shape [2], a gradient of shape {shape:?}");
        check(Wrong::Shape(shape), &text, &text);
    }
    check(
        Wrong::Itself,
        "keeps no rules",
        "the rule of `wrong` is running: it cannot differentiate through itself",
    );
    let text = "wrong: its rule gave a gradient to input 1, the operation has 1";
    check(Wrong::Input, text, text);
    // Still broadcast: the engine sums.
    let y = tape.record(Wrong::Shape(vec![4, 2]), &[x]).sum();
    assert_eq!(y.backward()[x], [4.0, 4.0]);
    assert_eq!(y.grad(x).value(), [4.0, 4.0]);
}

// Parameters

#[test]
fn the_uses_of_a_tied_parameter_meet() {
    let mut params = Params::<f64>::new();
    let w = params.add("w", [[1.0, 2.0], [3.0, 4.0]]);
    let encoder = Linear::from_ids("encoder", w, None);
    let x = [[0.5, -1.0]];
    // d/dW of Σ x Wᵀ and of Σ h W, apart.
    let apart = |tied: bool| {
        let tape = Tape::eval(&params);
        let hidden = encoder.forward(tape.constant(x));
        let decoded = if tied { hidden.matmul(tape.param(w)) } else { hidden.matmul(tape.param(w).detach()) };
        decoded.sum().backward()[w].clone()
    };
    let decoder_only = {
        let tape = Tape::eval(&params);
        encoder.forward(tape.constant(x)).detach().matmul(tape.param(w)).sum().backward()[w].clone()
    };
    let (both, encoder_only) = (apart(true), apart(false));
    for i in 0..4 {
        assert_eq!(both.data()[i], encoder_only.data()[i] + decoder_only.data()[i]);
    }
    let tape = Tape::eval(&params);
    assert_eq!(tape.param(w).id(), tape.param(w).id(), "one leaf");
}

#[test]
fn a_step_leaves_a_frozen_parameter_as_it_is() {
    let mut params = Params::<f64>::new();
    let (w, b) = (params.add("w", [1.0, 2.0]), params.add("b", [3.0, 4.0]));
    params.freeze("b").unwrap();
    let mut sgd = Sgd::new(0.5);
    let grads = {
        let tape = Tape::eval(&params);
        (tape.param(w) * tape.param(b)).sum().backward()
    };
    assert!(grads.param(b).is_none());
    sgd.step(&mut params, &grads);
    assert_eq!(params[w], [-0.5, 0.0]);
    assert_eq!(params[b], [3.0, 4.0]);
    params.unfreeze("b").unwrap();
    let tape = Tape::eval(&params);
    assert_eq!((tape.param(w) * tape.param(b)).sum().backward()[b], [-0.5, 0.0]);
}

// Hooks

#[test]
fn a_hook_runs_once_a_pass_and_may_replace_the_gradient() {
    let tape = Tape::f64();
    let x = tape.var(Tensor::ones([2, 2]));
    let square = (x * x).keep_grad();
    let y = (square + square * 2.0).sum(); // two uses: 1 + 2 arrive at once
    let count = Rc::new(Cell::new(0));
    let counter = |by: u32| {
        let count = count.clone();
        move || count.set(count.get() + by)
    };
    let look = counter(1);
    let first = tape.hook(square, move |g| {
        look();
        assert_eq!(g.value(), Tensor::full([2, 2], 3.0), "complete");
        g
    });
    assert_eq!(y.backward()[x], Tensor::full([2, 2], 6.0));
    assert_eq!(count.get(), 1);
    let double = counter(2);
    let second = tape.hook(square, move |g| {
        double();
        g * 2.0
    });
    let grads = y.backward();
    assert_eq!(count.get(), 4);
    assert_eq!((&grads[square], &grads[x]), (&Tensor::full([2, 2], 6.0), &Tensor::full([2, 2], 12.0)));
    assert!(tape.unhook(first));
    assert!(!tape.unhook(first), "it is off already");
    assert_eq!(y.grad(x).value(), Tensor::full([2, 2], 12.0));
    assert_eq!(count.get(), 6);
    assert!(tape.unhook(second));
    assert_eq!(y.backward()[x], Tensor::full([2, 2], 6.0));
    assert_eq!(count.get(), 6);
}

#[test]
fn hooks_run_in_the_order_in_which_they_were_added_and_on_leaves_too() {
    let tape = Tape::f64();
    let x = tape.var(3.0);
    let order = Rc::new(RefCell::new(String::new()));
    for (name, factor) in [("a", 2.0), ("b", 5.0)] {
        let order = order.clone();
        tape.hook(x, move |g| {
            order.borrow_mut().push_str(name);
            g * factor
        });
    }
    let y = x * x;
    assert_eq!(y.backward()[x], 60.0);
    assert_eq!(y.grad(x).item(), 60.0);
    assert_eq!(*order.borrow(), "abab");
    // Recorded, what a hook does is differentiated: 10·2x, and once more through the hooks.
    assert_eq!(y.grad(x).grad(x).item(), 200.0);
}

#[test]
fn a_hook_that_changes_the_shape_is_refused_and_nothing_stays() {
    let tape = Tape::f64();
    let x = tape.var([1.0, 2.0]);
    let y = x.square().sum();
    let nodes = tape.len();
    let hook = tape.hook(x, |g| g.sum());
    let parts = ["the hook on v0 returned a gradient of shape [], not [2]"];
    panics(|| y.backward(), &parts);
    panics(|| y.grad(x), &parts);
    assert_eq!(tape.len(), nodes);
    tape.unhook(hook);
    assert_eq!(y.backward()[x], [2.0, 4.0]);
}

// Randomness

/// The weights after two steps of a network with dropout, as bits. Its products are large enough to
/// be shared by three threads.
fn trained(seed: u64) -> Vec<u32> {
    let mut rng = Rng::new(seed);
    let mut params = Params::<f32>::new();
    let mut init = params.init(&mut rng);
    let model = Sequential::builder(&mut init).linear(130, 203).relu().dropout(0.3).linear(203, 3).build();
    let x = Tensor::randn([257, 130], &mut rng);
    let labels: Vec<usize> = (0..257).map(|_| rng.below(3)).collect();
    let mut adam = Adam::new(1e-2);
    for _ in 0..2 {
        let tape = Tape::training(&params, &mut rng);
        let grads = cross_entropy(model.forward(tape.constant(&x)), &labels).backward();
        adam.step(&mut params, &grads);
    }
    params.iter().flat_map(|(_, value)| value.data().iter().map(|w| w.to_bits())).collect()
}

#[test]
fn the_same_seed_gives_the_same_bits_on_any_thread() {
    let here = trained(7);
    assert_eq!(trained(7), here);
    assert_ne!(trained(8), here);
    let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(|| trained(7))).collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), here);
    }
}

/// Runs this very test in processes of their own, which is where a number of threads is set.
#[test]
fn the_same_seed_gives_the_same_bits_on_any_number_of_threads() {
    const CHILD: &str = "ENGINE_TEST_PRINTS_ITS_BITS";
    let here: String = trained(7).iter().map(|bits| format!("{bits:08x}")).collect();
    if std::env::var_os(CHILD).is_some() {
        println!("bits={here}");
        return;
    }
    for threads in ["1", "2", "3"] {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["the_same_seed_gives_the_same_bits_on_any_number_of_threads", "--exact", "--nocapture"])
            .env(CHILD, "1")
            .env("RAYON_NUM_THREADS", threads)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains(&format!("bits={here}")), "{threads} threads give other bits");
    }
}

#[test]
fn a_mask_depends_on_the_seed_and_on_the_draws_before_it_alone() {
    let params = Params::<f64>::new();
    let ones = Tensor::ones([64]);
    let mask = |seed, before: &dyn Fn(&Tape<f64>)| {
        let tape = Tape::training(&params, &mut Rng::new(seed));
        before(&tape);
        tape.constant(&ones).dropout(0.5).value()
    };
    let plain = mask(1, &|_| ());
    let busy = |tape: &Tape<f64>| {
        let x = tape.var(Tensor::ones([3]));
        let _ = tape.scope(|| x * 2.0).sum().backward();
    };
    assert_eq!(mask(1, &busy), plain, "other nodes change nothing");
    assert_ne!(mask(2, &|_| ()), plain);
    let drawn = |tape: &Tape<f64>| {
        let _ = tape.constant(&ones).dropout(0.5);
    };
    assert_ne!(mask(1, &drawn), plain, "the second draw is another");
    // Backward goes through the same mask, both ways.
    let tape = Tape::training(&params, &mut Rng::new(1));
    let x = tape.var(&ones);
    let y = x.dropout(0.5);
    assert_eq!(y.value(), plain);
    assert_eq!(y.backward_with(&ones)[x], plain);
    assert_eq!(tape.grad_with(y, tape.constant(&ones), &[x])[0].value(), plain);
}

#[test]
fn gradients_of_parameters_are_found_by_name() {
    let mut params: Params = Params::new();
    let [a, b] = ["a", "head.b"].map(|name| params.add(name, [1.0, 2.0]));
    params.add("unused", 3.0);
    let tape = Tape::eval(&params);
    let grads = (tape.param(a) * tape.param(b)).sum().backward();
    assert_eq!(grads["head.b"], [1.0, 2.0]);
    assert_eq!(grads.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["a", "head.b"]);
    panics(
        || grads["unused"].item(),
        &["parameter \"unused\" has no gradient: it is frozen, was not used, or"],
    );
    panics(|| grads[params.id("unused").unwrap()].item(), &["parameter \"unused\" has no gradient"]);
    panics(|| grads["haed.b"].item(), &["there is no parameter \"haed.b\"; there are: a, head.b, unused"]);
    // A parameter that came between two passes is in their sum.
    let c = params.add("c", 4.0);
    let sum = grads + Tape::eval(&params).param(c).square().backward();
    assert_eq!((sum["c"].item(), sum["a"].data()), (8.0, &[1.0, 2.0][..]));
    assert_eq!(sum.iter().count(), 3);
    // A copy that is given another parameter has it at the same place.
    let mut copy = params.clone();
    let [d, e] = [params.add("d", 1.0), copy.add("e", 1.0)];
    let [of_d, of_e] =
        [(&params, d), (&copy, e)].map(|(store, id)| Tape::eval(store).param(id).square().backward());
    panics(|| of_d + of_e, &["two copies of a store that have grown apart"]);
}
