use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};

use super::*;

const NOBODY: u32 = 65_534;

fn c(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).expect("no NUL")
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("chmod");
}

/// A directory with `home/`, `home/shared/` and `other/`, as `make` makes them.
fn place() -> (tempfile::TempDir, PathBuf) {
    let place = tempfile::tempdir().expect("a directory");
    let home = place.path().join("home");
    for directory in [&home, &home.join("shared"), &place.path().join("other")] {
        fs::create_dir(directory).expect("mkdir");
        mode(directory, 0o755);
    }
    (place, home)
}

#[test]
fn follows_own_links_and_ends_at_a_loop() {
    let (_place, home) = place();
    symlink("shared", home.join("log")).expect("symlink");
    symlink("../home/./log", home.join("again")).expect("symlink");
    symlink("loop", home.join("loop")).expect("symlink");
    for name in ["shared", "log", "again"] {
        assert!(
            open_directory_safely(&c(&home.join(name))).is_ok(),
            "{name}"
        );
    }
    let failed = |name: &str| open_directory_safely(&c(&home.join(name))).expect_err(name);
    assert_eq!(failed("loop"), PathError::System(Errno::ELOOP));
    assert_eq!(failed("none"), PathError::System(Errno::ENOENT));
    fs::write(home.join("file"), "").expect("write");
    assert_eq!(failed("file"), PathError::System(Errno::ENOTDIR));
    assert_eq!(failed("file/x"), PathError::System(Errno::ENOTDIR));
}

#[test]
fn follows_another_users_link_only_to_a_directory_of_that_user() {
    if !geteuid().is_root() {
        return;
    }
    let (place, home) = place();
    let link = home.join("log");
    for (target, home_is_his, link_is_his, target_is_his, followed) in [
        ("shared", true, true, true, true),
        ("shared", false, true, true, true),
        // Only root can have made it.
        ("../other", false, false, false, true),
        ("../other", true, true, false, false),
        ("../other", false, true, false, false),
        // Root's link, which the owner of the directory may have moved here.
        ("../other", true, false, false, false),
        ("/etc", true, true, false, false),
    ] {
        let owner = |his: bool| if his { NOBODY } else { 0 };
        chown(&home, Some(owner(home_is_his)), None).expect("chown");
        symlink(target, &link).expect("symlink");
        lchown(&link, Some(owner(link_is_his)), None).expect("lchown");
        chown(home.join("shared"), Some(owner(target_is_his)), None).expect("chown");
        let found = open_directory_safely(&c(&link)).map(drop);
        let refused = Err(PathError::Link(c(&link)));
        let expected = if followed { Ok(()) } else { refused };
        let shown = format!("{target} {home_is_his} {link_is_his} {target_is_his}");
        assert_eq!(found, expected, "{shown}");
        fs::remove_file(&link).expect("unlink");
    }
    drop(place);
}

#[test]
fn opens_a_file_only_if_no_other_user_may_write_it_or_its_directories() {
    let (_place, home) = place();
    let file = home.join("shared/settings");
    fs::write(&file, "").expect("write");
    let shared = home.join("shared");
    let others = |path: &Path| Err(PathError::Writable(c(path)));
    for (home_mode, shared_mode, file_mode, expected) in [
        (0o755, 0o755, 0o644, Ok(())),
        (0o755, 0o1777, 0o600, Ok(())),
        (0o755, 0o755, 0o646, others(&file)),
        (0o755, 0o755, 0o1646, others(&file)),
        (0o755, 0o757, 0o644, others(&shared)),
        (0o757, 0o755, 0o644, others(&home)),
    ] {
        mode(&home, home_mode);
        mode(&shared, shared_mode);
        mode(&file, file_mode);
        let shown = format!("{home_mode:o} {shared_mode:o} {file_mode:o}");
        assert_eq!(open_file_safely(&c(&file)).map(drop), expected, "{shown}");
    }
    mode(&home, 0o755);
    mode(&file, 0o644);
    let fifo = home.join("shared/fifo");
    crate::unix::fifo::make(&c(&fifo)).expect("mkfifo");
    for other in [&fifo, &shared] {
        assert_eq!(
            open_file_safely(&c(other)).expect_err("no file"),
            PathError::NotAFile
        );
    }
}
