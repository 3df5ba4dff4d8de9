//! Which processes hold which locks, read from `/proc/locks` once in a takeover, and not at
//! all where no supervise runs.

use daemontools::{Errno, Result, procfs};

/// The holders of all locks.
#[derive(Debug, Default)]
pub(super) struct LockHolders {
    /// Inode and pid, sorted.
    all: Option<Vec<(u64, u32)>>,
}

impl LockHolders {
    /// The pids that hold a lock on a file with this inode, on whichever file system.
    ///
    /// # Errors
    /// ENOMEM; those of reading `/proc/locks`.
    pub(super) fn of(&mut self, inode: u64) -> Result<impl Iterator<Item = u32>> {
        if self.all.is_none() {
            self.all = Some(read()?);
        }
        let all = self.all.as_deref().unwrap_or_default();
        let first = all.partition_point(|&(of, _)| of < inode);
        let holders = all[first..].iter().take_while(move |&&(of, _)| of == inode);
        Ok(holders.map(|&(_, pid)| pid))
    }
}

fn read() -> Result<Vec<(u64, u32)>> {
    let mut holders = Vec::new();
    let mut room = true;
    procfs::each_flock(|inode, pid| {
        room = room && holders.try_reserve(1).is_ok();
        if room {
            holders.push((inode, pid));
        }
    })?;
    holders.sort_unstable();
    if room {
        Ok(holders)
    } else {
        Err(Errno::ENOMEM)
    }
}
