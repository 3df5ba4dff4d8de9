//! `svc`: sends the same commands to one service after the other.

use core::ffi::CStr;
use core::time::Duration;
use std::os::fd::{AsFd, OwnedFd};

use daemontools::getopt::{Getopt, Long, Opt, Value};
use daemontools::servicedir::control;
use daemontools::strerr::Fatal;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::signal::Mask;
use daemontools::unix::{fd, file, pipe, poll, rlimit, signal};
use daemontools::{Args, Errno, PERMANENT, cli, seconds, servicedir, strerr};

use crate::commands::{Commands, LETTERS};
use crate::error::{Error, ME};
use crate::goal::Goals;
use crate::tree::Tree;
use crate::wait::{self, Pending, Until};

/// The reference's text after an unknown option, letter for letter. Our own options are
/// in `--help` and the manual page.
const OPTIONS: &[u8] = b"svc options: u up, d down, o once, x exit, p pause, c continue, \
h hup, a alarm, i interrupt, t term, k kill";

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

/// How long to wait for room in a full control FIFO.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait until supervise has read the commands: the C original reads none for
/// a second after a start.
const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// The pause between two looks whether it has.
const PAUSE: Duration = Duration::from_millis(1);

/// What the options ask for.
#[derive(Debug, Default)]
struct Request {
    commands: Commands,
    tree: bool,
    strict: bool,
    wait: Option<Until>,
    timeout: Option<Duration>,
}

/// Runs `svc [options] dir ...`. Gives the exit code.
#[must_use]
pub fn run(args: Args) -> i32 {
    let mut request = Request::default();
    let mut options = Getopt::new(&args, LETTERS, LONG);
    for option in options.by_ref() {
        match option {
            Opt::Short(letter, _) => request.commands.add(letter),
            Opt::Long("help", _) => return cli::help(&ME, HELP),
            Opt::Long("version", _) => return cli::version(&ME),
            Opt::Long("tree", _) => request.tree = true,
            Opt::Long("strict", _) => request.strict = true,
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
    if request.tree {
        // Each process takes a descriptor.
        let _ = rlimit::raise_descriptors();
    }
    match file::open_directory(c".") {
        Ok(start) => request
            .control_all(args.from(index), &start)
            .unwrap_or_else(Fatal::code),
        Err(error) => ME
            .fatal(&[b"unable to open current directory"], error)
            .code(),
    }
}

impl Request {
    /// Controls every service, then waits for all with `--wait`. Gives the exit code.
    fn control_all(
        &self,
        names: impl Iterator<Item = &'static CStr>,
        start: &OwnedFd,
    ) -> Result<i32, Fatal> {
        let no_way_back = |error| ME.fatal(&[b"unable to set directory"], error);
        let mut worst = 0;
        let mut pending = Vec::new();
        for name in names {
            match self.control(name) {
                Ok(service) => pending.extend(service),
                Err(error) => worst = worst.max(error.warn(name.to_bytes())),
            }
            file::fchdir(start).map_err(no_way_back)?;
        }
        if self.wait.is_some() {
            let deadline = self.timeout.map(|timeout| Monotonic::now() + timeout);
            let code = wait::all(pending, start, deadline).map_err(no_way_back)?;
            worst = worst.max(code);
        }
        Ok(if self.strict || self.wait.is_some() {
            worst
        } else {
            0
        })
    }

    /// Sends the commands to one service, whose directory becomes the working directory.
    /// With `--wait`, gives what to wait for.
    fn control(&self, name: &'static CStr) -> Result<Option<Pending>, Error> {
        file::chdir(name).map_err(Error::Chdir)?;
        let control = match control::open(servicedir::CONTROL) {
            Ok(control) => control,
            Err(Errno::ENXIO) => return Err(Error::NotRunning),
            Err(Errno::EINVAL) => return Err(Error::NotFifo),
            Err(error) => return Err(Error::Open(error)),
        };
        let mut pending = self
            .wait
            .map(|until| Pending::new(name, &self.commands, until));
        if self.tree && self.commands.signals().next().is_some() {
            let processes = self.control_tree(&control)?;
            if let Some(pending) = &mut pending {
                pending.wait_for_ends(processes);
            }
        } else {
            control::write_within(&control, self.commands.as_bytes(), WRITE_TIMEOUT)
                .map_err(Error::Write)?;
        }
        Ok(pending)
    }

    /// Sends the commands to supervise, and the signals that it sends for them to all
    /// other processes of the service. Gives the pidfds of the processes. Signals to svc
    /// are blocked until none of them is kept stopped.
    fn control_tree(&self, control: &OwnedFd) -> Result<Vec<OwnedFd>, Error> {
        // A full FIFO is waited for before any process is stopped.
        let by = Monotonic::now() + WRITE_TIMEOUT;
        if !poll::writable_by(control.as_fd(), by).map_err(Error::Write)? {
            return Err(Error::Write(Errno::ETIMEDOUT));
        }
        let before = Mask::block_all();
        let stop = self.commands.allow_stopping();
        let sent = Tree::find(stop).and_then(|mut tree| {
            control::write_within(control, self.commands.as_bytes(), WRITE_TIMEOUT)
                .map_err(Error::Write)?;
            if !stop {
                wait_until_read(control);
            }
            let sent = tree.send(self.commands.signals());
            if stop {
                tree.release_main(self.commands.leave_stopped());
            }
            sent.map(|()| tree.into_pidfds())
        });
        before.install();
        sent
    }
}

/// Waits until supervise has read its commands, but not longer than [`READ_TIMEOUT`].
/// supervise has to signal first: if the service ended because its children do, supervise
/// would restart it and then signal the new process.
fn wait_until_read(control: &OwnedFd) {
    let deadline = Monotonic::now() + READ_TIMEOUT;
    while pipe::available(control).is_ok_and(|count| count > 0) && Monotonic::now() < deadline {
        poll::pause_until(Monotonic::now() + PAUSE);
    }
}
