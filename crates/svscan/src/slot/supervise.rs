//! One of the two supervises of a service: its process, and the time of its next start.

use core::num::NonZeroU32;
use core::time::Duration;

use daemontools::unix::clock::Monotonic;

/// The least time between two starts.
pub(crate) const PACE: Duration = Duration::from_secs(1);
/// The same for a supervise that keeps ending at once.
pub(super) const SLOW_PACE: Duration = Duration::from_secs(5);
/// A run that ends within [`PACE`] is a quick one; after so many in a row the next start
/// waits for [`SLOW_PACE`].
const QUICK_RUNS: u8 = 3;

/// A supervise. It is known by its pid alone, not by how its end is noticed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Supervise {
    pid: Option<NonZeroU32>,
    /// When it was started or, without a process, the earliest time of its next start.
    at: Monotonic,
    /// Quick runs in a row, up to [`QUICK_RUNS`].
    quick_runs: u8,
    /// svscan has told it to exit.
    pub(super) stop_sent: bool,
    /// It exited as an operator told it: the next scan starts it again.
    pub(super) waits_for_scan: bool,
}

impl Supervise {
    /// One that may be started at once.
    pub(super) const fn new(now: Monotonic) -> Self {
        Self {
            pid: None,
            at: now,
            quick_runs: 0,
            stop_sent: false,
            waits_for_scan: false,
        }
    }

    pub(super) fn pid(&self) -> Option<u32> {
        self.pid.map(NonZeroU32::get)
    }

    pub(super) const fn is_running(&self) -> bool {
        self.pid.is_some()
    }

    /// It runs as `pid`, since `at`.
    pub(super) const fn started(&mut self, pid: u32, at: Monotonic) {
        self.pid = NonZeroU32::new(pid);
        self.at = at;
        self.stop_sent = false;
        self.waits_for_scan = false;
    }

    /// It has ended. `waits_for_scan`: the next scan starts it again. Says whether it ran
    /// for [`PACE`] or longer.
    pub(super) fn ended(&mut self, waits_for_scan: bool, now: Monotonic) -> bool {
        let ran = now.since(self.at);
        let quick = ran < PACE;
        self.quick_runs = match quick && !waits_for_scan {
            true => (self.quick_runs + 1).min(QUICK_RUNS),
            false => 0,
        };
        let pace = self.pace();
        self.at = if ran < pace { self.at + pace } else { now };
        self.pid = None;
        self.stop_sent = false;
        self.waits_for_scan = waits_for_scan;
        !quick
    }

    /// The process is not counted as this supervise any more.
    pub(super) const fn forget(&mut self, now: Monotonic) {
        self.pid = None;
        self.at = now;
        self.stop_sent = false;
    }

    /// It may be started at once.
    pub(super) const fn due_at(&mut self, now: Monotonic) {
        self.at = now;
        self.waits_for_scan = false;
    }

    /// An action for it failed; without a process it is tried again after [`PACE`].
    pub(super) fn failed(&mut self, now: Monotonic) {
        if !self.is_running() {
            self.at = now + PACE;
        }
    }

    /// The time of the next start, if it does not run and does not wait for a scan.
    pub(super) fn next_start(&self) -> Option<Monotonic> {
        (!self.is_running() && !self.waits_for_scan).then_some(self.at)
    }

    /// Whether it is to be started now.
    pub(super) fn is_due(&self, now: Monotonic) -> bool {
        self.next_start().is_some_and(|at| at <= now)
    }

    /// Whether it runs for less than [`PACE`]: it may be about to fail.
    pub(super) fn is_young(&self, now: Monotonic) -> bool {
        self.is_running() && now.since(self.at) < PACE
    }

    /// Whether more than `time` has passed since it could be started again.
    pub(super) fn is_down_for(&self, time: Duration, now: Monotonic) -> bool {
        now.since(self.at) > time
    }

    /// Whether it keeps ending as soon as it is started.
    pub(super) const fn keeps_ending(&self) -> bool {
        self.quick_runs == QUICK_RUNS
    }

    /// The least time between two starts.
    const fn pace(&self) -> Duration {
        if self.keeps_ending() { SLOW_PACE } else { PACE }
    }
}
