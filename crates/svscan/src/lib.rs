//! `svscan`: starts a supervise for every service in a directory, with a pipe to a
//! second one where the service has a logger, and keeps them running for ever; and
//! `svscanboot`, which starts it all when the machine comes up.
//!
//! What is decided is in `slot`, `table`, `reunion` and `arrival`, which do nothing; what is
//! done is in the other modules. svscan has one place where it waits, in `run`,
//! starts no threads, and no trouble ends it: what can't be done now is said once
//! and tried again.
#![forbid(unsafe_code)]

pub mod boot;

mod arrival;
mod arrivals;
mod farewell;
mod find;
mod left;
mod orders;
mod others;
mod pair;
mod path;
mod reunion;
mod run;
mod slot;
mod sole;
mod table;
mod takeover;
mod tick;
mod work;

use daemontools::strerr::Reporter;
use daemontools::{Args, entry};

pub use run::run;

/// Runs svscan, or svscanboot where that is the name that the binary was executed under:
/// `make install` makes them one file. Gives the exit code.
#[must_use]
pub fn run_called(args: Args) -> i32 {
    let programs: [(_, entry::Program); 2] = [("svscan", run), ("svscanboot", boot::run)];
    entry::called(&programs, &args).unwrap_or(run)(args)
}

/// The voice of svscan.
static ME: Reporter = Reporter::long_lived("svscan");
