//! How a service is stopped and how long it is waited for, from its `supervise.toml`.

use std::path::Path;
use std::time::Duration;

use daemontools::servicedir::policy::Policy;
use daemontools::unix::signal::Signal;

use crate::read;

/// How long a service without a policy may take to stop.
const WITHOUT_POLICY: Duration = Duration::from_secs(20);
/// How long a service may take to stop that is never killed.
const NEVER_KILLED: Duration = Duration::from_secs(60);
/// How long a killed service may take to be gone.
const AFTER_KILL: Duration = Duration::from_secs(5);
/// How long a service may take to be ready that has no `ready-timeout`.
const READY: Duration = Duration::from_secs(60);

/// The policy of a service: `None` without a `supervise.toml` that can be read.
pub(super) fn policy(directory: &Path) -> Option<Policy> {
    let text = read::regular(&directory.join("supervise.toml")).ok()?;
    Some(Policy::parse(&text, |_| {}))
}

/// How a service is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stop {
    /// What supervise sends.
    pub(super) signal: Signal,
    /// When supervise kills it.
    pub(super) kill_after: Option<Duration>,
    /// How long it is waited for.
    pub(super) limit: Duration,
}

impl Stop {
    pub(super) fn new(policy: Option<&Policy>, timeout: Option<Duration>) -> Self {
        let signal = policy.map_or(Signal::SIGTERM, |policy| policy.stop_signal);
        let kill_after = policy.and_then(Policy::stop_timeout);
        let own = match (policy, kill_after) {
            (None, _) => WITHOUT_POLICY,
            (Some(_), None) => NEVER_KILLED,
            (Some(_), Some(limit)) => limit + AFTER_KILL,
        };
        let finish = policy.filter(|policy| policy.finish);
        let finish = finish.map_or(Duration::ZERO, |policy| policy.finish_timeout);
        Self {
            signal,
            kill_after,
            limit: timeout.unwrap_or(own + finish),
        }
    }
}

/// How long a service is waited for until it is ready.
pub(super) fn ready(policy: Option<&Policy>, timeout: Option<Duration>) -> Duration {
    let own = policy.and_then(|policy| policy.ready_timeout);
    timeout.or(own).unwrap_or(READY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_has_its_own_limit_unless_one_is_given() {
        let parse = |text: &str| Policy::parse(text.as_bytes(), |_| panic!("{text}"));
        for (text, signal, limit) in [
            (None, Signal::SIGTERM, 20),
            (Some(""), Signal::SIGTERM, 60),
            (Some("stop-signal = \"INT\""), Signal::SIGINT, 60),
            (Some("stop-timeout = 40"), Signal::SIGTERM, 45),
            (
                Some("stop-timeout = 40\nfinish = true"),
                Signal::SIGTERM,
                50,
            ),
            (Some("stop-timeout = 0"), Signal::SIGTERM, 60),
        ] {
            let policy = text.map(parse);
            let stop = Stop::new(policy.as_ref(), None);
            let expected = (signal, Duration::from_secs(limit));
            assert_eq!((stop.signal, stop.limit), expected, "{text:?}");
            let given = Duration::from_secs(3);
            assert_eq!(Stop::new(policy.as_ref(), Some(given)).limit, given);
        }
    }

    #[test]
    fn readiness_has_the_limit_of_supervise() {
        let policy = Policy::parse(b"ready-timeout = 7", |_| {});
        let seconds = Duration::from_secs;
        assert_eq!(ready(Some(&policy), None), seconds(7));
        assert_eq!(ready(Some(&policy), Some(seconds(1))), seconds(1));
        assert_eq!(ready(None, None), seconds(60));
    }
}
