//! Whether the service has said that it is ready, and until when it has to.

use core::time::Duration;

use daemontools::tai64n::LABEL_LEN;
use daemontools::unix::clock::Monotonic;

/// The readiness of the process that runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Readiness {
    /// The descriptor that it was given to say so; `None` if it can't say so.
    pub(crate) fd: Option<u8>,
    /// When it said so: by the clock of waits, and as a label.
    pub(crate) ready: Option<(Monotonic, [u8; LABEL_LEN])>,
    /// How long it was paused so far; this time does not count.
    pub(crate) paused_for: Duration,
    /// Since when it is paused.
    pub(crate) paused_at: Option<Monotonic>,
}

impl Readiness {
    /// Whether it may still say that it is ready.
    pub(super) const fn is_awaited(&self) -> bool {
        self.fd.is_some() && self.ready.is_none()
    }

    pub(super) fn pause(&mut self, now: Monotonic) {
        self.paused_at.get_or_insert(now);
    }

    pub(super) fn resume(&mut self, now: Monotonic) {
        if let Some(since) = self.paused_at.take() {
            self.paused_for += now.since(since);
        }
    }

    /// Until when it has to be ready.
    pub(super) fn deadline(
        &self,
        last_start: Option<Monotonic>,
        limit: Option<Duration>,
    ) -> Option<Monotonic> {
        let counts = self.is_awaited() && self.paused_at.is_none();
        Some(last_start.filter(|_| counts)? + limit? + self.paused_for)
    }

    /// Since when it has done its work: ready, or up where it can't say so.
    pub(super) fn healthy_since(&self, last_start: Option<Monotonic>) -> Option<Monotonic> {
        match self.fd {
            Some(_) => self.ready.map(|(at, _)| at),
            None => last_start,
        }
    }
}
