//! Writing the status record, and our own detail file beside it. What could not be
//! written (a full disk, a limit, a directory that went away) is written later:
//! the record must become true again.
//!
//! The record is the contract's file and comes first, always: trouble with the detail
//! file keeps nothing from it.

use core::ffi::CStr;
use core::time::Duration;
use std::os::fd::OwnedFd;

use daemontools::servicedir::status::{STATUS_LEN, Status};
use daemontools::servicedir::{DETAIL, DETAIL_NEW, STATUS, STATUS_NEW};
use daemontools::unix::clock::Monotonic;
use daemontools::unix::{fd, file};
use daemontools::{Errno, Result};

use crate::ME;
use daemontools::servicedir::detail::Detail;

/// How long after a failed write the next is tried.
const AGAIN: Duration = Duration::from_secs(1);

/// The files, and whether they are true.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// What is on disk.
    written: Option<[u8; STATUS_LEN]>,
    status: Due,
    /// The detail file, once it was made.
    file: Option<OwnedFd>,
    detail: Due,
}

/// What is to be done about one file.
#[derive(Debug, Default)]
struct Due {
    /// It is to be written, even if it says the same.
    due: bool,
    /// When to try again after a failure.
    again: Option<Monotonic>,
    /// The failure that was last said, so that a full disk is said once.
    said: Option<Errno>,
}

impl Due {
    fn is_now(&self, now: Monotonic) -> bool {
        self.due && self.again.is_none_or(|at| at <= now)
    }

    /// It was tried.
    fn note(&mut self, result: Result<()>, now: Monotonic) {
        self.due = result.is_err();
        self.again = result.err().map(|_| now + AGAIN);
        self.said = result.err();
    }
}

impl Record {
    /// Notes that the record is to be written.
    pub(crate) const fn mark(&mut self) {
        self.status.due = true;
    }

    /// Notes that the detail file is to be written.
    pub(crate) const fn mark_detail(&mut self) {
        self.detail.due = true;
    }

    /// Notes that what is on disk is gone.
    pub(crate) fn lost(&mut self) {
        self.mark();
        self.mark_detail();
        self.file = None;
        self.written = None;
    }

    /// When a failed write is to be tried again.
    pub(crate) fn deadline(&self) -> Option<Monotonic> {
        let both = [self.status.again, self.detail.again];
        both.into_iter().flatten().min()
    }

    /// Whether there is something to write now.
    pub(crate) fn is_due(&self, now: Monotonic) -> bool {
        self.status.is_now(now) || self.detail.is_now(now)
    }

    /// Whether writing what is due makes names, and does not only write over the detail
    /// file.
    pub(crate) const fn makes_names(&self) -> bool {
        self.status.due || self.file.is_none()
    }

    /// Whether the disk says something else than `status`.
    pub(crate) fn is_stale(&self, status: &Status) -> bool {
        self.status.due && self.written != Some(status.pack())
    }

    /// Writes what is due. Trouble is said once and tried again.
    ///
    /// The order is for a successor, should this process be killed in between: a record
    /// that is newer than the detail file is ours by its stamp, and in the boot of which
    /// the detail file says that a supervise is in charge.
    pub(crate) fn write(&mut self, dir: &CStr, status: &Status, detail: &Detail, now: Monotonic) {
        if self.status.due {
            self.write_status(dir, status, now);
        }
        if self.detail.due {
            let result = self.write_detail(dir, detail);
            self.detail.note(result, now);
        }
    }

    /// Writes the record, whether it is due or not.
    pub(crate) fn write_status(&mut self, dir: &CStr, status: &Status, now: Monotonic) {
        let record = status.pack();
        let said = self.status.said;
        let result = replace(dir, STATUS_NEW, STATUS, b"status", &record, said).map(|_| {
            self.written = Some(record);
        });
        self.status.note(result, now);
    }

    fn write_detail(&mut self, dir: &CStr, detail: &Detail) -> Result<()> {
        let text = detail.render();
        if !self.write_over(&text) {
            let said = self.detail.said;
            self.file = Some(replace(dir, DETAIL_NEW, DETAIL, b"detail", &text, said)?);
        }
        Ok(())
    }

    /// Writes over the detail file, which is as long and lies within one page, so that
    /// no kill comes in between; unless somebody removed it.
    fn write_over(&self, text: &[u8]) -> bool {
        self.file.as_ref().is_some_and(|file| {
            file::fstat(file).is_ok_and(|facts| facts.links > 0)
                && file::write_at(file, text, 0) == Ok(text.len())
        })
    }
}

/// Writes `bytes` to `new` and gives it the name `path`, so that a reader sees the old
/// bytes or the new. Gives the file. The trouble that was `said` is not said again.
fn replace(
    dir: &CStr,
    new: &CStr,
    path: &CStr,
    name: &[u8],
    bytes: &[u8],
    said: Option<Errno>,
) -> Result<OwnedFd> {
    let (dir, file) = (dir.to_bytes(), new.to_bytes());
    let say = |trouble: Errno, what: &[&[u8]], shown: Option<Errno>| {
        if said != Some(trouble) {
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
