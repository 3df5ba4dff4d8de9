//! Descriptors: reading, writing, pipes, and the three that every program is
//! started with, open or not.

use core::sync::atomic::{AtomicBool, Ordering};
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
    // SAFETY: the number is not -1, and nothing here closes 0, 1 or 2. Where the parent
    // has, a system call gives EBADF, or reaches what has been opened since, as for
    // every program that is started so; it reads and writes no memory but the caller's.
    unsafe { BorrowedFd::borrow_raw(number) }
}

/// Whether 0, 1 and 2 have all been seen to be open, so that nothing that is opened later
/// gets one of these numbers.
static FILLED: AtomicBool = AtomicBool::new(false);

/// Opens /dev/null on those of 0, 1 and 2 that are closed, so that no lock, FIFO
/// or log file ever gets one of these numbers and a stray message. They are
/// close-on-exec: a child has closed what was inherited closed.
pub fn fill_standard() {
    let is_closed = |number| fcntl(standard(number), FcntlArg::F_GETFD) == Err(Errno::EBADF);
    for number in 0..=2 {
        if is_closed(number)
            && let Ok(filler) = open_filler()
            && filler.as_raw_fd() == number
        {
            let _ = filler.into_raw_fd();
        }
    }
    FILLED.store(!(0..=2).any(is_closed), Ordering::Relaxed);
}

/// /dev/null or, where there is none, a descriptor through which nothing can be done.
fn open_filler() -> Result<OwnedFd> {
    let open = |path, flags| open(path, flags | OFlag::O_CLOEXEC, Mode::empty());
    open(c"/dev/null", OFlag::O_RDWR).or_else(|_| open(c"/", OFlag::O_PATH))
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
/// exec'ed inherits. After [`fill_standard`], first thing in a program.
///
/// # Errors
/// What `dup2(2)` says; EBADF for another number, and if [`fill_standard`] was not
/// called or could not open all three.
pub fn become_standard(fd: impl AsFd, number: RawFd) -> Result<()> {
    if fd.as_fd().as_raw_fd() == number {
        return fcntl(fd.as_fd(), FcntlArg::F_SETFD(FdFlag::empty())).map(drop);
    }
    if !(0..=2).contains(&number) || !FILLED.load(Ordering::Relaxed) {
        return Err(Errno::EBADF);
    }
    // SAFETY: the three numbers were open before anything that this program opens could
    // get one of them, and nothing closes them: so no owner is robbed. Nor does this one
    // close it.
    let mut standard = core::mem::ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(number) });
    nix::unistd::dup2(fd, &mut standard)
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
