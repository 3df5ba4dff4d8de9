//! The two locks that keep a second supervise away: `supervise/lock`, as the contract has
//! it, and the service directory itself, which stays locked when `supervise/` is removed.
//! Whoever may read that directory can lock it, so there only a lock of ours counts.

use core::ffi::CStr;
use std::os::fd::OwnedFd;

use daemontools::procfs::{self, Holder};
use daemontools::servicedir::LOCK;
use daemontools::strerr::{Decimal, Fatal};
use daemontools::unix::{file, lock};
use daemontools::{Errno, Result};

use super::held::Held;
use crate::ME;

/// Opens and locks `supervise/lock`.
pub(super) fn take_lock() -> Result<Held> {
    let fd = file::open_append_nofollow(LOCK, 0o600)?;
    lock::try_exclusive(&fd)?;
    Held::new(fd)
}

/// How often a lock is tried whose holder can't be seen: it may just have ended.
const TRIES: usize = 3;

/// Opens the service directory and locks it. A stranger's lock is said and passed over;
/// so is a file system that has no locks for directories, and a directory that may not
/// be read.
pub(super) fn lock_here(dir: &CStr) -> core::result::Result<Option<OwnedFd>, Fatal> {
    let fatal = |error| ME.fatal(&[b"unable to lock ", dir.to_bytes()], error);
    let here = match file::open_directory(c".") {
        Ok(here) => here,
        Err(Errno::EACCES) => return Ok(None),
        Err(error) => return Err(fatal(error)),
    };
    for _ in 0..TRIES {
        match lock::try_exclusive(&here) {
            Err(Errno::EWOULDBLOCK) => {}
            Err(error @ (Errno::ENOMEM | Errno::ENOLCK | Errno::EIO | Errno::EINTR)) => {
                return Err(fatal(error));
            }
            Ok(()) | Err(_) => return Ok(Some(here)),
        }
        let identity = file::fstat(&here).map_err(fatal)?.identity;
        match procfs::flock_holder(identity).map_err(fatal)? {
            // Another supervise, which has lost its `supervise/`.
            Holder::Ours => break,
            Holder::Other(pid) => {
                let pid = Decimal::new(u64::from(pid));
                let what: [&[u8]; 4] = [
                    dir.to_bytes(),
                    b" is locked by process ",
                    pid.as_bytes(),
                    b", which is a stranger: going on without that lock",
                ];
                ME.warning(&what, None);
                return Ok(Some(here));
            }
            Holder::Unknown => {}
        }
    }
    let file: [&[u8]; 3] = [dir.to_bytes(), b"/", LOCK.to_bytes()];
    let what: [&[u8]; 4] = [b"unable to acquire ", file[0], file[1], file[2]];
    Err(ME.fatal(&what, Errno::EWOULDBLOCK))
}
