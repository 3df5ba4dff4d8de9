//! One service in the table: what is known of it and of its two supervises, and what
//! that becomes when one of them starts or ends. What is to be done now is in `due`;
//! how a service that runs is changed and how it ends, in `change` and `stop`. No I/O:
//! every action is answered by what came of it.

mod action;
mod cause;
mod change;
mod due;
mod stop;
#[cfg(test)]
mod tests;

use daemontools::unix::file::Identity;

use crate::pair::Pipe;
use crate::tick::Tick;

use cause::Lately;
use change::Phase;

pub(crate) use action::{Action, Farewell, Role};
pub(crate) use cause::Cause;

/// The least time between two starts of one supervise, in milliseconds.
pub(crate) const PACE: u32 = 1000;
/// The same for a supervise that keeps ending at once.
pub(crate) const SLOW_PACE: u32 = 5000;
/// How soon a supervise that could not be told to stop is told again: it may have
/// been started just now.
pub(crate) const INSIST: u32 = 100;
/// One of the two supervises. It is known by its pid alone, not by how its end is
/// learnt.
#[derive(Clone, Copy, Debug)]
struct Side {
    /// Its process; 0 if there is none.
    pid: u32,
    /// When it was started or, without a process, when it may be.
    at: Tick,
}

/// A fact about a slot: one bit of its marks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mark {
    /// It has a logger.
    Logged = 1,
    /// The scan directory led to it when it was last looked at.
    Listed = 2,
    /// The scan that goes on has met it.
    Met = 4,
    /// It was said why something could not be done for it, and it still can't.
    Said = 8,
    /// It was said why its supervise could not be exec'ed, and it still can't.
    Mute = 16,
    /// Its name is a link, which may lead elsewhere without any change in the scan
    /// directory.
    Link = 32,
    /// Its supervises may run already, under a svscan that is no more.
    Unseen = 64,
    /// Its logger's supervise was told by us to come back on another pipe.
    Returning = 128,
}

/// A service. Small: there may be 20,000.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) identity: Identity,
    service: Side,
    log: Side,
    pipe: Option<Pipe>,
    /// Where its name begins among the names.
    pub(crate) name: u32,
    /// How each supervise ended lately.
    lately: [Lately; 2],
    phase: Phase,
    marks: u8,
}

const _: () = assert!(size_of::<Slot>() <= 48);

impl Slot {
    /// A service that is to be started at once.
    pub(crate) const fn new(identity: Identity, name: u32, now: Tick) -> Self {
        let side = Side { pid: 0, at: now };
        Self {
            identity,
            service: side,
            log: side,
            pipe: None,
            name,
            lately: [Lately::Ran; 2],
            phase: Phase::Steady,
            marks: Mark::Listed as u8 | Mark::Met as u8 | Mark::Unseen as u8,
        }
    }

    /// Whether a fact holds.
    pub(crate) const fn has(&self, mark: Mark) -> bool {
        self.marks & mark as u8 != 0
    }

    /// Notes whether a fact holds.
    pub(crate) const fn set(&mut self, mark: Mark, on: bool) {
        let mark = mark as u8;
        self.marks = if on {
            self.marks | mark
        } else {
            self.marks & !mark
        };
    }

    const fn side(&mut self, role: Role) -> (&mut Side, &mut Lately) {
        match role {
            Role::Service => (&mut self.service, &mut self.lately[0]),
            Role::Log => (&mut self.log, &mut self.lately[1]),
        }
    }

    /// How long until a supervise may be started, if it does not run and is not left
    /// to the next scan.
    fn wait_for(&self, role: Role, now: Tick) -> Option<u32> {
        let (side, lately) = match role {
            Role::Service => (self.service, self.lately[0]),
            Role::Log => (self.log, self.lately[1]),
        };
        (side.pid == 0 && lately != Lately::Left).then(|| side.at.wait(now))
    }

    /// The process of a supervise.
    pub(crate) const fn pid(&self, role: Role) -> Option<u32> {
        let pid = match role {
            Role::Service => self.service.pid,
            Role::Log => self.log.pid,
        };
        if pid == 0 { None } else { Some(pid) }
    }

    /// Whether neither supervise runs.
    pub(crate) const fn is_idle(&self) -> bool {
        self.service.pid == 0 && self.log.pid == 0
    }

    /// The pipe to its logger, once made.
    pub(crate) const fn pipe(&self) -> Option<&Pipe> {
        self.pipe.as_ref()
    }

    /// The pipe has been made.
    pub(crate) fn piped(&mut self, pipe: Pipe) {
        self.pipe = Some(pipe);
    }

    /// A supervise runs.
    pub(crate) const fn started(&mut self, role: Role, pid: u32, now: Tick) {
        *self.side(role).0 = Side { pid, at: now };
        self.set(Mark::Said, false);
    }

    /// A supervise that was already running has been taken over. Nothing is known of
    /// its start: once it ends it may be started at once.
    pub(crate) const fn taken_over(&mut self, role: Role, pid: u32, now: Tick) {
        let at = Tick(now.0.wrapping_sub(PACE));
        *self.side(role).0 = Side { pid, at };
        self.set(Mark::Said, false);
    }

    /// A supervise that was taken over is another service's.
    pub(crate) const fn let_go(&mut self, role: Role, now: Tick) {
        *self.side(role).0 = Side { pid: 0, at: now };
    }

    /// Whether a supervise was started so short a while ago that it may still be
    /// about to fail.
    pub(crate) const fn is_young(&self, role: Role, now: Tick) -> bool {
        let side = match role {
            Role::Service => self.service,
            Role::Log => self.log,
        };
        side.pid != 0 && now.since(side.at) < PACE
    }

    /// What was to be done could not be: once more after [`PACE`].
    pub(crate) const fn failed(&mut self, role: Role, now: Tick) {
        let side = self.side(role).0;
        if side.pid == 0 {
            side.at = now.plus(PACE);
        }
    }

    /// Notes that its trouble is being said; false if it was said before and has
    /// not ended since.
    pub(crate) const fn say(&mut self) -> bool {
        let said = self.has(Mark::Said);
        self.set(Mark::Said, true);
        !said
    }

    /// A supervise has ended. One that was told to leave, and not by us, is left to
    /// the next scan, as in the reference. Any other is to be started at once or, if it
    /// ran for less than [`PACE`], when that has passed since its start.
    pub(crate) fn ended(&mut self, role: Role, cause: Cause, now: Tick) {
        let left = cause == Cause::Told && !self.was_told_by_us(role);
        let (side, lately) = self.side(role);
        let ran = now.since(side.at);
        *lately = lately.after(left, ran < PACE);
        let pace = if *lately == Lately::QuickAlways {
            SLOW_PACE
        } else {
            PACE
        };
        let due = if ran < pace { side.at.plus(pace) } else { now };
        *side = Side { pid: 0, at: due };
        let unborn = cause == Cause::Unborn;
        if unborn || ran >= PACE {
            self.set(Mark::Mute, unborn);
        }
        if role == Role::Log {
            self.set(Mark::Returning, false);
        }
        if cause == Cause::Refused {
            self.set(Mark::Unseen, true);
        }
    }

    /// A scan goes on: what was left to it may be started now. Says whether there is
    /// such.
    pub(crate) fn scanned(&mut self, now: Tick) -> bool {
        let mut due = false;
        for role in [Role::Service, Role::Log] {
            let (side, lately) = self.side(role);
            if *lately == Lately::Left {
                *lately = Lately::Ran;
                side.at = now;
                due = true;
            }
        }
        due
    }
}
