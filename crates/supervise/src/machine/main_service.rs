//! The main service, for `--main`: supervise exits when it has ended for good, with its
//! exit code.
//!
//! It has ended for good when it is down after an end and no start is to come: it has
//! finished or failed, it was told down, or it was wanted once. Without a policy its first
//! end is its last, also one that was asked for.

use daemontools::TEMPORARY;
use daemontools::servicedir::policy::{Policy, Restart};
use daemontools::unix::process::End;

/// What is known about a main service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MainService {
    /// It has ended since the tree was started.
    pub(crate) ended: bool,
    /// How it ended last; `None`: nobody knows.
    pub(crate) end: Option<End>,
    /// The operator asks for nothing: its first end is its last.
    pub(super) first_end_is_last: bool,
}

/// What holds for a main service where the operator asks for nothing.
pub(crate) fn without_file() -> Policy {
    let mut policy = Policy::default();
    policy.restart = Restart::Never;
    policy
}

impl MainService {
    /// Takes what the operator asks for. Returns what holds.
    pub(super) fn policy(&mut self, policy: Option<Policy>) -> Policy {
        self.first_end_is_last = policy.is_none();
        policy.unwrap_or_else(without_file)
    }

    /// It has ended in a way that nobody knows.
    pub(crate) const fn end_is_unknown(&self) -> bool {
        self.ended && self.end.is_none()
    }

    /// supervise's own exit code: 111 where nobody knows how the service ended.
    pub(crate) const fn exit_code(&self) -> i32 {
        match self.end {
            Some(end) => end.code(),
            None if self.ended => TEMPORARY,
            None => 0,
        }
    }
}
