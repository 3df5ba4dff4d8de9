//! `svc`: the same commands to each of a number of services, one after the other.

use core::ffi::CStr;
use core::time::Duration;
use std::os::fd::{AsFd, OwnedFd};

use daemontools::getopt::{Getopt, Long, Opt};
use daemontools::strerr::Reporter;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::{fd, fifo, file, poll, signal};
use daemontools::{Args, Errno, PERMANENT, Result, about, errno, servicedir, strerr};

use crate::commands::{Commands, LETTERS};
use crate::wait::{self, Waiting};

pub(crate) static ME: Reporter = Reporter::new("svc");

/// What the reference prints after an option that it does not know, letter for
/// letter; ours are in the manual page.
const OPTIONS: &[u8] = b"svc options: u up, d down, o once, x exit, p pause, c continue, \
h hup, a alarm, i interrupt, t term, k kill";

const HELP: &str = "\
usage: svc [-udopchaitkxq12] [--strict] [--wait [--timeout=SECONDS]] dir ...
  -u up        -d down       -o once       -x exit
  -p pause     -c continue   -h HUP        -a ALRM
  -i INT       -t TERM       -k KILL       -q QUIT
  -1 USR1      -2 USR2
  --strict     exit 100 or 111 if a service could not be told
  --wait       wait until it is done; exits as --strict does
  --timeout=N  wait at most N seconds
  --help       print this
  --version    print the version
";

const LONG: &[Long] = &[
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

/// Why a service could not be told.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble {
    Chdir(Errno),
    NotRunning,
    NotFifo,
    Control(Errno),
    Write(Errno),
}

impl Trouble {
    /// Says it of the service `name`; gives the exit code for `--strict`.
    fn warn(self, name: &[u8]) -> i32 {
        const CONTROL: &[u8] = b"unable to control ";
        match self {
            Self::Chdir(error) => ME.warning(&[b"unable to chdir to ", name], error),
            Self::NotRunning => ME.warning(&[CONTROL, name, b": supervise not running"], None),
            Self::NotFifo => {
                ME.warning(&[CONTROL, name, b": supervise/control is not a FIFO"], None);
            }
            Self::Control(error) => ME.warning(&[CONTROL, name], error),
            Self::Write(error) => ME.warning(&[b"error writing commands to ", name], error),
        }
        match self {
            Self::NotRunning | Self::NotFifo => PERMANENT,
            Self::Chdir(error) | Self::Control(error) | Self::Write(error) => {
                errno::exit_code(error)
            }
        }
    }
}

/// What the options ask for.
#[derive(Debug, Default)]
struct Request {
    commands: Commands,
    strict: bool,
    wait: bool,
    timeout: Option<Duration>,
}

/// The program: gives the exit code.
#[must_use]
pub fn run(args: Args) -> i32 {
    let mut request = Request::default();
    let mut options = Getopt::new(args, LETTERS, LONG);
    for option in options.by_ref() {
        match option {
            Opt::Short(letter, _) => request.commands.add(letter),
            Opt::Long("help", _) => return about::help(&ME, HELP),
            Opt::Long("version", _) => return about::version(&ME),
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
    // A message must not go into a FIFO that got the number of a closed standard
    // error, and a reader that went away must not end the round.
    fd::fill_standard();
    let _ = signal::harden();
    match file::open_directory(c".") {
        Ok(start) => request.apply(args.from(options.index()), &start),
        Err(error) => ME.fatal(&[b"unable to open current directory"], error),
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
                return ME.fatal(&[b"unable to set directory"], error);
            }
        }
        if self.wait {
            let deadline = self.timeout.map(|timeout| Monotonic::now() + timeout);
            match wait::all(waiting, start, deadline) {
                Ok(code) => worst = worst.max(code),
                Err(error) => return ME.fatal(&[b"unable to set directory"], error),
            }
        }
        if self.strict || self.wait { worst } else { 0 }
    }

    /// Tells one service, and leaves its directory the working directory. Gives
    /// what there is to wait for.
    fn tell(&self, name: &'static CStr) -> core::result::Result<Option<Waiting>, Trouble> {
        file::chdir(name).map_err(Trouble::Chdir)?;
        let control = match fifo::open_write_nofollow(servicedir::CONTROL) {
            Ok(control) => control,
            Err(Errno::ENXIO) => return Err(Trouble::NotRunning),
            Err(Errno::EINVAL) => return Err(Trouble::NotFifo),
            Err(error) => return Err(Trouble::Control(error)),
        };
        let waiting = self.wait.then(|| Waiting::new(name, &self.commands));
        write_within(&control, self.commands.as_bytes(), ROOM).map_err(Trouble::Write)?;
        Ok(waiting)
    }
}

/// Writes all of `bytes` at once, so that commands of two clients never mix, and
/// waits `patience` for room at most.
fn write_within(control: &OwnedFd, bytes: &[u8], patience: Duration) -> Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    let mut deadline = None;
    loop {
        match fd::write(control, bytes) {
            Ok(_) => return Ok(()),
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => {
                let deadline = *deadline.get_or_insert_with(|| Monotonic::now() + patience);
                if !poll::writable_by(control.as_fd(), deadline)? {
                    return Err(Errno::ETIMEDOUT);
                }
            }
            Err(error) => return Err(error),
        }
    }
}
