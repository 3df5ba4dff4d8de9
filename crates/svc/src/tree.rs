//! `svc --tree`: finds all processes of a service, holds them still where that is
//! harmless, and sends them what supervise sends to the first of them alone.
//!
//! Each is reached through a pidfd that was opened before anything was learned about
//! it, so that a pid which is used again is never hit. Where the commands kill, stop
//! or continue what they reach, all are stopped first, and looked for until no more
//! appear: none escapes by forking, and what a process starts in answer to its signal
//! is left alone. Other commands reach those that are there at the moment.
//!
//! The record is believed only if nobody else may have written it, and a supervise
//! counts only if it is ours: else a user could have root kill whatever he names.

mod held;

use core::time::Duration;
use std::os::fd::OwnedFd;

use daemontools::Errno;
use daemontools::procfs::{self, Process};
use daemontools::servicedir::status::Status;
use daemontools::servicedir::{self, Checked, SuperviseDir};
use daemontools::unix::clock::{self, Monotonic};
use daemontools::unix::file::Identity;
use daemontools::unix::signal::Signal;
use daemontools::unix::{file, pidfd, poll};

use crate::family::Family;
use crate::trouble::Trouble;
use held::Held;
pub(crate) use held::ended;

type Result<T, E = Errno> = core::result::Result<T, E>;

/// How long all may take to be found and to stand still.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause from one look to the next.
const PAUSE: Duration = Duration::from_millis(1);
/// How long supervise may take to signal its process: one that has just started
/// something is deaf for a second, if it is that of the C original.
const EAR: Duration = Duration::from_secs(5);

/// The processes of a service. Dropped, it lets those go on that it has stopped and
/// that nothing else has continued, killed or stopped for good.
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

impl Tree {
    /// Finds the processes of the service in the working directory, none if it is
    /// down; with `hold`, stops them.
    pub(crate) fn find(hold: bool) -> Result<Self, Trouble> {
        let own = SuperviseDir::open(servicedir::SUPERVISE).map_err(Trouble::Find)?;
        let supervises = supervises().map_err(Trouble::Find)?;
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
            let status = record(&own)?;
            if status.pid == 0 {
                return Ok(tree);
            }
            let found = tree.take_main(&status, hold)?;
            if found {
                tree.gather(hold, deadline)?;
                if record(&own)?.pid == status.pid && tree.main_lives() {
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
        let Some(main) = Held::of(status.pid).map_err(Trouble::of_finding)? else {
            return Ok(false);
        };
        let age = procfs::age(main.process.start_time);
        if !self.supervises.contains(&main.process.parent)
            && !procfs::is_start_time(status.since, clock::wall(), age)
        {
            return Err(Trouble::Unproven(status.pid));
        }
        self.family.add(main.process);
        self.add(main, hold);
        Ok(true)
    }

    /// Puts a process into our hands. It is among those that are let go before it is
    /// stopped.
    fn add(&mut self, process: Held, hold: bool) {
        self.held.push(process);
        if hold && let Some(process) = self.held.last_mut() {
            process.hold();
        }
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
        if let Some(held) = Held::of(known.pid).map_err(Trouble::of_finding)?
            && held.process.is(known)
        {
            self.add(held, hold);
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
    /// signal to each of them, then the next. Whoever got all of them is continued,
    /// killed or stopped by them, if it was stopped by us.
    pub(crate) fn send(&mut self, signals: impl Iterator<Item = Signal>) -> Result<(), Trouble> {
        let mut failed = Vec::new();
        for signal in signals {
            for held in &self.held {
                if held.process.pid == self.main {
                    continue;
                }
                match pidfd::send(&held.fd, signal) {
                    Ok(()) | Err(Errno::ESRCH) => {}
                    Err(error) => failed.push((held.process.pid, error)),
                }
            }
        }
        let main = self.main;
        let unreached = |pid| pid == main || failed.iter().any(|&(other, _)| other == pid);
        for held in &mut self.held {
            held.stopped &= unreached(held.process.pid);
        }
        match failed.last() {
            Some(&(pid, error)) => Err(Trouble::Signal(pid, error)),
            None if self.late => Err(Trouble::Late),
            None => Ok(()),
        }
    }

    /// Leaves the process that supervise reaches to supervise: until that has killed
    /// or continued it, or, with `to_stop`, for good. A supervise that does neither,
    /// because it has just been killed itself, say, does not keep it stopped.
    pub(crate) fn leave_main(&mut self, to_stop: bool) {
        let deadline = Monotonic::now() + EAR;
        let main = self.main;
        for held in &mut self.held {
            if held.process.pid != main || !held.stopped {
                continue;
            }
            held.stopped = !to_stop;
            while held.stopped && Monotonic::now() < deadline {
                held.stopped = !held.is_released();
                poll::pause_until(Monotonic::now() + PAUSE);
            }
        }
    }

    /// The processes, to wait for their ends.
    pub(crate) fn into_processes(mut self) -> Vec<OwnedFd> {
        self.let_go();
        let held = std::mem::take(&mut self.held);
        held.into_iter().map(|held| held.fd).collect()
    }

    fn let_go(&mut self) {
        self.held.iter_mut().for_each(Held::let_go);
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        self.let_go();
    }
}

/// What the record says, if nobody else may have written it.
fn record(own: &SuperviseDir) -> Result<Status, Trouble> {
    match own.status().map_err(Trouble::Find)? {
        Checked::Trusted(status) => Ok(status),
        Checked::Missing => Err(Trouble::Find(Errno::ENOENT)),
        Checked::Untrusted => Err(Trouble::Stranger),
    }
}

/// The supervise of the service in the working directory: a process of ours that is
/// called so, works here and holds the lock. None where the kernel does not tell of
/// locks.
fn supervises() -> Result<Vec<u32>> {
    let lock = match file::stat(servicedir::LOCK) {
        Ok(lock) => lock.identity,
        Err(Errno::ENOENT) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let here = file::stat(c".")?.identity;
    let mut holders = Vec::new();
    match procfs::each_flock(|inode, pid| holders.extend((inode == lock.inode).then_some(pid))) {
        Ok(()) | Err(Errno::ENOENT) => {}
        Err(error) => return Err(error),
    }
    let mut found = Vec::new();
    for pid in holders {
        let counts = procfs::is_our_process_in(pid, b"supervise", here)? && holds(pid, lock)?;
        found.extend(counts.then_some(pid));
    }
    Ok(found)
}

/// Whether a process that may have ended meanwhile holds this lock.
fn holds(pid: u32, lock: Identity) -> Result<bool> {
    match procfs::holds_flock(pid, lock) {
        Err(Errno::ENOENT | Errno::ESRCH) => Ok(false),
        other => other,
    }
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
