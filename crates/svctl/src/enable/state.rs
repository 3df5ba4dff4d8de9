//! `/etc` may be read-only, and is no place for what changes all the time: the `supervise/`
//! of a service directory there is a link, as `update-service` makes it.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::symlink;
use std::path::Path;

/// Where such directories are.
const STATE: &str = "/var/lib/supervise";

/// Makes `supervise` a link, unless it is one.
pub(super) fn elsewhere(directory: &Path, name: &OsStr) -> io::Result<()> {
    let link = directory.join("supervise");
    match fs::symlink_metadata(&link) {
        Ok(facts) if facts.is_symlink() => return Ok(()),
        Ok(facts) if facts.is_dir() => fs::remove_dir_all(&link)?,
        Ok(_) => fs::remove_file(&link)?,
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    fs::create_dir_all(STATE)?;
    symlink(Path::new(STATE).join(name), link)
}
