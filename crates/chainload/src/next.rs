//! Exec'ing the next program of the command line.

use core::ffi::CStr;

use daemontools::pathexec::{self, Changes};
use daemontools::strerr::{Fatal, Reporter};
use daemontools::unix::exec::Strings;
use daemontools::{Args, Errno, PERMANENT};

/// Execs the program at word `index` of the command line. Returns only if that failed.
pub(crate) fn exec(me: &Reporter, args: Args, index: usize) -> Fatal {
    exec_by(me, args, index, pathexec::exec)
}

/// Execs the program at word `index` with a changed environment. Returns only if that
/// failed.
pub(crate) fn exec_with(me: &Reporter, args: Args, index: usize, changes: &Changes) -> Fatal {
    exec_by(me, args, index, |argv| changes.exec(argv))
}

fn exec_by(me: &Reporter, args: Args, index: usize, exec: impl FnOnce(&Strings) -> Errno) -> Fatal {
    let Some(argv) = args.vector(index) else {
        return Fatal::new(PERMANENT);
    };
    let error = exec(&argv);
    let name = argv.first().map_or(&b""[..], CStr::to_bytes);
    me.fatal(&[b"unable to run ", name], error)
}
