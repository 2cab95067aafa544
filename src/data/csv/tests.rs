use super::*;
use crate::data::file::tests::{gzip, on_disk};

fn csv(text: &str) -> Csv {
    Csv::from_text(text).unwrap()
}

#[track_caller]
fn reads(csv: Csv, features: &[&[f64]], labels: &[usize], names: &[&str]) {
    let table: Table<f64> = csv.table().unwrap();
    let rows: Vec<&[f64]> = (0..table.len()).map(|i| table.features().row(i)).collect();
    assert_eq!(rows, features);
    assert_eq!(
        (table.labels(), table.class_names()),
        (labels, &names.iter().map(|&n| n.into()).collect::<Vec<_>>()[..])
    );
}

#[test]
fn what_programs_write_is_read() {
    let good: &[&[f64]] = &[&[1.0, -2.5], &[3e2, 0.5]];
    for text in [
        "a,b,y\n1,-2.5,0\n3e2,.5,1\n",
        "a,b,y\r\n1,-2.5,0\r\n3e2,.5,1",
        "a,b,y\r1,-2.5,0\r3e2,.5,1\r",
        "\u{feff}a,b,y\n1,-2.5,0\n3e2,.5,1\n",
        "\n\na,b,y\n\n1,-2.5,0\n\n\n+3e2,0.5,1\n\n",
        "\"a\",\"b, with a comma\",\"y\"\n\"1\",\"-2.5\",\"0\"\n\"300\",\"5e-1\",\"1\"\n",
        " a , b , y \n 1 ,\t-2.5 , 0 \n 3E2 , .5 , 1 \n",
        "a,b,y\n1,-2.5,0.0\n3e2,.5,1.0\n",
    ] {
        reads(csv(text), good, &[0, 1], &["0", "1"]);
        reads(Csv::from_bytes("packed", gzip(text.as_bytes())).unwrap(), good, &[0, 1], &["0", "1"]);
    }
    reads(csv("1,-2.5,0\n3e2,.5,1\n").no_header(), good, &[0, 1], &["0", "1"]);
    reads(csv("a;b;y\n1;-2.5;0\n3e2;.5;1\n").delimiter(b';'), good, &[0, 1], &["0", "1"]);
}

#[test]
fn columns_are_chosen_by_name_or_number() {
    let text = "id,kind,a,b\nq1,x,1,2\nq2,y,3,4\n";
    let features: &[&[f64]] = &[&[1.0, 2.0], &[3.0, 4.0]];
    reads(csv(text).label("kind").without("id"), features, &[0, 1], &["x", "y"]);
    reads(csv(text).label(1).without(0), features, &[0, 1], &["x", "y"]);
    let table: Table = csv(text).label("kind").without("id").table().unwrap();
    assert_eq!(table.feature_names(), ["a", "b"]);
    let unnamed: Table = csv("1,2,0
3,4,1")
    .no_header()
    .table()
    .unwrap();
    assert_eq!(unnamed.feature_names(), ["column 1", "column 2"]);
}

#[test]
fn whole_labels_are_class_numbers_and_others_are_names() {
    let labels =
        |labels: [&str; 3]| csv(&format!("a,y\n1,{}\n2,{}\n3,{}\n", labels[0], labels[1], labels[2]));
    let features: &[&[f64]] = &[&[1.0], &[2.0], &[3.0]];
    reads(labels(["3", "0", "3"]), features, &[3, 0, 3], &["0", "1", "2", "3"]);
    reads(labels(["-1", "1", "-1"]), features, &[0, 1, 0], &["-1", "1"]);
    reads(labels(["M", "B", "M"]), features, &[1, 0, 1], &["B", "M"]);
    reads(labels(["M", "B", "M"]).classes(["M", "B", "?"]), features, &[0, 1, 0], &["M", "B", "?"]);
    reads(labels(["7", "5", "7"]).classes(["5", "7"]), features, &[1, 0, 1], &["5", "7"]);
    reads(labels(["\"a, b\"", "\"say \"\"a\"\"\"", "a"]), features, &[1, 2, 0], &["a", "a, b", "say \"a\""]);
}

#[test]
fn a_target_or_a_matrix_is_read_as_numbers() {
    let text = "a,y,b\n1,0.5,2\n3,-0.25,4\n";
    let (x, y) = csv(text).label("y").xy::<f64>().unwrap();
    assert_eq!((x, y), (Tensor::from([[1.0, 2.0], [3.0, 4.0]]), Tensor::from([[0.5], [-0.25]])));
    assert_eq!(csv(text).without("y").matrix::<f64>().unwrap(), [[1.0, 2.0], [3.0, 4.0]]);
}

#[track_caller]
fn refused(csv: Csv, why: &str) {
    let error = csv.table::<f32>().expect_err(why).to_string();
    assert!(error.starts_with("text") && error.contains(why), "{error}");
}

#[test]
fn a_fault_is_named_by_line_and_column() {
    refused(csv("a,b,y\n1,2,0\n3,x,1\n"), "text, line 3, column 2 (b): \"x\" is not a number");
    refused(csv("a,b,y\n1,2,0\n3,,1\n"), "text, line 3, column 2 (b): the number is missing");
    refused(csv("a,b,y\n1,2,0\n3,  ,1\n"), "text, line 3, column 2 (b): the number is missing");
    refused(csv("a,b,y\nNaN,2,0\n"), "text, line 2, column 1 (a): \"NaN\"; numbers must be finite");
    refused(csv("a,b,y\n1,-inf,0\n"), "column 2 (b): \"-inf\"; numbers must be finite");
    refused(csv("a,b,y\n1,1e999,0\n"), "column 2 (b): \"1e999\"; numbers must be finite");
    refused(csv("a,b,y\n1,1e39,0\n"), "\"1e39\" is inf as f32");
    refused(csv("a,b,y\n1,\"1,5\",0\n"), "\"1,5\" is not a number");
    refused(csv("a,b,y\n1,2,\n"), "text, line 2, column 3 (y): the label is missing");
    refused(csv("a,b,y\n1,2,0\n1,2,0.37\n"), "line 3, column 3 (y): label \"0.37\" is not a whole number");
    refused(csv("a,y\n1,70000\n"), "label 70000 is too large");
    refused(
        csv("a,y\n1,M\n2,B\n3,X\n").classes(["M", "B"]),
        "line 4, column 2 (y): label \"X\" is not one of M, B",
    );
    refused(csv("1,x,0\n").no_header(), "text, line 1, column 2: \"x\" is not a number");
}

#[test]
fn a_ragged_line_is_named() {
    refused(csv("a,b,y\n1,2,0\n3,4\n5,6,1\n"), "text, line 3: 2 fields, where the first line has 3");
    refused(csv("a,b,y\n1,2,0,9\n"), "text, line 2: 4 fields, where the first line has 3");
    refused(csv("a,b,y\n1,2,0\n\"3,4,1\n5,6,1\n"), "text, line 3: 1 fields");
}

#[test]
fn lines_are_counted_as_an_editor_counts_them() {
    refused(csv("a,y\r\n1,0\r\nx,0\r\n"), "line 3");
    refused(csv("a,y\r1,0\rx,0\r"), "line 3");
    refused(csv("a,y\n\n1,0\n\n\nx,0\n"), "line 6");
    refused(csv("\r\n\r\na,y\r\n\r\nx,0\r\n"), "line 5");
    refused(csv("\"a\nb\",y\n1,0\n"), "line 1");
    refused(csv("a,b,y\n1,2,\"0\"\n1,\"2\n\",0\n1,x,0"), "line 5");
}

#[test]
fn a_quote_that_is_never_closed_swallows_nothing() {
    refused(
        csv("a,y\n1,M\n2,\"B\n3,M\n4,B\n"),
        "line 3, column 2 (y): \"B\\n3,M\\n4,B\\n\" goes over several lines",
    );
}

#[test]
fn a_missing_or_forgotten_header_is_noticed() {
    refused(csv("1,2,0\n3,4,1\n"), "line 1: the header holds nothing but numbers");
    refused(csv("a,b,y\n3,4,1\n").no_header(), "line 1, column 1: \"a\" is not a number");
}

#[test]
fn a_file_without_data_is_refused() {
    refused(csv("a,b,y\n"), "there are no rows of data");
    refused(csv("y\n1\n").label(0), "there is no column of features");
    refused(csv("a,y\n1,0\n").without("a"), "there is no column of features");
    for empty in ["", " \n\n", "\u{feff}", "\r\n"] {
        assert!(Csv::from_text(empty).unwrap_err().to_string().contains("the file is empty"), "{empty:?}");
    }
}

#[test]
fn a_column_that_is_not_there_is_refused() {
    refused(csv("a,b,y\n1,2,0\n").label("z"), "no column \"z\"; the header has a, b, y");
    refused(csv("a,b,y\n1,2,0\n").label(3), "no column 3; there are 3, counted from 0");
    refused(csv("a,b,y\n1,2,0\n").without("z"), "no column \"z\"");
    refused(csv("a,b,y\n1,2,0\n").without("y"), "the column of the labels is left out");
    refused(csv("a,a,y\n1,2,0\n").without("a"), "several columns are called \"a\"");
    refused(csv("1,2,0\n").no_header().label("y"), "without a header, give its number");
}

#[track_caller]
fn not_text(bytes: &[u8], why: &str) {
    let error = Csv::from_bytes("text", bytes.to_vec()).and_then(|csv| csv.table::<f32>()).expect_err(why);
    assert!(error.to_string().contains(why), "{error}");
}

#[test]
fn what_is_not_text_is_refused() {
    not_text(b"a,y\n1,0\n\x002,1\n", "text, line 3: there is a NUL byte");
    not_text(b"\xff\xfea\0,\0y\0", "UTF-16");
    not_text(b"a,y\n\xe9,0\n", "line 2, column 1 (a): \"\u{fffd}\" is not a number");
    not_text(b"a,y\n1,\xe9\n", "line 2, column 2 (y): \"\u{fffd}\" is not UTF-8");
    not_text(b"\xe9,y\n1,0\n", "line 1, column 1: \"\u{fffd}\" is not UTF-8");
    not_text(&gzip(b"a,y\n1,0\n")[..12], "not a whole gzip file");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Csv::open("no/such/file.csv").unwrap_err();
    assert_eq!(error.kind(), crate::error::ErrorKind::Io);
    assert!(error.to_string().starts_with("reading no/such/file.csv: "), "{error}");
}

#[test]
fn no_bytes_make_it_panic() {
    let good = b"id,\"a\",b,y\r\n1,2.5,\"3\",M\r\n2,-1e3,4,\"B\"\r\n".to_vec();
    let mut rng = crate::rng::Rng::new(11);
    let mut accepted = 0;
    for case in 0..3_000 {
        let mut bytes = good.clone();
        for _ in 0..1 + case % 4 {
            let at = rng.below(bytes.len());
            match rng.below(3) {
                0 => bytes[at] = rng.below(256) as u8,
                1 => bytes.truncate(at + 1),
                _ => bytes.insert(at, b",\"\n\r;0"[rng.below(6)]),
            }
        }
        let table = Csv::from_bytes("mutated", bytes).and_then(|csv| csv.table::<f32>());
        accepted += usize::from(table.is_ok_and(|table| table.features().is_finite()));
    }
    assert!(accepted > 100, "{accepted}: some changes are harmless");
}

#[test]
fn a_file_on_the_disk_is_what_its_bytes_are() {
    // Lines that lie across the blocks in which it is read, behind a byte order mark.
    let rows: String = (0..10_000).map(|i| format!("{i},{}\r\n", i % 3)).collect();
    let text = format!("\u{feff}a,y\r\n{rows}");
    for stored in [text.as_bytes().to_vec(), gzip(text.as_bytes())] {
        let of_bytes: Table = Csv::from_bytes("text", stored.clone()).unwrap().table().unwrap();
        assert_eq!((of_bytes.len(), of_bytes.labels()[9_998]), (10_000, 2));
        on_disk("csv-same", &stored, |path| assert!(Csv::open(path).unwrap().table().unwrap() == of_bytes));
    }
    let faulty = format!("{text}x,1\r\n");
    on_disk("csv-faulty", faulty.as_bytes(), |path| {
        let error = Csv::open(path).unwrap().table::<f32>().unwrap_err().to_string();
        assert!(error.ends_with(", line 10002, column 1 (a): \"x\" is not a number"), "{error}");
    });
}

#[test]
fn a_file_that_changes_meanwhile_is_an_error() {
    on_disk("csv-changes", b"a,y\n1,0\n2,1\n", |path| {
        let csv = Csv::open(path).unwrap();
        let time = std::fs::metadata(path).unwrap().modified().unwrap();
        // Of the same length and time, so that only the lines tell.
        let write = |text: &[u8]| {
            std::fs::write(path, text).unwrap();
            std::fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
        };
        let lines = Lines::of(&csv).unwrap();
        let numbers = |text: &[u8]| {
            write(text);
            lines.numbers::<f32>(&[0, 1], |_| Ok(())).map_err(|error| error.to_string())
        };
        for other in [b"a,y\n1,0\n\n\n\n\n", b"a,y\n1,0,0,0\n"] {
            let error = numbers(other).unwrap_err();
            assert!(error.contains("it was changed since it was opened; open it again"), "{error}");
        }
        assert_eq!(numbers(b"a,y\n1,0\n2,1\r").unwrap(), [[1.0, 0.0], [2.0, 1.0]]);
        std::fs::write(path, b"a,y\n1,0\n").unwrap();
        let error = csv.table::<f32>().unwrap_err().to_string();
        assert!(error.contains("it was changed since it was opened; open it again"), "{error}");
        std::fs::remove_file(path).unwrap();
        let error = csv.table::<f32>().unwrap_err().to_string();
        assert!(error.starts_with(&format!("reading {}: ", path.display())), "{error}");
    });
}
