//! Reading and writing the bytes of a file, and their place on the disk.

use core::ffi::CStr;
use std::os::fd::AsFd;

use nix::fcntl::FallocateFlags;

use super::open::open_read;
use crate::{Errno, Result};

/// Reads the beginning of a file with one `read(2)`, as much as the buffer holds.
///
/// # Errors
/// [`ReadError`] tells a file that could not be opened from one that could not be read.
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
    /// It was opened but could not be read.
    Read(Errno),
}

/// Reads at an offset. The file offset does not change.
///
/// # Errors
/// Those of `pread(2)`.
pub fn read_at(fd: impl AsFd, buffer: &mut [u8], offset: i64) -> Result<usize> {
    nix::sys::uio::pread(fd, buffer, offset)
}

/// Writes at an offset. The file offset does not change.
///
/// # Errors
/// Those of `pwrite(2)`.
pub fn write_at(fd: impl AsFd, bytes: &[u8], offset: i64) -> Result<usize> {
    nix::sys::uio::pwrite(fd, bytes, offset)
}

/// Sets the file offset to 0.
///
/// # Errors
/// Those of `lseek(2)`.
pub fn rewind(fd: impl AsFd) -> Result<()> {
    nix::unistd::lseek(fd, 0, nix::unistd::Whence::SeekSet).map(drop)
}

/// The file offset. After an append it is the end of the appended bytes.
///
/// # Errors
/// Those of `lseek(2)`.
pub fn offset(fd: impl AsFd) -> Result<u64> {
    nix::unistd::lseek(fd, 0, nix::unistd::Whence::SeekCur).map(i64::cast_unsigned)
}

/// Reserves disk space for `len` bytes of a file from `offset` on.
///
/// # Errors
/// Those of `fallocate(2)`: EOPNOTSUPP where the file system cannot do that.
pub fn allocate(fd: impl AsFd, offset: i64, len: i64) -> Result<()> {
    nix::fcntl::fallocate(fd, FallocateFlags::empty(), offset, len)
}

/// Gives the disk space of `len` bytes from `offset` on back. They read as zeros then, and
/// the file keeps its length.
///
/// # Errors
/// Those of `fallocate(2)`: EOPNOTSUPP where the file system cannot do that.
pub fn punch_hole(fd: impl AsFd, offset: i64, len: i64) -> Result<()> {
    let flags = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
    nix::fcntl::fallocate(fd, flags, offset, len)
}

/// Cuts or extends a file to `len` bytes.
///
/// # Errors
/// Those of `ftruncate(2)`.
pub fn truncate(fd: impl AsFd, len: i64) -> Result<()> {
    nix::unistd::ftruncate(fd, len)
}

/// Waits until an open file is on the disk.
///
/// # Errors
/// Those of `fsync(2)`.
pub fn sync(fd: impl AsFd) -> Result<()> {
    nix::unistd::fsync(fd)
}
