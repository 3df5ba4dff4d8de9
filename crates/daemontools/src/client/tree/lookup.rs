//! What svc reads about the service in the working directory before it signals
//! anything: the status record, its supervise, and the table of all processes.

use crate::Errno;
use crate::procfs::{self, Process};
use crate::servicedir::status::Status;
use crate::servicedir::{Checked, LOCK, SuperviseDir};
use crate::unix::file::{self, Identity};

use crate::client::error::Error;

/// The status record, if no other user may have written it.
pub(super) fn trusted_status(directory: &SuperviseDir) -> Result<Status, Error> {
    match directory.status().map_err(Error::Find)? {
        Checked::Trusted(status) => Ok(status),
        Checked::Missing => Err(Error::Find(Errno::ENOENT)),
        Checked::Untrusted => Err(Error::Untrusted),
    }
}

/// The processes of this user that are called `supervise`, have the service directory as
/// their working directory and hold its lock: one, or more after a fork. None if the
/// kernel shows no locks.
pub(super) fn supervises() -> crate::Result<Vec<u32>> {
    let lock = match file::stat(LOCK) {
        Ok(lock) => lock.identity,
        Err(Errno::ENOENT) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let here = file::stat(c".")?.identity;
    let mut holders = Vec::new();
    match procfs::each_flock(|inode, pid| holders.extend((inode == lock.inode).then_some(pid))) {
        Ok(()) | Err(Errno::ENOENT) => {}
        Err(error) => return Err(error),
    }
    let mut found = Vec::new();
    for pid in holders {
        let counts = procfs::is_our_process_in(pid, b"supervise", here)? && holds(pid, lock)?;
        found.extend(counts.then_some(pid));
    }
    Ok(found)
}

/// Whether a process holds a lock; `false` if it has ended.
fn holds(pid: u32, lock: Identity) -> crate::Result<bool> {
    match procfs::holds_flock(pid, lock) {
        Err(Errno::ENOENT | Errno::ESRCH) => Ok(false),
        other => other,
    }
}

/// All processes. This one has to be among them, or `/proc` hides processes.
pub(super) fn process_table() -> Result<Vec<Process>, Error> {
    let mut table = Vec::new();
    procfs::each_process(|process| table.push(process)).map_err(Error::Find)?;
    let own = std::process::id();
    if table.iter().any(|process| process.pid == own) {
        Ok(table)
    } else {
        Err(Error::NoProc)
    }
}
