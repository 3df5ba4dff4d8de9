//! `svok`: tells by its exit code whether a supervise runs in a directory.

use core::ffi::CStr;

use daemontools::servicedir::ok::{self, Accept};
use daemontools::strerr::{Fatal, Reporter};
use daemontools::{Args, Errno, PERMANENT, cli, getopt, servicedir};

static ME: Reporter = Reporter::new("svok");

const HELP: &str = "\
usage: svok dir
  exits 0 if supervise runs in dir, 100 if not, 111 if that is unknown
  --help       print this
  --version    print the version
";

/// Runs `svok dir`. Gives the exit code.
#[must_use]
pub fn run(args: Args) -> i32 {
    let Some(name) = args.from(1).next() else {
        return getopt::usage(&ME, "svok dir").code();
    };
    match name.to_bytes() {
        b"--help" => return cli::help(&ME, HELP),
        b"--version" => return cli::version(&ME),
        _ => {}
    }
    is_supervised(name).map_or_else(
        Fatal::code,
        |supervised| {
            if supervised { 0 } else { PERMANENT }
        },
    )
}

/// Whether a supervise runs in the directory `name`.
fn is_supervised(name: &CStr) -> Result<bool, Fatal> {
    let directory = name.to_bytes();
    servicedir::enter(name)
        .map_err(|error| ME.fatal(&[b"unable to chdir to ", directory], error))?;
    match ok::is_supervised(servicedir::OK, Accept::Anything) {
        Err(Errno::ENOENT) => Ok(false),
        result => result
            .map_err(|error| ME.fatal(&[b"unable to open ", directory, b"/supervise/ok"], error)),
    }
}
