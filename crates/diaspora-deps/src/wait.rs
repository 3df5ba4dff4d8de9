//! The wait of a gate: one dependency after the other, in the order given, with one
//! count of attempts for all of them. N attempts are N lines, N seconds and N + 1 probes.

use std::thread;
use std::time::{Duration, Instant};

use crate::check::Report;
use crate::dependency::Dependency;
use crate::error::{Error, SourceError};
use crate::net::Outcome;
use crate::output;
use crate::probe::Readiness;

mod attempts;
mod pace;

use attempts::Attempts;
pub use pace::Pace;
use pace::Pauses;

/// The time that a probe has at least, also at the end of a wait.
const PROBE_MIN: Duration = Duration::from_millis(100);

/// How a gate waits.
#[derive(Clone, Copy, Debug)]
pub struct Wait<'a> {
    /// The name of the waiting service, for the lines.
    pub name: &'a str,
    /// How often a dependency is probed.
    pub pace: Pace,
    /// What the caller has asked for.
    pub options: Options,
}

/// What the caller of a gate has asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The end of the whole wait, if there is one.
    pub deadline: Option<Deadline>,
    /// Whether a line says why a dependency is not ready.
    pub verbose: bool,
}

/// The end of a wait.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    end: Instant,
    timeout: Duration,
}

impl Deadline {
    /// This time from now; `None` if no clock goes that far.
    #[must_use]
    pub fn after(timeout: Duration) -> Option<Self> {
        let end = Instant::now().checked_add(timeout)?;
        Some(Self { end, timeout })
    }

    /// The time that is left.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }
}

impl Options {
    /// The time that is left.
    #[must_use]
    pub fn left(&self) -> Duration {
        let deadline = self.deadline.as_ref();
        deadline.map_or(Duration::MAX, Deadline::left)
    }

    /// What an error means at its time: a settings file that takes too long has ended the
    /// wait if no time is left.
    #[must_use]
    pub fn judge(&self, error: Error) -> Error {
        let is_slow = matches!(
            error,
            Error::Source {
                cause: SourceError::TimedOut(_),
                ..
            }
        );
        match self.deadline {
            Some(deadline) if is_slow && deadline.left().is_zero() => Error::OutOfTime {
                timeout: deadline.timeout,
                cause: Box::new(error),
            },
            _ => error,
        }
    }
}

impl Wait<'_> {
    /// Waits until all dependencies are ready. `limit` gives the number of attempts, 0 for
    /// no limit, and is called when a probe has failed.
    ///
    /// # Errors
    /// [`Error::GaveUp`] when no attempt is left; [`Error::TimedOut`] at the deadline; the
    /// error of `limit`.
    pub fn all(
        &self,
        dependencies: &[Dependency],
        limit: impl FnOnce() -> Result<u64, Error>,
    ) -> Result<(), Error> {
        let mut attempts = Attempts::new(limit);
        for (index, dependency) in dependencies.iter().enumerate() {
            let waited = self.for_one(dependency, &mut attempts)?;
            if let Waited::TimedOut {
                outcome,
                successes,
                timeout,
            } = waited
            {
                let later = dependencies[index + 1..].iter();
                return Err(Error::TimedOut {
                    timeout,
                    service: dependency.label.clone(),
                    why: match successes {
                        0 => why(dependency, outcome),
                        _ => {
                            let wanted = dependency.rhythm.successes;
                            format!("ready {successes} times in a row, not {wanted}")
                        }
                    },
                    not_tried: later.map(|later| later.label.clone()).collect(),
                });
            }
        }
        Ok(())
    }

    fn for_one(
        &self,
        dependency: &Dependency,
        attempts: &mut Attempts<impl FnOnce() -> Result<u64, Error>>,
    ) -> Result<Waited, Error> {
        let rhythm = dependency.rhythm;
        let mut pauses = Pauses::new(self.pace, rhythm.interval);
        let mut next_line = Instant::now();
        let mut successes = 0;
        loop {
            let outcome = dependency.probe_within(self.options.left().max(PROBE_MIN));
            successes = match outcome.readiness {
                Readiness::Ready => successes + 1,
                _ => 0,
            };
            if successes == rhythm.successes {
                return Ok(Waited::Ready);
            }
            let is_late = |deadline: &Deadline| deadline.left().is_zero();
            if let Some(Deadline { timeout, .. }) = self.options.deadline.filter(is_late) {
                return Ok(Waited::TimedOut {
                    outcome,
                    successes,
                    timeout,
                });
            }
            if successes > 0 {
                thread::sleep(pauses.after_success().min(self.options.left()));
                continue;
            }
            if Instant::now() >= next_line {
                if !attempts.take()? {
                    return Err(Error::GaveUp);
                }
                self.print(dependency, &outcome);
                next_line = Instant::now() + pauses.between_lines();
            }
            let until_line = next_line.saturating_duration_since(Instant::now());
            thread::sleep(
                pauses
                    .next(&outcome)
                    .min(until_line)
                    .min(self.options.left()),
            );
        }
    }

    fn print(&self, dependency: &Dependency, outcome: &Outcome) {
        let line = format!("{} waiting for {}", self.name, dependency.label);
        output::print_if_read(&match self.options.verbose {
            true => format!("{line}: {}", why(dependency, outcome.clone())),
            false => line,
        });
    }
}

/// How the wait for one dependency ended.
enum Waited {
    Ready,
    TimedOut {
        outcome: Outcome,
        /// The last ones in a row.
        successes: u32,
        timeout: Duration,
    },
}

/// `starting: why (localhost:6379)`.
fn why(dependency: &Dependency, outcome: Outcome) -> String {
    let report = Report::new(dependency, outcome);
    format!("{} ({})", report.state_and_reason(), report.address)
}
