//! Descriptors: reading, writing, pipes, and standard input, output and error, which a
//! program may inherit closed.

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
    // SAFETY: the number is not -1, and nothing here closes 0, 1 or 2. If the parent has
    // closed one of them, a system call gives EBADF, or reaches a file that was opened
    // later under that number. It touches no memory but the caller's.
    unsafe { BorrowedFd::borrow_raw(number) }
}

/// Whether 0, 1 and 2 are all open. Then no file that is opened later gets one of these
/// numbers.
static FILLED: AtomicBool = AtomicBool::new(false);

/// Opens /dev/null on those of 0, 1 and 2 that are closed. Else a lock, FIFO or log file
/// could get the number 2, and messages would be written to it. These descriptors are
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

/// /dev/null or, if there is none, a descriptor that can't be read or written.
fn open_filler() -> Result<OwnedFd> {
    let open = |path, flags| open(path, flags | OFlag::O_CLOEXEC, Mode::empty());
    open(c"/dev/null", OFlag::O_RDWR).or_else(|_| open(c"/", OFlag::O_PATH))
}

/// Reads once, also if a signal interrupts it: the caller may wait for that signal.
///
/// # Errors
/// Those of `read(2)`, EINTR among them.
pub fn read(fd: impl AsFd, buffer: &mut [u8]) -> Result<usize> {
    nix::unistd::read(fd, buffer)
}

/// Writes once.
///
/// # Errors
/// Those of `write(2)`.
pub fn write(fd: impl AsFd, bytes: &[u8]) -> Result<usize> {
    nix::unistd::write(fd, bytes)
}

/// Writes all of `bytes`, again after EINTR.
///
/// # Errors
/// Those of `write(2)`; some of the bytes may have been written.
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

/// Whether a write of at most `PIPE_BUF` bytes would return at once. It does, with an
/// error, also if a pipe has no reader any more.
pub fn writable_now(fd: impl AsFd) -> bool {
    let mut fds = [PollFd::new(fd.as_fd(), PollFlags::POLLOUT)];
    !matches!(poll(&mut fds, PollTimeout::ZERO), Ok(0))
}

/// A pipe, close-on-exec: read end, write end.
///
/// # Errors
/// Those of `pipe2(2)`.
pub fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    nix::unistd::pipe2(OFlag::O_CLOEXEC)
}

/// A pipe that an exec'ed program inherits: read end, write end.
///
/// # Errors
/// Those of `pipe2(2)`.
pub fn pipe_to_inherit() -> Result<(OwnedFd, OwnedFd)> {
    nix::unistd::pipe2(OFlag::empty())
}

/// Another descriptor of an open file, with the lowest free number. An exec'ed program
/// inherits it.
///
/// # Errors
/// Those of `dup(2)`.
pub fn dup_to_inherit(fd: impl AsFd) -> Result<OwnedFd> {
    nix::unistd::dup(fd)
}

/// A copy of the descriptor `number` that was inherited, close-on-exec.
///
/// # Errors
/// Those of `fcntl(2)`: EBADF if it is not open.
pub fn copy_inherited(number: RawFd) -> Result<OwnedFd> {
    // SAFETY: integers in, a new descriptor out, and no memory is touched. If it is a file
    // of this process's own that has this number, its owner keeps it.
    let copy = unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 3) };
    let copy = Errno::result(copy)?;
    // SAFETY: the kernel just gave it to us and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

/// Makes `number` (0, 1 or 2) a copy of `fd`, which an exec'ed program inherits.
/// [`fill_standard`] has to be called before.
///
/// # Errors
/// Those of `dup2(2)`; EBADF for another number, and if [`fill_standard`] was not
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
/// Those of `fcntl(2)`.
pub fn set_nonblocking(fd: impl AsFd, on: bool) -> Result<()> {
    let flags = fcntl(fd.as_fd(), FcntlArg::F_GETFL)?;
    let mut flags = OFlag::from_bits_retain(flags);
    flags.set(OFlag::O_NONBLOCK, on);
    fcntl(fd, FcntlArg::F_SETFL(flags)).map(drop)
}
