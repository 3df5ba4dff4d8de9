//! One of the two programs that svscanboot keeps running.

use core::time::Duration;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use daemontools::unix::clock::Monotonic;
use daemontools::unix::exec::Strings;
use daemontools::unix::process::{self, Pid};
use daemontools::unix::signal::Signal;
use daemontools::unix::{pidfd, poll};

use super::boot_env::BootEnv;

/// The least time between two starts of one program.
pub(super) const PACE: Duration = Duration::from_secs(1);

/// A program, and its process if it runs.
pub(super) struct Program<'a> {
    argv: Strings<'a>,
    process: Option<Process>,
    next_start: Monotonic,
}

enum Process {
    /// A child.
    Child(Pid),
    /// The pidfd of a process that an earlier svscanboot has started.
    Adopted(OwnedFd),
}

impl<'a> Program<'a> {
    /// A program that is to run, or runs already as `adopted`, its pidfd.
    pub(super) fn new(argv: Strings<'a>, adopted: Option<OwnedFd>) -> Self {
        Self {
            argv,
            process: adopted.map(Process::Adopted),
            next_start: Monotonic(0),
        }
    }

    /// Whether it runs.
    pub(super) const fn is_running(&self) -> bool {
        self.process.is_some()
    }

    /// It runs already, as a process that an earlier svscanboot has started.
    pub(super) fn adopt(&mut self, pidfd: OwnedFd) {
        self.process = Some(Process::Adopted(pidfd));
    }

    /// A child has ended; says whether it was this program.
    pub(super) fn child_ended(&mut self, pid: Pid) -> bool {
        let is_this = matches!(self.process, Some(Process::Child(own)) if own == pid);
        if is_this {
            self.process = None;
        }
        is_this
    }

    /// Notes the end of a process that is no child.
    pub(super) fn check_adopted(&mut self) {
        if self.adopted().is_some_and(poll::has_input) {
            self.process = None;
        }
    }

    /// The pidfd of a process that is no child: readable once it has ended.
    pub(super) fn adopted(&self) -> Option<BorrowedFd<'_>> {
        match &self.process {
            Some(Process::Adopted(pidfd)) => Some(pidfd.as_fd()),
            Some(Process::Child(_)) | None => None,
        }
    }

    /// Sends it a signal, if it runs.
    pub(super) fn signal(&self, signal: Signal) {
        // It fails only for a process that has just ended.
        let _ = match &self.process {
            Some(Process::Child(pid)) => process::kill(*pid, signal),
            Some(Process::Adopted(pidfd)) => pidfd::send(pidfd, signal),
            None => Ok(()),
        };
    }

    /// Whether it is to be started now.
    pub(super) fn is_due(&self) -> bool {
        self.process.is_none() && self.next_start <= Monotonic::now()
    }

    /// Puts its start off.
    pub(super) fn delay(&mut self) {
        self.next_start = Monotonic::now() + PACE;
    }

    /// Starts it if that is due. Gives the time of the next start if it does not run.
    pub(super) fn tend(&mut self, env: &BootEnv, standard: [BorrowedFd; 3]) -> Option<Monotonic> {
        if self.is_due() {
            self.delay();
            self.process = env.start(&self.argv, standard).ok().map(Process::Child);
        }
        self.process.is_none().then_some(self.next_start)
    }
}
