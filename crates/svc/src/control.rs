//! `svc`: sends the same commands to one service after the other.

use daemontools::client::{Goals, LETTERS, Request, Until};
use daemontools::getopt::{Getopt, Long, Opt, Value};
use daemontools::strerr::{self, Reporter};
use daemontools::unix::{fd, signal};
use daemontools::{Args, PERMANENT, cli, seconds};

static ME: Reporter = Reporter::new("svc");

/// The text of the reference, 1:0.76-14, after an unknown option, letter for letter. Our
/// own options are in `--help` and the manual page.
const OPTIONS: &[u8] = b"svc options: u up, d down, o once, x exit, p pause, c continue, \
h hup, a alarm, i interrupt, t term, k kill, q quit, 1 usr1, 2 usr2";

const HELP: &str = "\
usage: svc [-udopchaitkxq12] [--tree] [--strict] [--wait[=ready] [--timeout=SECONDS]]
           dir ...
  -u up        -d down       -o once       -x exit
  -p pause     -c continue   -h HUP        -a ALRM
  -i INT       -t TERM       -k KILL       -q QUIT
  -1 USR1      -2 USR2
  --tree       send signals to all processes of a service, not to its first alone
  --strict     exit 100 or 111 if a service could not be told
  --wait       wait until it is done; exits as --strict does
  --wait=ready also until the service is ready, as svwait does
  --timeout=N  wait at most N seconds
  --help       print this
  --version    print the version
";

const LONG: &[Long] = &[
    Long {
        name: "tree",
        value: Value::No,
    },
    Long {
        name: "strict",
        value: Value::No,
    },
    Long {
        name: "wait",
        value: Value::May,
    },
    Long {
        name: "timeout",
        value: Value::Must,
    },
    Long {
        name: "help",
        value: Value::No,
    },
    Long {
        name: "version",
        value: Value::No,
    },
];

/// Runs `svc [options] dir ...`. Gives the exit code.
#[must_use]
pub fn run(args: Args) -> i32 {
    let mut request = Request::default();
    let mut strict = false;
    let mut options = Getopt::new(&args, LETTERS, LONG);
    for option in options.by_ref() {
        match option {
            Opt::Short(letter, _) => request.commands.add(letter),
            Opt::Long("help", _) => return cli::help(&ME, HELP),
            Opt::Long("version", _) => return cli::version(&ME),
            Opt::Long("tree", _) => request.tree = true,
            Opt::Long("strict", _) => strict = true,
            Opt::Long("wait", value) => match Until::parse(value) {
                Some(until) => request.wait = Some(until),
                None => {
                    ME.plain(&[b"--wait takes no other value than ready"], None);
                    return PERMANENT;
                }
            },
            Opt::Long(_, value) => match value.and_then(seconds) {
                Some(timeout) => request.timeout = Some(timeout),
                None => {
                    ME.plain(&[b"--timeout takes a number of seconds"], None);
                    return PERMANENT;
                }
            },
            Opt::Bad => {
                strerr::line(&[OPTIONS]);
                return PERMANENT;
            }
        }
    }
    let index = options.index();
    let goals = Goals::of(request.commands.iter());
    if request.wait == Some(Until::Ready) && !goals.allow_ready() {
        ME.plain(&[b"nothing is ready after -d or -x"], None);
        return PERMANENT;
    }
    // Else a message could be written to a control FIFO that was opened under the number
    // of a closed standard error, and a FIFO without a reader would end svc by SIGPIPE.
    fd::fill_standard();
    let _ = signal::harden();
    match request.control_all(&ME, args.from(index)) {
        Ok(worst) if strict || request.wait.is_some() => worst,
        Ok(_) => 0,
        Err(fatal) => fatal.code(),
    }
}
