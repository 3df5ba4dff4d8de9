//! The wait of a gate: one dependency after the other, in the order given, with one
//! count of attempts for all of them. N attempts are N lines, N seconds and N + 1 probes.

use std::thread;
use std::time::{Duration, Instant};

use daemontools::unix::fd;

use crate::dependency::Dependency;
use crate::error::Error;
use crate::net::Outcome;
use crate::probe::Readiness;

/// The time between two lines.
const SECOND: Duration = Duration::from_secs(1);

/// The attempts that are left.
#[derive(Debug)]
struct Attempts {
    left: Option<u64>,
}

impl Attempts {
    /// `limit` attempts; 0 means no limit.
    const fn new(limit: u64) -> Self {
        Self {
            left: if limit == 0 { None } else { Some(limit) },
        }
    }

    /// Takes one attempt for a probe that failed; false if none was left.
    const fn take(&mut self) -> bool {
        match &mut self.left {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }
}

/// How often a dependency is probed in the second between two lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Once, at the end of the second: `wait`, as it always was.
    Steady,
    /// Several times: `exec`, so that the service starts as soon as it can.
    Eager,
}

impl Pace {
    /// The pause before the next probe. It is shortest where nobody listens: a probe
    /// then costs the dependency nothing.
    const fn pause(self, outcome: &Outcome) -> Duration {
        match self {
            Self::Steady => SECOND,
            Self::Eager if outcome.absent => Duration::from_millis(40),
            Self::Eager => Duration::from_millis(200),
        }
    }
}

/// Waits until all dependencies are ready. `name` is that of the waiting service, for
/// the lines; `limit` gives the number of attempts and is called when a probe has failed.
///
/// # Errors
/// [`Error::GaveUp`] when no attempt is left; the error of `limit`.
pub fn all(
    name: &str,
    dependencies: &[Dependency],
    pace: Pace,
    limit: impl FnOnce() -> Result<u64, Error>,
) -> Result<(), Error> {
    let mut limit = Some(limit);
    let mut attempts = Attempts::new(0);
    for dependency in dependencies {
        let mut outcome = dependency.probe();
        while outcome.readiness != Readiness::Ready {
            if let Some(limit) = limit.take() {
                attempts = Attempts::new(limit()?);
            }
            if !attempts.take() {
                return Err(Error::GaveUp);
            }
            let line = format!("{name} waiting for {}\n", dependency.label);
            // A gate without a reader still waits.
            let _ = fd::write_all(fd::STDOUT, line.as_bytes());
            outcome = probe_for_a_second(dependency, outcome, pace);
        }
    }
    Ok(())
}

/// Probes until the dependency is ready or a second has passed.
fn probe_for_a_second(dependency: &Dependency, mut outcome: Outcome, pace: Pace) -> Outcome {
    let end = Instant::now() + SECOND;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        thread::sleep(pace.pause(&outcome).min(left));
        outcome = dependency.probe();
        if outcome.readiness == Readiness::Ready || Instant::now() >= end {
            return outcome;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n_attempts_can_be_taken_n_times() {
        for limit in 1..12 {
            let mut attempts = Attempts::new(limit);
            let taken = (0..100).take_while(|_| attempts.take()).count();
            assert_eq!(u64::try_from(taken), Ok(limit));
            assert!(!attempts.take());
        }
    }

    #[test]
    fn zero_attempts_mean_no_limit() {
        let mut attempts = Attempts::new(0);
        assert!((0..10_000).all(|_| attempts.take()));
    }
}
