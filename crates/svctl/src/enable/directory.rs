//! Which name and which directory are meant.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::refused::{Refused, Result, shown};
use crate::service::path_of;
use crate::tree::Tree;

/// Where most people have services that are not enabled.
const USUAL: &str = "/etc/sv";

/// The name in the tree, and the directory if there is one in the words. A path alone is a
/// directory, whose last part is the name.
pub(super) fn split(name: &OsStr, directory: Option<&Path>) -> Result<(OsString, Option<PathBuf>)> {
    let path = Path::new(name);
    let is_path = name.as_bytes().contains(&b'/');
    let (name, directory) = match directory {
        None if is_path => (path.file_name().unwrap_or_default(), Some(path)),
        directory => (name, directory),
    };
    let bytes = name.as_bytes();
    if bytes.is_empty() || bytes.contains(&b'/') || bytes.starts_with(b".") {
        return Err(Refused::wrong(format!(
            "{} is no name of a service: it must not be empty, have a slash in it, or begin with a dot",
            shown(Path::new(name))
        )));
    }
    let absolute = |path: &Path| {
        let path = path.components().as_path();
        std::path::absolute(path).map_err(|error| Refused::system("find", path, &error))
    };
    Ok((name.to_owned(), directory.map(absolute).transpose()?))
}

/// The directory of a service that is not enabled: moved aside in the tree, beside the
/// directories of other services, or in `/etc/sv`.
pub(super) fn find(tree: &Tree, name: &OsStr) -> Result<PathBuf> {
    let name = name.as_bytes();
    let aside = [b".", name].concat();
    let all = tree
        .all()
        .map_err(|error| Refused::system("read", tree.directory(), &error))?;
    let mut found = all.into_iter().filter(|service| {
        let last = service.directory.file_name().map(OsStr::as_bytes);
        !service.enabled && !service.is_logger() && (last == Some(name) || last == Some(&aside[..]))
    });
    let usual = || Some(Path::new(USUAL).join(path_of(name))).filter(|path| path.is_dir());
    let found = found.next().map(|service| service.directory).or_else(usual);
    found.map_or_else(
        || {
            let name = shown(path_of(name));
            let text = format!("where is {name}? svctl enable {name} DIRECTORY");
            Err(Refused::wrong(text))
        },
        |path| std::path::absolute(&path).map_err(|error| Refused::system("find", &path, &error)),
    )
}
