//! What is done with the bytes of a file: read and written in places, given their room
//! on the disk, made safe there.

use core::ffi::CStr;
use std::os::fd::AsFd;

use nix::fcntl::FallocateFlags;

use super::open::open_read;
use crate::{Errno, Result};

/// Reads the beginning of a file, as much as the buffer holds.
///
/// # Errors
/// [`ReadError`] says whether it could not be opened or could not be read.
pub fn read_start<'a>(
    path: &CStr,
    buffer: &'a mut [u8],
) -> core::result::Result<&'a [u8], ReadError> {
    let fd = open_read(path).map_err(ReadError::Open)?;
    loop {
        match nix::unistd::read(&fd, buffer) {
            Ok(count) => return Ok(&buffer[..count]),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(ReadError::Read(error)),
        }
    }
}

/// Where [`read_start`] failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// The file could not be opened.
    Open(Errno),
    /// It was opened and could not be read.
    Read(Errno),
}

/// Reads at an offset, leaving the file's own offset alone.
///
/// # Errors
/// What `pread(2)` says.
pub fn read_at(fd: impl AsFd, buffer: &mut [u8], offset: i64) -> Result<usize> {
    nix::sys::uio::pread(fd, buffer, offset)
}

/// Writes at an offset, leaving the file's own offset alone.
///
/// # Errors
/// What `pwrite(2)` says.
pub fn write_at(fd: impl AsFd, bytes: &[u8], offset: i64) -> Result<usize> {
    nix::sys::uio::pwrite(fd, bytes, offset)
}

/// Moves a file's offset to its start.
///
/// # Errors
/// What `lseek(2)` says.
pub fn rewind(fd: impl AsFd) -> Result<()> {
    nix::unistd::lseek(fd, 0, nix::unistd::Whence::SeekSet).map(drop)
}

/// A file's offset: after something was appended, where that ended.
///
/// # Errors
/// What `lseek(2)` says.
pub fn offset(fd: impl AsFd) -> Result<u64> {
    nix::unistd::lseek(fd, 0, nix::unistd::Whence::SeekCur).map(i64::cast_unsigned)
}

/// Makes a file `len` bytes long, every one of them with its place on the disk.
///
/// # Errors
/// What `ftruncate(2)` and `fallocate(2)` say.
pub fn allocate(fd: impl AsFd, len: i64) -> Result<()> {
    truncate(&fd, len)?;
    nix::fcntl::fallocate(fd, FallocateFlags::empty(), 0, len)
}

/// Cuts or extends a file to `len` bytes.
///
/// # Errors
/// What `ftruncate(2)` says.
pub fn truncate(fd: impl AsFd, len: i64) -> Result<()> {
    nix::unistd::ftruncate(fd, len)
}

/// Makes an open file safe on the disk.
///
/// # Errors
/// What `fsync(2)` says.
pub fn sync(fd: impl AsFd) -> Result<()> {
    nix::unistd::fsync(fd)
}
