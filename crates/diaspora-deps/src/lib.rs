//! Starts services in the right order without a plan: each service waits, in its own run
//! script, until what it needs is *ready*. Ready is more than "the port is open".
//!
//! [`probe`] knows the protocols and no sockets; [`net`] has the only sockets.
//! [`config`] says what each service needs; [`context`] and [`settings`] say what the
//! operator has set. [`wait`] and [`launch`] are the gate. [`check`], [`graph`],
//! [`lint`] and [`install`] are for operators, and so is [`svc`], the other program.
#![forbid(unsafe_code)]

pub mod address;
pub mod check;
pub mod config;
pub mod context;
pub mod dependency;
pub mod environment;
pub mod error;
pub mod graph;
pub mod install;
pub mod launch;
pub mod lint;
pub mod name;
pub mod net;
pub mod paths;
pub mod probe;
pub mod settings;
pub mod svc;
pub mod svprobe;
pub mod tls;
pub mod wait;

mod command;
mod found;
mod output;
mod read;
mod similar;
mod supervised;
mod variables;
mod waiting;

pub use command::run;

use daemontools::{Args, entry};

/// Runs the program that the binary was executed as, `diaspora-deps` by default: `make
/// install` makes one file of them. Gives the exit code.
#[must_use]
pub fn run_called(args: Args) -> i32 {
    let programs: [(_, entry::Program); 3] = [
        ("diaspora-deps", run),
        ("diaspora_svc", svc::run),
        ("svprobe", svprobe::run),
    ];
    entry::called(&programs, &args).unwrap_or(run)(args)
}
