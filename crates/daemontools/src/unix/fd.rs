//! Descriptors: reading, writing, pipes, and the three that every program is
//! started with, open or not.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl, open};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::Mode;

use crate::{Errno, Result};

/// Standard input.
pub const STDIN: BorrowedFd<'static> = standard(0);
/// Standard output.
pub const STDOUT: BorrowedFd<'static> = standard(1);
/// Standard error.
pub const STDERR: BorrowedFd<'static> = standard(2);

const fn standard(number: RawFd) -> BorrowedFd<'static> {
    // SAFETY: nothing here closes 0, 1 or 2; where the parent did, a system call
    // on them gives EBADF, which every caller handles.
    unsafe { BorrowedFd::borrow_raw(number) }
}

/// Opens /dev/null on those of 0, 1 and 2 that are closed, so that no lock, FIFO
/// or log file ever gets one of these numbers and a stray message. They are
/// close-on-exec: a child has closed what was inherited closed.
pub fn fill_standard() {
    for number in 0..=2 {
        if fcntl(standard(number), FcntlArg::F_GETFD) == Err(Errno::EBADF)
            && let Ok(null) = open(
                c"/dev/null",
                OFlag::O_RDWR | OFlag::O_CLOEXEC,
                Mode::empty(),
            )
            && null.as_raw_fd() == number
        {
            let _ = null.into_raw_fd();
        }
    }
}

/// Reads once. EINTR is given to the caller, whose signal it may have been.
///
/// # Errors
/// What `read(2)` says.
pub fn read(fd: impl AsFd, buffer: &mut [u8]) -> Result<usize> {
    nix::unistd::read(fd, buffer)
}

/// Writes once.
///
/// # Errors
/// What `write(2)` says.
pub fn write(fd: impl AsFd, bytes: &[u8]) -> Result<usize> {
    nix::unistd::write(fd, bytes)
}

/// Writes all of `bytes`, again after EINTR.
///
/// # Errors
/// What `write(2)` says; some of the bytes may have been written.
pub fn write_all(fd: impl AsFd, mut bytes: &[u8]) -> Result<()> {
    while !bytes.is_empty() {
        match write(&fd, bytes) {
            Ok(0) => return Err(Errno::EIO),
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether a write of at most `PIPE_BUF` bytes would not wait now. A descriptor
/// whose reader is gone counts: the write fails at once.
pub fn writable_now(fd: impl AsFd) -> bool {
    let mut fds = [PollFd::new(fd.as_fd(), PollFlags::POLLOUT)];
    !matches!(poll(&mut fds, PollTimeout::ZERO), Ok(0))
}

/// A pipe, both ends close-on-exec: (read end, write end).
///
/// # Errors
/// What `pipe2(2)` says.
pub fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    nix::unistd::pipe2(OFlag::O_CLOEXEC)
}

/// A pipe that a program which is exec'ed inherits: (read end, write end).
///
/// # Errors
/// What `pipe2(2)` says.
pub fn pipe_to_inherit() -> Result<(OwnedFd, OwnedFd)> {
    nix::unistd::pipe2(OFlag::empty())
}

/// Another descriptor of an open file, the lowest that is free, which a program
/// that is exec'ed inherits.
///
/// # Errors
/// What `dup(2)` says.
pub fn dup_to_inherit(fd: impl AsFd) -> Result<OwnedFd> {
    nix::unistd::dup(fd)
}

/// Makes `number` (0, 1 or 2) another name of `fd`, which a program that is
/// exec'ed inherits.
///
/// # Errors
/// What `dup2(2)` says.
pub fn become_standard(fd: impl AsFd, number: RawFd) -> Result<()> {
    if fd.as_fd().as_raw_fd() == number {
        return fcntl(fd.as_fd(), FcntlArg::F_SETFD(FdFlag::empty())).map(drop);
    }
    // SAFETY: a standard descriptor has no owner that would be robbed of it.
    let mut standard = core::mem::ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(number) });
    nix::unistd::dup2(fd, &mut standard)
}

/// Makes `number` another name of `fd`, which a program that is exec'ed inherits,
/// whatever it was a name of: for a child that is about to exec and has no use for
/// its parent's descriptors.
///
/// # Errors
/// What `dup2(2)` says.
pub fn hand_on(fd: OwnedFd, number: RawFd) -> Result<()> {
    if fd.as_raw_fd() == number {
        fcntl(&fd, FcntlArg::F_SETFD(FdFlag::empty()))?;
        let _ = fd.into_raw_fd();
        return Ok(());
    }
    // SAFETY: the numbers are integers; whoever owns `number` in this process
    // will not use it again, by the contract above.
    Errno::result(unsafe { libc::dup2(fd.as_raw_fd(), number) }).map(drop)
}

/// Sets or clears O_NONBLOCK of the open file.
///
/// # Errors
/// What `fcntl(2)` says.
pub fn set_nonblocking(fd: impl AsFd, on: bool) -> Result<()> {
    let flags = fcntl(fd.as_fd(), FcntlArg::F_GETFL)?;
    let mut flags = OFlag::from_bits_retain(flags);
    flags.set(OFlag::O_NONBLOCK, on);
    fcntl(fd, FcntlArg::F_SETFL(flags)).map(drop)
}
