//! Writing a file whole or not at all, whatever happens on the way.
// What comes from outside may be anything: an error at worst.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

use crate::error::Error;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Writes a file, making the folders on the way, so that at every moment there is the old file or
/// the new one, whole: a power cut and a full disk included.
///
/// The bytes go to a file of another name beside it, `NAME.PROCESS-NUMBER.part`, are flushed to the disk, and
/// only then take the name. A process that is killed may leave such a part behind; nothing reads it.
///
/// # Errors
/// If a folder or the file cannot be written; then what was there is as it was.
pub fn write_whole(path: impl AsRef<Path>, bytes: &[u8]) -> Result<(), Error> {
    let path = path.as_ref();
    write_via(&part_of(path), path, bytes)
        .map_err(|error| Error::io(format_args!("writing {}", path.display()), error))
}

fn write_via(part: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A path without a folder is of the current one.
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let written = File::create(part).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(part, path)).inspect_err(|_| {
        // What is left of a file that could not be written whole is of no use to anybody.
        let _ = fs::remove_file(part);
    })?;
    // The new name is an entry of the folder, which is to reach the disk too. Not every system
    // lets a folder be opened for that; the file itself is whole in any case.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// A name beside the file's own that no other process, and no other thread, uses.
fn part_of(path: &Path) -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}-{}.part", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("wengert-whole-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn folders_are_made_and_a_file_that_was_there_is_replaced() {
        let folder = folder("replace");
        let path = folder.join("a/b/c");
        write_whole(&path, b"old").unwrap();
        write_whole(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.join("a/b")).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_an_error_and_leaves_the_old_file() {
        let folder = folder("full");
        let path = folder.join("file");
        write_whole(&path, b"old").unwrap();
        // Everything written to /dev/full finds the disk full.
        let part = folder.join("part");
        std::os::unix::fs::symlink("/dev/full", &part).unwrap();
        let error = write_via(&part, &path, b"new").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let folder = folder("named");
        let path = folder.join("file");
        write_whole(&path, b"a file").unwrap();
        let error = write_whole(path.join("below"), b"").unwrap_err().to_string();
        assert!(error.starts_with(&format!("writing {}", path.join("below").display())), "{error}");
        let error = write_whole(&folder, b"").unwrap_err(); // a folder has that name
        assert_eq!(error.kind(), crate::error::ErrorKind::Io);
        assert_eq!(fs::read(&path).unwrap(), b"a file");
        fs::remove_dir_all(folder).unwrap();
    }
}
