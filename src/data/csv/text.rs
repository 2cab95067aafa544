//! A file that is a text: where it starts, how long it is, and which line a byte is in.
use crate::data::file::{Source, Stream};
use crate::error::Error;
use std::io::{self, BufRead};

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
        let first = source.first_bytes(6)?;
        if first.starts_with(&[0xff, 0xfe]) || first.starts_with(&[0xfe, 0xff]) {
            let name = source.name();
            return Err(Error::format(format!("{name}: the text is UTF-16; save it as UTF-8")));
        }
        let start = match first.strip_prefix(BYTE_ORDER_MARK) {
            None => 0,
            Some(rest) if rest != BYTE_ORDER_MARK => BYTE_ORDER_MARK.len() as u64,
            Some(_) => {
                let name = source.name();
                return Err(Error::format(format!("{name}: there are two byte order marks; leave only one")));
            }
        };
        let mut text = Self { source, start, length: 0 };
        text.length = text.look_through()?;
        Ok(text)
    }

    /// Refuses what is blank or no text; the number of bytes otherwise.
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
        let (mut stream, mut at, mut line, mut returned) = (self.stream()?, 0, 1, false);
        loop {
            let bytes = stream.fill_buf().map_err(|error| self.unreadable(error))?;
            for &byte in bytes {
                line += usize::from(returned && byte != b'\n');
                returned = byte == b'\r';
                if at >= start && !matches!(byte, b'\n' | b'\r') {
                    return Ok(line);
                }
                line += usize::from(byte == b'\n');
                at += 1;
            }
            match bytes.len() {
                0 => return Ok(line + usize::from(returned)),
                read => stream.consume(read),
            }
        }
    }

    /// See [`Source::unreadable`].
    pub(super) fn unreadable(&self, error: io::Error) -> Error {
        self.source.unreadable(error)
    }

    /// See [`Source::changed`].
    pub(super) fn changed(&self) -> Error {
        self.source.changed()
    }

    /// See [`Source::check`].
    pub(super) fn check(&self) -> Result<(), Error> {
        self.source.check()
    }
}
