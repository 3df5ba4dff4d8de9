//! One process that svc sends signals to, through a pidfd: a later process with the same
//! pid is never reached.

use std::os::fd::{AsFd, OwnedFd};

use crate::procfs::{self, Process};
use crate::unix::process::Pid;
use crate::unix::signal::Signal;
use crate::unix::{pidfd, poll};
use crate::{Errno, Result};

/// An open process.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) process: Process,
    pub(super) pidfd: OwnedFd,
    /// Whether svc has stopped it, and so has to continue it.
    pub(super) stopped: bool,
}

impl Target {
    /// Opens a process; `None` if it has ended.
    pub(super) fn open(pid: u32) -> Result<Option<Self>> {
        let Ok(number) = i32::try_from(pid) else {
            return Ok(None);
        };
        // The pidfd first: what is read by the pid afterwards is about its process.
        let pidfd = match pidfd::open(Pid::from_raw(number)) {
            Ok(pidfd) => pidfd,
            Err(Errno::ESRCH | Errno::EINVAL) => return Ok(None),
            Err(error) => return Err(error),
        };
        let process = procfs::process(pid);
        if has_ended(&pidfd) {
            return Ok(None);
        }
        Ok(Some(Self {
            process: process?,
            pidfd,
            stopped: false,
        }))
    }

    pub(super) fn has_ended(&self) -> bool {
        has_ended(&self.pidfd)
    }

    /// Sends STOP, unless it is stopped already.
    pub(super) fn stop(&mut self) {
        // If STOP is not permitted, no other signal is: sending that one will fail too,
        // and be reported.
        self.stopped =
            !self.process.is_stopped() && pidfd::send(&self.pidfd, Signal::SIGSTOP).is_ok();
    }

    /// Sends CONT, if svc has stopped it.
    pub(super) fn resume(&mut self) {
        if self.stopped {
            let _ = pidfd::send(&self.pidfd, Signal::SIGCONT);
        }
        self.stopped = false;
    }

    /// Whether it has ended or has been continued.
    pub(super) fn is_released(&self) -> bool {
        let now = procfs::process(self.process.pid);
        self.has_ended() || now.is_ok_and(|now| !now.is_stopped())
    }
}

/// Whether the process of a pidfd has ended.
pub(crate) fn has_ended(pidfd: &OwnedFd) -> bool {
    poll::has_input(pidfd.as_fd())
}
