//! When a check is run, and what follows from it. Pure: an event and the time in, an action
//! out.

use core::time::Duration;

use daemontools::unix::clock::Monotonic;

use super::outcome::{Outcome, Verdict, Which};

/// From TERM until KILL.
pub(super) const GRACE: Duration = Duration::from_secs(10);

/// The waits between two checks whether the program is ready: the first, and the longest.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// For how long a program may be not ready before that is worth a message.
const QUIET: Duration = Duration::from_secs(10);

/// What the operator has asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) every: Duration,
    pub(super) tries: u32,
    pub(super) timeout: Duration,
    /// Whether there is a check whether the program lives.
    pub(super) alive: bool,
}

/// How it is known that the program is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    /// By a check.
    Check,
    /// The program tells supervise itself.
    Word,
    /// It is from the start.
    Start,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Run a check.
    Run(Which),
    /// Kill the check that runs: it has taken too long.
    Cut,
    /// Tell supervise that the program is ready.
    TellReady,
    /// Say how a check ended.
    Say(Which, Outcome),
    /// Say how a check ended, and that this was failure number so many.
    Count(Outcome, u32),
    /// The same; and end the program.
    End(Outcome, u32),
    /// Say that the program did not end, and kill it.
    Kill,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing runs until then.
    Waiting(Which, Monotonic),
    /// The program will tell supervise itself; when to look.
    Word(Monotonic),
    Running {
        which: Which,
        since: Monotonic,
    },
    /// The check was killed, and has not ended yet.
    Cut {
        which: Which,
        since: Monotonic,
    },
    /// The program was told to end.
    Ending {
        kill: Monotonic,
    },
    /// There is nothing to do any more.
    Over,
}

#[derive(Debug)]
pub(super) struct Machine {
    settings: Settings,
    state: State,
    begun: Monotonic,
    /// The next wait between two checks whether the program is ready.
    wait: Duration,
    failures: u32,
    /// What was said, so that it is not said again.
    said: Option<Outcome>,
}

impl Machine {
    pub(super) fn new(settings: Settings, readiness: Readiness, now: Monotonic) -> Self {
        let mut machine = Self {
            settings,
            state: State::Over,
            begun: now,
            wait: FIRST_WAIT,
            failures: 0,
            said: None,
        };
        machine.state = match readiness {
            Readiness::Check => State::Waiting(Which::Ready, now),
            Readiness::Word => State::Word(now),
            Readiness::Start => machine.first_alive(now),
        };
        machine
    }

    /// When [`Machine::time`] has to be called.
    pub(super) fn deadline(&self) -> Option<Monotonic> {
        match self.state {
            State::Waiting(_, at) | State::Word(at) | State::Ending { kill: at } => Some(at),
            State::Running { since, .. } => Some(since + self.settings.timeout),
            State::Cut { .. } | State::Over => None,
        }
    }

    /// Whether the deadline is one for [`Machine::word`].
    pub(super) const fn awaits_word(&self) -> bool {
        matches!(self.state, State::Word(_))
    }

    /// Whether nothing will ever be done.
    pub(super) fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// The deadline has passed. `is_stopped`: the program is stopped by a signal.
    pub(super) fn time(&mut self, now: Monotonic, is_stopped: bool) -> Option<Action> {
        match self.state {
            State::Waiting(which, at) if now >= at => {
                if is_stopped {
                    self.state = State::Waiting(which, now + self.pause(which));
                    return None;
                }
                self.state = State::Running { which, since: now };
                Some(Action::Run(which))
            }
            State::Running { which, since } if now >= since + self.settings.timeout => {
                self.state = State::Cut { which, since };
                Some(Action::Cut)
            }
            State::Ending { kill } if now >= kill => {
                self.state = State::Over;
                Some(Action::Kill)
            }
            _ => None,
        }
    }

    /// Whether the program has told supervise that it is ready.
    pub(super) fn word(&mut self, told: bool, now: Monotonic) {
        if self.awaits_word() {
            self.state = match told {
                true => self.first_alive(now),
                false => State::Word(now + LONGEST_WAIT),
            };
        }
    }

    /// A check has ended.
    pub(super) fn ended(
        &mut self,
        outcome: Outcome,
        now: Monotonic,
        is_stopped: bool,
    ) -> Option<Action> {
        let (which, since, outcome) = match self.state {
            State::Running { which, since } => (which, since, outcome),
            State::Cut { which, since } => (which, since, Outcome::Late),
            _ => return None,
        };
        match which {
            Which::Ready => self.ready_ended(outcome, now, is_stopped),
            Which::Alive => self.alive_ended(outcome, since, now, is_stopped),
        }
    }

    fn ready_ended(
        &mut self,
        outcome: Outcome,
        now: Monotonic,
        is_stopped: bool,
    ) -> Option<Action> {
        if outcome.verdict() == Verdict::Good {
            self.said = None;
            self.state = self.first_alive(now);
            return Some(Action::TellReady);
        }
        self.state = State::Waiting(Which::Ready, now + self.wait);
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
        let is_news = match outcome {
            Outcome::Ended(_) => now >= self.begun + QUIET,
            Outcome::Late | Outcome::NotRun(_) => true,
        };
        if is_stopped || !is_news || self.said == Some(outcome) {
            return None;
        }
        self.said = Some(outcome);
        Some(Action::Say(Which::Ready, outcome))
    }

    fn alive_ended(
        &mut self,
        outcome: Outcome,
        since: Monotonic,
        now: Monotonic,
        is_stopped: bool,
    ) -> Option<Action> {
        let next = (since + self.settings.every).max(now);
        self.state = State::Waiting(Which::Alive, next);
        if is_stopped {
            return None;
        }
        match outcome.verdict() {
            Verdict::Good => {
                self.failures = 0;
                self.said = None;
                None
            }
            Verdict::None if self.said == Some(outcome) => None,
            Verdict::None => {
                self.said = Some(outcome);
                Some(Action::Say(Which::Alive, outcome))
            }
            Verdict::Bad => {
                self.said = None;
                self.failures += 1;
                if self.failures < self.settings.tries {
                    return Some(Action::Count(outcome, self.failures));
                }
                self.state = State::Ending { kill: now + GRACE };
                Some(Action::End(outcome, self.failures))
            }
        }
    }

    fn first_alive(&self, now: Monotonic) -> State {
        match self.settings.alive {
            true => State::Waiting(Which::Alive, now + self.settings.every),
            false => State::Over,
        }
    }

    /// Until the next look at a program that is stopped.
    const fn pause(&self, which: Which) -> Duration {
        match which {
            Which::Ready => LONGEST_WAIT,
            Which::Alive => self.settings.every,
        }
    }
}

#[cfg(test)]
mod tests;
