//! Timestamps that tell who wrote a record: its 18 bytes have no room for that. The C
//! original reads microseconds and adds 500 ns, as do its relatives. Ours has the
//! nanoseconds of the clock, and never ends as the original's do.

use daemontools::tai64n::Tai64n;
use daemontools::unix::clock;

/// Nanoseconds beyond whole microseconds in a timestamp of the C original.
const ORIGINAL: u32 = 500;

/// The wall clock now, as a timestamp that cannot be the C original's.
#[must_use]
pub(crate) fn now() -> Tai64n {
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
pub(crate) const fn may_be_from_original(stamp: Tai64n) -> bool {
    stamp.nanos % 1000 == ORIGINAL
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
}
