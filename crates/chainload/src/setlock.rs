//! setlock: a program that runs with a file locked. The lock is the descriptor's,
//! which the program inherits and, as a rule, knows nothing of.

use core::ffi::CStr;

use daemontools::getopt::{self, Getopt, Opt};
use daemontools::strerr::Reporter;
use daemontools::unix::{file, lock};
use daemontools::{Args, Errno};

use crate::become_program;

static ME: Reporter = Reporter::new("setlock");
const USAGE: &str = "setlock [ -nNxX ] file program [ arg ... ]";

/// Opens and locks the file, and becomes the program.
pub fn setlock(args: Args) -> i32 {
    let mut wait = true;
    let mut quiet = false;
    let mut options = Getopt::new(&args, "nNxX", &[]);
    for option in &mut options {
        match option {
            Opt::Short(b'n', _) => wait = false,
            Opt::Short(b'N', _) => wait = true,
            Opt::Short(b'x', _) => quiet = true,
            Opt::Short(b'X', _) => quiet = false,
            _ => return getopt::usage(&ME, USAGE).code(),
        }
    }
    let index = options.index();
    let (Some(path), Some(_)) = (args.get(index), args.get(index + 1)) else {
        return getopt::usage(&ME, USAGE).code();
    };
    let failed = |what: &[u8], error: Errno| {
        if quiet {
            return 0;
        }
        ME.fatal(&[b"unable to ", what, b" ", CStr::to_bytes(path)], error)
            .code()
    };
    let file = match file::open_lock_to_inherit(path) {
        Ok(file) => file,
        Err(error) => return failed(b"open", error),
    };
    let locked = if wait {
        lock::exclusive(&file)
    } else {
        lock::try_exclusive(&file)
    };
    match locked {
        Ok(()) => become_program(&ME, args, index + 1).code(),
        Err(error) => failed(b"lock", error),
    }
}
