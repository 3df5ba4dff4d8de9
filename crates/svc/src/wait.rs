//! `svc --wait`: reads the status records of the services until each of them shows that
//! its commands are done.

use core::ffi::CStr;
use core::time::Duration;
use std::os::fd::OwnedFd;

use daemontools::servicedir::ok::{self, Accept};
use daemontools::servicedir::status::{self, Length, Status, StatusError};
use daemontools::unix::clock::Monotonic;
use daemontools::unix::{file, poll};
use daemontools::{Errno, PERMANENT, Result, TEMPORARY, errno, servicedir};

use crate::commands::Commands;
use crate::error::ME;
use crate::goal::Goals;
use crate::tree;

/// The pause between two looks at the records; it doubles up to the longest one.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// A service whose commands are not done yet.
#[derive(Debug)]
pub(crate) struct Pending {
    name: &'static CStr,
    goals: Goals,
    /// The record before the commands; `None` if it could not be read.
    before: Option<Status>,
    /// Whether the record showed at the last look that the goals are reached.
    recorded: bool,
    /// Pidfds of processes that must have ended too.
    processes: Vec<OwnedFd>,
}

impl Pending {
    /// Reads the record of the service in the working directory. To be called before the
    /// commands are written.
    pub(crate) fn new(name: &'static CStr, commands: &Commands) -> Self {
        Self {
            name,
            goals: Goals::of(commands.iter()),
            before: record().ok(),
            recorded: false,
            processes: Vec::new(),
        }
    }

    /// Waits for the ends of these processes too, if the commands ask for an end.
    pub(crate) fn wait_for_ends(&mut self, processes: Vec<OwnedFd>) {
        if self.goals.include_end() {
            self.processes = processes;
        }
    }

    /// Whether the goals are reached and the processes have ended. The service directory
    /// must be the working directory.
    fn is_done(&mut self) -> Result<bool> {
        self.processes.retain(|process| !tree::has_ended(process));
        self.recorded = self.is_recorded()?;
        Ok(self.recorded && self.processes.is_empty())
    }

    /// Whether the record shows that the goals are reached.
    fn is_recorded(&self) -> Result<bool> {
        let supervised = match ok::is_supervised(servicedir::OK, Accept::Fifo) {
            Ok(supervised) => supervised,
            Err(Errno::ENOENT) => false,
            Err(error) => return Err(error),
        };
        if self.goals.include_exit() {
            return Ok(!supervised);
        }
        if !supervised {
            return Err(Errno::ENXIO);
        }
        let now = match record() {
            Ok(now) => now,
            // supervise has just started.
            Err(Errno::ENOENT) => return Ok(false),
            Err(error) => return Err(error),
        };
        Ok(self.goals.reached(&self.before.unwrap_or(now), &now))
    }

    /// What is not done, for a message.
    fn missing(&self) -> [&[u8]; 3] {
        let name = self.name.to_bytes();
        if self.recorded {
            [name, b" still has processes", b""]
        } else {
            [name, b" is not ", self.goals.words()]
        }
    }
}

/// Waits until all services are done or the deadline passes, and writes a warning about
/// each that is not. Gives the exit code.
///
/// # Errors
/// Those of `fchdir(2)` to `start`, the directory in which the program was started.
pub(crate) fn all(
    mut pending: Vec<Pending>,
    start: &OwnedFd,
    deadline: Option<Monotonic>,
) -> Result<i32> {
    let mut worst = 0;
    let mut pause = FIRST_PAUSE;
    loop {
        let mut failed = Ok(());
        pending.retain_mut(|service| {
            let done = file::chdir(service.name).and_then(|()| service.is_done());
            failed = failed.and_then(|()| file::fchdir(start));
            match done {
                Ok(done) => !done,
                Err(error) => {
                    worst = worst.max(warn(service, error));
                    false
                }
            }
        });
        failed?;
        let now = Monotonic::now();
        if pending.is_empty() {
            return Ok(worst);
        }
        if deadline.is_some_and(|deadline| deadline <= now) {
            for service in &pending {
                ME.warning(&service.missing(), Errno::ETIMEDOUT);
            }
            return Ok(TEMPORARY);
        }
        let next = now + pause;
        poll::pause_until(deadline.map_or(next, |deadline| deadline.min(next)));
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Writes the warning about a service that can't be waited for. Gives the exit code.
fn warn(service: &Pending, error: Errno) -> i32 {
    let name = service.name.to_bytes();
    if error == Errno::ENXIO {
        ME.warning(
            &[b"unable to wait for ", name, b": supervise not running"],
            None,
        );
        return PERMANENT;
    }
    ME.warning(&[b"unable to wait for ", name], error);
    errno::exit_code(error)
}

/// Reads the record of the service in the working directory.
fn record() -> Result<Status> {
    status::read(servicedir::STATUS, Length::AtLeast).map_err(|error| match error {
        StatusError::Open(error) | StatusError::Read(error) => error,
        // A record is never short: supervise has not written it yet.
        StatusError::Length => Errno::ENOENT,
    })
}

/// The value of `--timeout`: seconds in decimal, with or without a fraction.
pub(crate) fn seconds(word: &CStr) -> Option<Duration> {
    let text = word.to_str().ok()?;
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds: f64 = text.parse().ok().filter(|_| plain)?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_a_decimal_number_of_seconds() {
        assert_eq!(seconds(c"5"), Some(Duration::from_secs(5)));
        assert_eq!(seconds(c"0.5"), Some(Duration::from_millis(500)));
        for wrong in [c"", c"-1", c"inf", c"nan", c"1e3", c"5s", c".", c"\xff"] {
            assert_eq!(seconds(wrong), None, "{wrong:?}");
        }
    }
}
