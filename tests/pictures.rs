//! Pictures of a training: what is in them, that they are whole, and what they refuse.

use wengert::metrics::ConfusionMatrix;
use wengert::prelude::*;
use wengert::train::{History, RateCurve};
use wengert::viz::{self, Picture};

const HOSTILE: &str = "a < b & \"c\" > \u{1}d";

/// The picture is SVG: every element that begins ends, and all numbers are numbers.
#[track_caller]
fn whole(svg: &str) {
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    for word in ["NaN", "inf", HOSTILE] {
        assert!(!svg.contains(word), "{word} is in the picture");
    }
    let mut open = Vec::new();
    for tag in svg.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("a tag ends");
        let name = tag.split([' ', '/']).find(|part| !part.is_empty()).unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?} did not end");
}

fn count(picture: &Picture, mark: &str) -> usize {
    picture.svg().matches(mark).count()
}

fn square() -> Tensor<f64> {
    Tensor::from([[-1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
}

/// Class 1 where x + y > `at`, with this steepness.
fn line(at: f64, steep: f64) -> impl Fn(&Tensor<f64>) -> Tensor<f64> {
    move |places| {
        let n = places.shape()[0];
        Tensor::from_fn([n, 1], |i| 1.0 / (1.0 + (-steep * (places.row(i)[0] + places.row(i)[1] - at)).exp()))
    }
}

/// The ends of the boundary's pieces, in the coordinates of the points.
fn boundary(picture: &Picture) -> Vec<(f64, f64)> {
    let path = picture.svg().split_once("<path d=\"").unwrap().1.split_once('"').unwrap().0;
    let points = path.split(['M', 'L']).filter(|part| !part.is_empty());
    // The points reach from −1 to 1 and have a margin of 0.16; the square is 560 pixels wide.
    let scale = 2.32 / 560.0;
    let at = |xy: &str| -> (f64, f64) {
        let (x, y) = xy.split_once(' ').unwrap();
        let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
        ((x - 64.0) * scale - 1.16, 1.16 - (y - 64.0) * scale)
    };
    points.map(at).collect()
}

#[test]
fn the_boundary_is_where_the_probability_is_a_half() {
    for at in [0.0, 0.37, -1.3] {
        let picture = viz::decision_boundary("", &square(), &[0, 1, 0], line(at, 3.0)).unwrap();
        let points = boundary(&picture);
        assert!(points.len() > 50);
        for (x, y) in points {
            assert!((x + y - at).abs() < 1e-3, "({x}, {y}) is not on x + y = {at}");
        }
        assert_eq!(count(&picture, "r=\"3.4\""), 3);
        whole(picture.svg());
    }
}

#[test]
fn a_model_of_one_opinion_has_no_boundary() {
    let picture = viz::decision_boundary(HOSTILE, &square(), &[0, 1, 1], line(99.0, 9.0)).unwrap();
    assert!(boundary(&picture).is_empty());
    assert!(picture.svg().contains("a &lt; b &amp; \"c\" &gt; d"));
    whole(picture.svg());
}

#[test]
fn three_classes_have_a_colour_and_meet_in_lines() {
    // Thirds of the plane, by the direction from the origin.
    let thirds = |places: &Tensor<f64>| {
        let n = places.shape()[0];
        let turn = std::f64::consts::TAU / 3.0;
        let score = |i: usize, class: usize| {
            let (x, y) = (places.row(i)[0], places.row(i)[1]);
            (x * (turn * class as f64).cos() + y * (turn * class as f64).sin()).exp()
        };
        Tensor::from_fn([n, 3], |k| {
            let sum: f64 = (0..3).map(|class| score(k / 3, class)).sum();
            score(k / 3, k % 3) / sum
        })
    };
    let picture = viz::decision_boundary("", &square(), &[0, 1, 2], thirds).unwrap();
    whole(picture.svg());
    for (x, y) in boundary(&picture) {
        // Between two thirds: at 60, 180 and 300 degrees.
        let degrees = y.atan2(x).to_degrees().rem_euclid(120.0);
        let off = (degrees - 60.0).abs() * x.hypot(y);
        assert!(off < 2.5, "({x}, {y}) is at {degrees} degrees");
    }
}

#[test]
fn points_that_cannot_be_drawn_are_an_error() {
    let draw = |points: &Tensor<f64>, labels: &[usize]| {
        viz::decision_boundary("", points, labels, line(0.0, 1.0)).unwrap_err().to_string()
    };
    assert_eq!(draw(&Tensor::zeros([3, 3]), &[0; 3]), "a boundary is drawn among points [n, 2], not [3, 3]");
    assert_eq!(draw(&square(), &[0]), "a boundary cannot be drawn among 3 points with 1 labels");
    assert_eq!(draw(&Tensor::zeros([0, 2]), &[]), "a boundary cannot be drawn among 0 points with 0 labels");
    let nan = Tensor::from([[0.0, f64::NAN]]);
    assert_eq!(draw(&nan, &[0]), "a boundary cannot be drawn among points that are not finite");
}

#[test]
fn a_single_point_is_enough() {
    let picture = viz::decision_boundary("", &Tensor::from([[3.0, 3.0]]), &[7], line(6.0, 1.0)).unwrap();
    whole(picture.svg());
    assert!(picture.svg().contains("class 7"));
}

#[test]
#[should_panic(
    expected = "was given [25921, 2] and returned [1, 2]; it must return a row of probabilities for each"
)]
fn a_classifier_that_forgets_rows_panics() {
    let _ = viz::decision_boundary("", &square(), &[0, 1, 0], |_| Tensor::ones([1, 2]));
}

#[test]
fn every_count_of_a_confusion_matrix_is_in_its_picture() {
    let matrix = ConfusionMatrix::new(&[0, 1, 1, 1, 0, 0, 0], &[0, 0, 1, 1, 0, 0, 0], 3).unwrap();
    let picture = viz::confusion_matrix(&matrix, &["cat", HOSTILE]);
    whole(picture.svg());
    for (text, times) in [(">4<", 1), (">1<", 1), (">cat<", 2), (">2<", 3), (">0<", 6)] {
        assert_eq!(count(&picture, text), times, "{text}"); // class 2 has no name: its number, twice
    }
    assert!(picture.svg().contains("accuracy 0.8571"));
}

#[test]
fn weights_are_drawn_on_one_scale() {
    let weight = Tensor::from([[1.0f32, -1.0, 0.0, f32::NAN], [0.5, 0.5, 0.5, 0.5]]);
    let picture = viz::weight_images("", &weight, 2, 2).unwrap();
    whole(picture.svg());
    let red = |share: f64| {
        let mix = |full: f64| (255.0 + (full - 255.0) * share).round() as u8;
        format!("#{:02x}{:02x}{:02x}", mix(f64::from(0xb2u8)), mix(f64::from(0x18u8)), mix(f64::from(0x2bu8)))
    };
    assert_eq!(count(&picture, &red(1.0)), 1);
    assert_eq!(count(&picture, "#2166ac"), 1); // −1 is all blue
    assert_eq!(count(&picture, "#999999"), 1); // NaN is grey
    assert_eq!(count(&picture, &red(0.5)), 2); // a row of two alike is one rectangle
    let error = viz::weight_images("", &weight, 3, 2).unwrap_err().to_string();
    assert_eq!(error, "a weight of shape [2, 4] cannot be drawn as images of 3 by 2");
    assert!(viz::weight_images("", &weight, usize::MAX, 2).is_err());
    assert!(viz::weight_images("", &Tensor::<f32>::zeros([0, 4]), 2, 2).is_err());
}

#[test]
fn weights_that_are_all_zero_are_white() {
    whole(viz::weight_images(HOSTILE, &Tensor::<f32>::zeros([5, 6]), 2, 3).unwrap().svg());
}

#[test]
fn gradients_are_drawn_by_their_size() {
    let mut params: Params<f64> = Params::new();
    let ids = ["large", "small", "none", "dead"].map(|name| params.add(name, Tensor::ones([4])));
    let tape = Tape::eval(&params);
    let [large, small, _, dead] = ids.map(|id| tape.param(id));
    let loss = (large * 100.0 + small * 1e-6 + dead * 0.0).sum();
    let picture = viz::gradient_histograms(HOSTILE, &params, &loss.backward());
    whole(picture.svg());
    for text in [">large<", ">no gradient<", ">100 % are 0<", "10⁻⁶", "10²"] {
        assert_eq!(count(&picture, text), 1, "{text}");
    }
    let nothing = viz::gradient_histograms("", &Params::<f64>::new(), &{
        let params: Params<f64> = Params::new();
        let tape = Tape::eval(&params);
        tape.var(1.0).backward()
    });
    whole(nothing.svg());
}

#[test]
fn the_curves_of_a_history_are_the_ones_asked_for() {
    let mut history = History::new();
    history.push([("train_loss", 1.0), ("valid_loss", 2.0)]);
    history.push([("train_loss", 0.5), ("valid_loss", f64::NAN)]);
    let svg = viz::history(&history, &["train_loss", "valid_loss"]).unwrap().svg();
    assert!(svg.contains("train_loss") && svg.contains("valid_loss"));
    let error = viz::history(&history, &["loss"]).unwrap_err().to_string();
    assert_eq!(error, "the history has no column \"loss\"; there are: train_loss, valid_loss");
    whole(&viz::learning_rates(&[0.1, 0.2]).svg());
    let curve = RateCurve { rates: vec![], losses: vec![], smoothed: vec![] };
    whole(&viz::learning_rate_search(&curve).svg());
}
