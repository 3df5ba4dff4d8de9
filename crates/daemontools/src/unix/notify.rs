//! Being told of changes in a directory.
//!
//! Two ways, for two needs. svscan is alone and has one inotify instance. Every
//! supervise would need one of its own, of which a user may have 128 in all; so
//! supervise asks for the kernel's older notice (`F_NOTIFY`), which costs neither
//! an instance nor a descriptor beyond the directory's own, and comes as a signal.

use std::os::fd::{AsFd, AsRawFd};

// The libc crate has F_NOTIFY only.
use linux_raw_sys::general::{DN_CREATE, DN_DELETE, DN_RENAME, F_SETSIG};

use crate::unix::signal::Signal;
use crate::{Errno, Result};

/// Which changes in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    /// None any more.
    None,
    /// Names that appear or go, by whatever means.
    Names,
    /// Names that go or become others.
    Departures,
}

/// Makes `signal` the one that notices of changes in an open directory come as.
pub fn prepare(directory: impl AsFd, signal: Signal) {
    let fd = directory.as_fd().as_raw_fd();
    // SAFETY: fcntl with integers touches no memory.
    unsafe { libc::fcntl(fd, F_SETSIG.cast_signed(), signal as libc::c_int) };
}

/// Asks for one notice, at the next of `changes` in an open directory.
///
/// # Errors
/// What `fcntl(2)` says: EINVAL where the kernel has no such notice.
pub fn once(directory: impl AsFd, changes: Changes) -> Result<()> {
    let fd = directory.as_fd().as_raw_fd();
    let changes = match changes {
        Changes::None => 0,
        Changes::Names => DN_CREATE | DN_DELETE,
        Changes::Departures => DN_DELETE | DN_RENAME,
    };
    // SAFETY: fcntl with integers touches no memory.
    Errno::result(unsafe { libc::fcntl(fd, libc::F_NOTIFY, changes) }).map(drop)
}
