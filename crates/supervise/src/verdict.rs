//! Whether the process of an earlier supervise's record is still the service, whether
//! what that record wants still counts, and what follows. No I/O.
//!
//! A pid alone proves nothing, it may be another process by now. The detail file says
//! when the process started, in which boot, and which service directory all that is
//! about: a copy of that directory has nothing to do with the process. Where there is
//! no such file, as after the C original, the time in the record has to agree with the
//! start time that the kernel tells, and something has to show that the record was
//! written here. What can't be proved is said, and then the service is started as the
//! reference would.
//!
//! What the record wants counts by three rules:
//!
//! 1. A supervise that died alone has a successor that wants what it wanted.
//! 2. A tree that begins anew starts by its `down` files: svscan was ended and started
//!    again, supervise was told to end (`x` or TERM), the machine or the container was
//!    started again, or the directory is a copy.
//! 3. A service that runs is taken over in either case, never started a second time.

use core::time::Duration;

use daemontools::procfs::{self, BOOT_ID_LEN};
use daemontools::servicedir::status::{Status, Want};
use daemontools::tai64n::Tai64n;
use daemontools::unix::file::Identity;

use crate::stamp;
use daemontools::servicedir::detail::Detail;

/// What an earlier supervise has left, and what the kernel says of it.
#[derive(Debug)]
pub(crate) struct Evidence<'a> {
    pub(crate) status: Status,
    pub(crate) detail: &'a Detail,
    pub(crate) here: &'a Here,
    pub(crate) seen: Seen,
    /// Whether something but the detail file shows that the record was written in this
    /// service directory.
    pub(crate) at_home: bool,
}

/// Where and when this supervise begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Here {
    /// The boot, where the kernel tells.
    pub(crate) boot: Option<[u8; BOOT_ID_LEN]>,
    /// When process 1 was started, in clock ticks since boot, where that can be seen.
    pub(crate) init: Option<u64>,
    /// The service directory.
    pub(crate) directory: Identity,
    /// When the svscan that has started this supervise was started itself.
    pub(crate) svscan: Option<u64>,
}

/// The process that has the record's pid now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// There is none.
    Nobody,
    /// There is one, or may be one, and nothing more can be learned.
    Hidden,
    /// One that started so many clock ticks after boot.
    Born(u64),
}

/// The time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clocks {
    pub(crate) wall: Tai64n,
    pub(crate) since_boot: Duration,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing counts: the service starts by its `down` file.
    Anew,
    /// The process is the service, and this is wanted; `None` if it is what the `down`
    /// file says.
    Adopt(Option<Want>),
    /// The service has ended since; this was wanted and still is.
    Ended(Want),
    /// Nothing proves or disproves that the process is the service.
    Unproven,
}

/// Decides.
pub(crate) fn judge(evidence: &Evidence<'_>, clocks: Clocks) -> Verdict {
    let Evidence {
        status,
        here,
        seen,
        at_home,
        ..
    } = *evidence;
    let nothing = Detail::default();
    // A start is in the record before it is in the detail file, which says nothing of
    // the record then: supervise was killed in between, or another has come since.
    let vouches = |detail: &Detail| detail.since >= Some(status.since.label());
    let of_another = |directory| directory != here.directory;
    let copied = evidence.detail.directory.is_some_and(of_another);
    if copied && (vouches(evidence.detail) || !at_home) {
        return Verdict::Anew;
    }
    let detail = if copied { &nothing } else { evidence.detail };
    let vouches = vouches(detail);
    let at_home = at_home || detail.directory.is_some();
    let same_init = match (detail.init, here.init) {
        (Some(then), Some(now)) => then == now,
        _ => true,
    };
    let same_boot = here.boot.is_some() && detail.boot == here.boot && same_init;
    let ours = vouches || !stamp::may_be_originals(status.since);
    let rebooted = vouches && here.boot.is_some() && detail.boot.is_some() && !same_boot;
    let newer_svscan =
        matches!((here.svscan, detail.seen), (Some(svscan), Some(seen)) if svscan > seen);
    let began_anew = detail.terminated || newer_svscan;
    let ended = if ours && same_boot && !began_anew {
        Verdict::Ended(status.want)
    } else {
        Verdict::Anew
    };
    if status.pid == 0 {
        return ended;
    }
    if rebooted {
        return Verdict::Anew;
    }
    // What runs goes on as it was, but for being on its way down.
    let anew = began_anew && status.want == Want::Down;
    let adopt = Verdict::Adopt((!anew).then_some(status.want));
    let known = detail
        .process
        .filter(|known| known.pid == status.pid && same_boot);
    match (seen, known) {
        (Seen::Nobody, _) => ended,
        (Seen::Hidden, _) => Verdict::Unproven,
        (Seen::Born(born), Some(known)) if known.start_time == born && at_home => adopt,
        (Seen::Born(born), Some(known)) if known.start_time == born => Verdict::Unproven,
        (Seen::Born(_), Some(_)) => ended,
        (Seen::Born(born), None) => {
            let age = clocks.age(born);
            if procfs::is_start_time(status.since, clocks.wall, age) && at_home {
                adopt
            } else if clocks.is_before_boot(status.since) {
                ended
            } else {
                Verdict::Unproven
            }
        }
    }
}

impl Clocks {
    /// How long ago a process started that started `born` ticks after boot.
    fn age(self, born: u64) -> Duration {
        self.since_boot
            .saturating_sub(procfs::ticks_to_duration(born))
    }

    /// Whether a record was written before this boot.
    fn is_before_boot(self, since: Tai64n) -> bool {
        let uptime = i64::try_from(self.since_boot.as_secs()).unwrap_or(i64::MAX);
        let margin = 1 + i64::try_from(procfs::TOLERANCE.as_secs()).unwrap_or(0);
        since.unix_seconds() < self.wall.unix_seconds() - uptime - margin
    }
}

#[cfg(test)]
mod tests;
