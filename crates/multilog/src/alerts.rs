//! Alerts: lines that are printed to standard error too. They are gathered, so that a
//! flood of them takes one write for many. A reader of standard error may be gone or
//! asleep, and must not stop the logs.

use core::time::Duration;

use daemontools::unix::clock::Monotonic;
use daemontools::unix::file::{self, Kind};
use daemontools::unix::{fd, poll};

/// How much of a line is printed.
const SHOWN: usize = 200;
/// How long to wait for a reader that read before.
const PATIENCE: Duration = Duration::from_secs(1);
/// How much is printed at once: what a pipe takes whole or not at all (`PIPE_BUF`).
const ROOM: usize = 4096;

/// The alerts that are not printed yet.
#[derive(Debug)]
pub(crate) struct Alerts {
    bytes: Vec<u8>,
    /// Whether a write can have to wait for a reader.
    may_block: bool,
    /// Whether the reader did not read in time. Nothing is waited for until it does.
    is_stuck: bool,
}

impl Alerts {
    /// Alerts for standard error as it is.
    pub(crate) fn new() -> Self {
        let facts = file::fstat(fd::STDERR);
        Self {
            bytes: Vec::new(),
            may_block: !facts.is_ok_and(|facts| facts.kind == Kind::Regular),
            is_stuck: false,
        }
    }

    /// Whether there is room for one more.
    pub(crate) const fn has_room(&self) -> bool {
        self.bytes.len() + SHOWN + 4 <= ROOM
    }

    /// Adds the beginning of a line, for which there is room.
    pub(crate) fn add(&mut self, line: &[u8]) {
        let shown = &line[..line.len().min(SHOWN)];
        let end: &[u8] = if line.len() > SHOWN { b"...\n" } else { b"\n" };
        self.bytes.reserve(ROOM - self.bytes.len());
        self.bytes.extend_from_slice(shown);
        self.bytes.extend_from_slice(end);
    }

    /// Prints all of them, or drops them if nobody reads.
    pub(crate) fn print(&mut self) {
        self.is_stuck = self.may_block
            && !fd::writable_now(fd::STDERR)
            && (self.is_stuck
                || poll::writable_by(fd::STDERR, Monotonic::now() + PATIENCE) != Ok(true));
        if !self.is_stuck {
            // Nobody is left to tell when this fails.
            let _ = fd::write_all(fd::STDERR, &self.bytes);
        }
        self.bytes.clear();
    }
}
