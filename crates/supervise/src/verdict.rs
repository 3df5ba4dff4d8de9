//! Whether the process of an earlier supervise's record is still the service, and what
//! follows. No I/O.
//!
//! A pid alone proves nothing, it may be another process by now. The detail file
//! says when the process started and in which boot; where there is none, as after
//! the C original, the time in the record has to agree with the start time that the
//! kernel tells. What can't be proved is said, and then the service is started as
//! the reference would.

use core::time::Duration;

use daemontools::procfs::{self, BOOT_ID_LEN};
use daemontools::status::Status;
use daemontools::tai64n::Tai64n;

use crate::detail::Detail;
use crate::stamp;

/// What an earlier supervise has left, and what the kernel says of it.
#[derive(Debug)]
pub(crate) struct Evidence<'a> {
    pub(crate) status: Status,
    pub(crate) detail: &'a Detail,
    /// The boot that this is, where the kernel tells.
    pub(crate) boot: Option<[u8; BOOT_ID_LEN]>,
    pub(crate) seen: Seen,
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
    /// The process is the service.
    Adopt,
    /// The service has ended since; this was wanted and still is.
    Ended(Status),
    /// Nothing proves or disproves that the process is the service.
    Unproven,
}

/// Decides.
pub(crate) fn judge(evidence: &Evidence<'_>, clocks: Clocks) -> Verdict {
    let Evidence {
        status,
        detail,
        boot,
        seen,
    } = *evidence;
    // A start is in the record before it is in the detail file, which says nothing of
    // the record then: supervise was killed in between.
    let vouches = detail.since >= Some(status.since.label());
    let ours = vouches || !stamp::may_be_originals(status.since);
    let in_charge = ours && boot.is_some() && detail.boot == boot;
    let rebooted = vouches && boot.is_some() && detail.boot.is_some() && detail.boot != boot;
    let ended = if in_charge {
        Verdict::Ended(Status { pid: 0, ..status })
    } else {
        Verdict::Anew
    };
    if status.pid == 0 {
        return ended;
    }
    if rebooted {
        return Verdict::Anew;
    }
    let known = detail
        .identity
        .filter(|known| known.pid == status.pid && detail.boot == boot);
    match (seen, known) {
        (Seen::Nobody, _) => ended,
        (Seen::Hidden, _) => Verdict::Unproven,
        (Seen::Born(born), Some(known)) if known.born == born => Verdict::Adopt,
        (Seen::Born(_), Some(_)) => ended,
        (Seen::Born(born), None) => {
            let age = clocks.age(born);
            if procfs::agrees(status.since, clocks.wall, age) {
                Verdict::Adopt
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
        self.since_boot.saturating_sub(procfs::after_boot(born))
    }

    /// Whether a record was written before this boot.
    fn is_before_boot(self, since: Tai64n) -> bool {
        let uptime = i64::try_from(self.since_boot.as_secs()).unwrap_or(i64::MAX);
        let margin = 1 + i64::try_from(procfs::TOLERANCE.as_secs()).unwrap_or(0);
        since.unix_seconds() < self.wall.unix_seconds() - uptime - margin
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detail::Identity;

    use daemontools::status::Want;

    const BOOT: Option<[u8; BOOT_ID_LEN]> = Some([b'b'; BOOT_ID_LEN]);
    /// An hour after boot.
    const CLOCKS: Clocks = Clocks {
        wall: Tai64n::from_unix(1_700_003_600, 0),
        since_boot: Duration::from_secs(3600),
    };
    /// Up since a minute before that.
    const UP: Status = Status {
        since: Tai64n::from_unix(1_700_003_540, 0),
        pid: 7,
        paused: false,
        want: Want::Once,
    };
    const BORN: u64 = 354_000;

    fn detail(born: u64) -> Detail {
        Detail {
            identity: Some(Identity { pid: 7, born }),
            since: Some(UP.since.label()),
            boot: BOOT,
            ..Detail::default()
        }
    }

    fn verdict(status: Status, detail: &Detail, seen: Seen) -> Verdict {
        let evidence = Evidence {
            status,
            detail,
            boot: BOOT,
            seen,
        };
        judge(&evidence, CLOCKS)
    }

    #[test]
    fn the_detail_file_tells_the_same_process_from_another() {
        let detail = detail(BORN);
        let gone = Verdict::Ended(Status { pid: 0, ..UP });
        for (seen, wanted) in [
            (Seen::Born(BORN), Verdict::Adopt),
            (Seen::Born(BORN + 1), gone),
            (Seen::Nobody, gone),
            (Seen::Hidden, Verdict::Unproven),
        ] {
            assert_eq!(verdict(UP, &detail, seen), wanted, "{seen:?}");
        }
    }

    #[test]
    fn without_it_the_time_of_the_record_has_to_agree() {
        let none = Detail::default();
        for (seen, wanted) in [
            (Seen::Born(BORN), Verdict::Adopt),
            (Seen::Born(BORN + 100), Verdict::Adopt),
            (Seen::Born(BORN + 101), Verdict::Unproven),
            (Seen::Nobody, Verdict::Anew),
        ] {
            assert_eq!(verdict(UP, &none, seen), wanted, "{seen:?}");
        }
        let old = Status {
            since: Tai64n::from_unix(1_600_000_000, 0),
            ..UP
        };
        assert_eq!(verdict(old, &none, Seen::Born(BORN)), Verdict::Anew);
    }

    #[test]
    fn what_was_wanted_counts_only_while_one_of_ours_was_in_charge() {
        let down = Status { pid: 0, ..UP };
        let mut detail = detail(BORN);
        let ended = Verdict::Ended(down);
        assert_eq!(verdict(down, &detail, Seen::Nobody), ended);
        // A later record than the detail file vouches for: by ours, then by the C
        // original, or by ours for a process of the original's.
        detail.since = Some(Tai64n::from_unix(1_700_000_000, 0).label());
        assert_eq!(verdict(down, &detail, Seen::Nobody), ended);
        let original = Status {
            since: Tai64n::from_unix(1_700_003_540, 500),
            ..down
        };
        assert_eq!(verdict(original, &detail, Seen::Nobody), Verdict::Anew);
        detail.since = Some(original.since.label());
        assert_eq!(
            verdict(original, &detail, Seen::Nobody),
            Verdict::Ended(original)
        );
        // It has left as it was told to.
        detail.since = Some(UP.since.label());
        detail.boot = None;
        assert_eq!(verdict(down, &detail, Seen::Nobody), Verdict::Anew);
    }

    #[test]
    fn no_process_of_another_boot_is_taken_over() {
        let mut detail = detail(BORN);
        detail.boot = Some([b'a'; BOOT_ID_LEN]);
        assert_eq!(verdict(UP, &detail, Seen::Born(BORN)), Verdict::Anew);
        // But one that was started in this boot, before the detail file said so.
        detail.since = Some(Tai64n::from_unix(1_600_000_000, 0).label());
        assert_eq!(verdict(UP, &detail, Seen::Born(BORN)), Verdict::Adopt);
        let other = Seen::Born(BORN + 101);
        assert_eq!(verdict(UP, &detail, other), Verdict::Unproven);
    }

    #[test]
    fn what_was_written_before_the_boot_is_no_process_of_today() {
        assert!(CLOCKS.is_before_boot(Tai64n::from_unix(1_699_999_997, 0)));
        assert!(!CLOCKS.is_before_boot(Tai64n::from_unix(1_699_999_999, 0)));
        assert!(!CLOCKS.is_before_boot(CLOCKS.wall));
    }
}
