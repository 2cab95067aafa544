//! The guide's pictures, as the engine computes them, held against the committed files to the byte.

use std::path::Path;
use wengert::prelude::*;
use wengert::viz::plot::Plot;

/// Draws f and f′ from −5 to 5. With WENGERT_UPDATE set, the file is written anew.
#[track_caller]
fn check(name: &str, f: impl for<'t> Fn(Var<'t, f64>) -> Var<'t, f64>) {
    let tape = Tape::f64();
    let z = tape.var(Tensor::from_fn([101], |i| (i as f64 - 50.0) / 10.0));
    let y = f(z);
    let slope = y.sum().backward()[z].clone();
    let points = |of: &Tensor<f64>| -> Vec<(f64, f64)> {
        z.value().data().iter().copied().zip(of.data().iter().copied()).collect()
    };
    let plot = Plot::new(name)
        .x("z")
        .y("value")
        .size(460, 300)
        .line("f(z)", points(&y.value()))
        .line("its derivative", points(&slope));
    as_committed(name, &plot.svg());
}

#[track_caller]
fn as_committed(name: &str, drawn: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/guide/pictures/{name}.svg"));
    if std::env::var_os("WENGERT_UPDATE").is_some() {
        return wengert::viz::save(&path, drawn).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert!(committed == drawn, "{name}.svg is not what is drawn now; WENGERT_UPDATE=1 writes it anew");
}

#[test]
fn activations_are_drawn_as_committed() {
    check("relu", |z| z.relu());
    check("leaky_relu", |z| z.leaky_relu(0.01));
    check("elu", |z| z.elu(1.0));
    check("gelu", |z| z.gelu());
    check("silu", |z| z.silu());
    check("sigmoid", |z| z.sigmoid());
    check("tanh", |z| z.tanh());
    check("softplus", |z| z.softplus());
    // Of two classes, the first one's probability as its logit moves and the other stays at 0.
    check("softmax", |z| {
        let zeros = z * 0.0;
        let logits = Var::stack(&[z, zeros], 1);
        logits.softmax(1).select(1, 0)
    });
}

#[test]
fn the_tape_by_hand_is_drawn_as_committed() {
    let tape = Tape::new();
    let (a, b) = (tape.var(2.0).named("a"), tape.var(3.0).named("b"));
    let y = ((a + b) * b).named("y");
    as_committed("tape", &tape.explain(y).graph().svg());
}

#[test]
fn the_neuron_is_drawn_as_committed() {
    let tape = Tape::new();
    let [x1, x2] = [("x1", 1.0), ("x2", 2.0)].map(|(name, x)| tape.constant(x).named(name));
    let [w1, w2, b] = [("w1", 0.5), ("w2", -1.0), ("b", 2.5)].map(|(name, w)| tape.var(w).named(name));
    let a = (w1 * x1 + w2 * x2 + b).named("z").relu().named("a");
    as_committed("neuron", &tape.explain(a).graph().svg());
}

/// Both inputs enter with weight 1, so that their sum says all: each unit's output along it.
#[test]
fn the_mlp_of_xor_is_drawn_as_committed() {
    let sums = Tensor::from_fn([61, 1], |i| i as f64 / 20.0 - 0.5);
    let (tape, ones) = (Tape::f64(), Tensor::ones([1, 2]));
    let hidden = (tape.constant(&sums).matmul(tape.constant(ones)) + tape.constant([0.0, -1.0])).relu();
    let y = hidden.matmul(tape.constant([[1.0], [-2.0]]));
    let points = |of: Var<'_, f64>| -> Vec<(f64, f64)> {
        sums.data().iter().copied().zip(of.value().data().iter().copied()).collect()
    };
    let plot = Plot::new("XOR by two hidden units")
        .x("x1 + x2")
        .y("output")
        .size(560, 360)
        .line("first hidden", points(hidden.select(1, 0)))
        .line("second hidden", points(hidden.select(1, 1)))
        .line("first - 2 second", points(y))
        .points("the corners", [(0.0, 0.0), (1.0, 1.0), (2.0, 0.0)]);
    as_committed("mlp", &plot.svg());
}

/// A loss at every place from −6 to 6.
fn along<L>(loss: L) -> Vec<(f64, f64)>
where
    L: for<'t> Fn(Var<'t, f64>) -> Var<'t, f64>,
{
    let at = |i: i32| {
        let (tape, z) = (Tape::f64(), f64::from(i) / 10.0);
        (z, loss(tape.var(z)).item())
    };
    (-60..=60).map(at).collect()
}

#[test]
fn losses_are_drawn_as_committed() {
    let numbers = Plot::new("Losses of a number; the target is 0")
        .x("prediction")
        .y("loss")
        .size(460, 340)
        .y_between(0.0, 8.0)
        .line("mse", along(|z| mse(z, 0.0)))
        .line("l1", along(|z| l1(z, 0.0)))
        .line("huber", along(|z| huber(z, 0.0)));
    as_committed("losses_of_numbers", &numbers.svg());
    let logits = Plot::new("Losses of a logit; the target is 1")
        .x("z")
        .y("loss")
        .size(460, 340)
        .line("cross-entropy", along(|z| bce_with_logits(z, 1.0)))
        .line("square", along(|z| mse(z.sigmoid(), 1.0)));
    as_committed("losses_of_logits", &logits.svg());
}

#[test]
fn optimizers_in_a_ravine_are_drawn_as_committed() {
    fn descent(mut optimizer: impl Optimizer<f64>) -> Vec<(f64, f64)> {
        let mut params = Params::<f64>::new();
        let w = params.add("w", [10.0, 1.0]);
        let stretch = Tensor::from([0.5, 25.0]);
        let mut step = |i: i32| {
            let tape = Tape::eval(&params);
            let loss = (tape.param(w).square() * tape.constant(&stretch)).sum();
            let at = (f64::from(i), loss.item());
            let grads = loss.backward();
            optimizer.step(&mut params, &grads);
            at
        };
        (0..=100).map(&mut step).collect()
    }
    let plot = Plot::new("Down a ravine")
        .x("step")
        .y("loss")
        .log_y()
        .size(620, 400)
        .line("SGD", descent(Sgd::new(0.03)))
        .line("momentum", descent(Sgd::new(0.03).momentum(0.8)))
        .line("Adagrad", descent(Adagrad::new(0.5)))
        .line("RMSprop", descent(RmsProp::new(0.1)))
        .line("Adam", descent(Adam::new(0.5)));
    as_committed("optimizers", &plot.svg());
}

/// The training of the last chapter, without its early stopping, so that one sees what it would miss.
#[test]
fn the_training_of_the_last_chapter_is_drawn_as_committed() {
    let mut rng = Rng::new(1);
    let data: Table<f64> = wengert::data::datasets::iris();
    let (rest, _) = train_test_split(&data, 0.2, &mut rng).unwrap();
    let (train, valid) = train_test_split(&rest, 0.25, &mut rng).unwrap();
    let (scaler, x_train) = StandardScaler::fit_transform(train.features()).unwrap();
    let x_valid = scaler.transform(valid.features()).unwrap();
    let loader = DataLoader::new(x_train, train.labels().to_vec(), 16).unwrap().shuffle(true);
    let mut params = Params::new();
    let net = Mlp::new(&mut params.init(&mut rng), &[4, 16, 3]).dropout(0.1);
    let mut adam = Adam::new(0.01);
    let (mut train_losses, mut valid_losses) = (Vec::new(), Vec::new());
    for _ in 0..60 {
        let mut sum = 0.0;
        for (x, labels) in loader.epoch(&mut rng) {
            let tape = Tape::training(&params, &mut rng);
            let loss = cross_entropy(net.forward(tape.constant(x)), labels);
            sum += loss.item();
            let grads = loss.backward();
            adam.step(&mut params, &grads);
        }
        train_losses.push(sum / loader.len() as f64);
        let tape = Tape::inference(&params);
        valid_losses.push(cross_entropy(net.forward(tape.constant(&x_valid)), valid.labels()).item());
    }
    let by_epoch = |losses: Vec<f64>| -> Vec<(f64, f64)> { (1..).map(f64::from).zip(losses).collect() };
    let plot = Plot::new("Cross-entropy on the rows that are learned, and on others")
        .x("epoch")
        .y("loss")
        .size(620, 400)
        .line("training, with dropout", by_epoch(train_losses))
        .line("validation", by_epoch(valid_losses));
    as_committed("own_model", &plot.svg());
}
