//! What a slot can ask for, of which supervise and why. Whoever does it has to know
//! nothing else of how it was decided.

/// Which of a service's two supervises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// That of the service itself.
    Service,
    /// That of its logger.
    Log,
}

/// Why a supervise is told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// So that it comes back on a pipe to the logger that was added.
    Join,
    /// Because its directory was removed and another has its name.
    Replaced,
    /// Because svscan itself ends.
    Stop,
}

/// What is to be done for a service now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Make its pipe.
    Pipe,
    /// Start a supervise.
    Start(Role),
    /// Tell a supervise to end.
    Tell(Role, Farewell),
    /// Both old supervises have ended: look at the new directory.
    Renew,
}
