//! `svscanboot`: svscan on a clean ground with readproctitle behind it, so that the
//! last of what goes wrong can be read in the list of processes.
//!
//! Where the reference is a shell script that waits for the pipeline's last program
//! only, this notices when either of the two ends and starts it again on the same
//! pipe, whose ends it keeps. It goes on with those of a svscanboot that was killed.
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
use daemontools::unix::process::{self, Pid};
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
    match serve(args.from(1).next().unwrap_or(DEFAULT)) {
        Ok(()) => 0,
        Err(_) => TEMPORARY,
    }
}

/// Runs the two until it is told to stop and svscan has ended.
fn serve(dir: &CStr) -> Result<()> {
    fd::fill_standard();
    let ground = Ground::new()?;
    let child_ended = Caught::new(Signal::SIGCHLD)?;
    let orders = Orders::new(&TO_BOOT)?;
    for number in 0..=2 {
        fd::become_standard(&ground.null, number)?;
    }
    // By this others know whose svscanboot it is, whoever has started svscan.
    let mut place = file::open_directory(dir).ok();
    let found = survivor::svscan(dir);
    let pipe = match &found {
        Some((_, pipe)) => pipe.as_ref(),
        None => {
            ground.clear(dir);
            None
        }
    };
    let (pipe, title_runs) = match pipe.and_then(|link| Pipe::reopen(link.as_c_str()).ok()) {
        Some(pipe) => {
            let reader = survivor::reader(&pipe.read);
            (pipe, reader)
        }
        None => (Pipe::new()?, None),
    };

    let dots = CString::new([b'.'; DOTS]).unwrap_or_default();
    let title = [c"readproctitle", c"service", c"errors:", &dots];
    let mut reader = Program::new(title.into_iter().collect(), title_runs);
    let svscan = [c"svscan", dir].into_iter().collect();
    let mut svscan = Program::new(svscan, found.map(|(process, _)| process));
    // It takes this signal unless it was ignored when svscanboot was started.
    let stop = match signal::is_ignored(STOP) {
        true => Signal::SIGTERM,
        false => STOP,
    };
    let mut stopping = false;
    let wait_mask = ground.mask.without(&[Signal::SIGCHLD]).without(&TO_BOOT);
    loop {
        if child_ended.take() {
            while let Ok(Some((pid, _))) = process::reap() {
                reader.ended(pid);
                svscan.ended(pid);
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
                return Ok(());
            }
        } else {
            if svscan.is_due() {
                place = file::open_directory(dir).ok().or(place);
                svscan.runs = survivor::svscan(dir).map(|(process, _)| Process::Found(process));
            }
            let null = ground.null.as_fd();
            let write = pipe.write.as_fd();
            deadlines = [
                reader.tend(&ground, [pipe.read.as_fd(), null, null]),
                svscan.tend(&ground, [null, write, write]),
            ];
        }
        let found = (reader.found(), svscan.found());
        if wait(found, deadlines, &wait_mask).is_err() {
            poll::pause_until(Monotonic::now() + PACE);
        }
    }
}

/// The one place where svscanboot waits.
fn wait(
    found: (Option<BorrowedFd>, Option<BorrowedFd>),
    deadlines: [Option<Monotonic>; 2],
    mask: &Mask,
) -> Result<()> {
    let deadline = deadlines.into_iter().flatten().min();
    match found {
        (Some(one), Some(other)) => poll::readable([one, other], deadline, mask).map(drop),
        (Some(one), None) | (None, Some(one)) => poll::readable([one], deadline, mask).map(drop),
        (None, None) => poll::readable([], deadline, mask).map(drop),
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

    /// A child has ended.
    fn ended(&mut self, pid: Pid) {
        if matches!(self.runs, Some(Process::Child(own)) if own == pid) {
            self.runs = None;
        }
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
