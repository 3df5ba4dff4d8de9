//! The pipes between services and their loggers, and the table that owns them.

use core::ffi::CStr;
use std::os::fd::{AsRawFd, OwnedFd};

use daemontools::procfs::ProcPath;
use daemontools::strerr::Decimal;
use daemontools::unix::{fd, file};
use daemontools::{Errno, Result};

use crate::path::Path;
use crate::slot::PipeId;

/// The pipe from a service to its logger. svscan keeps both ends open, so that the pipe and
/// what is in it outlive the processes on either side.
#[derive(Debug)]
pub(crate) struct Pipe {
    /// The logger's end.
    pub(crate) read: OwnedFd,
    /// The service's end.
    pub(crate) write: OwnedFd,
}

impl Pipe {
    /// A new pipe.
    ///
    /// # Errors
    /// Those of `pipe2(2)`.
    pub(crate) fn new() -> Result<Self> {
        fd::pipe().map(|(read, write)| Self { read, write })
    }

    /// A new pipe that every user may open for writing: a program opens `/dev/stdout` also
    /// when it has given up root.
    ///
    /// # Errors
    /// Those of `pipe2(2)`.
    pub(crate) fn for_all() -> Result<Self> {
        let pipe = Self::new()?;
        // Without it only such a program fails.
        let _ = file::set_mode(&pipe.write, 0o622);
        Ok(pipe)
    }

    /// Both ends of the pipe behind `link`, an entry of `/proc/PID/fd`. Does not wait for
    /// another process to open the other end.
    ///
    /// # Errors
    /// Those of opening; EINVAL if it is no pipe, or one with a name.
    pub(crate) fn reopen(link: &CStr) -> Result<Self> {
        if !is_anonymous(link)? {
            return Err(Errno::EINVAL);
        }
        let read = file::open_read(link)?;
        let write = file::open_write(link)?;
        for end in [&read, &write] {
            // The link may have changed before the open.
            let own = ProcPath::new(std::process::id(), b"fd/")?;
            let number = Decimal::new(end.as_raw_fd().unsigned_abs().into());
            let own = Path::new(&[own.as_c_str().to_bytes(), number.as_bytes()])?;
            if !is_anonymous(own.as_c_str())? {
                return Err(Errno::EINVAL);
            }
            // Children inherit this open file description, and no other process has it.
            fd::set_nonblocking(end, false)?;
        }
        Ok(Self { read, write })
    }
}

/// Whether an entry of `/proc/PID/fd` is a pipe without a name, which can be opened only
/// through `/proc`. The link's text of a FIFO is its path.
///
/// # Errors
/// Those of `readlink(2)`.
pub(crate) fn is_anonymous(link: &CStr) -> Result<bool> {
    let mut text = [0; 32];
    match file::read_link(link, &mut text) {
        Ok(text) => Ok(text.starts_with(b"pipe:[")),
        Err(Errno::ENAMETOOLONG) => Ok(false),
        Err(error) => Err(error),
    }
}

/// All pipes that svscan holds. A slot knows its pipe by [`PipeId`].
#[derive(Debug, Default)]
pub(crate) struct Pipes {
    entries: Vec<Option<Pipe>>,
    /// The number of closed entries.
    closed: usize,
}

impl Pipes {
    /// Adds a pipe.
    ///
    /// # Errors
    /// ENOMEM.
    pub(crate) fn add(&mut self, pipe: Pipe) -> Result<PipeId> {
        let hole = match self.closed {
            0 => None,
            _ => self.entries.iter().position(Option::is_none),
        };
        let place = hole.unwrap_or(self.entries.len());
        let id = PipeId(u32::try_from(place).map_err(|_| Errno::ENOMEM)?);
        if hole.is_some() {
            self.entries[place] = Some(pipe);
            self.closed -= 1;
        } else {
            self.entries.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
            self.entries.push(Some(pipe));
        }
        Ok(id)
    }

    /// The pipe, until it is closed.
    pub(crate) fn get(&self, id: PipeId) -> Option<&Pipe> {
        self.entries.get(index(id)).and_then(Option::as_ref)
    }

    /// Closes both ends.
    pub(crate) fn close(&mut self, id: PipeId) {
        if let Some(entry) = self.entries.get_mut(index(id))
            && entry.take().is_some()
        {
            self.closed += 1;
        }
    }
}

fn index(id: PipeId) -> usize {
    usize::try_from(id.0).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_entry_is_used_again_and_others_keep_their_ids() {
        let mut pipes = Pipes::default();
        let add = |pipes: &mut Pipes| pipes.add(Pipe::new().expect("a pipe")).expect("room");
        let ids = [add(&mut pipes), add(&mut pipes), add(&mut pipes)];
        let number = |pipes: &Pipes, id| pipes.get(id).map(|pipe| pipe.read.as_raw_fd());
        let last = number(&pipes, ids[2]);
        pipes.close(ids[1]);
        pipes.close(ids[1]);
        assert!(pipes.get(ids[1]).is_none());
        assert_eq!(add(&mut pipes), ids[1]);
        assert_eq!(number(&pipes, ids[2]), last);
        assert_eq!(add(&mut pipes), PipeId(3));
    }
}
