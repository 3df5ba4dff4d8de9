//! Where the mirror is: a directory of our own, which no other user may write, with a lock
//! against a second svinit on the same place.

use core::ffi::CStr;
use core::time::Duration;
use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;

use daemontools::strerr::{Decimal, Fatal};
use daemontools::unix::clock::Monotonic;
use daemontools::unix::file::{self, Kind};
use daemontools::unix::{lock, poll};
use daemontools::{Errno, Result};

use super::paths::joined;
use crate::reporter::REPORTER;

/// The mirror's name in the directory for state.
const NAME: &CStr = c"svinit";
/// Locked while svinit runs.
const LOCK: &CStr = c".lock";
/// How long a lock is waited for: a child of an svinit that was just killed has it until it
/// execs.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(10);

/// The directory of the mirror.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) root: OwnedFd,
    /// Keeps the lock.
    _lock: OwnedFd,
}

/// Opens the mirror's directory below `state`, or else below the first of /run, `$TMPDIR`
/// and /tmp that can be written, and locks it. `None` if none of them can be.
///
/// # Errors
/// `state` cannot be used, or what has the mirror's name there is not ours; it has been said.
pub(super) fn open(state: Option<&CStr>) -> core::result::Result<Option<Place>, Fatal> {
    if let Some(state) = state {
        return open_in(state).and_then(|found| match found {
            Ok(place) => Ok(Some(place)),
            Err(error) => {
                Err(REPORTER.fatal(&[b"unable to use --state=", state.to_bytes()], error))
            }
        });
    }
    let temporary = std::env::var_os("TMPDIR")
        .and_then(|path| CString::new(path.into_vec()).ok())
        .filter(|path| path.to_bytes().starts_with(b"/"));
    let candidates = [Some(c"/run"), temporary.as_deref(), Some(c"/tmp")];
    for base in candidates.into_iter().flatten() {
        if let Ok(place) = open_in(base)? {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

/// Opens the mirror's directory in `base`. The inner error tells that there is none and none
/// can be made.
fn open_in(base: &CStr) -> core::result::Result<Result<Place>, Fatal> {
    let path = joined(base, NAME).unwrap_or_default();
    let path = path.as_c_str().to_bytes();
    let directory = match file::open_directory_safely(base) {
        Ok(directory) => directory,
        Err(file::PathError::System(error)) => return Ok(Err(error)),
        Err(error) => return Err(REPORTER.fatal(&[error.to_string().as_bytes()], None)),
    };
    let made = match file::lstat_in(&directory, NAME) {
        Err(Errno::ENOENT) => match file::mkdir_in(&directory, NAME, 0o700) {
            Err(error) if error != Errno::EEXIST => return Ok(Err(error)),
            result => result.is_ok(),
        },
        Err(error) => return Ok(Err(error)),
        Ok(_) => false,
    };
    let facts = file::lstat_in(&directory, NAME)
        .map_err(|error| REPORTER.fatal(&[b"unable to stat ", path], error))?;
    if facts.kind != Kind::Directory {
        let what: [&[u8]; 2] = [
            path,
            b" is no directory: remove it, or give another --state",
        ];
        return Err(REPORTER.fatal(&what, None));
    }
    if !facts.is_ours() {
        // A directory for everybody is no place where a name says who may use it.
        let owner = Decimal::new(u64::from(facts.owner));
        let what: [&[u8]; 4] = [
            path,
            b" belongs to user ",
            owner.as_bytes(),
            b", not to us: remove it, or give another --state",
        ];
        return Err(REPORTER.fatal(&what, None));
    }
    if !facts.is_ours_alone() {
        let what: [&[u8]; 2] = [path, b" can be written by other users: chmod 700"];
        return Err(REPORTER.fatal(&what, None));
    }
    let root = file::open_directory_in(&directory, NAME)
        .map_err(|error| REPORTER.fatal(&[b"unable to open ", path], error))?;
    if !file::fstat(&root).is_ok_and(|facts| facts.is_ours_alone()) {
        return Err(REPORTER.fatal(&[path, b" was replaced meanwhile"], None));
    }
    if made {
        // Whatever the umask is.
        let _ = file::set_mode(&root, 0o700);
    }
    match take_lock(&root) {
        Ok(lock) => Ok(Ok(Place { root, _lock: lock })),
        Err(Errno::EWOULDBLOCK) => {
            let what: [&[u8]; 2] = [b"another svinit uses ", path];
            Err(REPORTER.fatal(&[what[0], what[1], b": give each its own --state"], None))
        }
        // It was ours in a file system that is read-only now.
        Err(error) => Ok(Err(error)),
    }
}

fn take_lock(root: &OwnedFd) -> Result<OwnedFd> {
    let file = file::open_append_in(root, LOCK, 0o600)?;
    let by = Monotonic::now() + PATIENCE;
    loop {
        match lock::try_exclusive(&file) {
            Ok(()) => return Ok(file),
            Err(Errno::EWOULDBLOCK) if Monotonic::now() < by => {
                poll::pause_until(Monotonic::now() + PAUSE);
            }
            Err(error) => return Err(error),
        }
    }
}
