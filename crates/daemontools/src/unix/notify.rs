//! `F_NOTIFY`: a signal at a change in a directory.
//!
//! supervise uses it instead of inotify, of which a user may have 128 instances: every
//! supervise would need one. `F_NOTIFY` needs no instance and no descriptor but that of
//! the directory.

use std::os::fd::{AsFd, AsRawFd};

// The libc crate has none of these but F_NOTIFY.
use linux_raw_sys::general::{DN_CREATE, DN_DELETE, DN_RENAME, F_SETSIG};

use crate::unix::signal::Signal;
use crate::{Errno, Result};

/// Kinds of changes in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    /// None.
    None,
    /// A name was made or removed.
    Names,
    /// A name was removed or renamed.
    Departures,
}

/// Sets the signal that notices about an open directory arrive as.
pub fn prepare(directory: impl AsFd, signal: Signal) {
    let fd = directory.as_fd().as_raw_fd();
    // SAFETY: fcntl with integers touches no memory.
    unsafe { libc::fcntl(fd, F_SETSIG.cast_signed(), signal as libc::c_int) };
}

/// Asks for one notice at the next of `changes` in an open directory.
///
/// # Errors
/// Those of `fcntl(2)`: EINVAL if the kernel does not have it.
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
