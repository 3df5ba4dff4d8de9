//! The world outside supervise: processes, the disk, the clocks.

use core::time::Duration;

use daemontools::procfs::BOOT_ID_LEN;
use daemontools::servicedir::detail::Detail;
use daemontools::servicedir::policy::Policy;
use daemontools::servicedir::status::{STATUS_LEN, Status, Want};
use daemontools::tai64n::Tai64n;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::file::Identity;
use daemontools::unix::signal::Signal;
use daemontools::{Errno, Result};

use crate::previous::{Clocks, Context, PidOwner};

/// A process: its pid, and its start time in clock ticks since boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) pid: u32,
    pub(super) start_time: u64,
}

/// The wall clock at the beginning, in seconds since 1970.
const EPOCH: i64 = 1_700_000_000;
/// The unit of time: half a second, in milliseconds.
pub(super) const STEP: u64 = 500;

/// Whether a main service has a policy of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Main {
    WithFile,
    WithoutFile,
}

#[derive(Clone, Debug)]
pub(super) struct World {
    /// Milliseconds since the beginning: now, and at the last boot.
    pub(super) now: u64,
    pub(super) boot_at: u64,
    pub(super) boot: u8,
    pub(super) normally_down: bool,
    /// Start time of svscan, in clock ticks since boot.
    pub(super) svscan: u64,
    /// Running copies of the service.
    pub(super) services: Vec<Process>,
    /// The service was killed for its limit.
    pub(super) killed: bool,
    /// Whether the service has said that it is ready; `None` without the file.
    pub(super) ready: Option<bool>,
    /// A running `./finish`.
    pub(super) finish: Option<Process>,
    /// Another process that has the pid of the record.
    pub(super) other: Option<Process>,
    pub(super) status: Option<[u8; STATUS_LEN]>,
    pub(super) detail: Detail,
    pub(super) full: bool,
    /// What the operator asks for; of a main service without a file, what holds there.
    pub(super) policy: Option<Policy>,
    /// supervise exits with the service.
    pub(super) main: Option<Main>,
    /// Signals sent for the last command.
    pub(super) sent: Vec<Signal>,
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
            killed: false,
            ready: None,
            finish: None,
            other: None,
            status: None,
            detail: Detail::default(),
            full: false,
            policy: None,
            main: None,
            sent: Vec::new(),
            pids: 100,
            stamps: 0,
        }
    }

    /// Half a second passes.
    pub(super) fn pass(&mut self) {
        self.now += STEP;
    }

    pub(super) fn monotonic(&self) -> Monotonic {
        Monotonic(self.now * 1_000_000)
    }

    /// The wall clock: no two calls return the same. A timestamp of the C original is
    /// whole microseconds and 500 ns, others are not.
    pub(super) fn wall(&mut self) -> Tai64n {
        self.stamps += 1;
        Self::label(self.now, self.stamps * 1000 + 1)
    }

    fn label(now: u64, nanos: u32) -> Tai64n {
        let millis = u32::try_from(now % 1000).expect("below 1000");
        let seconds = i64::try_from(now / 1000).expect("no long time");
        Tai64n::from_unix(EPOCH + seconds, millis * 1_000_000 + nanos)
    }

    /// When a timestamp was made, in the unit of [`Self::now`].
    pub(super) fn millis(stamp: Tai64n) -> u64 {
        let seconds = stamp.unix_seconds() - EPOCH;
        u64::try_from(seconds).expect("a stamp of ours") * 1000 + u64::from(stamp.nanos / 1_000_000)
    }

    pub(super) fn clocks(&self) -> Clocks {
        Clocks {
            wall: Self::label(self.now, self.stamps * 1000 + 999),
            since_boot: Duration::from_millis(self.now - self.boot_at),
        }
    }

    pub(super) fn boot_id(&self) -> Option<[u8; BOOT_ID_LEN]> {
        Some([self.boot; BOOT_ID_LEN])
    }

    /// What is true for a supervise that begins now.
    pub(super) fn context(&self) -> Context {
        Context {
            boot: self.boot_id(),
            init: Some(1),
            directory: Identity {
                device: 1,
                inode: 2,
            },
            svscan: Some(self.svscan),
        }
    }

    /// Whether there is room on the disk.
    pub(super) const fn space(&self) -> Result<()> {
        match self.full {
            true => Err(Errno::ENOSPC),
            false => Ok(()),
        }
    }

    pub(super) fn ticks(&self) -> u64 {
        (self.now - self.boot_at) / 10
    }

    pub(super) fn new_process(&mut self) -> Process {
        self.pids += 1;
        Process {
            pid: self.pids,
            start_time: self.ticks(),
        }
    }

    pub(super) fn record(&self) -> Option<Status> {
        self.status.as_ref().map(Status::unpack)
    }

    /// The process that has a pid.
    pub(super) fn pid_owner(&self, pid: u32) -> PidOwner {
        let mut all = self.services.iter().chain(&self.other).chain(&self.finish);
        all.find(|process| process.pid == pid)
            .map_or(PidOwner::None, |process| {
                PidOwner::StartedAt(process.start_time)
            })
    }

    /// Whether another process may get the record's pid: it is free, and the process was
    /// started long enough ago. A pid is not used twice within a second.
    pub(super) fn may_reuse_pid(&self) -> bool {
        let long_ago = Self::label(self.now - 2 * STEP - 1, 0);
        self.other.is_none()
            && self.record().is_some_and(|record| {
                record.pid != 0
                    && self.pid_owner(record.pid) == PidOwner::None
                    && record.since < long_ago
            })
    }

    /// Another process gets the record's pid; in another boot, with the start time of the
    /// old one.
    pub(super) fn reuse_pid(&mut self) {
        let pid = self.record().map_or(0, |record| record.pid);
        let known = self.detail.process.filter(|known| known.pid == pid);
        let start_time = match known {
            Some(known) if self.detail.boot != self.boot_id() => known.start_time,
            _ => self.ticks(),
        };
        self.other = Some(Process { pid, start_time });
    }

    pub(super) fn reboot(&mut self) {
        self.services.clear();
        self.killed = false;
        self.finish = None;
        self.other = None;
        self.boot = if self.boot == b'a' { b'b' } else { b'a' };
        if self.detail.boot == self.boot_id() {
            // The detail file is of an earlier boot with that id.
            self.boot = b'c';
        }
        self.now += STEP;
        self.boot_at = self.now;
        self.now += 20 * STEP;
        self.svscan = self.ticks();
    }

    /// The C original starts the service, is told what is wanted, and is killed.
    pub(super) fn original(&mut self, want: Want) {
        self.other = None;
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
