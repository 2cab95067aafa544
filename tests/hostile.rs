//! Files from strangers: whatever the bytes are, reading them ends, with a value or an error that says what and where, and
//! takes no more memory than four times the file and 16 MiB, the value included. Counted by an allocator.
//!
//! Some values take more than that by themselves: `f64`s and class numbers from bytes, eight times the file, and lists of
//! short texts, of empty tensors, of empty columns. Then it is the value and 16 MiB, and, of a checkpoint or a history, three
//! times the file. Bytes that are handed over to be read from memory are counted on top.

#[path = "common/counting.rs"]
mod counting;
#[path = "hostile/files.rs"]
mod files;
#[path = "common/interrupted.rs"]
mod interrupted;

use counting::{BYTES_HELD, PEAK};
use files::{good, gzip, idx_file, safetensors, swollen};
use flate2::read::MultiGzDecoder;
use proptest::prelude::{ProptestConfig, any, prop, proptest};
use proptest::test_runner::RngSeed;
use std::io::Read;
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

/// Reads the bytes of a file, and holds the reader to its bounds. The value, or what was said.
#[track_caller]
fn read<R: Send>(
    file: &[u8],
    beside: isize,
    reader: impl FnOnce(Vec<u8>) -> Result<R, Error> + Send,
) -> Result<R, String> {
    within_bounds(file, file.len(), beside, || reader(file.to_vec()))
}

/// Reads a file on disk, and holds the reader to its bounds. The value, or what was said.
#[track_caller]
fn open<R: Send>(
    file: &[u8],
    beside: isize,
    reader: impl FnOnce(&Path) -> Result<R, Error> + Send,
) -> Result<R, String> {
    on_disk(file, |path| {
        let renamed = |error: Error| Error::config(error.to_string().replace(path.to_str().unwrap(), NAME));
        within_bounds(file, 0, beside, || reader(path).map_err(renamed))
    })
}

/// Does something with a file on disk.
fn on_disk<R>(file: &[u8], with: impl FnOnce(&Path) -> R) -> R {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("wengert-hostile-{}-{number}", std::process::id()));
    std::fs::write(&path, file).unwrap();
    let result = with(&path);
    std::fs::remove_file(&path).unwrap();
    result
}

/// Runs a reader of a file, `handed` bytes of which count on top. Beside a value that is large by itself it may take `beside` times
/// the file.
#[track_caller]
fn within_bounds<R: Send>(
    file: &[u8],
    handed: usize,
    beside: isize,
    reader: impl FnOnce() -> Result<R, Error> + Send,
) -> Result<R, String> {
    let begin = Instant::now();
    let (result, peak, held) = counted(reader);
    let (size, handed) = (size_of(file) as isize, handed as isize);
    let value = if result.is_ok() { held } else { 0 };
    let most = handed + (4 * size).max(value + beside * size) + (16 << 20);
    assert!(peak <= most, "{peak} bytes for a value of {value}, of a file of {size}");
    assert!(value <= 32 * size + (16 << 20), "a value of {value} bytes, of a file of {size}");
    assert!(begin.elapsed() < Duration::from_secs(60), "took {:?}", begin.elapsed());
    result.map_err(|error| {
        let text = error.to_string();
        assert!(text.starts_with(NAME) && text.len() < 2000, "does not say where, or goes on and on: {text}");
        text
    })
}

/// What a reader says, the most bytes that were held on the way, and how many are held in the end.
fn counted<R: Send>(reader: impl FnOnce() -> R + Send) -> (R, isize, isize) {
    // On a thread of its own: buffers that tensors left behind on this one would not be counted.
    std::thread::scope(|scope| {
        let count = || {
            let before = BYTES_HELD.get();
            PEAK.set(before);
            let result = reader();
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
    #[track_caller]
    fn way<R: Send>(file: &[u8], read_as: fn(Csv) -> Result<R, Error>) -> Result<(), String> {
        let of_bytes = read(file, 0, |bytes| Csv::from_bytes(NAME, bytes).and_then(read_as)).map(drop);
        assert_eq!(open(file, 0, |path| Csv::open(path).and_then(read_as)).map(drop), of_bytes);
        of_bytes
    }
    vec![
        way(file, |csv| csv.table::<f32>()),
        way(file, |csv| csv.table::<f64>()),
        way(file, |csv| csv.xy::<f64>()),
        way(file, |csv| csv.no_header().matrix::<f32>()),
        way(file, |csv| csv.no_header().matrix::<f64>()),
        way(file, |csv| csv.no_header().text([0])),
    ]
}

/// Every way in which an IDX file is read.
#[track_caller]
fn idx(file: &[u8]) -> Vec<Result<(), String>> {
    #[track_caller]
    fn way<R: Send>(file: &[u8], read_as: fn(&Idx) -> Result<R, Error>) -> Result<(), String> {
        let of_bytes = read(file, 0, |bytes| read_as(&Idx::from_bytes(NAME, bytes)?)).map(drop);
        assert_eq!(open(file, 0, |path| read_as(&Idx::open(path)?)).map(drop), of_bytes);
        of_bytes
    }
    vec![way(file, Idx::tensor::<f32>), way(file, Idx::tensor::<f64>), way(file, Idx::labels)]
}

/// Every way in which a checkpoint is read; a training that takes it up goes on for an epoch.
#[track_caller]
fn checkpoint(file: &[u8]) -> Vec<Result<(), String>> {
    let double = read(file, 3, |bytes| Checkpoint::<f64>::from_bytes(NAME, &bytes)).map(drop);
    let single = read(file, 3, |bytes| {
        let checkpoint = Checkpoint::from_bytes(NAME, &bytes)?;
        drop(bytes);
        interrupted::train(Some(&checkpoint));
        Ok(checkpoint)
    });
    vec![double, single.map(drop), open(file, 3, params_of).map(drop)]
}

/// The parameters of a model that a file gives it.
fn params_of(path: &Path) -> Result<Params, Error> {
    let mut params = head();
    let loaded = load_params(path, &mut params);
    loaded.map(|()| params.clone()).inspect_err(|error| {
        assert!(params.iter().eq(head().iter()), "half taken up: {error}");
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
    let result = read(file, 3, |bytes| {
        let text = String::from_utf8(bytes).map_err(|error| wrong(error.utf8_error().to_string()))?;
        History::from_json(&text).map_err(|error| wrong(error.to_string()))
    });
    if let Ok(history) = &result {
        assert!(History::from_json(&history.to_json()).unwrap() == *history, "not what was written");
    }
    vec![result.map(drop)]
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
    Mlp::new(&mut params.init(&mut rng), [2, 3, 2]);
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

#[test]
fn a_fault_in_the_last_row_takes_no_more_than_the_table_would_have() {
    /// The most bytes held, and whether a table was read.
    fn reading<R: Send>(file: &[u8], reader: fn(&Csv) -> Result<R, Error>) -> (isize, bool) {
        let (read, peak, _) = counted(|| reader(&Csv::from_bytes(NAME, file.to_vec())?));
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

/// The 16 MiB are for what does not depend on the file. What does is four times the file, also up to a fault in the last row.
#[test]
fn what_grows_with_the_file_is_four_times_its_size() {
    fn check<R: Send>(file: &[u8], whole: bool, reader: fn(&Path) -> Result<R, Error>) {
        let size = size_of(file);
        let (read, peak, _) = on_disk(file, |path| counted(|| reader(path).is_ok()));
        assert_eq!(read, whole);
        assert!(peak <= 4 * size as isize + (1 << 19), "{peak} bytes, of a file of {size}");
    }
    let ones = "1\n".repeat(1 << 19);
    let pairs = format!("a,y\n{}", "1,1\n".repeat(1 << 18));
    let matrix = |path: &Path| Csv::open(path)?.no_header().matrix::<f64>();
    check(ones.as_bytes(), true, matrix);
    check(&gzip(ones.as_bytes()), true, matrix);
    check((ones + "x\n").as_bytes(), false, matrix);
    check(pairs.as_bytes(), true, |path| Csv::open(path)?.table::<f64>());
    check(pairs.as_bytes(), true, |path| Csv::open(path)?.xy::<f64>());
    for fault in ["x,1\n", "1,\n", "1\n", "1,\"\n"] {
        let file = pairs.clone() + fault;
        for file in [file.as_bytes(), &gzip(file.as_bytes())] {
            check(file, false, |path| Csv::open(path)?.table::<f64>());
            check(file, false, |path| Csv::open(path)?.xy::<f64>());
        }
    }
    check(&[pairs.as_bytes(), b"\xff,1\n"].concat(), false, |path| Csv::open(path)?.text([0]));
    let long = "a".repeat((1 << 20) + 1000);
    check(long.as_bytes(), false, matrix);
    check(long.as_bytes(), true, |path| Csv::open(path)?.no_header().text([0]));
    check(format!("{long}\n1\n").as_bytes(), true, |path| Csv::open(path)?.matrix::<f64>());
    check(format!("y,{long}\n1,{long}\n").as_bytes(), true, |path| Csv::open(path)?.table::<f64>());
    check(format!("y,z\n1,{long}\n").as_bytes(), true, |path| Csv::open(path)?.table::<f64>());
    let images = idx_file(0x08, &[1 << 20], &[7; 1 << 20]);
    check(&images, true, |path| Idx::open(path)?.tensor::<f32>());
    check(&gzip(&images), true, |path| Idx::open(path)?.tensor::<f32>());
    let labels = idx_file(0x09, &[1 << 20], &[[7; (1 << 20) - 1].as_slice(), &[0xff]].concat());
    check(&labels, false, |path| Idx::open(path)?.labels());
    check(&gzip(&labels), false, |path| Idx::open(path)?.labels());
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
