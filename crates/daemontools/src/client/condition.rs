//! Whether the state of a service is the one that is waited for. No I/O.

use crate::servicedir::detail::Stage;
use crate::servicedir::state::State;

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
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
pub enum Verdict {
    /// It is the one that is waited for.
    Reached,
    /// It may change to that.
    Pending,
    /// The service has failed: supervise does not start it again.
    Failed,
}

impl Condition {
    /// What `state` means to whoever waits for this.
    #[must_use]
    pub const fn verdict(self, state: State) -> Verdict {
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
