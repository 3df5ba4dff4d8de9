//! Timestamps that tell who wrote a record: its 18 bytes have no room for that. The C
//! original reads microseconds and adds 500 ns, as do its relatives. Ours has the
//! nanoseconds of the clock, and never ends as the original's do.

use core::time::Duration;

use crate::tai64n::{LABEL_LEN, Tai64n};
use crate::unix::clock;

/// Nanoseconds beyond whole microseconds in a timestamp of the C original.
const ORIGINAL: u32 = 500;

const NANOS: u32 = 1_000_000_000;

/// The wall clock now, as a timestamp that cannot be the C original's.
#[must_use]
pub fn now() -> Tai64n {
    ours(clock::wall())
}

fn ours(stamp: Tai64n) -> Tai64n {
    Tai64n {
        nanos: stamp.nanos + u32::from(may_be_from_original(stamp)),
        ..stamp
    }
}

/// Whether the C original may have made a timestamp.
#[must_use]
pub const fn may_be_from_original(stamp: Tai64n) -> bool {
    stamp.nanos % 1000 == ORIGINAL
}

/// The time `duration` after another.
#[must_use]
pub fn after(stamp: Tai64n, duration: Duration) -> Tai64n {
    let nanos = stamp.nanos.saturating_add(duration.subsec_nanos());
    Tai64n {
        seconds: stamp
            .seconds
            .saturating_add(duration.as_secs() + u64::from(nanos / NANOS)),
        nanos: nanos % NANOS,
    }
}

/// The time from one stamp to another; zero if that is earlier.
#[must_use]
pub fn between(from: Tai64n, to: Tai64n) -> Duration {
    let since = |stamp: Tai64n| Duration::new(stamp.seconds, stamp.nanos.min(NANOS - 1));
    since(to).saturating_sub(since(from))
}

/// Reads a label; `None` if it is none.
#[must_use]
pub fn parse(label: [u8; LABEL_LEN]) -> Option<Tai64n> {
    let text = str::from_utf8(&label).ok()?;
    Some(Tai64n {
        seconds: u64::from_str_radix(text.get(..16)?, 16).ok()?,
        nanos: u32::from_str_radix(text.get(16..)?, 16).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_timestamps_differ_from_the_originals() {
        for (nanos, wanted) in [(0, 0), (499, 499), (500, 501), (999_999_500, 999_999_501)] {
            let stamp = ours(Tai64n::from_unix(1_700_000_000, nanos));
            assert_eq!(stamp, Tai64n::from_unix(1_700_000_000, wanted));
            assert!(!may_be_from_original(stamp));
        }
        assert!(!may_be_from_original(now()));
    }

    #[test]
    fn labels_are_read_and_times_added() {
        let stamp = Tai64n::from_unix(1_700_000_000, 900_000_000);
        assert_eq!(parse(stamp.label()), Some(stamp));
        assert_eq!(parse([b'x'; LABEL_LEN]), None);
        let later = after(stamp, Duration::from_millis(1200));
        assert_eq!(later, Tai64n::from_unix(1_700_000_002, 100_000_000));
        assert_eq!(between(stamp, later), Duration::from_millis(1200));
        assert_eq!(between(later, stamp), Duration::ZERO);
        let strange = Tai64n {
            seconds: u64::MAX,
            nanos: u32::MAX,
        };
        assert!(between(stamp, strange) > Duration::from_secs(1));
    }
}
