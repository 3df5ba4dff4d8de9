//! The state of a service, from the status record and the detail file, and whether it is
//! the one that is waited for. No I/O.

use daemontools::servicedir::detail::{Detail, Stage};
use daemontools::servicedir::stamp;
use daemontools::servicedir::status::{Status, Want};

/// The state of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// No supervise runs.
    Unsupervised,
    /// supervise has written the record and not yet the detail file.
    Changing {
        /// Whether the service has a process.
        up: bool,
    },
    /// A service without a policy, or under the reference's supervise: the record is all
    /// that is known.
    Plain {
        /// Whether the service has a process.
        up: bool,
        /// Whether the service is wanted up.
        want_up: bool,
    },
    /// A service with a policy.
    Staged {
        /// Whether the service has a process.
        up: bool,
        /// What the detail file says.
        stage: Stage,
    },
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Ready; or up, where nothing would tell; or finished.
    Ready,
    /// Up.
    Up,
    /// Down, and not about to be started.
    Down,
    /// No supervise.
    Gone,
}

/// What a state means to whoever waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the one that is waited for.
    Reached,
    /// It may change to that.
    Pending,
    /// The service has failed: supervise does not start it again.
    Failed,
}

impl State {
    /// The state of a service that is supervised. The detail file counts only if it was
    /// written for this very record; else supervise is just about to write it, or it was
    /// left by another supervise.
    pub(crate) fn of(status: &Status, detail: &Detail) -> Self {
        let up = status.pid != 0;
        let plain = Self::Plain {
            up,
            want_up: status.want == Want::Up,
        };
        if detail.since == Some(status.since.label()) {
            return detail
                .stage
                .map_or(plain, |stage| Self::Staged { up, stage });
        }
        match stamp::may_be_from_original(status.since) {
            true => plain,
            false => Self::Changing { up },
        }
    }

    /// Whether a supervise runs.
    pub(crate) const fn is_supervised(self) -> bool {
        !matches!(self, Self::Unsupervised)
    }

    /// Whether the service has ended and supervise does not start it again.
    pub(crate) const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Staged {
                stage: Stage::Finished | Stage::Failed,
                ..
            }
        )
    }

    /// The state in words, for a message.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Unsupervised => "no supervise",
            Self::Changing { up: true } | Self::Plain { up: true, .. } => "up",
            Self::Plain { want_up: true, .. } => "down, want up",
            Self::Changing { up: false } | Self::Plain { .. } => "down",
            Self::Staged { stage, .. } => match stage {
                Stage::Down => "down",
                Stage::Waiting => "down, waiting for its start",
                Stage::Starting => "up, not ready",
                Stage::Up => "up",
                Stage::Ready => "ready",
                Stage::Stopping => "up, stopping",
                Stage::Finishing => "down, finish runs",
                Stage::Finished => "finished",
                Stage::Failed => "failed",
            },
        }
    }
}

impl Condition {
    /// What `state` means to whoever waits for this.
    pub(crate) const fn verdict(self, state: State) -> Verdict {
        let reached = match (self, state) {
            (Self::Gone, _) => !state.is_supervised(),
            (_, State::Unsupervised) => false,
            (
                Self::Up,
                State::Changing { up } | State::Plain { up, .. } | State::Staged { up, .. },
            ) => up,
            (_, State::Changing { .. }) => false,
            (Self::Ready, State::Plain { up, .. }) => up,
            (Self::Ready, State::Staged { stage, .. }) => {
                matches!(stage, Stage::Up | Stage::Ready | Stage::Finished)
            }
            (Self::Down, State::Plain { up, want_up }) => !up && !want_up,
            (Self::Down, State::Staged { stage, .. }) => {
                matches!(stage, Stage::Down | Stage::Finished | Stage::Failed)
            }
        };
        let failed = matches!(
            state,
            State::Staged {
                stage: Stage::Failed,
                ..
            }
        );
        match self {
            _ if reached => Verdict::Reached,
            Self::Ready | Self::Up if failed => Verdict::Failed,
            _ => Verdict::Pending,
        }
    }
}

#[cfg(test)]
mod tests;
