//! Files as bytes: read whole, unpacked within limits if they are gzip.
// What comes from outside may be anything: an error at worst.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

use crate::error::Error;
use flate2::read::MultiGzDecoder;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

/// A gzip file may unpack to this many times its size, and to [`SPARE`] in any case. Real data
/// stays below (a blank MNIST image comes to some 200); what goes beyond is made to fill memory.
const RATIO: u64 = 256;
const SPARE: u64 = 16 << 20;

/// The bytes of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| Error::io(format_args!("reading {}", path.display()), error))
}

/// Whether the bytes are a gzip stream.
pub(super) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// The first bytes, at most `most` of them, of what was packed. Its checksum is compared if the
/// end is reached.
///
/// They are counted before any is kept: of what is not to be unpacked nothing is, and of the rest there
/// is no more than the bytes themselves.
pub(super) fn unpack(name: &str, packed: &[u8], most: u64) -> Result<Vec<u8>, Error> {
    unpack_if(name, packed, most, |_| Ok(()))
}

/// [`unpack`], if `fits` says so of how many they are.
pub(super) fn unpack_if(
    name: &str,
    packed: &[u8],
    most: u64,
    fits: impl FnOnce(usize) -> Result<(), Error>,
) -> Result<Vec<u8>, Error> {
    let limit = SPARE + RATIO * packed.len() as u64;
    let broken =
        |error: io::Error| Error::format(format!("{name}: not a whole gzip file: {error}")).caused_by(error);
    let reader = || MultiGzDecoder::new(packed).take(most.min(limit + 1));
    let length = io::copy(&mut reader(), &mut io::sink()).map_err(broken)?;
    if length > limit {
        return Err(Error::format(format!(
            "{name}: unpacks to more than {RATIO} times its size; if it is meant to, unpack it first"
        )));
    }
    fits(length as usize)?;
    let mut bytes = Vec::with_capacity(length as usize);
    reader().read_to_end(&mut bytes).map_err(broken)?;
    Ok(bytes)
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

    #[test]
    fn what_was_packed_comes_out_whole_or_as_much_as_asked_for() {
        let packed = gzip(b"hello");
        assert_eq!(unpack("a.gz", &packed, 100).unwrap(), b"hello");
        assert_eq!(unpack("a.gz", &packed, 2).unwrap(), b"he");
        assert_eq!(unpack("a.gz", &[gzip(b"hel"), gzip(b"lo")].concat(), 100).unwrap(), b"hello");
    }

    #[test]
    fn a_gzip_file_that_is_cut_or_changed_is_an_error() {
        let packed = gzip(b"hello, hello, hello");
        for end in 2..packed.len() {
            assert!(unpack("a.gz", &packed[..end], 1000).is_err(), "cut to {end} bytes");
        }
        let mut changed = packed.clone();
        changed[packed.len() - 6] ^= 1; // in the checksum
        let error = unpack("a.gz", &changed, 1000).unwrap_err().to_string();
        assert!(error.starts_with("a.gz: not a whole gzip file"), "{error}");
        assert!(unpack("a.gz", &[&packed[..], b"more"].concat(), 1000).is_err());
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        let packed = gzip(&vec![0; 40 << 20]);
        let error = unpack("bomb.gz", &packed, u64::MAX).unwrap_err().to_string();
        assert!(error.contains("unpack it first"), "{error}");
        assert_eq!(unpack("bomb.gz", &packed, 1000).unwrap().len(), 1000);
    }
}
