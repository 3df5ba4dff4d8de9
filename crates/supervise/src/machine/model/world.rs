//! What is outside supervise: processes, the disk, the clocks.

use core::time::Duration;

use daemontools::procfs::BOOT_ID_LEN;
use daemontools::servicedir::status::{STATUS_LEN, Status, Want};
use daemontools::tai64n::Tai64n;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::file::Identity;
use daemontools::unix::signal::Signal;

use crate::verdict::{Clocks, Here, Seen};
use daemontools::servicedir::detail::Detail;

/// Why a step did not come to its end.
#[derive(Debug)]
pub(super) enum Stop {
    /// supervise was killed.
    Killed,
    /// It broke this promise.
    Broken(String),
}

/// Shorthand for a broken promise.
pub(super) fn broken<T>(what: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::Broken(what.into()))
}

/// A process: pid, and its start in clock ticks since boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) pid: u32,
    pub(super) born: u64,
}

/// When all began, by the wall clock.
const EPOCH: i64 = 1_700_000_000;
/// Half a second, in milliseconds.
pub(super) const TICK: u64 = 500;

#[derive(Clone, Debug)]
pub(super) struct World {
    /// Milliseconds since the beginning of all, and at the last boot.
    pub(super) now: u64,
    pub(super) boot_at: u64,
    pub(super) boot: u8,
    pub(super) normally_down: bool,
    /// When the svscan that there is was started, in clock ticks since boot.
    pub(super) svscan: u64,
    /// Running copies of the service.
    pub(super) services: Vec<Process>,
    /// A process that has the pid of a record and is no service.
    pub(super) stranger: Option<Process>,
    pub(super) status: Option<[u8; STATUS_LEN]>,
    pub(super) detail: Detail,
    pub(super) full: bool,
    /// Whether a fork would succeed.
    pub(super) forks: bool,
    /// Whether one was tried.
    pub(super) asked: bool,
    /// Signals sent by the last command.
    pub(super) sent: Vec<Signal>,
    /// What supervise has done since it was last let go, and how much more it may.
    pub(super) done: u32,
    fuse: Option<u32>,
    pids: u32,
    stamps: u32,
}

impl World {
    pub(super) fn new(normally_down: bool) -> Self {
        Self {
            now: 100_000,
            boot_at: 0,
            boot: b'a',
            normally_down,
            svscan: 0,
            services: Vec::new(),
            stranger: None,
            status: None,
            detail: Detail::default(),
            full: false,
            forks: true,
            asked: false,
            sent: Vec::new(),
            done: 0,
            fuse: None,
            pids: 100,
            stamps: 0,
        }
    }

    /// Lets supervise do so many things before it is killed.
    pub(super) fn light(&mut self, fuse: Option<u32>) {
        self.fuse = fuse;
        self.done = 0;
        self.asked = false;
        self.sent.clear();
    }

    /// To be asked before each thing that is seen outside.
    pub(super) fn does(&mut self) -> Result<(), Stop> {
        if self.fuse == Some(self.done) {
            return Err(Stop::Killed);
        }
        self.done += 1;
        Ok(())
    }

    pub(super) fn pass(&mut self) {
        self.now += TICK;
    }

    pub(super) fn monotonic(&self) -> Monotonic {
        Monotonic(self.now * 1_000_000)
    }

    /// The wall clock: no two looks at it give the same. The C original's stamps are
    /// whole microseconds and 500 ns, the others are not.
    pub(super) fn wall(&mut self) -> Tai64n {
        self.stamps += 1;
        Self::label(self.now, self.stamps * 1000 + 1)
    }

    fn label(now: u64, nanos: u32) -> Tai64n {
        let millis = u32::try_from(now % 1000).expect("below 1000");
        let seconds = i64::try_from(now / 1000).expect("no long time");
        Tai64n::from_unix(EPOCH + seconds, millis * 1_000_000 + nanos)
    }

    /// When a stamp was made, as [`Self::now`] counts.
    pub(super) fn millis(stamp: Tai64n) -> u64 {
        let seconds = stamp.unix_seconds() - EPOCH;
        u64::try_from(seconds).expect("a stamp of ours") * 1000 + u64::from(stamp.nanos / 1_000_000)
    }

    pub(super) fn clocks(&self) -> Clocks {
        Clocks {
            wall: Self::label(self.now, self.stamps * 1000),
            since_boot: Duration::from_millis(self.now - self.boot_at),
        }
    }

    pub(super) fn boot_id(&self) -> Option<[u8; BOOT_ID_LEN]> {
        Some([self.boot; BOOT_ID_LEN])
    }

    /// Where a supervise begins now.
    pub(super) fn here(&self) -> Here {
        Here {
            boot: self.boot_id(),
            init: Some(1),
            directory: Identity {
                device: 1,
                inode: 2,
            },
            svscan: Some(self.svscan),
        }
    }

    /// When a write that is tried now is to be tried again, if it fails.
    pub(super) fn again(&self) -> Option<Monotonic> {
        self.full.then(|| self.monotonic() + Duration::from_secs(1))
    }

    pub(super) fn ticks(&self) -> u64 {
        (self.now - self.boot_at) / 10
    }

    pub(super) fn new_process(&mut self) -> Process {
        self.pids += 1;
        Process {
            pid: self.pids,
            born: self.ticks(),
        }
    }

    pub(super) fn record(&self) -> Option<Status> {
        self.status.as_ref().map(Status::unpack)
    }

    /// What the kernel says of a pid.
    pub(super) fn look(&self, pid: u32) -> Seen {
        let mut all = self.services.iter().chain(&self.stranger);
        all.find(|process| process.pid == pid)
            .map_or(Seen::Nobody, |process| Seen::Born(process.born))
    }

    /// Whether the record's pid is free and its process was started long enough ago:
    /// a pid is not used twice within a second.
    pub(super) fn may_be_given_again(&self) -> bool {
        let long_ago = Self::label(self.now - 2 * TICK - 1, 0);
        self.stranger.is_none()
            && self.record().is_some_and(|record| {
                record.pid != 0 && self.look(record.pid) == Seen::Nobody && record.since < long_ago
            })
    }

    /// Gives it to another, in another boot with the very start time of the old one.
    pub(super) fn give_again(&mut self) {
        let pid = self.record().map_or(0, |record| record.pid);
        let known = self.detail.process.filter(|known| known.pid == pid);
        let born = match known {
            Some(known) if self.detail.boot != self.boot_id() => known.start_time,
            _ => self.ticks(),
        };
        self.stranger = Some(Process { pid, born });
    }

    pub(super) fn reboot(&mut self) {
        self.services.clear();
        self.stranger = None;
        self.boot = if self.boot == b'a' { b'b' } else { b'a' };
        if self.detail.boot == self.boot_id() {
            // There are more than two.
            self.boot = b'c';
        }
        self.now += TICK;
        self.boot_at = self.now;
        self.now += 20 * TICK;
        self.svscan = self.ticks();
    }

    /// The C original starts the service, is told what is wanted, and is killed.
    pub(super) fn original(&mut self, want: Want) {
        self.stranger = None;
        let process = self.new_process();
        self.stamps += 1;
        let status = Status {
            since: Self::label(self.now, self.stamps * 1000 + 500),
            pid: process.pid,
            paused: false,
            want,
        };
        self.status = Some(status.pack());
        self.services.push(process);
    }
}
