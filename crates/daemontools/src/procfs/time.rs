//! Start times of processes: `/proc` has them in clock ticks since boot.

use core::time::Duration;

use crate::tai64n::Tai64n;
use crate::unix::clock;

const NANOS: u64 = 1_000_000_000;

/// How far the time in a status record and the start time of its process may be apart,
/// where the record is the only evidence. supervise writes the record right after the
/// fork, which takes longer on a busy machine. A pid is not used twice within a second.
pub const TOLERANCE: Duration = Duration::from_secs(1);

/// The time since boot in clock ticks.
#[must_use]
pub fn ticks_now() -> u64 {
    let since = clock::since_boot();
    let each = u64::from(clock::ticks_per_second());
    since.as_secs() * each + u64::from(since.subsec_nanos()) * each / NANOS
}

/// Converts clock ticks to a duration.
#[must_use]
pub fn ticks_to_duration(ticks: u64) -> Duration {
    let each = u64::from(clock::ticks_per_second());
    Duration::from_secs(ticks / each) + Duration::from_nanos(ticks % each * NANOS / each)
}

/// The age of a process that was started `start_time` clock ticks after boot.
#[must_use]
pub fn age(start_time: u64) -> Duration {
    clock::since_boot().saturating_sub(ticks_to_duration(start_time))
}

/// Whether `since`, the time in a status record, is the start time of a process whose
/// age is `age` at the time `now`, within [`TOLERANCE`].
#[must_use]
pub fn is_start_time(since: Tai64n, now: Tai64n, age: Duration) -> bool {
    let nanos =
        |time: Tai64n| i128::from(time.unix_seconds()) * 1_000_000_000 + i128::from(time.nanos);
    let Ok(age) = i128::try_from(age.as_nanos()) else {
        return false;
    };
    (nanos(now) - age - nanos(since)).unsigned_abs() <= TOLERANCE.as_nanos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_fits_a_start_time_within_a_second() {
        let now = Tai64n::from_unix(1000, 500_000_000);
        let age = Duration::from_millis(100_010);
        for (seconds, nanos, fits) in [
            (900, 490_000_000, true),
            (900, 0, true),
            (901, 480_000_000, true),
            (899, 480_000_000, false),
            (901, 500_000_000, false),
            (i64::MIN, 0, false),
        ] {
            let since = Tai64n::from_unix(seconds, nanos);
            assert_eq!(is_start_time(since, now, age), fits, "{seconds}.{nanos}");
        }
    }

    #[test]
    fn ticks_of_a_century_and_the_largest_number_are_converted() {
        let each = u64::from(clock::ticks_per_second());
        assert_eq!(ticks_to_duration(each * 3 / 2), Duration::from_millis(1500));
        let century = 100 * 366 * 86_400;
        let ticks = each * century;
        assert_eq!(ticks_to_duration(ticks), Duration::from_secs(century));
        assert_eq!(ticks_to_duration(u64::MAX).as_secs(), u64::MAX / each);
    }
}
