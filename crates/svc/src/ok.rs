//! `svok`: whether supervise runs in a directory, said by the exit code alone.

use daemontools::servicedir::ok::{self, Accept};
use daemontools::strerr::Reporter;
use daemontools::unix::file;
use daemontools::{Args, Errno, PERMANENT, cli, getopt, servicedir};

static ME: Reporter = Reporter::new("svok");

const HELP: &str = "\
usage: svok dir
  exits 0 if supervise runs in dir, 100 if not, 111 if that is unknown
  --help       print this
  --version    print the version
";

/// The program: gives the exit code.
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
    if let Err(error) = file::chdir(name) {
        return ME
            .fatal(&[b"unable to chdir to ", name.to_bytes()], error)
            .code();
    }
    match ok::is_supervised(servicedir::OK, Accept::Anything) {
        Ok(true) => 0,
        Ok(false) | Err(Errno::ENOENT) => PERMANENT,
        Err(error) => {
            let parts: &[&[u8]] = &[b"unable to open ", name.to_bytes(), b"/supervise/ok"];
            ME.fatal(parts, error).code()
        }
    }
}
