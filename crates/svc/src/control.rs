//! `svc`: the same commands to each of a number of services, one after the other.

use core::ffi::CStr;
use core::time::Duration;
use std::os::fd::{AsFd, OwnedFd};

use daemontools::getopt::{Getopt, Long, Opt};
use daemontools::servicedir::control;
use daemontools::strerr::Reporter;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::signal::Mask;
use daemontools::unix::{fd, file, pipe, poll, rlimit, signal};
use daemontools::{Args, Errno, PERMANENT, cli, servicedir, strerr};

use crate::commands::{Commands, LETTERS};
use crate::tree::Tree;
use crate::trouble::Trouble;
use crate::wait::{self, Waiting};

pub(crate) static ME: Reporter = Reporter::new("svc");

/// What the reference prints after an option that it does not know, letter for
/// letter; ours are in the manual page.
const OPTIONS: &[u8] = b"svc options: u up, d down, o once, x exit, p pause, c continue, \
h hup, a alarm, i interrupt, t term, k kill";

const HELP: &str = "\
usage: svc [-udopchaitkxq12] [--tree] [--strict] [--wait [--timeout=SECONDS]] dir ...
  -u up        -d down       -o once       -x exit
  -p pause     -c continue   -h HUP        -a ALRM
  -i INT       -t TERM       -k KILL       -q QUIT
  -1 USR1      -2 USR2
  --tree       send signals to all processes of a service, not to its first alone
  --strict     exit 100 or 111 if a service could not be told
  --wait       wait until it is done; exits as --strict does
  --timeout=N  wait at most N seconds
  --help       print this
  --version    print the version
";

const LONG: &[Long] = &[
    Long {
        name: "tree",
        takes_value: false,
    },
    Long {
        name: "strict",
        takes_value: false,
    },
    Long {
        name: "wait",
        takes_value: false,
    },
    Long {
        name: "timeout",
        takes_value: true,
    },
    Long {
        name: "help",
        takes_value: false,
    },
    Long {
        name: "version",
        takes_value: false,
    },
];

/// How long a service may leave its FIFO full.
const ROOM: Duration = Duration::from_secs(5);

/// How long a supervise that is deaf for a second after each start is waited for, and
/// how often it is looked at.
const EAR: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(1);

/// What the options ask for.
#[derive(Debug, Default)]
struct Request {
    commands: Commands,
    tree: bool,
    strict: bool,
    wait: bool,
    timeout: Option<Duration>,
}

/// The program: gives the exit code.
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
            Opt::Long("wait", _) => request.wait = true,
            Opt::Long(_, value) => match value.and_then(wait::seconds) {
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
    // A message must not go into a FIFO that got the number of a closed standard
    // error, and a reader that went away must not end the round.
    fd::fill_standard();
    let _ = signal::harden();
    if request.tree {
        // Every process found takes a descriptor.
        let _ = rlimit::raise_descriptors();
    }
    match file::open_directory(c".") {
        Ok(start) => request.apply(args.from(index), &start),
        Err(error) => ME
            .fatal(&[b"unable to open current directory"], error)
            .code(),
    }
}

impl Request {
    /// Tells every service; then waits for all, if that was asked for.
    fn apply(&self, names: impl Iterator<Item = &'static CStr>, start: &OwnedFd) -> i32 {
        let mut worst = 0;
        let mut waiting = Vec::new();
        for name in names {
            match self.tell(name) {
                Ok(None) => {}
                Ok(Some(told)) => waiting.push(told),
                Err(trouble) => worst = worst.max(trouble.warn(name.to_bytes())),
            }
            if let Err(error) = file::fchdir(start) {
                return ME.fatal(&[b"unable to set directory"], error).code();
            }
        }
        if self.wait {
            let deadline = self.timeout.map(|timeout| Monotonic::now() + timeout);
            match wait::all(waiting, start, deadline) {
                Ok(code) => worst = worst.max(code),
                Err(error) => return ME.fatal(&[b"unable to set directory"], error).code(),
            }
        }
        if self.strict || self.wait { worst } else { 0 }
    }

    /// Tells one service, and leaves its directory the working directory. Gives
    /// what there is to wait for.
    fn tell(&self, name: &'static CStr) -> Result<Option<Waiting>, Trouble> {
        file::chdir(name).map_err(Trouble::Chdir)?;
        let control = match control::open(servicedir::CONTROL) {
            Ok(control) => control,
            Err(Errno::ENXIO) => return Err(Trouble::NotRunning),
            Err(Errno::EINVAL) => return Err(Trouble::NotFifo),
            Err(error) => return Err(Trouble::Control(error)),
        };
        let mut waiting = self.wait.then(|| Waiting::new(name, &self.commands));
        if self.tree && self.commands.signals().next().is_some() {
            let processes = self.tell_all(&control)?;
            if let Some(waiting) = &mut waiting {
                waiting.and_for(processes);
            }
        } else {
            control::write_within(&control, self.commands.as_bytes(), ROOM)
                .map_err(Trouble::Write)?;
        }
        Ok(waiting)
    }

    /// Tells supervise and, what it tells its service, all other processes of the
    /// service; gives them. Whoever interrupts svc has to wait until none is held.
    fn tell_all(&self, control: &OwnedFd) -> Result<Vec<OwnedFd>, Trouble> {
        // A full FIFO is waited for while nothing is held.
        let by = Monotonic::now() + ROOM;
        if !poll::writable_by(control.as_fd(), by).map_err(Trouble::Write)? {
            return Err(Trouble::Write(Errno::ETIMEDOUT));
        }
        let before = Mask::block_all();
        let hold = self.commands.may_hold();
        let told = Tree::find(hold).and_then(|mut tree| {
            control::write_within(control, self.commands.as_bytes(), ROOM)
                .map_err(Trouble::Write)?;
            if !hold {
                await_reading(control);
            }
            let sent = tree.send(self.commands.signals());
            if hold {
                tree.leave_main(self.commands.stop());
            }
            sent.map(|()| tree.into_processes())
        });
        before.install();
        told
    }
}

/// Waits until supervise has taken its commands, though not for long. It has to be the
/// first to signal: a service that ends because its children do would be started again,
/// and the signal would meet the new one.
fn await_reading(control: &OwnedFd) {
    let deadline = Monotonic::now() + EAR;
    while pipe::available(control).is_ok_and(|count| count > 0) && Monotonic::now() < deadline {
        poll::pause_until(Monotonic::now() + PAUSE);
    }
}
