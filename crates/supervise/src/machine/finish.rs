//! `./finish`, which runs after an end and before the next start.

use core::time::Duration;

use daemontools::unix::clock::Monotonic;

use super::event::FinishArguments;

/// Where `./finish` is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Finish {
    /// It does not run.
    #[default]
    None,
    /// It is to be started, not before this moment.
    Due(FinishArguments, Monotonic),
    /// It runs.
    Running(Run),
}

/// A `./finish` that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) pid: u32,
    pub(crate) since: Monotonic,
    /// The limit was over, and it was killed.
    pub(crate) killed: bool,
}

impl Finish {
    /// Its process, while it runs.
    pub(crate) const fn pid(&self) -> Option<u32> {
        match self {
            Self::Running(run) => Some(run.pid),
            Self::None | Self::Due(..) => None,
        }
    }

    pub(super) const fn is_over(&self) -> bool {
        matches!(self, Self::None)
    }

    /// When it is started or killed.
    pub(super) fn deadline(&self, limit: Duration) -> Option<Monotonic> {
        match self {
            Self::None => None,
            Self::Due(_, at) => Some(*at),
            Self::Running(run) => (!run.killed).then(|| run.since + limit),
        }
    }
}
