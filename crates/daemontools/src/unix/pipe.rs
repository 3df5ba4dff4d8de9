//! Pipes: how much can be read, reading without consuming, and a larger buffer.

use std::os::fd::{AsFd, AsRawFd};

use nix::fcntl::{FcntlArg, SpliceFFlags, fcntl};

use crate::{Errno, Result};

/// The number of bytes that can be read without waiting; 0 at the end. For pipes, sockets,
/// terminals and regular files.
///
/// # Errors
/// Those of `ioctl(2)`: ENOTTY for another type of file.
pub fn available(fd: impl AsFd) -> Result<usize> {
    let mut count: libc::c_int = 0;
    // SAFETY: the kernel writes one integer.
    let done = unsafe { libc::ioctl(fd.as_fd().as_raw_fd(), libc::FIONREAD, &raw mut count) };
    Errno::result(done)?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// Copies at most `len` bytes of one pipe into another without consuming them, and
/// without waiting.
///
/// # Errors
/// Those of `tee(2)`: EINVAL if one is no pipe, EAGAIN if it would have to
/// wait.
pub fn peek(from: impl AsFd, into: impl AsFd, len: usize) -> Result<usize> {
    nix::fcntl::tee(from, into, len, SpliceFFlags::SPLICE_F_NONBLOCK)
}

/// Enlarges the buffer of a pipe to `size` bytes, if it is smaller and the system allows
/// it.
pub fn enlarge(fd: impl AsFd, size: i32) {
    if matches!(fcntl(&fd, FcntlArg::F_GETPIPE_SZ), Ok(now) if now < size) {
        let _ = fcntl(&fd, FcntlArg::F_SETPIPE_SZ(size));
    }
}
