//! pgrphack: a program in a process group of its own.

use daemontools::strerr::{Fatal, Reporter};
use daemontools::unix::process;
use daemontools::{Args, getopt};

use crate::become_program;

static ME: Reporter = Reporter::new("pgrphack");

/// Makes a new session, and with it a new process group, and becomes the program.
pub fn pgrphack(args: Args) -> i32 {
    run(args).code()
}

fn run(args: Args) -> Fatal {
    if args.len() < 2 {
        return getopt::usage(&ME, "pgrphack child");
    }
    // Who leads a group already has what was asked for.
    let _ = process::new_session();
    become_program(&ME, args, 1)
}
