//! The mirror in real directories. The tests of a read-only root need svinit itself.

use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use daemontools::Errno;
use daemontools::unix::file;
use tempfile::TempDir;

use super::links;
use super::place;
use super::plan::Level;

fn c_path(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).expect("no NUL")
}

/// Makes the mirror `svinit` of the directory `real`.
fn refresh(place: &TempDir) -> Result<(), Errno> {
    let mirror = file::open_directory(&c_path(&place.path().join("svinit"))).expect("open");
    links::refresh(Level::Tree, &c_path(&place.path().join("real")), &mirror)
}

fn place() -> TempDir {
    let place = tempfile::tempdir().expect("a directory");
    let web = place.path().join("real/web");
    for name in ["log", "env"] {
        fs::create_dir_all(web.join(name)).expect("mkdir");
    }
    for name in [
        "run",
        "finish",
        "notification-fd",
        "supervise.toml",
        "down",
        "log/run",
    ] {
        fs::write(web.join(name), name).expect("write");
    }
    fs::write(web.join("env/NAME"), "value").expect("write");
    fs::create_dir(place.path().join("svinit")).expect("mkdir");
    place
}

#[test]
fn a_mirror_has_a_link_to_every_entry_and_a_real_supervise_and_log() {
    let place = place();
    refresh(&place).expect("a mirror");
    let (real, web) = (
        place.path().join("real/web"),
        place.path().join("svinit/web"),
    );
    for name in [
        "run",
        "finish",
        "notification-fd",
        "supervise.toml",
        "down",
        "env",
        "log/run",
    ] {
        let target = fs::read_link(web.join(name)).expect(name);
        assert_eq!(target, real.join(name));
    }
    assert_eq!(fs::read(web.join("env/NAME")).expect("through"), b"value");
    for name in ["", "supervise", "log", "log/supervise"] {
        let facts = fs::symlink_metadata(web.join(name)).expect(name);
        assert!(facts.is_dir(), "{name}");
        assert_eq!(facts.permissions().mode() & 0o777, 0o700, "{name}");
    }
}

#[test]
fn a_second_refresh_keeps_supervise_takes_new_entries_and_drops_gone_ones() {
    let place = place();
    refresh(&place).expect("a mirror");
    let (real, web) = (
        place.path().join("real/web"),
        place.path().join("svinit/web"),
    );
    fs::write(web.join("supervise/status"), "kept").expect("write");
    fs::write(web.join("pid"), "the service's own").expect("write");
    fs::remove_file(real.join("down")).expect("unlink");
    fs::write(real.join("check"), "").expect("write");
    fs::create_dir(place.path().join("real/new")).expect("mkdir");
    refresh(&place).expect("a mirror");
    assert_eq!(fs::read(web.join("supervise/status")).expect("it"), b"kept");
    assert!(web.join("pid").exists() && web.join("check").is_symlink());
    assert!(!web.join("down").is_symlink());
    assert!(place.path().join("svinit/new/supervise").is_dir());
}

#[test]
fn a_removed_service_goes_but_a_supervised_one_is_hidden_until_it_ends_or_comes_back() {
    let place = place();
    refresh(&place).expect("a mirror");
    let svinit = place.path().join("svinit");
    let ok = c_path(&svinit.join("web/supervise/ok"));
    daemontools::unix::fifo::make(&ok).expect("mkfifo");
    let reader = file::open_read(&ok).expect("a reader");
    let (real, away) = (place.path().join("real/web"), place.path().join("away"));
    fs::rename(&real, &away).expect("rename");
    refresh(&place).expect("a mirror");
    assert!(!svinit.join("web").exists() && svinit.join(".web/supervise/ok").exists());
    fs::rename(&away, &real).expect("rename");
    refresh(&place).expect("a mirror");
    assert!(svinit.join("web/supervise/ok").exists() && !svinit.join(".web").exists());
    fs::rename(&real, &away).expect("rename");
    drop(reader);
    refresh(&place).expect("a mirror");
    assert!(!svinit.join("web").exists() && !svinit.join(".web").exists());
}

#[test]
fn a_state_directory_is_made_private_and_locked() {
    let place = tempfile::tempdir().expect("a directory");
    let state = c_path(place.path());
    let opened = place::open(Some(&state)).expect("ours").expect("a place");
    let facts = fs::metadata(place.path().join("svinit")).expect("made");
    assert_eq!(facts.permissions().mode() & 0o7777, 0o700);
    assert!(place::open(Some(&state)).is_err(), "another svinit has it");
    drop(opened);
    assert!(place::open(Some(&state)).is_ok());
}

#[test]
fn a_planted_link_and_a_directory_of_others_are_refused() {
    let place = tempfile::tempdir().expect("a directory");
    let (state, svinit) = (c_path(place.path()), place.path().join("svinit"));
    let target = place.path().join("target");
    fs::create_dir(&target).expect("mkdir");
    symlink(&target, &svinit).expect("symlink");
    assert!(place::open(Some(&state)).is_err(), "a link");
    assert!(fs::read_dir(&target).expect("read").next().is_none());
    fs::remove_file(&svinit).expect("unlink");
    fs::create_dir(&svinit).expect("mkdir");
    fs::set_permissions(&svinit, fs::Permissions::from_mode(0o777)).expect("chmod");
    assert!(place::open(Some(&state)).is_err(), "writable by others");
    fs::set_permissions(&svinit, fs::Permissions::from_mode(0o700)).expect("chmod");
    match std::os::unix::fs::chown(&svinit, Some(12345), None) {
        Ok(()) => assert!(place::open(Some(&state)).is_err(), "another user's"),
        Err(error) => eprintln!("skipped in part: no right to chown: {error}"),
    }
}
