//! `svwait`: waits until services are ready, up, down or gone, and then ends or becomes
//! another program.

mod reporter;
mod service;
mod wait;
mod watcher;

use daemontools::getopt::{self, Getopt, Long, Opt, Value};
use daemontools::strerr::Fatal;
use daemontools::{Args, PERMANENT, cli, pathexec, seconds};

use daemontools::client::Condition;
use reporter::ME;
use wait::Request;

const USAGE: &str = "svwait [options] directory ... [-- program [argument ...]]";

const HELP: &str = "\
usage: svwait [--ready | --up | --down | --gone] [--any] [--timeout=SECONDS]
              [--verbose] directory ... [-- program [argument ...]]
  --ready      wait until all are ready, or up and never tell, or finished (default)
  --up         wait until all are up
  --down       wait until all are down and not about to be started
  --gone       wait until none has a supervise
  --any        wait for one of them, and print its name
  --timeout=N  wait at most N seconds; 0 looks once
  --verbose    say each state
  --help       print this
  --version    print the version
";

const LONG: &[Long] = &[
    Long::new("ready", Value::No),
    Long::new("up", Value::No),
    Long::new("down", Value::No),
    Long::new("gone", Value::No),
    Long::new("any", Value::No),
    Long::new("timeout", Value::Must),
    Long::new("verbose", Value::No),
    Long::new("help", Value::No),
    Long::new("version", Value::No),
];

/// Runs `svwait [options] directory ... [-- program]`. Gives the exit code; none if it
/// became the program.
#[must_use]
pub fn run(args: Args) -> i32 {
    // Descriptors 0 to 2 that are closed stay so, for the program. No message goes into a
    // file of a service: while one is open for writing, none is written.
    let mut request = Request {
        condition: Condition::Ready,
        any: false,
        timeout: None,
        verbose: false,
    };
    let mut options = Getopt::new(&args, "", LONG);
    for option in options.by_ref() {
        match option {
            Opt::Long("help", _) => return cli::help(&ME, HELP),
            Opt::Long("version", _) => return cli::version(&ME),
            Opt::Long("ready", _) => request.condition = Condition::Ready,
            Opt::Long("up", _) => request.condition = Condition::Up,
            Opt::Long("down", _) => request.condition = Condition::Down,
            Opt::Long("gone", _) => request.condition = Condition::Gone,
            Opt::Long("any", _) => request.any = true,
            Opt::Long("verbose", _) => request.verbose = true,
            Opt::Long(_, value) => match value.and_then(seconds) {
                Some(timeout) => request.timeout = Some(timeout),
                None => {
                    ME.plain(&[b"--timeout takes a number of seconds"], None);
                    return PERMANENT;
                }
            },
            Opt::Short(..) | Opt::Bad => return getopt::usage(&ME, USAGE).code(),
        }
    }
    let Some(words) = Words::of(&args, options.index()) else {
        return getopt::usage(&ME, USAGE).code();
    };
    let names = args.words(words.first).take(words.count);
    let code = wait::wait(request, names).map_or_else(Fatal::code, |name| match request.any {
        true => cli::output(&ME, &[name.to_bytes(), b"\n"].concat()),
        false => 0,
    });
    match words.program {
        Some(index) if code == 0 => pathexec::next(&ME, args, index).code(),
        _ => code,
    }
}

/// Where in the command line the directories and the program are.
struct Words {
    first: usize,
    count: usize,
    program: Option<usize>,
}

impl Words {
    /// The words from `first` on, which follows the options. `None` if there is no
    /// directory, or no program after `--`.
    fn of(args: &Args, first: usize) -> Option<Self> {
        let is_end = |index| args.get(index).is_some_and(|word| word == c"--");
        let end = (first..args.len()).find(|&index| is_end(index));
        let count = end.unwrap_or(args.len()) - first;
        let program = end.map(|end| end + 1);
        // `--` in front of the directories is the one in front of the program: there are
        // no directories.
        let complete = count > 0
            && !is_end(first - 1)
            && program.is_none_or(|program| args.get(program).is_some());
        complete.then_some(Self {
            first,
            count,
            program,
        })
    }
}
