//! Status files: each holds the last line that was selected for it, padded with
//! newlines to a length that never changes.

use core::ffi::CStr;
use std::os::fd::OwnedFd;

use daemontools::strerr::Fatal;
use daemontools::unix::{fd, file};

use crate::{ME, pause};

/// How much of a line there is room for.
const TEXT: usize = 1000;

/// A status file.
#[derive(Debug)]
pub(crate) struct Status {
    path: &'static CStr,
    fd: OwnedFd,
    bytes: [u8; TEXT + 1],
    is_new: bool,
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
            is_new: false,
        })
    }

    /// A line for it, which counts unless another comes.
    pub(crate) fn set(&mut self, line: &[u8]) {
        let line = &line[..line.len().min(TEXT)];
        self.bytes.fill(b'\n');
        self.bytes[..line.len()].copy_from_slice(line);
        self.is_new = true;
    }

    /// Writes the last line.
    pub(crate) fn write(&mut self) {
        if !core::mem::take(&mut self.is_new) {
            return;
        }
        let path = self.path.to_bytes();
        pause::until(&[b"unable to move to beginning of ", path], || {
            file::rewind(&self.fd)
        });
        let mut rest = &self.bytes[..];
        while !rest.is_empty() {
            let count = pause::until(&[b"unable to write ", path], || fd::write(&self.fd, rest));
            rest = &rest[count..];
        }
    }
}
