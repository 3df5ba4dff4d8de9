//! Where a service really is that somebody names: in a container, svinit may look after a
//! mirror of directories that can't be written. Its working directory is that mirror, and a
//! link in it tells whose.

use core::ffi::CStr;
use std::ffi::{CString, OsStr};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::OK;
use super::ok::{self, Accept};
use crate::unix::file;
use crate::{Result, procfs};

/// The working directory of process 1.
const TREE: &str = "/proc/1/cwd";
/// The link in a mirror to the directory whose mirror it is.
pub const SOURCE: &CStr = c".services";

/// Makes a service directory the working directory: `name`, or what [`located`] gives.
///
/// # Errors
/// Those of `chdir(2)`.
pub fn enter(name: &CStr) -> Result<()> {
    match located(name) {
        Some(directory) => file::chdir(&directory),
        None => file::chdir(name),
    }
}

/// The directory that svinit, as process 1, looks after for `name`, if that is not itself
/// supervised: the mirror of the directory or, if there is none, the service of this name.
/// `None` where `name` is what it says, as always outside containers.
#[must_use]
pub fn located(name: &CStr) -> Option<CString> {
    let path = Path::new(OsStr::from_bytes(name.to_bytes()));
    if is_supervised(path) || procfs::has_name(1, b"svinit") != Ok(true) {
        return None;
    }
    let below = match path.canonicalize() {
        Ok(real) => real.strip_prefix(source()?).ok()?.to_owned(),
        Err(_) if path.is_relative() => path.to_owned(),
        Err(_) => return None,
    };
    let found = Path::new(TREE).join(below);
    let found = found.is_dir().then_some(found)?;
    CString::new(found.into_os_string().into_vec()).ok()
}

/// Whether a supervise runs in that very directory: an image may have an old `supervise/`.
fn is_supervised(path: &Path) -> bool {
    let path = path.join(OsStr::from_bytes(OK.to_bytes()));
    CString::new(path.into_os_string().into_vec())
        .is_ok_and(|path| ok::is_supervised(&path, Accept::Fifo) == Ok(true))
}

/// Whose mirror the working directory of process 1 is.
fn source() -> Option<PathBuf> {
    let link = Path::new(TREE).join(OsStr::from_bytes(SOURCE.to_bytes()));
    std::fs::read_link(link).ok()
}
