//! `svc --tree`: finds all processes of a service, holds them still where that is
//! harmless, and sends them what supervise sends to the first of them alone.
//!
//! Each is reached through a pidfd that was opened before anything was learned about
//! it, so that a pid which is used again is never hit. Where the commands kill, stop
//! or continue what they reach, all are stopped first, and looked for until no more
//! appear: none escapes by forking, and what a process starts in answer to its signal
//! is left alone. Other commands reach those that are there at the moment.

use core::time::Duration;
use std::os::fd::{AsFd, OwnedFd};

use daemontools::procfs::{self, Process};
use daemontools::status::Status;
use daemontools::unix::clock::{self, Monotonic};
use daemontools::unix::process::Pid;
use daemontools::unix::signal::Signal;
use daemontools::unix::{file, pidfd, poll};
use daemontools::{Errno, servicedir};

use crate::family::Family;
use crate::trouble::Trouble;
use crate::wait;

/// How long all may take to be found and to stand still.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause from one look at the table to the next.
const PAUSE: Duration = Duration::from_millis(1);

/// The processes of a service. Dropped before anything was sent, it lets those go on
/// that it has stopped.
#[derive(Debug)]
pub(crate) struct Tree {
    family: Family,
    /// The supervises that may be this service's.
    supervises: Vec<u32>,
    /// The process that supervise knows.
    main: u32,
    held: Vec<Held>,
    /// New ones appeared to the end.
    late: bool,
}

/// One process in our hands.
#[derive(Debug)]
struct Held {
    process: Process,
    fd: OwnedFd,
    /// Stopped by us.
    stopped: bool,
}

impl Held {
    /// Takes hold of a process, unless it has ended.
    fn of(pid: u32) -> Result<Option<Self>, Errno> {
        // The descriptor first: what is learned afterwards is about its process.
        let Ok(number) = i32::try_from(pid) else {
            return Ok(None);
        };
        let fd = match pidfd::open(Pid::from_raw(number)) {
            Ok(fd) => fd,
            Err(Errno::ESRCH | Errno::EINVAL) => return Ok(None),
            Err(error) => return Err(error),
        };
        let process = procfs::process(pid);
        if ended(&fd) {
            return Ok(None);
        }
        process.map(|process| {
            Some(Self {
                process,
                fd,
                stopped: false,
            })
        })
    }

    fn hold(&mut self) {
        // What may not be stopped may not be signalled, and that will be said.
        self.stopped = !self.process.is_stopped() && pidfd::send(&self.fd, Signal::SIGSTOP).is_ok();
    }
}

/// Whether the process of a pidfd has ended.
pub(crate) fn ended(fd: &OwnedFd) -> bool {
    poll::has_input(fd.as_fd())
}

impl Tree {
    /// Finds the processes of the service in the working directory, none if it is
    /// down; with `hold`, stops them.
    pub(crate) fn find(hold: bool) -> Result<Self, Trouble> {
        let supervises = supervises();
        let spared = supervises.iter().copied().chain([std::process::id()]);
        let mut tree = Self {
            family: Family::sparing(spared),
            supervises,
            main: 0,
            held: Vec::new(),
            late: false,
        };
        let deadline = Monotonic::now() + PATIENCE;
        // The service may end and be started again meanwhile: once all are found, the
        // record still has to name the process that they were found by.
        loop {
            let status = wait::status().map_err(Trouble::Find)?;
            if status.pid == 0 {
                return Ok(tree);
            }
            let found = tree.take_main(&status, hold)?;
            if found {
                tree.gather(hold, deadline)?;
                if wait::status().map_err(Trouble::Find)?.pid == status.pid && tree.main_lives() {
                    return Ok(tree);
                }
            }
            if deadline <= Monotonic::now() {
                return Err(Trouble::Find(Errno::ESRCH));
            }
            poll::pause_until(Monotonic::now() + PAUSE);
        }
    }

    /// Takes in the process that a record names; says whether it lives. It is the
    /// service if its parent is the supervise or, where the supervise that started it
    /// is no more, if it was started when the record says.
    fn take_main(&mut self, status: &Status, hold: bool) -> Result<bool, Trouble> {
        self.main = status.pid;
        if self.main_lives() {
            return Ok(true);
        }
        let Some(mut main) = Held::of(status.pid).map_err(Trouble::of_finding)? else {
            return Ok(false);
        };
        let age = procfs::age(main.process.born);
        if !self.supervises.contains(&main.process.parent)
            && !procfs::agrees(status.since, clock::wall(), age)
        {
            return Err(Trouble::Unproven(status.pid));
        }
        if hold {
            main.hold();
        }
        self.family.add(main.process);
        self.held.push(main);
        Ok(true)
    }

    fn main_lives(&self) -> bool {
        let mut held = self.held.iter();
        held.any(|held| held.process.pid == self.main && !ended(&held.fd))
    }

    /// Takes in everything that belongs to what is known; with `hold`, until there is
    /// no more.
    fn gather(&mut self, hold: bool, deadline: Monotonic) -> Result<(), Trouble> {
        // Whether all were at rest before this look at the table began.
        let mut quiet = false;
        loop {
            let table = table()?;
            let found = self.family.grow(&table);
            for process in &found {
                self.take(process, hold)?;
            }
            let none = found.is_empty();
            if quiet && (none || !hold) {
                return Ok(());
            }
            if deadline <= Monotonic::now() {
                self.late = !none;
                return Ok(());
            }
            // Without holding them, a second look is enough: it finds those that the
            // first has missed among the changes.
            quiet = !hold || (none && self.is_at_rest(&table));
            poll::pause_until(Monotonic::now() + PAUSE);
        }
    }

    fn take(&mut self, known: &Process, hold: bool) -> Result<(), Trouble> {
        if let Some(mut held) = Held::of(known.pid).map_err(Trouble::of_finding)?
            && held.process.is(known)
        {
            if hold {
                held.hold();
            }
            self.held.push(held);
        }
        Ok(())
    }

    /// Whether none that we have stopped was running when the table was read. One that
    /// is deep in the kernel (`D`) starts nothing before it stops.
    fn is_at_rest(&self, table: &[Process]) -> bool {
        table.iter().all(|now| {
            let stopped = |held: &Held| held.stopped && held.process.is(now);
            now.is_stopped() || now.has_ended() || now.state == b'D' || {
                !self.held.iter().any(stopped)
            }
        })
    }

    /// Sends signals to all but the one that supervise reaches itself, the first
    /// signal to each of them, then the next. What was stopped is theirs from then on.
    pub(crate) fn send(&mut self, signals: impl Iterator<Item = Signal>) -> Result<(), Trouble> {
        let mut result = if self.late {
            Err(Trouble::Late)
        } else {
            Ok(())
        };
        for signal in signals {
            for held in &self.held {
                if held.process.pid == self.main {
                    continue;
                }
                match pidfd::send(&held.fd, signal) {
                    Ok(()) | Err(Errno::ESRCH) => {}
                    Err(error) => result = Err(Trouble::Signal(held.process.pid, error)),
                }
            }
        }
        for held in &mut self.held {
            held.stopped = false;
        }
        result
    }

    /// The processes, to wait for their ends.
    pub(crate) fn into_processes(mut self) -> Vec<OwnedFd> {
        let held = std::mem::take(&mut self.held);
        held.into_iter().map(|held| held.fd).collect()
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        for held in self.held.iter().filter(|held| held.stopped) {
            let _ = pidfd::send(&held.fd, Signal::SIGCONT);
        }
    }
}

/// Who holds the lock of the service in the working directory: mostly one, but the
/// same inode may be locked on another file system. None where the kernel does not say.
fn supervises() -> Vec<u32> {
    let mut found = Vec::new();
    if let Ok(lock) = file::stat(servicedir::LOCK) {
        let _ = procfs::each_flock(|inode, pid| {
            if inode == lock.identity.inode && procfs::is_named(pid, b"supervise") {
                found.push(pid);
            }
        });
    }
    found
}

/// All processes, which this one has to be among.
fn table() -> Result<Vec<Process>, Trouble> {
    let mut table = Vec::new();
    procfs::each_process(|process| table.push(process)).map_err(Trouble::Find)?;
    let own = std::process::id();
    if table.iter().any(|process| process.pid == own) {
        Ok(table)
    } else {
        Err(Trouble::NoProc)
    }
}
