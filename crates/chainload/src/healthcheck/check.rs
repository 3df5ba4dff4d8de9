//! A check as a process: in a session of its own, with a time limit.

use core::ffi::CStr;
use std::os::fd::OwnedFd;

use daemontools::unix::exec::Strings;
use daemontools::unix::process::{self, Pid};
use daemontools::unix::signal::{self, Mask, Signal};
use daemontools::unix::{fd, poll};
use daemontools::{Errno, Result, TEMPORARY, pathexec};
use std::os::fd::AsFd;

use super::outcome::Outcome;

/// The words of a check.
pub(super) type Words = &'static [&'static CStr];

/// A check that runs.
#[derive(Debug)]
pub(super) struct Check {
    pid: Pid,
    /// The number of the error if its exec has failed.
    failure: OwnedFd,
}

impl Check {
    /// Starts a check with the signal mask that the program has.
    pub(super) fn start(words: Words, mask: &Mask) -> Result<Self> {
        let (failure, writer) = fd::pipe()?;
        let pid = process::spawn(|| {
            let _ = process::new_session();
            let _ = process::die_with_parent();
            for ignored in [Signal::SIGPIPE, Signal::SIGXFSZ] {
                signal::default(ignored);
            }
            mask.install();
            let argv: Strings = words.iter().copied().collect();
            let error = pathexec::exec(&argv) as i32;
            let _ = fd::write_all(&writer, &error.to_ne_bytes());
            TEMPORARY
        })?;
        Ok(Self { pid, failure })
    }

    /// Kills it with all processes of its session's first group.
    pub(super) fn kill(&self) {
        let _ = process::kill_group(self.pid, Signal::SIGKILL);
        // It may not have made its session yet.
        let _ = process::kill(self.pid, Signal::SIGKILL);
    }

    /// How it ended; `None` if it has not.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        loop {
            match process::ended_child() {
                // What it has left behind ends with it: its number is still its own.
                Ok(Some(pid)) if pid == self.pid => {
                    self.kill();
                    let end = process::wait_for(pid).ok()?;
                    return Some(match self.error() {
                        Some(error) => Outcome::NotRun(error),
                        None => Outcome::Ended(end),
                    });
                }
                // A process that was inherited.
                Ok(Some(other)) => {
                    let _ = process::wait_for(other);
                }
                Ok(None) | Err(_) => return None,
            }
        }
    }

    fn error(&self) -> Option<Errno> {
        let mut number = [0; size_of::<i32>()];
        let is_whole = poll::has_input(self.failure.as_fd())
            && fd::read(&self.failure, &mut number) == Ok(number.len());
        is_whole.then(|| Errno::from_raw(i32::from_ne_bytes(number)))
    }
}
