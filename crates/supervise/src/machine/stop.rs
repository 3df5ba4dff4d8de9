//! How the service is stopped: the signal, the limit, and KILL once.

use core::time::Duration;

use daemontools::servicedir::policy::Policy;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::signal::Signal;

/// How the running process was told to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stop {
    /// An operator has asked for its end: by `d`, or by a signal that ends a process.
    pub(crate) asked: bool,
    /// When supervise stopped it first.
    pub(crate) since: Option<Monotonic>,
    /// It was stopped because it was not ready in time.
    pub(crate) not_ready: bool,
    /// The limit was over, and it was killed.
    pub(crate) killed: bool,
}

/// Whether a signal that an operator sends is meant to end the service.
pub(super) const fn ends(signal: Signal) -> bool {
    matches!(
        signal,
        Signal::SIGTERM | Signal::SIGINT | Signal::SIGKILL | Signal::SIGQUIT
    )
}

impl Stop {
    /// It is told to end. The limit does not begin anew.
    pub(super) fn begin(&mut self, now: Monotonic) {
        self.since.get_or_insert(now);
    }

    /// How long it may take.
    pub(super) fn limit(&self, policy: &Policy) -> Option<Duration> {
        if self.not_ready {
            policy.stop_timeout_when_not_ready()
        } else {
            policy.stop_timeout()
        }
    }

    /// When it is killed.
    pub(super) fn deadline(&self, policy: &Policy) -> Option<Monotonic> {
        let since = self.since.filter(|_| !self.killed)?;
        Some(since + self.limit(policy)?)
    }
}
