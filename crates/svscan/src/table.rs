//! The services of the scan directory, found by identity, by name or by number.
//!
//! A service is a directory, whatever it is called: device and inode. It has one
//! supervise or, with a logger, two, and then a pipe between them that outlives
//! both.
//!
//! There may be 20,000: the slots are 48 bytes each, the names lie one after the
//! other, the index takes four bytes a slot. Passing over all of them takes
//! microseconds, so nothing else is kept for finding those that ended or are due.
//! Memory that can't be had is an error, never an abort.

use core::ffi::CStr;
use core::ops::{Index, IndexMut};

use daemontools::unix::file::Identity;
use daemontools::{Errno, Result};

use crate::slot::{Cause, Mark, Role, Slot};
use crate::tick::Tick;

/// The end of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ended {
    /// Which process.
    pub(crate) pid: u32,
    /// Why, if it was a supervise.
    pub(crate) cause: Cause,
}

/// The services. Their numbers change when slots are removed, which only
/// [`Table::end_scan`] does.
#[derive(Debug, Default)]
pub(crate) struct Table {
    slots: Vec<Slot>,
    /// Numbers of all slots, in the order of their identities.
    order: Vec<u32>,
    /// Names, each with the NUL that ends it.
    names: Vec<u8>,
    /// Bytes of the names that no slot uses any more.
    garbage: usize,
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
    /// How many services there are.
    pub(crate) const fn len(&self) -> usize {
        self.slots.len()
    }

    /// Room for so many services with so many bytes of names, if it can be had.
    pub(crate) fn reserve(&mut self, count: usize, bytes: usize) {
        let _ = self.slots.try_reserve_exact(count);
        let _ = self.order.try_reserve_exact(count);
        let _ = self.names.try_reserve_exact(bytes);
    }

    /// The name that a service was last found by.
    pub(crate) fn name(&self, slot: usize) -> &CStr {
        let bytes = self.names.get(index(self.slots[slot].name)..);
        CStr::from_bytes_until_nul(bytes.unwrap_or_default()).unwrap_or(c"")
    }

    fn place(&self, identity: Identity) -> core::result::Result<usize, usize> {
        self.order
            .binary_search_by_key(&identity, |&number| self.slots[index(number)].identity)
    }

    /// The service that is this directory.
    pub(crate) fn find(&self, identity: Identity) -> Option<usize> {
        self.place(identity)
            .ok()
            .map(|place| index(self.order[place]))
    }

    /// The service of this name, among the first `count`, that has a process: its
    /// directory may have been removed and made again.
    pub(crate) fn namesake(&self, name: &CStr, count: usize) -> Option<usize> {
        (0..count.min(self.len()))
            .find(|&slot| !self.slots[slot].is_idle() && self.name(slot) == name)
    }

    /// Notes that `name` leads to the service `slot`. The first name that a scan
    /// meets counts.
    ///
    /// # Errors
    /// ENOMEM.
    pub(crate) fn meet(&mut self, slot: usize, name: &CStr) -> Result<()> {
        if !self.slots[slot].has(Mark::Met) && self.name(slot) != name {
            let old = self.name(slot).count_bytes() + 1;
            self.slots[slot].name = self.keep(name)?;
            self.garbage += old;
        }
        self.slots[slot].set(Mark::Met, true);
        self.slots[slot].set(Mark::Listed, true);
        Ok(())
    }

    /// A new service, to be started at once; gives its number.
    ///
    /// # Errors
    /// ENOMEM.
    pub(crate) fn insert(&mut self, name: &CStr, identity: Identity, now: Tick) -> Result<usize> {
        let number = u32::try_from(self.slots.len()).map_err(|_| Errno::ENOMEM)?;
        self.slots.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        self.order.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        let name = self.keep(name)?;
        let place = self.place(identity).unwrap_or_else(|place| place);
        self.order.insert(place, number);
        self.slots.push(Slot::new(identity, name, now));
        Ok(index(number))
    }

    /// The directory of a service was removed, and `identity` has its name now: one
    /// service still. Its old supervises are told to end before new ones are
    /// started, the logger's last, and the pipe stays with all that is in it.
    pub(crate) fn replace(&mut self, slot: usize, identity: Identity) {
        if let Ok(place) = self.place(self.slots[slot].identity) {
            let number = self.order.remove(place);
            self.slots[slot].identity = identity;
            let place = self.place(identity).unwrap_or_else(|place| place);
            self.order.insert(place, number);
        }
        self.slots[slot].replace();
    }

    /// Supervises have ended; `ends` are sorted.
    pub(crate) fn ended(&mut self, ends: &[Ended], now: Tick) {
        for slot in &mut self.slots {
            for role in [Role::Service, Role::Log] {
                if let Some(pid) = slot.pid(role)
                    && let Ok(place) = ends.binary_search_by_key(&pid, |end| end.pid)
                {
                    slot.ended(role, ends[place].cause, now);
                }
            }
        }
    }

    /// A scan goes on: what was left to it may be started now. Says whether there is
    /// such.
    pub(crate) fn scanned(&mut self, now: Tick) -> bool {
        let mut due = false;
        for slot in &mut self.slots {
            due |= slot.scanned(now);
        }
        due
    }

    /// The supervise that is this process: of which service, and which of the two.
    pub(crate) fn holder(&self, pid: u32) -> Option<(usize, Role)> {
        let all = self.slots.iter().enumerate();
        all.flat_map(|(number, slot)| [(number, slot, Role::Service), (number, slot, Role::Log)])
            .find(|(_, slot, role)| slot.pid(*role) == Some(pid))
            .map(|(number, _, role)| (number, role))
    }

    /// svscan ends: no service is to run any more.
    pub(crate) fn stop(&mut self, now: Tick) {
        self.slots.iter_mut().for_each(|slot| slot.stop(now));
    }

    /// Whether all have stopped.
    pub(crate) fn is_over(&self) -> bool {
        self.slots.iter().all(Slot::is_over)
    }

    /// A scan of the whole directory begins.
    pub(crate) fn begin_scan(&mut self) {
        for slot in &mut self.slots {
            slot.set(Mark::Met, false);
        }
    }

    /// It has seen every name: what it has not met is listed no more and, as in the
    /// reference, forgotten with its pipe once nothing runs there.
    pub(crate) fn end_scan(&mut self) {
        for slot in &mut self.slots {
            slot.set(Mark::Listed, slot.has(Mark::Met));
        }
        let is_over = |slot: &Slot| !slot.has(Mark::Listed) && slot.is_idle();
        if self.slots.iter().any(is_over) {
            self.slots.retain(|slot| !is_over(slot));
            self.reindex();
        }
        if self.garbage > 4096 && self.garbage > self.names.len() / 2 {
            self.compact();
        }
    }

    fn reindex(&mut self) {
        self.order.clear();
        // There is room: there were more before.
        self.order
            .extend((0..).zip(&self.slots).map(|(number, _)| number));
        let slots = &self.slots;
        self.order
            .sort_unstable_by_key(|&number| slots[index(number)].identity);
        let used = |slot| self.name(slot).count_bytes() + 1;
        let used: usize = (0..self.len()).map(used).sum();
        self.garbage = self.names.len() - used;
    }

    /// Puts a name to the others; gives where it begins.
    fn keep(&mut self, name: &CStr) -> Result<u32> {
        let bytes = name.to_bytes_with_nul();
        let start = u32::try_from(self.names.len()).map_err(|_| Errno::ENOMEM)?;
        self.names
            .try_reserve(bytes.len())
            .map_err(|_| Errno::ENOMEM)?;
        self.names.extend_from_slice(bytes);
        Ok(start)
    }

    /// Drops the names that no slot uses; another time if memory is short.
    fn compact(&mut self) {
        let mut names = Vec::new();
        if names.try_reserve(self.names.len() - self.garbage).is_err() {
            return;
        }
        for slot in 0..self.slots.len() {
            let start = u32::try_from(names.len()).unwrap_or(0);
            names.extend_from_slice(self.name(slot).to_bytes_with_nul());
            self.slots[slot].name = start;
        }
        self.names = names;
        self.garbage = 0;
    }
}

/// A slot's number as an index.
fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
