//! The program that this process becomes, as the process that stays behind sees it.

use core::time::Duration;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use daemontools::unix::clock::Monotonic;
use daemontools::unix::pidfd;
use daemontools::unix::process::{self, Pid};
use daemontools::unix::signal::Signal;
use daemontools::{Result, procfs};

/// How long it may take to notice the program's end where the kernel has no pidfds.
const LOOK: Duration = Duration::from_secs(1);

/// Which process the program is, for the process that stays behind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Id {
    pid: Pid,
    start_time: Option<u64>,
}

impl Id {
    /// This process, which becomes the program, and its pidfd if there is one.
    pub(crate) fn this() -> (Self, Option<OwnedFd>) {
        let pid = Pid::this();
        let start_time = procfs::start_time(pid.as_raw().unsigned_abs());
        (Self { pid, start_time }, pidfd::open(pid).ok())
    }

    /// The pid.
    pub(crate) const fn pid(self) -> u32 {
        self.pid.as_raw().unsigned_abs()
    }
}

/// The program, watched.
#[derive(Debug)]
pub(crate) struct Program {
    id: Id,
    pidfd: Option<OwnedFd>,
}

impl Program {
    pub(crate) const fn new(id: Id, pidfd: Option<OwnedFd>) -> Self {
        Self { id, pidfd }
    }

    /// Readable once the program has ended.
    pub(crate) fn end(&self) -> Option<BorrowedFd<'_>> {
        self.pidfd.as_ref().map(AsFd::as_fd)
    }

    /// When to look whether it has ended, at the latest.
    pub(crate) fn look_at(&self, deadline: Option<Monotonic>) -> Option<Monotonic> {
        match self.pidfd {
            Some(_) => deadline,
            None => {
                let look = Monotonic::now() + LOOK;
                Some(deadline.map_or(look, |deadline| deadline.min(look)))
            }
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        match &self.pidfd {
            Some(pidfd) => pidfd::has_ended(pidfd).unwrap_or(false),
            None => match self.id.start_time {
                Some(time) => procfs::start_time(self.id.pid()) != Some(time),
                None => !process::exists(self.id.pid),
            },
        }
    }

    /// Whether it is stopped by a signal.
    pub(crate) fn is_stopped(&self) -> bool {
        procfs::process(self.id.pid()).is_ok_and(|process| process.is_stopped())
    }

    /// Whether it runs as this user.
    pub(crate) fn runs_as(&self, user: u32) -> bool {
        procfs::users(self.id.pid()).is_ok_and(|users| users.contains(&user))
    }

    pub(crate) fn send(&self, signal: Signal) -> Result<()> {
        match &self.pidfd {
            Some(pidfd) => pidfd::send(pidfd, signal),
            None => process::kill(self.id.pid, signal),
        }
    }
}
