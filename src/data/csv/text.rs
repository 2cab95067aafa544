//! A file that is a text: where it starts, how long it is, and which line a byte is in.
// What comes from outside may be anything: an error at worst.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

use crate::data::file::{Source, Stream};
use crate::error::Error;
use std::io::{self, BufRead, Read};

/// What programs put before UTF-8, some of them.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

#[derive(Debug, Clone)]
pub(super) struct Text {
    source: Source,
    /// Where it starts in the source; places are counted from there.
    start: u64,
    length: u64,
}

impl Text {
    /// The text in a source, if it is one and not blank.
    pub(super) fn of(source: Source) -> Result<Self, Error> {
        let first = source.start(3)?;
        if first.starts_with(&[0xff, 0xfe]) || first.starts_with(&[0xfe, 0xff]) {
            let name = source.name();
            return Err(Error::format(format!("{name}: the text is UTF-16; save it as UTF-8")));
        }
        let start = if first == BYTE_ORDER_MARK { 3 } else { 0 };
        let mut text = Self { source, start, length: 0 };
        text.length = text.look_through()?;
        Ok(text)
    }

    /// Counts the bytes.
    fn look_through(&self) -> Result<u64, Error> {
        let (mut stream, mut length, mut blank) = (self.stream()?, 0, true);
        loop {
            let bytes = stream.fill_buf().map_err(|error| self.unreadable(error))?;
            if let Some(at) = bytes.iter().position(|&byte| byte == 0) {
                let (name, line) = (self.name(), self.line_from(length + at as u64)?);
                return Err(Error::format(format!(
                    "{name}, line {line}: there is a NUL byte; this is not text"
                )));
            }
            blank &= bytes.trim_ascii().is_empty();
            let read = bytes.len();
            match read {
                0 if blank => return Err(Error::data(format!("{}: the file is empty", self.name()))),
                0 => return Ok(length),
                _ => length += read as u64,
            }
            stream.consume(read);
        }
    }

    pub(super) fn name(&self) -> &str {
        self.source.name()
    }

    /// The number of bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// All of it.
    pub(super) fn stream(&self) -> Result<Stream<'_>, Error> {
        self.source.stream(self.start)
    }

    /// The line of the first byte that ends no line, from this one on; counted from 1. A line ends with \n, \r\n or \r.
    pub(super) fn line_from(&self, start: u64) -> Result<usize, Error> {
        let (mut line, mut returned) = (1, false);
        for (at, byte) in (0..).zip(self.stream()?.bytes()) {
            let byte = byte.map_err(|error| self.unreadable(error))?;
            line += usize::from(returned && byte != b'\n');
            returned = byte == b'\r';
            if at >= start && !matches!(byte, b'\n' | b'\r') {
                return Ok(line);
            }
            line += usize::from(byte == b'\n');
        }
        Ok(line + usize::from(returned))
    }

    /// See [`Source::unreadable`].
    pub(super) fn unreadable(&self, error: io::Error) -> Error {
        self.source.unreadable(error)
    }

    /// See [`Source::changed`].
    pub(super) fn changed(&self) -> Error {
        self.source.changed()
    }
}
