//! Names of files: making, changing and removing them, symbolic links, and the working
//! directory.

use core::ffi::CStr;
use std::ffi::{CString, OsStr};
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use nix::fcntl::AtFlags;
use nix::sys::stat::Mode;
use nix::unistd::UnlinkatFlags;

use crate::{Errno, Result};

/// Removes a name.
///
/// # Errors
/// Those of `unlink(2)`.
pub fn unlink(path: &CStr) -> Result<()> {
    nix::unistd::unlinkat(nix::fcntl::AT_FDCWD, path, UnlinkatFlags::NoRemoveDir)
}

/// Removes a name in an open directory.
///
/// # Errors
/// Those of `unlinkat(2)`.
pub fn unlink_in(directory: impl AsFd, name: &CStr) -> Result<()> {
    nix::unistd::unlinkat(directory, name, UnlinkatFlags::NoRemoveDir)
}

/// Renames a file within an open directory, and replaces the file of the new name.
///
/// # Errors
/// Those of `renameat(2)`.
pub fn rename_in(directory: impl AsFd, from: &CStr, to: &CStr) -> Result<()> {
    nix::fcntl::renameat(&directory, from, &directory, to)
}

/// Renames a file, and replaces the file of the new name.
///
/// # Errors
/// Those of `rename(2)`.
pub fn rename(from: &CStr, to: &CStr) -> Result<()> {
    nix::fcntl::renameat(nix::fcntl::AT_FDCWD, from, nix::fcntl::AT_FDCWD, to)
}

/// Renames a file to a name that does not exist.
///
/// # Errors
/// Those of `renameat2(2)`: EEXIST if the name exists, EINVAL or ENOSYS if the file system
/// or the kernel can't do this atomically.
pub fn rename_new(from: &CStr, to: &CStr) -> Result<()> {
    // musl has no function for it.
    // SAFETY: the kernel reads two C strings and no other memory.
    let result = unsafe {
        libc::syscall(
            libc::SYS_renameat2,
            libc::AT_FDCWD,
            from.as_ptr(),
            libc::AT_FDCWD,
            to.as_ptr(),
            libc::RENAME_NOREPLACE,
        )
    };
    Errno::result(result).map(drop)
}

/// Gives a file a second name.
///
/// # Errors
/// Those of `link(2)`.
pub fn link(from: &CStr, to: &CStr) -> Result<()> {
    let here = nix::fcntl::AT_FDCWD;
    nix::unistd::linkat(here, from, here, to, AtFlags::empty())
}

/// Gives a file in an open directory a second name there, which must not exist.
///
/// # Errors
/// Those of `linkat(2)`.
pub fn link_in(directory: impl AsFd, from: &CStr, to: &CStr) -> Result<()> {
    nix::unistd::linkat(&directory, from, &directory, to, AtFlags::empty())
}

/// Removes an empty directory in an open directory.
///
/// # Errors
/// Those of `unlinkat(2)`.
pub fn rmdir_in(directory: impl AsFd, name: &CStr) -> Result<()> {
    nix::unistd::unlinkat(directory, name, UnlinkatFlags::RemoveDir)
}

/// Makes a directory in an open directory.
///
/// # Errors
/// Those of `mkdirat(2)`.
pub fn mkdir_in(directory: impl AsFd, name: &CStr, mode: u32) -> Result<()> {
    nix::sys::stat::mkdirat(directory, name, Mode::from_bits_truncate(mode))
}

/// The text of a symbolic link, of fewer than `buffer.len()` bytes.
///
/// # Errors
/// EINVAL if it is no link, ENAMETOOLONG if the text fills the buffer.
pub fn read_link<'a>(path: &CStr, buffer: &'a mut [u8]) -> Result<&'a [u8]> {
    // SAFETY: the kernel writes at most `buffer.len()` bytes into the buffer.
    let count = unsafe { libc::readlink(path.as_ptr(), buffer.as_mut_ptr().cast(), buffer.len()) };
    let count = usize::try_from(Errno::result(count)?).unwrap_or(0);
    if count >= buffer.len() {
        return Err(Errno::ENAMETOOLONG);
    }
    Ok(&buffer[..count])
}

/// Whether a name in an open directory is a symbolic link with exactly this text.
///
/// # Errors
/// Those of `readlinkat(2)`; EINVAL if it is no link.
pub fn is_link_to_in(directory: impl AsFd, name: &CStr, text: &CStr) -> Result<bool> {
    let found = nix::fcntl::readlinkat(directory, name)?;
    Ok(found.as_bytes() == text.to_bytes())
}

/// Makes a symbolic link in an open directory.
///
/// # Errors
/// Those of `symlinkat(2)`; EEXIST if the name exists.
pub fn symlink_in(text: &CStr, directory: impl AsFd, name: &CStr) -> Result<()> {
    nix::unistd::symlinkat(text, directory, name)
}

/// Makes a directory.
///
/// # Errors
/// Those of `mkdir(2)`.
pub fn mkdir(path: &CStr, mode: u32) -> Result<()> {
    nix::unistd::mkdir(path, Mode::from_bits_truncate(mode))
}

/// Makes a directory with a name that nobody can foresee, which begins with `prefix`, and
/// with the permission bits `mode`, whatever the umask is.
///
/// # Errors
/// Those of `mkdtemp(3)`, `open(2)` and `fchmod(2)`.
pub fn make_unique_directory(prefix: &[u8], mode: u32) -> Result<CString> {
    let template = [prefix, b"XXXXXX"].concat();
    let path = nix::unistd::mkdtemp(std::path::Path::new(OsStr::from_bytes(&template)))?;
    let path = CString::new(path.into_os_string().into_vec()).map_err(|_| Errno::EINVAL)?;
    super::set_mode(super::open_directory(&path)?, mode)?;
    Ok(path)
}

/// Removes an empty directory.
///
/// # Errors
/// Those of `rmdir(2)`.
pub fn rmdir(path: &CStr) -> Result<()> {
    rmdir_in(nix::fcntl::AT_FDCWD, path)
}

/// Makes `path` the working directory.
///
/// # Errors
/// Those of `chdir(2)`.
pub fn chdir(path: &CStr) -> Result<()> {
    nix::unistd::chdir(path)
}

/// Makes an open directory the working directory.
///
/// # Errors
/// Those of `fchdir(2)`.
pub fn fchdir(fd: impl AsFd) -> Result<()> {
    nix::unistd::fchdir(fd)
}
