//! The services of the scan directory, found by identity, by name or by number.
//!
//! A service is a directory, whatever its name is: device and inode. A table of 20,000
//! services is passed over in microseconds, so the only index is that of the identities.
//! Memory that cannot be had is an error, never an abort.

use core::ffi::CStr;
use core::ops::{Index, IndexMut};
use std::ffi::CString;

use daemontools::unix::clock::Monotonic;
use daemontools::unix::file::Identity;
use daemontools::unix::process::End;
use daemontools::{Errno, Result};

use crate::slot::{Exit, Role, Slot};

/// The end of a process.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ended {
    /// Its pid.
    pub(crate) pid: u32,
    /// How it ended, if it was a supervise.
    pub(crate) exit: Exit,
    /// The same in the kernel's words; `None` if it was no child.
    pub(crate) end: Option<End>,
}

/// The services. Their numbers change when slots are removed, which only
/// [`Table::end_scan`] does.
#[derive(Debug, Default)]
pub(crate) struct Table {
    slots: Vec<Slot>,
    /// The numbers of all slots, in the order of their identities.
    by_identity: Vec<usize>,
}

impl Index<usize> for Table {
    type Output = Slot;

    fn index(&self, number: usize) -> &Slot {
        &self.slots[number]
    }
}

impl IndexMut<usize> for Table {
    fn index_mut(&mut self, number: usize) -> &mut Slot {
        &mut self.slots[number]
    }
}

impl Table {
    /// The number of services.
    pub(crate) const fn len(&self) -> usize {
        self.slots.len()
    }

    /// All services.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter()
    }

    /// Reserves room for `count` services, if it can be had.
    pub(crate) fn reserve(&mut self, count: usize) {
        let _ = self.slots.try_reserve_exact(count);
        let _ = self.by_identity.try_reserve_exact(count);
    }

    /// The place of an identity in the index or, as the error, where it belongs.
    fn place(&self, identity: Identity) -> core::result::Result<usize, usize> {
        self.by_identity
            .binary_search_by_key(&identity, |&number| self.slots[number].identity)
    }

    /// The service with this directory.
    pub(crate) fn find(&self, identity: Identity) -> Option<usize> {
        self.place(identity)
            .ok()
            .map(|place| self.by_identity[place])
    }

    /// The service of this name, among the first `count`, that has a process: its
    /// directory may have been removed and made again.
    pub(crate) fn find_running(&self, name: &CStr, count: usize) -> Option<usize> {
        let mut first = self.slots.iter().take(count);
        first.position(|slot| !slot.is_idle() && slot.name.as_c_str() == name)
    }

    /// The supervise with this pid: the number of its service, and which of the two.
    pub(crate) fn find_process(&self, pid: u32) -> Option<(usize, Role)> {
        let role = |slot: &Slot| {
            Role::BOTH
                .into_iter()
                .find(|&role| slot.pid(role) == Some(pid))
        };
        let mut slots = self.slots.iter().enumerate();
        slots.find_map(|(number, slot)| role(slot).map(|role| (number, role)))
    }

    /// Notes that `name` leads to the service `number`. The first name in a scan counts.
    ///
    /// # Errors
    /// ENOMEM: the service keeps its previous name.
    pub(crate) fn meet(&mut self, number: usize, name: &CStr) -> Result<()> {
        let slot = &mut self.slots[number];
        if !slot.met && slot.name.as_c_str() != name {
            slot.name = owned(name)?;
        }
        slot.met = true;
        slot.listed = true;
        Ok(())
    }

    /// Adds a service that is to be started at once; gives its number.
    ///
    /// # Errors
    /// ENOMEM.
    pub(crate) fn insert(
        &mut self,
        name: &CStr,
        identity: Identity,
        now: Monotonic,
    ) -> Result<usize> {
        let number = self.slots.len();
        self.slots.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        self.by_identity.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        let name = owned(name)?;
        let place = self.place(identity).unwrap_or_else(|place| place);
        self.by_identity.insert(place, number);
        self.slots.push(Slot::new(identity, name, now));
        Ok(number)
    }

    /// The directory of a service was removed, and `identity` has its name now. It stays
    /// one service: the new supervises are started when the old ones have ended, the
    /// logger's last, and the pipe keeps what is in it.
    pub(crate) fn replace(&mut self, number: usize, identity: Identity) {
        if let Ok(place) = self.place(self.slots[number].identity) {
            self.by_identity.remove(place);
            self.slots[number].identity = identity;
            let place = self.place(identity).unwrap_or_else(|place| place);
            self.by_identity.insert(place, number);
        }
        self.slots[number].replace();
    }

    /// Supervises have ended; `ends` are sorted by pid. Calls `each` with each slot after
    /// its change.
    pub(crate) fn ended(
        &mut self,
        ends: &[Ended],
        now: Monotonic,
        mut each: impl FnMut(&Slot, Role, Ended),
    ) {
        for slot in &mut self.slots {
            for role in Role::BOTH {
                if let Some(pid) = slot.pid(role)
                    && let Ok(place) = ends.binary_search_by_key(&pid, |end| end.pid)
                {
                    slot.ended(role, ends[place].exit, now);
                    each(slot, role, ends[place]);
                }
            }
        }
    }

    /// A scan is under way: supervises that wait for it are due now. Says whether there
    /// is one.
    pub(crate) fn scanned(&mut self, now: Monotonic) -> bool {
        let mut due = false;
        for slot in &mut self.slots {
            due |= slot.scanned(now);
        }
        due
    }

    /// svscan stops, and all services with it.
    pub(crate) fn stop(&mut self, now: Monotonic) {
        self.slots.iter_mut().for_each(|slot| slot.stop(now));
    }

    /// Whether the services, but for their loggers, have stopped.
    pub(crate) fn services_are_down(&self) -> bool {
        self.slots
            .iter()
            .all(|slot| slot.pid(Role::Service).is_none())
    }

    /// Whether all have stopped.
    pub(crate) fn is_stopped(&self) -> bool {
        self.slots.iter().all(Slot::is_stopped)
    }

    /// A scan of the whole directory begins.
    pub(crate) fn begin_scan(&mut self) {
        for slot in &mut self.slots {
            slot.met = false;
        }
    }

    /// The scan has seen every name. Services that it has not met are no longer listed and,
    /// as in the reference, removed once none of their processes runs. Calls `each` with
    /// each that is removed: its pipe is to be closed.
    pub(crate) fn end_scan(&mut self, mut each: impl FnMut(&Slot)) {
        for slot in &mut self.slots {
            slot.listed = slot.met;
        }
        let count = self.slots.len();
        self.slots.retain(|slot| {
            let stays = slot.listed || !slot.is_idle();
            if !stays {
                each(slot);
            }
            stays
        });
        if self.slots.len() < count {
            self.by_identity.clear();
            // Within the capacity: there were more before.
            self.by_identity.extend(0..self.slots.len());
            let slots = &self.slots;
            self.by_identity
                .sort_unstable_by_key(|&number| slots[number].identity);
        }
    }
}

/// A copy of a name.
///
/// # Errors
/// ENOMEM.
pub(crate) fn owned(name: &CStr) -> Result<CString> {
    let bytes = name.to_bytes_with_nul();
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len())
        .map_err(|_| Errno::ENOMEM)?;
    copy.extend_from_slice(bytes);
    CString::from_vec_with_nul(copy).map_err(|_| Errno::EINVAL)
}

#[cfg(test)]
mod tests;
