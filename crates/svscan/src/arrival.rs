//! Decides when a directory that has just appeared may be started. It may still be being
//! filled: started before its `log/` is there, it would run without a logger. No I/O.

use daemontools::unix::clock::Monotonic;
use daemontools::unix::file::Identity;
use daemontools::unix::inotify::Watch;

use core::time::Duration;

use crate::path::Path;

/// How long a new directory has to stay unchanged. A tool that makes directories file by
/// file may pause between two files; the reference, which looks every five seconds, mostly
/// finds the directory complete.
pub(crate) const QUIET: Duration = Duration::from_secs(2);
/// The same for a new link: `ln -sf` makes one under another name first.
pub(crate) const QUIET_LINK: Duration = Duration::from_millis(25);
/// The longest wait for a new directory to be complete: as long as the reference may take
/// to find it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
/// The most directories that are watched within a new one.
pub(crate) const WATCHES: usize = 32;

/// What has appeared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A new service.
    Service,
    /// A `log/` in a service that runs without one.
    Log,
}

/// How a new directory appeared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The first scan found it: started at once, as in the reference.
    FirstScan,
    /// It or a link to it was moved into the scan directory: started at once if complete.
    Moved,
    /// A link to it was made.
    Linked,
    /// It was made in the scan directory, or its origin is unknown.
    Made,
}

/// Endings of temporary names, which a directory loses when it is complete: those of dpkg,
/// and those that people and their scripts use.
const TEMPORARY: [&[u8]; 4] = [b".dpkg-new", b".dpkg-tmp", b".new", b".tmp"];

/// Whether a name is a temporary one.
pub(crate) fn is_temporary(name: &[u8]) -> bool {
    TEMPORARY.iter().any(|ending| name.ends_with(ending))
}

/// A new directory that may still be being filled.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// The service's name in the scan directory.
    pub(crate) name: Path,
    /// The service's directory.
    pub(crate) identity: Identity,
    /// What is new.
    pub(crate) what: What,
    /// The inotify watches within it.
    pub(crate) watches: Vec<Watch>,
    /// When it is next checked for completeness.
    check: Monotonic,
    /// When it is started, complete or not.
    expiry: Monotonic,
}

/// What is to be done about an arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Wait until this moment, or for a change in it.
    WaitUntil(Monotonic),
    /// It stayed unchanged: check whether it is complete.
    Check,
    /// The longest wait is over: start it.
    Expired,
}

impl Arrival {
    /// A directory that has appeared now.
    pub(crate) fn new(
        name: Path,
        identity: Identity,
        what: What,
        origin: Origin,
        now: Monotonic,
    ) -> Self {
        let mut arrival = Self {
            name,
            identity,
            what,
            watches: Vec::new(),
            check: now,
            expiry: now + PATIENCE,
        };
        arrival.check_after(match origin {
            Origin::Linked => now + QUIET_LINK,
            Origin::FirstScan | Origin::Moved | Origin::Made => now + QUIET,
        });
        arrival
    }

    /// It was renamed.
    pub(crate) fn renamed(&mut self, name: Path, now: Monotonic) {
        self.name = name;
        self.changed(now);
    }

    /// Something changed in it.
    pub(crate) fn changed(&mut self, now: Monotonic) {
        self.check_after(now + QUIET);
    }

    fn check_after(&mut self, moment: Monotonic) {
        self.check = match is_temporary(self.name.as_c_str().to_bytes()) {
            true => self.expiry,
            false => moment,
        };
    }

    /// It was checked and is not complete: the next check follows the next change.
    pub(crate) const fn incomplete(&mut self) {
        self.check = self.expiry;
    }

    /// What is to be done about it now.
    pub(crate) fn step(&self, now: Monotonic) -> Step {
        if self.expiry <= now {
            Step::Expired
        } else if self.check <= now {
            Step::Check
        } else {
            Step::WaitUntil(self.check.min(self.expiry))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Monotonic = Monotonic(7_000_000_000);
    const MILLISECOND: Duration = Duration::from_millis(1);

    const DIRECTORY: Identity = Identity {
        device: 1,
        inode: 2,
    };

    fn arrival(name: &[u8], origin: Origin) -> Arrival {
        let name = Path::new(&[name]).expect("short");
        Arrival::new(name, DIRECTORY, What::Service, origin, START)
    }

    #[test]
    fn directory_is_checked_once_it_has_stayed_unchanged() {
        let mut new = arrival(b"new", Origin::Made);
        assert_eq!(new.step(START), Step::WaitUntil(START + QUIET));
        let change = START + 20 * MILLISECOND;
        new.changed(change);
        assert_eq!(new.step(START + QUIET), Step::WaitUntil(change + QUIET));
        assert_eq!(new.step(change + QUIET), Step::Check);
    }

    #[test]
    fn link_is_checked_soon_unless_its_directory_changes() {
        let mut new = arrival(b"new", Origin::Linked);
        assert_eq!(new.step(START), Step::WaitUntil(START + QUIET_LINK));
        let change = START + 5 * MILLISECOND;
        new.changed(change);
        assert_eq!(
            new.step(START + QUIET_LINK),
            Step::WaitUntil(change + QUIET)
        );
    }

    #[test]
    fn temporary_name_waits_for_a_rename_or_the_longest_wait() {
        for name in [&b"x.dpkg-new"[..], b"x.dpkg-tmp", b"x.new", b"x.tmp"] {
            for origin in [Origin::Made, Origin::Linked, Origin::Moved] {
                let mut new = arrival(name, origin);
                let now = START + MILLISECOND;
                new.changed(now);
                assert_eq!(new.step(now), Step::WaitUntil(START + PATIENCE));
                new.renamed(Path::new(&[b"x"]).expect("short"), now);
                assert_eq!(new.step(now), Step::WaitUntil(now + QUIET));
            }
        }
        assert!(!is_temporary(b"new") && !is_temporary(b"x.dpkg-new.d"));
    }

    #[test]
    fn incomplete_or_changing_directory_expires_after_the_longest_wait() {
        let mut new = arrival(b"new", Origin::Made);
        let expiry = START + PATIENCE;
        new.incomplete();
        assert_eq!(new.step(START + MILLISECOND), Step::WaitUntil(expiry));
        let late = expiry.before(MILLISECOND);
        new.changed(late);
        assert_eq!(new.step(late), Step::WaitUntil(expiry));
        assert_eq!(new.step(expiry), Step::Expired);
    }
}
