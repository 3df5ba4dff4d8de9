//! What is due: the next thing to be done for a service, and how long until there is
//! one. The two have to agree, or svscan sleeps over a start or turns without a pause.

use super::change::Phase;
use super::{Action, Farewell, Mark, PACE, Role, Slot};
use crate::tick::Tick;

impl Slot {
    /// The next thing to be done at `now`. Every action is answered by one of
    /// [`piped`](Self::piped), [`started`](Self::started), [`told`](Self::told),
    /// [`renew`](Self::renew) or, if it failed, [`failed`](Self::failed).
    pub(crate) fn next(&mut self, now: Tick) -> Option<Action> {
        if self.is_stopping() {
            return self.next_to_stop(now);
        }
        if !self.has(Mark::Listed) {
            return None;
        }
        loop {
            let gone = self.service.pid == 0;
            match self.phase {
                Phase::Join | Phase::Joining if gone => self.phase = Phase::Steady,
                Phase::Replace | Phase::Replacing if gone => self.phase = Phase::ReplaceLog,
                Phase::Replace => return Some(Action::Tell(Role::Service, Farewell::Replaced)),
                Phase::ReplaceLog if self.log.pid != 0 => {
                    return Some(Action::Tell(Role::Log, Farewell::Replaced));
                }
                Phase::ReplacingLog if self.log.pid != 0 => return None,
                Phase::Replacing => return None,
                Phase::ReplaceLog | Phase::ReplacingLog => return Some(Action::Renew),
                _ => break,
            }
        }
        let logged = self.has(Mark::Logged);
        if logged && self.pipe.is_none() {
            (self.wait_for(Role::Service, now) == Some(0)).then_some(Action::Pipe)
        } else if self.wait_for(Role::Service, now) == Some(0) {
            Some(Action::Start(Role::Service))
        } else if logged && self.wait_for(Role::Log, now) == Some(0) {
            Some(Action::Start(Role::Log))
        } else if self.phase == Phase::Join {
            Some(Action::Tell(Role::Service, Farewell::Join))
        } else {
            None
        }
    }

    /// How many milliseconds from `now` until there is something to be done.
    pub(crate) fn wait(&self, now: Tick) -> Option<u32> {
        if self.is_stopping() {
            return self.wait_to_stop(now);
        }
        if !self.has(Mark::Listed) {
            return None;
        }
        match self.phase {
            // Told in vain: once more.
            Phase::Replace | Phase::ReplaceLog | Phase::Join => return Some(PACE),
            Phase::Replacing | Phase::ReplacingLog => return None,
            _ => {}
        }
        // Without its pipe a logger has to wait.
        let logged = self.has(Mark::Logged) && self.pipe.is_some();
        let log = if logged {
            self.wait_for(Role::Log, now)
        } else {
            None
        };
        [self.wait_for(Role::Service, now), log]
            .into_iter()
            .flatten()
            .min()
    }
}
