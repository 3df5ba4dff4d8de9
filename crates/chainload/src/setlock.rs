//! setlock: a program that runs with a file locked. The program inherits the descriptor,
//! and with it the lock.

use core::ffi::CStr;

use daemontools::getopt::{self, Getopt, Opt};
use daemontools::strerr::{Fatal, Reporter};
use daemontools::unix::{file, lock};
use daemontools::{Args, Errno};

use crate::next;

static ME: Reporter = Reporter::new("setlock");
const USAGE: &str = "setlock [ -nNxX ] file program [ arg ... ]";

/// Opens and locks the file, then execs the program. Gives the exit code if that failed.
pub fn setlock(args: Args) -> i32 {
    run(args).code()
}

fn run(args: Args) -> Fatal {
    let mut wait = true;
    let mut quiet = false;
    let mut options = Getopt::new(&args, "nNxX", &[]);
    for option in &mut options {
        match option {
            Opt::Short(b'n', _) => wait = false,
            Opt::Short(b'N', _) => wait = true,
            Opt::Short(b'x', _) => quiet = true,
            Opt::Short(b'X', _) => quiet = false,
            _ => return getopt::usage(&ME, USAGE),
        }
    }
    let index = options.index();
    let (Some(path), Some(_)) = (args.get(index), args.get(index + 1)) else {
        return getopt::usage(&ME, USAGE);
    };
    let failed = |what: &[u8], error: Errno| match quiet {
        // With `-x` a lock that can't be taken is no failure, and there is no message.
        true => Fatal::new(0),
        false => ME.fatal(&[b"unable to ", what, b" ", CStr::to_bytes(path)], error),
    };
    let file = match file::open_lock_to_inherit(path) {
        Ok(file) => file,
        Err(error) => return failed(b"open", error),
    };
    let locked = match wait {
        true => lock::exclusive(&file),
        false => lock::try_exclusive(&file),
    };
    match locked {
        Ok(()) => next::exec(&ME, args, index + 1),
        Err(error) => failed(b"lock", error),
    }
}
