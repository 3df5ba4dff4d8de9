//! fghack: keeps a daemon in the foreground that puts itself into the background. The
//! daemon inherits the writing end of a pipe under many numbers, so that it does not close
//! all of them. When no process has the writing end any more, all of the daemon's
//! processes have ended.

use daemontools::strerr::{Fatal, Reporter};
use daemontools::unix::fd;
use daemontools::unix::process::{self, End, Fork};
use daemontools::{Args, Errno, getopt};

use crate::next;

static ME: Reporter = Reporter::new("fghack");

/// The number of further descriptors of the pipe in the child.
const COPIES: usize = 30;

/// Runs the program as a child, and waits until no process has the pipe. Gives the exit
/// code of the child.
pub fn fghack(args: Args) -> i32 {
    run(args).unwrap_or_else(Fatal::code)
}

fn run(args: Args) -> Result<i32, Fatal> {
    if args.len() < 2 {
        return Err(getopt::usage(&ME, "fghack child"));
    }
    let (reader, writer) =
        fd::pipe_to_inherit().map_err(|error| ME.fatal(&[b"unable to create pipe"], error))?;
    let child = match process::fork() {
        Ok(Fork::Parent(child)) => child,
        Ok(Fork::Child) => {
            drop(reader);
            // Fewer, if there are no more descriptors.
            let _copies: [_; COPIES] = core::array::from_fn(|_| fd::dup_to_inherit(&writer).ok());
            return Err(next::exec(&ME, args, 1));
        }
        Err(error) => return Err(ME.fatal(&[b"unable to fork"], error)),
    };
    drop(writer);
    let mut ignored = [0; 512];
    while matches!(fd::read(&reader, &mut ignored), Ok(1..) | Err(Errno::EINTR)) {}
    match process::wait_for(child) {
        Ok(End::Exited(code)) => Ok(code),
        Ok(End::Killed(_)) => Err(ME.fatal(&[b"child crashed"], None)),
        Err(error) => Err(ME.fatal(&[b"wait failed"], error)),
    }
}
