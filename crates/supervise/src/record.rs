//! Writing the status record, and our own detail file beside it. What could not be
//! written (a full disk, a limit, a directory that went away) is written later:
//! the record must become true again.

use core::ffi::CStr;
use core::time::Duration;
use std::os::fd::OwnedFd;

use daemontools::servicedir::{DETAIL, DETAIL_NEW, STATUS, STATUS_NEW};
use daemontools::status::{STATUS_LEN, Status};
use daemontools::unix::clock::Monotonic;
use daemontools::unix::{fd, file};
use daemontools::{Errno, Result};

use crate::ME;
use crate::detail::Detail;

/// How long after a failed write the next is tried.
const AGAIN: Duration = Duration::from_secs(1);

/// The files, and whether they are true.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// What is on disk.
    written: Option<[u8; STATUS_LEN]>,
    /// To be written even if it says the same.
    due: bool,
    detail_due: bool,
    /// The detail file, once it was made.
    detail: Option<OwnedFd>,
    /// When to try again after a failure.
    again: Option<Monotonic>,
    /// The failure that was last said, so that a full disk is said once.
    said: Option<Errno>,
}

impl Record {
    /// Notes that the record is to be written.
    pub(crate) const fn mark(&mut self) {
        self.due = true;
    }

    /// Notes that the detail file is to be written.
    pub(crate) const fn mark_detail(&mut self) {
        self.detail_due = true;
    }

    /// Notes that what is on disk is gone.
    pub(crate) fn lost(&mut self) {
        self.due = true;
        self.detail_due = true;
        self.detail = None;
        self.written = None;
    }

    /// When a failed write is to be tried again.
    pub(crate) const fn deadline(&self) -> Option<Monotonic> {
        self.again
    }

    /// Whether there is something to write now.
    pub(crate) fn is_due(&self, now: Monotonic) -> bool {
        (self.due || self.detail_due) && self.again.is_none_or(|at| at <= now)
    }

    /// Whether writing what is due makes names, and does not only write over the detail
    /// file.
    pub(crate) const fn makes_names(&self) -> bool {
        self.due || self.detail.is_none()
    }

    /// Whether the disk says something else than `status`.
    pub(crate) fn is_stale(&self, status: &Status) -> bool {
        self.due && self.written != Some(status.pack())
    }

    /// Writes what is due. Trouble is said once and tried again.
    pub(crate) fn write(&mut self, dir: &CStr, status: &Status, detail: &Detail, now: Monotonic) {
        let result = self.write_due(dir, status, detail);
        self.note(result, now);
    }

    /// Writes the record alone, at once, whatever else is due.
    pub(crate) fn write_now(&mut self, dir: &CStr, status: &Status, now: Monotonic) {
        self.due = true;
        let result = self.write_status(dir, status);
        self.note(result, now);
    }

    fn note(&mut self, result: Result<()>, now: Monotonic) {
        match result {
            Ok(()) => {
                self.again = None;
                self.said = None;
            }
            Err(error) => {
                self.again = Some(now + AGAIN);
                self.said = Some(error);
            }
        }
    }

    /// The order is for a successor, should this process be killed in between: the
    /// detail file says in which boot a supervise is in charge, and what a record
    /// wants counts only then.
    fn write_due(&mut self, dir: &CStr, status: &Status, detail: &Detail) -> Result<()> {
        self.write_detail(dir, detail)?;
        self.write_status(dir, status)
    }

    fn write_status(&mut self, dir: &CStr, status: &Status) -> Result<()> {
        if self.due {
            let record = status.pack();
            self.replace(dir, STATUS_NEW, STATUS, b"status", &record)?;
            self.written = Some(record);
            self.due = false;
        }
        Ok(())
    }

    fn write_detail(&mut self, dir: &CStr, detail: &Detail) -> Result<()> {
        if self.detail_due {
            let text = detail.render();
            if !self.write_over(&text) {
                self.detail = Some(self.replace(dir, DETAIL_NEW, DETAIL, b"detail", &text)?);
            }
            self.detail_due = false;
        }
        Ok(())
    }

    /// Writes over the detail file, which is as long and lies within one page, so that
    /// no kill comes in between; unless somebody removed it.
    fn write_over(&self, text: &[u8]) -> bool {
        self.detail.as_ref().is_some_and(|detail| {
            file::fstat(detail).is_ok_and(|facts| facts.links > 0)
                && file::write_at(detail, text, 0) == Ok(text.len())
        })
    }

    /// Writes `bytes` to `new` and gives it the name `path`, so that a reader sees
    /// the old bytes or the new. Gives the file.
    fn replace(
        &self,
        dir: &CStr,
        new: &CStr,
        path: &CStr,
        name: &[u8],
        bytes: &[u8],
    ) -> Result<OwnedFd> {
        let (dir, file) = (dir.to_bytes(), new.to_bytes());
        let say = |trouble: Errno, what: &[&[u8]], shown: Option<Errno>| {
            if self.said != Some(trouble) {
                ME.warning(what, shown);
            }
        };
        let fd = file::create_exclusive(new, 0o644).inspect_err(|&error| {
            say(error, &[b"unable to open ", dir, b"/", file], Some(error));
        })?;
        match fd::write(&fd, bytes) {
            Ok(count) if count == bytes.len() => {}
            Ok(_) => {
                let what: [&[u8]; 5] = [b"unable to write ", dir, b"/", file, b": partial write"];
                say(Errno::ENOSPC, &what, None);
                return Err(Errno::ENOSPC);
            }
            Err(error) => {
                say(error, &[b"unable to write ", dir, b"/", file], Some(error));
                return Err(error);
            }
        }
        file::rename(new, path).inspect_err(|&error| {
            let what: [&[u8]; 6] = [b"unable to rename ", dir, b"/", file, b" to ", name];
            say(error, &what, Some(error));
        })?;
        Ok(fd)
    }
}
