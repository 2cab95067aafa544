//! What ARCHITECTURE.md says of the sources, read off the sources: who may use whom, what each room
//! knows, where the dangerous things are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use wengert::prelude::*;

/// The crate's faces: they stand above every room and use them all.
const FACES: [&str; 2] = ["lib", "unstable"];

const LINES: usize = 600;

#[test]
fn every_file_uses_only_rooms_above_its_own() {
    let order = rooms();
    let mut failures = Vec::new();
    for file in sources() {
        if FACES.contains(&file.room.as_str()) {
            continue;
        }
        let Some(own) = order.get(&file.room) else {
            failures.push(format!("{}: the map has no room `{}`", file.name, file.room));
            continue;
        };
        for used in file.used_rooms() {
            match order.get(&used) {
                Some(row) if row <= own => {}
                Some(_) => failures.push(format!("{}: `{used}` is below `{}`", file.name, file.room)),
                None => failures.push(format!("{}: `crate::{used}` is no room", file.name)),
            }
        }
    }
    report(failures);
    let there: BTreeSet<String> = sources().into_iter().map(|file| file.room).collect();
    let gone: Vec<_> = order.keys().filter(|room| !there.contains(*room)).collect();
    assert!(gone.is_empty(), "the map has rooms that the sources have not: {gone:?}");
}

/// Holding the reader itself: the ways in which a path can be written, and what is none.
#[test]
fn the_reader_of_paths_finds_them_and_nothing_else() {
    #[track_caller]
    fn check(name: &str, text: &str, rooms: &[&str]) {
        let file = Source::new(name.to_string(), text.to_string());
        let rooms: BTreeSet<String> = rooms.iter().map(|room| room.to_string()).collect();
        assert_eq!(file.used_rooms(), rooms, "{text}");
    }
    check("ops/a.rs", "use crate::tape::{Var, Tape}; fn f(x: crate::viz::Page) {}", &["tape", "viz"]);
    check("ops/a.rs", "use crate::{loss::{mse, l1}, nn};", &["loss", "nn"]);
    check("ops/a.rs", "macro_rules! m { () => { $crate::grad::check() } }", &["grad"]);
    check("ops/a.rs", "use super::super::train; use super::sample;", &["train"]);
    check(
        "loss.rs",
        "use super::nn::Module; mod private { use super::*; use super::super::viz; }",
        &["nn", "viz"],
    );
    check(
        "loss.rs",
        "// crate::a\n/* crate::b /* crate::c */ */ let s = \"crate::d\"; let r = r#\"\"crate::e\"#;",
        &[],
    );
    check("loss.rs", "let c = '\"'; let q = '\\''; use crate::f; fn g<'a>(x: &'a str) {}", &["f"]);
    check("loss.rs", "/// [`x`](crate::optim)\npub(crate) fn my_crate() {}", &[]);
    check("loss.rs", "#[cfg(test)]\nmod tests { use crate::a; } use crate::b;", &["b"]);
    check("loss.rs", "#[cfg(test)]\n#[allow(x)]\nuse crate::a; use crate::b;", &["b"]);
    check("loss.rs", "#[cfg(feature = \"x\")]\nuse crate::a;", &["a"]);
}

#[test]
fn kernels_know_no_tensor() {
    let knowing =
        |file: &Source| ["Tensor", "Var", "Tape"].into_iter().any(|word| has_word(&file.code, word));
    let knowing: Vec<_> = sources()
        .into_iter()
        .filter(|file| file.room == "kernel" && knowing(file))
        .map(|file| file.name)
        .collect();
    assert!(knowing.is_empty(), "{knowing:?}");
}

#[test]
fn the_tape_has_three_operations_of_its_own() {
    let mut own = BTreeSet::new();
    for file in sources().iter().filter(|file| file.room == "tape") {
        for (at, _) in file.code.match_indices("Op<T> for ") {
            own.insert(word_at(&file.code[at + "Op<T> for ".len()..]).to_string());
        }
    }
    assert_eq!(own, ["Accumulate", "Expand", "SumTo"].map(String::from).into());
}

#[test]
fn unsafe_code_of_the_crate_is_in_three_kernels() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeSet::new();
    for path in files(root).into_iter().filter(|path| path.extension().is_some_and(|ext| ext == "rs")) {
        let code = code_of(&fs::read_to_string(&path).unwrap());
        if has_word(&code, "unsafe") || code.contains("allow(unsafe_code)") {
            found.insert(path.strip_prefix(root).unwrap().display().to_string());
        }
    }
    // The last is no part of the crate: it counts allocations, and an allocator is unsafe.
    let known = [
        "src/kernel/crew.rs",
        "src/kernel/gemm/library.rs",
        "src/kernel/gemm/mod.rs",
        "src/kernel/gemm/tiles.rs",
        "src/kernel/prefetch.rs",
        "tests/common/counting.rs",
    ];
    assert_eq!(found, known.map(String::from).into());
    assert!(code_of(&source("lib.rs")).contains("#![deny(unsafe_code)]"));
}

#[test]
fn public_items_without_documentation_are_warned_of() {
    let lib = code_of(&source("lib.rs"));
    assert!(lib.contains("#![warn(missing_docs)]") || lib.contains("#![deny(missing_docs)]"));
    let silenced: Vec<_> = sources()
        .into_iter()
        .filter(|file| file.code.contains("allow(missing_docs)"))
        .map(|file| file.name)
        .collect();
    assert!(silenced.is_empty(), "{silenced:?}");
}

/// Files, processes and the terminal are for `data/` and what comes after it.
#[test]
fn the_rooms_above_data_touch_nothing_outside() {
    let order = rooms();
    let mut failures = Vec::new();
    for file in sources() {
        if FACES.contains(&file.room.as_str()) || order.get(&file.room) >= order.get("data") {
            continue;
        }
        for outside in
            ["std::fs", "std::net", "std::process", "std::env", "std::io::", "println!", "eprintln!"]
        {
            // An error may hold the outside world's own; that is `std::io::Error`. And who starts a program says by a
            // variable of the environment how many threads it may use.
            let mut code = file.code.replace("std::io::Error", "");
            if file.name == "kernel/crew.rs" {
                code = code.replace("std::env::var(name)", "");
            }
            if code.contains(outside) {
                failures.push(format!("{}: {outside}", file.name));
            }
        }
    }
    report(failures);
}

/// Clippy looks for what panics; that it looks in the right files is held here.
#[test]
fn files_that_read_what_comes_from_outside_forbid_themselves_to_panic() {
    let forbids = |name: &str| {
        let text = source(name);
        ["unwrap_used", "expect_used", "indexing_slicing", "panic"]
            .into_iter()
            .all(|lint| text.contains(&format!("clippy::{lint}")))
    };
    let mut read: BTreeSet<String> =
        ["data/csv.rs", "data/idx.rs", "optim/state.rs"].map(String::from).into();
    read.extend(sources().into_iter().filter(|file| file.code.contains("std::fs")).map(|file| file.name));
    assert!(read.contains("data/checkpoint/mod.rs") && read.contains("train/history.rs"), "{read:?}");
    let open: Vec<_> = read.iter().filter(|name| !forbids(name)).collect();
    assert!(open.is_empty(), "without the lints of data/csv.rs: {open:?}");
}

#[test]
fn a_file_can_be_read_in_one_sitting() {
    let long = |file: &Source| (file.text.lines().count() > LINES).then(|| file.name.clone());
    let long: Vec<_> = sources().iter().filter_map(long).collect();
    assert!(long.is_empty(), "more than {LINES} lines: {long:?}");
}

#[test]
fn every_file_says_first_what_it_is() {
    let silent = |file: &Source| (!file.text.starts_with("//! ")).then(|| file.name.clone());
    let silent: Vec<_> = sources().iter().filter_map(silent).collect();
    assert!(silent.is_empty(), "no opening line: {silent:?}");
}

/// A clone of the project is all there is: no path of a machine, no place beside the clone, no web
/// address but those of sources and licences.
#[test]
fn no_file_names_a_place_outside_the_project() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut failures = Vec::new();
    for path in files(root) {
        let name = path.strip_prefix(root).unwrap().display().to_string();
        // What is no text names nothing; what cargo writes itself names where it got things from. (In a
        // package it writes the manifest too, and puts ours beside it.)
        let by_cargo =
            name.ends_with("Cargo.lock") || name == "Cargo.toml" && root.join("Cargo.toml.orig").exists();
        if let (Ok(text), false) = (fs::read_to_string(&path), by_cargo) {
            for (line, text) in text.lines().enumerate() {
                let outside = places_outside(root, path.parent().unwrap(), text);
                failures.extend(outside.into_iter().map(|place| format!("{name}:{}: {place}", line + 1)));
            }
        }
    }
    report(failures);
}

/// Holding the reader itself. The places are put together here, so that this file names none.
#[test]
fn the_reader_of_places_finds_them_and_nothing_else() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let check = |text: &str, places: usize| {
        let found = places_outside(root, &root.join("src"), text);
        assert_eq!(found.len(), places, "{text}: {found:?}");
    };
    for before in ["", " ", "(", "\"", "`", "=", "{\"a\":\"", "path: "] {
        check(&format!("{before}{}nowhere/else", '/'), 1);
        check(&format!("{before}{}/nowhere", ".."), 1);
        check(&format!("{before}../README.md and and/or/both, {}dev/full, \"/tests/golden\"", '/'), 0);
    }
    check(&format!("at https:{}registry.example/x", "//"), 1);
    check(&format!("at registry{}io", '.'), 1);
    check("see https://doi.org/10.24432/C5DW2B; std::io::Error; x.iou", 0);
}

/// The places in a line of a file of this folder that lie outside the project.
fn places_outside(root: &Path, folder: &Path, text: &str) -> Vec<String> {
    const HOSTS: [&str; 4] = ["doi.org", "github.com", "www.apache.org", "www.w3.org"];
    const FOLDERS: [&str; 3] = ["bin", "dev", "usr"];
    let mut places = Vec::new();
    let run = |at: usize, also: &str| -> String {
        text[at..].chars().take_while(|&c| is_of_word(c) || also.contains(c)).collect()
    };
    for (at, _) in text.match_indices("://") {
        let host = run(at + 3, "-.");
        if !host.is_empty() && !HOSTS.contains(&host.as_str()) {
            places.push(format!("the host {host:?}"));
        }
    }
    for (at, _) in text.match_indices(".io") {
        let ends = text[at + 3..].chars().next().is_none_or(|c| !is_of_word(c) && c != '(');
        if ends && text[..at].ends_with(is_of_word) {
            places.push("a host of a country's name".to_string());
        }
    }
    for (at, _) in text.match_indices('/') {
        let starts = !text[..at].ends_with(|c: char| is_of_word(c) || "/.>)}]*$<".contains(c));
        let top = run(at + 1, "-");
        let goes_on = !top.is_empty() && text[at + 1 + top.len()..].starts_with('/');
        // A path within the project may be put behind the project's own.
        if starts && goes_on && !FOLDERS.contains(&top.as_str()) && !root.join(&top).exists() {
            places.push(format!("the folder /{top}"));
        }
    }
    for (at, _) in text.match_indices("../") {
        // Once a path: its other `..` are in the run.
        if !text[..at].ends_with('/') {
            let relative = run(at, "./-");
            let root = root.canonicalize().unwrap();
            if !folder.join(&relative).canonicalize().is_ok_and(|target| target.starts_with(root)) {
                places.push(format!("{relative}, which is no place in the project"));
            }
        }
    }
    places
}

/// On a tape made at random, gradients included: the order that all of going backward rests on, and
/// values that stay what they were.
#[test]
fn inputs_come_before_their_node_and_values_stay_as_they_were() {
    for seed in 0..20 {
        let mut rng = Rng::new(seed);
        let mut params = Params::<f64>::new();
        let w = params.add("w", Tensor::randn([3, 3], &mut rng));
        let tape = Tape::training(&params, &mut rng);
        let mut values = vec![tape.param(w), tape.var(Tensor::randn([3, 3], &mut rng)), tape.constant(0.5)];
        for _ in 0..60 {
            let a = values[rng.below(values.len())];
            let b = values[rng.below(values.len())];
            values.push(match rng.below(9) {
                0 => a + b,
                1 => a * b,
                2 => a - b.tanh(),
                3 => a.sigmoid().dropout(0.5),
                4 if a.rank() == 2 && b.rank() == 2 => a.tanh().matmul(b.tanh()),
                5 if a.rank() == 2 => a.softmax(1).permute([1, 0]),
                6 => a.mean(),
                7 => a.maximum(b),
                _ => tape.scope(|| a.sin() * b.cos()),
            });
        }
        let root = values.iter().map(|v| v.tanh().mean()).sum::<Var<f64>>() + values[1].sum();
        let before: Vec<Tensor<f64>> = tape.nodes().map(|node| node.value).collect();
        let bits = |x: &Tensor<f64>| x.data().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        let kept: Vec<_> = before.iter().map(bits).collect();
        drop(before); // so that the tape is the only owner, and could write in place
        let _ = root.backward();
        let slope = root.grad(values[1]);
        let _ = slope.sum().backward();
        let _ = slope.square().sum().grad(values[1]);
        for (node, kept) in tape.nodes().zip(&kept) {
            assert_eq!(bits(&node.value), *kept, "seed {seed}: v{} {}", node.id, node.name);
        }
        assert!(tape.len() > kept.len());
        for node in tape.nodes() {
            assert!(
                node.inputs.iter().all(|&input| input < node.id),
                "seed {seed}: v{} of {:?}",
                node.id,
                node.inputs
            );
        }
    }
}

#[track_caller]
fn report(failures: Vec<String>) {
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}

/// The rooms of ARCHITECTURE.md, each with its row in the table: a row sees those above it.
fn rooms() -> BTreeMap<String, usize> {
    let map = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/ARCHITECTURE.md")).unwrap();
    let (_, table) = map.split_once("| room |").expect("the table of rooms");
    let mut rooms = BTreeMap::new();
    for (row, line) in table.lines().skip(2).take_while(|line| line.starts_with('|')).enumerate() {
        let first = line.split('|').nth(1).expect("a first column");
        for name in first.split_whitespace() {
            let room = name.trim_matches('`').trim_end_matches('/').trim_end_matches(".rs");
            rooms.insert(room.to_string(), row);
        }
    }
    assert!(rooms.len() > 10, "{rooms:?}");
    rooms
}

/// A file of `src`, and what the compiler sees of it outside tests.
struct Source {
    /// Its path below `src`.
    name: String,
    room: String,
    text: String,
    /// The text without comments, strings, and what is compiled for tests alone.
    code: String,
}

/// Every file of `src` but those that are modules of tests.
fn sources() -> Vec<Source> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
    let names: Vec<String> =
        files(root).into_iter().map(|path| path.strip_prefix(root).unwrap().display().to_string()).collect();
    names
        .into_iter()
        .filter(|name| name.ends_with(".rs") && !name.ends_with("/tests.rs"))
        .map(|name| Source::new(name.clone(), source(&name)))
        .collect()
}

fn source(name: &str) -> String {
    fs::read_to_string(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).join(name)).unwrap()
}

/// The project's files: neither what was built, nor what a fuzzer has left, nor the history.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let made =
            ["target", ".git", "fuzz/corpus", "fuzz/artifacts"].iter().any(|made| path.ends_with(made));
        if path.is_dir() && !made {
            found.extend(files(&path));
        } else if path.is_file() && !made {
            found.push(path);
        }
    }
    found.sort();
    found
}

impl Source {
    fn new(name: String, text: String) -> Self {
        let room = name.split('/').next().unwrap().trim_end_matches(".rs").to_string();
        let code = without_tests(&code_of(&text));
        Source { name, room, text, code }
    }

    /// What stands after `crate::`, and after as many `super::` as lead to the crate's root.
    fn used_rooms(&self) -> BTreeSet<String> {
        let mut used = BTreeSet::new();
        for (at, _) in self.code.match_indices("crate::") {
            if !self.code[..at].ends_with(is_of_word) {
                used.extend(first_segments(&self.code[at + "crate::".len()..]));
            }
        }
        let segments = self.name.split('/').count();
        let depth = if self.name.ends_with("/mod.rs") { segments - 1 } else { segments };
        let mut at = 0;
        while let Some(found) = self.code[at..].find("super::") {
            let start = at + found;
            let chain = self.code[start..].split("super::").take_while(|between| between.is_empty()).count();
            at = start + chain * "super::".len();
            if chain == depth + inline_modules(&self.code[..start]) {
                used.extend(first_segments(&self.code[at..]));
            }
        }
        used
    }
}

/// How many `mod name { .. }` are open at the end of this code.
fn inline_modules(code: &str) -> usize {
    let (mut open, mut start) = (Vec::new(), 0);
    for (at, c) in code.char_indices() {
        match c {
            '{' => {
                let head: Vec<&str> = code[start..at].split_whitespace().collect();
                open.push(matches!(head[..], [.., "mod", _]));
            }
            '}' => {
                open.pop();
            }
            _ => {}
        }
        if "{};".contains(c) {
            start = at + 1;
        }
    }
    open.into_iter().filter(|&module| module).count()
}

/// The first names of a path or of a group of paths: `tape::Var` or `{tape::{Var, Op}, nn}`.
fn first_segments(path: &str) -> Vec<String> {
    let Some(group) = path.strip_prefix('{') else {
        return vec![word_at(path).to_string()];
    };
    let (mut depth, mut segments, mut fresh) = (0, Vec::new(), true);
    for (at, c) in group.char_indices() {
        match c {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            _ if fresh && is_of_word(c) => {
                segments.push(word_at(&group[at..]).to_string());
                fresh = false;
            }
            _ => {}
        }
    }
    segments
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The name with which a text begins.
fn word_at(text: &str) -> &str {
    &text[..text.find(|c| !is_of_word(c)).unwrap_or(text.len())]
}

fn has_word(code: &str, word: &str) -> bool {
    code.match_indices(word)
        .any(|(at, _)| !code[..at].ends_with(is_of_word) && !code[at + word.len()..].starts_with(is_of_word))
}

/// Without what follows `#[cfg(test)]`: a module, an item, an import.
fn without_tests(code: &str) -> String {
    let mut kept = String::new();
    let mut rest = code;
    while let Some((before, after)) = rest.split_once("#[cfg(test)]") {
        kept.push_str(before);
        let mut depth = 0;
        let end = after.char_indices().find(|&(_, c)| {
            depth += i32::from("{[(".contains(c)) - i32::from("}])".contains(c));
            depth == 0 && (c == '}' || c == ';')
        });
        rest = end.map_or("", |(at, _)| &after[at + 1..]);
    }
    kept + rest
}

/// A source without its comments and with its strings and characters empty.
fn code_of(source: &str) -> String {
    let mut code = String::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let hashes = rest[1.min(rest.len())..].bytes().take_while(|&b| b == b'#').count();
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if c == '"' {
            code.push_str("\"\"");
            1 + closing(&rest[1..], '"')
        } else if c == 'r' && rest[1 + hashes..].starts_with('"') && !code.ends_with(is_of_word) {
            code.push_str("\"\"");
            let end = format!("\"{}", "#".repeat(hashes));
            let start = 2 + hashes;
            start + rest[start..].find(&end).map_or(rest.len() - start, |at| at + end.len())
        } else if c == '\'' && is_character(rest) {
            code.push_str("' '");
            1 + closing(&rest[1..], '\'')
        } else {
            code.push(c);
            c.len_utf8()
        };
        rest = &rest[skipped..];
    }
    code
}

/// The length up to and with the quote that is not escaped.
fn closing(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Whether an apostrophe begins a character and not a lifetime.
fn is_character(text: &str) -> bool {
    let mut chars = text.chars().skip(1);
    match chars.next() {
        Some('\\') => true,
        Some(_) => chars.next() == Some('\''),
        None => false,
    }
}

/// The length of the comment with which a text begins; comments nest.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}
