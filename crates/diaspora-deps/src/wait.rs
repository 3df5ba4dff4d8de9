//! Waiting: one dependency after the other, in the order given, with one count of
//! attempts for all of them. N attempts are N lines, N seconds and N + 1 probes.

use std::thread;
use std::time::{Duration, Instant};

use daemontools::strerr::Fatal;
use daemontools::unix::fd;

use crate::net::Finding;
use crate::probe::Verdict;
use crate::question::Question;

/// The exit code of a gate that gave up.
pub const GAVE_UP: i32 = 126;
/// Between two lines.
const SECOND: Duration = Duration::from_secs(1);

/// The count.
#[derive(Debug)]
pub struct Attempts {
    left: Option<u64>,
}

impl Attempts {
    /// So many; 0 means for ever.
    #[must_use]
    pub const fn new(limit: u64) -> Self {
        Self {
            left: if limit == 0 { None } else { Some(limit) },
        }
    }

    /// Counts a probe that failed; whether there is another attempt.
    pub const fn failed(&mut self) -> bool {
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

/// How the second between two lines is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Asleep, as it always was.
    Steady,
    /// Asking again meanwhile, so that a service starts as soon as it can.
    Eager,
}

impl Pace {
    /// How long to leave a dependency alone. Where nobody listens, asking costs
    /// nobody anything.
    const fn pause(self, finding: &Finding) -> Duration {
        match self {
            Self::Steady => SECOND,
            Self::Eager if finding.absent => Duration::from_millis(40),
            Self::Eager => Duration::from_millis(200),
        }
    }
}

/// Waits for all. `name` is the waiting service's, for the lines; `attempts` is
/// asked when the first probe has failed.
///
/// # Errors
/// [`GAVE_UP`] when there are no more attempts; what `attempts` fails with.
pub fn all(
    name: &str,
    questions: &[Question],
    pace: Pace,
    attempts: impl FnOnce() -> Result<u64, Fatal>,
) -> Result<(), Fatal> {
    let mut source = Some(attempts);
    let mut count = None;
    for question in questions {
        let mut finding = question.ask();
        while finding.verdict != Verdict::Ready {
            if let Some(source) = source.take() {
                count = Some(Attempts::new(source()?));
            }
            if !count.as_mut().is_some_and(Attempts::failed) {
                return Err(Fatal::new(GAVE_UP));
            }
            let line = format!("{name} waiting for {}\n", question.shown);
            // Where nobody reads, nobody misses it.
            let _ = fd::write_all(fd::STDOUT, line.as_bytes());
            finding = again(question, finding, pace);
        }
    }
    Ok(())
}

/// Asks again until it is ready or a second has passed.
fn again(question: &Question, mut finding: Finding, pace: Pace) -> Finding {
    let end = Instant::now() + SECOND;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        thread::sleep(pace.pause(&finding).min(left));
        finding = question.ask();
        if finding.verdict == Verdict::Ready || Instant::now() >= end {
            return finding;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n_attempts_are_n_lines_and_one_more_probe() {
        for limit in 1..12 {
            let mut attempts = Attempts::new(limit);
            let lines = (0..100).take_while(|_| attempts.failed()).count();
            assert_eq!(u64::try_from(lines), Ok(limit));
            assert!(!attempts.failed());
        }
    }

    #[test]
    fn none_is_for_ever() {
        let mut attempts = Attempts::new(0);
        assert!((0..10_000).all(|_| attempts.failed()));
    }
}
