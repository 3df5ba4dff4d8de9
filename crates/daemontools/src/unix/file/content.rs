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

/// Gives `len` bytes of a file from `offset` on their place on the disk.
///
/// # Errors
/// What `fallocate(2)` says: EOPNOTSUPP where the file system cannot do that.
pub fn allocate(fd: impl AsFd, offset: i64, len: i64) -> Result<()> {
    nix::fcntl::fallocate(fd, FallocateFlags::empty(), offset, len)
}

/// Gives the place of `len` bytes from `offset` on back to the file system. They are zeros
/// then, and the file is as long as before.
///
/// # Errors
/// What `fallocate(2)` says: EOPNOTSUPP where the file system cannot do that.
pub fn punch_hole(fd: impl AsFd, offset: i64, len: i64) -> Result<()> {
    let flags = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
    nix::fcntl::fallocate(fd, flags, offset, len)
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
