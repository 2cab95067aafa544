//! Curves as SVG: what is in the picture, that it is the same every time, and where it goes.

use wengert::error::ErrorKind;
use wengert::viz::plot::{Plot, curves};

fn losses() -> (Vec<f64>, Vec<f64>) {
    let fall = |from: f64, to: f64, i: f64| to + (from - to) * (-i / 15.0).exp();
    (0..100)
        .map(f64::from)
        .map(|i| (fall(0.69, 0.03, i) + 0.01 * (i * 1.7).sin(), fall(0.66, 0.09, i)))
        .unzip()
}

#[test]
fn the_training_curves_say_what_they_are() {
    let (train, test) = losses();
    let svg = curves(&train, &test).svg();
    for text in [
        "Training and Test Loss Over Epochs",
        "Epoch",
        "Loss (Binary Cross-Entropy)",
        "Train Loss",
        "Test Loss",
    ] {
        assert!(svg.contains(text), "{text} is missing");
    }
    for (colour, name) in [("#0072B2", "the training loss"), ("#D55E00", "the test loss")] {
        let lines = svg.matches(&format!("stroke=\"{colour}\"")).count();
        assert_eq!(lines, 2, "{name} is a line, and a swatch in the legend");
    }
}

#[test]
fn the_same_curves_are_the_same_bytes() {
    let (train, test) = losses();
    assert_eq!(curves(&train, &test).svg(), curves(&train, &test).svg());
}

#[test]
fn a_point_that_is_not_finite_breaks_its_line() {
    let lines = |ys: &[f64]| {
        let points: Vec<_> = ys.iter().enumerate().map(|(i, &y)| (i as f64, y)).collect();
        let svg = Plot::new("").log_y().line("", points).svg();
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        (svg.matches("stroke=\"#0072B2\"").count(), svg.matches("<circle").count())
    };
    assert_eq!(lines(&[1.0, 2.0, 3.0, 4.0]), (1, 0));
    assert_eq!(lines(&[1.0, 2.0, f64::NAN, 3.0, 4.0]), (2, 0));
    assert_eq!(lines(&[1.0, f64::INFINITY, 3.0, 4.0]), (1, 1));
    assert_eq!(lines(&[1.0, 2.0, 0.0, 4.0, 3.0]), (2, 0)); // no logarithm
    assert_eq!(lines(&[f64::NAN; 3]), (0, 0));
    assert_eq!(lines(&[]), (0, 0));
}

#[test]
fn extreme_values_are_drawn() {
    for ys in [[1e300, -1e300], [f64::MAX, f64::MIN], [1e-320, 2e-320], [1.0, 1.0 + f64::EPSILON], [0.0, 0.0]]
    {
        let svg = Plot::new("").line("", [(0.0, ys[0]), (1.0, ys[1])]).svg();
        assert!(!svg.contains("NaN") && svg.ends_with("</svg>\n"), "{ys:?}");
    }
    let svg = Plot::new("").log_x().log_y().line("", [(1e-300, 1e300), (1e300, 1e-300)]).svg();
    assert!(svg.len() < 100_000, "{} bytes", svg.len());
}

#[test]
fn a_title_that_is_too_long_is_written_smaller() {
    let size = |title: &str| -> f64 {
        let svg = Plot::new(title).size(400, 300).svg();
        let (before, _) = svg.split_once(&format!("\n{title}\n")).unwrap();
        before.rsplit_once("font-size=\"").unwrap().1.split_once('"').unwrap().0.parse().unwrap()
    };
    let (short, long) = (size("short"), size("long ".repeat(9).trim_end()));
    // 44 letters on 360 pixels, which the picture measures in eighths.
    assert!(long < 0.75 * short && long * 0.58 * 44.0 <= 360.0 * 8.0, "{short} {long}");
}

#[test]
fn names_are_quoted() {
    let svg = Plot::new("<b>\u{0}&").line("\"</svg>", [(0.0, 1.0)]).svg();
    assert!(svg.contains("&lt;b&gt;&amp;") && svg.contains("&quot;&lt;/svg&gt;"), "{svg}");
    assert_eq!(svg.matches("</svg>").count(), 1);
}

#[test]
fn saving_makes_the_folders_and_replaces_the_file() {
    let folder = std::env::temp_dir().join(format!("wengert-plot-{}", std::process::id()));
    let path = folder.join("a/b/curves.svg");
    let plot = curves(&[0.5f32, 0.25], &[0.5, 0.5]);
    plot.save(&path).unwrap();
    plot.save(&path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), plot.svg());
    assert_eq!(std::fs::read_dir(folder.join("a/b")).unwrap().count(), 1, "nothing else is left there");
    // A file where a folder should be.
    let error = plot.save(path.join("curves.svg")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().starts_with("writing ") && error.to_string().contains("curves.svg"), "{error}");
    std::fs::remove_dir_all(folder).unwrap();
}
