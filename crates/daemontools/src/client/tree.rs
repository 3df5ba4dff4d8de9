//! `svc --tree`: finds all processes of a service and sends them the signals that
//! supervise sends to the main process alone.
//!
//! Every process is reached through a pidfd that was opened before anything was learned
//! about it. If the commands kill, stop or continue, all processes are stopped first, and
//! new ones looked for until none appears: then no process escapes by forking, and a
//! process that is started in answer to a signal gets none. With other commands, such as
//! HUP, the processes that exist at the moment get the signal.
//!
//! The status record counts only if no other user may have written it, and a supervise
//! only if it is a process of this user: else a user could make root signal any process.

mod lookup;
mod target;

use core::time::Duration;
use std::os::fd::OwnedFd;

use crate::Errno;
use crate::procfs::{self, Process};
use crate::servicedir::status::Status;
use crate::servicedir::{SUPERVISE, SuperviseDir};
use crate::unix::clock::{self, Monotonic};
use crate::unix::signal::Signal;
use crate::unix::{pidfd, poll};

use crate::client::error::Error;
use crate::client::members::Members;
use lookup::{process_table, supervises, trusted_status};
use target::Target;
pub(crate) use target::has_ended;

type Result<T> = core::result::Result<T, Error>;

/// How long finding and stopping all processes may take.
const FIND_TIMEOUT: Duration = Duration::from_secs(5);
/// How long supervise may take to signal the main process: the C original reads no
/// command for a second after a start.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(5);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(1);

/// The processes of a service. When dropped, it continues those that it has stopped,
/// unless they have been continued, killed or stopped for good since.
#[derive(Debug)]
pub(crate) struct Tree {
    members: Members,
    /// The pids that may be the service's supervise.
    supervises: Vec<u32>,
    /// The pid of the main process, which supervise signals itself.
    main: u32,
    targets: Vec<Target>,
    /// Whether new processes appeared until the end of the time.
    still_forking: bool,
}

impl Tree {
    /// Finds the processes of the service in the working directory, none if it is
    /// down. With `stop`, stops them.
    pub(crate) fn find(stop: bool) -> Result<Self> {
        let directory = SuperviseDir::open(SUPERVISE).map_err(Error::Find)?;
        let supervises = supervises().map_err(Error::Find)?;
        let excluded = supervises.iter().copied().chain([std::process::id()]);
        let mut tree = Self {
            members: Members::without(excluded),
            supervises,
            main: 0,
            targets: Vec::new(),
            still_forking: false,
        };
        let deadline = Monotonic::now() + FIND_TIMEOUT;
        // The service may end and be restarted meanwhile. So in the end the record still
        // has to name the process that the others were found by.
        loop {
            let status = trusted_status(&directory)?;
            if status.pid == 0 {
                return Ok(tree);
            }
            if tree.add_main(&status, stop)? {
                tree.add_members(stop, deadline)?;
                let same = trusted_status(&directory)?.pid == status.pid;
                if same && tree.main_is_alive() {
                    return Ok(tree);
                }
            }
            if deadline <= Monotonic::now() {
                return Err(Error::Find(Errno::ESRCH));
            }
            poll::pause_until(Monotonic::now() + PAUSE);
        }
    }

    /// Adds the process that the record names; `false` if it has ended. It is the
    /// service's main process if its parent is the supervise or, where the supervise
    /// that started it is gone, if its start time is the time in the record.
    fn add_main(&mut self, status: &Status, stop: bool) -> Result<bool> {
        self.main = status.pid;
        if self.main_is_alive() {
            return Ok(true);
        }
        let Some(main) = Target::open(status.pid).map_err(Error::of_lookup)? else {
            return Ok(false);
        };
        let age = procfs::age(main.process.start_time);
        if !self.supervises.contains(&main.process.parent)
            && !procfs::is_start_time(status.since, clock::wall(), age)
        {
            return Err(Error::Unproven(status.pid));
        }
        self.members.add(main.process);
        self.add(main, stop);
        Ok(true)
    }

    /// Adds a process and, with `stop`, stops it. It is added first, so that dropping the
    /// tree continues it in any case.
    fn add(&mut self, target: Target, stop: bool) {
        self.targets.push(target);
        if stop && let Some(target) = self.targets.last_mut() {
            target.stop();
        }
    }

    fn main_is_alive(&self) -> bool {
        let mut targets = self.targets.iter();
        targets.any(|target| target.process.pid == self.main && !target.has_ended())
    }

    /// Adds all other processes of the service; with `stop`, until no new one appears.
    fn add_members(&mut self, stop: bool, deadline: Monotonic) -> Result<()> {
        // Whether all processes were stopped before this table was read.
        let mut quiet = false;
        loop {
            let table = process_table()?;
            let found = self.members.update(&table);
            for process in &found {
                self.add_member(process, stop)?;
            }
            let none = found.is_empty();
            if quiet && (none || !stop) {
                return Ok(());
            }
            if deadline <= Monotonic::now() {
                self.still_forking = !none;
                return Ok(());
            }
            // Without stopping, a second look is enough: it finds processes that the
            // first missed because the table changed while it was read.
            quiet = !stop || (none && self.all_stopped(&table));
            poll::pause_until(Monotonic::now() + PAUSE);
        }
    }

    fn add_member(&mut self, known: &Process, stop: bool) -> Result<()> {
        if let Some(target) = Target::open(known.pid).map_err(Error::of_lookup)?
            && target.process.is(known)
        {
            self.add(target, stop);
        }
        Ok(())
    }

    /// Whether no process that this tree has stopped was running when the table was
    /// read. One in state `D`, in the kernel, starts nothing before it stops.
    fn all_stopped(&self, table: &[Process]) -> bool {
        table.iter().all(|now| {
            let stopped = |target: &Target| target.stopped && target.process.is(now);
            now.is_stopped()
                || now.has_ended()
                || now.state == b'D'
                || !self.targets.iter().any(stopped)
        })
    }

    /// Sends signals to all processes but the main one: the first signal to each of
    /// them, then the next. The signals continue, kill or stop the processes that they
    /// reach, so that dropping the tree need not continue these.
    pub(crate) fn send(&mut self, signals: impl Iterator<Item = Signal>) -> Result<()> {
        let mut failed = Vec::new();
        for signal in signals {
            for target in &self.targets {
                if target.process.pid == self.main {
                    continue;
                }
                match pidfd::send(&target.pidfd, signal) {
                    Ok(()) | Err(Errno::ESRCH) => {}
                    Err(error) => failed.push((target.process.pid, error)),
                }
            }
        }
        let main = self.main;
        let unreached = |pid| pid == main || failed.iter().any(|&(other, _)| other == pid);
        for target in &mut self.targets {
            target.stopped &= unreached(target.process.pid);
        }
        match failed.last() {
            Some(&(pid, error)) => Err(Error::Signal(pid, error)),
            None if self.still_forking => Err(Error::StillForking),
            None => Ok(()),
        }
    }

    /// Waits until supervise has killed or continued the main process; with
    /// `stays_stopped` it is left to supervise at once. If supervise does neither in
    /// time, because it was killed itself, say, dropping the tree continues the process.
    pub(crate) fn release_main(&mut self, stays_stopped: bool) {
        let deadline = Monotonic::now() + RELEASE_TIMEOUT;
        let main = self.main;
        for target in &mut self.targets {
            if target.process.pid != main || !target.stopped {
                continue;
            }
            target.stopped = !stays_stopped;
            while target.stopped && Monotonic::now() < deadline {
                target.stopped = !target.is_released();
                poll::pause_until(Monotonic::now() + PAUSE);
            }
        }
    }

    /// The pidfds of the processes, to wait for their ends.
    pub(crate) fn into_pidfds(mut self) -> Vec<OwnedFd> {
        self.resume();
        let targets = core::mem::take(&mut self.targets);
        targets.into_iter().map(|target| target.pidfd).collect()
    }

    fn resume(&mut self) {
        self.targets.iter_mut().for_each(Target::resume);
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        self.resume();
    }
}
