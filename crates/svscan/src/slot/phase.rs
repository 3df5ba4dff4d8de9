//! Changes of a running service: it gets a logger, another directory has its name, or svscan
//! stops. The supervises have to end in an order in which no line is lost, each at its own
//! wake-up, while all other services go on. The phase is the step that has been reached.

use super::{Logger, PipeId, Role, Slot, Supervise};
use daemontools::unix::clock::Monotonic;

/// The step that a change has reached. In each step one supervise is told to exit; its
/// `stop_sent` says whether it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// No change: the supervises run or are to be started.
    Steady,
    /// A logger was added: the service's supervise exits and is started on the pipe.
    Join,
    /// The directory was replaced: the service's old supervise exits.
    Replace,
    /// It has ended: the logger's old supervise exits.
    ReplaceLog,
    /// svscan stops: the service's supervise exits, and nothing is started any more.
    Stop,
    /// It has ended: the logger's supervise reads the rest, and exits.
    Drain,
}

impl Slot {
    /// Whether it runs without a logger and could be given one.
    pub(crate) fn could_join(&self) -> bool {
        self.is_steady() && !self.is_logged() && self.pipe.is_none() && self.service.is_running()
    }

    /// Whether no change is under way.
    pub(crate) fn is_steady(&self) -> bool {
        self.phase == Phase::Steady
    }

    /// A supervise was told to exit.
    pub(crate) const fn stop_sent(&mut self, role: Role) {
        self.supervise_mut(role).stop_sent = true;
    }

    /// Goes to a step in which the supervise of `role` is to be told to exit.
    pub(super) const fn enter(&mut self, phase: Phase, role: Role) {
        self.phase = phase;
        self.supervise_mut(role).stop_sent = false;
    }

    /// A logger was added, with `pipe` to it.
    pub(crate) const fn join(&mut self, pipe: PipeId, now: Monotonic) {
        self.pipe = Some(pipe);
        self.logger = Logger::Supervised;
        self.log = Supervise::new(now);
        self.enter(Phase::Join, Role::Service);
    }

    /// The directory was removed and another has its name. The service's supervise, if it
    /// runs, has been told to exit.
    pub(crate) const fn replace(&mut self) {
        self.enter(Phase::Replace, Role::Service);
        self.stop_sent(Role::Service);
        self.listed = true;
        self.met = true;
    }

    /// The supervises of the removed directory have ended. `logged`: the new directory has
    /// a logger. If not, the old logger's supervise may still read the pipe to its end, and
    /// is no longer counted.
    pub(crate) fn inspected(&mut self, logged: bool, now: Monotonic) {
        self.phase = Phase::Steady;
        if !self.is_prefixed() {
            self.logger = match logged {
                true => Logger::Supervised,
                false => Logger::None,
            };
        }
        self.scanned(now);
        if !logged {
            self.log.forget(now);
        } else if !self.log.is_running() {
            self.log.due_at(now);
        }
    }
}
