//! The guide's pictures, as the engine computes them, held against the committed files to the byte.

use std::path::Path;
use wengert::prelude::*;
use wengert::viz::plot::Plot;

/// Draws f and f′ from −5 to 5, with a gap where f′ jumps. With WENGERT_UPDATE set, the file is written
/// anew.
#[track_caller]
fn check(name: &str, f: impl for<'t> Fn(Var<'t, f64>) -> Var<'t, f64>) {
    let tape = Tape::f64();
    let z = tape.var(Tensor::from_fn([101], |i| (i as f64 - 50.0) / 10.0));
    let y = f(z);
    let slope = y.sum().backward()[z].clone();
    let points = |of: &Tensor<f64>| -> Vec<(f64, f64)> {
        let mut points = Vec::new();
        for (&z, &y) in z.value().data().iter().zip(of.data()) {
            let jumps = |&(_, before): &(f64, f64)| (y - before).abs() > 0.5;
            if points.last().is_some_and(jumps) {
                points.push((z, f64::NAN));
            }
            points.push((z, y));
        }
        points
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

/// Nothing is shown that was not drawn by a test, here or in another file.
#[test]
fn every_picture_that_is_shown_is_drawn_by_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let texts = |folder: &str| -> String {
        let files = std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.is_file()).map(|path| std::fs::read_to_string(path).unwrap()).collect()
    };
    let (tests, guide) = (texts("tests"), texts("src/guide"));
    let drawn = |name: &str| {
        ["check(\"", "as_committed(\"", "\"/docs/"].iter().any(|call| {
            tests.contains(&format!("{call}{name}\"")) || tests.contains(&format!("{call}{name}.svg\""))
        })
    };
    let names = |text: &str, before: &str| -> Vec<String> {
        let named = text.split(before).skip(1).filter_map(|rest| rest.split_once(".svg"));
        named.map(|(name, _)| name.to_string()).collect()
    };
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let shown = [names(&guide, "include_str!(\"pictures/"), names(&readme, "](docs/")].concat();
    assert!(shown.len() > 20, "{shown:?}");
    for name in &shown {
        assert!(drawn(name), "no test draws {name}.svg");
    }
    for entry in std::fs::read_dir(root.join("src/guide/pictures")).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        if let Some(name) = file.strip_suffix(".svg") {
            assert!(shown.iter().any(|shown| shown == name), "no chapter shows {file}");
        }
    }
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
        let logits = Var::stack([z, zeros], 1);
        logits.softmax(1).select(1, 0)
    });
}

/// Secants of x² through x = 3, and the line with the slope that the tape gives.
#[test]
fn the_derivative_is_drawn_as_committed() {
    let f = |x: f64| x * x;
    let tape = Tape::f64();
    let x = tape.var(3.0);
    let tangent = (x * x).backward()[x].item();
    let line = |slope: f64| [2.0, 6.0].map(|x| (x, 9.0 + slope * (x - 3.0)));
    let secant = |h: f64| line((f(3.0 + h) - f(3.0)) / h);
    let plot = Plot::new("Secants turn into the tangent")
        .x("x")
        .y("f(x)")
        .size(560, 380)
        .line("x²", (0..=60).map(|i| f64::from(i) / 10.0).map(|x| (x, f(x))))
        .line("h = 3: slope 9", secant(3.0))
        .line("h = 1.5: slope 7.5", secant(1.5))
        .line("tangent: slope 6", line(tangent))
        .points("", [(3.0, 9.0), (4.5, 20.25), (6.0, 36.0)]);
    as_committed("derivative", &plot.svg());
}

#[test]
fn the_tapes_of_the_first_chapters_are_drawn_as_committed() {
    let tape = Tape::new();
    let (a, b) = (tape.var(2.0).named("a"), tape.var(3.0).named("b"));
    let y = ((a + b) * b).named("y");
    as_committed("tape", &tape.explain(y).graph().svg());

    let tape = Tape::new();
    let x = tape.var(2.0).named("x");
    let y = (x * 3.0 + 1.0).named("u").square().named("y");
    as_committed("chain_rule", &tape.explain(y).graph().svg());

    let tape = Tape::new();
    let x = tape.var(0.5).named("x");
    let y = (x * x.sin().named("sin x")).named("y");
    as_committed("two_paths", &tape.explain(y).graph().svg());

    let tape = Tape::new();
    let (a, b) = (tape.var(2.0).named("a"), tape.var(3.0).named("b"));
    let (c, d) = ((a + b).named("c"), (a * b).named("d"));
    let (e, f) = ((c + d).named("e"), (c * d).named("f"));
    let y = (e + f).named("y");
    as_committed("reverse_mode", &tape.explain(y).graph().svg());

    let tape = Tape::new();
    let x = tape.var([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).named("x");
    let bias = tape.var([0.5, 0.5, 0.5]).named("bias");
    let y = (x + bias).named("x + bias").sum().named("y");
    as_committed("broadcasting", &tape.explain(y).graph().svg());
}

#[test]
fn the_neuron_is_drawn_as_committed() {
    let tape = Tape::new();
    let [x1, x2] = [("x1", 1.0), ("x2", 2.0)].map(|(name, x)| tape.constant(x).named(name));
    let [w1, w2, b] = [("w1", 0.5), ("w2", -1.0), ("b", 2.5)].map(|(name, w)| tape.var(w).named(name));
    let a = (w1 * x1 + w2 * x2 + b).named("z").relu().named("a");
    as_committed("neuron", &tape.explain(a).graph().svg());
}

const CORNERS: [[f64; 2]; 4] = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];

/// The corners whose label is this one.
fn corners(labels: [usize; 4], label: usize) -> Vec<(f64, f64)> {
    let labelled = CORNERS.iter().zip(labels).filter(|(_, of)| *of == label);
    labelled.map(|(corner, _)| (corner[0], corner[1])).collect()
}

/// Where a function of the plane changes its sign: a short line across every small square that has
/// both signs at its corners.
fn border(f: impl Fn(Tensor<f64>) -> Tensor<f64>) -> Vec<(f64, f64)> {
    const SIDE: usize = 40;
    let at = |i: usize| i as f64 / 16.0 - 0.5;
    let places = (0..=SIDE).flat_map(|i| (0..=SIDE).flat_map(move |j| [at(i), at(j)]));
    let z = f(Tensor::from_vec(places.collect(), [(SIDE + 1) * (SIDE + 1), 2]));
    let corner = |i: usize, j: usize| (at(i), at(j), z.data()[i * (SIDE + 1) + j]);
    let mut lines = Vec::new();
    for (i, j) in (0..SIDE * SIDE).map(|square| (square / SIDE, square % SIDE)) {
        let corners = [corner(i, j), corner(i + 1, j), corner(i + 1, j + 1), corner(i, j + 1)];
        for (a, b) in (0..4).map(|k| (corners[k], corners[(k + 1) % 4])) {
            if (a.2 > 0.0) != (b.2 > 0.0) {
                let share = a.2 / (a.2 - b.2);
                lines.push((a.0 + share * (b.0 - a.0), a.1 + share * (b.1 - a.1)));
            }
        }
        lines.push((f64::NAN, f64::NAN));
    }
    lines
}

#[test]
fn the_borders_of_and_and_xor_are_drawn_as_committed() {
    let plot = |title: &str, labels| {
        let plot = Plot::new(title).x("x1").y("x2").size(440, 440).y_between(-0.5, 2.0);
        plot.points("0", corners(labels, 0)).points("1", corners(labels, 1))
    };
    let and = border(|places| {
        let tape = Tape::f64();
        ((tape.constant(places) * tape.constant([1.0, 1.0])).sum_axis(1) - 1.5).value()
    });
    let drawn = plot("AND: z = x1 + x2 - 1.5", [0, 0, 0, 1]).line("z = 0", and);
    as_committed("and", &drawn.svg());

    let (x, y) = (Tensor::from(CORNERS), Tensor::from([[0.0], [1.0], [1.0], [0.0]]));
    let (mut rng, mut params) = (Rng::new(6), Params::<f64>::new());
    let mlp = Mlp::new(&mut params.init(&mut rng), [2, 4, 1]).activation(Activation::Tanh);
    let mut adam = Adam::new(0.05);
    for _ in 0..300 {
        let tape = Tape::eval(&params);
        let grads = bce_with_logits(mlp.forward(tape.constant(&x)), &y).backward();
        adam.step(&mut params, &grads);
    }
    let xor = border(|places| mlp.forward(Tape::inference(&params).constant(places)).value());
    let drawn = plot("XOR, by four hidden units", [0, 1, 1, 0]).line("p = 1/2", xor);
    as_committed("xor_learned", &drawn.svg());
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

/// How far differences of the sine at 1 are from what the tape says.
#[test]
fn the_errors_of_differences_are_drawn_as_committed() {
    let sin = |x: f64| Tape::f64().var(x).sin().item();
    let tape = Tape::f64();
    let x = tape.var(1.0);
    let exact = x.sin().backward()[x].item();
    let by_h = |difference: &dyn Fn(f64) -> f64| -> Vec<(f64, f64)> {
        (1..=46).map(|i| 0.5f64.powi(i)).map(|h| (h, (difference(h) - exact).abs())).collect()
    };
    let plot = Plot::new("The error of a difference, by its h")
        .x("h")
        .y("error")
        .log_x()
        .log_y()
        .size(560, 380)
        .line("one-sided", by_h(&|h| (sin(1.0 + h) - sin(1.0)) / h))
        .line("central", by_h(&|h| (sin(1.0 + h) - sin(1.0 - h)) / (2.0 * h)));
    as_committed("checking", &plot.svg());
}

#[test]
fn tanh_and_its_derivatives_are_drawn_as_committed() {
    let tape = Tape::f64();
    let x = tape.var(Tensor::from_fn([121], |i| (i as f64 - 60.0) / 20.0));
    let y = x.tanh();
    // Entry by entry, the gradient of the sum is the slope.
    let first = y.sum().grad(x);
    let second = first.sum().grad(x);
    let third = second.sum().grad(x);
    let mut plot = Plot::new("tanh and its derivatives").x("x").y("value").size(560, 380);
    for (name, of) in [("tanh", y), ("first", first), ("second", second), ("third", third)] {
        let points =
            x.value().data().iter().copied().zip(of.value().data().iter().copied()).collect::<Vec<_>>();
        plot = plot.line(name, points);
    }
    as_committed("second_derivatives", &plot.svg());
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
    let net = Mlp::new(&mut params.init(&mut rng), [4, 16, 3]).dropout(0.1);
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
    let plot = Plot::new("Cross-entropy on rows that are learned, and on others")
        .x("epoch")
        .y("loss")
        .size(620, 400)
        .line("training, with dropout", by_epoch(train_losses))
        .line("validation", by_epoch(valid_losses));
    as_committed("own_model", &plot.svg());
}
