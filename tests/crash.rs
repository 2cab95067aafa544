//! Whatever happens while a file is written, there is the old one or the new one, whole: the process is killed, the disk is full or
//! must not be written.

#[path = "common/folder.rs"]
mod folder;

use folder::Folder;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use wengert::data::{load_params, save_params};
use wengert::error::ErrorKind;
use wengert::prelude::*;
use wengert::train::Trainer;

/// Parameters that are all `value`, too many to be written at one go.
fn constant(value: f32) -> Params {
    let mut params = Params::new();
    for i in 0..8 {
        params.add(format!("w{i}"), Tensor::full([100, 200], value));
    }
    params
}

/// The value of all parameters in a file of `constant`.
#[track_caller]
fn value_in(path: &Path) -> f32 {
    let mut params = constant(f32::NAN);
    load_params(path, &mut params).unwrap();
    let value = params["w0"].data()[0];
    assert!(params.iter().all(|(_, w)| w.data().iter().all(|&x| x == value)), "a mixture of two");
    value
}

/// Kills a process that writes one file after another, this many times, at random moments.
#[track_caller]
fn kill(name: &str, rounds: u16) {
    let folder = Folder::new(name);
    let path = folder.file("w.safetensors");
    save_params(&path, &constant(0.0)).unwrap();
    let mut rng = Rng::new(rounds.into());
    for round in 1..=rounds {
        // The files of a round hold larger numbers than those of the rounds before.
        let first = f32::from(round) * 1000.0;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_killed_process_leaves_the_old_file_or_the_new_one"])
            .envs([(WRITE_TO, path.as_os_str()), (WRITE_FROM, first.to_string().as_ref())])
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let begin = Instant::now();
        while value_in(&path) < first && begin.elapsed() < Duration::from_secs(20) {}
        // Somewhere in the next few files.
        std::thread::sleep(Duration::from_micros((10_000.0 * rng.uniform()) as u64));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(value_in(&path) >= first, "round {round}: the process wrote nothing");
    }
}

const WRITE_TO: &str = "WENGERT_TEST_WRITE_TO";
const WRITE_FROM: &str = "WENGERT_TEST_WRITE_FROM";

#[test]
fn a_killed_process_leaves_the_old_file_or_the_new_one() {
    if let (Some(path), Ok(first)) = (std::env::var_os(WRITE_TO), std::env::var(WRITE_FROM)) {
        // This is the process that will be killed.
        let first: f32 = first.parse().unwrap();
        for i in 0u16.. {
            save_params(&path, &constant(first + f32::from(i))).unwrap();
        }
    }
    kill("killed", 12);
}

#[test]
#[ignore = "500 processes; cargo test --release --test crash -- --ignored"]
fn five_hundred_killed_processes_leave_the_old_file_or_the_new_one() {
    kill("killed-500", 500);
}

const DISK: &str = "WENGERT_TEST_DISK";

#[test]
fn a_full_disk_and_a_read_only_one_leave_the_old_file() {
    if let Some(disk) = std::env::var_os(DISK) {
        // This is the process that has a disk of its own, of 2 MiB, as nobody else sees it.
        return on_a_small_disk(Path::new(&disk));
    }
    let folder = Folder::new("disk");
    let mount = r#"mount -t tmpfs -o size=2m tmpfs "$WENGERT_TEST_DISK" && exec "$@""#;
    let in_its_own = |command: &[&std::ffi::OsStr]| {
        let mut unshare = Command::new("unshare");
        unshare.args(["--mount", "--user", "--map-root-user", "sh", "-c", mount, "sh"]).args(command);
        unshare.env(DISK, &folder.0).output()
    };
    if !in_its_own(&["true".as_ref()]).is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no disk can be mounted here (unshare --mount --user)");
        return;
    }
    let test = "a_full_disk_and_a_read_only_one_leave_the_old_file";
    let this = std::env::current_exe().unwrap();
    let output = in_its_own(&[this.as_os_str(), "--exact".as_ref(), test.as_ref()]).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Each of `constant`'s files takes 625 KiB, so that beside one there is room for another one or not.
fn on_a_small_disk(disk: &Path) {
    let (path, ballast) = (disk.join("run/w.safetensors"), disk.join("ballast"));
    let files = |folder: &Path| fs::read_dir(folder).unwrap().count();
    #[track_caller]
    fn fails(path: &Path, cause: std::io::ErrorKind) {
        let error = save_params(path, &constant(2.0)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.to_string().starts_with(&format!("writing {}", path.display())), "{error}");
        let source = std::error::Error::source(&error).and_then(|e| e.downcast_ref::<std::io::Error>());
        assert_eq!(source.map(std::io::Error::kind), Some(cause), "{error}");
    }
    save_params(&path, &constant(1.0)).unwrap();
    // From a disk without one free block to one that lacks the last.
    for free in [0, 1, 8, 80, 150, 156] {
        fill(&ballast, free * 4096);
        fails(&path, std::io::ErrorKind::StorageFull);
        assert_eq!(value_in(&path), 1.0, "{free} blocks free");
        assert_eq!(files(&disk.join("run")), 1, "{free} blocks free: something is left behind");
    }
    // A training says so, too, and stays as it is; with room again, it is saved.
    let (mut params, mut optimizer, mut rng) = (constant(4.0), Adam::new(0.1), Rng::new(1));
    let trainer = Trainer::new(&mut params, &mut optimizer, &mut rng);
    fill(&ballast, 0);
    let training = disk.join("training.safetensors");
    assert_eq!(trainer.save(&training).unwrap_err().kind(), ErrorKind::Io);
    assert!(!training.exists());
    fs::remove_file(&ballast).unwrap();
    trainer.save(&training).unwrap();
    save_params(&path, &constant(3.0)).unwrap();
    assert_eq!(value_in(&path), 3.0);

    let remounted = Command::new("mount").args(["-o", "remount,ro"]).arg(disk).status().unwrap();
    assert!(remounted.success());
    fails(&path, std::io::ErrorKind::ReadOnlyFilesystem);
    fails(&disk.join("new/w.safetensors"), std::io::ErrorKind::ReadOnlyFilesystem);
    assert_eq!((value_in(&path), files(disk), files(&disk.join("run"))), (3.0, 2, 1));
}

/// Takes up the disk, but for so many bytes.
fn fill(ballast: &Path, free: u64) {
    let mut file = fs::File::create(ballast).unwrap();
    while std::io::Write::write_all(&mut file, &[0; 4096]).is_ok() {}
    let length = file.metadata().unwrap().len();
    file.set_len(length - free).unwrap();
}
