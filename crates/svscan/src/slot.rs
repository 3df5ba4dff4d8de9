//! One service in the table: its supervises, what is to be done about them now, and
//! when. No I/O: every action is answered by what came of it.

use daemontools::unix::file::Identity;

use crate::pair::Pipe;
use crate::tick::Tick;

/// The least time between two starts of one supervise, in milliseconds.
pub(crate) const PACE: u32 = 1000;
/// The same for a supervise that keeps ending at once.
pub(crate) const SLOW_PACE: u32 = 5000;
/// How soon a supervise that could not be told to stop is told again: it may have
/// been started just now.
pub(crate) const INSIST: u32 = 100;
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
    /// Because svscan itself ends.
    Stop,
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
    /// svscan ends: the service's supervise is to be told, and nothing is started
    /// any more.
    Stop,
    /// It was told.
    Stopping,
    /// It has ended: the logger's is to be told, and its pipe closed.
    Drain,
    /// That was done.
    Draining,
}

/// One of the two supervises. It is known by its pid alone, not by how its end is
/// learnt.
#[derive(Clone, Copy, Debug)]
struct Side {
    /// Its process; 0 if there is none.
    pid: u32,
    /// When it was started or, without a process, when it may be.
    at: Tick,
}

impl Side {
    /// How long until it may be started, if it does not run.
    fn wait(self, now: Tick) -> Option<u32> {
        (self.pid == 0).then(|| self.at.wait(now))
    }
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
    /// How many times in a row each supervise ended at once.
    quick: [u8; 2],
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
            quick: [0; 2],
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

    const fn side(&mut self, role: Role) -> (&mut Side, &mut u8) {
        match role {
            Role::Service => (&mut self.service, &mut self.quick[0]),
            Role::Log => (&mut self.log, &mut self.quick[1]),
        }
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

    /// Whether it runs without a logger and could be given one.
    pub(crate) fn could_join(&self) -> bool {
        self.phase == Phase::Steady && !self.has(Mark::Logged) && self.service.pid != 0
    }

    /// The next thing to be done at `now`. Every action is answered by one of
    /// [`piped`](Self::piped), [`started`](Self::started), [`told`](Self::told),
    /// [`renew`](Self::renew) or, if it failed, [`failed`](Self::failed).
    pub(crate) fn next(&mut self, now: Tick) -> Option<Action> {
        if self.is_stopping() {
            return self.next_to_stop(now);
        }
        if !self.has(Mark::Listed) {
            return None;
        }
        loop {
            let gone = self.service.pid == 0;
            match self.phase {
                Phase::Join | Phase::Joining if gone => self.phase = Phase::Steady,
                Phase::Replace | Phase::Replacing if gone => self.phase = Phase::ReplaceLog,
                Phase::Replace => return Some(Action::Tell(Role::Service, Farewell::Replaced)),
                Phase::ReplaceLog if self.log.pid != 0 => {
                    return Some(Action::Tell(Role::Log, Farewell::Replaced));
                }
                Phase::ReplacingLog if self.log.pid != 0 => return None,
                Phase::Replacing => return None,
                Phase::ReplaceLog | Phase::ReplacingLog => return Some(Action::Renew),
                _ => break,
            }
        }
        let logged = self.has(Mark::Logged);
        if logged && self.pipe.is_none() {
            (self.service.wait(now) == Some(0)).then_some(Action::Pipe)
        } else if self.service.wait(now) == Some(0) {
            Some(Action::Start(Role::Service))
        } else if logged && self.log.wait(now) == Some(0) {
            Some(Action::Start(Role::Log))
        } else if self.phase == Phase::Join {
            Some(Action::Tell(Role::Service, Farewell::Join))
        } else {
            None
        }
    }

    /// How many milliseconds from `now` until there is something to be done.
    pub(crate) fn wait(&self, now: Tick) -> Option<u32> {
        if self.is_stopping() {
            return self.wait_to_stop(now);
        }
        if !self.has(Mark::Listed) {
            return None;
        }
        match self.phase {
            // Told in vain: once more.
            Phase::Replace | Phase::ReplaceLog | Phase::Join => return Some(PACE),
            Phase::Replacing | Phase::ReplacingLog => return None,
            _ => {}
        }
        // Without its pipe a logger has to wait.
        let logged = self.has(Mark::Logged) && self.pipe.is_some();
        let log = if logged { self.log.wait(now) } else { None };
        [self.service.wait(now), log].into_iter().flatten().min()
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

    /// Whether a supervise was started so short a while ago that it may still be
    /// about to fail.
    pub(crate) const fn is_young(&self, role: Role, now: Tick) -> bool {
        let side = match role {
            Role::Service => self.service,
            Role::Log => self.log,
        };
        side.pid != 0 && now.since(side.at) < PACE
    }

    /// Whether no change is under way.
    pub(crate) fn is_steady(&self) -> bool {
        self.phase == Phase::Steady
    }

    /// A supervise was told to end.
    pub(crate) fn told(&mut self) {
        self.phase = match self.phase {
            Phase::Join => Phase::Joining,
            Phase::Replace => Phase::Replacing,
            Phase::ReplaceLog => Phase::ReplacingLog,
            Phase::Stop => Phase::Stopping,
            Phase::Drain => {
                // With the service gone, the logger reads what is left and its end.
                self.pipe = None;
                Phase::Draining
            }
            other => other,
        };
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

    /// A supervise has ended; `unborn` if it could not even be exec'ed. The next
    /// start is due at once or, if it ran for less than [`PACE`], when that has
    /// passed since its start.
    pub(crate) fn ended(&mut self, role: Role, unborn: bool, now: Tick) {
        let (side, quick) = self.side(role);
        let ran = now.since(side.at);
        *quick = if ran < PACE {
            quick.saturating_add(1)
        } else {
            0
        };
        let pace = if *quick >= QUICK_ENDS {
            SLOW_PACE
        } else {
            PACE
        };
        let due = if ran < pace { side.at.plus(pace) } else { now };
        *side = Side { pid: 0, at: due };
        if unborn || ran >= PACE {
            self.set(Mark::Mute, unborn);
        }
    }

    /// A logger was added.
    pub(crate) fn join(&mut self, pipe: Pipe, now: Tick) {
        self.pipe = Some(pipe);
        self.set(Mark::Logged, true);
        self.log = Side { pid: 0, at: now };
        self.phase = Phase::Join;
    }

    /// The directory was removed and another has its name.
    pub(crate) const fn replace(&mut self) {
        self.phase = Phase::Replace;
        self.set(Mark::Listed, true);
        self.set(Mark::Met, true);
    }

    /// The old supervises of a replaced directory have ended. Whether the new one
    /// has a logger; if not, the old logger may still read what is in the pipe to
    /// its end, and is nobody's any more.
    pub(crate) fn renew(&mut self, logged: bool, now: Tick) {
        self.phase = Phase::Steady;
        self.set(Mark::Logged, logged);
        self.log.at = now;
        if !logged {
            self.pipe = None;
            self.log.pid = 0;
        }
    }
}

mod stop;
#[cfg(test)]
mod tests;
