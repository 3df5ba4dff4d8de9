//! The actions that a slot asks for. Whoever performs one needs to know nothing of how it
//! was decided.

/// Which of a service's two supervises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The service's own.
    Service,
    /// Its logger's; or the `svprefix` that is its logger.
    Log,
}

impl Role {
    /// Both, in the order in which they are started.
    pub(crate) const BOTH: [Self; 2] = [Self::Service, Self::Log];

    /// What follows the service's name in the path of this supervise's directory.
    pub(crate) const fn suffix(self) -> &'static [u8] {
        match self {
            Self::Service => b"",
            Self::Log => b"/log",
        }
    }
}

/// What reads the output of a service through a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Logger {
    /// Nothing: there is no pipe.
    None,
    /// The service of its `log`, under a supervise.
    Supervised,
    /// A `svprefix`, which svinit itself looks after.
    Prefix,
}

/// The pipe of a service, as an entry of the table that owns the descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PipeId(pub(crate) u32);

/// Why a supervise is told to exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StopReason {
    /// A logger was added: it is started again with the pipe as its output.
    JoinLogger,
    /// Its directory was removed and another has its name.
    Replaced,
    /// svscan itself stops.
    Shutdown,
}

/// What is to be done for a service now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Make its pipe.
    MakePipe,
    /// Close svscan's ends of this pipe.
    ClosePipe(PipeId),
    /// Start a supervise.
    Start(Role),
    /// Tell a supervise to exit.
    Stop(Role, StopReason),
    /// Both supervises of the removed directory have ended: find out whether the new
    /// directory has a logger.
    Inspect,
}
