//! Locks of `flock(2)`, which last until the last copy of the descriptor is closed.

use std::os::fd::{AsFd, AsRawFd};

use crate::{Errno, Result};

/// Takes the exclusive lock of an open file without waiting for it.
///
/// # Errors
/// EWOULDBLOCK if another process holds it, and those of `flock(2)`.
pub fn try_exclusive(fd: impl AsFd) -> Result<()> {
    flock(fd, libc::LOCK_EX | libc::LOCK_NB)
}

/// Waits for the exclusive lock of an open file and takes it.
///
/// # Errors
/// Those of `flock(2)`.
pub fn exclusive(fd: impl AsFd) -> Result<()> {
    flock(fd, libc::LOCK_EX)
}

fn flock(fd: impl AsFd, operation: libc::c_int) -> Result<()> {
    // The wrapper in nix unlocks when its value is dropped. Ours lasts until the process
    // ends, and a program that setlock execs inherits it.
    // SAFETY: flock takes two integers and touches no memory.
    Errno::result(unsafe { libc::flock(fd.as_fd().as_raw_fd(), operation) }).map(drop)
}
