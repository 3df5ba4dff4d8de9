//! One svscan a directory: what two of them start, each for itself, is in the other's
//! way. A svscan locks its directory; the next one waits for the end of the first, and
//! then takes over.
//!
//! Only another svscan of ours is waited for. Who else may have locked the directory,
//! which takes no more than to read it, and where it can't be locked, all goes on as it
//! would without.

use std::os::fd::OwnedFd;

use daemontools::errno::is_temporary;
use daemontools::procfs;
use daemontools::servicedir::SUPERVISE;
use daemontools::strerr::Decimal;
use daemontools::unix::file::{self, Identity};
use daemontools::unix::lock;
use daemontools::{Errno, Result};

use crate::ME;

/// The claim to the working directory.
#[derive(Debug, Default)]
pub(crate) struct Sole {
    /// The lock, once it is ours.
    lock: Option<OwnedFd>,
    /// What was said last.
    said: Option<Holder>,
}

/// Who has the lock of the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    /// Nobody that matters: none that still lives, or something else of ours.
    Nobody,
    /// Another svscan of ours, which works there.
    Svscan,
    /// A process that is not ours.
    Stranger(u32),
    /// It can't be seen, for now.
    Unknown(Errno),
}

impl Sole {
    /// Tries to become the directory's svscan; says whether to wait for another.
    pub(crate) fn must_wait(&mut self) -> bool {
        if self.claim() != Err(Errno::EWOULDBLOCK) {
            return false;
        }
        let holder = match holder() {
            Ok(holder) => holder,
            Err(error) if is_temporary(error) => Holder::Unknown(error),
            Err(_) => Holder::Nobody,
        };
        if self.said != Some(holder) {
            holder.say();
        }
        self.said = Some(holder);
        matches!(holder, Holder::Svscan | Holder::Unknown(_))
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

    /// Gives up this process's copy of the lock: for a child, which must not keep it when
    /// its parent has ended.
    pub(crate) fn leave(&mut self) {
        self.lock = None;
    }
}

impl Holder {
    fn say(self) {
        match self {
            Self::Nobody => {}
            Self::Svscan => {
                let what = b"another svscan runs in this directory, waiting for its end";
                ME.warning(&[what], None);
            }
            Self::Stranger(pid) => {
                let pid = Decimal::new(u64::from(pid));
                let what: [&[u8]; 3] = [
                    b"the lock of this directory is held by process ",
                    pid.as_bytes(),
                    b", which is not ours: going on without it",
                ];
                ME.warning(&what, None);
            }
            Self::Unknown(error) => {
                ME.warning(&[b"unable to see who has locked this directory"], error);
            }
        }
    }
}

/// Who has locked the working directory. Another svscan counts before all others: a lock
/// may be shared.
///
/// # Errors
/// What keeps us from looking.
fn holder() -> Result<Holder> {
    let directory = file::stat(c".")?.identity;
    let mut found = Ok(Holder::Nobody);
    procfs::each_flock(|inode, pid| {
        if inode == directory.inode && pid != std::process::id() && found != Ok(Holder::Svscan) {
            match is(pid, directory) {
                Ok(Holder::Nobody) => {}
                Ok(holder) if found.is_ok() || holder == Holder::Svscan => found = Ok(holder),
                Ok(_) => {}
                Err(error) => found = Err(error),
            }
        }
    })?;
    found
}

/// Who a process is that has locked something with the inode of this directory. The pid
/// is that of whoever took the lock: it may be a svscan that was just killed, of which a
/// child has the lock for as long as it takes to exec.
fn is(pid: u32, directory: Identity) -> Result<Holder> {
    let look = || {
        Ok(if !procfs::is_ours(pid)? {
            // Of who runs with other rights the descriptors may be out of sight.
            match procfs::holds_flock(pid, directory) {
                Ok(false) => Holder::Nobody,
                Ok(true) | Err(Errno::EACCES | Errno::EPERM) => Holder::Stranger(pid),
                Err(error) => return Err(error),
            }
        } else if procfs::is_our_process_in(pid, b"svscan", directory)?
            && procfs::holds_flock(pid, directory)?
        {
            Holder::Svscan
        } else {
            Holder::Nobody
        })
    };
    match look() {
        Err(Errno::ENOENT | Errno::ESRCH) => Ok(Holder::Nobody),
        other => other,
    }
}
