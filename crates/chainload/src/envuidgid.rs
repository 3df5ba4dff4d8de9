//! envuidgid: a program with the ids of an account in its environment. For servers that
//! start as root and change to that account themselves.

use core::ffi::CStr;

use daemontools::pathexec::Changes;
use daemontools::strerr::{Decimal, Fatal, Reporter};
use daemontools::unix::account;
use daemontools::{Args, getopt};

use crate::next;

static ME: Reporter = Reporter::new("envuidgid");

/// Sets GID and UID to the account's, then execs the program. Gives the exit code if that
/// failed.
pub fn envuidgid(args: Args) -> i32 {
    run(args).code()
}

fn run(args: Args) -> Fatal {
    let (Some(name), Some(_)) = (args.get(1), args.get(2)) else {
        return getopt::usage(&ME, "envuidgid account child");
    };
    let Some(account) = account::find(name) else {
        return ME.fatal(&[b"unknown account ", CStr::to_bytes(name)], None);
    };
    let mut changes = Changes::default();
    for (name, id) in [(b"GID", account.gid), (b"UID", account.uid)] {
        if let Err(error) = changes.set(name, Decimal::new(id.into()).as_bytes()) {
            return ME.fatal(&[b"unable to set ", name], error);
        }
    }
    next::exec_with(&ME, args, 2, &changes)
}
