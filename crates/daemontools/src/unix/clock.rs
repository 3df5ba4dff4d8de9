//! Two clocks, never mixed: monotonic time paces, the wall clock is written down.

use core::ops::Add;
use core::time::Duration;

use nix::time::{ClockId, clock_gettime};

use crate::tai64n::Tai64n;

/// A time of the monotonic clock in nanoseconds. It does not change when the wall clock
/// is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Monotonic(pub u64);

impl Monotonic {
    /// The time now.
    #[must_use]
    pub fn now() -> Self {
        let (seconds, nanos) = read(ClockId::CLOCK_MONOTONIC);
        Self(u64::try_from(seconds).unwrap_or(0) * 1_000_000_000 + u64::from(nanos))
    }

    /// The duration since `earlier`; zero if that is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Monotonic {
    /// The time `duration` before this one, but not before the start of the clock.
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_sub(nanos))
    }
}

impl Add<Duration> for Monotonic {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos))
    }
}

/// The time of the wall clock, as a label.
#[must_use]
pub fn wall() -> Tai64n {
    let (seconds, nanos) = read(ClockId::CLOCK_REALTIME);
    Tai64n::from_unix(seconds, nanos)
}

/// The time since boot, with the time in which the machine was suspended. The start times
/// in `/proc` are by this clock.
#[must_use]
pub fn since_boot() -> Duration {
    let (seconds, nanos) = read(ClockId::CLOCK_BOOTTIME);
    Duration::new(u64::try_from(seconds).unwrap_or(0), nanos)
}

/// The number of clock ticks a second in `/proc`.
#[must_use]
pub fn ticks_per_second() -> u32 {
    let ticks = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK);
    let ticks = ticks
        .ok()
        .flatten()
        .and_then(|ticks| u32::try_from(ticks).ok());
    // The kernel gives it at exec, and it is never 0.
    ticks.unwrap_or(1).max(1)
}

/// Seconds and nanoseconds of a clock. All that are read here exist in every kernel.
fn read(clock: ClockId) -> (i64, u32) {
    clock_gettime(clock).map_or((0, 0), |time| {
        (time.tv_sec(), u32::try_from(time.tv_nsec()).unwrap_or(0))
    })
}
