//! The page that goes through a training, driven in a browser: its moments, its numbers and colours
//! against the model's; that it asks nobody for anything, and can be read without scripts.

mod common;

#[path = "common/browser.rs"]
mod browser;

use browser::{NARROW, View, WIDE, drive, stands_alone};
use serde_json::Value;
use wengert::data::datasets;
use wengert::prelude::*;
use wengert::train::{History, Snapshots, Trainer, predict};
use wengert::viz;

/// A training that left snapshots.
struct Trained {
    data: Table,
    params: Params,
    model: Mlp,
    history: History,
    snapshots: Snapshots,
}

impl Trained {
    fn new(epochs: usize, widths: &[usize]) -> Self {
        let mut rng = Rng::new(3);
        let data: Table = datasets::moons(120, 0.1, &mut rng).unwrap();
        let loader = DataLoader::from_dataset(&data, 30).unwrap();
        let mut params = Params::new();
        let model = Mlp::new(&mut params.init(&mut rng), widths).activation(Activation::Tanh);
        let (mut adam, mut snapshots) = (Adam::new(0.03), Snapshots::every(10));
        let history = Trainer::new(&mut params, &mut adam, &mut rng)
            .callback(&mut snapshots)
            .fit(&loader, epochs, |tape, (x, labels)| cross_entropy(model.forward(tape.constant(x)), labels))
            .unwrap();
        Trained { data, params, model, history, snapshots }
    }

    fn page(&self, title: &str) -> String {
        let (points, labels) = (self.data.features(), self.data.labels());
        viz::playground(title, points, labels, &self.history, &self.snapshots, |x| {
            self.model.forward(x).softmax(-1)
        })
        .unwrap()
    }
}

fn floats(list: &Value) -> Vec<f32> {
    list.as_array().unwrap().iter().map(|x| x.as_str().unwrap().parse().unwrap()).collect()
}

#[test]
fn the_moments_are_the_snapshots_and_the_lines_their_weights_and_gradients() {
    let trained = Trained::new(35, &[2, 5, 3, 2]);
    let script = "
        const numbers = (layer, units, inputs) => Array.from({ length: units * inputs }, (_, i) =>
            document.getElementById(`w-${layer}-${Math.floor(i / inputs)}-${i % inputs}`).dataset.number);
        const all = () => [numbers(0, 5, 2), numbers(1, 3, 5), numbers(2, 2, 3)];
        press('Home');
        const epochs = [], words = [], weights = [];
        for (let i = 0; i < Number(document.getElementById('slider').max); i += 1) {
            epochs.push(text('#epoch'));
            words.push(text('#sentence'));
            weights.push(all());
            press('ArrowRight');
        }
        press('End');
        document.getElementById('gradients').click();
        const gradients = all();
        const negative = [...document.querySelectorAll('.wire.minus')].every((wire) => wire.dataset.number.startsWith('-'));
        press('Home');
        const none = document.querySelectorAll('.wire.none').length;
        return { epochs, words, weights, gradients, negative, none, live: document.getElementById('sentence').getAttribute('aria-live') };";
    let Some(report) = drive(&trained.page("Moons"), WIDE, script) else { return };
    let snapshots: Vec<_> = trained.snapshots.iter().collect();
    assert_eq!(
        report["epochs"],
        serde_json::json!(["epoch 0", "epoch 10", "epoch 20", "epoch 30", "epoch 35"])
    );
    assert_eq!(snapshots.len(), 5);
    let ids = ["layers.0.weight", "layers.1.weight", "layers.2.weight"]
        .map(|name| trained.params.id(name).unwrap());
    for (at, snapshot) in snapshots.iter().enumerate() {
        for (layer, &id) in ids.iter().enumerate() {
            assert_eq!(floats(&report["weights"][at][layer]), snapshot.params.value(id).data());
        }
    }
    for (layer, &id) in ids.iter().enumerate() {
        assert_eq!(floats(&report["gradients"][layer]), snapshots[4].grad(id).unwrap().data());
        assert_eq!(snapshots[4].params.value(id).data(), trained.params.value(id).data());
    }
    assert_eq!((&report["negative"], &report["live"]), (&Value::from(true), &Value::from("polite")));
    assert_eq!(report["none"], 5 * 2 + 3 * 5 + 2 * 3, "before the first step there is no gradient");
    let words = report["words"][4].as_str().unwrap();
    let loss = trained.history.last("train_loss").unwrap();
    assert!(words.starts_with(&format!("epoch 35, train loss {:.3}", loss)[..24]), "{words}, {loss}");
}

#[test]
fn the_colours_are_what_the_model_says() {
    let trained = Trained::new(60, &[2, 8, 2]);
    let script = "
        press('End');
        const pen = document.getElementById('field').getContext('2d');
        const side = document.getElementById('field').width;
        const pixels = [];
        for (let i = 0; i < side; i += 1) pixels.push(...Array.from({ length: side }, (_, j) => [...pen.getImageData(j, i, 1, 1).data]));
        const unit = document.getElementById('u-1-0').getContext('2d').getImageData(0, 0, 1, 1).data;
        const outputs = [0, 1].map((unit) => {
            const canvas = document.getElementById(`u-2-${unit}`), [colours, width] = [new Set(), canvas.width];
            const { data } = canvas.getContext('2d').getImageData(0, 0, width, width);
            for (let i = 0; i < data.length; i += 4) if (data[i] !== data[i + 2]) colours.add(data[i] > data[i + 2]);
            return [canvas.dataset.label, canvas.getAttribute('aria-label'), [...colours]];
        });
        const headings = shown('.heading').map((heading) => heading.textContent);
        return { side, pixels, unit: [...unit], outputs, headings };";
    let Some(report) = drive(&trained.page("Moons"), WIDE, script) else { return };
    let side = report["side"].as_u64().unwrap() as usize;
    // The part of the plane that is shown: the points with 8 % of room around them.
    let points = trained.data.features();
    let range = |axis: usize| {
        let column = || points.data().iter().skip(axis).step_by(2).copied();
        let (low, high) =
            (column().fold(f32::INFINITY, f32::min), column().fold(f32::NEG_INFINITY, f32::max));
        (low - 0.08 * (high - low), high + 0.08 * (high - low))
    };
    let (x, y) = (range(0), range(1));
    let places = Tensor::from_fn([side * side, 2], |i| {
        let (row, column) = (i / 2 / side, i / 2 % side);
        let share = |k: usize| k as f32 / side as f32;
        if i % 2 == 0 { x.0 + (x.1 - x.0) * share(column) } else { y.1 - (y.1 - y.0) * share(row) }
    });
    let logits = predict(&trained.model, &trained.params, &places);
    let mut looked_at = 0;
    for (i, pixel) in report["pixels"].as_array().unwrap().iter().enumerate() {
        let lead = logits.row(i)[1] - logits.row(i)[0];
        // Where the model is sure: blue of class 0, orange of class 1.
        if lead.abs() > 1.0 {
            looked_at += 1;
            assert_eq!(pixel[0].as_u64() > pixel[2].as_u64(), lead > 0.0, "place {i}: {pixel}, {lead}");
        }
    }
    assert!(looked_at > side * side / 2);
    let corner = Tensor::from([[x.0, y.1]]);
    let tape = Tape::eval(&trained.params);
    let says = tape.constant(corner).linear(
        tape.param(trained.params.id("layers.0.weight").unwrap()),
        Some(tape.param(trained.params.id("layers.0.bias").unwrap())),
    );
    let unit = &report["unit"];
    assert_eq!(unit[0].as_u64() > unit[2].as_u64(), says.value().data()[0] > 0.0, "{unit}");
    // A probability is never below 0: an output has the colour of its class, and no other.
    for (class, orange) in [false, true].into_iter().enumerate() {
        let label = format!("layers.1 {}: class {class}", class + 1);
        assert_eq!(report["outputs"][class], serde_json::json!([label, label, [orange]]));
    }
    let headings = report["headings"].as_array().unwrap();
    assert!(headings.contains(&"class 0".into()) && headings.contains(&"class 1".into()), "{headings:?}");
}

#[test]
fn it_plays_fits_a_telephone_and_is_dark_where_wished() {
    let trained = Trained::new(20, &[2, 12, 2]);
    let (points, labels) = (trained.data.features(), trained.data.labels());
    // A network with one output for two classes, and more neurons than are shown.
    let page = viz::playground("one", points, labels, &trained.history, &trained.snapshots, |x| {
        trained.model.forward(x).slice(1, 1..2).sigmoid()
    })
    .unwrap();
    assert!(page.contains("+ 4 more"));
    assert!(!page.contains(" data-colour="), "what is cut from the outputs is not what they say");
    let script = "press('Home'); document.getElementById('play').click();
        const at = (query) => document.querySelector(query).getBoundingClientRect();
        const [controls, ...parts] = ['#controls', '#plane', '#net', '#sentence'].map(at);
        return { clear: parts.every((part) => part.top >= controls.bottom), on: document.getElementById('play').getAttribute('aria-pressed'), paper: getComputedStyle(document.body).backgroundColor };";
    for view in [NARROW, View { width: 700, ..NARROW }] {
        if let Some(report) = drive(&page, view, script) {
            assert_eq!(
                (&report["on"], &report["paper"]),
                (&Value::from("true"), &Value::from("rgb(17, 22, 27)"))
            );
            assert_eq!(report["clear"], true, "the controls cover something");
        }
    }
}

#[test]
fn without_scripts_some_moments_the_losses_and_the_words_are_there() {
    let trained = Trained::new(40, &[2, 4, 2]);
    let page = trained.page("a <title> & \"more\" </script>");
    stands_alone(&page);
    assert!(page.len() < 1_000_000, "{}", page.len());
    assert_eq!(page, trained.page("a <title> & \"more\" </script>"), "the same bytes");
    assert_eq!(page.matches("</script>").count(), 2);
    let (before, _) = page.split_once("<script").unwrap();
    assert_eq!((before.matches("<figure>").count(), before.matches("<li>epoch ").count()), (5, 5));
    assert!(before.contains("class=\"curve train_loss\"") && !before.contains("class=\"curve valid_loss\""));
    assert!(before.contains("<h1>a &lt;title&gt; &amp; &quot;more&quot; &lt;/script&gt;</h1>"));
    let script = "
        const dead = shown('button, input, select, canvas, [role=button]').map((control) => control.outerHTML);
        const seen = ['.moments figure', '.moments figcaption', '.losses', 'noscript p'].map((query) => shown(query).length);
        document.querySelector('details').open = true;
        return { dead, seen, words: shown('#sentences li').map((line) => line.innerText.split(':')[0]) };";
    for view in [WIDE, NARROW] {
        let Some(report) = drive(&page, View { scripts: false, ..view }, script) else { return };
        assert_eq!(report["dead"], serde_json::json!([]), "controls that do nothing");
        assert_eq!(report["seen"], serde_json::json!([5, 5, 1, 1]));
        assert_eq!(report["words"].as_array().unwrap().len(), 5, "{}", report["words"]);
    }
}

#[test]
fn the_scrubber_goes_to_any_snapshot_and_play_goes_through_all() {
    let trained = Trained::new(40, &[2, 3, 2]);
    let script = "
        const [slider, play] = [document.getElementById('slider'), document.getElementById('play')];
        const at = () => [text('#epoch'), slider.value, document.body.dataset.frame];
        const drag = (to) => {
            slider.value = String(to);
            slider.dispatchEvent(new Event('input', { bubbles: true }));
            return [...at(), document.getElementById('w-0-0-0').dataset.number, document.getElementById('border').getAttribute('d')];
        };
        const begun = at();
        const dragged = [1, 3, 5].map(drag);
        const seen = [];
        const see = new MutationObserver(() => seen.push(text('#epoch')));
        see.observe(document.body, { attributeFilter: ['data-frame'] });
        play.click();
        const on = play.getAttribute('aria-pressed');
        await until(() => play.getAttribute('aria-pressed') === 'false');
        see.disconnect();
        const end = [...at(), play.getAttribute('aria-pressed')];
        play.click();
        drag(2);
        await after(400);
        return { begun, dragged, seen, on, end, stopped: [...at(), play.getAttribute('aria-pressed')] };";
    let Some(report) = drive(&trained.page("Moons"), WIDE, script) else { return };
    let json = |x: &str| Value::from(x);
    assert_eq!(report["begun"], serde_json::json!(["epoch 40", "5", "5"]));
    let weight = trained.params.id("layers.0.weight").unwrap();
    let snapshots: Vec<_> = trained.snapshots.iter().collect();
    for (dragged, at) in [0usize, 2, 4].into_iter().enumerate() {
        let (frame, dragged) = ((at + 1).to_string(), &report["dragged"][dragged]);
        assert_eq!(dragged[0], format!("epoch {}", snapshots[at].epoch));
        assert_eq!((&dragged[1], &dragged[2]), (&json(&frame), &json(&frame)));
        assert_eq!(floats(&serde_json::json!([dragged[3]])), snapshots[at].params.value(weight).data()[..1]);
    }
    assert_ne!(report["dragged"][0][4], report["dragged"][2][4], "the boundary moves");
    // At its end it begins anew.
    assert_eq!(
        report["seen"],
        serde_json::json!(["epoch 0", "epoch 10", "epoch 20", "epoch 30", "epoch 40"])
    );
    assert_eq!(
        (&report["on"], &report["end"]),
        (&json("true"), &serde_json::json!(["epoch 40", "5", "5", "false"]))
    );
    assert_eq!(report["stopped"], serde_json::json!(["epoch 10", "2", "2", "false"]));
}

#[test]
fn many_snapshots_are_thinned_and_none_is_an_error() {
    let trained = Trained::new(10, &[2, 2, 2]);
    let one = trained.snapshots.iter().next().unwrap();
    let (points, labels) = (trained.data.features(), trained.data.labels());
    let history = History::new();
    let page = viz::playground("", points, labels, &history, std::iter::repeat_n(one, 500), |x| {
        trained.model.forward(x).softmax(-1)
    })
    .unwrap();
    assert_eq!(page.matches("{\"epoch\":0,").count(), 60);
    assert!(!page.contains("class=\"losses\""), "there is nothing to draw");
    let error = viz::playground("", points, labels, &history, &Snapshots::<f32>::every(1), |x| {
        trained.model.forward(x).softmax(-1)
    })
    .unwrap_err();
    assert_eq!(error.to_string(), "a training cannot be shown without snapshots of it");
    let error =
        viz::playground("", points, &labels[1..], &history, [one], |x| trained.model.forward(x).softmax(-1))
            .unwrap_err();
    assert_eq!(error.to_string(), "a boundary cannot be drawn among 120 points with 119 labels");
}

#[test]
fn a_model_without_layers_has_a_boundary_all_the_same() {
    let mut params: Params = Params::new();
    let w = params.add("w", 3.0);
    let loader = DataLoader::new(Tensor::<f32>::ones([2, 1]), Tensor::zeros([2, 1]), 2).unwrap();
    let (mut sgd, mut rng, mut snapshots) = (Sgd::new(0.1), Rng::new(0), Snapshots::every(0));
    let history = Trainer::new(&mut params, &mut sgd, &mut rng)
        .callback(&mut snapshots)
        .fit(&loader, 3, |tape, (x, y)| mse(tape.constant(x) * tape.param(w), y))
        .unwrap();
    let points = Tensor::from([[-1.0, 0.0], [1.0, 1.0]]);
    let page = viz::playground("a line", &points, &[0, 1], &history, &snapshots, |x: Var<'_, f32>| {
        (x.slice(1, 0..1) * x.tape().param(w)).sigmoid()
    })
    .unwrap();
    let script = "press('End'); return { net: document.getElementById('net').hidden, frame: document.body.dataset.frame };";
    if let Some(report) = drive(&page, WIDE, script) {
        assert_eq!((&report["net"], &report["frame"]), (&Value::from(true), &Value::from("4")));
    }
}

#[test]
#[should_panic(
    expected = "playground: `classify` was given [1681, 2] and returned [1681]; it must return a row"
)]
fn a_classifier_that_returns_no_rows_panics() {
    let trained = Trained::new(1, &[2, 2, 2]);
    let (points, labels) = (trained.data.features(), trained.data.labels());
    let _ = viz::playground("", points, labels, &trained.history, &trained.snapshots, |x| {
        trained.model.forward(x).sum_axis(1)
    });
}
