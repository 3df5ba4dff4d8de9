//! `multilog`: reads lines from standard input and appends those that are
//! selected to any number of automatically rotated logs.
//!
//! What is decided is apart from what is done. Pure are `script`, `pattern`,
//! `rotate` and `finished`; lines become output in `work`; `dir`, `turn`,
//! `archive` and `processor` touch the log directories; `input` is the one place
//! that waits; `journal` is how a successor knows where this process was cut.
#![forbid(unsafe_code)]

mod account;
mod alert;
mod archive;
mod dir;
mod finished;
mod flood;
mod glob;
mod input;
mod journal;
mod mark;
mod output;
mod pattern;
mod pause;
mod processor;
mod recover;
mod rotate;
mod script;
mod setup;
mod stamp;
mod status;
mod turn;
mod work;

use daemontools::Args;
use daemontools::strerr::Reporter;

/// The voice of this program.
static ME: Reporter = Reporter::long_lived("multilog");

/// The program: `multilog script`. Gives the exit code.
#[must_use]
pub fn run(args: Args) -> i32 {
    match setup::begin(args) {
        Ok(input) => input.run(),
        Err(fatal) => fatal.code(),
    }
}
