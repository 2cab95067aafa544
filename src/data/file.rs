//! Files as streams: read from their start as often as they are needed, and unpacked on the way if they are gzip. Of a file
//! on disk nothing is kept, so that what is read of it may be all that there is in memory.
// What comes from outside may be anything: an error at worst.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

use crate::error::Error;
use flate2::read::MultiGzDecoder;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::{self, Path, PathBuf};
use std::time::SystemTime;

/// A gzip file may unpack to this many times its size, and to [`SPARE`] in any case. Real data
/// stays below (a blank MNIST image comes to some 200); what goes beyond is made to fill memory.
const RATIO: u64 = 256;
const SPARE: u64 = 16 << 20;

/// A file, on disk or in memory, packed by gzip or not.
#[derive(Clone)]
pub(super) struct Source {
    /// What errors call it.
    name: String,
    place: Place,
    /// Its bytes as they lie there, packed or not.
    size: u64,
    packed: bool,
}

#[derive(Clone)]
enum Place {
    Memory(Vec<u8>),
    /// With the time of the last change, where that is known.
    Disk(PathBuf, Option<SystemTime>),
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        let unreadable = |error| Error::io(format_args!("reading {name}"), error);
        let about = fs::metadata(path).map_err(unreadable)?;
        if !about.is_file() || about.len() == 0 {
            // A pipe gives its bytes once; what a system makes up when it is read says that it has none.
            return Ok(Self::from_bytes(&name, fs::read(path).map_err(unreadable)?));
        }
        // Absolute, because the working directory may be another one the next time.
        let path = path::absolute(path).map_err(unreadable)?;
        let mut start = Vec::new();
        File::open(&path).and_then(|file| file.take(2).read_to_end(&mut start)).map_err(unreadable)?;
        let packed = is_gzip(&start);
        Ok(Self { name, size: about.len(), place: Place::Disk(path, about.modified().ok()), packed })
    }

    pub(super) fn from_bytes(name: &str, bytes: Vec<u8>) -> Self {
        let (size, packed) = (bytes.len() as u64, is_gzip(&bytes));
        Self { name: name.to_owned(), place: Place::Memory(bytes), size, packed }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What it holds, from this byte on.
    pub(super) fn stream(&self, start: u64) -> Result<Stream<'_>, Error> {
        let bytes: Box<dyn BufRead + '_> = match &self.place {
            Place::Memory(bytes) => Box::new(bytes.as_slice()),
            Place::Disk(path, changed) => {
                let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
                let (about, file) = opened.map_err(|error| self.unreadable(error))?;
                if (about.len(), about.modified().ok()) != (self.size, *changed) {
                    return Err(self.changed());
                }
                Box::new(BufReader::with_capacity(1 << 16, file))
            }
        };
        let mut stream = match self.packed {
            true => {
                let bytes = Box::new(BufReader::new(MultiGzDecoder::new(bytes)));
                Stream { bytes, left: RATIO.saturating_mul(self.size).saturating_add(SPARE) }
            }
            false => Stream { bytes, left: u64::MAX },
        };
        io::copy(&mut stream.by_ref().take(start), &mut io::sink())
            .map_err(|error| self.unreadable(error))?;
        Ok(stream)
    }

    /// How many bytes it holds, counted up to this many. All of a packed file is unpacked for it, and its checksum compared,
    /// if it does not hold more.
    pub(super) fn count(&self, most: u64) -> Result<u64, Error> {
        match self.packed {
            true => io::copy(&mut self.stream(0)?.take(most), &mut io::sink())
                .map_err(|error| self.unreadable(error)),
            false => Ok(self.size.min(most)),
        }
    }

    /// The first bytes, as many as there are up to this many.
    pub(super) fn start(&self, most: u64) -> Result<Vec<u8>, Error> {
        let mut start = Vec::new();
        self.stream(0)?.take(most).read_to_end(&mut start).map_err(|error| self.unreadable(error))?;
        Ok(start)
    }

    /// What to say of an error that a stream gave.
    pub(super) fn unreadable(&self, error: io::Error) -> Error {
        let name = &self.name;
        match error.kind() {
            ErrorKind::FileTooLarge => Error::format(format!("{name}: {error}")),
            // The system's own errors have its number; others are of the unpacking.
            _ if self.packed && error.raw_os_error().is_none() => {
                Error::format(format!("{name}: not a whole gzip file: {error}")).caused_by(error)
            }
            _ => Error::io(format_args!("reading {name}"), error),
        }
    }

    /// What to say if it is not what it was.
    pub(super) fn changed(&self) -> Error {
        Error::data(format!("{}: it was changed since it was opened; open it again", self.name))
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.name, self.size)
    }
}

/// What a [`Source`] holds, once.
pub(super) struct Stream<'a> {
    bytes: Box<dyn BufRead + 'a>,
    /// How many more bytes there may be.
    left: u64,
}

impl Read for Stream<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(into)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(too_large)?;
        Ok(read)
    }
}

impl BufRead for Stream<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let bytes = self.bytes.fill_buf()?;
        match bytes.len() as u64 > self.left {
            true => Err(too_large()),
            false => Ok(bytes),
        }
    }

    fn consume(&mut self, read: usize) {
        self.bytes.consume(read);
        self.left = self.left.saturating_sub(read as u64);
    }
}

fn too_large() -> io::Error {
    let facts = format!("unpacks to more than {RATIO} times its size; if it is meant to, unpack it first");
    io::Error::new(ErrorKind::FileTooLarge, facts)
}

fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// All that a source holds, read twice.
    fn read(source: &Source) -> Result<Vec<u8>, String> {
        let once = || {
            let mut bytes = Vec::new();
            source.stream(0)?.read_to_end(&mut bytes).map_err(|error| source.unreadable(error))?;
            assert_eq!(source.count(u64::MAX)?, bytes.len() as u64);
            Ok::<_, Error>(bytes)
        };
        let first = once().map_err(|error| error.to_string())?;
        assert_eq!(once().unwrap(), first);
        Ok(first)
    }

    /// The same bytes in memory and on disk, and the path of the file.
    fn sources(test: &str, bytes: &[u8]) -> ([Source; 2], PathBuf) {
        let path = std::env::temp_dir().join(format!("wengert-{test}-{}.gz", std::process::id()));
        fs::write(&path, bytes).unwrap();
        ([Source::from_bytes("a.gz", bytes.to_vec()), Source::open(&path).unwrap()], path)
    }

    #[test]
    fn what_is_there_or_was_packed_comes_out_as_often_as_asked_for() {
        for bytes in [b"hello".to_vec(), gzip(b"hello"), [gzip(b"hel"), gzip(b"lo")].concat()] {
            let (sources, path) = sources("whole", &bytes);
            for source in &sources {
                assert_eq!(read(source).unwrap(), b"hello");
                assert_eq!(
                    (source.start(2).unwrap(), source.start(9).unwrap()),
                    (b"he".to_vec(), b"hello".to_vec())
                );
                assert_eq!((source.count(2).unwrap(), source.count(9).unwrap()), (2, 5));
                let mut rest = String::new();
                source.stream(3).unwrap().read_to_string(&mut rest).unwrap();
                assert_eq!(rest, "lo");
                assert_eq!(source.stream(9).unwrap().fill_buf().unwrap(), b"");
            }
            fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn a_gzip_file_that_is_cut_or_changed_is_an_error() {
        let packed = gzip(b"hello, hello, hello");
        let mut changed = packed.clone();
        changed[packed.len() - 6] ^= 1; // in the checksum
        let more = [&packed[..], b"more"].concat();
        for bytes in (2..packed.len()).map(|end| &packed[..end]).chain([&changed[..], &more]) {
            let (sources, path) = sources("broken", bytes);
            for source in &sources {
                let error = read(source).unwrap_err();
                assert!(
                    error.starts_with(source.name()) && error.contains(": not a whole gzip file: "),
                    "{error}"
                );
                assert!(source.count(1000).is_err());
            }
            fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        let (sources, path) = sources("bomb", &gzip(&vec![0; 40 << 20]));
        for source in &sources {
            for error in [read(source).unwrap_err(), source.count(u64::MAX).unwrap_err().to_string()] {
                assert!(error.starts_with(source.name()) && error.ends_with("unpack it first"), "{error}");
            }
            assert_eq!(source.count(1000).unwrap(), 1000);
            let mut stream = source.stream(0).unwrap();
            let error = loop {
                match stream.fill_buf() {
                    Ok(bytes) => {
                        let read = bytes.len();
                        assert!(read > 0);
                        stream.consume(read);
                    }
                    Err(error) => break error,
                }
            };
            assert_eq!(error.kind(), ErrorKind::FileTooLarge);
        }
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_file_that_is_changed_or_taken_away_is_noticed() {
        let ([_, source], path) = sources("changed", b"1,2\n");
        fs::write(&path, "1,2\n3,4\n").unwrap();
        let error = read(&source).unwrap_err();
        assert!(
            error.starts_with(source.name()) && error.contains("was changed since it was opened"),
            "{error}"
        );
        fs::remove_file(&path).unwrap();
        let error = source.stream(0).err().unwrap();
        assert!(
            error.kind() == crate::error::ErrorKind::Io && error.to_string().starts_with("reading "),
            "{error}"
        );
    }

    /// A pipe, which the shell makes, holds what the shell writes.
    #[cfg(unix)]
    #[test]
    fn a_pipe_is_read_once_and_kept() {
        let path = std::env::temp_dir().join(format!("wengert-pipe-{}", std::process::id()));
        let shell = |command: &str| {
            std::process::Command::new("sh").args(["-c", command, "sh"]).arg(&path).spawn().unwrap()
        };
        assert!(shell("mkfifo \"$1\"").wait().unwrap().success());
        let mut writer = shell("printf hello > \"$1\"");
        let source = Source::open(&path).unwrap();
        assert!(writer.wait().unwrap().success());
        fs::remove_file(path).unwrap();
        assert_eq!(read(&source).unwrap(), b"hello");
    }
}
