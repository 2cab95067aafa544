//! Writing a picture to a file: whole, or not at all.

use crate::data::write_whole;
use crate::error::Error;
use std::path::Path;

/// Writes a text to a file, making the folders on the way. The file appears when it is whole;
/// one that was there is replaced.
///
/// # Errors
/// If a folder or the file cannot be written; then what was there stays as it was.
pub fn save(path: impl AsRef<Path>, text: &str) -> Result<(), Error> {
    write_whole(path, text.as_bytes())
}
