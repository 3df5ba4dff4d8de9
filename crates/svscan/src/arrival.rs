//! Directories that have just been made and are still being filled. To start a
//! service before its `log/` is there would be to start it without a logger; so a
//! new directory gets a moment of quiet, decided here without any I/O.

use daemontools::unix::file::Identity;
use daemontools::unix::inotify::Watch;

use crate::path::Path;
use crate::tick::Tick;

/// How long nothing may have happened in a new directory, in milliseconds.
pub(crate) const QUIET: u32 = 25;
/// How long at most is waited for a new directory to be complete: as long as the
/// reference may take to find it.
pub(crate) const PATIENCE: u32 = 5000;
/// How many directories are watched within one that is new.
pub(crate) const WATCHES: usize = 32;

/// What has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A new service.
    Service,
    /// A `log/` in a service that runs without one.
    Log,
}

/// A directory that may still be being filled.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// The service's name in the scan directory.
    pub(crate) name: Path,
    /// The service's directory.
    pub(crate) identity: Identity,
    /// What it is about.
    pub(crate) what: What,
    /// Watches within it, while it is not settled.
    pub(crate) watches: Vec<Watch>,
    /// When to look at it next.
    look: Tick,
    until: Tick,
}

/// What is to be done about an arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Wait for this many milliseconds, or for something to happen in it.
    Wait(u32),
    /// It has been quiet: look whether it is complete.
    Look,
    /// It has had its time.
    Over,
}

impl Arrival {
    /// Something that has arrived now.
    pub(crate) const fn new(name: Path, identity: Identity, what: What, now: Tick) -> Self {
        Self {
            name,
            identity,
            what,
            watches: Vec::new(),
            look: now.plus(QUIET),
            until: now.plus(PATIENCE),
        }
    }

    /// Something happened in it.
    pub(crate) const fn stirred(&mut self, now: Tick) {
        self.look = now.plus(QUIET);
    }

    /// It was looked at and is not complete: nothing to do until it stirs again.
    pub(crate) const fn incomplete(&mut self) {
        self.look = self.until;
    }

    /// What is to be done about it now.
    pub(crate) const fn verdict(&self, now: Tick) -> Verdict {
        let (look, until) = (self.look.wait(now), self.until.wait(now));
        match (look, until) {
            (_, 0) => Verdict::Over,
            (0, _) => Verdict::Look,
            (look, until) if look < until => Verdict::Wait(look),
            (_, until) => Verdict::Wait(until),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Identity = Identity {
        device: 1,
        inode: 2,
    };

    fn arrival(now: Tick) -> Arrival {
        Arrival::new(
            Path::new(&[b"new"]).expect("short"),
            HERE,
            What::Service,
            now,
        )
    }

    #[test]
    fn a_directory_is_looked_at_once_it_has_been_quiet() {
        let start = Tick(u32::MAX);
        let mut new = arrival(start);
        assert_eq!(new.verdict(start), Verdict::Wait(QUIET));
        new.stirred(start.plus(20));
        assert_eq!(new.verdict(start.plus(QUIET)), Verdict::Wait(20));
        assert_eq!(new.verdict(start.plus(45)), Verdict::Look);
    }

    #[test]
    fn one_that_stays_incomplete_or_restless_has_its_time_and_no_more() {
        let start = Tick(7);
        let mut new = arrival(start);
        new.incomplete();
        assert_eq!(new.verdict(start.plus(26)), Verdict::Wait(PATIENCE - 26));
        new.stirred(start.plus(PATIENCE - 1));
        assert_eq!(new.verdict(start.plus(PATIENCE - 1)), Verdict::Wait(1));
        assert_eq!(new.verdict(start.plus(PATIENCE)), Verdict::Over);
    }
}
