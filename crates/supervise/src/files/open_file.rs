//! One of supervise's own files, held open. A name that exists is not enough: a lock or a
//! FIFO that somebody put in the place of ours locks nothing and leads nowhere.

use core::ffi::CStr;
use std::os::fd::OwnedFd;

use daemontools::unix::fifo;
use daemontools::unix::file::{self, Identity, Kind};
use daemontools::{Errno, Result};

use crate::reporter::REPORTER;

/// An open file and its identity.
#[derive(Debug)]
pub(super) struct OpenFile {
    pub(super) fd: OwnedFd,
    identity: Identity,
}

impl OpenFile {
    pub(super) fn new(fd: OwnedFd) -> Result<Self> {
        let identity = file::fstat(&fd)?.identity;
        Ok(Self { fd, identity })
    }

    /// Whether `path` still names this file.
    pub(super) fn is_at(&self, path: &CStr) -> bool {
        file::lstat(path).is_ok_and(|facts| facts.identity == self.identity)
    }
}

/// Makes a FIFO if the name is free, and replaces any other kind of file but a directory:
/// a regular file would be read without end, or be written by every client. A failure
/// shows when the FIFO is opened.
pub(super) fn make_fifo(dir: &CStr, path: &CStr) {
    if fifo::make(path) == Err(Errno::EEXIST)
        && let Ok(facts) = file::lstat(path)
        && !matches!(facts.kind, Kind::Fifo | Kind::Directory)
        && file::unlink(path).is_ok()
    {
        let (dir, path_bytes) = (dir.to_bytes(), path.to_bytes());
        let what = b" was no FIFO: making it again";
        REPORTER.warning(&[dir, b"/", path_bytes, what], None);
        let _ = fifo::make(path);
    }
}
