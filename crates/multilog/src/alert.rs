//! Alerts: lines that go to standard error as well. Whoever reads that may be gone
//! or asleep; the logs must not wait for it for ever.

use core::time::Duration;

use daemontools::unix::clock::Monotonic;
use daemontools::unix::{fd, poll};

/// How much of a line is printed.
const SHOWN: usize = 200;
/// How long to wait for a reader that was there before.
const PATIENCE: Duration = Duration::from_secs(1);

/// The way to standard error.
#[derive(Debug, Default)]
pub(crate) struct Alerts {
    /// Nobody read in time; until somebody does, nothing is waited for.
    stuck: bool,
}

impl Alerts {
    /// Prints the beginning of a line.
    pub(crate) fn print(&mut self, line: &[u8]) {
        self.stuck = !fd::writable_now(fd::STDERR)
            && (self.stuck
                || poll::writable_by(fd::STDERR, Monotonic::now() + PATIENCE) != Ok(true));
        if self.stuck {
            return;
        }
        let shown = &line[..line.len().min(SHOWN)];
        let end: &[u8] = if line.len() > SHOWN { b"...\n" } else { b"\n" };
        let mut bytes = [0; SHOWN + 4];
        bytes[..shown.len()].copy_from_slice(shown);
        let len = shown.len() + end.len();
        bytes[shown.len()..len].copy_from_slice(end);
        // Nobody is left to tell when this fails.
        let _ = fd::write_all(fd::STDERR, &bytes[..len]);
    }
}
