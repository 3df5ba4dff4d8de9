//! Writing the status record and the detail file. A failure is reported once, until it
//! changes.

use core::ffi::CStr;
use std::os::fd::OwnedFd;

use daemontools::servicedir::status::STATUS_LEN;
use daemontools::servicedir::{DETAIL, DETAIL_NEW, STATUS, STATUS_NEW};
use daemontools::unix::{fd, file};
use daemontools::{Errno, Result};

use crate::reporter::REPORTER;

/// One of the two files: its names, and the failure that was reported last.
#[derive(Debug)]
struct Replaced {
    dir: &'static CStr,
    /// Where it is written.
    new: &'static CStr,
    /// Where it is put.
    path: &'static CStr,
    /// The last component of `path`, for messages.
    name: &'static str,
    reported: Option<Errno>,
}

/// Both files.
#[derive(Debug)]
pub(super) struct RecordFiles {
    status: Replaced,
    detail: Replaced,
    /// The detail file, once it was made.
    open_detail: Option<OwnedFd>,
}

impl RecordFiles {
    pub(super) const fn new(dir: &'static CStr) -> Self {
        Self {
            status: Replaced::new(dir, STATUS_NEW, STATUS, "status"),
            detail: Replaced::new(dir, DETAIL_NEW, DETAIL, "detail"),
            open_detail: None,
        }
    }

    pub(super) fn replace_status(&mut self, record: &[u8; STATUS_LEN]) -> Result<()> {
        self.status.replace(record).map(drop)
    }

    pub(super) fn replace_detail(&mut self, text: &[u8]) -> Result<()> {
        self.open_detail = Some(self.detail.replace(text)?);
        Ok(())
    }

    /// Writes over the detail file, which is as long and lies within one page, so that a
    /// kill does not divide it. False if there is none, or if somebody removed it.
    pub(super) fn overwrite_detail(&mut self, text: &[u8]) -> bool {
        let written = self.open_detail.as_ref().is_some_and(|file| {
            file::fstat(file).is_ok_and(|facts| facts.links > 0)
                && file::write_at(file, text, 0) == Ok(text.len())
        });
        if written {
            self.detail.reported = None;
        }
        written
    }

    /// The detail file is another from now on.
    pub(super) fn close_detail(&mut self) {
        self.open_detail = None;
    }
}

impl Replaced {
    const fn new(
        dir: &'static CStr,
        new: &'static CStr,
        path: &'static CStr,
        name: &'static str,
    ) -> Self {
        Self {
            dir,
            new,
            path,
            name,
            reported: None,
        }
    }

    /// Writes `bytes` to a new file and renames it, so that a reader sees the old bytes
    /// or the new.
    fn replace(&mut self, bytes: &[u8]) -> Result<OwnedFd> {
        let result = self.try_replace(bytes);
        self.reported = result.as_ref().err().copied();
        result
    }

    fn try_replace(&self, bytes: &[u8]) -> Result<OwnedFd> {
        let (dir, new) = (self.dir.to_bytes(), self.new.to_bytes());
        let fd = file::create_exclusive(self.new, 0o644).inspect_err(|&error| {
            self.report(error, &[b"unable to open ", dir, b"/", new], Some(error));
        })?;
        match fd::write(&fd, bytes) {
            Ok(count) if count == bytes.len() => {}
            Ok(_) => {
                let what: [&[u8]; 5] = [b"unable to write ", dir, b"/", new, b": partial write"];
                self.report(Errno::ENOSPC, &what, None);
                return Err(Errno::ENOSPC);
            }
            Err(error) => {
                self.report(error, &[b"unable to write ", dir, b"/", new], Some(error));
                return Err(error);
            }
        }
        file::rename(self.new, self.path).inspect_err(|&error| {
            let name = self.name.as_bytes();
            let what: [&[u8]; 6] = [b"unable to rename ", dir, b"/", new, b" to ", name];
            self.report(error, &what, Some(error));
        })?;
        Ok(fd)
    }

    /// Reports a failure unless it was reported already.
    fn report(&self, error: Errno, what: &[&[u8]], shown: Option<Errno>) {
        if self.reported != Some(error) {
            REPORTER.warning(what, shown);
        }
    }
}
