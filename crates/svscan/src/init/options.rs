//! The command line of svinit.

use core::ffi::CStr;
use core::time::Duration;
use std::ffi::CString;
use std::os::unix::ffi::OsStringExt;

use daemontools::getopt::{Getopt, Long, Opt, Value};
use daemontools::seconds;
use daemontools::strerr::Fatal;
use daemontools::{Args, PERMANENT};

use crate::reporter::REPORTER;

pub(super) const USAGE: &str = "svinit [options] [directory] [-- program [argument ...]]";

pub(super) const HELP: &str = "\
usage: svinit [--main=NAME]... [--stop-timeout=SECONDS] [--state=DIRECTORY]
              [--plain] [directory] [-- program [argument ...]]
  --main=NAME       stop all when this service has ended for good, and exit
                    with its exit code
  --stop-timeout=N  kill what still runs N seconds after the stop began
                    (default: $SVINIT_STOP_TIMEOUT, else 8)
  --state=DIR       where supervise/ is made if the services can't be written
                    (default: the first of /run, $TMPDIR and /tmp)
  --plain           services get standard input, output and error as they are
  --help            print this
  --version         print the version
The directory is /etc/service by default. The program is started once, after
the services, with svinit's terminal; when it ends, all services are stopped.
";

const LONG: &[Long] = &[
    Long::new("main", Value::Must),
    Long::new("stop-timeout", Value::Must),
    Long::new("state", Value::Must),
    Long::new("plain", Value::No),
    Long::new("help", Value::No),
    Long::new("version", Value::No),
];

/// The directory of the services where none is given.
const DIRECTORY: &CStr = c"/etc/service";
/// The environment's word for `--stop-timeout`.
const VARIABLE: &str = "SVINIT_STOP_TIMEOUT";
/// How long services get to stop: Docker kills all after ten seconds.
const STOP_TIMEOUT: Duration = Duration::from_secs(8);

/// What the command line asks for.
#[derive(Debug)]
pub(super) enum Parsed {
    Run(Options),
    Help,
    Version,
    /// It is wrong.
    Usage,
}

/// The options, and where the program is.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) mains: Vec<CString>,
    pub(super) stop_timeout: Duration,
    pub(super) state: Option<CString>,
    pub(super) plain: bool,
    pub(super) directory: CString,
    /// The index of the program's word.
    pub(super) program: Option<usize>,
}

/// Reads the command line and `$SVINIT_STOP_TIMEOUT`.
///
/// # Errors
/// A value is wrong; it has been said.
pub(super) fn parse(args: &Args) -> Result<Parsed, Fatal> {
    let (mut mains, mut state, mut plain) = (Vec::new(), None, false);
    let mut stop_timeout = None;
    let mut options = Getopt::new(args, "", LONG);
    for option in options.by_ref() {
        match option {
            Opt::Long("help", _) => return Ok(Parsed::Help),
            Opt::Long("version", _) => return Ok(Parsed::Version),
            Opt::Long("plain", _) => plain = true,
            Opt::Long("main", Some(name)) => mains.push(main_name(name)?),
            Opt::Long("state", Some(directory)) => state = Some(directory.to_owned()),
            Opt::Long("stop-timeout", Some(value)) => {
                let timeout = seconds(value).ok_or_else(|| not_seconds(b"--stop-timeout"))?;
                stop_timeout = Some(timeout);
            }
            _ => return Ok(Parsed::Usage),
        }
    }
    let Some(words) = Words::of(args, options.index()) else {
        return Ok(Parsed::Usage);
    };
    let stop_timeout = match stop_timeout {
        Some(timeout) => timeout,
        None => from_environment()?.unwrap_or(STOP_TIMEOUT),
    };
    Ok(Parsed::Run(Options {
        mains,
        stop_timeout,
        state,
        plain,
        directory: words
            .directory
            .and_then(|index| args.get(index))
            .unwrap_or(DIRECTORY)
            .to_owned(),
        program: words.program,
    }))
}

/// A name of a service: svscan ignores those that begin with a dot.
fn main_name(name: &CStr) -> Result<CString, Fatal> {
    let bytes = name.to_bytes();
    if bytes.is_empty() || bytes.starts_with(b".") || bytes.contains(&b'/') {
        let what: [&[u8]; 3] = [
            b"--main=",
            bytes,
            b": this takes the name of a service, as it is in the directory",
        ];
        return Err(REPORTER.fatal(&what, None).with_code(PERMANENT));
    }
    Ok(name.to_owned())
}

fn not_seconds(what: &[u8]) -> Fatal {
    let fatal = REPORTER.fatal(&[what, b" takes a number of seconds"], None);
    fatal.with_code(PERMANENT)
}

fn from_environment() -> Result<Option<Duration>, Fatal> {
    let value = std::env::var_os(VARIABLE).filter(|value| !value.is_empty());
    let Some(value) = value else {
        return Ok(None);
    };
    let seconds = CString::new(value.into_vec())
        .ok()
        .and_then(|word| seconds(&word));
    seconds
        .map(Some)
        .ok_or_else(|| not_seconds(VARIABLE.as_bytes()))
}

/// Where in the command line the directory and the program are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Words {
    directory: Option<usize>,
    program: Option<usize>,
}

impl Words {
    /// The words from `first` on, which follows the options. `None` if there is more than one
    /// directory, or no program after `--`.
    fn of(args: &Args, first: usize) -> Option<Self> {
        let is_end = |index| args.get(index).is_some_and(|word| word == c"--");
        // The options end at the first `--`: it may be the one in front of the program.
        let end = match is_end(first - 1) {
            true => Some(first - 1),
            false => (first..args.len()).find(|&index| is_end(index)),
        };
        let (program, after) = match end {
            Some(end) => (Some(end + 1), end),
            None => (None, args.len()),
        };
        let directory = (first < after).then_some(first);
        let complete = after <= first + 1 && program.is_none_or(|index| args.get(index).is_some());
        complete.then_some(Self { directory, program })
    }
}
