//! `svscanboot`: svscan on a clean ground with readproctitle behind it, so that the
//! last of what goes wrong can be read in the list of processes.
//!
//! Where the reference is a shell script that waits for the pipeline's last program
//! only, this notices when either of the two ends and starts it again on the same
//! pipe, whose ends it keeps. It goes on with those of a svscanboot that was killed.
//! But a svscan that was ended by TERM was ended by somebody who meant it: as in the
//! reference, it stays so, and svscanboot ends when readproctitle has read all that the
//! services have to say.
//!
//! The two are in process groups of their own: an init that ends svscanboot signals
//! its group, and what services and loggers are told, and in which order, is svscan's
//! affair.

mod ground;
mod survivor;

use core::ffi::CStr;
use core::time::Duration;
use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use daemontools::unix::clock::Monotonic;
use daemontools::unix::exec::Strings;
use daemontools::unix::process::{self, End, Pid};
use daemontools::unix::signal::{self, Caught, Mask, Signal};
use daemontools::unix::{fd, file, pidfd, poll};
use daemontools::{Args, Result, TEMPORARY};

use crate::orders::{Orders, STOP, TO_BOOT};
use crate::pair::Pipe;
use ground::Ground;

/// The scan directory where none is given.
const DEFAULT: &CStr = c"/etc/service";
/// How many dots `ps` shows before anything has gone wrong.
const DOTS: usize = 400;
/// The least time between two starts of one program.
const PACE: Duration = Duration::from_secs(1);

/// One of the two programs.
struct Program<'a> {
    argv: Strings<'a>,
    runs: Option<Process>,
    may_start: Monotonic,
}

/// A process of ours.
enum Process {
    /// A child.
    Child(Pid),
    /// One that another svscanboot has started.
    Found(OwnedFd),
}

/// The program: `svscanboot [directory]`. Gives the exit code, if it can't begin or
/// was told to stop.
#[must_use]
pub fn run(args: Args) -> i32 {
    serve(args.from(1).next().unwrap_or(DEFAULT)).unwrap_or(TEMPORARY)
}

/// Runs the two until it is told to stop and svscan has ended, or svscan alone was. Gives
/// the exit code.
fn serve(dir: &CStr) -> Result<i32> {
    fd::fill_standard();
    let ground = Ground::new()?;
    let child_ended = Caught::new(Signal::SIGCHLD)?;
    let orders = Orders::new(&TO_BOOT)?;
    for number in 0..=2 {
        fd::become_standard(&ground.null, number)?;
    }
    // By this others know whose svscanboot it is, whoever has started svscan.
    let mut place = file::open_directory(dir).ok();
    let wait_mask = ground.mask.without(&[Signal::SIGCHLD]).without(&TO_BOOT);
    let survivors = loop {
        match survivor::survivors(dir) {
            Ok(survivors) => break survivors,
            // Not to be guessed: what runs would be ended.
            Err(_) if orders.stop() | orders.rescan() => return Ok(0),
            Err(_) => pause(&wait_mask),
        }
    };
    let (svscan_runs, pipe) = match survivors {
        Some(survivors) => (Some(survivors.svscan), survivors.pipe),
        None => {
            ground.clear(dir);
            (None, None)
        }
    };
    let (pipe, title_runs) = match pipe {
        Some(found) => found,
        None => (Pipe::new()?, None),
    };
    let mut pipe = Some(pipe);

    let dots = CString::new([b'.'; DOTS]).unwrap_or_default();
    let title = [c"readproctitle", c"service", c"errors:", &dots];
    let mut reader = Program::new(title.into_iter().collect(), title_runs);
    let svscan = [c"svscan", dir].into_iter().collect();
    let mut svscan = Program::new(svscan, svscan_runs);
    // It takes this signal unless it was ignored when svscanboot was started.
    let stop = match signal::is_ignored(STOP) {
        true => Signal::SIGTERM,
        false => STOP,
    };
    let mut stopping = false;
    let mut code = 0;
    loop {
        if child_ended.take() {
            while let Ok(Some((pid, end))) = process::reap() {
                if reader.ended(pid) {
                    code = exit_code(end);
                }
                if svscan.ended(pid) && end == End::Killed(Signal::SIGTERM as i32) {
                    pipe = None;
                }
            }
        }
        reader.look();
        svscan.look();
        if orders.stop() | orders.rescan() {
            stopping = true;
            svscan.signal(stop);
        }
        let mut deadlines = [None, None];
        if stopping {
            if svscan.runs.is_none() {
                // For what svscan has left behind, if it did not end by itself.
                ground.stop(dir);
                return Ok(0);
            }
        } else if let Some(pipe) = &pipe {
            if svscan.is_due() {
                place = file::open_directory(dir).ok().or(place);
                match survivor::svscan(dir) {
                    Ok(found) => svscan.runs = found.map(|(_, svscan)| Process::Found(svscan)),
                    Err(_) => svscan.may_start = Monotonic::now() + PACE,
                }
            }
            let null = ground.null.as_fd();
            let write = pipe.write.as_fd();
            deadlines = [
                reader.tend(&ground, [pipe.read.as_fd(), null, null]),
                svscan.tend(&ground, [null, write, write]),
            ];
        } else if reader.runs.is_none() {
            // svscan was ended, and nobody has more to say.
            return Ok(code);
        }
        let deadline = deadlines.into_iter().flatten().min();
        // The one place where svscanboot waits.
        let found = [reader.found(), svscan.found()];
        if poll::readable(found, deadline, &wait_mask).is_err() {
            poll::pause_until(Monotonic::now() + PACE);
        }
    }
}

/// What a shell makes of the end of its last command.
const fn exit_code(end: End) -> i32 {
    match end {
        End::Exited(code) => code,
        End::Killed(signal) => 128 + signal,
    }
}

/// A moment in which signals get in.
fn pause(mask: &Mask) {
    let deadline = Monotonic::now() + PACE;
    if poll::readable([], Some(deadline), mask).is_err() {
        poll::pause_until(deadline);
    }
}

impl<'a> Program<'a> {
    fn new(argv: Strings<'a>, found: Option<OwnedFd>) -> Self {
        Self {
            argv,
            runs: found.map(Process::Found),
            may_start: Monotonic(0),
        }
    }

    /// A child has ended; says whether it was this.
    fn ended(&mut self, pid: Pid) -> bool {
        let was = matches!(self.runs, Some(Process::Child(own)) if own == pid);
        if was {
            self.runs = None;
        }
        was
    }

    /// Looks whether a process that is no child has ended.
    fn look(&mut self) {
        if self.found().is_some_and(poll::has_input) {
            self.runs = None;
        }
    }

    /// What tells of the end of a process that is no child.
    fn found(&self) -> Option<BorrowedFd<'_>> {
        match &self.runs {
            Some(Process::Found(process)) => Some(process.as_fd()),
            _ => None,
        }
    }

    /// Sends it a signal, if it runs. One that has just ended needs none.
    fn signal(&self, signal: Signal) {
        let _ = match &self.runs {
            Some(Process::Child(pid)) => process::kill(*pid, signal),
            Some(Process::Found(process)) => pidfd::send(process, signal),
            None => Ok(()),
        };
    }

    /// Whether it does not run and may be started.
    fn is_due(&self) -> bool {
        self.runs.is_none() && self.may_start <= Monotonic::now()
    }

    /// Starts it if it does not run; if it may not be started yet, says when.
    fn tend(&mut self, ground: &Ground, standard: [BorrowedFd; 3]) -> Option<Monotonic> {
        if self.is_due() {
            self.may_start = Monotonic::now() + PACE;
            self.runs = ground.start(&self.argv, standard).ok().map(Process::Child);
        }
        self.runs.is_none().then_some(self.may_start)
    }
}
