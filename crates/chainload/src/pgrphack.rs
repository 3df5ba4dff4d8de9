//! pgrphack: a program in a new process group.

use daemontools::strerr::{Fatal, Reporter};
use daemontools::unix::process;
use daemontools::{Args, getopt};

use crate::next;

static ME: Reporter = Reporter::new("pgrphack");

/// Makes a new session, and with it a new process group, then execs the program. Gives the
/// exit code if that failed.
pub fn pgrphack(args: Args) -> i32 {
    run(args).code()
}

fn run(args: Args) -> Fatal {
    if args.len() < 2 {
        return getopt::usage(&ME, "pgrphack child");
    }
    // This fails for a process that leads a group already, as is wanted.
    let _ = process::new_session();
    next::exec(&ME, args, 1)
}
