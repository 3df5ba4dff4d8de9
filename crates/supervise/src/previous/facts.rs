//! The facts that a decision is based on.

use core::time::Duration;

use daemontools::procfs::{self, BOOT_ID_LEN};
use daemontools::tai64n::Tai64n;
use daemontools::unix::file::Identity;

/// Where and when this supervise begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Context {
    /// The boot id, where the kernel tells.
    pub(crate) boot: Option<[u8; BOOT_ID_LEN]>,
    /// Start time of process 1 in clock ticks since boot, where it can be seen.
    pub(crate) init: Option<u64>,
    /// The service directory.
    pub(crate) directory: Identity,
    /// Start time of the svscan that started this supervise.
    pub(crate) svscan: Option<u64>,
}

/// The process that has the record's pid now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PidOwner {
    /// No process has it.
    None,
    /// There may be one, and its start time cannot be seen.
    Hidden,
    /// A process with this start time, in clock ticks since boot.
    StartedAt(u64),
}

/// The clocks that a record is compared with, read at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clocks {
    pub(crate) wall: Tai64n,
    pub(crate) since_boot: Duration,
}

impl Clocks {
    /// The age of a process that started `start_time` clock ticks after boot.
    pub(crate) fn age(self, start_time: u64) -> Duration {
        self.since_boot
            .saturating_sub(procfs::ticks_to_duration(start_time))
    }

    /// Whether a record was written before this boot.
    pub(super) fn is_before_boot(self, since: Tai64n) -> bool {
        let uptime = i64::try_from(self.since_boot.as_secs()).unwrap_or(i64::MAX);
        let margin = 1 + i64::try_from(procfs::TOLERANCE.as_secs()).unwrap_or(0);
        since.unix_seconds() < self.wall.unix_seconds() - uptime - margin
    }
}
