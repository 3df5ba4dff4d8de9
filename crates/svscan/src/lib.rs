//! `svscan`: starts a supervise for every service in a directory, with a pipe to a second
//! one where the service has a logger, and keeps them running for ever; and `svscanboot`,
//! which starts svscan when the machine comes up; and `svprefix`, which puts a service's
//! name before each line that it writes; and `svinit`, which is svscan for a container.
//!
//! `slot`, `table`, `arrival` and `pipe_plan` decide, without I/O; the other modules act.
//! svscan waits in one place, in `run`, starts no threads, and no failure ends it: what
//! cannot be done now is reported once and tried again.
#![forbid(unsafe_code)]

pub mod boot;
pub mod init;
pub mod prefix;

mod arrival;
mod arrivals;
mod children;
mod container;
mod control;
mod label;
mod lock;
mod main_end;
mod mirror;
mod path;
mod perform;
mod pipe_plan;
mod pipes;
mod record;
mod reporter;
mod run;
mod scan;
mod services;
mod shutdown;
mod signals;
mod slot;
mod spare;
mod spawn;
mod table;
mod takeover;
mod unusable;

use daemontools::{Args, entry};

pub use run::run;

/// Runs svscan, or svscanboot, svprefix or svinit where that is the name that the binary was
/// executed under: `make install` makes them one file. Returns the exit code.
#[must_use]
pub fn run_called(args: Args) -> i32 {
    let programs: [(_, entry::Program); 4] = [
        ("svscan", run),
        ("svscanboot", boot::run),
        ("svprefix", prefix::run),
        ("svinit", init::run),
    ];
    entry::called(&programs, &args).unwrap_or(run)(args)
}
