//! The folders of version managers, such as rbenv and rvm, which a login has in its PATH and
//! a service has not.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Folders of the programs of a version manager, below a home or the root. `*` is one
/// folder of any name.
const MANAGED: [&str; 9] = [
    ".rbenv/shims",
    ".rvm/wrappers/default",
    ".rvm/wrappers/*",
    ".asdf/shims",
    ".local/share/mise/shims",
    "usr/local/rbenv/shims",
    "usr/local/rvm/wrappers/default",
    "usr/local/rvm/wrappers/*",
    "usr/share/rvm/wrappers/default",
];

/// The folder of a version manager that has a program: of one of these homes, or of the
/// whole system.
pub(super) fn folder_of(name: &str, homes: &[PathBuf]) -> Option<PathBuf> {
    let homes = homes.iter().map(PathBuf::as_path);
    let places = homes.chain([Path::new("/")]);
    places
        .flat_map(|place| MANAGED.iter().flat_map(|folder| folders(place, folder)))
        .find(|folder| is_program(&folder.join(name)))
}

/// The folders that a pattern of [`MANAGED`] means.
fn folders(place: &Path, pattern: &str) -> Vec<PathBuf> {
    let Some(parent) = pattern.strip_suffix("/*") else {
        return vec![place.join(pattern)];
    };
    let entries = fs::read_dir(place.join(parent)).into_iter().flatten();
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    folders.sort();
    folders
}

fn is_program(file: &Path) -> bool {
    let metadata = fs::metadata(file);
    metadata.is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}
