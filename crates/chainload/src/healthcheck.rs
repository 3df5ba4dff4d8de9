//! healthcheck: checks of a program that tells nothing. A process that stays behind runs
//! one until the program is ready, and another to see whether it still answers.

mod check;
mod machine;
mod outcome;
mod reporter;
mod watch;

use core::ffi::CStr;
use core::time::Duration;
use std::ffi::CString;

use daemontools::getopt::{self, Getopt, Long, Opt, Value};
use daemontools::strerr::Fatal;
use daemontools::unix::{companion, fd};
use daemontools::{Args, PERMANENT, cli, pathexec, seconds};

use crate::program::Id;
use crate::{label, ready_fd};
use check::Words;
use machine::Settings;
use reporter::ME;
use watch::Plan;

const USAGE: &str = "healthcheck [--ready=PROGRAM] [--alive=PROGRAM] [options] \
    -- program [argument ...]";

const HELP: &str = "\
usage: healthcheck [--ready=PROGRAM] [--alive=PROGRAM] [--every=SECONDS] [--tries=N]
                   [--timeout=SECONDS] [--fd=N] -- program [argument ...]
  --ready=PROGRAM    run until it exits 0: then the program is ready
  --alive=PROGRAM    run from then on: if it fails, the program is ended
  --every=SECONDS    from one start of the alive check to the next (10)
  --tries=N          how many failures in a row end the program (3)
  --timeout=SECONDS  a check that takes longer has failed (5)
  --fd=N             the descriptor of ready-fd in supervise.toml (3)
  --help             print this
  --version          print the version
";

const LONG: &[Long] = &[
    Long::new("ready", Value::Must),
    Long::new("alive", Value::Must),
    Long::new("every", Value::Must),
    Long::new("tries", Value::Must),
    Long::new("timeout", Value::Must),
    Long::new("fd", Value::Must),
    Long::new("help", Value::No),
    Long::new("version", Value::No),
];

/// Leaves a process behind that runs the checks, then becomes the program. Gives the exit
/// code if that failed.
#[must_use]
pub fn healthcheck(args: Args) -> i32 {
    run(args).unwrap_or_else(Fatal::code)
}

fn run(args: Args) -> Result<i32, Fatal> {
    let (mut ready, mut alive) = (None, None);
    let mut number = ready_fd::DEFAULT;
    let mut settings = Settings {
        every: Duration::from_secs(10),
        tries: 3,
        timeout: Duration::from_secs(5),
        alive: false,
    };
    let mut options = Getopt::new(&args, "", LONG);
    for option in options.by_ref() {
        match option {
            Opt::Long("help", _) => return Ok(cli::help(&ME, HELP)),
            Opt::Long("version", _) => return Ok(cli::version(&ME)),
            Opt::Long("ready", word) => ready = Some(words(word, b"--ready")?),
            Opt::Long("alive", word) => alive = Some(words(word, b"--alive")?),
            Opt::Long("every", word) => settings.every = time(word, b"--every")?,
            Opt::Long("timeout", word) => settings.timeout = time(word, b"--timeout")?,
            Opt::Long("tries", word) => settings.tries = tries(word)?,
            Opt::Long(_, word) => number = ready_fd::parse(&ME, word)?,
            Opt::Short(..) | Opt::Bad => return Err(getopt::usage(&ME, USAGE)),
        }
    }
    let index = options.index();
    if args.get(index).is_none() || (ready.is_none() && alive.is_none()) {
        return Err(getopt::usage(&ME, USAGE));
    }
    let for_supervise = match ready {
        Some(_) => Some(ready_fd::open(&ME, number)?),
        None => fd::copy_inherited(number).ok(),
    };
    // Those that are closed stay so for the program, but get no file here.
    fd::fill_standard();
    let (program, pidfd) = Id::this();
    settings.alive = alive.is_some();
    let plan = Plan {
        program,
        label: label::of_working_directory(),
        ready,
        alive,
        settings,
    };
    companion::spawn([for_supervise, pidfd], plan, watch::watch)
        .map_err(|error| ME.fatal(&[b"unable to start the process that stays behind"], error))?;
    Ok(pathexec::next(&ME, args, index).code())
}

fn wrong(option: &[u8], takes: &[u8]) -> Fatal {
    ME.plain(&[option, b" takes ", takes], None);
    Fatal::new(PERMANENT)
}

/// The words of a check, which blanks separate. They live as long as the process.
fn words(text: Option<&CStr>, option: &[u8]) -> Result<Words, Fatal> {
    let text = text.map_or(&b""[..], CStr::to_bytes);
    let words = text
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    let words = words.filter_map(|word| CString::new(word).ok());
    let words: Vec<&CStr> = words
        .map(|word| &*Box::leak(word.into_boxed_c_str()))
        .collect();
    match words.is_empty() {
        true => Err(wrong(option, b"a program")),
        false => Ok(words.leak()),
    }
}

fn time(word: Option<&CStr>, option: &[u8]) -> Result<Duration, Fatal> {
    let time = word.and_then(seconds).filter(|time| !time.is_zero());
    time.ok_or_else(|| wrong(option, b"a number of seconds"))
}

fn tries(word: Option<&CStr>) -> Result<u32, Fatal> {
    let number = word.and_then(|word| word.to_str().ok()?.parse().ok());
    let number = number.filter(|number| (1..=1000).contains(number));
    number.ok_or_else(|| wrong(b"--tries", b"a number from 1 to 1000"))
}
