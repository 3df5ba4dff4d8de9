//! Waiting for descriptors, a deadline or a signal.

use core::array::from_fn;
use core::time::Duration;
use std::os::fd::BorrowedFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::time::TimeSpec;

use super::clock::Monotonic;
use super::fd::STDIN;
use super::signal::Mask;
use crate::{Errno, Result};

/// The longest time that is asked for: a `timespec` has 32 bits of seconds on some platforms.
const LONGEST: Duration = Duration::from_secs(i32::MAX.unsigned_abs() as u64);

/// The time for one call of `ppoll(2)`. A longer one than [`LONGEST`] is cut: who waits looks
/// again.
fn timeout(time: Duration) -> TimeSpec {
    TimeSpec::from(time.min(LONGEST))
}

/// The time until a deadline, for one call of `ppoll(2)`.
fn until(deadline: Monotonic) -> TimeSpec {
    timeout(deadline.since(Monotonic::now()))
}

/// Waits until one of `fds` is readable, a signal arrives that `mask` does not block,
/// or the deadline passes. Tells for each descriptor whether it is readable: input, end
/// of file or an error. A `None` among `fds` is not waited for and is never readable.
/// Without a deadline it waits for ever.
///
/// # Errors
/// Those of `ppoll(2)`. EINTR is not one of them: nothing is readable then.
pub fn readable<const N: usize>(
    fds: [Option<BorrowedFd<'_>>; N],
    deadline: Option<Monotonic>,
    mask: &Mask,
) -> Result<[bool; N]> {
    // Places that stay unused are not given to the kernel.
    let mut polled: [_; N] = from_fn(|_| PollFd::new(STDIN, PollFlags::empty()));
    let mut count = 0;
    for fd in fds.into_iter().flatten() {
        polled[count] = PollFd::new(fd, PollFlags::POLLIN);
        count += 1;
    }
    let polled = &mut polled[..count];
    let timeout = deadline.map(until);
    match nix::poll::ppoll(polled, timeout, Some(mask.set())) {
        Ok(_) => {
            let mut polled = polled.iter().map(|fd| fd.any().unwrap_or(true));
            Ok(fds.map(|fd| fd.is_some() && polled.next() == Some(true)))
        }
        Err(Errno::EINTR) => Ok([false; N]),
        Err(error) => Err(error),
    }
}

/// Whether a descriptor is readable now. A pidfd is once its process has ended.
#[must_use]
pub fn has_input(fd: BorrowedFd<'_>) -> bool {
    let mut polled = [PollFd::new(fd, PollFlags::POLLIN)];
    matches!(poll(&mut polled, PollTimeout::ZERO), Ok(1..))
}

/// Waits until `fd` is writable or the deadline passes; `true` if it is writable.
///
/// # Errors
/// Those of `ppoll(2)`.
pub fn writable_by(fd: BorrowedFd<'_>, deadline: Monotonic) -> Result<bool> {
    loop {
        let mut polled = [PollFd::new(fd, PollFlags::POLLOUT)];
        match nix::poll::ppoll(&mut polled, Some(until(deadline)), None) {
            Ok(count) => return Ok(count > 0),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Waits for `time`, or until a signal arrives that `mask` does not block. A program
/// whose descriptors are always readable needs this to receive signals at all:
/// [`readable`] returns before they are delivered.
pub fn wait_for_signals(time: Duration, mask: &Mask) {
    let _ = nix::poll::ppoll(&mut [], Some(timeout(time)), Some(mask.set()));
}

/// Sleeps until the deadline, signals or not.
pub fn pause_until(deadline: Monotonic) {
    std::thread::sleep(deadline.since(Monotonic::now()));
}

/// What a descriptor is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Input or end of file.
    Read,
    /// Room to write, or no reader any more.
    Write,
}

/// Waits until one of `fds` is ready for what it is waited for, or the deadline passes.
/// Tells for each whether it is; an error counts as ready.
///
/// # Errors
/// Those of `poll(2)`. EINTR is not one of them: nothing is ready then.
pub fn ready_among(
    fds: &[(BorrowedFd<'_>, Direction)],
    deadline: Option<Monotonic>,
) -> Result<Vec<bool>> {
    let events = |direction| match direction {
        Direction::Read => PollFlags::POLLIN,
        Direction::Write => PollFlags::POLLOUT,
    };
    let mut polled: Vec<_> = fds
        .iter()
        .map(|&(fd, direction)| PollFd::new(fd, events(direction)))
        .collect();
    let timeout = deadline.map(until);
    match nix::poll::ppoll(&mut polled, timeout, None) {
        Ok(_) => Ok(polled.iter().map(|fd| fd.any().unwrap_or(true)).collect()),
        Err(Errno::EINTR) => Ok(vec![false; fds.len()]),
        Err(error) => Err(error),
    }
}

/// Waits for ever for one descriptor.
///
/// # Errors
/// Those of `poll(2)`, but for EINTR.
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

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;
    use crate::unix::fd;

    #[test]
    fn a_wait_of_more_than_68_years_does_not_become_a_short_one() {
        let asked = |seconds| timeout(Duration::from_secs(seconds));
        assert_eq!(asked(5), TimeSpec::from(Duration::from_secs(5)));
        for longer in [1 << 31, 1 << 32, (1 << 32) + 1, u64::MAX] {
            assert_eq!(asked(longer), TimeSpec::from(LONGEST), "{longer}");
        }
    }

    #[test]
    fn readiness_is_told_at_the_place_of_each_present_descriptor() {
        let now = Some(Monotonic::now());
        let mask = Mask::block(&[]);
        let (quiet, _writer) = fd::pipe_to_inherit().expect("a pipe");
        let (ready, writer) = fd::pipe_to_inherit().expect("a pipe");
        drop(writer);
        let (quiet, ready) = (Some(quiet.as_fd()), Some(ready.as_fd()));
        let told = |fds: [_; 3]| readable(fds, now, &mask).expect("an answer");
        assert_eq!(told([None, None, None]), [false; 3]);
        assert_eq!(told([None, ready, None]), [false, true, false]);
        assert_eq!(told([ready, None, quiet]), [true, false, false]);
        assert_eq!(told([quiet, ready, ready]), [false, true, true]);
    }
}
