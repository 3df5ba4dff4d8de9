//! One of supervise's own files, held open. What counts is not that a file has its name
//! but that it is the one that is open here: a lock or a FIFO that somebody put in its
//! place locks nothing and leads nowhere.

use core::ffi::CStr;
use std::os::fd::OwnedFd;

use daemontools::unix::fifo;
use daemontools::unix::file::{self, Identity, Kind};
use daemontools::{Errno, Result};

use crate::ME;

/// An open file and which one it is.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) fd: OwnedFd,
    identity: Identity,
}

impl Held {
    pub(super) fn new(fd: OwnedFd) -> Result<Self> {
        let identity = file::fstat(&fd)?.identity;
        Ok(Self { fd, identity })
    }

    /// Whether `path` still leads here.
    pub(super) fn is_at(&self, path: &CStr) -> bool {
        file::lstat(path).is_ok_and(|facts| facts.identity == self.identity)
    }
}

/// Makes a FIFO if it is not there, and instead of anything else that is: what is
/// no FIFO there would be read for ever, or be written by every client. Trouble
/// shows when the FIFO is opened.
pub(super) fn make_fifo(dir: &CStr, path: &CStr) {
    if fifo::make(path) == Err(Errno::EEXIST)
        && let Ok(facts) = file::lstat(path)
        && !matches!(facts.kind, Kind::Fifo | Kind::Directory)
        && file::unlink(path).is_ok()
    {
        let file = [dir.to_bytes(), b"/", path.to_bytes()];
        ME.warning(
            &[file[0], file[1], file[2], b" was no FIFO: making it again"],
            None,
        );
        let _ = fifo::make(path);
    }
}
