//! `svc --wait`: looks at the records until each says that it is done.

use core::ffi::CStr;
use core::time::Duration;
use std::os::fd::OwnedFd;

use daemontools::servicedir::ok::{self, Accept};
use daemontools::servicedir::status::{self, Length, ReadError, Status};
use daemontools::unix::clock::Monotonic;
use daemontools::unix::{file, poll};
use daemontools::{Errno, PERMANENT, Result, TEMPORARY, errno, servicedir};

use crate::commands::Commands;
use crate::control::ME;
use crate::goal::Goals;
use crate::tree;

/// How often the records are looked at: soon after the start, then less often.
const FIRST: Duration = Duration::from_millis(2);
const LAST: Duration = Duration::from_millis(50);

/// A service that was told, and what is waited for.
#[derive(Debug)]
pub(crate) struct Waiting {
    name: &'static CStr,
    goals: Goals,
    /// The record before the commands; `None` where there was none to read.
    before: Option<Status>,
    /// Whether the record said at the last look that it is done.
    recorded: bool,
    /// Processes that must have ended too.
    processes: Vec<OwnedFd>,
}

impl Waiting {
    /// To be made in the service's directory before the commands are written.
    pub(crate) fn new(name: &'static CStr, commands: &Commands) -> Self {
        Self {
            name,
            goals: Goals::of(commands.iter()),
            before: record().ok(),
            recorded: false,
            processes: Vec::new(),
        }
    }

    /// Waits for the ends of these too, if an end was asked for.
    pub(crate) fn and_for(&mut self, processes: Vec<OwnedFd>) {
        if self.goals.is_end() {
            self.processes = processes;
        }
    }

    /// Whether all of it is done; to be asked in the service's directory.
    fn is_all_done(&mut self) -> Result<bool> {
        self.processes.retain(|process| !tree::ended(process));
        self.recorded = self.is_done()?;
        Ok(self.recorded && self.processes.is_empty())
    }

    /// Whether the record says that it is done.
    fn is_done(&self) -> Result<bool> {
        let alive = match ok::is_supervised(servicedir::OK, Accept::Fifo) {
            Ok(alive) => alive,
            Err(Errno::ENOENT) => false,
            Err(error) => return Err(error),
        };
        if self.goals.is_gone() || !alive {
            return if alive { Ok(false) } else { self.left() };
        }
        let now = match record() {
            Ok(now) => now,
            // supervise has just begun to run.
            Err(Errno::ENOENT) => return Ok(false),
            Err(error) => return Err(error),
        };
        Ok(self.goals.reached(&self.before.unwrap_or(now), &now))
    }

    /// What is not done, in words.
    fn missing(&self) -> [&[u8]; 3] {
        let name = self.name.to_bytes();
        if self.recorded {
            [name, b" still has processes", b""]
        } else {
            [name, b" is not ", self.goals.words()]
        }
    }

    /// supervise does not run: done, if that was asked for.
    fn left(&self) -> Result<bool> {
        if self.goals.is_gone() {
            Ok(true)
        } else {
            Err(Errno::ENXIO)
        }
    }
}

/// Waits until all are done, or until the deadline; says what is not, and gives the
/// exit code.
///
/// # Errors
/// What `fchdir(2)` says of the directory the program started in.
pub(crate) fn all(
    mut waiting: Vec<Waiting>,
    start: &OwnedFd,
    deadline: Option<Monotonic>,
) -> Result<i32> {
    let mut worst = 0;
    let mut pause = FIRST;
    loop {
        let mut failed = Ok(());
        waiting.retain_mut(|told| {
            let done = file::chdir(told.name).and_then(|()| told.is_all_done());
            failed = failed.and_then(|()| file::fchdir(start));
            match done {
                Ok(done) => !done,
                Err(error) => {
                    worst = worst.max(given_up(told, error));
                    false
                }
            }
        });
        failed?;
        let now = Monotonic::now();
        if waiting.is_empty() {
            return Ok(worst);
        }
        if deadline.is_some_and(|deadline| deadline <= now) {
            for told in &waiting {
                ME.warning(&told.missing(), Errno::ETIMEDOUT);
            }
            return Ok(TEMPORARY);
        }
        let next = now + pause;
        poll::pause_until(deadline.map_or(next, |deadline| deadline.min(next)));
        pause = (pause * 2).min(LAST);
    }
}

fn given_up(told: &Waiting, error: Errno) -> i32 {
    let name = told.name.to_bytes();
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

/// The record of the service in the working directory.
fn record() -> Result<Status> {
    status::read(servicedir::STATUS, Length::AtLeast).map_err(|error| match error {
        ReadError::Open(error) | ReadError::Read(error) => error,
        // A record is never short: supervise has not written it yet.
        ReadError::Length => Errno::ENOENT,
    })
}

/// The value of `--timeout`: seconds, whole or with a fraction.
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
    fn a_timeout_is_a_plain_number() {
        assert_eq!(seconds(c"5"), Some(Duration::from_secs(5)));
        assert_eq!(seconds(c"0.5"), Some(Duration::from_millis(500)));
        for wrong in [c"", c"-1", c"inf", c"nan", c"1e3", c"5s", c".", c"\xff"] {
            assert_eq!(seconds(wrong), None, "{wrong:?}");
        }
    }
}
