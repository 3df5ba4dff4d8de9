//! The FIFOs of a service directory: made by supervise, opened by its clients.

use core::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};

use nix::fcntl::OFlag;
use nix::sys::stat::Mode;

use super::file::{self, Kind};
use crate::{Errno, Result};

/// Makes a FIFO with mode 0600.
///
/// # Errors
/// Those of `mkfifo(2)`; EEXIST if the name exists.
pub fn make(path: &CStr) -> Result<()> {
    nix::unistd::mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR)
}

/// Makes a FIFO with mode 0600 in an open directory.
///
/// # Errors
/// Those of `mkfifoat(2)`; EEXIST if the name exists.
pub fn make_in(directory: impl AsFd, name: &CStr) -> Result<()> {
    nix::unistd::mkfifoat(directory, name, Mode::S_IRUSR | Mode::S_IWUSR)
}

/// Opens the writing end without waiting for a reader.
///
/// # Errors
/// ENXIO if there is no reader, EINVAL for anything but a FIFO, and those of `open(2)`.
pub fn open_write(path: &CStr) -> Result<OwnedFd> {
    open(path, OFlag::O_WRONLY)
}

/// Opens the writing end as [`open_write`] does, but follows no symbolic link at the end
/// of `path`.
///
/// # Errors
/// ENXIO if there is no reader, EINVAL for anything but a FIFO, also for a link to one,
/// and those of `open(2)`.
pub fn open_write_nofollow(path: &CStr) -> Result<OwnedFd> {
    match open(path, OFlag::O_WRONLY | OFlag::O_NOFOLLOW) {
        // A dangling link is reported as a name that does not exist.
        Err(Errno::ELOOP) => file::stat(path).and(Err(Errno::EINVAL)),
        result => result,
    }
}

fn open(path: &CStr, access: OFlag) -> Result<OwnedFd> {
    let flags = access | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC | OFlag::O_LARGEFILE;
    let fd = nix::fcntl::open(path, flags, Mode::empty())?;
    match file::fstat(&fd)?.kind {
        Kind::Fifo => Ok(fd),
        _ => Err(Errno::EINVAL),
    }
}

/// Whether a name in an open directory is a FIFO that a process reads. A link in its place
/// is not followed.
///
/// # Errors
/// ENOENT if there is no such name, and the others of `openat(2)`, but for ENXIO.
pub fn has_reader_in(directory: impl AsFd, name: &CStr) -> Result<bool> {
    let flags = OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    match nix::fcntl::openat(directory, name, flags, Mode::empty()) {
        Ok(fd) => Ok(file::fstat(fd)?.kind == Kind::Fifo),
        Err(Errno::ENXIO) => Ok(false),
        Err(error) => Err(error),
    }
}
