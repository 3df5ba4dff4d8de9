//! Opening files, one function for each purpose, so that no caller forgets a flag: none
//! waits for the other end of a FIFO, and all descriptors are close-on-exec but one.

use core::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};

use nix::fcntl::OFlag;
use nix::sys::stat::Mode;

use super::names::unlink;
use crate::{Errno, Result};

fn open(path: &CStr, flags: OFlag, mode: u32) -> Result<OwnedFd> {
    open_in(nix::fcntl::AT_FDCWD, path, flags, mode)
}

/// All files may be larger than 2 GiB, which `open(2)` refuses by default on platforms with
/// an `off_t` of 32 bits.
fn open_in(directory: impl AsFd, name: &CStr, flags: OFlag, mode: u32) -> Result<OwnedFd> {
    let flags = flags | OFlag::O_CLOEXEC | OFlag::O_LARGEFILE;
    nix::fcntl::openat(directory, name, flags, Mode::from_bits_truncate(mode))
}

/// Opens a file for reading, without waiting for a FIFO's writer.
///
/// # Errors
/// Those of `open(2)`.
pub fn open_read(path: &CStr) -> Result<OwnedFd> {
    open(path, OFlag::O_RDONLY | OFlag::O_NONBLOCK, 0)
}

/// Opens a file in an open directory for reading, without waiting for a FIFO's
/// writer. A link in its place is not followed.
///
/// # Errors
/// Those of `openat(2)`; ELOOP for a link.
pub fn open_read_in(directory: impl AsFd, name: &CStr) -> Result<OwnedFd> {
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW;
    open_in(directory, name, flags, 0)
}

/// Opens a directory in an open directory. A link in its place is not followed.
///
/// # Errors
/// Those of `openat(2)`; ENOTDIR for a link and anything else.
pub fn open_directory_in(directory: impl AsFd, name: &CStr) -> Result<OwnedFd> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW;
    open_in(directory, name, flags, 0)
}

/// Opens a name in an open directory, whatever is there, neither for reading nor for
/// writing: so nobody who waits for a FIFO's other end is woken. A link is not followed.
///
/// # Errors
/// Those of `openat(2)`.
pub fn open_path_in(directory: impl AsFd, name: &CStr) -> Result<OwnedFd> {
    let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW;
    open_in(directory, name, flags, 0)
}

/// Opens a file in an open directory for appending, and makes it with `mode` if it does
/// not exist. Neither a link in its place is followed nor a FIFO's reader waited for.
///
/// # Errors
/// Those of `openat(2)`; ELOOP for a link, ENXIO for a FIFO that nobody reads.
pub fn open_append_in(directory: impl AsFd, name: &CStr, mode: u32) -> Result<OwnedFd> {
    let flags = OFlag::O_WRONLY | OFlag::O_APPEND | OFlag::O_CREAT | OFlag::O_NOFOLLOW;
    let flags = flags | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    open_in(directory, name, flags, mode)
}

/// Opens a file for reading, without waiting for a FIFO's writer. A link in its place is
/// not followed.
///
/// # Errors
/// Those of `open(2)`; ELOOP for a link.
pub fn open_read_nofollow(path: &CStr) -> Result<OwnedFd> {
    open_read_in(nix::fcntl::AT_FDCWD, path)
}

/// Opens a file for writing as it is, without waiting for a FIFO's reader.
///
/// # Errors
/// Those of `open(2)`; ENXIO for a FIFO that nobody reads.
pub fn open_write(path: &CStr) -> Result<OwnedFd> {
    open(path, OFlag::O_WRONLY | OFlag::O_NONBLOCK, 0)
}

/// Opens /dev/null for reading and writing.
///
/// # Errors
/// Those of `open(2)`.
pub fn open_null() -> Result<OwnedFd> {
    open(c"/dev/null", OFlag::O_RDWR, 0)
}

/// Opens a directory.
///
/// # Errors
/// Those of `open(2)`; ENOTDIR for anything else.
pub fn open_directory(path: &CStr) -> Result<OwnedFd> {
    open(path, OFlag::O_RDONLY | OFlag::O_DIRECTORY, 0)
}

/// Opens a directory for which this process may have no right but to search it.
///
/// # Errors
/// Those of `open(2)`; ENOTDIR for anything else.
pub fn open_directory_path(path: &CStr) -> Result<OwnedFd> {
    open(path, OFlag::O_PATH | OFlag::O_DIRECTORY, 0)
}

/// Opens a file for appending, and makes it with `mode` if it does not exist.
///
/// # Errors
/// Those of `open(2)`.
pub fn open_append(path: &CStr, mode: u32) -> Result<OwnedFd> {
    let flags = OFlag::O_WRONLY | OFlag::O_APPEND | OFlag::O_CREAT;
    open(path, flags | OFlag::O_NONBLOCK, mode)
}

/// Opens a file for appending, and makes it with `mode` if it does not exist. A link in
/// its place is not followed.
///
/// # Errors
/// Those of `open(2)`; ELOOP for a link.
pub fn open_append_nofollow(path: &CStr, mode: u32) -> Result<OwnedFd> {
    let flags = OFlag::O_WRONLY | OFlag::O_APPEND | OFlag::O_CREAT;
    open(path, flags | OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW, mode)
}

/// Opens a file in an open directory for reading and writing, without waiting. A link in its place is not followed.
///
/// # Errors
/// Those of `openat(2)`; ELOOP for a link, EAGAIN if another process has a lease on it.
pub fn open_update_in(directory: impl AsFd, name: &CStr) -> Result<OwnedFd> {
    let flags = OFlag::O_RDWR | OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW;
    open_in(directory, name, flags, 0)
}

/// Makes a new file in an open directory, for reading and writing, with `mode`.
///
/// # Errors
/// Those of `openat(2)`; EEXIST if the name exists.
pub fn create_in(directory: impl AsFd, name: &CStr, mode: u32) -> Result<OwnedFd> {
    let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_EXCL;
    open_in(directory, name, flags, mode)
}

/// Opens an empty file for writing: a new one with `mode`, or an old one truncated.
///
/// # Errors
/// Those of `open(2)`.
pub fn open_truncate(path: &CStr, mode: u32) -> Result<OwnedFd> {
    let flags = OFlag::O_WRONLY | OFlag::O_TRUNC | OFlag::O_CREAT;
    open(path, flags | OFlag::O_NONBLOCK, mode)
}

/// As [`open_truncate`], but a link in its place is not followed.
///
/// # Errors
/// Those of `open(2)`; ELOOP for a link.
pub fn open_truncate_nofollow(path: &CStr, mode: u32) -> Result<OwnedFd> {
    let flags = OFlag::O_WRONLY | OFlag::O_TRUNC | OFlag::O_CREAT;
    open(path, flags | OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW, mode)
}

/// Opens a file for reading and writing as it is, without waiting for a FIFO's other
/// end. A link in its place is not followed.
///
/// # Errors
/// Those of `open(2)`; ELOOP for a link.
pub fn open_update_nofollow(path: &CStr) -> Result<OwnedFd> {
    open_update_in(nix::fcntl::AT_FDCWD, path)
}

/// Opens a file for appending, and makes it with mode 0600 if it does not exist. An
/// exec'ed program inherits this descriptor, and with it the lock.
///
/// # Errors
/// Those of `open(2)`.
pub fn open_lock_to_inherit(path: &CStr) -> Result<OwnedFd> {
    let flags = OFlag::O_WRONLY | OFlag::O_APPEND | OFlag::O_CREAT | OFlag::O_NONBLOCK;
    let flags = flags | OFlag::O_LARGEFILE;
    nix::fcntl::open(path, flags, Mode::S_IRUSR | Mode::S_IWUSR)
}

/// Makes a new file for writing with `mode`. A file or link of that name is removed
/// first, so that it is neither written nor followed.
///
/// # Errors
/// What `unlink(2)` (but for a name that does not exist) and `open(2)` say.
pub fn create_exclusive(path: &CStr, mode: u32) -> Result<OwnedFd> {
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL;
    match open(path, flags, mode) {
        Err(Errno::EEXIST) => {
            unlink(path)?;
            open(path, flags, mode)
        }
        result => result,
    }
}
