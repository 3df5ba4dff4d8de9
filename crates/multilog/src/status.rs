//! Status files: each holds the last line that was selected for it, padded with newlines
//! to a fixed length.

use core::ffi::CStr;
use std::os::fd::OwnedFd;

use crate::message::{ME, retry};
use daemontools::strerr::Fatal;
use daemontools::unix::{fd, file};

/// The longest text that is kept of a line.
const TEXT: usize = 1000;

/// A status file.
#[derive(Debug)]
pub(crate) struct Status {
    path: &'static CStr,
    fd: OwnedFd,
    bytes: [u8; TEXT + 1],
    /// Whether a line came since the last write.
    is_changed: bool,
}

impl Status {
    /// Opens one; it is made if need be, and keeps what it holds until a line
    /// comes.
    ///
    /// # Errors
    /// What the file system refuses.
    pub(crate) fn open(path: &'static CStr) -> Result<Self, Fatal> {
        let fd = file::open_append(path, 0o600)
            .and_then(|_| file::open_write(path))
            .map_err(|error| ME.fatal(&[b"unable to create ", path.to_bytes()], error))?;
        Ok(Self {
            path,
            fd,
            bytes: [b'\n'; TEXT + 1],
            is_changed: false,
        })
    }

    /// Sets the line that the next write writes.
    pub(crate) fn set(&mut self, line: &[u8]) {
        let line = &line[..line.len().min(TEXT)];
        self.bytes.fill(b'\n');
        self.bytes[..line.len()].copy_from_slice(line);
        self.is_changed = true;
    }

    /// Writes the last line, if one came.
    pub(crate) fn write(&mut self) {
        if !core::mem::take(&mut self.is_changed) {
            return;
        }
        let path = self.path.to_bytes();
        retry(&[b"unable to move to beginning of ", path], || {
            file::rewind(&self.fd)
        });
        let mut rest = &self.bytes[..];
        while !rest.is_empty() {
            let count = retry(&[b"unable to write ", path], || fd::write(&self.fd, rest));
            rest = &rest[count..];
        }
    }
}
