//! The program of the command line: it is started once, after the services, with svinit's
//! own descriptors and in the directory that svinit was started in. Where standard input is
//! a terminal, it gets a process group of its own and the terminal: a shell has job control,
//! and ^C reaches it alone.

use core::ffi::CStr;
use core::time::Duration;
use std::os::fd::OwnedFd;

use daemontools::unix::clock::Monotonic;
use daemontools::unix::exec::Strings;
use daemontools::unix::process::{self, Pid};
use daemontools::unix::signal::Signal;
use daemontools::unix::{fd, file, terminal};
use daemontools::{Result, TEMPORARY, pathexec};
use log::debug;

use crate::reporter::REPORTER;
use crate::spawn::Inheritance;

/// The time between two attempts to fork.
const PACE: Duration = Duration::from_secs(1);

/// The program.
#[derive(Debug)]
pub(crate) struct Program {
    argv: Strings<'static>,
    /// The directory that svinit was started in, if it could be opened.
    directory: Option<OwnedFd>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It is to be started at this moment.
    Due(Monotonic),
    Started(Pid),
    /// svinit was told to stop before it could be started.
    NotWanted,
}

impl Program {
    pub(crate) const fn new(argv: Strings<'static>, directory: Option<OwnedFd>) -> Self {
        Self {
            argv,
            directory,
            state: State::Due(Monotonic(0)),
        }
    }

    /// Its name on the command line.
    pub(crate) fn name(&self) -> &'static CStr {
        self.argv.first().unwrap_or_default()
    }

    /// Starts it if that is due; gives its pid then.
    pub(super) fn start(&mut self, given: &Inheritance) -> Option<u32> {
        let State::Due(at) = self.state else {
            return None;
        };
        let now = Monotonic::now();
        if now < at {
            return None;
        }
        match process::spawn(|| self.run(given)) {
            Ok(pid) => {
                debug!("{:?}: started, pid {pid}", self.name());
                self.state = State::Started(pid);
                Some(pid.as_raw().unsigned_abs())
            }
            Err(error) => {
                REPORTER.warning(&[b"unable to fork for ", self.name().to_bytes()], error);
                self.state = State::Due(now + PACE);
                None
            }
        }
    }

    /// The child.
    fn run(&self, given: &Inheritance) -> i32 {
        if terminal::is_terminal(fd::STDIN)
            && let Err(error) = take_terminal()
        {
            REPORTER.warning(&[b"unable to give the terminal to a program"], error);
        }
        given.restore();
        let moved = self.directory.as_ref().map_or(Ok(()), file::fchdir);
        let error = moved.map_or_else(|error| error, |()| pathexec::exec(&self.argv));
        REPORTER.warning(&[b"unable to run ", self.name().to_bytes()], error);
        TEMPORARY
    }

    /// When it is started, if it was not yet.
    pub(super) const fn next_start(&self) -> Option<Monotonic> {
        match self.state {
            State::Due(at) => Some(at),
            State::Started(_) | State::NotWanted => None,
        }
    }

    /// It is to end; `now`: at once.
    pub(super) fn stop(&mut self, now: bool) {
        match self.state {
            State::Due(_) => self.state = State::NotWanted,
            // Until it was waited for its pid is its own.
            State::Started(pid) if now => {
                let _ = process::kill(pid, Signal::SIGKILL);
            }
            State::Started(pid) => {
                // A shell at a terminal obeys HUP alone.
                let hangs_up = terminal::is_terminal(fd::STDIN).then_some(Signal::SIGHUP);
                for signal in [Some(Signal::SIGTERM), hangs_up, Some(Signal::SIGCONT)] {
                    let _ = signal.map(|signal| process::kill(pid, signal));
                }
            }
            State::NotWanted => {}
        }
    }
}

/// Puts this process into a group of its own, to which the terminal belongs.
fn take_terminal() -> Result<()> {
    process::new_group()?;
    terminal::set_foreground(fd::STDIN, process::group())
}

/// The terminal, if there is one, is svinit's again: ^C stops the services.
pub(super) fn take_terminal_back() {
    if terminal::is_terminal(fd::STDIN) {
        let _ = terminal::set_foreground(fd::STDIN, process::group());
    }
}
