//! `History`: what a training measured, a row of numbers an epoch.
// What comes from outside may be anything: an error at worst.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

use crate::data::write_whole;
#[cfg(feature = "safetensors")]
use crate::data::{shortened, texts_are_none};
use crate::error::Error;
use std::ops::Index;
use std::path::Path;

/// Named columns with one number for each epoch: losses, metrics, learning rates.
///
/// [`fit`](super::Trainer::fit) names them `train_loss`, `valid_loss`, `learning_rate`, and
/// `train_` and `valid_` before the name of each metric. A number that an epoch does not have is
/// NaN.
///
/// ```
/// use wengert::train::History;
/// let mut history = History::new();
/// history.push([("train_loss", 0.5), ("valid_loss", 0.625)]);
/// history.push([("train_loss", 0.25)]);
/// assert_eq!(history["train_loss"], [0.5, 0.25]);
/// assert_eq!(history.to_csv(), "epoch,train_loss,valid_loss\n1,0.5,0.625\n2,0.25,NaN\n");
/// ```
#[derive(Debug, Clone, Default)]
pub struct History {
    epochs: usize,
    columns: Vec<(String, Vec<f64>)>,
    pub(super) stopped: Option<String>,
}

impl History {
    /// Without epochs.
    pub fn new() -> Self {
        Self::default()
    }

    /// So many epochs with these columns.
    #[cfg(feature = "safetensors")]
    pub(super) fn from_columns(epochs: usize, columns: Vec<(String, Vec<f64>)>) -> Result<Self, Error> {
        if columns.is_empty() && epochs > 0 {
            return Err(Error::format(format!("the history has no columns for {epochs} epochs")));
        }
        match columns.iter().find(|(_, column)| column.len() != epochs) {
            None => Ok(Self { epochs, columns, stopped: None }),
            Some((name, column)) => Err(Error::format(format!(
                "the history has {} numbers in {} for {epochs} epochs",
                column.len(),
                shortened(name)
            ))),
        }
    }

    /// Adds an epoch. A name that is new gets a column, with NaN in the epochs before; of a name
    /// that comes twice the last number counts.
    pub fn push<N: AsRef<str>>(&mut self, row: impl IntoIterator<Item = (N, f64)>) {
        for (_, column) in &mut self.columns {
            column.push(f64::NAN);
        }
        self.epochs += 1;
        for (name, value) in row {
            let name = name.as_ref();
            let known = self.columns.iter_mut().find(|(known, _)| known == name);
            match known.and_then(|(_, column)| column.last_mut()) {
                Some(last) => *last = value,
                None => {
                    let mut column = vec![f64::NAN; self.epochs - 1];
                    column.push(value);
                    self.columns.push((name.to_string(), column));
                }
            }
        }
    }

    /// The number of epochs.
    pub fn len(&self) -> usize {
        self.epochs
    }

    /// Whether there is no epoch.
    pub fn is_empty(&self) -> bool {
        self.epochs == 0
    }

    /// Names and numbers, in the order in which the names came up.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = (&str, &[f64])> {
        self.columns.iter().map(|(name, column)| (name.as_str(), column.as_slice()))
    }

    /// The column of this name, a number an epoch.
    pub fn get(&self, name: &str) -> Option<&[f64]> {
        self.columns().find(|(known, _)| *known == name).map(|(_, column)| column)
    }

    /// The last epoch's number.
    pub fn last(&self, name: &str) -> Option<f64> {
        self.get(name)?.last().copied()
    }

    /// Why the training ended before its last epoch, if it did.
    pub fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }

    /// Comma-separated values: a header, then a line an epoch, the first being 1. Numbers are as
    /// short as they can be and exact; `NaN`, `inf` and `-inf` stand for what is not finite.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut text = String::from("epoch");
        for (name, _) in &self.columns {
            text.push(',');
            text.push_str(&csv_field(name));
        }
        text.push('\n');
        for epoch in 0..self.epochs {
            text += &(epoch + 1).to_string();
            for number in self.columns.iter().filter_map(|(_, column)| column.get(epoch)) {
                text.push(',');
                text += &number.to_string();
            }
            text.push('\n');
        }
        text
    }

    /// A JSON object with an array for each column, `{"train_loss": [0.5, 0.25], ..}`. JSON has no
    /// word for numbers that are not finite: they become `null`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let columns: Vec<String> = self
            .columns()
            .map(|(name, column)| {
                let numbers: Vec<String> = column.iter().map(|&x| json_number(x)).collect();
                format!("  {}: [{}]", json_string(name), numbers.join(", "))
            })
            .collect();
        format!("{{\n{}\n}}\n", columns.join(",\n"))
    }

    /// Reads what [`to_json`](Self::to_json) wrote: an object with an array of numbers for each column, all of one
    /// length; `null` becomes NaN.
    ///
    /// ```
    /// use wengert::train::History;
    /// let history = History::from_json(r#"{"train_loss": [0.5, 0.25], "valid_loss": [0.625, null]}"#)?;
    /// assert_eq!(history["train_loss"], [0.5, 0.25]);
    /// assert!(history["valid_loss"][1].is_nan());
    /// # Ok::<(), wengert::Error>(())
    /// ```
    ///
    /// # Errors
    /// If it is not that: says in which column and epoch, or in which line, it is not.
    #[cfg(feature = "safetensors")]
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let Columns(columns) = serde_json::from_str(text)
            .map_err(|error| Error::format(format!("the history is not as it is written: {error}")))?;
        let epochs = columns.first().map_or(0, |(_, column)| column.len());
        Self::from_columns(epochs, columns)
    }

    /// Reads a file that [`save_json`](Self::save_json) wrote.
    ///
    /// # Errors
    /// If it cannot be read, or is not [that](Self::from_json).
    #[cfg(feature = "safetensors")]
    pub fn load_json(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::io(format!("reading {}", path.display()), error))?;
        Self::from_json(&text)
            .map_err(|error| Error::new(error.kind(), format!("{}: {error}", path.display())))
    }

    /// Writes [`to_csv`](Self::to_csv) to a file, whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written; one that was there is as it was then.
    pub fn save_csv(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        write_whole(path, self.to_csv().as_bytes())
    }

    /// Writes [`to_json`](Self::to_json) to a file, whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written; one that was there is as it was then.
    pub fn save_json(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        write_whole(path, self.to_json().as_bytes())
    }
}

/// Two histories are equal if their columns are, bit for bit: a NaN equals itself.
impl PartialEq for History {
    fn eq(&self, other: &Self) -> bool {
        let bits = |column: &[f64]| column.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        self.columns()
            .map(|(name, column)| (name, bits(column)))
            .eq(other.columns().map(|(name, column)| (name, bits(column))))
            && self.epochs == other.epochs
    }
}

impl Index<&str> for History {
    type Output = [f64];
    /// # Panics
    /// If there is no column of this name.
    #[track_caller]
    #[allow(clippy::panic)] // as every `[..]`; `get` is the one that does not
    fn index(&self, name: &str) -> &[f64] {
        match self.get(name) {
            Some(column) => column,
            None => panic!("{}", no_column(name, self.columns().map(|(name, _)| name))),
        }
    }
}

/// Declares what is read of JSON: the type, and what an error says should be there. Read by `deserialize_any`, as
/// checkpoints are.
#[cfg(feature = "safetensors")]
macro_rules! read {
    ($type:ty, $expected:literal: $($visit:tt)*) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl<'de> serde::de::Visitor<'de> for Visitor {
                    type Value = $type;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($expected)
                    }
                    texts_are_none!();
                    $($visit)*
                }
                json.deserialize_any(Visitor)
            }
        }
    };
}

/// The columns of a JSON object, in its order.
#[cfg(feature = "safetensors")]
struct Columns(Vec<(String, Vec<f64>)>);

#[cfg(feature = "safetensors")]
read!(Columns, "an object with an array of numbers for each column":
    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Columns, A::Error> {
        let mut columns: Vec<(String, Vec<f64>)> = Vec::new();
        while let Some((name, Column(column))) = map.next_entry()? {
            columns.push((name, column));
        }
        // Sorted, equal names are neighbours; a search for each would take a time that grows with the square.
        let mut names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair.first() == pair.last()).and_then(|pair| pair.first()) {
            Some(name) => {
                let name = shortened(name);
                Err(serde::de::Error::custom(format!("the column {name:?} comes twice")))
            }
            None => Ok(Columns(columns)),
        }
    }
);

/// An array of numbers, kept as it is read.
#[cfg(feature = "safetensors")]
struct Column(Vec<f64>);

#[cfg(feature = "safetensors")]
read!(Column, "an array of numbers":
    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Column, A::Error> {
        let mut column = Vec::new();
        while let Some(Number(x)) = list.next_element()? {
            column.push(x);
        }
        Ok(Column(column))
    }
);

#[cfg(feature = "safetensors")]
struct Number(f64);

#[cfg(feature = "safetensors")]
read!(Number, "a number or null":
    fn visit_f64<E>(self, x: f64) -> Result<Number, E> {
        Ok(Number(x))
    }
    fn visit_u64<E>(self, x: u64) -> Result<Number, E> {
        Ok(Number(x as f64))
    }
    fn visit_i64<E>(self, x: i64) -> Result<Number, E> {
        Ok(Number(x as f64))
    }
    fn visit_unit<E>(self) -> Result<Number, E> {
        Ok(Number(f64::NAN))
    }
);

/// What is said of a name that nothing was recorded under.
pub(super) fn no_column<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    format!("nothing is recorded under {name:?}; there are: {}", known.join(", "))
}

fn csv_field(text: &str) -> String {
    match text.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_string(),
    }
}

fn json_number(x: f64) -> String {
    // The shortest decimal number that is read back as the same one.
    if x.is_finite() { format!("{x:?}") } else { "null".to_string() }
}

fn json_string(text: &str) -> String {
    let mut json = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            c if c < ' ' => json += &format!("\\u{:04x}", u32::from(c)),
            c => json.push(c),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hostile() -> History {
        let mut history = History::new();
        history.push([("a \"b\",\n\\c", 0.1)]);
        history.push([("a \"b\",\n\\c", f64::INFINITY), ("tiny", 5e-324)]);
        history
    }

    #[test]
    fn json_is_read_back_as_the_same_numbers() {
        let json: serde_json::Value = serde_json::from_str(&hostile().to_json()).unwrap();
        assert_eq!(json["a \"b\",\n\\c"], serde_json::json!([0.1, null]));
        assert_eq!(json["tiny"], serde_json::json!([null, 5e-324]));
        let empty: serde_json::Value = serde_json::from_str(&History::new().to_json()).unwrap();
        assert_eq!(empty, serde_json::json!({}));
    }

    #[cfg(feature = "safetensors")]
    #[test]
    fn json_that_was_written_is_read_and_other_json_is_an_error() {
        let mut written = History::new();
        written.push([("b", 2.4827663665431497e175), ("a \"quoted\", \n", 1e-7)]);
        written.push([("b", 0.1), ("a \"quoted\", \n", 5e-324)]);
        written.push([("b", f64::NAN), ("a \"quoted\", \n", -1.0 / 3.0)]);
        for history in [written, History::new()] {
            assert_eq!(History::from_json(&history.to_json()).unwrap(), history);
            let path = std::env::temp_dir().join(format!("wengert-history-{}.json", std::process::id()));
            history.save_json(&path).unwrap();
            let read = History::load_json(&path);
            std::fs::remove_file(&path).unwrap();
            assert_eq!(read.unwrap(), history);
        }
        for (text, why) in [
            ("", "EOF while parsing a value at line 1"),
            ("[1]", "expected an object with an array of numbers for each column"),
            (r#"{"a": [1], "a": [2]}"#, "the column \"a\" comes twice"),
            (r#"{"a": [1, 2], "b": [1]}"#, "1 numbers in b for 2 epochs"),
            (r#"{"a": [1, "x"]}"#, "a text, where a number or null should be"),
            (r#"{"a": [1]} x"#, "trailing characters"),
            (r#"{"a": [1e999]}"#, "number out of range"),
        ] {
            let error = History::from_json(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
        let deep = "[".repeat(100_000);
        assert!(History::from_json(&format!(r#"{{"a": {deep}"#)).is_err());
        let error = History::load_json("no such file.json").unwrap_err().to_string();
        assert!(error.starts_with("reading no such file.json"), "{error}");
    }

    #[cfg(feature = "data")]
    #[test]
    fn csv_is_read_back_as_the_same_numbers() {
        let csv = hostile().to_csv();
        assert!(csv.starts_with("epoch,\"a \"\"b\"\",\n\\c\",tiny\n1,0.1,NaN\n2,inf,0.000"));
        let mut finite = History::new();
        for x in [0.1, 1.0 / 3.0, 5e-324, -1e300] {
            finite.push([("x, and y", x)]);
        }
        let table = crate::data::Csv::from_text(&finite.to_csv()).unwrap().matrix::<f64>().unwrap();
        let column: Vec<f64> = (0..4).map(|i| table.row(i)[1]).collect();
        assert_eq!(column, finite["x, and y"]);
    }

    #[test]
    fn the_last_number_of_a_name_counts() {
        let mut history = History::new();
        history.push([("x", 1.0), ("x", 2.0)]);
        assert_eq!(
            (history["x"].to_vec(), history.last("x"), history.last("y")),
            (vec![2.0], Some(2.0), None)
        );
    }

    #[test]
    #[should_panic(expected = "nothing is recorded under \"loss\"; there are: a, b")]
    fn a_column_that_is_not_there_panics_with_those_that_are() {
        let mut history = History::new();
        history.push([("a", 1.0), ("b", 2.0)]);
        let _ = &history["loss"];
    }
}
