//! The ends of svscan's children. As process 1 it has children that it did not start.

use daemontools::unix::process::{self, End};
use daemontools::unix::signal::{Caught, Signal};
use daemontools::{Result, TEMPORARY};

use crate::services::Services;
use crate::slot::Exit;
use crate::spawn::NOT_EXECUTED;
use crate::table::Ended;

/// The most ended children that are handled at once.
const BATCH: usize = 64;

/// Notices and collects children that have ended.
#[derive(Debug)]
pub(crate) struct Children {
    child_ended: Caught,
    /// Children could not be waited for: the next scan tries again.
    retry: bool,
}

impl Children {
    /// Catches SIGCHLD, which the caller has blocked.
    ///
    /// # Errors
    /// Those of `sigaction(2)`.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            child_ended: Caught::new(Signal::SIGCHLD)?,
            retry: false,
        })
    }

    /// Whether a child may have ended. To find out, the kernel looks at every child.
    pub(crate) fn must_reap(&self, scan: bool) -> bool {
        self.child_ended.take() || (self.retry && scan)
    }

    /// Collects all children that have ended, and tells `services`.
    pub(crate) fn reap(&mut self, services: &mut Services) {
        self.retry = false;
        loop {
            let mut ends = [Ended::default(); BATCH];
            let mut count = 0;
            while count < BATCH {
                let (pid, end) = match process::reap() {
                    Ok(Some(ended)) => ended,
                    Ok(None) => break,
                    // No kernel does this, but a sandbox may.
                    Err(_) => {
                        self.retry = true;
                        break;
                    }
                };
                ends[count] = Ended {
                    pid: pid.as_raw().unsigned_abs(),
                    exit: exit_of(end),
                    end: Some(end),
                };
                count += 1;
            }
            if count == 0 {
                return;
            }
            ends[..count].sort_unstable_by_key(|ended| ended.pid);
            services.ended(&ends[..count]);
        }
    }
}

/// What the end of a child means, if it was a supervise.
const fn exit_of(end: End) -> Exit {
    match end {
        End::Exited(0) => Exit::OnCommand,
        End::Exited(TEMPORARY) => Exit::Refused,
        End::Exited(NOT_EXECUTED) => Exit::NotExecuted,
        End::Exited(_) | End::Killed(_) => Exit::Failed,
    }
}
