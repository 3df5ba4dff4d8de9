//! `svc --wait`: reads the status records of the services until each of them shows that
//! its commands are done.

use core::ffi::CStr;
use core::time::Duration;
use std::os::fd::OwnedFd;

use crate::servicedir::ok::{self, Accept};
use crate::servicedir::query::{self, QueryError};
use crate::servicedir::status::{self, Length, Status, StatusError};
use crate::strerr::Reporter;
use crate::unix::clock::Monotonic;
use crate::unix::{file, poll};
use crate::{Errno, PERMANENT, Result, TEMPORARY, errno, servicedir};

use crate::client::commands::Commands;
use crate::client::condition::{Condition, Verdict};
use crate::client::goal::Goals;
use crate::client::tree;

/// The pause between two looks at the records; it doubles up to the longest one.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// The commands had their effect.
    Done,
    /// And after that the service is ready, as for `svwait --ready`.
    Ready,
}

impl Until {
    /// What the value of `--wait` means, or none. `None` for an unknown value.
    #[must_use]
    pub fn parse(value: Option<&CStr>) -> Option<Self> {
        match value.map(CStr::to_bytes) {
            None => Some(Self::Done),
            Some(b"ready") => Some(Self::Ready),
            Some(_) => None,
        }
    }
}

/// Why a service can't be waited for.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    /// No supervise runs.
    NotRunning,
    /// The service has failed.
    Failed,
    /// The system says so.
    System(Errno),
}

impl From<Errno> for Trouble {
    fn from(error: Errno) -> Self {
        Self::System(error)
    }
}

/// A service whose commands are not done yet.
#[derive(Debug)]
pub(crate) struct Pending<'a> {
    name: &'a CStr,
    goals: Goals,
    until: Until,
    /// The record before the commands; `None` if it could not be read.
    before: Option<Status>,
    /// Whether the record showed at the last look that the goals are reached.
    recorded: bool,
    /// Pidfds of processes that must have ended too.
    processes: Vec<OwnedFd>,
}

impl<'a> Pending<'a> {
    /// Reads the record of the service in the working directory. To be called before the
    /// commands are written.
    pub(crate) fn new(name: &'a CStr, commands: &Commands, until: Until) -> Self {
        Self {
            name,
            goals: Goals::of(commands.iter()),
            until,
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
    fn is_done(&mut self) -> core::result::Result<bool, Trouble> {
        self.processes.retain(|process| !tree::has_ended(process));
        self.recorded = self.is_recorded()?;
        Ok(self.recorded && self.processes.is_empty())
    }

    /// Whether the record shows that the goals are reached.
    fn is_recorded(&self) -> core::result::Result<bool, Trouble> {
        let supervised = match ok::is_supervised(servicedir::OK, Accept::Fifo) {
            Ok(supervised) => supervised,
            Err(Errno::ENOENT) => false,
            Err(error) => return Err(error.into()),
        };
        if self.goals.include_exit() {
            return Ok(!supervised);
        }
        if !supervised {
            return Err(Trouble::NotRunning);
        }
        let now = match record() {
            Ok(now) => now,
            // supervise has just started.
            Err(Errno::ENOENT) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        let before = self.before.unwrap_or(now);
        let reached = self.goals.reached(&before, &now);
        match self.until {
            Until::Done => Ok(reached),
            Until::Ready => {
                let changed = (before.pid, before.since) != (now.pid, now.since);
                is_ready(reached, changed)
            }
        }
    }

    /// What is not done, for a message.
    fn missing(&self) -> [&[u8]; 3] {
        let name = self.name.to_bytes();
        if self.recorded {
            [name, b" still has processes", b""]
        } else {
            let words = match self.until {
                Until::Done => self.goals.words(),
                Until::Ready => b"ready",
            };
            [name, b" is not ", words]
        }
    }
}

/// Whether the service in the working directory is ready. What is left from before the
/// commands does not count: only once they had their effect, or the service has ended for
/// good since, its state does.
fn is_ready(reached: bool, changed: bool) -> core::result::Result<bool, Trouble> {
    let state = query::state(c".").map_err(QueryError::errno)?;
    let is_new = reached || (changed && state.is_final());
    if !is_new {
        return Ok(false);
    }
    match Condition::Ready.verdict(state) {
        Verdict::Reached => Ok(true),
        Verdict::Pending => Ok(false),
        Verdict::Failed => Err(Trouble::Failed),
    }
}

/// Waits until all services are done or the deadline passes, and has `me` write a warning
/// about each that is not. Gives the exit code.
///
/// # Errors
/// Those of `fchdir(2)` to `start`, the directory in which the program was started.
pub(crate) fn all(
    me: &Reporter,
    mut pending: Vec<Pending<'_>>,
    start: &OwnedFd,
    deadline: Option<Monotonic>,
) -> Result<i32> {
    let mut worst = 0;
    let mut pause = FIRST_PAUSE;
    loop {
        let mut failed = Ok(());
        pending.retain_mut(|service| {
            let entered = servicedir::enter(service.name).map_err(Trouble::from);
            let done = entered.and_then(|()| service.is_done());
            failed = failed.and_then(|()| file::fchdir(start));
            match done {
                Ok(done) => !done,
                Err(trouble) => {
                    worst = worst.max(warn(me, service, trouble));
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
                me.warning(&service.missing(), Errno::ETIMEDOUT);
            }
            return Ok(TEMPORARY);
        }
        let next = now + pause;
        poll::pause_until(deadline.map_or(next, |deadline| deadline.min(next)));
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Writes the warning about a service that can't be waited for. Gives the exit code.
fn warn(me: &Reporter, service: &Pending<'_>, trouble: Trouble) -> i32 {
    let name = service.name.to_bytes();
    let unable: [&[u8]; 3] = [b"unable to wait for ", name, b": supervise not running"];
    match trouble {
        Trouble::NotRunning => me.warning(&unable, None),
        Trouble::Failed => me.warning(&[name, b" has failed"], None),
        Trouble::System(error) => {
            me.warning(&unable[..2], error);
            return errno::exit_code(error);
        }
    }
    PERMANENT
}

/// Reads the record of the service in the working directory.
fn record() -> Result<Status> {
    status::read(servicedir::STATUS, Length::AtLeast).map_err(|error| match error {
        StatusError::Open(error) | StatusError::Read(error) => error,
        // A record is never short: supervise has not written it yet.
        StatusError::Length => Errno::ENOENT,
    })
}
