//! The table of services and everything that is decided about them, without any
//! I/O: what is found goes in, what is to be done comes out.
//!
//! A service is a directory, whatever it is called: device and inode. It has one
//! supervise or, with a logger, two, and then a pipe between them that outlives
//! both. A slot knows a supervise by its pid alone, not by how its end is learnt.
//!
//! There may be 20,000 slots, so they are small: 48 bytes each, the names one after
//! the other in one arena, the index four bytes a slot. Passing over all of them
//! takes microseconds, so nothing else is kept for finding those that ended or are
//! due. Memory that can't be had is an error, never an abort.

use core::ffi::CStr;

use daemontools::unix::file::Identity;
use daemontools::{Errno, Result};

use crate::pair::Pipe;
use crate::tick::Tick;

/// The least time between two starts of one supervise, in milliseconds.
pub(crate) const PACE: u32 = 1000;
/// The same for a supervise that keeps ending at once.
pub(crate) const SLOW_PACE: u32 = 5000;
/// How many times in a row a supervise has to end at once to be started slowly.
const QUICK_ENDS: u8 = 3;

/// Which of a service's two supervises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// That of the service itself.
    Service,
    /// That of its logger.
    Log,
}

/// Why a supervise is told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// So that it comes back on a pipe to the logger that was added.
    Join,
    /// Because its directory was removed and another has its name.
    Replaced,
}

/// What is to be done for a service now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Make its pipe.
    Pipe,
    /// Start a supervise.
    Start(Role),
    /// Tell a supervise to end.
    Tell(Role, Farewell),
    /// Both old supervises have ended: look at the new directory.
    Renew,
}

/// The end of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ended {
    /// Which process.
    pub(crate) pid: u32,
    /// Whether supervise could not even be exec'ed.
    pub(crate) unborn: bool,
}

/// How far a change of a service that already runs has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// No change: the supervises run or are started.
    Steady,
    /// A logger was added: the service's supervise has to come back on the pipe.
    Join,
    /// It was told.
    Joining,
    /// The directory was replaced: the old supervises have to go.
    Replace,
    /// The service's was told.
    Replacing,
    /// The service's has ended.
    ReplaceLog,
    /// The logger's was told.
    ReplacingLog,
}

/// One of the two supervises.
#[derive(Clone, Copy, Debug)]
struct Side {
    /// Its process; 0 if there is none.
    pid: u32,
    /// When it was started or, without a process, when it may be.
    at: Tick,
}

/// Facts about a slot, one bit each.
#[derive(Clone, Copy, Debug)]
struct Marks(u8);

impl Marks {
    /// It has a logger.
    const LOGGED: u8 = 1;
    /// The scan directory led to it when it was last looked at.
    const LISTED: u8 = 2;
    /// The scan that goes on has met it.
    const MET: u8 = 4;
    /// It was said why something could not be done for it, and it still can't.
    const SAID: u8 = 8;
    /// It was said why its supervise could not be exec'ed, and it still can't.
    const MUTE: u8 = 16;
    /// Its name is a link, which may lead elsewhere without any change in the scan
    /// directory.
    const LINK: u8 = 32;

    const fn has(self, mark: u8) -> bool {
        self.0 & mark != 0
    }

    const fn set(&mut self, mark: u8, on: bool) {
        self.0 = if on { self.0 | mark } else { self.0 & !mark };
    }
}

#[derive(Debug)]
struct Slot {
    identity: Identity,
    service: Side,
    log: Side,
    pipe: Option<Pipe>,
    /// Where its name begins in the arena.
    name: u32,
    /// How many times in a row each supervise ended at once.
    quick: [u8; 2],
    phase: Phase,
    marks: Marks,
}

const _: () = assert!(size_of::<Slot>() <= 48);

impl Slot {
    const fn side(&self, role: Role) -> &Side {
        match role {
            Role::Service => &self.service,
            Role::Log => &self.log,
        }
    }

    const fn side_mut(&mut self, role: Role) -> (&mut Side, &mut u8) {
        match role {
            Role::Service => (&mut self.service, &mut self.quick[0]),
            Role::Log => (&mut self.log, &mut self.quick[1]),
        }
    }

    const fn is_idle(&self) -> bool {
        self.service.pid == 0 && self.log.pid == 0
    }

    /// Notes the end of a supervise. The next start is due at once or, if it ran
    /// for less than [`PACE`], when that has passed since its start.
    fn ended(&mut self, role: Role, now: Tick) {
        let (side, quick) = self.side_mut(role);
        let ran = now.since(side.at);
        *quick = if ran >= PACE {
            0
        } else {
            quick.saturating_add(1)
        };
        let pace = if *quick >= QUICK_ENDS {
            SLOW_PACE
        } else {
            PACE
        };
        let due = if ran >= pace { now } else { side.at.plus(pace) };
        *side = Side { pid: 0, at: due };
        if ran >= PACE {
            self.marks.set(Marks::MUTE, false);
        }
    }
}

/// The services, found by identity, by name or by number. Numbers change when slots
/// are removed, which only [`Table::end_scan`] does.
#[derive(Debug, Default)]
pub(crate) struct Table {
    slots: Vec<Slot>,
    /// Numbers of all slots, in the order of their identities.
    order: Vec<u32>,
    /// Names, each with the NUL that ends it.
    names: Vec<u8>,
    /// Bytes of the arena that no slot uses any more.
    garbage: usize,
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
        let start = usize::try_from(self.slots[slot].name).unwrap_or(usize::MAX);
        let bytes = self.names.get(start..).unwrap_or_default();
        CStr::from_bytes_until_nul(bytes).unwrap_or(c"")
    }

    /// Which directory a service is.
    pub(crate) fn identity(&self, slot: usize) -> Identity {
        self.slots[slot].identity
    }

    /// Notes whether a service's name is a link.
    pub(crate) fn set_link(&mut self, slot: usize, link: bool) {
        self.slots[slot].marks.set(Marks::LINK, link);
    }

    /// Whether a service's name is a link.
    pub(crate) fn is_link(&self, slot: usize) -> bool {
        self.slots[slot].marks.has(Marks::LINK)
    }

    /// Whether the scan directory led to a service when last looked at.
    pub(crate) fn is_listed(&self, slot: usize) -> bool {
        self.slots[slot].marks.has(Marks::LISTED)
    }

    /// Whether a service runs without a logger and could be given one.
    pub(crate) fn could_join(&self, slot: usize) -> bool {
        let slot = &self.slots[slot];
        slot.phase == Phase::Steady && !slot.marks.has(Marks::LOGGED) && slot.service.pid != 0
    }

    /// The pipe between a service and its logger, once made.
    pub(crate) fn pipe(&self, slot: usize) -> Option<&Pipe> {
        self.slots[slot].pipe.as_ref()
    }

    /// The process of a supervise.
    pub(crate) fn pid(&self, slot: usize, role: Role) -> Option<u32> {
        let pid = self.slots[slot].side(role).pid;
        (pid != 0).then_some(pid)
    }

    /// Notes that the trouble with a service is being said; false if it was said
    /// before and has not ended since.
    pub(crate) fn say(&mut self, slot: usize) -> bool {
        let marks = &mut self.slots[slot].marks;
        let said = marks.has(Marks::SAID);
        marks.set(Marks::SAID, true);
        !said
    }

    /// Whether it was said before why a supervise of this service could not be
    /// exec'ed.
    pub(crate) fn is_mute(&self, slot: usize) -> bool {
        self.slots[slot].marks.has(Marks::MUTE)
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

    /// Notes that `name` leads to the service `slot`.
    ///
    /// # Errors
    /// ENOMEM.
    pub(crate) fn meet(&mut self, slot: usize, name: &CStr) -> Result<()> {
        if !self.slots[slot].marks.has(Marks::MET) && self.name(slot) != name {
            let old = self.name(slot).count_bytes() + 1;
            self.slots[slot].name = self.keep(name)?;
            self.garbage += old;
        }
        self.slots[slot].marks.set(Marks::MET, true);
        self.slots[slot].marks.set(Marks::LISTED, true);
        Ok(())
    }

    /// A new service, to be started at once.
    ///
    /// # Errors
    /// ENOMEM.
    pub(crate) fn insert(
        &mut self,
        name: &CStr,
        identity: Identity,
        logged: bool,
        now: Tick,
    ) -> Result<usize> {
        let number = u32::try_from(self.slots.len()).map_err(|_| Errno::ENOMEM)?;
        self.slots.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        self.order.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        let name = self.keep(name)?;
        let side = Side { pid: 0, at: now };
        let mut marks = Marks(Marks::LISTED | Marks::MET);
        marks.set(Marks::LOGGED, logged);
        let place = self.place(identity).unwrap_or_else(|place| place);
        self.order.insert(place, number);
        self.slots.push(Slot {
            identity,
            service: side,
            log: side,
            pipe: None,
            name,
            quick: [0; 2],
            phase: Phase::Steady,
            marks,
        });
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
        self.slots[slot].phase = Phase::Replace;
        self.slots[slot].marks.set(Marks::LISTED | Marks::MET, true);
    }

    /// A logger was added to a service that runs without one.
    pub(crate) fn join(&mut self, slot: usize, pipe: Pipe, now: Tick) {
        let slot = &mut self.slots[slot];
        slot.pipe = Some(pipe);
        slot.marks.set(Marks::LOGGED, true);
        slot.log = Side { pid: 0, at: now };
        slot.phase = Phase::Join;
    }

    /// The next thing to be done for a service at `now`. Every action is answered
    /// by one of [`Table::piped`], [`Table::started`], [`Table::told`],
    /// [`Table::renew`] or, if it failed, [`Table::failed`].
    pub(crate) fn next(&mut self, slot: usize, now: Tick) -> Option<Action> {
        let slot = &mut self.slots[slot];
        if !slot.marks.has(Marks::LISTED) {
            return None;
        }
        loop {
            let gone = slot.service.pid == 0;
            match slot.phase {
                Phase::Join | Phase::Joining if gone => slot.phase = Phase::Steady,
                Phase::Replace | Phase::Replacing if gone => slot.phase = Phase::ReplaceLog,
                Phase::Replace => return Some(Action::Tell(Role::Service, Farewell::Replaced)),
                Phase::ReplaceLog if slot.log.pid != 0 => {
                    return Some(Action::Tell(Role::Log, Farewell::Replaced));
                }
                Phase::ReplacingLog if slot.log.pid != 0 => return None,
                Phase::Replacing => return None,
                Phase::ReplaceLog | Phase::ReplacingLog => return Some(Action::Renew),
                Phase::Steady | Phase::Join | Phase::Joining => break,
            }
        }
        let logged = slot.marks.has(Marks::LOGGED);
        let due = |side: &Side| side.pid == 0 && side.at.wait(now) == 0;
        if logged && slot.pipe.is_none() {
            due(&slot.service).then_some(Action::Pipe)
        } else if due(&slot.service) {
            Some(Action::Start(Role::Service))
        } else if logged && due(&slot.log) {
            Some(Action::Start(Role::Log))
        } else if slot.phase == Phase::Join {
            Some(Action::Tell(Role::Service, Farewell::Join))
        } else {
            None
        }
    }

    /// How many milliseconds from `now` until a service has something to be done.
    pub(crate) fn wait(&self, slot: usize, now: Tick) -> Option<u32> {
        let slot = &self.slots[slot];
        if !slot.marks.has(Marks::LISTED) {
            return None;
        }
        match slot.phase {
            // Told in vain: once more.
            Phase::Replace | Phase::ReplaceLog | Phase::Join => return Some(PACE),
            Phase::Replacing | Phase::ReplacingLog => return None,
            Phase::Steady | Phase::Joining => {}
        }
        // Without its pipe a logger has to wait.
        let logged = slot.marks.has(Marks::LOGGED) && slot.pipe.is_some();
        let wait = |side: &Side| (side.pid == 0).then(|| side.at.wait(now));
        let log = if logged { wait(&slot.log) } else { None };
        [wait(&slot.service), log].into_iter().flatten().min()
    }

    /// The pipe has been made.
    pub(crate) fn piped(&mut self, slot: usize, pipe: Pipe) {
        self.slots[slot].pipe = Some(pipe);
    }

    /// A supervise runs.
    pub(crate) fn started(&mut self, slot: usize, role: Role, pid: u32, now: Tick) {
        let slot = &mut self.slots[slot];
        *slot.side_mut(role).0 = Side { pid, at: now };
        slot.marks.set(Marks::SAID, false);
    }

    /// A supervise was told to end.
    pub(crate) fn told(&mut self, slot: usize) {
        let phase = &mut self.slots[slot].phase;
        *phase = match *phase {
            Phase::Join => Phase::Joining,
            Phase::Replace => Phase::Replacing,
            Phase::ReplaceLog => Phase::ReplacingLog,
            other => other,
        };
    }

    /// The old supervises of a replaced directory have ended. Whether the new one
    /// has a logger; if not, the old logger may still read what is in the pipe to
    /// its end, and is nobody's any more.
    pub(crate) fn renew(&mut self, slot: usize, logged: bool, now: Tick) {
        let slot = &mut self.slots[slot];
        slot.phase = Phase::Steady;
        slot.marks.set(Marks::LOGGED, logged);
        slot.log.at = now;
        if !logged {
            slot.pipe = None;
            slot.log.pid = 0;
        }
    }

    /// What was to be done could not be: once more after [`PACE`].
    pub(crate) fn failed(&mut self, slot: usize, role: Role, now: Tick) {
        let side = self.slots[slot].side_mut(role).0;
        if side.pid == 0 {
            side.at = now.plus(PACE);
        }
    }

    /// Its name does not lead to a service any more: it is not started again until
    /// a scan has found it by another.
    pub(crate) fn unlist(&mut self, slot: usize) {
        self.slots[slot].marks.set(Marks::LISTED, false);
    }

    /// Supervises have ended; `ends` are sorted.
    pub(crate) fn ended(&mut self, ends: &[Ended], now: Tick) {
        for slot in &mut self.slots {
            for role in [Role::Service, Role::Log] {
                let pid = slot.side(role).pid;
                if pid == 0 {
                    continue;
                }
                if let Ok(place) = ends.binary_search_by_key(&pid, |end| end.pid) {
                    slot.ended(role, now);
                    if ends[place].unborn {
                        slot.marks.set(Marks::MUTE, true);
                    }
                }
            }
        }
    }

    /// A scan of the whole directory begins.
    pub(crate) fn begin_scan(&mut self) {
        for slot in &mut self.slots {
            slot.marks.set(Marks::MET, false);
        }
    }

    /// It has seen every name: what it has not met is listed no more, and forgotten
    /// once nothing runs there.
    pub(crate) fn end_scan(&mut self) {
        for slot in &mut self.slots {
            let met = slot.marks.has(Marks::MET);
            slot.marks.set(Marks::LISTED, met);
        }
        if self.slots.iter().any(Self::is_over) {
            self.slots.retain(|slot| !Self::is_over(slot));
            self.reindex();
        }
        if self.garbage > 4096 && self.garbage > self.names.len() / 2 {
            self.compact();
        }
    }

    /// As the reference: a pair of which one half still runs keeps its pipe.
    const fn is_over(slot: &Slot) -> bool {
        !slot.marks.has(Marks::LISTED) && slot.is_idle()
    }

    fn reindex(&mut self) {
        let mut used = 0;
        self.order.clear();
        for (number, _) in (0..).zip(&self.slots) {
            // There is room: there were more before.
            self.order.push(number);
        }
        let slots = &self.slots;
        self.order
            .sort_unstable_by_key(|&number| slots[index(number)].identity);
        for slot in 0..self.slots.len() {
            used += self.name(slot).count_bytes() + 1;
        }
        self.garbage = self.names.len() - used;
    }

    /// Puts a name into the arena.
    fn keep(&mut self, name: &CStr) -> Result<u32> {
        let bytes = name.to_bytes_with_nul();
        let start = u32::try_from(self.names.len()).map_err(|_| Errno::ENOMEM)?;
        self.names
            .try_reserve(bytes.len())
            .map_err(|_| Errno::ENOMEM)?;
        self.names.extend_from_slice(bytes);
        Ok(start)
    }

    /// Drops from the arena what no slot uses; another time if memory is short.
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
