//! `supervise`: starts a service, starts it again when it ends, and obeys the
//! commands that come through its FIFO.
//!
//! What it decides is in [`machine`], which does nothing; what it does is in the
//! other modules, which decide nothing. It has one place where it waits, starts no
//! threads, and allocates nothing once it runs.
#![forbid(unsafe_code)]

pub mod machine;

mod adopt;
mod record;
mod setup;
mod stamp;
mod verdict;
mod watch;
mod work;

use daemontools::strerr::Reporter;
use daemontools::{Args, getopt};

/// The voice of this program.
static ME: Reporter = Reporter::long_lived("supervise");

/// The program: `supervise dir`. Gives the exit code.
#[must_use]
pub fn run(args: Args) -> i32 {
    let mut words = args.from(1);
    let (Some(dir), None) = (words.next(), words.next()) else {
        return getopt::usage(&ME, "supervise dir").code();
    };
    match setup::begin(dir) {
        Ok(work) => work.run(),
        Err(fatal) => fatal.code(),
    }
}
