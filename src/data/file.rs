//! Files as streams: read from their start as often as they are needed, and unpacked on the way if they are gzip. Of a file
//! on disk nothing is kept, so that what is read of it may be all that there is in memory.
// What comes from outside may be anything: an error at worst.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

use crate::error::Error;
use flate2::bufread::MultiGzDecoder;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::{self, Path, PathBuf};
use std::sync::Arc;
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
    Memory(Arc<Vec<u8>>),
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
        Self { name: name.to_owned(), place: Place::Memory(Arc::new(bytes)), size, packed }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What it holds, from this byte on.
    pub(super) fn stream(&self, from: u64) -> Result<Stream<'_>, Error> {
        let bytes: Box<dyn BufRead + '_> = match &self.place {
            Place::Memory(bytes) => Box::new(bytes.as_slice()),
            Place::Disk(path, _) => {
                let file = File::open(path).map_err(|error| self.unreadable(error))?;
                Box::new(BufReader::with_capacity(1 << 16, Patient(file)))
            }
        };
        self.check()?;
        let mut stream = match self.packed {
            true => {
                let bytes = Box::new(BufReader::new(MultiGzDecoder::new(bytes)));
                Stream { bytes, left: RATIO.saturating_mul(self.size).saturating_add(SPARE) }
            }
            false => Stream { bytes, left: u64::MAX },
        };
        io::copy(&mut stream.by_ref().take(from), &mut io::sink()).map_err(|error| self.unreadable(error))?;
        Ok(stream)
    }

    /// Whether the file is still what it was when it was opened, as far as its length and the time of its last change tell.
    pub(super) fn check(&self) -> Result<(), Error> {
        let Place::Disk(path, modified) = &self.place else { return Ok(()) };
        let about = fs::metadata(path).map_err(|error| self.unreadable(error))?;
        match (about.len(), about.modified().ok()) == (self.size, *modified) {
            true => Ok(()),
            false => Err(self.changed()),
        }
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
    pub(super) fn first_bytes(&self, most: u64) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        self.stream(0)?.take(most).read_to_end(&mut bytes).map_err(|error| self.unreadable(error))?;
        Ok(bytes)
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

/// Reads on where a signal has interrupted it.
struct Patient<R>(R);

impl<R: Read> Read for Patient<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(into) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result,
            }
        }
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

    /// Does something with a file in the temporary folder.
    pub(crate) fn on_disk<R>(test: &str, bytes: &[u8], with: impl FnOnce(&Path) -> R) -> R {
        let path = std::env::temp_dir().join(format!("wengert-{test}-{}", std::process::id()));
        fs::write(&path, bytes).unwrap();
        let result = with(&path);
        let _ = fs::remove_file(&path);
        result
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
                    (source.first_bytes(2).unwrap(), source.first_bytes(9).unwrap()),
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

    /// Is interrupted before each byte that it gives.
    struct Interrupted(bool);

    impl Read for Interrupted {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.0 = !self.0;
            if self.0 { Err(ErrorKind::Interrupted.into()) } else { io::repeat(7).read(&mut into[..1]) }
        }
    }

    #[test]
    fn an_interruption_is_no_error() {
        let mut three = [0; 3];
        BufReader::with_capacity(2, Patient(Interrupted(false))).read_exact(&mut three).unwrap();
        assert_eq!(three, [7; 3]);
        assert!(BufReader::new(Interrupted(false)).fill_buf().is_err());
    }

    #[test]
    fn a_file_that_is_changed_or_taken_away_is_noticed() {
        let ([_, source], path) = sources("changed", b"1,2\n");
        let time = fs::metadata(&path).unwrap().modified().unwrap();
        let later = time + std::time::Duration::from_secs(1);
        // Of another length; of another time alone; and as it was.
        for (text, time, changed) in
            [("1,2\n3,4\n", time, true), ("3,4\n", later, true), ("1,2\n", time, false)]
        {
            fs::write(&path, text).unwrap();
            File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
            match source.check() {
                Ok(()) => assert!(!changed && read(&source).is_ok()),
                Err(error) => {
                    assert_eq!(error.to_string(), read(&source).unwrap_err());
                    assert!(
                        error.to_string().contains("was changed since it was opened; open it again")
                            && changed
                    );
                }
            }
        }
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
