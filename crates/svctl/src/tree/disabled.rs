//! Services that are there and not enabled: names in the tree that begin with a dot, and
//! directories with a `run` beside those that the tree's links lead to.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::service::Service;

/// Those of the tree in `directory`, whose services are `enabled`, sorted by name.
pub(super) fn services(directory: &Path, enabled: &[Service]) -> Vec<Service> {
    let targets: BTreeSet<PathBuf> = enabled.iter().filter_map(target).collect();
    let mut found: Vec<Service> = entries(directory)
        .filter(|path| file_name(path).starts_with(b"."))
        .map(|path| disabled(file_name(&path).to_vec(), path))
        .collect();
    let tree = std::fs::canonicalize(directory).ok();
    let parents: BTreeSet<&Path> = targets.iter().filter_map(|path| path.parent()).collect();
    for parent in parents {
        if tree.as_deref() == Some(parent) {
            continue;
        }
        let others = entries(parent).filter(|path| !targets.contains(path));
        let others = others.filter(|path| !file_name(path).starts_with(b"."));
        found.extend(others.map(|path| disabled(file_name(&path).to_vec(), path)));
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    // Of several with one name, that of the tree, or else the first, has it.
    let mut taken: BTreeSet<Vec<u8>> = enabled.iter().map(|service| service.name.clone()).collect();
    for service in &mut found {
        if !taken.insert(service.name.clone()) {
            service.name = service.directory.as_os_str().as_bytes().to_vec();
        }
    }
    found
}

/// Where the link of a service leads; `None` for a directory of its own.
fn target(service: &Service) -> Option<PathBuf> {
    std::fs::read_link(&service.directory).ok()?;
    std::fs::canonicalize(&service.directory).ok()
}

/// The directories with a `run` in a directory.
fn entries(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths.filter(|path| path.join("run").is_file())
}

fn file_name(path: &Path) -> &[u8] {
    path.file_name().map_or(b"", OsStr::as_bytes)
}

fn disabled(name: Vec<u8>, directory: PathBuf) -> Service {
    Service {
        name,
        directory,
        enabled: false,
    }
}
