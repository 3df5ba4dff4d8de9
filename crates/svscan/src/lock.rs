//! The lock of the scan directory: one svscan a directory, since two would start every
//! service twice. A svscan that finds the directory locked waits until the other has ended,
//! and then takes over.
//!
//! It waits only for another svscan of its own user. Any process that may read the directory
//! can lock it; such a lock, and a directory that cannot be locked, change nothing.

use std::os::fd::OwnedFd;

use daemontools::errno::is_temporary;
use daemontools::procfs;
use daemontools::servicedir::SUPERVISE;
use daemontools::strerr::Decimal;
use daemontools::unix::file::{self, Identity};
use daemontools::unix::lock;
use daemontools::{Errno, Result};

use crate::reporter::REPORTER;

/// The lock of the working directory.
#[derive(Debug, Default)]
pub(crate) struct DirectoryLock {
    /// The locked directory, once this process has the lock.
    lock: Option<OwnedFd>,
    /// The holder that was reported last.
    reported: Option<Holder>,
}

/// Who has locked the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    /// No process that is alive, or another program of our user.
    Irrelevant,
    /// Another svscan of our user, which works in the directory.
    Svscan,
    /// A process of another user.
    OtherUser(u32),
    /// This cannot be found out now.
    Unknown(Errno),
}

impl DirectoryLock {
    /// Tries to lock the directory; says whether to wait for another svscan.
    pub(crate) fn must_wait(&mut self) -> bool {
        if self.try_lock() != Err(Errno::EWOULDBLOCK) {
            return false;
        }
        let holder = match holder() {
            Ok(holder) => holder,
            Err(error) if is_temporary(error) => Holder::Unknown(error),
            Err(_) => Holder::Irrelevant,
        };
        if self.reported != Some(holder) {
            holder.report();
        }
        self.reported = Some(holder);
        matches!(holder, Holder::Svscan | Holder::Unknown(_))
    }

    /// Locks the directory unless it has been locked. At the start a child of a svscan that
    /// was just killed may still have had the lock.
    ///
    /// # Errors
    /// EWOULDBLOCK if another process has the lock; else those of opening and `flock(2)`.
    pub(crate) fn try_lock(&mut self) -> Result<()> {
        // In a directory that is a service too, the lock is for its supervise.
        if self.lock.is_some() || file::lstat(SUPERVISE).is_ok() {
            return Ok(());
        }
        let directory = file::open_directory(c".")?;
        lock::try_exclusive(&directory)?;
        self.lock = Some(directory);
        Ok(())
    }

    /// Closes this process's copy of the lock: for a child, which must not keep it when its
    /// parent has ended.
    pub(crate) fn release(&mut self) {
        self.lock = None;
    }
}

impl Holder {
    fn report(self) {
        match self {
            Self::Irrelevant => {}
            Self::Svscan => {
                let what = b"another svscan runs in this directory, waiting for its end";
                REPORTER.warning(&[what], None);
            }
            Self::OtherUser(pid) => {
                let pid = Decimal::new(u64::from(pid));
                let what: [&[u8]; 3] = [
                    b"the lock of this directory is held by process ",
                    pid.as_bytes(),
                    b", which is not ours: going on without it",
                ];
                REPORTER.warning(&what, None);
            }
            Self::Unknown(error) => {
                REPORTER.warning(&[b"unable to see who has locked this directory"], error);
            }
        }
    }
}

/// Who has locked the working directory. A lock may be shared: another svscan counts before
/// all other holders.
///
/// # Errors
/// Those of reading `/proc`.
fn holder() -> Result<Holder> {
    let directory = file::stat(c".")?.identity;
    let mut found = Ok(Holder::Irrelevant);
    procfs::each_flock(|inode, pid| {
        if inode == directory.inode && pid != std::process::id() && found != Ok(Holder::Svscan) {
            match classify(pid, directory) {
                Ok(Holder::Irrelevant) => {}
                Ok(holder) if found.is_ok() || holder == Holder::Svscan => found = Ok(holder),
                Ok(_) => {}
                Err(error) => found = Err(error),
            }
        }
    })?;
    found
}

/// What kind of holder a process is that has locked a file with the directory's inode. The
/// pid is that of the process that took the lock: it may be a svscan that was just killed,
/// whose child has the lock until it execs.
fn classify(pid: u32, directory: Identity) -> Result<Holder> {
    let look = || {
        Ok(if !procfs::is_ours(pid)? {
            // The descriptors of a process with other rights may not be readable.
            match procfs::holds_flock(pid, directory) {
                Ok(false) => Holder::Irrelevant,
                Ok(true) | Err(Errno::EACCES | Errno::EPERM) => Holder::OtherUser(pid),
                Err(error) => return Err(error),
            }
        } else if (procfs::is_our_process_in(pid, b"svscan", directory)?
            || procfs::is_our_process_in(pid, b"svinit", directory)?)
            && procfs::holds_flock(pid, directory)?
        {
            Holder::Svscan
        } else {
            Holder::Irrelevant
        })
    };
    match look() {
        Err(Errno::ENOENT | Errno::ESRCH) => Ok(Holder::Irrelevant),
        other => other,
    }
}
