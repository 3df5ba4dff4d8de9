//! Where in its life a service is, as the detail file tells it.

/// Why a service that was wanted up is down, and stays so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has ended as it should.
    Finished,
    /// It has failed.
    Failed,
}

impl Outcome {
    /// The stage of a service with this outcome.
    #[must_use]
    pub const fn stage(self) -> Stage {
        match self {
            Self::Finished => Stage::Finished,
            Self::Failed => Stage::Failed,
        }
    }
}

/// Where in its life a service is, for people and for whoever waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// No process, and none is to come.
    Down,
    /// No process; one is to come.
    Waiting,
    /// A process that has not said that it is ready.
    Starting,
    /// A process that would not say so.
    Up,
    /// A process that has said so.
    Ready,
    /// A process that was told to end.
    Stopping,
    /// `./finish` runs.
    Finishing,
    /// Has ended as it should, and is not started again.
    Finished,
    /// Has failed, and is not started again.
    Failed,
}

impl Stage {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 9] = [
        Self::Down,
        Self::Waiting,
        Self::Starting,
        Self::Up,
        Self::Ready,
        Self::Stopping,
        Self::Finishing,
        Self::Finished,
        Self::Failed,
    ];

    /// As it is written in the file.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Waiting => "waiting",
            Self::Starting => "starting",
            Self::Up => "up",
            Self::Ready => "ready",
            Self::Stopping => "stopping",
            Self::Finishing => "finishing",
            Self::Finished => "finished",
            Self::Failed => "failed",
        }
    }

    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|stage| stage.text().as_bytes() == text)
    }

    /// The outcome of which this is the stage.
    #[must_use]
    pub const fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Finished => Some(Outcome::Finished),
            Self::Failed => Some(Outcome::Failed),
            _ => None,
        }
    }
}
