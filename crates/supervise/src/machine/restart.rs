//! What follows an end: early ends in a row, the wait before the next start, and whether
//! there is one.
//!
//! An end is *early* if it came by itself before the service was up, or ready where it can
//! tell that, for the policy's `healthy`. An end was *asked for* after `d`, and after a
//! signal that ends a process came through supervise. It is a *failure* if it was not
//! asked for and not exit code 0. An end of which nobody knows how is a failure.
//!
//! | `restart` | after exit 0 | after a failure | after an end that was asked for |
//! |---|---|---|---|
//! | always | start | start | start |
//! | on-failure | finished | start | start |
//! | never | finished | failed | start |
//!
//! After `give-up` early ends in a row the service has failed, whatever `restart` says.

use core::time::Duration;

use daemontools::servicedir::detail::Outcome;
use daemontools::servicedir::policy::{Policy, Restart};
use daemontools::servicedir::status::Want;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::process::End;

use super::event::{Next, Report};
use super::readiness::Readiness;
use super::stop::Stop;

/// The early ends of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Restarts {
    /// In a row.
    pub(crate) failures: u32,
    /// Ever.
    pub(crate) failed: u64,
    pub(crate) outcome: Option<Outcome>,
    /// The next start waits longer than the second between starts.
    pub(crate) backs_off: bool,
}

/// What is known about an end.
pub(super) struct Ending<'a> {
    pub(super) end: Option<End>,
    pub(super) now: Monotonic,
    /// What is wanted; `None`: nothing more, since supervise exits.
    pub(super) want: Option<Want>,
    pub(super) last_start: Option<Monotonic>,
    pub(super) stop: &'a Stop,
    pub(super) readiness: &'a Readiness,
}

/// What follows.
pub(super) struct Verdict {
    pub(super) next: Next,
    /// The least time from the end to the next start.
    pub(super) wait: Duration,
    pub(super) report: Option<Report>,
}

impl Verdict {
    const fn of(next: Next) -> Self {
        Self {
            next,
            wait: Duration::ZERO,
            report: None,
        }
    }
}

impl Restarts {
    /// An operator has told the service up or down: earlier ends no longer count.
    pub(super) const fn forget(&mut self) {
        self.failures = 0;
        self.outcome = None;
    }

    /// Decides what follows an end. `policy` is `None` where there is no file.
    pub(super) fn judge(&mut self, ending: &Ending<'_>, policy: Option<&Policy>) -> Verdict {
        let wants_up = ending.want == Some(Want::Up);
        let Some(policy) = policy.filter(|_| wants_up) else {
            self.failures = 0;
            return Verdict::of(if wants_up { Next::Restart } else { Next::Down });
        };
        let not_ready = ending.stop.not_ready && !ending.stop.asked;
        let recovered = !not_ready && ending.is_after(policy.healthy());
        if recovered {
            self.failures = 0;
        }
        if ending.stop.asked {
            return Verdict::of(Next::Restart);
        }
        let failure = not_ready || ending.end != Some(End::Exited(0));
        if !failure && policy.restart != Restart::Always {
            self.failures = 0;
            return self.settle(Outcome::Finished);
        }
        if !recovered {
            self.failures = self.failures.saturating_add(1);
            self.failed = self.failed.saturating_add(1);
            if policy.give_up > 0 && self.failures >= policy.give_up {
                return Verdict {
                    report: Some(Report::GivenUp(self.failures, ending.end)),
                    ..self.settle(Outcome::Failed)
                };
            }
        }
        if policy.restart == Restart::Never {
            return self.settle(Outcome::Failed);
        }
        Verdict {
            wait: policy.wait(self.failures),
            ..Verdict::of(Next::Restart)
        }
    }

    const fn settle(&mut self, outcome: Outcome) -> Verdict {
        self.outcome = Some(outcome);
        Verdict::of(match outcome {
            Outcome::Finished => Next::Finished,
            Outcome::Failed => Next::Failed,
        })
    }
}

impl Ending<'_> {
    /// Whether the service was up, or ready where it can tell that, for `time`.
    fn is_after(&self, time: Duration) -> bool {
        let since = self.readiness.healthy_since(self.last_start);
        since.is_some_and(|since| since + time <= self.now)
    }
}
