//! When the two files of the record are written: the status record and the detail file.
//! A write that failed (a full disk, a limit, a directory that was removed) is tried
//! again: the record must become true.
//!
//! The status record belongs to the contract and is written first, but for a service with
//! a policy that is down: what has followed from its end must not be lost. Trouble with
//! the detail file never delays the record.

use core::time::Duration;

use daemontools::Result;
use daemontools::servicedir::detail::Detail;
use daemontools::servicedir::status::{STATUS_LEN, Status};
use daemontools::unix::clock::Monotonic;

use crate::host::Host;

/// How long after a failed write the next is tried.
const RETRY: Duration = Duration::from_secs(1);

/// Which file is written first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The status record.
    StatusFirst,
    /// The detail file: a service with a policy that is down.
    DetailFirst,
}

/// What is on disk, and what has to be written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    /// The status record on disk.
    pub(crate) written: Option<[u8; STATUS_LEN]>,
    pub(crate) status: Due,
    pub(crate) detail: Due,
}

/// Whether one file has to be written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Due {
    /// It has to be written, even if it says the same.
    pub(crate) due: bool,
    /// When to try again after a failure.
    pub(crate) retry_at: Option<Monotonic>,
}

impl Due {
    fn is_now(&self, now: Monotonic) -> bool {
        self.due && self.retry_at.is_none_or(|at| at <= now)
    }

    /// Records the result of a write.
    fn note(&mut self, result: Result<()>, now: Monotonic) {
        self.due = result.is_err();
        self.retry_at = result.err().map(|_| now + RETRY);
    }
}

impl Record {
    /// The status record has to be written.
    pub(crate) const fn mark_status(&mut self) {
        self.status.due = true;
    }

    /// The detail file has to be written.
    pub(crate) const fn mark_detail(&mut self) {
        self.detail.due = true;
    }

    /// The files on disk are gone.
    pub(crate) const fn mark_lost(&mut self) {
        self.mark_status();
        self.mark_detail();
        self.written = None;
    }

    /// When a failed write is tried again.
    pub(crate) fn deadline(&self) -> Option<Monotonic> {
        let both = [self.status.retry_at, self.detail.retry_at];
        both.into_iter().flatten().min()
    }

    /// Whether there is something to write now.
    pub(crate) fn is_due(&self, now: Monotonic) -> bool {
        self.status.is_now(now) || self.detail.is_now(now)
    }

    /// Whether the disk says something else than `status`, or, where that matters, than
    /// the detail file is to say.
    pub(crate) fn is_stale(&self, status: &Status, with_detail: bool) -> bool {
        let status = self.status.due && self.written != Some(status.pack());
        status || (with_detail && self.detail.due)
    }

    /// Writes what is due, the status record first. If supervise is killed in between, the
    /// status record is newer than the detail file: its timestamp still tells that it is
    /// ours, and the detail file in which boot a supervise is in charge.
    pub(crate) fn write<H: Host>(
        &mut self,
        host: &mut H,
        status: &Status,
        detail: &Detail,
        order: Order,
        now: Monotonic,
    ) {
        if order == Order::DetailFirst {
            self.write_detail(host, detail, now);
        }
        if self.status.due {
            self.write_status(host, status, now);
        }
        if order == Order::StatusFirst {
            self.write_detail(host, detail, now);
        }
    }

    /// Writes the detail file, if that is due.
    pub(crate) fn write_detail<H: Host>(&mut self, host: &mut H, detail: &Detail, now: Monotonic) {
        if self.detail.due {
            let result = host.write_detail(detail);
            self.detail.note(result, now);
        }
    }

    /// Writes the status record, whether it is due or not.
    pub(crate) fn write_status<H: Host>(&mut self, host: &mut H, status: &Status, now: Monotonic) {
        let record = status.pack();
        let result = host.write_status(&record);
        if result.is_ok() {
            self.written = Some(record);
        }
        self.status.note(result, now);
    }
}
