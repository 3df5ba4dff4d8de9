//! `supervise`: starts a service, starts it again when it ends, and obeys the
//! commands that come through its FIFO.
//!
//! | module | what it is |
//! |---|---|
//! | [`machine`] | decides what follows from an event; no I/O |
//! | `previous` | decides whether the record of an earlier supervise counts; no I/O |
//! | `supervisor` | the loop: takes events to the machine and has its actions done |
//! | `record` | which of the two files of the record are due to be written |
//! | `adopt` | finds out what an earlier supervise left |
//! | `kept` | what the detail file keeps of a policy's doings; no I/O |
//! | `looks` | when to look for a word of the service; no I/O |
//! | `host` | the trait through which these three act |
//! | `kernel` | the host of the running program: fork, signals, files, clocks |
//! | `files` | the files that supervise holds open: lock, control, ok |
//! | `setup` | what happens before the first start |
//! | `model` | a test: the same loop on a simulated host, in every state |
//!
//! It has one place where it waits, starts no threads, and allocates nothing once it
//! runs.
#![forbid(unsafe_code)]

pub mod machine;

mod adopt;
mod files;
mod host;
mod kept;
mod kernel;
mod looks;
#[cfg(test)]
mod model;
mod previous;
mod record;
mod reporter;
mod setup;
mod supervisor;

use daemontools::{Args, getopt};

use reporter::REPORTER;

/// The program: `supervise dir`, or `supervise --main dir`. Returns the exit code.
///
/// One word is a directory, whatever it is called: the original knows no option.
#[must_use]
pub fn run(args: Args) -> i32 {
    let mut words = args.from(1);
    let (dir, is_main) = match [words.next(), words.next(), words.next()] {
        [Some(dir), None, None] => (dir, false),
        [Some(option), Some(dir), None] if option == c"--main" => (dir, true),
        _ => return getopt::usage(&REPORTER, "supervise dir").code(),
    };
    match setup::begin(dir, is_main) {
        Ok(supervisor) => supervisor.run(),
        Err(fatal) => fatal.code(),
    }
}
