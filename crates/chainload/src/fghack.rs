//! fghack: for daemons that put themselves into the background. They inherit the
//! writing end of a pipe under so many numbers that they forget to close one; when
//! it is closed everywhere, the last of them has ended.

use daemontools::strerr::Reporter;
use daemontools::unix::fd;
use daemontools::unix::process::{self, End, Fork};
use daemontools::{Args, Errno, getopt};

use crate::become_program;

static ME: Reporter = Reporter::new("fghack");

/// How many further names the pipe gets in the child.
const COPIES: usize = 30;

/// Runs the program as a child, waits until nobody holds the pipe, and exits as the
/// child did.
pub fn fghack(args: Args) -> i32 {
    if args.len() < 2 {
        return getopt::usage(&ME, "fghack child").code();
    }
    let (reader, writer) = match fd::pipe_to_inherit() {
        Ok(pipe) => pipe,
        Err(error) => return ME.fatal(&[b"unable to create pipe"], error).code(),
    };
    let child = match process::fork() {
        Ok(Fork::Parent(child)) => child,
        Ok(Fork::Child) => {
            drop(reader);
            // Where descriptors run out, those that there are must do.
            let _copies: [_; COPIES] = core::array::from_fn(|_| fd::dup_to_inherit(&writer).ok());
            return become_program(&ME, args, 1).code();
        }
        Err(error) => return ME.fatal(&[b"unable to fork"], error).code(),
    };
    drop(writer);
    let mut ignored = [0; 512];
    while matches!(fd::read(&reader, &mut ignored), Ok(1..) | Err(Errno::EINTR)) {}
    match process::wait_for(child) {
        Ok(End::Exited(code)) => code,
        Ok(End::Killed(_)) => ME.fatal(&[b"child crashed"], None).code(),
        Err(error) => ME.fatal(&[b"wait failed"], error).code(),
    }
}
