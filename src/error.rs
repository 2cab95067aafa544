//! `Error`: what can go wrong with anything that comes from outside (files, data,
//! configuration). It says what happened, where, and what to do.
//!
//! Mistakes in a program's own shapes are not errors but panics, with the user's line; see
//! "Why do shape errors panic?" in ARCHITECTURE.md.

use std::fmt;

/// An error of the outside world: a file, a data set, a setting.
///
/// The text says what is wrong, where (file, line, column, name) and, where it can be known,
/// what to do. [`kind`](Error::kind) is for programs, the text for people. A text of more
/// than 6000 bytes is cut: what a stranger's file says is repeated so far and no further.
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What an [`Error`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The operating system refused: a file that is not there, a full disk.
    Io,
    /// Bytes that do not follow their format: a ragged CSV, an IDX file cut short.
    Format,
    /// Data that cannot be used: empty, NaN, a label out of range, lengths that differ.
    Data,
    /// A setting outside its range: a batch size of 0, a negative learning rate.
    Config,
    /// A parameter that does not exist, or has another shape.
    Parameter,
}

/// The most bytes of a text. A path, of which most systems allow 4096, leaves room for the reason.
const LONGEST: usize = 6000;

/// What one error says of many things: the first ones, and how many more there are. None is kept, since a file may have any
/// number of them, each of any length.
pub(crate) fn listed(things: impl IntoIterator<Item = String>, between: &str) -> String {
    let (mut text, mut more) = (String::new(), 0);
    for mut thing in things {
        if text.len() > 1000 {
            more += 1;
            continue;
        }
        if !text.is_empty() {
            text += between;
        }
        cut(&mut thing, 400);
        text += &thing;
    }
    match more {
        0 => text,
        _ => format!("{text}{between}and {more} more"),
    }
}

fn cut(text: &mut String, most: usize) {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
        text.push('…');
        text.shrink_to_fit();
    }
}

impl Error {
    /// An error of this kind with this text.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let mut message = message.into();
        cut(&mut message, LONGEST);
        Self { kind, message, source: None }
    }

    /// Bytes that do not follow their format.
    pub fn format(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Format, message)
    }

    /// Data that cannot be used.
    pub fn data(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Data, message)
    }

    /// A setting outside its range.
    pub fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    /// A parameter that does not exist, or has another shape.
    pub fn parameter(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Parameter, message)
    }

    /// What the operating system said while `doing` something, such as `"reading data.csv"`.
    pub fn io(doing: impl fmt::Display, source: std::io::Error) -> Self {
        Self::new(ErrorKind::Io, format!("{doing}: {source}")).caused_by(source)
    }

    /// Keeps what a library said as the cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What this error is about.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The text, as [`Display`](fmt::Display) has it: it is what a `main` that returns an error prints.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|e| e as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_no_longer_than_anybody_reads() {
        assert_eq!(Error::data("a".repeat(6000)).to_string().len(), 6000);
        let text = Error::data("€".repeat(9000)).to_string();
        assert!(text == format!("{}…", "€".repeat(2000)));
        let refused = std::io::Error::other("b".repeat(9000));
        assert!(Error::io("a", refused).to_string().ends_with("bb…"));
    }

    #[test]
    fn of_many_things_the_first_are_listed_and_the_others_counted() {
        let names = |count: usize| (0..count).map(|i| format!("layers.{i}"));
        assert_eq!(listed(names(0), ", "), "");
        assert_eq!(listed(names(3), "; "), "layers.0; layers.1; layers.2");
        let text = listed(names(100_000), ", ");
        assert!(text.starts_with("layers.0, layers.1, ") && text.ends_with(" more"), "{text}");
        assert!(text.len() < 1100);
        assert!(listed((0..9).map(|_| "€".repeat(1 << 20)), "; ").len() < 2000);
    }
}
