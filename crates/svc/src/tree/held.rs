//! One process that svc has taken hold of: what it is, how it is reached, and whether it
//! has to be continued.

use std::os::fd::{AsFd, OwnedFd};

use daemontools::procfs::{self, Process};
use daemontools::unix::process::Pid;
use daemontools::unix::signal::Signal;
use daemontools::unix::{pidfd, poll};
use daemontools::{Errno, Result};

/// One process in our hands.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) process: Process,
    pub(super) fd: OwnedFd,
    /// Stopped by us, and so to be continued by us.
    pub(super) stopped: bool,
}

impl Held {
    /// Takes hold of a process, unless it has ended.
    pub(super) fn of(pid: u32) -> Result<Option<Self>> {
        // The descriptor first: what is learned afterwards is about its process.
        let Ok(number) = i32::try_from(pid) else {
            return Ok(None);
        };
        let fd = match pidfd::open(Pid::from_raw(number)) {
            Ok(fd) => fd,
            Err(Errno::ESRCH | Errno::EINVAL) => return Ok(None),
            Err(error) => return Err(error),
        };
        let process = procfs::process(pid);
        if ended(&fd) {
            return Ok(None);
        }
        process.map(|process| {
            Some(Self {
                process,
                fd,
                stopped: false,
            })
        })
    }

    pub(super) fn hold(&mut self) {
        // What may not be stopped may not be signalled, and that will be said.
        self.stopped = !self.process.is_stopped() && pidfd::send(&self.fd, Signal::SIGSTOP).is_ok();
    }

    pub(super) fn let_go(&mut self) {
        if self.stopped {
            let _ = pidfd::send(&self.fd, Signal::SIGCONT);
        }
        self.stopped = false;
    }

    /// Whether it has ended or runs.
    pub(super) fn is_released(&self) -> bool {
        ended(&self.fd) || procfs::process(self.process.pid).is_ok_and(|now| !now.is_stopped())
    }
}

/// Whether the process of a pidfd has ended.
pub(crate) fn ended(fd: &OwnedFd) -> bool {
    poll::has_input(fd.as_fd())
}
