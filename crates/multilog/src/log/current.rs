//! The file `current` of a log: everything that is appended to it gets there, however
//! long that takes. Its directory is the working directory while it is made or replaced.

use core::ffi::CStr;
use std::os::fd::OwnedFd;

use crate::message::{ME, pause, retry};
use daemontools::Errno;
use daemontools::strerr::Fatal;
use daemontools::unix::{fd, file, memory};

/// The mode of `current` while it is written.
const WRITTEN: u32 = 0o644;

/// The mode of a file that is complete and safe on the disk.
pub(super) const SAFE: u32 = 0o744;

/// An open `current`.
#[derive(Debug)]
pub(super) struct Current {
    pub(super) fd: OwnedFd,
    /// Its log's directory as the script names it.
    path: &'static CStr,
    pub(super) inode: u64,
    /// Its length for the rule of cuts, even if another process truncated it meanwhile.
    pub(super) len: u64,
    /// The end of the file after the last append that [`Current::end`] saw.
    end: u64,
    /// Whether something was appended since.
    grown: bool,
}

impl Current {
    /// Opens the file for appending, or makes it.
    ///
    /// # Errors
    /// It cannot be opened, or its mode cannot be set.
    pub(super) fn open(path: &'static CStr) -> Result<Self, Fatal> {
        let fatal = |what: &[u8], error| ME.fatal(&[what, path.to_bytes(), b"/current"], error);
        let fd = file::open_append_nofollow(c"current", 0o600)
            .map_err(|error| fatal(b"unable to append to ", error))?;
        file::set_mode(&fd, WRITTEN).map_err(|error| fatal(b"unable to set mode of ", error))?;
        let facts = file::fstat(&fd).ok();
        let len = facts.map_or(0, |facts| facts.size.cast_unsigned());
        Ok(Self {
            fd,
            path,
            inode: facts.map_or(0, |facts| facts.identity.inode),
            len,
            end: len,
            grown: false,
        })
    }

    /// Replaces it by a new file, now that its name is free; gives the file so far.
    pub(super) fn replace(&mut self) -> OwnedFd {
        let dir = self.path.to_bytes();
        let fresh = retry(&[b"unable to create ", dir, b"/current"], || {
            file::open_append_nofollow(c"current", WRITTEN)
        });
        let facts = file::fstat(&fresh).ok();
        if facts.is_none_or(|facts| facts.mode & 0o7777 != WRITTEN) {
            retry(&[b"unable to set mode of ", dir, b"/current"], || {
                file::set_mode(&fresh, WRITTEN)
            });
        }
        self.inode = facts.map_or(0, |facts| facts.identity.inode);
        (self.len, self.end, self.grown) = (0, 0, false);
        core::mem::replace(&mut self.fd, fresh)
    }

    /// Appends all of `bytes`.
    pub(super) fn append(&mut self, mut bytes: &[u8]) {
        self.len += bytes.len() as u64;
        while !bytes.is_empty() {
            let error = match fd::write(&self.fd, bytes) {
                Ok(0) => Errno::EIO,
                Ok(count) => {
                    self.grown = true;
                    bytes = &bytes[count..];
                    continue;
                }
                Err(Errno::EINTR) => continue,
                // The bytes are in the journal, and its file has no page for them.
                Err(Errno::EFAULT) if memory::let_go() => continue,
                Err(error) => error,
            };
            let dir = self.path.to_bytes();
            pause(&[b"unable to write to ", dir, b"/current"], error);
        }
    }

    /// The end of the file after the last append. It is not [`Current::len`] where
    /// somebody truncated the file.
    pub(super) fn end(&mut self) -> u64 {
        if core::mem::take(&mut self.grown)
            && let Ok(end) = file::offset(&self.fd)
        {
            self.end = end;
        }
        self.end
    }

    /// Whether the last byte of the file is a newline.
    pub(super) fn ends_a_line(&self) -> bool {
        let mut last = [0];
        let at = self.len.saturating_sub(1).cast_signed();
        let file = file::open_read_nofollow(c"current");
        file.is_ok_and(|file| file::read_at(file, &mut last, at) == Ok(1)) && last == *b"\n"
    }

    /// Brings the file to the disk.
    pub(super) fn sync(&self) {
        let dir = self.path.to_bytes();
        retry(&[b"unable to write ", dir, b"/current to disk"], || {
            file::sync(&self.fd)
        });
    }

    /// Makes the file safe, and says so by its mode.
    pub(super) fn close(&self) {
        self.sync();
        let dir = self.path.to_bytes();
        retry(&[b"unable to set mode of ", dir, b"/current"], || {
            file::set_mode(&self.fd, SAFE)
        });
    }
}
