//! CSV: lines of fields between commas, as RFC 4180 has them; every fault is named by file, line
//! and column.
// What comes from outside may be anything: an error at worst.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod extents;
mod text;

use super::file::{Source, Stream};
use super::table::Table;
use crate::error::Error;
use crate::float::Float;
use crate::tensor::Tensor;
use ::csv::ByteRecord;
use extents::{Fault, measure};
use std::collections::HashMap;
use std::path::Path;
use text::Text;

/// A column by its name in the header or its number, counted from 0.
///
/// Made from a `&str` or a `usize` wherever a column is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Column {
    /// By the name in the header.
    Name(String),
    /// By its number, counted from 0.
    Number(usize),
}

impl From<&str> for Column {
    fn from(name: &str) -> Self {
        Column::Name(name.to_owned())
    }
}

impl From<usize> for Column {
    fn from(number: usize) -> Self {
        Column::Number(number)
    }
}

/// A CSV file and how to read it.
///
/// A file on disk is read as a stream, several times, and never held: what is read of it is all that takes memory. It must
/// not change while the `Csv` is in use; that it did is an error, as far as its length and the time of its last change tell.
/// It has at most 65,536 columns, or one for every 256 bytes.
///
/// The first line is a header and the last column the label unless said otherwise. Every other
/// column is a feature and must hold finite numbers.
///
/// Labels that are all whole numbers from 0 up are the numbers of the classes. Any other labels
/// are names, and the classes are numbered in their alphabetical order;
/// [`classes`](Csv::classes) sets another one, and keeps it the same over several files.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::data::{Csv, Table};
/// let text = "id,length,width,kind\n7,1.5,2,oak\n8,2.5,4,elm\n";
/// let data: Table = Csv::from_text(text)?.without("id").label("kind").table()?;
/// assert_eq!(data.features(), &wengert::Tensor::from([[1.5, 2.0], [2.5, 4.0]]));
/// assert_eq!((data.class_names(), data.labels()), (&["elm".into(), "oak".into()][..], &[1, 0][..]));
///
/// let error = Csv::from_text("a,b,y\n1,2,0\n3,x,1\n")?.table::<f32>().unwrap_err();
/// assert_eq!(error.to_string(), "text, line 3, column 2 (b): \"x\" is not a number");
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Csv {
    file: Text,
    header: bool,
    delimiter: u8,
    label: Option<Column>,
    without: Vec<Column>,
    classes: Option<Vec<String>>,
}

/// Labels that are numbers are the classes themselves up to here; larger ones are more likely
/// something else, and would ask for as many names of classes.
const MOST_CLASSES: usize = 1 << 16;

/// A file may have this many columns, and one for every so many bytes in any case. Each takes some
/// hundred bytes beside its name, so that a line of nothing but commas would take a hundred times its own length.
const MOST_COLUMNS: usize = 1 << 16;
const BYTES_PER_COLUMN: u64 = 256;

impl Csv {
    /// Of a file, packed by gzip or not.
    ///
    /// # Errors
    /// If the file cannot be read, is empty, or is not text: UTF-16, or with a NUL byte in it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::new(Source::open(path.as_ref())?)
    }

    /// From text.
    ///
    /// # Errors
    /// If it is empty or has a NUL byte in it.
    pub fn from_text(text: &str) -> Result<Self, Error> {
        Self::from_bytes("text", text.as_bytes().to_vec())
    }

    /// From the bytes of a file, packed by gzip or not. Errors call it by `name`.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self, Error> {
        Self::new(Source::from_bytes(name, bytes))
    }

    fn new(source: Source) -> Result<Self, Error> {
        Ok(Self {
            file: Text::of(source)?,
            header: true,
            delimiter: b',',
            label: None,
            without: Vec::new(),
            classes: None,
        })
    }

    /// The first line is data, not the names of the columns.
    #[must_use]
    pub fn no_header(mut self) -> Self {
        self.header = false;
        self
    }

    /// What stands between fields; a comma unless said otherwise.
    #[must_use]
    #[doc(alias = "sep")]
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = delimiter;
        self
    }

    /// The column of the labels, or of the target; the last one unless said otherwise.
    #[must_use]
    pub fn label(mut self, column: impl Into<Column>) -> Self {
        self.label = Some(column.into());
        self
    }

    /// Leaves out a column, whatever is in it.
    #[must_use]
    pub fn without(mut self, column: impl Into<Column>) -> Self {
        self.without.push(column.into());
        self
    }

    /// The labels that there may be, in the order of their class numbers; any other one is an
    /// error.
    #[must_use]
    pub fn classes(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.classes = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Features and labels, for classification.
    ///
    /// # Errors
    /// If a line has more or fewer fields than the first, a feature is missing or not a finite
    /// number, a label is missing or not among the classes, a chosen column does not exist,
    /// there are no rows, or the file was changed or cannot be read any more.
    pub fn table<T: Float>(&self) -> Result<Table<T>, Error> {
        let lines = Lines::of(self)?;
        let label = lines.label()?;
        let columns = lines.columns(Some(label))?;
        let mut labels = Labels::new(self.classes.as_deref(), lines.rows);
        let features = lines.numbers(&columns, |line| labels.push(line, label))?;
        let (labels, class_names) = labels.finish(&lines)?;
        let names = columns.iter().map(|&column| lines.feature_name(column));
        Table::new(features, labels, class_names.len())
            .and_then(|table| table.with_feature_names(names))
            .and_then(|table| table.with_class_names(class_names))
            .map_err(|error| Error::new(error.kind(), format!("{}: {error}", self.file.name())))
    }

    /// Features [n, d] and a target [n, 1] from the column of the [`label`](Self::label), for
    /// regression.
    ///
    /// # Errors
    /// As [`table`](Self::table), where the target must be a finite number like a feature.
    pub fn xy<T: Float>(&self) -> Result<(Tensor<T>, Tensor<T>), Error> {
        let lines = Lines::of(self)?;
        let label = lines.label()?;
        let columns = lines.columns(Some(label))?;
        Ok((lines.numbers(&columns, |_| Ok(()))?, lines.numbers(&[label], |_| Ok(()))?))
    }

    /// Every column as numbers, [n, d]: features to predict from, without labels.
    ///
    /// # Errors
    /// As [`table`](Self::table).
    pub fn matrix<T: Float>(&self) -> Result<Tensor<T>, Error> {
        let lines = Lines::of(self)?;
        let columns = lines.columns(None)?;
        lines.numbers(&columns, |_| Ok(()))
    }

    /// The text in these columns, row by row: what a
    /// [`OneHotEncoder`](super::OneHotEncoder) takes. An empty field is a category too.
    ///
    /// ```
    /// # fn main() -> Result<(), wengert::Error> {
    /// use wengert::data::{Csv, OneHotEncoder, Table, hstack};
    /// let csv = Csv::from_text("length,colour,y\n1.5,red,0\n2.5,blue,1\n")?;
    /// let colours = csv.text(["colour"])?;
    /// let data: Table = csv.without("colour").table()?;
    /// let encoded = OneHotEncoder::fit(&colours)?.transform(&colours)?;
    /// let data = data.with_features(hstack(&[data.features(), &encoded])?)?;
    /// assert_eq!(data.features(), &wengert::Tensor::from([[1.5, 0.0, 1.0], [2.5, 1.0, 0.0]]));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// If a line has more or fewer fields than the first, a field is not UTF-8 or goes over
    /// several lines, a chosen column does not exist, there are no rows, or the file was changed or
    /// cannot be read any more.
    pub fn text(
        &self,
        columns: impl IntoIterator<Item = impl Into<Column>>,
    ) -> Result<Vec<Vec<String>>, Error> {
        let lines = Lines::of(self)?;
        let columns = columns.into_iter().map(|column| lines.number_of(&column.into()));
        let columns: Vec<usize> = columns.collect::<Result<_, _>>()?;
        // Looked at before any is kept: a row of short texts takes many times what it takes in the file.
        lines.each(|line| columns.iter().try_for_each(|&column| line.text(column).map(drop)))?;
        let mut rows = Vec::with_capacity(lines.rows);
        lines.each(|line| {
            let mut row = Vec::with_capacity(columns.len()); // what is collected of results is of another capacity
            for &column in &columns {
                row.push(line.text(column)?.to_owned());
            }
            rows.push(row);
            Ok(())
        })?;
        Ok(rows)
    }
}

/// The records of a file, and what its columns are called.
struct Lines<'a> {
    csv: &'a Csv,
    /// The header, or as many empty names as the first line has fields.
    names: Vec<String>,
    /// The number of lines of data; each has as many fields as there are names.
    rows: usize,
}

impl<'a> Lines<'a> {
    fn of(csv: &'a Csv) -> Result<Self, Error> {
        let (name, per_column) = (csv.file.name(), csv.file.length() / BYTES_PER_COLUMN);
        let most = MOST_COLUMNS.max(usize::try_from(per_column).unwrap_or(usize::MAX));
        let extents = match measure(csv.file.stream()?, csv.delimiter, most) {
            Ok(extents) => extents,
            Err(Fault::Io(error)) => return Err(csv.file.unreadable(error)),
            Err(Fault::Record(at, facts)) => {
                return Err(Error::format(format!("{name}, line {}: {facts}", csv.file.line_from(at)?)));
            }
        };
        let rows = extents.records.saturating_sub(usize::from(csv.header));
        let mut first = ByteRecord::new();
        let mut lines = Self { csv, names: Vec::new(), rows };
        lines.reader()?.read_byte_record(&mut first).map_err(|error| lines.unreadable(error))?;
        if extents.fields == 0 || first.len() != extents.fields {
            return Err(csv.file.changed());
        }
        let line = Line { lines: &lines, record: &first };
        lines.names = match csv.header {
            true => (0..first.len())
                .map(|column| line.text(column).map(str::to_owned))
                .collect::<Result<_, _>>()?,
            false => vec![String::new(); first.len()],
        };
        if csv.header && lines.names.iter().all(|name| name.parse::<f64>().is_ok()) {
            let facts = "the header holds nothing but numbers; if it is data, say no_header()";
            return Err(Error::format(format!("{name}, line 1: {facts}")));
        }
        match rows {
            0 => Err(Error::data(format!("{name}: there are no rows of data after the header"))),
            _ => Ok(lines),
        }
    }

    fn reader(&self) -> Result<::csv::Reader<Stream<'a>>, Error> {
        let mut reader = ::csv::ReaderBuilder::new();
        reader.flexible(true); // the fields are counted already
        let mut reader = reader.delimiter(self.csv.delimiter).from_reader(self.csv.file.stream()?);
        // With headers of ours it takes the first line for a record like others, and does not keep two copies of it.
        reader.set_byte_headers(ByteRecord::new());
        Ok(reader)
    }

    /// Shows every row to `look`.
    fn each(&self, mut look: impl FnMut(&Line<'_>) -> Result<(), Error>) -> Result<(), Error> {
        let (mut reader, mut record) = (self.reader()?, ByteRecord::new());
        let mut read =
            |record: &mut ByteRecord| reader.read_byte_record(record).map_err(|error| self.unreadable(error));
        if self.csv.header {
            read(&mut record)?;
        }
        for _ in 0..self.rows {
            if !read(&mut record)? || record.len() != self.names.len() {
                return Err(self.csv.file.changed());
            }
            look(&Line { lines: self, record: &record })?;
        }
        match read(&mut record)? {
            true => Err(self.csv.file.changed()),
            false => self.csv.file.check(),
        }
    }

    /// The numbers in these columns of every row, [rows, columns]; `look` sees each row.
    fn numbers<T: Float>(
        &self,
        columns: &[usize],
        mut look: impl FnMut(&Line<'_>) -> Result<(), Error>,
    ) -> Result<Tensor<T>, Error> {
        let mut fill = |numbers: &mut [T]| {
            let mut numbers = numbers.iter_mut();
            self.each(|line| {
                for (&column, number) in columns.iter().zip(&mut numbers) {
                    *number = line.number(column)?;
                }
                look(line)
            })
        };
        // Written where they stay: a list that grows would be twice as long for a while.
        let (numbers, filled) = Tensor::build_exact([self.rows, columns.len()].into(), &mut fill);
        filled.map(|()| numbers)
    }

    /// The number of the column of the labels.
    fn label(&self) -> Result<usize, Error> {
        match &self.csv.label {
            Some(column) => self.number_of(column),
            None => {
                // OK because a record has at least one field.
                let last = self.names.len() - 1;
                Ok(last)
            }
        }
    }

    /// The columns that are features.
    fn columns(&self, label: Option<usize>) -> Result<Vec<usize>, Error> {
        let without: Vec<usize> =
            self.csv.without.iter().map(|column| self.number_of(column)).collect::<Result<_, _>>()?;
        if label.is_some_and(|label| without.contains(&label)) {
            return Err(Error::config(format!(
                "{}: the column of the labels is left out",
                self.csv.file.name()
            )));
        }
        let feature = |column: &usize| Some(*column) != label && !without.contains(column);
        let columns: Vec<usize> = (0..self.names.len()).filter(feature).collect();
        match columns.is_empty() {
            true => Err(Error::data(format!("{}: there is no column of features", self.csv.file.name()))),
            false => Ok(columns),
        }
    }

    fn number_of(&self, column: &Column) -> Result<usize, Error> {
        let name = self.csv.file.name();
        match column {
            Column::Number(number) if *number < self.names.len() => Ok(*number),
            Column::Number(number) => {
                let count = self.names.len();
                Err(Error::config(format!("{name}: no column {number}; there are {count}, counted from 0")))
            }
            Column::Name(wanted) if !self.csv.header => Err(Error::config(format!(
                "{name}: no column \"{wanted}\"; without a header, give its number"
            ))),
            Column::Name(wanted) => {
                let mut found = self.names.iter().enumerate().filter(|(_, name)| *name == wanted);
                match (found.next(), found.next()) {
                    (Some((number, _)), None) => Ok(number),
                    (Some(_), Some(_)) => Err(Error::config(format!(
                        "{name}: several columns are called \"{wanted}\"; give the number of one"
                    ))),
                    _ => {
                        let there = listed(&self.names);
                        Err(Error::config(format!("{name}: no column \"{wanted}\"; the header has {there}")))
                    }
                }
            }
        }
    }

    fn feature_name(&self, column: usize) -> String {
        match self.names.get(column).map_or("", String::as_str) {
            "" => format!("column {}", column + 1),
            name => name.to_owned(),
        }
    }

    fn unreadable(&self, error: ::csv::Error) -> Error {
        let facts = format!("{}: {error}", self.csv.file.name());
        match error.into_kind() {
            ::csv::ErrorKind::Io(error) => self.csv.file.unreadable(error),
            _ => Error::format(facts),
        }
    }
}

/// One record, and where it stands.
struct Line<'a> {
    lines: &'a Lines<'a>,
    record: &'a ByteRecord,
}

impl Line<'_> {
    /// What stands in a column.
    fn field(&self, column: usize) -> &[u8] {
        // There is one: as many as in the first line were counted in every line.
        self.record.get(column).unwrap_or_default()
    }

    /// The number in a column.
    fn number<T: Float>(&self, column: usize) -> Result<T, Error> {
        let field = self.field(column).trim_ascii();
        let number = std::str::from_utf8(field).ok().and_then(|text| text.parse::<f64>().ok());
        match number.map(T::from_f64) {
            Some(x) if x.is_finite() => Ok(x),
            _ if field.is_empty() => Err(self.fault(column, "the number is missing")),
            Some(x) if number.is_some_and(f64::is_finite) => {
                Err(self.fault(column, format!("{} is {x} as {}", shown(field), T::NAME)))
            }
            Some(_) => Err(self.fault(column, format!("{}; numbers must be finite", shown(field)))),
            None => Err(self.fault(column, format!("{} is not a number", shown(field)))),
        }
    }

    /// The text in a column, without blanks around it.
    fn text(&self, column: usize) -> Result<&str, Error> {
        let field = self.field(column);
        let text = std::str::from_utf8(field)
            .map_err(|_| self.fault(column, format!("{} is not UTF-8", shown(field))))?
            .trim();
        match text.contains(['\n', '\r']) {
            true => {
                let facts = format!("{} goes over several lines; is a quote never closed?", shown(field));
                Err(self.fault(column, facts))
            }
            false => Ok(text),
        }
    }

    fn fault(&self, column: usize, facts: impl Into<String>) -> Error {
        let facts = facts.into();
        match self.lines.names.get(column).map_or("", String::as_str) {
            "" => self.error(format!("column {}: {facts}", column + 1)),
            name => self.error(format!("column {} ({}): {facts}", column + 1, shortened(name, 40))),
        }
    }

    fn error(&self, facts: String) -> Error {
        let separator = if facts.starts_with("column") { "," } else { ":" };
        match self.number_in_file() {
            Ok(line) => {
                Error::format(format!("{}, line {line}{separator} {facts}", self.lines.csv.file.name()))
            }
            Err(error) => error,
        }
    }

    /// The line in which the record starts, counted from 1. Worked out only for an error: the
    /// reader's own count takes blank lines and the end of a \r\n to belong to what follows.
    fn number_in_file(&self) -> Result<usize, Error> {
        self.lines.csv.file.line_from(self.record.position().map_or(0, |position| position.byte()))
    }
}

/// A field in quotes, as it may stand in an error.
fn shown(field: &[u8]) -> String {
    // A character has at most four bytes, and of a field of a gigabyte no more need be looked at.
    let start = field.get(..4 * 41).unwrap_or(field);
    format!("{:?}", shortened(&String::from_utf8_lossy(start), 40))
}

/// The first names of a list, as they may stand in an error.
fn listed(names: &[String]) -> String {
    let first: Vec<String> = names.iter().take(100).map(|name| shortened(name, 200)).collect();
    shortened(&first.join(", "), 200)
}

fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}

/// The labels of the rows so far: numbers into the list of distinct ones.
struct Labels<'a> {
    classes: Option<&'a [String]>,
    distinct: Vec<String>,
    numbers: HashMap<String, usize>,
    rows: Vec<usize>,
}

impl<'a> Labels<'a> {
    fn new(classes: Option<&'a [String]>, rows: usize) -> Self {
        let distinct = classes.unwrap_or_default().to_vec();
        let numbers = distinct.iter().cloned().zip(0..).collect();
        Self { classes, distinct, numbers, rows: Vec::with_capacity(rows) }
    }

    fn push(&mut self, line: &Line<'_>, column: usize) -> Result<(), Error> {
        let label = line.text(column)?;
        if label.is_empty() {
            return Err(line.fault(column, "the label is missing"));
        }
        let number = match (self.numbers.get(label), self.classes) {
            (Some(&number), _) => number,
            (None, Some(classes)) => {
                let (label, classes) = (shown(label.as_bytes()), listed(classes));
                return Err(line.fault(column, format!("label {label} is not one of {classes}")));
            }
            (None, None) => {
                if label.parse::<f64>().is_ok_and(|x| x.fract() != 0.0) {
                    let facts = "is not a whole number; read a target for regression with xy()";
                    return Err(line.fault(column, format!("label {} {facts}", shown(label.as_bytes()))));
                }
                if self.distinct.len() == MOST_CLASSES {
                    let facts = "more than 65536 different labels; is it the column of the labels?";
                    return Err(line.fault(column, facts));
                }
                self.distinct.push(label.to_owned());
                self.numbers.insert(label.to_owned(), self.distinct.len() - 1);
                self.distinct.len() - 1
            }
        };
        self.rows.push(number);
        Ok(())
    }

    /// The class of each row, and the names of the classes.
    fn finish(self, lines: &Lines<'_>) -> Result<(Vec<usize>, Vec<String>), Error> {
        if self.classes.is_some() {
            return Ok((self.rows, self.distinct));
        }
        let whole = |label: &String| label.parse::<f64>().ok().filter(|&x| x >= 0.0);
        let class_of: Vec<usize>;
        let names: Vec<String>;
        if let Some(numbers) = self.distinct.iter().map(whole).collect::<Option<Vec<f64>>>() {
            let largest = numbers.iter().copied().fold(0.0, f64::max);
            if largest >= MOST_CLASSES as f64 {
                return Err(Error::data(format!(
                    "{}: label {largest} is too large for the number of a class; if it is a name, give classes()",
                    lines.csv.file.name()
                )));
            }
            class_of = numbers.iter().map(|&x| x as usize).collect();
            names = (0..=largest as usize).map(|class| class.to_string()).collect();
        } else {
            let mut order: Vec<(usize, String)> = self.distinct.into_iter().enumerate().collect();
            order.sort_by(|(_, a), (_, b)| a.cmp(b));
            let mut places: Vec<(usize, usize)> =
                order.iter().enumerate().map(|(class, &(i, _))| (i, class)).collect();
            places.sort_unstable();
            class_of = places.into_iter().map(|(_, class)| class).collect();
            names = order.into_iter().map(|(_, name)| name).collect();
        }
        // OK because the rows hold numbers of distinct labels, each of which has a class.
        Ok((self.rows.into_iter().filter_map(|i| class_of.get(i).copied()).collect(), names))
    }
}

#[cfg(test)]
mod tests;
