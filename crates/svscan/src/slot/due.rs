//! The next action for a service, and the time of the one after. The two have to agree, or
//! svscan misses a start or loops without a pause.

use daemontools::unix::clock::Monotonic;

use super::phase::Phase;
use super::{Action, PACE, Role, Slot, StopReason};

impl Slot {
    /// The next action at `now`. The caller performs it and calls one of
    /// [`set_pipe`](Self::set_pipe), [`pipe_closed`](Self::pipe_closed),
    /// [`started`](Self::started), [`stop_sent`](Self::stop_sent),
    /// [`inspected`](Self::inspected) or, if it failed, [`failed`](Self::failed).
    pub(crate) fn next_action(&mut self, now: Monotonic) -> Option<Action> {
        if self.is_stopping() {
            return self.next_action_to_stop(now);
        }
        // A service without a logger must not write into the pipe to an earlier one.
        if let Some(pipe) = self.pipe
            && !self.is_logged()
        {
            return Some(Action::ClosePipe(pipe));
        }
        if !self.listed {
            return None;
        }
        self.skip_ended_steps();
        match self.phase {
            Phase::Replace => return None,
            Phase::ReplaceLog if !self.log.is_running() => return Some(Action::Inspect),
            Phase::ReplaceLog if self.log.stop_sent => return None,
            Phase::ReplaceLog => return Some(Action::Stop(Role::Log, StopReason::Replaced)),
            Phase::Steady | Phase::Join | Phase::Stop | Phase::Drain => {}
        }
        if self.is_logged() && self.pipe.is_none() {
            self.service.is_due(now).then_some(Action::MakePipe)
        } else if self.service.is_due(now) {
            Some(Action::Start(Role::Service))
        } else if self.is_logged() && self.log.is_due(now) {
            Some(Action::Start(Role::Log))
        } else if self.phase == Phase::Join && !self.service.stop_sent {
            Some(Action::Stop(Role::Service, StopReason::JoinLogger))
        } else {
            None
        }
    }

    /// A step is over when the supervise that it ends has ended.
    fn skip_ended_steps(&mut self) {
        if self.service.is_running() {
            return;
        }
        match self.phase {
            Phase::Join => self.phase = Phase::Steady,
            Phase::Replace => self.enter(Phase::ReplaceLog, Role::Log),
            _ => {}
        }
    }

    /// The time of the next action after those that are due at `now`, if it is known.
    pub(crate) fn deadline(&self, now: Monotonic) -> Option<Monotonic> {
        if self.is_stopping() {
            return self.deadline_to_stop(now);
        }
        if !self.listed {
            return None;
        }
        // A supervise that could not be told to exit is told again after PACE.
        match self.phase {
            Phase::Replace => return None,
            Phase::ReplaceLog => return (!self.log.stop_sent).then(|| now + PACE),
            Phase::Join if !self.service.stop_sent => return Some(now + PACE),
            _ => {}
        }
        // A logger is not started without its pipe.
        let log = match self.is_logged() && self.pipe.is_some() {
            true => self.log.next_start(),
            false => None,
        };
        [self.service.next_start(), log].into_iter().flatten().min()
    }
}
