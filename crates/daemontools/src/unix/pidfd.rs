//! A pidfd: a descriptor of a process, child or not. It is readable once the process has
//! ended, and a signal through it never reaches a later process with the same pid.

use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::process::Pid;
use super::signal::Signal;
use crate::{Errno, Result};

/// Opens the pidfd of a process.
///
/// # Errors
/// ESRCH if there is no such process; ENOSYS if the kernel has no pidfds.
pub fn open(pid: Pid) -> Result<OwnedFd> {
    // SAFETY: two integers in, a new descriptor out; it is close-on-exec.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) };
    let fd = RawFd::try_from(Errno::result(fd)?).map_err(|_| Errno::EBADF)?;
    // SAFETY: the kernel just gave it to us and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Whether the process has ended.
///
/// # Errors
/// Those of `poll(2)`, but for EINTR.
pub fn has_ended(fd: impl AsFd) -> Result<bool> {
    loop {
        let mut polled = [PollFd::new(fd.as_fd(), PollFlags::POLLIN)];
        match poll(&mut polled, PollTimeout::ZERO) {
            Ok(count) => return Ok(count > 0),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Sends a signal to the process.
///
/// # Errors
/// ESRCH if it has ended; else what `pidfd_send_signal(2)` says.
pub fn send(fd: impl AsFd, signal: Signal) -> Result<()> {
    let fd = fd.as_fd().as_raw_fd();
    let no_info = core::ptr::null::<libc::siginfo_t>();
    // SAFETY: without a siginfo, as here, the kernel touches no memory of ours.
    let sent = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            fd,
            signal as libc::c_int,
            no_info,
            0,
        )
    };
    Errno::result(sent).map(drop)
}
