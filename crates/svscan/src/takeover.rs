//! Takes over what an earlier svscan has left: supervises that run, and the pipes between
//! them.
//!
//! A running supervise is found by its `ok` FIFO, before a second one is started for the
//! same service; its lock tells its pid, and a pidfd its end. Its pipe is opened again
//! through `/proc`, with all that is in it. This works after the C original's svscan too.

mod adopted;
mod exit;
mod locks;
mod pipe;

use core::ffi::CStr;

use daemontools::command::TAKEN_OVER;
use daemontools::errno::is_temporary;
use daemontools::servicedir::ok::{self, Accept};
use daemontools::servicedir::{LOCK, OK};
use daemontools::unix::clock::Monotonic;
use daemontools::unix::exit_watch::ExitWatch;
use daemontools::unix::file::{self, Identity};
use daemontools::{Errno, Result, procfs};
use log::debug;

use crate::control;
use crate::path::Path;
use crate::reporter::REPORTER;
use crate::services::Services;
use crate::slot::{Role, Slot};
use crate::spare::Spare;
use crate::table::{Ended, Table};

use adopted::Adopted;
use locks::LockHolders;

/// The supervises that were taken over.
#[derive(Debug, Default)]
pub(crate) struct Takeover {
    adopted: Adopted,
    /// That supervises cannot be taken over has been reported.
    failure_reported: bool,
}

impl Takeover {
    /// Takes over the running supervises of all services that have a takeover pending.
    pub(crate) fn run(&mut self, services: &mut Services, spare: &mut Spare) {
        let pending = |slot: &Slot| slot.takeover_pending;
        if !services.table.iter().any(pending) {
            return;
        }
        let mut holders = LockHolders::default();
        // Services first: one service's `log` may lead to another service, whose supervise
        // is no logger then.
        for number in 0..services.table.len() {
            if services.table[number].takeover_pending {
                // An error comes again below.
                let _ = self.find(services, number, Role::Service, spare, &mut holders);
            }
        }
        for number in 0..services.table.len() {
            if !services.table[number].takeover_pending {
                continue;
            }
            services.table[number].takeover_pending = false;
            let taken = spare.attempt(|spare| self.take(services, number, spare, &mut holders));
            if let Err(error) = taken {
                // Nothing is started until the running supervises are known.
                services.report(number, b"unable to see what runs of ", Role::Service, error);
                services.table[number].takeover_pending = true;
            }
        }
    }

    /// Takes over the running supervises of one service, and its pipe.
    ///
    /// # Errors
    /// A temporary failure to find them.
    fn take(
        &mut self,
        services: &mut Services,
        number: usize,
        spare: &mut Spare,
        holders: &mut LockHolders,
    ) -> Result<()> {
        self.find(services, number, Role::Service, spare, holders)?;
        if !services.table[number].is_logged() {
            return Ok(());
        }
        self.find(services, number, Role::Log, spare, holders)?;
        let slot = &services.table[number];
        let is_adopted = |role| slot.pid(role).is_some_and(|pid| self.adopted.has(pid));
        // A pipe that this svscan made is kept, unless a supervise that was taken over may
        // have another.
        let found = Role::BOTH.into_iter().any(is_adopted);
        if !slot.is_steady() || !found && slot.pipe().is_some() {
            return Ok(());
        }
        let now = Monotonic::now();
        if Role::BOTH.into_iter().any(|role| slot.is_young(role, now)) {
            // It has the pipe that this svscan made, unless it is about to fail. A moment
            // later this is known.
            services.table[number].takeover_pending = true;
            return Ok(());
        }
        pipe::find(services, number)
    }

    /// Takes over a supervise, if one runs.
    ///
    /// # Errors
    /// A temporary failure to find it.
    fn find(
        &mut self,
        services: &mut Services,
        number: usize,
        role: Role,
        spare: &mut Spare,
        holders: &mut LockHolders,
    ) -> Result<()> {
        let slot = &services.table[number];
        if slot.pid(role).is_some() {
            return Ok(());
        }
        let name = Path::new(&[slot.name.to_bytes(), role.suffix()]);
        let Ok(name) = name.as_ref().map(Path::as_c_str) else {
            return Ok(());
        };
        if !is_supervised(name)? {
            return Ok(());
        }
        let identity = match role {
            Role::Service => Ok(slot.identity),
            Role::Log => file::stat(name).map(|facts| facts.identity),
        };
        let table = &services.table;
        let found = identity.and_then(|identity| self.adopt(table, name, identity, spare, holders));
        match found {
            Ok(None) => {}
            Ok(Some(pid)) => {
                debug!("{name:?}: supervise {pid} taken over");
                services.table[number].taken_over(role, pid, Monotonic::now());
                // A supervise that does not know this command ignores it.
                let _ = control::send(name, &[TAKEN_OVER]);
            }
            Err(error) if is_temporary(error) => return Err(error),
            // If it does not run any more, it has ended meanwhile.
            Err(error) if is_supervised(name)? => {
                debug!("{name:?}: its supervise cannot be taken over: {error}");
                if !self.failure_reported {
                    self.failure_reported = true;
                    let what: [&[u8]; 2] =
                        [b"unable to take over running supervises: ", name.to_bytes()];
                    REPORTER.warning(&what, error);
                }
            }
            Err(_) => {}
        }
        Ok(())
    }

    /// Finds the supervise of a directory and adopts it; gives its pid. `None` if the table
    /// has it already: it has one place there, whatever other names lead to its directory.
    fn adopt(
        &mut self,
        table: &Table,
        name: &CStr,
        identity: Identity,
        spare: &mut Spare,
        holders: &mut LockHolders,
    ) -> Result<Option<u32>> {
        let lock = Path::new(&[name.to_bytes(), b"/", LOCK.to_bytes()])?;
        let lock = file::stat(lock.as_c_str())?.identity;
        let mut result = Err(Errno::ESRCH);
        for pid in holders.of(lock.inode)? {
            if table.find_process(pid).is_some() && procfs::holds_flock(pid, lock)? {
                return Ok(None);
            }
            // A file with this inode may be locked on another file system, by any process.
            let is_it = || {
                Ok(procfs::is_our_process_in(pid, b"supervise", identity)?
                    && procfs::holds_flock(pid, lock)?)
            };
            match self.adopted.add(pid, &mut spare.exits, is_it) {
                Ok(()) => return Ok(Some(pid)),
                Err(error) if is_temporary(error) => return Err(error),
                Err(error) => result = Err(error),
            }
        }
        result
    }

    /// Notes the ends of supervises that were taken over. At a scan, without the
    /// descriptor that tells them, looks for them.
    pub(crate) fn take_ended(
        &mut self,
        services: &mut Services,
        exits: &mut Option<ExitWatch>,
        scan: bool,
    ) {
        let mut ended = |pid| {
            let exit = exit::of_adopted(&services.table, pid);
            services.ended(&[Ended {
                pid,
                exit,
                end: None,
            }]);
        };
        match exits {
            Some(exits) => self.adopted.take_ended(exits, &mut ended),
            None if scan => self.adopted.look_for_ended(&mut ended),
            None => {}
        }
    }

    /// Whether only scans notice ends, for lack of the descriptor.
    pub(crate) const fn lacks_exit_watch(&self, spare: &Spare) -> bool {
        spare.exits.is_none() && !self.adopted.is_empty()
    }

    /// Opens the descriptor that tells of ends again.
    pub(crate) fn reopen_exit_watch(&self, spare: &mut Spare) {
        if self.lacks_exit_watch(spare) {
            spare.exits = self.adopted.watch_all().ok();
            debug!(
                "opens the pidfds of adopted supervises again: {}",
                spare.exits.is_some()
            );
        }
    }
}

/// Whether a supervise runs in a directory.
///
/// # Errors
/// A temporary failure to find out.
fn is_supervised(name: &CStr) -> Result<bool> {
    let path = Path::new(&[name.to_bytes(), b"/", OK.to_bytes()]);
    match path.and_then(|path| ok::is_supervised(path.as_c_str(), Accept::Fifo)) {
        Err(error) if is_temporary(error) => Err(error),
        supervised => Ok(supervised == Ok(true)),
    }
}
