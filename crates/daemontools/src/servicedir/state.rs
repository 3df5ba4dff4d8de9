//! The state of a service, from the status record and the detail file. No I/O; see
//! [`query`](super::query) for the reading.

use super::detail::{Detail, Stage};
use super::stamp;
use super::status::{Status, Want};

/// The state of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
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

impl State {
    /// The state of a service that is supervised. The detail file counts only if it was
    /// written for this very record; else supervise is just about to write it, or it was
    /// left by another supervise.
    #[must_use]
    pub fn of(status: &Status, detail: &Detail) -> Self {
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
    #[must_use]
    pub const fn is_supervised(self) -> bool {
        !matches!(self, Self::Unsupervised)
    }

    /// Whether the service has ended and supervise does not start it again.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Staged {
                stage: Stage::Finished | Stage::Failed,
                ..
            }
        )
    }

    /// The state in words, for a message.
    #[must_use]
    pub const fn words(self) -> &'static str {
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

#[cfg(test)]
mod tests;
