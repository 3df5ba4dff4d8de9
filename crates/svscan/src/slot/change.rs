//! A change of a service that already runs: it gets a logger, another directory has its
//! name, or svscan ends. Its supervises have to end in an order in which no line is lost,
//! one wake-up at a time, while all other services go on: so it is noted how far it is.

use super::{Lately, Mark, Role, Side, Slot};
use crate::pair::Pipe;
use crate::tick::Tick;

/// How far a change of a service that already runs has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// No change: the supervises run or are started.
    Steady,
    /// A logger was added: the service's supervise has to come back on the pipe.
    Join,
    /// It was told.
    Joining,
    /// The directory was replaced: the old supervises have to go.
    Replace,
    /// The service's was told.
    Replacing,
    /// The service's has ended.
    ReplaceLog,
    /// The logger's was told.
    ReplacingLog,
    /// svscan ends: the service's supervise is to be told, and nothing is started
    /// any more.
    Stop,
    /// It was told.
    Stopping,
    /// It has ended: the logger's is to be told, and its pipe closed.
    Drain,
    /// That was done.
    Draining,
}

impl Slot {
    /// Whether it runs without a logger and could be given one.
    pub(crate) fn could_join(&self) -> bool {
        self.phase == Phase::Steady && !self.has(Mark::Logged) && self.service.pid != 0
    }

    /// Whether it was svscan that told a supervise to leave.
    pub(super) fn was_told_by_us(&self, role: Role) -> bool {
        self.is_stopping()
            || match (role, self.phase) {
                (Role::Service, Phase::Joining | Phase::Replacing)
                | (Role::Log, Phase::ReplacingLog) => true,
                (Role::Service, _) => false,
                (Role::Log, _) => self.has(Mark::Returning),
            }
    }

    /// Whether no change is under way.
    pub(crate) fn is_steady(&self) -> bool {
        self.phase == Phase::Steady
    }

    /// A supervise was told to end.
    pub(crate) fn told(&mut self) {
        self.phase = match self.phase {
            Phase::Join => Phase::Joining,
            Phase::Replace => Phase::Replacing,
            Phase::ReplaceLog => Phase::ReplacingLog,
            Phase::Stop => Phase::Stopping,
            Phase::Drain => {
                // With the service gone, the logger reads what is left and its end.
                self.pipe = None;
                Phase::Draining
            }
            other => other,
        };
    }

    /// A logger was added.
    pub(crate) fn join(&mut self, pipe: Pipe, now: Tick) {
        self.pipe = Some(pipe);
        self.set(Mark::Logged, true);
        self.log = Side { pid: 0, at: now };
        self.lately[1] = Lately::Ran;
        self.phase = Phase::Join;
    }

    /// The directory was removed and another has its name.
    pub(crate) const fn replace(&mut self) {
        self.phase = Phase::Replace;
        self.set(Mark::Listed, true);
        self.set(Mark::Met, true);
    }

    /// The old supervises of a replaced directory have ended. Whether the new one
    /// has a logger; if not, the old logger may still read what is in the pipe to
    /// its end, and is nobody's any more.
    pub(crate) fn renew(&mut self, logged: bool, now: Tick) {
        self.phase = Phase::Steady;
        self.set(Mark::Logged, logged);
        self.scanned(now);
        self.log.at = now;
        if !logged {
            self.pipe = None;
            self.log.pid = 0;
        }
    }
}
