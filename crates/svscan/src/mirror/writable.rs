//! Whether supervises can make `supervise/` in the service directories themselves.

use core::ffi::CStr;

use daemontools::servicedir::SUPERVISE;
use daemontools::unix::dir::{Dir, Hint};
use daemontools::unix::file::{self, Kind};
use daemontools::{Errno, Result};

use super::paths::{LongPath, joined};

/// Why no supervise can work in one of the directories.
#[derive(Debug)]
pub(super) struct Refused {
    /// The service directory, relative to the scan directory.
    pub(super) directory: LongPath,
    pub(super) error: Errno,
}

/// Looks at every service of the working directory and its logger. Gives the first directory
/// in which no supervise can work. Nothing is changed there.
///
/// # Errors
/// Those of reading the directory.
pub(super) fn first_refused() -> Result<Option<Refused>> {
    let mut refused = None;
    let mut is_empty = true;
    let mut look = |directory: &CStr| {
        let is_directory = file::stat(directory).is_ok_and(|facts| facts.kind == Kind::Directory);
        is_empty &= !is_directory;
        if is_directory
            && refused.is_none()
            && let Err(error) = may_supervise(directory)
        {
            let directory = LongPath::new(&[directory.to_bytes()]).unwrap_or_default();
            refused = Some(Refused { directory, error });
        }
    };
    Dir::open(c".")?.each(|name, hint| {
        if hint != Hint::Other && name.to_bytes().first() != Some(&b'.') {
            look(name);
            if let Ok(log) = joined(name, c"log") {
                look(log.as_c_str());
            }
        }
    })?;
    if is_empty && let Err(error) = file::may_change(c".") {
        // Services that appear later will not be writable either.
        let directory = LongPath::new(&[b"."]).unwrap_or_default();
        refused = Some(Refused { directory, error });
    }
    Ok(refused)
}

/// Whether a supervise can make and change its files in a service directory.
fn may_supervise(directory: &CStr) -> Result<()> {
    let supervise = joined(directory, SUPERVISE)?;
    let supervise = supervise.as_c_str();
    match (file::stat(supervise), file::lstat(supervise)) {
        (Ok(_), _) => file::may_change(supervise),
        // supervise makes the directory that a link of this name leads to.
        (Err(Errno::ENOENT), Ok(_)) => file::may_change(parent_of_target(supervise)?.as_c_str()),
        (Err(Errno::ENOENT), Err(Errno::ENOENT)) => file::may_change(directory),
        (Err(error), _) => Err(error),
    }
}

/// The directory in which the target of a link would be. supervise works in the service
/// directory, which a relative target begins at.
fn parent_of_target(link: &CStr) -> Result<LongPath> {
    let mut buffer = [0; 256];
    let target = file::read_link(link, &mut buffer)?;
    let directory = link.to_bytes().strip_suffix(SUPERVISE.to_bytes());
    let beginning: &[u8] = match target.first() {
        Some(b'/') => b"",
        _ => directory.unwrap_or_default(),
    };
    let whole = LongPath::new(&[beginning, target])?;
    let bytes = whole.as_c_str().to_bytes();
    match bytes.iter().rposition(|&byte| byte == b'/') {
        Some(0) => LongPath::new(&[b"/"]),
        Some(end) => LongPath::new(&[&bytes[..end]]),
        None => LongPath::new(&[b"."]),
    }
}
