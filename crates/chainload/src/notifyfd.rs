//! notifyfd: a program that speaks `sd_notify(3)`, for supervise's `ready-fd`. A process
//! that stays behind turns its `READY=1` into a newline.

mod datagram;
mod machine;
mod reporter;
mod socket;
mod watch;

use core::ffi::CStr;
use core::time::Duration;

use daemontools::getopt::{self, Getopt, Long, Opt, Value};
use daemontools::pathexec::Changes;
use daemontools::strerr::{Decimal, Fatal};
use daemontools::unix::{companion, fd};
use daemontools::{Args, PERMANENT, cli, pathexec, seconds};

use crate::program::Id;
use crate::{label, ready_fd};
use reporter::ME;
use watch::Plan;

const USAGE: &str = "notifyfd [--fd=N] [--watchdog=SECONDS] [--socket=PATH] program [argument ...]";

const HELP: &str = "\
usage: notifyfd [--fd=N] [--watchdog=SECONDS] [--socket=PATH] program [argument ...]
  --fd=N              the descriptor of ready-fd in supervise.toml (3)
  --watchdog=SECONDS  abort the program if it does not say WATCHDOG=1 so often
  --socket=PATH       where the socket is (in a new directory below /run)
  --help              print this
  --version           print the version
";

const LONG: &[Long] = &[
    Long::new("fd", Value::Must),
    Long::new("watchdog", Value::Must),
    Long::new("socket", Value::Must),
    Long::new("help", Value::No),
    Long::new("version", Value::No),
];

/// Leaves a process behind that tells supervise when the program says `READY=1`, then
/// becomes the program. Gives the exit code if that failed.
#[must_use]
pub fn notifyfd(args: Args) -> i32 {
    run(args).unwrap_or_else(Fatal::code)
}

fn run(args: Args) -> Result<i32, Fatal> {
    let mut number = ready_fd::DEFAULT;
    let mut watchdog = None;
    let mut path: Option<&CStr> = None;
    let mut options = Getopt::new(&args, "", LONG);
    for option in options.by_ref() {
        match option {
            Opt::Long("help", _) => return Ok(cli::help(&ME, HELP)),
            Opt::Long("version", _) => return Ok(cli::version(&ME)),
            Opt::Long("fd", word) => number = ready_fd::parse(&ME, word)?,
            Opt::Long("watchdog", word) => watchdog = Some(limit(word)?),
            Opt::Long(_, word) => path = word,
            Opt::Short(..) | Opt::Bad => return Err(getopt::usage(&ME, USAGE)),
        }
    }
    let index = options.index();
    if args.get(index).is_none() {
        return Err(getopt::usage(&ME, USAGE));
    }
    let ready = ready_fd::open(&ME, number)?;
    // Those that are closed stay so for the program, but get no socket here.
    fd::fill_standard();
    let (program, pidfd) = Id::this();
    let (socket, name) = socket::make(path)?;
    let plan = Plan {
        program,
        label: label::of_working_directory(),
        socket: name,
        watchdog,
    };
    let given = [Some(socket), Some(ready), pidfd];
    companion::spawn(given, plan, watch::watch).map_err(|error| {
        name.remove();
        ME.fatal(&[b"unable to start the process that stays behind"], error)
    })?;
    let changes =
        changes(&plan).map_err(|error| ME.fatal(&[b"unable to set NOTIFY_SOCKET"], error))?;
    Ok(pathexec::next_with(&ME, args, index, &changes).code())
}

fn limit(word: Option<&CStr>) -> Result<Duration, Fatal> {
    let limit = word.and_then(seconds).filter(|limit| !limit.is_zero());
    limit.ok_or_else(|| {
        ME.plain(&[b"--watchdog takes a number of seconds"], None);
        Fatal::new(PERMANENT)
    })
}

/// The environment as `sd_notify(3)` and `sd_watchdog_enabled(3)` read it.
fn changes(plan: &Plan) -> daemontools::Result<Changes> {
    let mut changes = Changes::default();
    changes.set(b"NOTIFY_SOCKET", plan.socket.path().to_bytes())?;
    if let Some(limit) = plan.watchdog {
        let limit = u64::try_from(limit.as_micros()).unwrap_or(u64::MAX);
        changes.set(b"WATCHDOG_USEC", Decimal::new(limit).as_bytes())?;
        let pid = Decimal::new(u64::from(plan.program.pid()));
        changes.set(b"WATCHDOG_PID", pid.as_bytes())?;
    } else {
        // Another's: of a supervisor above.
        changes.unset(b"WATCHDOG_USEC")?;
        changes.unset(b"WATCHDOG_PID")?;
    }
    Ok(changes)
}
