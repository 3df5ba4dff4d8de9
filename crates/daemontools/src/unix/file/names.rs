//! What is done with names, whatever is behind them: given, changed and removed, made
//! the working directory, and followed where they are links.

use core::ffi::CStr;
use std::os::fd::AsFd;

use nix::fcntl::{AtFlags, RenameFlags};
use nix::sys::stat::Mode;
use nix::unistd::UnlinkatFlags;

use crate::{Errno, Result};

/// Removes a name.
///
/// # Errors
/// What `unlink(2)` says.
pub fn unlink(path: &CStr) -> Result<()> {
    nix::unistd::unlinkat(nix::fcntl::AT_FDCWD, path, UnlinkatFlags::NoRemoveDir)
}

/// Removes a name in an open directory.
///
/// # Errors
/// What `unlinkat(2)` says.
pub fn unlink_in(directory: impl AsFd, name: &CStr) -> Result<()> {
    nix::unistd::unlinkat(directory, name, UnlinkatFlags::NoRemoveDir)
}

/// Gives a file in an open directory another name there, over what has that name.
///
/// # Errors
/// What `renameat(2)` says.
pub fn rename_in(directory: impl AsFd, from: &CStr, to: &CStr) -> Result<()> {
    nix::fcntl::renameat(&directory, from, &directory, to)
}

/// Gives a file another name, over what has that name.
///
/// # Errors
/// What `rename(2)` says.
pub fn rename(from: &CStr, to: &CStr) -> Result<()> {
    nix::fcntl::renameat(nix::fcntl::AT_FDCWD, from, nix::fcntl::AT_FDCWD, to)
}

/// Gives a file another name, which nothing must have.
///
/// # Errors
/// What `renameat2(2)` says: EEXIST if something has the name, EINVAL or ENOSYS
/// where this cannot be done at once.
pub fn rename_new(from: &CStr, to: &CStr) -> Result<()> {
    let here = nix::fcntl::AT_FDCWD;
    nix::fcntl::renameat2(here, from, here, to, RenameFlags::RENAME_NOREPLACE)
}

/// Gives a file a second name.
///
/// # Errors
/// What `link(2)` says.
pub fn link(from: &CStr, to: &CStr) -> Result<()> {
    let here = nix::fcntl::AT_FDCWD;
    nix::unistd::linkat(here, from, here, to, AtFlags::empty())
}

/// Gives a file in an open directory a second name there, which nothing must have.
///
/// # Errors
/// What `linkat(2)` says.
pub fn link_in(directory: impl AsFd, from: &CStr, to: &CStr) -> Result<()> {
    nix::unistd::linkat(&directory, from, &directory, to, AtFlags::empty())
}

/// Removes an empty directory in an open directory.
///
/// # Errors
/// What `unlinkat(2)` says.
pub fn rmdir_in(directory: impl AsFd, name: &CStr) -> Result<()> {
    nix::unistd::unlinkat(directory, name, UnlinkatFlags::RemoveDir)
}

/// Makes a directory in an open directory.
///
/// # Errors
/// What `mkdirat(2)` says.
pub fn mkdir_in(directory: impl AsFd, name: &CStr, mode: u32) -> Result<()> {
    nix::sys::stat::mkdirat(directory, name, Mode::from_bits_truncate(mode))
}

/// Where a link leads, as text of fewer than `buffer.len()` bytes.
///
/// # Errors
/// EINVAL for what is no link; ENAMETOOLONG if the buffer is filled.
pub fn read_link<'a>(path: &CStr, buffer: &'a mut [u8]) -> Result<&'a [u8]> {
    // SAFETY: the kernel writes at most `buffer.len()` bytes into the buffer.
    let count = unsafe { libc::readlink(path.as_ptr(), buffer.as_mut_ptr().cast(), buffer.len()) };
    let count = usize::try_from(Errno::result(count)?).unwrap_or(0);
    if count >= buffer.len() {
        return Err(Errno::ENAMETOOLONG);
    }
    Ok(&buffer[..count])
}

/// Makes a directory.
///
/// # Errors
/// What `mkdir(2)` says.
pub fn mkdir(path: &CStr, mode: u32) -> Result<()> {
    nix::unistd::mkdir(path, Mode::from_bits_truncate(mode))
}

/// Makes `path` the working directory.
///
/// # Errors
/// What `chdir(2)` says.
pub fn chdir(path: &CStr) -> Result<()> {
    nix::unistd::chdir(path)
}

/// Makes an open directory the working directory.
///
/// # Errors
/// What `fchdir(2)` says.
pub fn fchdir(fd: impl AsFd) -> Result<()> {
    nix::unistd::fchdir(fd)
}
