//! The chain loaders: each changes one property of its process (a lock, a limit, a user,
//! the environment) and then execs the program that the rest of its command line names.
//! That program inherits everything else unchanged: descriptors, signals, environment.

#![forbid(unsafe_code)]

use daemontools::{Args, entry};

pub mod envdir;
mod envuidgid;
mod fghack;
mod next;
mod pgrphack;
mod setlock;
mod setuidgid;
mod softlimit;

pub use envdir::envdir;
pub use envuidgid::envuidgid;
pub use fghack::fghack;
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
