//! Services come up in the right order by themselves: each waits, in its own run
//! script, until what it needs is *ready*, which is more than "the port is open".
//!
//! [`probe`] judges replies and knows no sockets; [`net`] has the only sockets.
//! [`data`] says what each service needs, [`context`] and [`settings`] what the
//! operator has set. [`wait`] and [`launch`] are the gate; [`check`], [`graph`],
//! [`lint`] and [`install`] are for operators, and so is [`svc`], the other program.
#![forbid(unsafe_code)]

pub mod check;
pub mod context;
pub mod data;
pub mod graph;
pub mod install;
pub mod launch;
pub mod lint;
pub mod name;
pub mod net;
pub mod probe;
pub mod question;
pub mod settings;
pub mod svc;
pub mod wait;

mod command;
mod failure;
mod read;

pub use command::run;
pub use failure::Failure;

use daemontools::strerr::Reporter;
use daemontools::{Args, entry};

/// Runs the gate, or diaspora_svc where that is the name that the binary was executed
/// under: `make install` makes them one file. Gives the exit code.
#[must_use]
pub fn run_called(args: Args) -> i32 {
    let programs: [(_, entry::Program); 2] = [("diaspora-deps", run), ("diaspora_svc", svc::run)];
    entry::called(&programs, &args).unwrap_or(run)(args)
}

/// The voice of the gate.
static ME: Reporter = Reporter::new("diaspora-deps");
