//! How a service stops with svscan: the service first, then its logger, which has read
//! everything by then.

use core::time::Duration;

use daemontools::unix::clock::Monotonic;

use super::phase::Phase;
use super::{Action, Role, Slot, StopReason};

/// The time between two attempts to tell a supervise to stop: it may have been started just
/// now, and have no control FIFO yet.
pub(super) const STOP_RETRY: Duration = Duration::from_millis(100);
/// The longest time to wait for a logger that is down but wanted up, after its service has
/// ended.
const LOGGER_PATIENCE: Duration = Duration::from_secs(5);

impl Slot {
    /// svscan stops. Called again, the supervises are told again.
    pub(crate) fn stop(&mut self, now: Monotonic) {
        // There will be no other scan.
        self.scanned(now);
        match self.phase {
            Phase::Drain => self.enter(Phase::Drain, Role::Log),
            _ => self.enter(Phase::Stop, Role::Service),
        }
    }

    /// Whether svscan stops it.
    pub(crate) fn is_stopping(&self) -> bool {
        matches!(self.phase, Phase::Stop | Phase::Drain)
    }

    /// Whether nothing of it runs or will be started.
    pub(crate) fn is_stopped(&self) -> bool {
        self.phase == Phase::Drain && !self.log.is_running() && !self.has_to_drain()
    }

    /// Whether its logger has ended while the pipe may hold something. A logger that ends
    /// as soon as it is started would never read it.
    fn has_to_drain(&self) -> bool {
        self.phase == Phase::Drain
            && self.listed
            && self.is_logged()
            && self.pipe.is_some()
            && !self.log.keeps_ending()
    }

    /// Whether the logger had its time to come up once more after its service ended.
    pub(crate) fn logger_had_its_time(&self, now: Monotonic) -> bool {
        self.service.is_down_for(LOGGER_PATIENCE, now)
    }

    pub(super) fn next_action_to_stop(&mut self, now: Monotonic) -> Option<Action> {
        if self.phase == Phase::Stop && !self.service.is_running() {
            self.enter(Phase::Drain, Role::Log);
        }
        let stop = |role| Some(Action::Stop(role, StopReason::Shutdown));
        let told = self.log.stop_sent;
        match (self.phase, self.pipe) {
            (Phase::Stop, _) if !self.service.stop_sent => stop(Role::Service),
            // With the service gone, the logger reads the rest and then the end.
            (Phase::Drain, Some(pipe)) if told => Some(Action::ClosePipe(pipe)),
            (Phase::Drain, _) if self.log.is_running() && !told => stop(Role::Log),
            (Phase::Drain, _) if self.has_to_drain() && self.log.is_due(now) => {
                Some(Action::Start(Role::Log))
            }
            _ => None,
        }
    }

    pub(super) fn deadline_to_stop(&self, now: Monotonic) -> Option<Monotonic> {
        match self.phase {
            Phase::Stop if !self.service.stop_sent => Some(now + STOP_RETRY),
            Phase::Drain if self.log.is_running() => {
                (!self.log.stop_sent).then(|| now + STOP_RETRY)
            }
            Phase::Drain if self.has_to_drain() => self.log.next_start(),
            _ => None,
        }
    }
}
