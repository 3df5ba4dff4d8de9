//! Writing the status record, and our own detail file beside it. What could not be
//! written (a full disk, a limit, a directory that went away) is written later:
//! the record must become true again.

use core::ffi::CStr;
use core::time::Duration;

use daemontools::servicedir::{DETAIL, DETAIL_NEW, STATUS, STATUS_NEW};
use daemontools::status::{STATUS_LEN, Status};
use daemontools::strerr::Decimal;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::process::End;
use daemontools::unix::{fd, file};
use daemontools::{Errno, Result};

use crate::ME;

/// How long after a failed write the next is tried.
const AGAIN: Duration = Duration::from_secs(1);

/// What the 18 bytes have no room for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Detail {
    /// How often the service was started by this supervise.
    pub(crate) starts: u64,
    /// How it ended last.
    pub(crate) last_end: Option<End>,
}

/// The files, and whether they are true.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// What is on disk.
    written: Option<[u8; STATUS_LEN]>,
    /// To be written even if it says the same.
    due: bool,
    detail_due: bool,
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
    pub(crate) const fn lost(&mut self) {
        self.due = true;
        self.detail_due = true;
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

    /// Whether the disk says something else than `status`.
    pub(crate) fn is_stale(&self, status: &Status) -> bool {
        self.due && self.written != Some(status.pack())
    }

    /// Writes what is due. Trouble is said once and tried again.
    pub(crate) fn write(&mut self, dir: &CStr, status: &Status, detail: &Detail, now: Monotonic) {
        let result = self.write_due(dir, status, detail);
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

    fn write_due(&mut self, dir: &CStr, status: &Status, detail: &Detail) -> Result<()> {
        if self.due {
            let record = status.pack();
            self.replace(dir, STATUS_NEW, STATUS, b"status", &record)?;
            self.written = Some(record);
            self.due = false;
        }
        if self.detail_due {
            let (text, len) = detail.render();
            self.replace(dir, DETAIL_NEW, DETAIL, b"detail", &text[..len])?;
            self.detail_due = false;
        }
        Ok(())
    }

    /// Writes `bytes` to `new` and gives it the name `path`, so that a reader sees
    /// the old bytes or the new.
    fn replace(
        &self,
        dir: &CStr,
        new: &CStr,
        path: &CStr,
        name: &[u8],
        bytes: &[u8],
    ) -> Result<()> {
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
        drop(fd);
        file::rename(new, path).inspect_err(|&error| {
            let what: [&[u8]; 6] = [b"unable to rename ", dir, b"/", file, b" to ", name];
            say(error, &what, Some(error));
        })
    }
}

/// Room for two lines.
const DETAIL_MAX: usize = 64;

impl Detail {
    /// The lines `starts N` and, after the first end, `exit CODE` or
    /// `signal NUMBER`: a buffer and how much of it they fill.
    fn render(&self) -> ([u8; DETAIL_MAX], usize) {
        let mut text = [0; DETAIL_MAX];
        let mut len = 0;
        let mut line = |name: &[u8], value: u64| {
            for part in [name, Decimal::new(value).as_bytes(), b"\n"] {
                text[len..len + part.len()].copy_from_slice(part);
                len += part.len();
            }
        };
        line(b"starts ", self.starts);
        let number = |number: i32| u64::from(number.unsigned_abs());
        match self.last_end {
            Some(End::Exited(code)) => line(b"exit ", number(code)),
            Some(End::Killed(signal)) => line(b"signal ", number(signal)),
            None => {}
        }
        (text, len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_detail_fits() {
        for last_end in [End::Exited(i32::MIN), End::Killed(i32::MAX)] {
            let detail = Detail {
                starts: u64::MAX,
                last_end: Some(last_end),
            };
            let (text, len) = detail.render();
            assert!(text[..len].starts_with(b"starts 18446744073709551615\n"));
            assert!(text[..len].ends_with(b"\n"));
        }
    }
}
