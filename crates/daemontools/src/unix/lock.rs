//! `flock`: a lock that ends with the last copy of the descriptor.

use std::os::fd::{AsFd, AsRawFd};

use crate::{Errno, Result};

/// Takes the exclusive lock of an open file without waiting for it.
///
/// # Errors
/// EWOULDBLOCK where another holds it; else what `flock(2)` says.
pub fn try_exclusive(fd: impl AsFd) -> Result<()> {
    flock(fd, libc::LOCK_EX | libc::LOCK_NB)
}

/// Takes the exclusive lock of an open file and waits for it.
///
/// # Errors
/// What `flock(2)` says.
pub fn exclusive(fd: impl AsFd) -> Result<()> {
    flock(fd, libc::LOCK_EX)
}

fn flock(fd: impl AsFd, operation: libc::c_int) -> Result<()> {
    // nix ties the lock to the descriptor's owner; ours ends with the process, and
    // a chain loader hands it on.
    // SAFETY: flock takes two integers and touches no memory.
    Errno::result(unsafe { libc::flock(fd.as_fd().as_raw_fd(), operation) }).map(drop)
}
