//! What a snapshot holds. No I/O.

use daemontools::servicedir::detail::{Detail, Stage};
use daemontools::servicedir::query::{QueryError, Reading};
use daemontools::servicedir::stamp;
use daemontools::servicedir::state::State;
use daemontools::servicedir::status::{Status, Want};
use daemontools::tai64n::Tai64n;

/// What could be learned about a service.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "nearly all are of that one")]
pub(crate) enum Snapshot {
    /// A supervise runs.
    Supervised(Facts),
    /// No supervise runs. A process that the last one has left may run.
    Unsupervised {
        /// That process.
        leftover: Option<u32>,
    },
    /// Something could not be read.
    Unreadable(QueryError),
}

/// The facts about a service with a supervise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    /// Where in its life it is, whether it has a policy or not.
    pub(crate) stage: Stage,
    /// The record; `None` if supervise has not written one yet.
    pub(crate) status: Option<Status>,
    /// What supervise tells beyond the record; `None` under the C original.
    pub(crate) detail: Option<Detail>,
    /// Whether it has a `down` file: then supervise does not start it at first.
    pub(crate) normally_down: bool,
}

impl Snapshot {
    /// The facts, if a supervise runs and all could be read.
    pub(crate) const fn facts(&self) -> Option<&Facts> {
        match self {
            Self::Supervised(facts) => Some(facts),
            Self::Unsupervised { .. } | Self::Unreadable(_) => None,
        }
    }

    /// Whether the service is as its operator wants it; `None` if that could not be read.
    pub(crate) fn is_as_wanted(&self) -> Option<bool> {
        match self {
            Self::Supervised(facts) => Some(facts.is_as_wanted()),
            Self::Unsupervised { .. } => Some(false),
            Self::Unreadable(_) => None,
        }
    }
}

impl Facts {
    /// What `reading` says of a service that has a supervise.
    pub(crate) fn new(reading: &Reading, normally_down: bool) -> Self {
        // What is left from a supervise of ours says nothing of a service that the C
        // original looks after now.
        let is_current = match reading.state {
            State::Plain { .. } => {
                let since = reading.status.map(|status| status.since.label());
                reading.detail.since.is_some() && reading.detail.since == since
            }
            _ => reading.detail.since.is_some(),
        };
        Self {
            stage: stage(reading),
            status: reading.status,
            detail: is_current.then_some(reading.detail),
            normally_down,
        }
    }

    /// The main process; `None` while the service is down.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.status.map(|status| status.pid).filter(|&pid| pid != 0)
    }

    /// Whether its main process is paused.
    pub(crate) fn is_paused(&self) -> bool {
        self.status
            .is_some_and(|status| status.paused && status.pid != 0)
    }

    /// What the operator wants.
    pub(crate) fn want(&self) -> Option<Want> {
        self.status.map(|status| status.want)
    }

    /// When its process has said that it is ready.
    pub(crate) fn ready_since(&self) -> Option<Tai64n> {
        let ready = self.detail.and_then(|detail| detail.ready);
        ready.and_then(stamp::parse)
    }

    /// Since when it is in its stage: ready since it has said so, else since its process
    /// has started or ended.
    pub(crate) fn since(&self) -> Option<Tai64n> {
        match (self.stage, self.ready_since()) {
            (Stage::Ready, Some(ready)) => Some(ready),
            _ => self.status.map(|status| status.since),
        }
    }

    /// When it will be started, while it waits.
    pub(crate) fn next_start(&self) -> Option<Tai64n> {
        let next = self.detail.and_then(|detail| detail.next);
        next.and_then(stamp::parse)
    }

    /// Whether it is as its operator wants it: ready, or up where it would not tell; down
    /// if that was asked for; or finished.
    pub(crate) fn is_as_wanted(&self) -> bool {
        match self.stage {
            Stage::Up | Stage::Ready | Stage::Finished => true,
            Stage::Down => self.want() != Some(Want::Up),
            Stage::Waiting
            | Stage::Starting
            | Stage::Stopping
            | Stage::Finishing
            | Stage::Failed => false,
        }
    }
}

/// The stage, also of a service of which only the record tells.
fn stage(reading: &Reading) -> Stage {
    let wanted_down = reading
        .status
        .is_some_and(|status| status.want == Want::Down);
    match reading.state {
        State::Staged { stage, .. } => stage,
        State::Plain { up: true, .. } if wanted_down => Stage::Stopping,
        State::Plain { up: true, .. } | State::Changing { up: true } => Stage::Up,
        State::Plain { want_up: true, .. } => Stage::Waiting,
        State::Plain { .. } | State::Changing { up: false } | State::Unsupervised => Stage::Down,
    }
}
