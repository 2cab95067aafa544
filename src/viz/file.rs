//! Writing a picture to a file: whole, or not at all.
// What comes from outside may be anything: an error at worst.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

use crate::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// Writes a text to a file, making the folders on the way. The file appears when it is whole;
/// one that was there is replaced.
///
/// # Errors
/// If a folder or the file cannot be written; then what was there stays as it was.
pub fn save(path: impl AsRef<Path>, text: &str) -> Result<(), Error> {
    let path = path.as_ref();
    let failed = |error| Error::io(format_args!("writing {}", path.display()), error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let part = part_of(path);
    fs::write(&part, text).and_then(|()| fs::rename(&part, path)).map_err(|error| {
        // What is left of a file that could not be written whole is of no use to anybody.
        let _ = fs::remove_file(&part);
        failed(error)
    })
}

/// The name under which a file is written until it is whole: that of one process alone.
fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    name.into()
}
