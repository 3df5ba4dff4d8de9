//! A service as `top` shows it. No I/O.

use crate::output::printable;
use crate::service::Service;
use crate::snapshot::Snapshot;
use crate::words::{self, Mood};

/// A service, and what was last read about it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) service: Service,
    /// Its name, for a terminal.
    pub(super) label: String,
    pub(super) snapshot: Snapshot,
    pub(super) live: Live,
}

/// What is read only while the service is on the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Live {
    /// Its share of a processor, in thousandths.
    pub(super) cpu: Option<u64>,
    /// Resident memory in bytes.
    pub(super) resident: Option<u64>,
    /// The last lines of its log.
    pub(super) tail: Vec<String>,
}

impl Entry {
    pub(super) fn new(service: Service, snapshot: Snapshot) -> Self {
        Self {
            label: printable(&service.name),
            service,
            snapshot,
            live: Live::default(),
        }
    }

    pub(super) fn mood(&self) -> Mood {
        words::mood(&self.snapshot)
    }

    /// Whether it has a process.
    pub(super) fn is_up(&self) -> bool {
        self.snapshot
            .facts()
            .is_some_and(|facts| facts.pid().is_some())
    }
}
