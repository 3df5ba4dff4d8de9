//! The rhythm of a gate's probes. Pure.

use std::time::Duration;

use crate::net::Outcome;

/// The time between two lines.
const SECOND: Duration = Duration::from_secs(1);

/// How often a dependency is probed in the second between two lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Once, at the end of the second: `wait`, as it always was.
    Steady,
    /// More often at first, so that the service starts as soon as it can: `exec`.
    Eager,
}

/// The pause of an eager gate where nobody listens, and the first one where somebody does.
const SHORTEST: Duration = Duration::from_millis(100);

/// The pauses between the probes of one dependency.
#[derive(Debug)]
pub(super) struct Pauses {
    pace: Pace,
    /// That of the dependency, if it has one.
    interval: Option<Duration>,
    next: Duration,
}

impl Pauses {
    pub(super) const fn new(pace: Pace, interval: Option<Duration>) -> Self {
        Self {
            pace,
            interval,
            next: SHORTEST,
        }
    }

    /// The time from one line to the next.
    pub(super) fn between_lines(&self) -> Duration {
        self.interval
            .map_or(SECOND, |interval| interval.max(SECOND))
    }

    /// The pause after a success that is not the last one wanted.
    pub(super) fn after_success(&self) -> Duration {
        self.interval.unwrap_or(SECOND)
    }

    /// The pause after this outcome. It doubles up to a second where somebody listens: a
    /// probe costs that server a connection, and some log each. Where nobody does it stays
    /// short, and nobody notices.
    pub(super) fn next(&mut self, outcome: &Outcome) -> Duration {
        if let Some(interval) = self.interval {
            return interval;
        }
        if self.pace == Pace::Steady {
            return SECOND;
        }
        if outcome.absent {
            self.next = SHORTEST;
            return SHORTEST;
        }
        let pause = self.next;
        self.next = (pause * 2).min(SECOND);
        pause
    }
}

#[cfg(test)]
mod tests {
    use crate::probe::Readiness;

    use super::*;

    fn outcome(absent: bool) -> Outcome {
        Outcome {
            readiness: Readiness::Down(String::new()),
            absent,
            address: String::new(),
            took: Duration::ZERO,
        }
    }

    #[test]
    fn an_eager_gate_backs_off_from_a_server_and_begins_anew_when_it_has_gone() {
        let mut pauses = Pauses::new(Pace::Eager, None);
        let mut next = |absent| pauses.next(&outcome(absent)).as_millis();
        let milliseconds = [false; 6].map(&mut next);
        assert_eq!(milliseconds, [100, 200, 400, 800, 1000, 1000]);
        assert_eq!(
            [true, true, false, false].map(&mut next),
            [100, 100, 100, 200]
        );
    }

    #[test]
    fn a_steady_gate_pauses_a_second() {
        let mut pauses = Pauses::new(Pace::Steady, None);
        for absent in [false, true, false] {
            assert_eq!(pauses.next(&outcome(absent)), SECOND);
        }
    }
}
