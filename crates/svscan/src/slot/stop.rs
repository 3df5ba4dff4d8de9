//! How a service ends with svscan: the service first, then its logger, which has
//! read everything by then.

use super::change::Phase;
use super::{Action, Farewell, INSIST, Lately, Mark, Role, Slot};
use crate::tick::Tick;

/// How long is waited for a logger that is down but should be up, in milliseconds.
const PATIENCE: u32 = 5000;

impl Slot {
    /// svscan ends. Asked again, it tells again what was told before.
    pub(crate) fn stop(&mut self, now: Tick) {
        // There will be no other scan.
        self.scanned(now);
        self.phase = match self.phase {
            Phase::Drain | Phase::Draining => Phase::Drain,
            _ => Phase::Stop,
        };
    }

    pub(super) fn is_stopping(&self) -> bool {
        matches!(
            self.phase,
            Phase::Stop | Phase::Stopping | Phase::Drain | Phase::Draining
        )
    }

    /// Whether nothing of it runs any more or will.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Drain | Phase::Draining)
            && self.log.pid == 0
            && !self.has_to_drain()
    }

    /// Whether its logger died while something may be in the pipe. One that ends as
    /// soon as it is started would never read it.
    fn has_to_drain(&self) -> bool {
        self.phase == Phase::Drain
            && self.has(Mark::Listed)
            && self.has(Mark::Logged)
            && self.pipe.is_some()
            && self.lately[1] != Lately::QuickAlways
    }

    /// Whether the logger has had its time to come up once more, after its service
    /// has ended.
    pub(crate) const fn has_waited(&self, now: Tick) -> bool {
        now.since(self.service.at) > PATIENCE && self.service.at.wait(now) == 0
    }

    pub(super) fn next_to_stop(&mut self, now: Tick) -> Option<Action> {
        if self.service.pid == 0 && matches!(self.phase, Phase::Stop | Phase::Stopping) {
            self.phase = Phase::Drain;
        }
        match self.phase {
            Phase::Stop => Some(Action::Tell(Role::Service, Farewell::Stop)),
            Phase::Drain if self.log.pid != 0 => Some(Action::Tell(Role::Log, Farewell::Stop)),
            Phase::Drain if self.has_to_drain() && self.wait_for(Role::Log, now) == Some(0) => {
                Some(Action::Start(Role::Log))
            }
            _ => None,
        }
    }

    pub(super) fn wait_to_stop(&self, now: Tick) -> Option<u32> {
        match self.phase {
            Phase::Stop => Some(INSIST),
            Phase::Drain if self.log.pid != 0 => Some(INSIST),
            Phase::Drain if self.has_to_drain() => self.wait_for(Role::Log, now),
            _ => None,
        }
    }
}
