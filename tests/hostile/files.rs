//! The files of `hostile.rs`: good ones, and such as would take more memory or time than they have bytes.

use crate::{head, interrupted};
use flate2::{Compression, write::GzEncoder};
use std::io::Write;
use wengert::data::Checkpoint;
use wengert::optim::State;
use wengert::prelude::*;

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A safetensors file with this header, and so many zeros behind it.
pub fn safetensors(header: &str, zeros: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; zeros]].concat()
}

/// An IDX file of this type and these extents.
pub fn idx_file(code: u8, dims: &[u32], elements: &[u8]) -> Vec<u8> {
    let dims_bytes: Vec<u8> = dims.iter().flat_map(|dim| dim.to_be_bytes()).collect();
    [&[0, 0, code, dims.len() as u8][..], &dims_bytes, elements].concat()
}

/// Files that are what they should be, each with a reader that takes it.
pub fn good() -> Vec<(&'static str, Vec<u8>)> {
    let table = b"id,\"a, b\",c,y\r\n1,2.5,\"3\",M\r\n2,-1e3,4,\"B\"\r\n".to_vec();
    let numbers = b"a,b,y\n1,2,0\n3,4,1\n5,6,1\n".to_vec();
    let images = idx_file(0x08, &[2, 2, 3], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255]);
    let labels = idx_file(0x08, &[5], &[3, 1, 4, 1, 5]);
    let doubles = idx_file(0x0e, &[2], &[1.5f64.to_be_bytes(), (-2f64).to_be_bytes()].concat());
    vec![
        ("csv", gzip(&numbers)),
        ("csv", table),
        ("csv", numbers),
        ("idx", gzip(&images)),
        ("idx", images),
        ("idx", labels),
        ("idx", doubles),
        ("checkpoint", Checkpoint::new(&head()).to_bytes().unwrap()),
        ("checkpoint", interrupted::train(None).to_bytes().unwrap()),
        ("history", b"{\"a\\u0020b\": [0.5, null, -1e-3], \"c\": [1, 2, 3]}".to_vec()),
    ]
}

/// Files of a kind that would take much more memory, or time, than they have bytes.
pub fn swollen(size: usize) -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let bomb = (16 * size).max(32 << 20);
    let fill = |unit: &str| unit.repeat(size / unit.len()).into_bytes();
    let lines = |first: &str, unit: &str| format!("{first}{}", unit.repeat(size / unit.len())).into_bytes();
    let numbered = |first: &str, line: &dyn Fn(usize) -> String| {
        let mut text = first.to_string();
        (0..).map(line).take_while(|line| (text.push_str(line), text.len() < size).1).for_each(drop);
        text.into_bytes()
    };
    let tensors = |entry: &dyn Fn(usize) -> String, zeros: usize| {
        let header = numbered("{", &|i| format!("{}{}", if i == 0 { "" } else { "," }, entry(i)));
        safetensors(&(String::from_utf8(header).unwrap() + "}"), zeros)
    };
    vec![
        ("csv", "a line of commas", fill(",")),
        ("csv", "a wide line, and short ones", lines(&"a,".repeat(size / 4), "\n1")),
        ("csv", "long names", lines("", &format!("{},", "n".repeat(255)))),
        ("csv", "long names for a row", {
            let columns = size / 258;
            format!("{}y\n{}1\n", format!("{},", "n".repeat(255)).repeat(columns), "1,".repeat(columns))
                .into_bytes()
        }),
        ("csv", "one field", fill("a")),
        // A little longer than a buffer that has been doubled.
        ("csv", "one longer field", vec![b'a'; size + 1000]),
        ("csv", "a long name", format!("{}\n1\n", "a".repeat(size + 1000)).into_bytes()),
        ("csv", "a long name and a long label", {
            let long = "a".repeat(size + 1000);
            format!("y,{long}\n1,{long}\n").into_bytes()
        }),
        ("csv", "one number", lines("a,y\n0,", "1")),
        ("csv", "one field that is not UTF-8", [b"a,y\n".to_vec(), vec![0xff; size]].concat()),
        ("csv", "a quote that is never closed", lines("a,y\n1,\"", "2,3\n")),
        ("csv", "quoted line ends", fill("\"\n\",")),
        ("csv", "quotes", fill("\"")),
        ("csv", "line ends", lines("a", "\n")),
        ("csv", "short rows", lines("a,y\n", "1,1\n")),
        ("csv", "the shortest rows", lines("a\n", "1\n")),
        ("csv", "a label for each row", numbered("a,y\n", &|i| format!("1,{i:x}g\n"))),
        (
            "csv",
            "a wide table",
            lines(&format!("{}y\n", "a,".repeat(50_000)), &format!("{}0\n", "1,".repeat(50_000))),
        ),
        ("csv", "a bomb", gzip(&vec![b'1'; bomb])),
        ("idx", "bytes", idx_file(0x08, &[size as u32], &vec![7; size])),
        ("idx", "labels with a fault at the end", {
            idx_file(0x09, &[size as u32], &[vec![7; size - 1], vec![0xff]].concat())
        }),
        ("idx", "doubles", idx_file(0x0e, &[size as u32 / 8], &vec![0; size])),
        ("idx", "a bomb", gzip(&idx_file(0x08, &[size as u32], &vec![0; bomb]))),
        ("idx", "a bomb that keeps its promise", gzip(&idx_file(0x08, &[bomb as u32], &vec![0; bomb]))),
        (
            "checkpoint",
            "empty tensors",
            tensors(&|i| format!(r#""{i:x}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#), 0),
        ),
        (
            "checkpoint",
            "a tensor of many axes",
            safetensors(&format!(r#"{{"w":{{"dtype":"F32","shape":[{}1]}}}}"#, "1,".repeat(size / 2)), 0),
        ),
        (
            "checkpoint",
            "a long name",
            safetensors(
                &format!(r#"{{"{}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}}}"#, "n".repeat(size)),
                0,
            ),
        ),
        (
            "checkpoint",
            "a long escaped name",
            safetensors(&format!(r#"{{"{}":1}}"#, "\\n".repeat(size / 2)), 0),
        ),
        (
            "checkpoint",
            "a long type",
            safetensors(&format!(r#"{{"w":{{"dtype":"{}"}}}}"#, "F".repeat(size)), 0),
        ),
        (
            "checkpoint",
            "nested metadata",
            safetensors(&format!(r#"{{"__metadata__":{}"#, "[".repeat(size)), 0),
        ),
        (
            "checkpoint",
            "many states",
            tensors(
                &|i| format!(r#""wengert/{i:x}/kind":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#),
                0,
            ),
        ),
        (
            "checkpoint",
            "many whole states",
            [
                safetensors(
                    &format!("{{{}}}", (0..size / 256).map(whole_state).collect::<Vec<_>>().join(",")),
                    0,
                ),
                b"[]".repeat(size / 256),
            ]
            .concat(),
        ),
        ("checkpoint", "a training of many numbers", {
            let mut state = State::new("Trainer");
            state.numbers = (0..size / 20).map(|i| (format!("{i:x}"), 0.0)).collect();
            interrupted::train(None).with_state("trainer", state).to_bytes().unwrap()
        }),
        ("checkpoint", "a training of many tensors", {
            let mut state = State::new("Trainer");
            state.tensors = (0..size / 100).map(|i| (format!("{i:x}"), Tensor::zeros([0]))).collect();
            interrupted::train(None).with_state("trainer", state).to_bytes().unwrap()
        }),
        ("checkpoint", "a training of another kind, with a long name", {
            let state = State::new("n".repeat(size));
            interrupted::train(None).with_state("trainer", state).to_bytes().unwrap()
        }),
        ("checkpoint", "a text for a header", safetensors(&format!("\"{}\"", "\x7f".repeat(size)), 0)),
        (
            "checkpoint",
            "a text for a tensor",
            safetensors(&format!("{{\"w\":\"{}\"}}", "\x7f".repeat(size)), 0),
        ),
        (
            "checkpoint",
            "a text for a shape",
            safetensors(&format!("{{\"w\":{{\"shape\":\"{}\"}}}}", "\x7f".repeat(size)), 0),
        ),
        (
            "checkpoint",
            "a text for an extent",
            safetensors(&format!("{{\"w\":{{\"shape\":[\"{}\"]}}}}", "\x7f".repeat(size)), 0),
        ),
        ("checkpoint", "a text for a list", named_numbers(&format!("\"{}\"", "\x7f".repeat(size)), 0)),
        (
            "checkpoint",
            "more names than numbers",
            named_numbers(&format!("[{}\"\"]", "\"\",".repeat(size / 3)), 1),
        ),
        (
            "checkpoint",
            "the same name for every number",
            named_numbers(&format!("[{}\"\"]", "\"\",".repeat(size / 11)), size / 11 + 1),
        ),
        (
            "history",
            "many columns",
            (numbered("{\"\":[]", &|i| format!(",\"{i:x}\":[]"))).into_iter().chain(*b"}").collect(),
        ),
        ("history", "many numbers", format!("{{\"a\":[0{}]}}", ",0".repeat(size / 2)).into_bytes()),
        (
            "history",
            "a long name twice",
            format!("{{\"{0}\":[],\"{0}\":[]}}", "\x7f".repeat(size / 2)).into_bytes(),
        ),
        ("history", "a text for a history", format!("\"{}\"", "\x7f".repeat(size)).into_bytes()),
        ("history", "a text for a column", format!("{{\"a\":\"{}\"}}", "\x7f".repeat(size)).into_bytes()),
        ("history", "a text for a number", format!("{{\"a\":[\"{}\"]}}", "\x7f".repeat(size)).into_bytes()),
        ("history", "nested lists", format!("{{\"a\":{}", "[".repeat(size)).into_bytes()),
        ("checkpoint", "columns of no rows", {
            let names = format!("[{}\"\"]", "\"\",".repeat(size / 3));
            let rows = format!(
                r#""wengert/h/rows":{{"dtype":"F64","shape":[{},0],"data_offsets":[0,0]}}"#,
                size / 3 + 1
            );
            let columns = format!(
                r#""wengert/h/columns":{{"dtype":"U8","shape":[{0}],"data_offsets":[0,{0}]}}"#,
                names.len()
            );
            [safetensors(&format!("{{{rows},{columns}}}"), 0), names.into_bytes()].concat()
        }),
    ]
}

/// The three entries of a state without numbers, the i-th of its kind.
fn whole_state(i: usize) -> String {
    let (at, end) = (2 * i, 2 * i + 2);
    format!(
        r#""wengert/{i}/kind":{{"dtype":"U8","shape":[0],"data_offsets":[{at},{at}]}},"wengert/{i}/names":{{"dtype":"U8","shape":[2],"data_offsets":[{at},{end}]}},"wengert/{i}/numbers":{{"dtype":"F64","shape":[0],"data_offsets":[{end},{end}]}}"#
    )
}

/// A file of one state, with these names for so many numbers.
fn named_numbers(names: &str, numbers: usize) -> Vec<u8> {
    let (middle, end) = (names.len(), names.len() + 8 * numbers);
    let header = format!(
        r#"{{"wengert/s/kind":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}},"wengert/s/names":{{"dtype":"U8","shape":[{middle}],"data_offsets":[0,{middle}]}},"wengert/s/numbers":{{"dtype":"F64","shape":[{numbers}],"data_offsets":[{middle},{end}]}}}}"#
    );
    [safetensors(&header, 0), names.as_bytes().to_vec(), vec![0; 8 * numbers]].concat()
}
