//! The chain loaders: each changes one property of its process (a lock, a limit, a user,
//! the environment) and then execs the program that the rest of its command line names.
//! That program inherits everything else unchanged: descriptors, signals, environment.

#![forbid(unsafe_code)]

use daemontools::{Args, entry};

pub mod envdir;
mod envuidgid;
mod fghack;
mod healthcheck;
mod label;
mod notifyfd;
mod pgrphack;
mod program;
mod ready_fd;
mod setlock;
mod setuidgid;
mod softlimit;

pub use envdir::envdir;
pub use envuidgid::envuidgid;
pub use fghack::fghack;
pub use healthcheck::healthcheck;
pub use notifyfd::notifyfd;
pub use pgrphack::pgrphack;
pub use setlock::setlock;
pub use setuidgid::setuidgid;
pub use softlimit::softlimit;

/// Runs envuidgid if the binary was executed under that name, else setuidgid: `make
/// install` makes them one file. Gives the exit code.
#[must_use]
pub fn setuidgid_called(args: Args) -> i32 {
    let programs: [(_, entry::Program); 2] = [("setuidgid", setuidgid), ("envuidgid", envuidgid)];
    entry::called(&programs, &args).unwrap_or(setuidgid)(args)
}

/// Runs healthcheck if the binary was executed under that name, else notifyfd: they are one
/// file. Not one with the programs that end soon: both stay as long as a service runs, and
/// a larger binary costs each process some memory. Gives the exit code.
#[must_use]
pub fn notifyfd_called(args: Args) -> i32 {
    let programs: [(_, entry::Program); 2] = [("notifyfd", notifyfd), ("healthcheck", healthcheck)];
    entry::called(&programs, &args).unwrap_or(notifyfd)(args)
}
