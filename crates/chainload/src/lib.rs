//! The chain loaders: each changes one thing about its process (a lock, a limit, a
//! user, the environment) and then becomes the program that the rest of its
//! command line names. What the next program inherits is the contract, so nothing
//! else is touched: no descriptor, no signal, no entry of the environment.

#![forbid(unsafe_code)]

use core::ffi::CStr;

use daemontools::pathexec::Changes;
use daemontools::strerr::{Fatal, Reporter};
use daemontools::{Args, Errno, PERMANENT, entry, pathexec};

pub mod envdir;
mod envuidgid;
mod fghack;
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

/// Runs setuidgid, or envuidgid where that is the name that the binary was executed
/// under: `make install` makes them one file. Gives the exit code.
#[must_use]
pub fn setuidgid_called(args: Args) -> i32 {
    let programs: [(_, entry::Program); 2] = [("setuidgid", setuidgid), ("envuidgid", envuidgid)];
    entry::called(&programs, &args).unwrap_or(setuidgid)(args)
}

/// Becomes the program that word `index` of the command line names. Returns only
/// if that failed.
fn become_program(me: &Reporter, args: Args, index: usize) -> Fatal {
    become_by(me, args, index, pathexec::exec)
}

/// The same, with a changed environment.
fn become_with(me: &Reporter, args: Args, index: usize, changes: &Changes) -> Fatal {
    become_by(me, args, index, |argv| changes.exec(argv))
}

fn become_by(
    me: &Reporter,
    args: Args,
    index: usize,
    exec: impl FnOnce(&daemontools::unix::exec::Strings) -> Errno,
) -> Fatal {
    let Some(argv) = args.vector(index) else {
        return Fatal::new(PERMANENT);
    };
    let error = exec(&argv);
    let name = argv.first().map_or(&b""[..], CStr::to_bytes);
    me.fatal(&[b"unable to run ", name], error)
}
