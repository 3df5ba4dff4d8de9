//! Pipes beyond reading and writing: how much is in one, a look without taking,
//! and a larger one.

use std::os::fd::{AsFd, AsRawFd};

use nix::fcntl::{FcntlArg, SpliceFFlags, fcntl};

use crate::{Errno, Result};

/// How many bytes can be read now without waiting; 0 also at the end. For pipes,
/// sockets, terminals and regular files.
///
/// # Errors
/// What `ioctl(2)` says: ENOTTY where the kernel cannot tell.
pub fn available(fd: impl AsFd) -> Result<usize> {
    let mut count: libc::c_int = 0;
    // SAFETY: the kernel writes one integer.
    let done = unsafe { libc::ioctl(fd.as_fd().as_raw_fd(), libc::FIONREAD, &raw mut count) };
    Errno::result(done)?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// Copies at most `len` bytes of one pipe into another, without taking them.
///
/// # Errors
/// What `tee(2)` says: EINVAL if one is no pipe, EAGAIN rather than wait.
pub fn peek(from: impl AsFd, into: impl AsFd, len: usize) -> Result<usize> {
    nix::fcntl::tee(from, into, len, SpliceFFlags::SPLICE_F_NONBLOCK)
}

/// Makes a pipe at least `size` bytes large, where that is allowed and it is not.
pub fn enlarge(fd: impl AsFd, size: i32) {
    if matches!(fcntl(&fd, FcntlArg::F_GETPIPE_SZ), Ok(now) if now < size) {
        let _ = fcntl(&fd, FcntlArg::F_SETPIPE_SZ(size));
    }
}
