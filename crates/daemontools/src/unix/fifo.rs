//! FIFOs of a service directory: how supervise keeps one, how a client opens it.

use core::ffi::CStr;
use std::os::fd::OwnedFd;

use nix::fcntl::OFlag;
use nix::sys::stat::Mode;

use super::file::{self, Kind};
use crate::{Errno, Result};

/// Makes a FIFO 0600.
///
/// # Errors
/// What `mkfifo(2)` says; EEXIST for a name that exists.
pub fn make(path: &CStr) -> Result<()> {
    nix::unistd::mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR)
}

/// Opens the writing end; ENXIO where nobody reads.
///
/// # Errors
/// What `open(2)` says; EINVAL for what is no FIFO.
pub fn open_write(path: &CStr) -> Result<OwnedFd> {
    open(path, OFlag::O_WRONLY)
}

/// Opens the writing end as [`open_write`] does, and only if the name itself is the
/// FIFO: a link in its place is not followed.
///
/// # Errors
/// What `open(2)` says; EINVAL for what is no FIFO, and for a link to anything.
pub fn open_write_nofollow(path: &CStr) -> Result<OwnedFd> {
    match open(path, OFlag::O_WRONLY | OFlag::O_NOFOLLOW) {
        // A link: if it leads nowhere, that is what there is to say.
        Err(Errno::ELOOP) => file::stat(path).and(Err(Errno::EINVAL)),
        result => result,
    }
}

fn open(path: &CStr, access: OFlag) -> Result<OwnedFd> {
    let flags = access | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let fd = nix::fcntl::open(path, flags, Mode::empty())?;
    match file::fstat(&fd)?.kind {
        Kind::Fifo => Ok(fd),
        _ => Err(Errno::EINVAL),
    }
}
