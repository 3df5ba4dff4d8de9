//! A process that was taken over, and how it ended: the kernel tells that also to those
//! that are not its parent, once its parent has waited for it.

use core::time::Duration;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use daemontools::unix::clock::Monotonic;
use daemontools::unix::pidfd;
use daemontools::unix::process::End;

/// How often the kernel is asked for the end, and how long.
const INTERVAL: Duration = Duration::from_millis(10);
const PATIENCE: Duration = Duration::from_millis(100);

/// An adopted process.
#[derive(Debug)]
pub(super) struct Adopted {
    pub(super) pid: u32,
    pub(super) process: OwnedFd,
    ended_at: Option<Monotonic>,
}

impl Adopted {
    pub(super) const fn new(pid: u32, process: OwnedFd) -> Self {
        Self {
            pid,
            process,
            ended_at: None,
        }
    }

    /// What to wait for: that it ends.
    pub(super) fn event(&self) -> Option<BorrowedFd<'_>> {
        self.ended_at.is_none().then(|| self.process.as_fd())
    }

    /// It has ended.
    pub(super) fn note_end(&mut self, now: Monotonic) {
        self.ended_at.get_or_insert(now);
    }

    /// When [`end`](Self::end) is to be asked for again.
    pub(super) fn deadline(&self, now: Monotonic) -> Option<Monotonic> {
        self.ended_at.map(|at| (at + PATIENCE).min(now + INTERVAL))
    }

    /// Whether it has ended and how, as far as that can be known; `None` as long as it
    /// runs, and as long as the kernel may yet tell.
    pub(super) fn end(&self, now: Monotonic) -> Option<Option<End>> {
        let at = self.ended_at?;
        match pidfd::end(&self.process) {
            Ok(None) if now < at + PATIENCE => None,
            Ok(end) => Some(end),
            Err(_) => Some(None),
        }
    }
}
