//! Directories that have just come and may still be being filled. To start a service
//! before its `log/` is there would be to start it without a logger; so one that may not
//! be complete is waited for, as decided here without any I/O.

use daemontools::unix::file::Identity;
use daemontools::unix::inotify::Watch;

use crate::path::Path;
use crate::tick::Tick;

/// How long nothing may have happened in a new directory, in milliseconds. What makes
/// directories file by file may take its time between two of them; the reference, which
/// looks every five seconds, finds it complete mostly.
pub(crate) const QUIET: u32 = 2000;
/// How long a new name is left alone that is complete as far as can be seen, in
/// milliseconds: a link is made under another name first to replace one.
pub(crate) const MOMENT: u32 = 25;
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

/// How a new directory has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It was there before svscan: started at once, as the reference does.
    Found,
    /// It or a link to it was moved here: started at once if it has what it needs.
    Moved,
    /// A link to it was made here.
    Linked,
    /// It was made here, or nothing tells how it came.
    Made,
}

/// Endings of names that something has while it is being made, and loses when it is
/// complete: those of dpkg, and those that people and their scripts use.
const PROVISIONAL: [&[u8]; 4] = [b".dpkg-new", b".dpkg-tmp", b".new", b".tmp"];

/// Whether a name is one for the time being only.
pub(crate) fn is_provisional(name: &[u8]) -> bool {
    PROVISIONAL.iter().any(|ending| name.ends_with(ending))
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
    pub(crate) fn new(
        name: Path,
        identity: Identity,
        what: What,
        manner: Manner,
        now: Tick,
    ) -> Self {
        let mut arrival = Self {
            name,
            identity,
            what,
            watches: Vec::new(),
            look: now,
            until: now.plus(PATIENCE),
        };
        arrival.wait_for(
            if manner == Manner::Linked {
                MOMENT
            } else {
                QUIET
            },
            now,
        );
        arrival
    }

    /// It has another name now.
    pub(crate) fn renamed(&mut self, name: Path, now: Tick) {
        self.name = name;
        self.stirred(now);
    }

    /// Something happened in it.
    pub(crate) fn stirred(&mut self, now: Tick) {
        self.wait_for(QUIET, now);
    }

    fn wait_for(&mut self, quiet: u32, now: Tick) {
        self.look = if is_provisional(self.name.as_c_str().to_bytes()) {
            self.until
        } else {
            now.plus(quiet)
        };
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

    fn arrival(name: &[u8], manner: Manner, now: Tick) -> Arrival {
        let name = Path::new(&[name]).expect("short");
        Arrival::new(name, HERE, What::Service, manner, now)
    }

    #[test]
    fn a_directory_is_looked_at_once_it_has_been_quiet() {
        let start = Tick(u32::MAX);
        let mut new = arrival(b"new", Manner::Made, start);
        assert_eq!(new.verdict(start), Verdict::Wait(QUIET));
        new.stirred(start.plus(20));
        assert_eq!(new.verdict(start.plus(QUIET)), Verdict::Wait(20));
        assert_eq!(new.verdict(start.plus(QUIET + 20)), Verdict::Look);
    }

    #[test]
    fn a_link_is_looked_at_after_a_moment_unless_something_happens_behind_it() {
        let start = Tick(7);
        let mut new = arrival(b"new", Manner::Linked, start);
        assert_eq!(new.verdict(start), Verdict::Wait(MOMENT));
        new.stirred(start.plus(5));
        assert_eq!(new.verdict(start.plus(MOMENT)), Verdict::Wait(QUIET - 20));
    }

    #[test]
    fn what_has_a_name_for_the_time_being_waits_for_its_own_or_for_all_its_time() {
        let start = Tick(7);
        for name in [&b"x.dpkg-new"[..], b"x.dpkg-tmp", b"x.new", b"x.tmp"] {
            for manner in [Manner::Made, Manner::Linked, Manner::Moved] {
                let mut new = arrival(name, manner, start);
                new.stirred(start.plus(1));
                assert_eq!(new.verdict(start.plus(1)), Verdict::Wait(PATIENCE - 1));
                new.renamed(Path::new(&[b"x"]).expect("short"), start.plus(2));
                assert_eq!(new.verdict(start.plus(2)), Verdict::Wait(QUIET));
            }
        }
        assert!(!is_provisional(b"new") && !is_provisional(b"x.dpkg-new.d"));
    }

    #[test]
    fn one_that_stays_incomplete_or_restless_has_its_time_and_no_more() {
        let start = Tick(7);
        let mut new = arrival(b"new", Manner::Made, start);
        new.incomplete();
        assert_eq!(new.verdict(start.plus(26)), Verdict::Wait(PATIENCE - 26));
        new.stirred(start.plus(PATIENCE - 1));
        assert_eq!(new.verdict(start.plus(PATIENCE - 1)), Verdict::Wait(1));
        assert_eq!(new.verdict(start.plus(PATIENCE)), Verdict::Over);
    }
}
