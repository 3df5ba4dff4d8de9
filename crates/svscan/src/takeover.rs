//! Taking over what a svscan that is no more has left: supervises that run, and the
//! pipes between them.
//!
//! A supervise that runs is met by its `ok`, before a second one is started for the
//! same service; who it is says its lock; and a pidfd tells when it ends. Its pipe
//! is opened anew through `/proc`, so that what is in it stays and both sides go on
//! as if nothing had happened. This works after the C original's svscan too.

mod pipes;

use core::ffi::CStr;

use daemontools::command::TAKEN_OVER;
use daemontools::errno::is_temporary;
use daemontools::servicedir::ok::{self, Accept};
use daemontools::servicedir::{LOCK, OK};
use daemontools::unix::file::{self, Identity};
use daemontools::{Errno, Result, procfs};

use crate::ME;
use crate::farewell;
use crate::others::Others;
use crate::pair;
use crate::path::Path;
use crate::slot::{Mark, Role};
use crate::work::{Svscan, now};

/// Who holds which lock: inode and pid, sorted.
type Holders = Vec<(u64, u32)>;

impl Svscan {
    /// Takes over what already runs of the services that are new to us. The locks
    /// are read at most once, and not at all where nothing runs.
    pub(crate) fn take_over(&mut self) {
        self.unseen = false;
        let mut holders = None;
        // Services first: a supervise that is one of theirs is nobody's logger.
        for slot in 0..self.table.len() {
            if self.table[slot].has(Mark::Unseen) {
                // What keeps us from looking is met again below.
                let _ = self.take_over_one(slot, Role::Service, &mut holders);
            }
        }
        for slot in 0..self.table.len() {
            if self.table[slot].has(Mark::Unseen) {
                self.table[slot].set(Mark::Unseen, false);
                let looked = self.with_room(|svscan| svscan.take_over_slot(slot, &mut holders));
                if let Err(error) = looked {
                    // Not to be told now: it must not be guessed.
                    self.say_of(slot, b"unable to see what runs of ", error);
                    self.table[slot].set(Mark::Unseen, true);
                    self.unseen = true;
                }
            }
        }
    }

    /// Takes over what runs of one service, with its pipe.
    ///
    /// # Errors
    /// What keeps us from looking, for now.
    fn take_over_slot(&mut self, slot: usize, holders: &mut Option<Holders>) -> Result<()> {
        self.take_over_one(slot, Role::Service, holders)?;
        if !self.table[slot].has(Mark::Logged) {
            return Ok(());
        }
        self.take_over_one(slot, Role::Log, holders)?;
        let (slot_now, others) = (&self.table[slot], &self.others);
        let is_other = |pid| others.as_ref().is_some_and(|others| others.has(pid));
        let found = [Role::Service, Role::Log]
            .into_iter()
            .any(|role| slot_now.pid(role).is_some_and(is_other));
        // A pipe of our own that nobody we found has is kept.
        if !slot_now.is_steady() || !found && slot_now.pipe().is_some() {
            return Ok(());
        }
        let now = now();
        if [Role::Service, Role::Log]
            .into_iter()
            .any(|role| slot_now.is_young(role, now))
        {
            // It has its end of our pipe, unless it is about to fail: soon we know.
            self.table[slot].set(Mark::Unseen, true);
            self.unseen = true;
            return Ok(());
        }
        self.rejoin(slot)
    }

    /// Takes over a supervise, if one runs.
    ///
    /// # Errors
    /// What keeps us from looking, for now.
    fn take_over_one(
        &mut self,
        slot: usize,
        role: Role,
        holders: &mut Option<Holders>,
    ) -> Result<()> {
        if self.table[slot].pid(role).is_some() {
            return Ok(());
        }
        let name = Path::new(&[self.table.name(slot).to_bytes(), pair::suffix(role)]);
        let Ok(name) = name.as_ref().map(Path::as_c_str) else {
            return Ok(());
        };
        if !is_supervised(name)? {
            return Ok(());
        }
        let found = match role {
            Role::Service => Ok(self.table[slot].identity),
            Role::Log => file::stat(name).map(|facts| facts.identity),
        }
        .and_then(|identity| self.watch(name, identity, holders));
        match found {
            Ok(None) => {}
            Ok(Some(pid)) => {
                self.table[slot].taken_over(role, pid, now());
                // Whoever can't take it was not asked for more.
                let _ = farewell::by_name(name, &[TAKEN_OVER]);
            }
            Err(error) if is_temporary(error) => return Err(error),
            // It may have ended in the meantime.
            Err(error) if is_supervised(name)? && !self.takeover_said => {
                self.takeover_said = true;
                let what: [&[u8]; 2] =
                    [b"unable to take over running supervises: ", name.to_bytes()];
                ME.warning(&what, error);
            }
            Err(_) => {}
        }
        Ok(())
    }

    /// Finds the supervise of a directory and watches it from now on; gives its pid. None
    /// if it has its place already: it has one, whatever other names lead to its
    /// directory.
    fn watch(
        &mut self,
        name: &CStr,
        identity: Identity,
        holders: &mut Option<Holders>,
    ) -> Result<Option<u32>> {
        let lock = Path::new(&[name.to_bytes(), b"/", LOCK.to_bytes()])?;
        let lock = file::stat(lock.as_c_str())?.identity;
        if holders.is_none() {
            *holders = Some(all_holders()?);
        }
        let Some(holders) = holders else {
            return Err(Errno::ESRCH);
        };
        let others = self.others.get_or_insert_with(Others::new);
        let first = holders.partition_point(|&(of, _)| of < lock.inode);
        let candidates = holders[first..]
            .iter()
            .take_while(|&&(of, _)| of == lock.inode);
        let mut result = Err(Errno::ESRCH);
        for &(_, pid) in candidates {
            if self.table.holder(pid).is_some() && procfs::holds_flock(pid, lock)? {
                return Ok(None);
            }
            // The same inode may be locked on another file system, and by anybody.
            let is_it = || {
                Ok(procfs::is_our_process_in(pid, b"supervise", identity)?
                    && procfs::holds_flock(pid, lock)?)
            };
            match others.add(pid, is_it) {
                Ok(()) => return Ok(Some(pid)),
                Err(error) if is_temporary(error) => return Err(error),
                Err(error) => result = Err(error),
            }
        }
        result
    }

    /// Says of a service, once, what could not be done.
    fn say_of(&mut self, slot: usize, what: &[u8], error: Errno) {
        if self.table[slot].say() {
            let name = self.table.name(slot).to_bytes();
            ME.warning(&[what, name], error);
        }
    }
}

/// Whether a supervise runs in a directory.
///
/// # Errors
/// What keeps us from looking, for now.
fn is_supervised(name: &CStr) -> Result<bool> {
    let path = Path::new(&[name.to_bytes(), b"/", OK.to_bytes()]);
    match path.and_then(|path| ok::is_supervised(path.as_c_str(), Accept::Fifo)) {
        Err(error) if is_temporary(error) => Err(error),
        supervised => Ok(supervised == Ok(true)),
    }
}

/// Who holds which lock now.
fn all_holders() -> Result<Holders> {
    let mut holders = Vec::new();
    let mut room = true;
    procfs::each_flock(|inode, pid| {
        room = room && holders.try_reserve(1).is_ok();
        if room {
            holders.push((inode, pid));
        }
    })?;
    holders.sort_unstable();
    if room {
        Ok(holders)
    } else {
        Err(Errno::ENOMEM)
    }
}
