//! The two locks that keep a second supervise away: `supervise/lock`, which belongs to the
//! contract, and the service directory itself, which stays locked if `supervise/` is
//! removed. Whoever may read the service directory can lock it, so there only the lock of
//! another supervise of ours counts.

use core::ffi::CStr;
use std::os::fd::OwnedFd;

use daemontools::procfs::{self, Holder};
use daemontools::servicedir::LOCK;
use daemontools::strerr::{Decimal, Fatal};
use daemontools::unix::{file, lock};
use daemontools::{Errno, Result};

use super::open_file::OpenFile;
use crate::reporter::REPORTER;

/// Opens and locks `supervise/lock`.
pub(super) fn take_lock() -> Result<OpenFile> {
    let fd = file::open_append_nofollow(LOCK, 0o600)?;
    lock::try_exclusive(&fd)?;
    OpenFile::new(fd)
}

/// How often a lock is tried whose holder cannot be seen: it may just have ended.
const TRIES: usize = 3;

/// Opens the service directory and locks it. `None` if the directory may not be read. A
/// stranger's lock is reported and does not count. A file system without locks for
/// directories is no failure.
///
/// # Errors
/// Another supervise has the lock, or it could not be tried.
pub(super) fn lock_service_directory(dir: &CStr) -> core::result::Result<Option<OwnedFd>, Fatal> {
    let here = match file::open_directory(c".") {
        Ok(here) => here,
        Err(Errno::EACCES) => return Ok(None),
        Err(error) => return Err(unable_to_lock(dir, error)),
    };
    if try_lock(&here).map_err(|error| unable_to_lock(dir, error))? || retry(&here, dir)? {
        return Ok(Some(here));
    }
    let (dir, lock) = (dir.to_bytes(), LOCK.to_bytes());
    let what: [&[u8]; 4] = [b"unable to acquire ", dir, b"/", lock];
    Err(REPORTER.fatal(&what, Errno::EWOULDBLOCK))
}

fn unable_to_lock(dir: &CStr, error: Errno) -> Fatal {
    REPORTER.fatal(&[b"unable to lock ", dir.to_bytes()], error)
}

/// Tries to lock a directory. False if another process has the lock.
fn try_lock(directory: &OwnedFd) -> Result<bool> {
    match lock::try_exclusive(directory) {
        Err(Errno::EWOULDBLOCK) => Ok(false),
        Err(error @ (Errno::ENOMEM | Errno::ENOLCK | Errno::EIO | Errno::EINTR)) => Err(error),
        Ok(()) | Err(_) => Ok(true),
    }
}

/// Tries again to lock a directory that is locked. False if another supervise of ours has
/// the lock, or a process that cannot be seen.
// Not inlined, since its buffers are large.
#[cold]
#[inline(never)]
fn retry(directory: &OwnedFd, dir: &CStr) -> core::result::Result<bool, Fatal> {
    let fatal = |error| unable_to_lock(dir, error);
    for _ in 0..TRIES {
        let identity = file::fstat(directory).map_err(fatal)?.identity;
        match procfs::flock_holder(identity).map_err(fatal)? {
            // Another supervise, which lost its `supervise/`.
            Holder::Ours => return Ok(false),
            Holder::Other(pid) => {
                let pid = Decimal::new(u64::from(pid));
                let what: [&[u8]; 4] = [
                    dir.to_bytes(),
                    b" is locked by process ",
                    pid.as_bytes(),
                    b", which is a stranger: going on without that lock",
                ];
                REPORTER.warning(&what, None);
                return Ok(true);
            }
            Holder::Unknown => {}
        }
        if try_lock(directory).map_err(fatal)? {
            return Ok(true);
        }
    }
    Ok(false)
}
