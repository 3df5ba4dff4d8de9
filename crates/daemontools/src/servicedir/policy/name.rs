//! The names of `supervise.toml`.

/// What can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// `restart`.
    Restart,
    /// `backoff`.
    Backoff,
    /// `healthy`.
    Healthy,
    /// `give-up`.
    GiveUp,
    /// `stop-signal`.
    StopSignal,
    /// `stop-timeout`.
    StopTimeout,
    /// `own-session`.
    OwnSession,
    /// `ready-fd`.
    ReadyFd,
    /// `ready-timeout`.
    ReadyTimeout,
    /// `finish`.
    Finish,
    /// `finish-timeout`.
    FinishTimeout,
}

impl Name {
    /// Every name.
    pub const ALL: [Self; 11] = [
        Self::Restart,
        Self::Backoff,
        Self::Healthy,
        Self::GiveUp,
        Self::StopSignal,
        Self::StopTimeout,
        Self::OwnSession,
        Self::ReadyFd,
        Self::ReadyTimeout,
        Self::Finish,
        Self::FinishTimeout,
    ];

    pub(super) fn parse(word: &[u8]) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|name| name.text().as_bytes() == word)
    }

    /// As it is written in the file.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::Backoff => "backoff",
            Self::Healthy => "healthy",
            Self::GiveUp => "give-up",
            Self::StopSignal => "stop-signal",
            Self::StopTimeout => "stop-timeout",
            Self::OwnSession => "own-session",
            Self::ReadyFd => "ready-fd",
            Self::ReadyTimeout => "ready-timeout",
            Self::Finish => "finish",
            Self::FinishTimeout => "finish-timeout",
        }
    }

    /// The values that it takes, in words.
    #[must_use]
    pub const fn wants(self) -> &'static str {
        match self {
            Self::Restart => "\"always\", \"on-failure\" or \"never\"",
            Self::Backoff | Self::StopTimeout | Self::ReadyTimeout => "seconds from 0 to 86400",
            Self::Healthy | Self::FinishTimeout => "seconds from 1 to 86400",
            Self::GiveUp => "a number from 0 to 1000",
            Self::StopSignal => {
                "one of HUP INT QUIT ABRT KILL USR1 USR2 ALRM TERM WINCH, as a text"
            }
            Self::OwnSession | Self::Finish => "true or false",
            Self::ReadyFd => "a number from 3 to 255",
        }
    }
}
