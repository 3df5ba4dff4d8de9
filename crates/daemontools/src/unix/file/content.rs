//! Reading and writing the bytes of a file, and their place on the disk. Lengths and
//! offsets have 64 bits on every platform.

use core::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd};

use nix::unistd::{Whence, lseek64};

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
    let (into, len) = (buffer.as_mut_ptr().cast(), buffer.len());
    // SAFETY: the kernel writes at most `len` bytes into the buffer.
    let count = unsafe { libc::pread64(fd.as_fd().as_raw_fd(), into, len, offset) };
    Errno::result(count).map(isize::cast_unsigned)
}

/// Writes at an offset. The file offset does not change.
///
/// # Errors
/// Those of `pwrite(2)`.
pub fn write_at(fd: impl AsFd, bytes: &[u8], offset: i64) -> Result<usize> {
    let (from, len) = (bytes.as_ptr().cast(), bytes.len());
    // SAFETY: the kernel reads at most `len` of the bytes.
    let count = unsafe { libc::pwrite64(fd.as_fd().as_raw_fd(), from, len, offset) };
    Errno::result(count).map(isize::cast_unsigned)
}

/// Sets the file offset to 0.
///
/// # Errors
/// Those of `lseek(2)`.
pub fn rewind(fd: impl AsFd) -> Result<()> {
    lseek64(fd, 0, Whence::SeekSet).map(drop)
}

/// The file offset. After an append it is the end of the appended bytes.
///
/// # Errors
/// Those of `lseek(2)`.
pub fn offset(fd: impl AsFd) -> Result<u64> {
    lseek64(fd, 0, Whence::SeekCur).map(i64::cast_unsigned)
}

/// Reserves disk space for `len` bytes of a file from `offset` on.
///
/// # Errors
/// Those of `fallocate(2)`: EOPNOTSUPP where the file system cannot do that.
pub fn allocate(fd: impl AsFd, offset: i64, len: i64) -> Result<()> {
    fallocate(fd, 0, offset, len)
}

/// Gives the disk space of `len` bytes from `offset` on back. They read as zeros then, and
/// the file keeps its length.
///
/// # Errors
/// Those of `fallocate(2)`: EOPNOTSUPP where the file system cannot do that.
pub fn punch_hole(fd: impl AsFd, offset: i64, len: i64) -> Result<()> {
    let flags = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
    fallocate(fd, flags, offset, len)
}

fn fallocate(fd: impl AsFd, flags: i32, offset: i64, len: i64) -> Result<()> {
    // SAFETY: integers in, and no memory is touched.
    Errno::result(unsafe { libc::fallocate64(fd.as_fd().as_raw_fd(), flags, offset, len) })
        .map(drop)
}

/// Cuts or extends a file to `len` bytes.
///
/// # Errors
/// Those of `ftruncate(2)`.
pub fn truncate(fd: impl AsFd, len: i64) -> Result<()> {
    // SAFETY: integers in, and no memory is touched.
    Errno::result(unsafe { libc::ftruncate64(fd.as_fd().as_raw_fd(), len) }).map(drop)
}

/// Waits until an open file is on the disk.
///
/// # Errors
/// Those of `fsync(2)`.
pub fn sync(fd: impl AsFd) -> Result<()> {
    nix::unistd::fsync(fd)
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::super::{fstat, open_append, open_lock_to_inherit, open_update_nofollow};
    use super::*;

    #[test]
    fn a_file_past_4_gib_is_opened_read_written_and_cut() {
        // All of it but the end is a hole.
        const END: i64 = 5 << 30;
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("file");
        let file = std::fs::File::create(&path).expect("a file");
        file.set_len(END.unsigned_abs()).expect("its length");
        let path = std::ffi::CString::new(path.as_os_str().as_bytes()).expect("no NUL");
        let size = || fstat(&file).expect("stat").size;
        let at = |fd: &std::os::fd::OwnedFd, offset| {
            let mut bytes = [b'?'; 4];
            let count = read_at(fd, &mut bytes, offset).expect("read");
            bytes[..count].to_vec()
        };

        let log = open_append(&path, 0o600).expect("open");
        assert_eq!(nix::unistd::write(&log, b"line"), Ok(4));
        assert_eq!(offset(&log), Ok(END.unsigned_abs() + 4));
        assert_eq!(size(), END + 4);
        open_lock_to_inherit(&path).expect("a lock");

        let both = open_update_nofollow(&path).expect("open");
        assert_eq!(at(&both, END), b"line");
        assert_eq!(at(&both, END - (1 << 32)), [0; 4]);
        assert_eq!(write_at(&both, b"more", END + 4), Ok(4));
        assert_eq!(at(&both, END + 4), b"more");
        rewind(&log).expect("seek");
        assert_eq!(offset(&log), Ok(0));

        match allocate(&both, END, 4096) {
            Err(Errno::EOPNOTSUPP) => {}
            result => {
                result.expect("fallocate");
                assert_eq!(size(), END + 4096);
                punch_hole(&both, END, 4096).expect("a hole");
                assert_eq!(at(&both, END), [0; 4]);
            }
        }
        truncate(&both, END - 1).expect("truncate");
        assert_eq!(size(), END - 1);
    }
}
