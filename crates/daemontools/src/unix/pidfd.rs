//! A pidfd: a descriptor of a process, child or not. It is readable once the process has
//! ended, and a signal through it never reaches a later process with the same pid.

use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::process::{End, Pid};
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

/// How the process ended, whoever's child it was: known from Linux 6.15 on, and once its
/// parent has waited for it. `None` until then.
///
/// # Errors
/// Those of `ioctl(2)`: the kernel does not tell, and never will.
pub fn end(fd: impl AsFd) -> Result<Option<End>> {
    // SAFETY: a structure of integers, for which zeros are a value.
    let mut info: libc::pidfd_info = unsafe { core::mem::zeroed() };
    let wanted = u64::from(libc::PIDFD_INFO_EXIT);
    info.mask = wanted;
    let fd = fd.as_fd().as_raw_fd();
    // SAFETY: the kernel writes the structure, whose size is a part of the request, and
    // no more than that.
    Errno::result(unsafe { libc::ioctl(fd, libc::PIDFD_GET_INFO, &raw mut info) })?;
    Ok((info.mask & wanted != 0).then(|| End::of(info.exit_code)))
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

#[cfg(test)]
mod tests {
    use super::super::process;
    use super::*;

    fn killed() -> i32 {
        let _ = process::kill(Pid::this(), Signal::SIGKILL);
        0
    }

    #[test]
    fn the_end_of_a_process_is_told_once_it_was_waited_for() {
        for (child, expected) in [
            (process::spawn(|| 7), End::Exited(7)),
            (process::spawn(killed), End::Killed(9)),
        ] {
            let pid = child.expect("a child");
            let fd = open(pid).expect("a pidfd");
            assert_eq!(process::wait_for(pid), Ok(expected));
            let told = end(&fd);
            // Before Linux 6.15 the kernel does not tell.
            assert!(told.is_err() || told == Ok(Some(expected)), "{told:?}");
            assert!(has_ended(&fd).expect("poll"));
        }
    }
}
