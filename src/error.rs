//! `Error`: what can go wrong with anything that comes from outside (files, data,
//! configuration). It says what happened, where, and what to do.
//!
//! Mistakes in a program's own shapes are not errors but panics, with the user's line; see
//! "Why do shape errors panic?" in ARCHITECTURE.md.

use std::fmt;

/// An error of the outside world: a file, a data set, a setting.
///
/// The text says what is wrong, where (file, line, column, name) and, where it can be known,
/// what to do. [`kind`](Error::kind) is for programs, the text for people.
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

impl Error {
    /// An error of this kind with this text.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
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
        Self { kind: ErrorKind::Io, message: format!("{doing}: {source}"), source: Some(Box::new(source)) }
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
