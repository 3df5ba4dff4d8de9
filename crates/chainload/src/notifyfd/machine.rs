//! What notifyfd does when something is told or time passes. Pure: an event and the time
//! in, an action out.

use core::time::Duration;

use daemontools::unix::clock::Monotonic;

use super::datagram::Told;

/// From ABRT until KILL.
pub(super) const GRACE: Duration = Duration::from_secs(10);

/// How often a time limit is divided to see whether the program is stopped. A program
/// tells that it lives twice within the limit: one that is stopped unseen, for less than a
/// quarter, is never late.
const LOOKS: u32 = 4;

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Tell supervise.
    TellReady,
    /// Say that the program does not tell any more that it lives, and abort it.
    Abort,
    /// Say that it did not end, and kill it.
    Kill,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Starting,
    Ready,
    /// It has to tell that it lives before `late`.
    Watched {
        late: Monotonic,
        look: Monotonic,
    },
    Aborted {
        kill: Monotonic,
    },
    Killed,
}

#[derive(Debug)]
pub(super) struct Machine {
    watchdog: Option<Duration>,
    state: State,
}

impl Machine {
    /// With the longest time between two signs of life, if it matters.
    pub(super) const fn new(watchdog: Option<Duration>) -> Self {
        Self {
            watchdog,
            state: State::Starting,
        }
    }

    /// When [`Machine::time`] has to be called.
    pub(super) const fn deadline(&self) -> Option<Monotonic> {
        match self.state {
            State::Watched { look, .. } => Some(look),
            State::Aborted { kill } => Some(kill),
            State::Starting | State::Ready | State::Killed => None,
        }
    }

    /// The program has told something.
    pub(super) fn told(&mut self, told: Told, now: Monotonic) -> Option<Action> {
        match self.state {
            State::Starting if told.ready => {
                self.state = self.watch(now);
                Some(Action::TellReady)
            }
            State::Watched { .. } if told.alive => {
                self.state = self.watch(now);
                None
            }
            _ => None,
        }
    }

    /// Time has passed. `is_stopped`: the program is stopped by a signal, and can't tell.
    pub(super) fn time(&mut self, now: Monotonic, is_stopped: bool) -> Option<Action> {
        match self.state {
            State::Watched { look, .. } if now < look => None,
            State::Watched { .. } if is_stopped => {
                self.state = self.watch(now);
                None
            }
            State::Watched { late, .. } if now < late => {
                let look = self.next_look(now).min(late);
                self.state = State::Watched { late, look };
                None
            }
            State::Watched { .. } => {
                self.state = State::Aborted { kill: now + GRACE };
                Some(Action::Abort)
            }
            State::Aborted { kill } if now >= kill => {
                self.state = State::Killed;
                Some(Action::Kill)
            }
            _ => None,
        }
    }

    fn watch(&self, now: Monotonic) -> State {
        match self.watchdog {
            Some(limit) => State::Watched {
                late: now + limit,
                look: self.next_look(now),
            },
            None => State::Ready,
        }
    }

    fn next_look(&self, now: Monotonic) -> Monotonic {
        now + self.watchdog.unwrap_or_default() / LOOKS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READY: Told = Told {
        ready: true,
        alive: false,
    };
    const ALIVE: Told = Told {
        ready: false,
        alive: true,
    };

    fn at(seconds: u64) -> Monotonic {
        Monotonic(seconds * 1_000_000_000)
    }

    /// A machine with a limit of eight seconds that was ready at 0.
    fn watched() -> Machine {
        let mut machine = Machine::new(Some(Duration::from_secs(8)));
        assert_eq!(machine.told(READY, at(0)), Some(Action::TellReady));
        machine
    }

    #[test]
    fn ready_is_told_once() {
        let mut machine = Machine::new(None);
        assert_eq!(machine.told(ALIVE, at(0)), None);
        assert_eq!(machine.told(READY, at(1)), Some(Action::TellReady));
        assert_eq!(machine.told(READY, at(2)), None);
        assert_eq!(machine.deadline(), None);
        assert_eq!(machine.time(at(1_000_000), false), None);
    }

    #[test]
    fn the_limit_begins_when_it_is_ready() {
        let mut machine = Machine::new(Some(Duration::from_secs(8)));
        assert_eq!(machine.deadline(), None);
        assert_eq!(machine.time(at(100), false), None);
        machine.told(READY, at(100));
        assert_eq!(machine.time(at(107), false), None);
        assert_eq!(machine.time(at(108), false), Some(Action::Abort));
    }

    #[test]
    fn a_sign_of_life_begins_the_limit_anew() {
        let mut machine = watched();
        assert_eq!(machine.told(ALIVE, at(7)), None);
        assert_eq!(machine.time(at(14), false), None);
        assert_eq!(machine.time(at(15), false), Some(Action::Abort));
    }

    #[test]
    fn it_is_killed_once_ten_seconds_after_it_was_aborted() {
        let mut machine = watched();
        assert_eq!(machine.time(at(8), false), Some(Action::Abort));
        assert_eq!(machine.told(ALIVE, at(9)), None);
        assert_eq!(machine.time(at(17), false), None);
        assert_eq!(machine.deadline(), Some(at(18)));
        assert_eq!(machine.time(at(18), false), Some(Action::Kill));
        assert_eq!(machine.deadline(), None);
        assert_eq!(machine.time(at(99), false), None);
    }

    #[test]
    fn a_program_that_is_stopped_is_not_late_and_has_the_whole_limit_afterwards() {
        let mut machine = watched();
        for second in 1..100 {
            assert_eq!(machine.time(at(second), true), None);
        }
        assert_eq!(machine.time(at(105), false), None);
        assert_eq!(machine.time(at(106), false), Some(Action::Abort));
    }

    #[test]
    fn it_is_looked_at_four_times_within_the_limit() {
        let mut machine = watched();
        for second in [2, 4, 6, 8] {
            assert_eq!(machine.deadline(), Some(at(second)));
            machine.time(at(second), false);
        }
    }
}
