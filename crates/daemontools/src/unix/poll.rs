//! Waiting: for descriptors, for a deadline, for a signal.

use core::time::Duration;
use std::os::fd::BorrowedFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::time::TimeSpec;

use super::clock::Monotonic;
use super::signal::Mask;
use crate::{Errno, Result};

/// Waits until one of `fds` can be read, a signal comes that `mask` lets through,
/// or the deadline passes; says for each descriptor whether it has something
/// (input, end or trouble). `None` waits without end.
///
/// # Errors
/// What `ppoll(2)` says, but for EINTR: a signal is nothing to read.
pub fn readable<const N: usize>(
    fds: [BorrowedFd<'_>; N],
    deadline: Option<Monotonic>,
    mask: &Mask,
) -> Result<[bool; N]> {
    let mut polled = fds.map(|fd| PollFd::new(fd, PollFlags::POLLIN));
    let timeout = deadline.map(|deadline| TimeSpec::from(deadline.since(Monotonic::now())));
    match nix::poll::ppoll(&mut polled, timeout, Some(mask.set())) {
        Ok(_) => Ok(polled.map(|fd| fd.any().unwrap_or(true))),
        Err(Errno::EINTR) => Ok([false; N]),
        Err(error) => Err(error),
    }
}

/// Whether a descriptor has something to read now (a pidfd: its process ended).
#[must_use]
pub fn has_input(fd: BorrowedFd<'_>) -> bool {
    let mut polled = [PollFd::new(fd, PollFlags::POLLIN)];
    matches!(poll(&mut polled, PollTimeout::ZERO), Ok(1..))
}

/// Waits until `fd` can be written or the deadline passes; says which.
///
/// # Errors
/// What `ppoll(2)` says.
pub fn writable_by(fd: BorrowedFd<'_>, deadline: Monotonic) -> Result<bool> {
    loop {
        let mut polled = [PollFd::new(fd, PollFlags::POLLOUT)];
        let timeout = TimeSpec::from(deadline.since(Monotonic::now()));
        match nix::poll::ppoll(&mut polled, Some(timeout), None) {
            Ok(count) => return Ok(count > 0),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Lets the signals in that `mask` lets through, for as long as `time`: also those
/// that [`readable`] never does where there always is something to read.
pub fn let_signals_in(time: Duration, mask: &Mask) {
    let _ = nix::poll::ppoll(&mut [], Some(TimeSpec::from(time)), Some(mask.set()));
}

/// Does nothing until the deadline: for when waiting as above does not work.
pub fn pause_until(deadline: Monotonic) {
    std::thread::sleep(deadline.since(Monotonic::now()));
}

/// What to wait for on a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Something to read, or the end.
    Read,
    /// Room to write, or a reader that is gone.
    Write,
}

/// Waits without end.
///
/// # Errors
/// What `poll(2)` says, but for EINTR.
pub fn wait(fd: BorrowedFd<'_>, direction: Direction) -> Result<()> {
    let events = match direction {
        Direction::Read => PollFlags::POLLIN,
        Direction::Write => PollFlags::POLLOUT,
    };
    loop {
        let mut polled = [PollFd::new(fd, events)];
        match poll(&mut polled, PollTimeout::NONE) {
            Ok(_) => return Ok(()),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
}
