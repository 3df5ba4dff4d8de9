//! `svctl`: one command for people who look after services. `svc` and `svstat` stay what
//! scripts use. It is a client like these: supervise does not know of it.
//!
//! [`tree`] finds services by their names, [`snapshot`] reads the state of one, and
//! [`words`] says it. The other modules are the commands.
#![forbid(unsafe_code)]

mod access;
mod arguments;
mod color;
mod control;
mod defaults;
mod duration;
mod enable;
mod lint;
mod list;
mod local;
mod logs;
mod metrics;
mod output;
mod processes;
mod run;
mod selection;
mod service;
mod snapshot;
mod status;
mod table;
mod top;
mod tree;
mod words;

use clap::Parser;
use daemontools::unix::{fd, signal};
use daemontools::{Args, diag};

use arguments::Arguments;

/// Runs `svctl [--dir=DIR] [COMMAND]`. Gives the exit code.
#[must_use]
pub fn run(args: Args) -> i32 {
    diag::init();
    // A message must not go into a FIFO that was opened as descriptor 2, and a FIFO without
    // a reader must not end the program.
    fd::fill_standard();
    let _ = signal::harden();
    match Arguments::try_parse_from(output::words(args)) {
        Ok(arguments) => run::run(arguments),
        Err(error) => output::usage(&error),
    }
}
