//! `multilog` reads lines from standard input and appends those that are selected to any
//! number of automatically rotated logs.
//!
//! `input` is the one place that waits: it reads blocks into the `journal`, where a
//! successor finds them after a kill. `pipeline` finds the lines and carries out the
//! `script` for each. `log` gathers its output, cuts it into files and rotates them.
#![forbid(unsafe_code)]

mod alerts;
mod inherited;
mod input;
mod journal;
mod log;
mod message;
mod pipeline;
mod script;
mod setup;
mod status;

use daemontools::Args;

/// The program: `multilog script`. Gives the exit code.
#[must_use]
pub fn run(args: Args) -> i32 {
    match setup::begin(args) {
        Ok(input) => {
            input.run();
            0
        }
        Err(fatal) => fatal.code(),
    }
}
