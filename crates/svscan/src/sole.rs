//! One svscan a directory: what two of them start, each for itself, is in the other's
//! way. A svscan locks its directory; the next one waits for the end of the first, and
//! then takes over.
//!
//! Only another svscan is waited for. Who else may have locked the directory, and
//! where it can't be locked, all goes on as it would without.

use std::os::fd::OwnedFd;

use daemontools::procfs;
use daemontools::servicedir::SUPERVISE;
use daemontools::unix::{file, lock};
use daemontools::{Errno, Result};

use crate::{ME, who};

/// The claim to the working directory.
#[derive(Debug, Default)]
pub(crate) struct Sole {
    /// The lock, once it is ours.
    lock: Option<OwnedFd>,
    /// Whether it has been said that we wait.
    said: bool,
}

impl Sole {
    /// Tries to become the directory's svscan; says whether to wait for another.
    pub(crate) fn must_wait(&mut self) -> bool {
        let waits = self.claim() == Err(Errno::EWOULDBLOCK) && another().unwrap_or(false);
        if waits && !self.said {
            let what = b"another svscan runs in this directory, waiting for its end";
            ME.warning(&[what], None);
        }
        self.said |= waits;
        waits
    }

    /// Locks the directory, if it isn't yet: another may have held the lock when this
    /// began, a child of a svscan that had just been killed.
    ///
    /// # Errors
    /// EWOULDBLOCK where it is locked; else what opening and `flock(2)` say.
    pub(crate) fn claim(&mut self) -> Result<()> {
        // A service directory too: that is for its supervise to lock.
        if self.lock.is_some() || file::lstat(SUPERVISE).is_ok() {
            return Ok(());
        }
        let directory = file::open_directory(c".")?;
        lock::try_exclusive(&directory)?;
        self.lock = Some(directory);
        Ok(())
    }
}

/// Whether the lock of the working directory is a svscan's that works in it.
fn another() -> Result<bool> {
    let directory = file::stat(c".")?.identity;
    let mut found = false;
    procfs::each_flock(|inode, pid| {
        found |= inode == directory.inode
            && pid != std::process::id()
            && who::is(pid, b"svscan", directory);
    })?;
    Ok(found)
}
