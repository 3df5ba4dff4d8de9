//! Whose stamp a record bears. The C original's clock gives microseconds, to which it
//! adds 500 ns, as do its relatives; ours gives nanoseconds, and steps aside from
//! those. So a record tells who wrote it, though its 18 bytes have no room for that.

use daemontools::tai64n::Tai64n;
use daemontools::unix::clock;

/// What a stamp of the C original has beyond whole microseconds.
const ORIGINAL: u32 = 500;

/// The wall clock now, as a stamp that can't be the C original's.
#[must_use]
pub(crate) fn now() -> Tai64n {
    ours(clock::wall())
}

fn ours(stamp: Tai64n) -> Tai64n {
    Tai64n {
        nanos: stamp.nanos + u32::from(may_be_originals(stamp)),
        ..stamp
    }
}

/// Whether the C original may have made a stamp.
#[must_use]
pub(crate) const fn may_be_originals(stamp: Tai64n) -> bool {
    stamp.nanos % 1000 == ORIGINAL
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_are_told_from_the_original_s() {
        for (nanos, wanted) in [(0, 0), (499, 499), (500, 501), (999_999_500, 999_999_501)] {
            let stamp = ours(Tai64n::from_unix(1_700_000_000, nanos));
            assert_eq!(stamp, Tai64n::from_unix(1_700_000_000, wanted));
            assert!(!may_be_originals(stamp));
        }
        assert!(!may_be_originals(now()));
    }
}
