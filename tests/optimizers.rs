//! Every optimizer against PyTorch's trajectories; what a step, a state and a group promise.

mod common;

use common::{agree, golden, numbers};
use serde_json::{Map, Value};
use std::panic::{AssertUnwindSafe, catch_unwind};
use wengert::optim::State;
use wengert::prelude::*;

#[test]
fn trajectories_are_those_of_pytorch() {
    let cases = golden("optimizers.json");
    assert!(!cases.is_empty());
    for case in &cases {
        follows::<f64>(case, 1e-10);
        follows::<f32>(case, 1e-4);
    }
}

/// Takes the case's steps and compares the parameter after each.
fn follows<T: Float>(case: &Value, tolerance: f64) {
    let name = case["optimizer"].as_str().unwrap();
    let mut optimizer = make::<T>(name, case["attrs"].as_object().unwrap());
    let mut params = Params::new();
    let p = params.add("p", tensor::<T>(&case["start"]));
    let grads = case["grads"].as_array().unwrap();
    for (i, (g, expected)) in grads.iter().zip(case["trajectory"].as_array().unwrap()).enumerate() {
        let grads = Tape::eval(&params).param(p).backward_with(tensor::<T>(g));
        optimizer.step(&mut params, &grads);
        let what = format!("{name} {} in {}, step {i}", case["attrs"], T::NAME);
        let got: Vec<f64> = params[p].data().iter().map(|x| x.to_f64()).collect();
        agree(&what, &got, &numbers(expected), tolerance);
    }
}

fn tensor<T: Float>(array: &Value) -> Tensor<T> {
    let shape: Vec<usize> = numbers(&array["shape"]).iter().map(|&d| d as usize).collect();
    let data = numbers(&array["data"]).into_iter().map(T::from_f64).collect();
    Tensor::from_vec(data, &shape[..])
}

/// The optimizer of this name with these settings. A name or a setting it does not know panics.
fn make<T: Float>(name: &str, attrs: &Map<String, Value>) -> Box<dyn Optimizer<T>> {
    let mut attrs = attrs.clone();
    let lr = attrs.remove("lr").and_then(|x| x.as_f64()).expect("every case says its lr");

    /// Applies each setting that is given with the builder's method of that name.
    macro_rules! with {
        ($optimizer:expr; $($number:ident)*; $($flag:ident)*; $($pair:ident)*) => {{
            let mut optimizer = $optimizer;
            $(if let Some(x) = attrs.remove(stringify!($number)) {
                optimizer = optimizer.$number(x.as_f64().unwrap());
            })*
            $(if attrs.remove(stringify!($flag)).is_some_and(|x| x.as_bool().unwrap()) {
                optimizer = optimizer.$flag();
            })*
            $(if let Some(pair) = attrs.remove(stringify!($pair)) {
                optimizer = optimizer.$pair(pair[0].as_f64().unwrap(), pair[1].as_f64().unwrap());
            })*
            Box::new(optimizer)
        }};
    }
    let optimizer: Box<dyn Optimizer<T>> = match name {
        "sgd" => with!(Sgd::new(lr); momentum dampening weight_decay; nesterov;),
        "adam" | "amsgrad" => with!(Adam::new(lr); eps weight_decay; amsgrad; betas),
        "adamw" => with!(AdamW::new(lr); eps weight_decay; amsgrad; betas),
        "rmsprop" => with!(RmsProp::new(lr); alpha eps weight_decay momentum; centered;),
        "adagrad" => with!(Adagrad::new(lr); eps weight_decay initial_accumulator_value;;),
        "nadam" => with!(NAdam::new(lr); eps weight_decay momentum_decay; decoupled_weight_decay; betas),
        "radam" => with!(RAdam::new(lr); eps weight_decay; decoupled_weight_decay; betas),
        _ => panic!("no test knows the optimizer {name:?}"),
    };
    assert!(attrs.is_empty(), "{name}: no test knows the settings {attrs:?}");
    optimizer
}

/// Each optimizer, in the settings that keep the most state.
fn all() -> Vec<Box<dyn Optimizer>> {
    vec![
        Box::new(Sgd::new(0.1)),
        Box::new(Sgd::new(0.1).momentum(0.9).nesterov().weight_decay(0.1)),
        Box::new(Adam::new(0.1).weight_decay(0.1)),
        Box::new(AdamW::new(0.1).amsgrad()),
        Box::new(RmsProp::new(0.1).momentum(0.9).centered().weight_decay(0.1)),
        Box::new(Adagrad::new(0.1).initial_accumulator_value(0.5).learning_rate_decay(0.1)),
        Box::new(NAdam::new(0.1).weight_decay(0.1)),
        Box::new(RAdam::new(0.1).betas(0.9, 0.9).decoupled_weight_decay().weight_decay(0.1)),
    ]
}

/// A store of two parameters.
fn model() -> (Params, [ParamId; 2]) {
    let mut params = Params::new();
    let ids = [params.add("w", [[1.0, -2.0], [0.5, 3.0]]), params.add("b", [0.1, -0.2])];
    (params, ids)
}

/// Gradients of both, others at every turn.
fn grads(params: &Params, [w, b]: [ParamId; 2], turn: usize) -> Gradients {
    let tape = Tape::eval(params);
    let b = tape.param(b) * (turn as f32).sin();
    (tape.param(w) * b * b).backward_with(Tensor::from_fn([2, 2], |i| ((turn + i) as f32).cos()))
}

/// What a panic says; it must be raised at a line of this file.
#[track_caller]
fn panic_of(f: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).expect_err("it panics");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload.downcast::<&str>().expect("a panic with a text").to_string(),
    }
}

#[test]
fn resuming_from_a_state_gives_the_same_bits() {
    for (mut whole, mut resumed) in all().into_iter().zip(all()) {
        let (mut params, ids) = model();
        for turn in 0..5 {
            let grads = grads(&params, ids, turn);
            whole.step(&mut params, &grads);
        }
        whole.set_learning_rate(0.05);
        let state = whole.state(&params);
        // The new process: another store with parameters of the same names.
        let (mut later, later_ids) = model();
        for name in ["w", "b"] {
            later.set(name, &params[name]).unwrap();
        }
        resumed.load_state(&later, &state).unwrap();
        for turn in 5..10 {
            let (a, b) = (grads(&params, ids, turn), grads(&later, later_ids, turn));
            whole.step(&mut params, &a);
            resumed.step(&mut later, &b);
        }
        assert_eq!(params["w"], later["w"], "{}", state.kind);
        assert_eq!(params["b"], later["b"], "{}", state.kind);
        assert_eq!(whole.state(&params), resumed.state(&later));
    }
}

#[test]
fn a_parameter_without_a_gradient_and_what_is_remembered_of_it_stay() {
    for mut optimizer in all() {
        let (mut params, ids) = model();
        let g = grads(&params, ids, 1);
        optimizer.step(&mut params, &g);
        let (before, state) = (params.clone(), optimizer.state(&params));

        let unused = (Tape::eval(&params).param(ids[0]) * 2.0).backward_with(Tensor::ones([2, 2]));
        optimizer.step(&mut params, &unused);
        params.freeze("b").unwrap();
        // Gradients from before the freezing do not move a frozen parameter either.
        optimizer.step(&mut params, &g);
        assert_eq!(params["b"], before["b"]);
        assert_ne!(params["w"], before["w"]);

        let after = optimizer.state(&params);
        assert_eq!((after.numbers["b.step"], after.numbers["w.step"]), (1.0, 3.0));
        for (key, tensor) in state.tensors.iter().filter(|(key, _)| key.starts_with("b.")) {
            assert_eq!(after.tensors[key], *tensor, "{key}");
        }
    }
}

#[test]
fn a_step_writes_in_place() {
    for mut optimizer in all() {
        let (mut params, ids) = model();
        let address = params["w"].data().as_ptr();
        let grads = grads(&params, ids, 1);
        optimizer.step(&mut params, &grads);
        assert_eq!(params["w"].data().as_ptr(), address);
    }
}

#[test]
fn a_large_parameter_is_stepped_the_same_on_any_number_of_threads() {
    let start = Tensor::randn([100_001], &mut Rng::new(1));
    let stepped = |mut optimizer: Box<dyn Optimizer>, threads| {
        wengert::set_num_threads(threads);
        let mut params = Params::new();
        let p = params.add("p", start.clone());
        for _ in 0..3 {
            let p = Tape::eval(&params).param(p).square().sum().backward();
            optimizer.step(&mut params, &p);
        }
        let bits = |x: &Tensor| x.data().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        let state = optimizer.state(&params);
        (bits(&params[p]), state.tensors.values().map(bits).collect::<Vec<_>>(), state.numbers)
    };
    let threads = wengert::num_threads();
    for (one, three) in all().into_iter().zip(all()) {
        let (one, three) = (stepped(one, 1), stepped(three, 3));
        assert!(one == three, "{:?}", one.2);
        assert!(
            one.0.iter().zip(start.data()).all(|(&now, then)| now != then.to_bits()),
            "every entry moves"
        );
    }
    wengert::set_num_threads(threads);
}

#[test]
fn what_is_kept_of_a_dead_unit_is_never_subnormal() {
    let averaging: [Box<dyn Optimizer>; 6] = [
        Box::new(Sgd::new(0.1).momentum(0.9)),
        Box::new(Adam::new(0.1).amsgrad()),
        Box::new(AdamW::new(0.1)),
        Box::new(RmsProp::new(0.1).momentum(0.9).centered()),
        Box::new(NAdam::new(0.1)),
        Box::new(RAdam::new(0.1)),
    ];
    for mut optimizer in averaging {
        let mut params = Params::<f32>::new();
        let p = params.add("p", Tensor::ones([20]));
        for step in 0..1000 {
            let g = Tensor::full([20], if step == 0 { 1.0 } else { 0.0 });
            let grads = Tape::eval(&params).param(p).backward_with(g);
            optimizer.step(&mut params, &grads);
        }
        let state = optimizer.state(&params);
        for (name, kept) in &state.tensors {
            assert!(!kept.data().iter().any(|x| x.is_subnormal()), "{} {name}: {kept}", state.kind);
        }
        // An average that loses a tenth a step is through after 830 steps.
        let gone = |kept: &Tensor| kept.data().iter().all(|&x| x == 0.0);
        assert!(state.tensors.values().any(gone), "{}", state.kind);
    }
}

#[test]
fn the_learning_rate_can_be_set_for_each_step() {
    let mut params: Params<f64> = Params::new();
    let w = params.add("w", 1.0);
    let mut sgd = Sgd::new(0.5);
    for (rate, expected) in [(0.5, 0.5), (0.25, 0.25), (0.0, 0.25)] {
        sgd.set_learning_rate(rate);
        let grads = Tape::eval(&params).param(w).backward();
        sgd.step(&mut params, &grads);
        assert_eq!((params[w].item(), sgd.learning_rate()), (expected, rate));
    }
}

#[test]
fn a_learning_rate_must_be_finite_and_not_negative() {
    for (rate, shown) in [(-0.1, "-0.1"), (f64::NAN, "NaN"), (f64::INFINITY, "inf")] {
        let expected = format!("learning rate {shown} is not allowed: it must be finite and not negative");
        assert_eq!(panic_of(|| drop(Sgd::<f32>::new(rate))), expected);
        assert_eq!(panic_of(|| drop(Adam::<f32>::new(rate))), expected);
        assert_eq!(panic_of(|| drop(AdamW::<f32>::new(rate))), expected);
        assert_eq!(Adam::<f32>::try_new(rate).unwrap_err().to_string(), expected);
        for mut optimizer in all() {
            assert_eq!(panic_of(|| optimizer.set_learning_rate(rate)), expected);
            assert_eq!(optimizer.learning_rate(), 0.1);
        }
    }
}

#[test]
fn settings_out_of_range_panic() {
    #[track_caller]
    fn check<O>(make: impl FnOnce() -> O, expected: &str) {
        let text = panic_of(|| drop(make()));
        assert!(text.contains(expected), "{text}");
    }
    let sgd = || Sgd::<f32>::new(0.1);
    check(|| sgd().momentum(-0.9), "momentum -0.9 is not allowed");
    check(|| sgd().weight_decay(f64::NAN), "weight decay NaN is not allowed");
    check(|| sgd().dampening(1.0), "dampening 1 is not allowed: it must be at least 0 and below 1");
    check(|| sgd().nesterov(), "needs a momentum, set before it");
    check(|| sgd().momentum(0.9).nesterov().dampening(0.1), "and no dampening");
    check(|| Adam::<f32>::new(0.1).betas(0.9, 1.0), "beta2 1 is not allowed");
    check(|| Adam::<f32>::new(0.1).eps(-1e-8), "eps -0.00000001 is not allowed");
    check(|| Group::scope("head").learning_rate_scale(-1.0), "learning rate scale -1 is not allowed");
}

#[test]
fn what_does_not_belong_together_panics_before_anything_changes() {
    for mut optimizer in all() {
        let (mut params, ids) = model();
        let (mut other, other_ids) = model();
        let g = grads(&params, ids, 1);
        optimizer.step(&mut params, &g);
        let (before, state) = (params.clone(), optimizer.state(&params));

        let mut check = |params: &mut Params, grads: &Gradients, expected: &str| {
            let text = panic_of(|| optimizer.step(params, grads));
            assert!(text.contains(expected), "{text}");
        };
        let foreign = grads(&other, other_ids, 1);
        check(&mut params, &foreign, "the gradients are of parameter store");
        check(&mut other, &foreign, "each model has an optimizer of its own");
        let tape = Tape::new();
        let x = tape.var(1.0);
        check(&mut params, &x.backward(), "of a tape without parameters");
        *params.value_mut(ids[1]) = Tensor::zeros([3]);
        check(&mut params, &g, "parameter \"b\" has shape [3], its gradient [2]");
        let widened = Tape::eval(&params).param(ids[1]).backward_with([1.0; 3]);
        if state.tensors.contains_key("b.exp_avg") {
            check(&mut params, &widened, "had shape [2] in the steps before, it has [3] now");
        }
        assert_eq!(params["w"], before["w"]);
        assert_eq!(optimizer.state(&params), state);
    }
}

#[test]
fn a_panic_of_a_step_is_at_the_users_line() {
    use std::cell::Cell;
    thread_local!(static AT: Cell<Option<(String, u32)>> = const { Cell::new(None) });
    std::panic::set_hook(Box::new(|info| {
        AT.set(info.location().map(|at| (at.file().to_string(), at.line())));
    }));
    let (mut params, _) = model();
    let (other, ids) = model();
    let grads = grads(&other, ids, 1);
    let mut boxed: Box<dyn Optimizer> = Box::new(Adam::new(0.1));
    for (f, line) in [
        (&mut (|| boxed.step(&mut params, &grads)) as &mut dyn FnMut(), line!()),
        (&mut (|| drop(Sgd::<f32>::new(-1.0))), line!()),
        (&mut (|| drop(Adam::<f32>::new(0.1).betas(2.0, 0.9))), line!()),
    ] {
        panic_of(f);
        assert_eq!(AT.take(), Some((file!().to_string(), line)));
    }
}

#[test]
fn a_state_that_does_not_fit_says_all_that_differs_and_changes_nothing() {
    let (mut params, ids) = model();
    let mut adam = Adam::new(0.1);
    let g = grads(&params, ids, 1);
    adam.step(&mut params, &g);
    let good = adam.state(&params);

    #[track_caller]
    fn check(params: &Params, bad: &State, expected: &str) {
        let mut adam = Adam::new(0.7);
        let before = adam.state(params);
        assert_eq!(adam.load_state(params, bad).unwrap_err().to_string(), expected);
        assert_eq!(adam.state(params), before);
    }
    let broken = |f: fn(&mut State)| {
        let mut state = good.clone();
        f(&mut state);
        state
    };
    let of_sgd = broken(|s| s.kind = "Sgd".into());
    check(&params, &of_sgd, "the state is that of Sgd and does not fit Adam");
    let shapes = broken(|s| {
        s.tensors.insert("w.exp_avg".into(), Tensor::zeros([4]));
        s.tensors.remove("b.exp_avg_sq");
    });
    let expected = "the state of Adam does not fit: w.exp_avg has shape [4], the parameter [2, 2]; \
                    b.exp_avg_sq is missing";
    check(&params, &shapes, expected);
    let numbers = broken(|s| {
        s.numbers.insert("w.step".into(), 0.5);
        s.numbers.insert("learning_rate".into(), f64::NAN);
        s.numbers.insert("head.step".into(), 3.0);
    });
    let expected = "the state of Adam does not fit: learning_rate: learning rate NaN is not allowed: \
                    it must be finite and not negative; w.step: 0.5 is not a count; \
                    head.step belongs to nothing here";
    check(&params, &numbers, expected);
    let error = Adam::new(0.1).amsgrad().load_state(&params, &good).unwrap_err().to_string();
    assert!(error.ends_with("w.max_exp_avg_sq is missing; b.max_exp_avg_sq is missing"), "{error}");
}

#[test]
fn of_several_groups_the_later_setting_holds_and_schedules_move_all() {
    let mut params: Params<f64> = Params::new();
    let ids = ["body.weight", "body.bias", "head.weight", "head.bias"].map(|name| params.add(name, 1.0));
    let mut adamw = AdamW::new(0.25)
        .weight_decay(0.5)
        .group(Group::matching(|name| name.ends_with("bias")).weight_decay(0.0).learning_rate_scale(9.0))
        .group(Group::matching(|_| true).learning_rate_scale(1.0))
        .group(Group::scope("head").learning_rate_scale(2.0));
    let zero = |params: &Params<f64>| {
        let tape = Tape::eval(params);
        let [a, b, c, d] = ids.map(|id| tape.param(id));
        ((a + b + c + d) * 0.0).backward()
    };
    for rate in [0.25, 0.5] {
        adamw.set_learning_rate(rate);
        let before = params.clone();
        adamw.step(&mut params, &zero(&before));
        let ratio = ids.map(|id| params[id].item() / before[id].item());
        assert_eq!(ratio, [1.0 - 0.5 * rate, 1.0, 1.0 - 0.5 * 2.0 * rate, 1.0]);
    }
}

#[test]
fn a_group_of_a_scope_that_is_not_there_panics() {
    let (mut params, ids) = model();
    let g = grads(&params, ids, 1);
    let mut sgd = Sgd::new(0.1).group(Group::scope("haed"));
    let text = panic_of(|| sgd.step(&mut params, &g));
    assert_eq!(text, "a group is of \"haed\", but no parameter is; there are: w, b");
}

#[test]
fn a_setting_changed_between_steps_is_kept_to_from_there_on() {
    let (mut params, ids) = model();
    let mut sgd = Sgd::new(0.1);
    for turn in 0..2 {
        let g = grads(&params, ids, turn);
        sgd.step(&mut params, &g);
        assert_eq!(sgd.state(&params).tensors.len(), 2 * turn);
        sgd = sgd.momentum(0.9);
    }
}

/// Takes ten steps of each along the same gradients; `before` may change parameters and gradient
/// of the second beforehand. Both must arrive at the same place.
#[track_caller]
fn same_path(
    mut one: impl Optimizer<f64>,
    mut other: impl Optimizer<f64>,
    mut before: impl FnMut(usize, &mut dyn Optimizer<f64>, &mut [f64], &mut [f64]),
) {
    let mut params: [Params<f64>; 2] = [Params::new(), Params::new()];
    let ids = params.each_mut().map(|params| params.add("p", [0.5, -2.0, 1.5]));
    for step in 1..=10 {
        let g = Tensor::from_fn([3], |i| (1.3 * step as f64 + i as f64).sin());
        let mut changed = g.clone();
        before(step, &mut other, params[1].value_mut(ids[1]).data_mut(), changed.data_mut());
        let g = Tape::eval(&params[0]).param(ids[0]).backward_with(g);
        let changed = Tape::eval(&params[1]).param(ids[1]).backward_with(changed);
        one.step(&mut params[0], &g);
        other.step(&mut params[1], &changed);
        let [p, q] = [&params[0]["p"], &params[1]["p"]];
        assert!(p.max_abs_diff(q) < 1e-13, "step {step}: {p} and {q}");
    }
}

#[test]
fn weight_decay_is_the_gradient_of_a_penalty() {
    const DECAY: f64 = 0.3;
    let penalty = |_: usize, _: &mut dyn Optimizer<f64>, p: &mut [f64], g: &mut [f64]| {
        g.iter_mut().zip(p).for_each(|(g, p)| *g += DECAY * *p);
    };
    macro_rules! check {
        ($make:expr) => {
            same_path($make.weight_decay(DECAY), $make, penalty)
        };
    }
    check!(Sgd::new(0.1));
    check!(Sgd::new(0.1).momentum(0.9).dampening(0.2));
    check!(Sgd::new(0.1).momentum(0.9).nesterov());
    check!(Adam::new(0.1).amsgrad());
    check!(RmsProp::new(0.1));
    check!(RmsProp::new(0.1).momentum(0.9));
    check!(Adagrad::new(0.1));
    check!(NAdam::new(0.1));
    check!(RAdam::new(0.1));
}

#[test]
fn decoupled_weight_decay_shrinks_the_parameter_before_the_step() {
    const DECAY: f64 = 0.3;
    let shrink = |_: usize, _: &mut dyn Optimizer<f64>, p: &mut [f64], _: &mut [f64]| {
        p.iter_mut().for_each(|p| *p *= 1.0 - 0.1 * DECAY);
    };
    same_path(AdamW::new(0.1).weight_decay(DECAY), AdamW::new(0.1).weight_decay(0.0), shrink);
    same_path(AdamW::new(0.1).weight_decay(DECAY), Adam::new(0.1), shrink);
    same_path(NAdam::new(0.1).weight_decay(DECAY).decoupled_weight_decay(), NAdam::new(0.1), shrink);
    same_path(RAdam::new(0.1).weight_decay(DECAY).decoupled_weight_decay(), RAdam::new(0.1), shrink);
}

#[test]
fn adagrads_decay_of_the_rate_is_a_schedule() {
    let schedule = |step: usize, optimizer: &mut dyn Optimizer<f64>, _: &mut [f64], _: &mut [f64]| {
        optimizer.set_learning_rate(0.2 / (1.0 + (step - 1) as f64 * 0.5));
    };
    same_path(Adagrad::new(0.2).learning_rate_decay(0.5), Adagrad::new(0.2), schedule);
}

#[test]
fn adagrads_first_step_is_shorter_by_what_the_sum_starts_from() {
    let mut params: Params<f64> = Params::new();
    let w = params.add("w", 1.0);
    let mut adagrad = Adagrad::new(0.5).initial_accumulator_value(3.0);
    let grads = Tape::eval(&params).param(w).backward();
    adagrad.step(&mut params, &grads);
    assert!((params[w].item() - (1.0 - 0.5 / 4f64.sqrt())).abs() < 1e-9);
}

#[test]
fn centred_rmsprop_stays_finite_where_the_gradient_is_constant() {
    // v − a² is then 0 but for rounding, and negative now and then.
    let mut params: Params = Params::new();
    let w = params.add("w", [0.0, 0.0, 0.0]);
    let mut rmsprop = RmsProp::new(1e-3).alpha(0.5).centered();
    for _ in 0..200 {
        let grads = Tape::eval(&params).param(w).backward_with([0.1, 0.3, 7.7]);
        rmsprop.step(&mut params, &grads);
    }
    assert!(params[w].is_finite());
}
