//! Files from strangers: whatever the bytes are, reading them ends, with a value or an error that says what
//! and where, and takes no more memory than four times the file and 16 MiB besides the value itself, which is no larger
//! than its entries make it. Counted by an allocator.
//!
//! The rows of a table that come before a fault are of the value itself: the fault takes no more than the whole table would
//! have.

#[path = "common/counting.rs"]
mod counting;
#[path = "common/interrupted.rs"]
mod interrupted;

use counting::{BYTES_HELD, PEAK};
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use proptest::prelude::{ProptestConfig, any, prop, proptest};
use proptest::test_runner::RngSeed;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use wengert::Error;
use wengert::data::{Checkpoint, Csv, Idx, load_params};
use wengert::optim::State;
use wengert::prelude::*;
use wengert::train::{History, Trainer};

/// What errors are to call the file.
const NAME: &str = "stranger";

/// Reads a file, and holds the reader to its bounds. The value, or what was said.
#[track_caller]
fn read<R: Send>(file: &[u8], reader: impl FnOnce(Vec<u8>) -> Result<R, Error> + Send) -> Result<R, String> {
    let begin = Instant::now();
    let (result, peak, held) = counted(file, reader);
    let size = size_of(file);
    let beside = if result.is_ok() { peak - held } else { peak };
    assert!(beside <= 4 * size as isize + (16 << 20), "{beside} bytes beside the value, of a file of {size}");
    // The largest for its bytes is a text of one letter a row: a list of one text, for two bytes.
    assert!(held <= 32 * size as isize + (16 << 20), "a value of {held} bytes, of a file of {size}");
    assert!(begin.elapsed() < Duration::from_secs(60), "took {:?}", begin.elapsed());
    result.map_err(|error| {
        let text = error.to_string();
        assert!(text.starts_with(NAME) && text.len() < 2000, "does not say where, or goes on and on: {text}");
        text
    })
}

/// Reads a file: the value or the error, the most bytes that were held on the way, and how many are held in the end.
fn counted<R: Send>(file: &[u8], reader: impl FnOnce(Vec<u8>) -> R + Send) -> (R, isize, isize) {
    // On a thread of its own: buffers that tensors left behind on this one would not be counted.
    std::thread::scope(|scope| {
        let count = || {
            let before = BYTES_HELD.get();
            PEAK.set(before);
            let result = reader(file.to_vec());
            (result, PEAK.get() - before, BYTES_HELD.get() - before)
        };
        scope.spawn(count).join().unwrap()
    })
}

/// The size of a file; of a packed one, of what is in it, if that is of a size to be unpacked at all.
fn size_of(file: &[u8]) -> usize {
    let limit = (16 << 20) + 256 * file.len() as u64;
    let unpacked =
        std::io::copy(&mut MultiGzDecoder::new(file).take(limit + 1), &mut std::io::sink()).unwrap_or(0);
    if unpacked > limit { file.len() } else { file.len().max(unpacked as usize) }
}

/// Every way in which a CSV is read.
#[track_caller]
fn csv(file: &[u8]) -> Vec<Result<(), String>> {
    let open = |bytes| Csv::from_bytes(NAME, bytes);
    vec![
        read(file, |bytes| open(bytes).and_then(|csv| Ok((csv.table::<f32>()?, csv)))).map(drop),
        read(file, |bytes| open(bytes).and_then(|csv| Ok((csv.table::<f64>()?, csv)))).map(drop),
        read(file, |bytes| open(bytes).and_then(|csv| Ok((csv.xy::<f64>()?, csv)))).map(drop),
        read(file, |bytes| open(bytes).map(Csv::no_header).and_then(|csv| Ok((csv.matrix::<f32>()?, csv))))
            .map(drop),
        read(file, |bytes| open(bytes).map(Csv::no_header).and_then(|csv| Ok((csv.text([0])?, csv))))
            .map(drop),
    ]
}

/// Every way in which an IDX file is read.
#[track_caller]
fn idx(file: &[u8]) -> Vec<Result<(), String>> {
    let open = |bytes| Idx::from_bytes(NAME, bytes);
    vec![
        read(file, |bytes| open(bytes).and_then(|idx| Ok((idx.tensor::<f32>()?, idx)))).map(drop),
        read(file, |bytes| open(bytes).and_then(|idx| Ok((idx.tensor::<f64>()?, idx)))).map(drop),
        read(file, |bytes| open(bytes).and_then(|idx| Ok((idx.labels()?, idx)))).map(drop),
    ]
}

/// Every way in which a checkpoint is read; a training that takes it up goes on for an epoch.
#[track_caller]
fn checkpoint(file: &[u8]) -> Vec<Result<(), String>> {
    let double = read(file, |bytes| Checkpoint::<f64>::from_bytes(NAME, &bytes)).map(drop);
    let single = read(file, |bytes| {
        let checkpoint = Checkpoint::from_bytes(NAME, &bytes)?;
        drop(bytes);
        interrupted::train(Some(&checkpoint));
        Ok(checkpoint)
    });
    vec![double, single.map(drop), read(file, params_of).map(drop)]
}

/// The parameters of a model that a file of this content gives it, on the way that `load_params` has for files.
fn params_of(file: Vec<u8>) -> Result<Params, Error> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("wengert-hostile-{}-{number}", std::process::id()));
    std::fs::write(&path, &file).unwrap();
    drop(file);
    let mut params = head();
    let loaded = load_params(&path, &mut params);
    std::fs::remove_file(&path).unwrap();
    loaded.map(|()| params.clone()).map_err(|error| {
        assert!(params.iter().eq(head().iter()), "half taken up: {error}");
        Error::config(error.to_string().replace(path.to_str().unwrap(), NAME))
    })
}

/// A model's parameters.
fn head() -> Params {
    let mut params: Params = Params::new();
    Linear::new(&mut params.init(&mut Rng::new(0)).scope("head"), 3, 2);
    params
}

/// A history, which a text of JSON is.
#[track_caller]
fn history(file: &[u8]) -> Vec<Result<(), String>> {
    let wrong = |what: String| Error::config(format!("{NAME}: {what}"));
    let result = read(file, |bytes| {
        let text = String::from_utf8(bytes).map_err(|error| wrong(error.utf8_error().to_string()))?;
        History::from_json(&text).map_err(|error| wrong(error.to_string()))
    });
    if let Ok(history) = &result {
        assert!(History::from_json(&history.to_json()).unwrap() == *history, "not what was written");
    }
    vec![result.map(drop)]
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A safetensors file with this header, and so many zeros behind it.
fn safetensors(header: &str, zeros: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; zeros]].concat()
}

/// An IDX file of this type and these extents.
fn idx_file(code: u8, dims: &[u32], elements: &[u8]) -> Vec<u8> {
    let dims_bytes: Vec<u8> = dims.iter().flat_map(|dim| dim.to_be_bytes()).collect();
    [&[0, 0, code, dims.len() as u8][..], &dims_bytes, elements].concat()
}

/// Files that are what they should be, each with a reader that takes it.
fn good() -> Vec<(&'static str, Vec<u8>)> {
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

/// What each way of reading says of a file of this kind.
#[track_caller]
fn every_reader(kind: &str, file: &[u8]) -> Vec<Result<(), String>> {
    match kind {
        "csv" => csv(file),
        "idx" => idx(file),
        "checkpoint" => checkpoint(file),
        "history" => history(file),
        other => unreachable!("{other}"),
    }
}

#[test]
fn good_files_are_read() {
    for (kind, file) in good() {
        let results = every_reader(kind, &file);
        assert!(results.iter().any(Result::is_ok), "{kind}: {results:?}");
    }
}

#[test]
fn a_good_file_cut_anywhere_is_an_error_or_a_shorter_file() {
    for (kind, file) in good() {
        for end in 0..file.len() {
            let results = every_reader(kind, &file[..end]);
            // A text may end early and be a text; nothing else may.
            let may_end = kind == "csv" && (end < 2 || !file.starts_with(&[0x1f, 0x8b]));
            assert!(may_end || results.iter().all(Result::is_err), "{kind} cut to {end}: {results:?}");
        }
    }
}

#[test]
fn stored_files_do_no_harm() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    for kind in ["csv", "idx", "checkpoint", "history"] {
        let mut files = 0;
        for entry in std::fs::read_dir(folder.join(kind)).unwrap() {
            let file = std::fs::read(entry.unwrap().path()).unwrap();
            every_reader(kind, &file);
            files += 1;
        }
        assert!(files >= 5, "{kind}: only {files} files are stored");
    }
}

/// A change to a file: where (of 2^16 parts), what kind, which byte.
fn change(file: &mut Vec<u8>, (place, kind, byte): (u16, u8, u8)) {
    const TOKENS: [&[u8]; 12] = [
        b",",
        b"\"",
        b"\n",
        b"\r",
        b"\0",
        b"\xff",
        b"[",
        b"18446744073709551615",
        b"-1",
        b"{",
        b"1e999",
        b"\\u",
    ];
    let at = (usize::from(place) * file.len()) >> 16;
    match kind % 7 {
        _ if file.is_empty() => file.push(byte),
        0 => file[at] = byte,
        1 => file[at] ^= 1 << (byte % 8),
        2 => file.truncate(at),
        3 => drop(file.remove(at)),
        4 => file.insert(at, byte),
        5 => drop(file.splice(at..at, TOKENS[usize::from(byte) % TOKENS.len()].iter().copied())),
        _ => {
            let end = (at + usize::from(byte)).min(file.len());
            let again = file[at..end].to_vec();
            drop(file.splice(at..at, again));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, rng_seed: RngSeed::Fixed(1964), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_change_to_a_good_file_does_harm(
        which in 0..10usize,
        changes in prop::collection::vec(any::<(u16, u8, u8)>(), 1..6),
        packed in any::<bool>(),
    ) {
        let (kind, mut file) = good().swap_remove(which);
        changes.into_iter().for_each(|what| change(&mut file, what));
        every_reader(kind, &file);
        if packed && (kind == "csv" || kind == "idx") {
            every_reader(kind, &gzip(&file));
        }
    }

    #[test]
    fn no_bytes_at_all_do_harm(file in prop::collection::vec(any::<u8>(), 0..200), kind in 0..4usize) {
        const KINDS: [&str; 4] = ["csv", "idx", "checkpoint", "history"];
        every_reader(KINDS[kind], &file);
        // Behind what makes the file one of its kind at first sight.
        let start: [&[u8]; 4] =
            [b"a,b\n", &[0, 0, 8, 1, 0, 0, 0], &[64, 0, 0, 0, 0, 0, 0, 0, b'{'], b"{\"a\":["];
        every_reader(KINDS[kind], &[start[kind], &file].concat());
    }
}

/// All readers of numbers refuse a file, at least one of them for this reason.
#[track_caller]
fn refused(kind: &str, file: &[u8], why: &str) {
    let mut results = every_reader(kind, file);
    if kind == "csv" {
        results.pop(); // any text is a text
    }
    assert!(results.iter().all(Result::is_err), "{results:?}");
    assert!(results.iter().flat_map(|result| result.as_ref().err()).any(|e| e.contains(why)), "{results:?}");
}

#[test]
fn hostile_headers_are_refused() {
    refused("checkpoint", &(1u64 << 61).to_le_bytes(), "its header should have 2305843009213693952 bytes");
    let huge: u64 = (1 << 61) - 1;
    let place = |i: u64| {
        let (start, end) = (i * huge, (i + 1) * huge);
        format!(r#""t{i}":{{"dtype":"U8","shape":[{huge}],"data_offsets":[{start},{end}]}}"#)
    };
    let eight: Vec<String> = (0..8).map(place).collect();
    refused("checkpoint", &safetensors(&format!("{{{}}}", eight.join(",")), 8), "its tensors should have");
    let one = r#""w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#;
    refused("checkpoint", &safetensors(&format!("{{{one},{one}}}"), 4), "the tensor \"w\" comes twice");
    let twice = r#"{"w":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    refused("checkpoint", &safetensors(twice, 4), "dtype comes twice");
    let axes = ["1"; 64].join(",");
    let deep = format!(r#"{{"w":{{"dtype":"F32","shape":[{axes}],"data_offsets":[0,4]}}}}"#);
    refused("checkpoint", &safetensors(&deep, 4), "a list of more than 63");
    let two = format!(r#"{{{one},"v":{{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}}}"#);
    refused(
        "checkpoint",
        &safetensors(&two, 6),
        "the tensor \"v\" starts at byte 2, the one before ends at 4",
    );
    let product = r#"{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#;
    refused("checkpoint", &safetensors(product, 0), "more than memory can hold");

    for dims in [
        &[u32::MAX; 6][..],
        &[u32::MAX, u32::MAX, 1 << 8],
        &[1 << 31, 1 << 31, 4],
        &[0, u32::MAX, u32::MAX, 9],
    ] {
        for code in [0x08, 0x0e] {
            for file in [idx_file(code, dims, &[1; 40]), gzip(&idx_file(code, dims, &[1; 40]))] {
                refused("idx", &file, if dims[0] == 0 { "stranger" } else { "more than memory can hold" });
            }
        }
    }
    refused("idx", &idx_file(0x08, &[1 << 31], &[1]), "it is cut short");
    refused("idx", &[&[0, 0, 8, 255][..], &[1; 1020]].concat(), "255 dimensions");
}

#[test]
fn a_history_without_columns_has_no_epochs() {
    let mut state = State::new("Trainer");
    state.numbers = [("epochs".into(), 4e15), ("steps".into(), 1.0)].into();
    let checkpoint = interrupted::train(None).with_state("trainer", state).with_columns("history", []);
    let (mut rng, mut params) = (Rng::new(3), Params::new());
    Mlp::new(&mut params.init(&mut rng), &[2, 3, 2]);
    let mut sgd = Sgd::new(0.1);
    let error = Trainer::new(&mut params, &mut sgd, &mut rng).restore(&checkpoint).unwrap_err().to_string();
    assert_eq!(error, "the history has no columns for 4000000000000000 epochs");
}

#[test]
fn hostile_texts_are_refused() {
    refused("csv", b"", "the file is empty");
    refused("csv", "\u{feff}".as_bytes(), "the file is empty");
    refused("csv", b"\xff\xfea\0,\0", "UTF-16");
    refused("csv", b"a,y\n1,0\n2,\x001\n", "line 3: there is a NUL byte");
    refused("csv", b"a,b,y\n1,2,0\n3,4\n", "line 3: 2 fields, where the first line has 3");
    refused("csv", b"a,y\n1,\"0\n2,1\n", "goes over several lines; is a quote never closed?");
}

/// Files of a kind that would take much more memory, or time, than they have bytes.
fn swollen(size: usize) -> Vec<(&'static str, &'static str, Vec<u8>)> {
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
        ("csv", "one field", fill("a")),
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

#[test]
fn a_fault_in_the_last_row_takes_no_more_than_the_table_would_have() {
    /// The most bytes held, and whether a table was read.
    fn reading<R: Send>(file: &[u8], reader: fn(&Csv) -> Result<R, Error>) -> (isize, bool) {
        let (read, peak, _) = counted(file, |bytes| reader(&Csv::from_bytes(NAME, bytes)?));
        (peak, read.is_ok())
    }
    fn check<R: Send>(file: &str, fault: &[u8], reader: fn(&Csv) -> Result<R, Error>) {
        let (whole, read) = reading(file.as_bytes(), reader);
        assert!(read);
        let (faulty, read) = reading(&[file.as_bytes(), fault].concat(), reader);
        assert!(!read);
        assert!(faulty < whole + (1 << 16), "{faulty} bytes with a fault, {whole} without");
    }
    let file = format!("a,y\n{}", "1,1\n".repeat(200_000));
    check(&file, b"x,1\n", |csv| csv.table::<f64>());
    check(&file, b"1,\n", |csv| csv.table::<f64>());
    check(&file, b"x,1\n", |csv| csv.xy::<f64>());
    check(&file, b"x,1\n", |csv| csv.matrix::<f64>());
    check(&file, b"\xff,1\n", |csv| csv.text([0]));
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

#[track_caller]
fn takes_little(size: usize) {
    for (kind, what, file) in swollen(size) {
        let begin = Instant::now();
        let results = every_reader(kind, &file);
        println!("{what}: {} bytes, {:?}, {results:.100?}", file.len(), begin.elapsed());
    }
}

#[test]
fn files_that_swell_take_little_memory() {
    takes_little(1 << 20);
}

#[test]
#[ignore = "in release"]
fn larger_files_that_swell_take_little_memory() {
    takes_little(1 << 25);
}
