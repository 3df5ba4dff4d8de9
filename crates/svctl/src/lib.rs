//! `svctl`: one command for people who look after services. `svc` and `svstat` stay what
//! scripts use. It is a client like these: supervise does not know of it.
//!
//! [`tree`] finds services by their names, [`snapshot`] reads the state of one, and
//! [`words`] says it. The other modules are the commands.
#![forbid(unsafe_code)]

mod arguments;
mod color;
mod duration;
mod list;
mod local;
mod output;
mod selection;
mod service;
mod snapshot;
mod status;
mod table;
mod tree;
mod words;

use clap::Parser;
use daemontools::unix::{fd, signal};
use daemontools::{Args, cli};

use arguments::{Arguments, Command};
use output::ME;
use tree::Tree;

/// Runs `svctl [--dir=DIR] [COMMAND]`. Gives the exit code.
#[must_use]
pub fn run(args: Args) -> i32 {
    // A message must not go into a FIFO that was opened as descriptor 2, and a FIFO without
    // a reader must not end the program.
    fd::fill_standard();
    let _ = signal::harden();
    let arguments = match Arguments::try_parse_from(output::words(args)) {
        Ok(arguments) => arguments,
        Err(error) => return output::usage(&error),
    };
    let tree = Tree::find(arguments.dir);
    match arguments.command {
        None => list::run(&tree, &list::Request::default()),
        Some(Command::List {
            pattern,
            all,
            json,
            names,
        }) => list::run(
            &tree,
            &list::Request {
                pattern,
                all,
                json,
                names,
            },
        ),
        Some(Command::Status { names }) => status::run(&tree, &names),
        Some(Command::Version) => cli::version(&ME),
    }
}
