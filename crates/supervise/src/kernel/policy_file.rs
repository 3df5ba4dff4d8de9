//! Reading `supervise.toml`. Trouble in it stops nothing: a bad line is ignored, and a file
//! that can't be read leaves in force what it said before. Each trouble is reported once
//! for each version of the file.

use core::ffi::CStr;
use std::os::fd::OwnedFd;

use daemontools::servicedir::POLICY;
use daemontools::servicedir::policy::{FILE_MAX, Policy, Trouble};
use daemontools::strerr::Decimal;
use daemontools::unix::fd;
use daemontools::unix::file::{self, Identity, Kind};
use daemontools::{Errno, errno};

use crate::reporter::REPORTER;

/// The file, and what was reported about it.
#[derive(Debug)]
pub(super) struct PolicyFile {
    dir: &'static CStr,
    policy: Option<Policy>,
    /// The version whose troubles were reported.
    version: Option<Version>,
    /// Why it could not be read the last time.
    failure: Option<Failure>,
}

/// Tells a file from the same file after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Version {
    identity: Identity,
    size: i64,
    changed: (i64, i64),
}

/// Why the file can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    NotRegular,
    Error(Errno),
}

impl From<Errno> for Failure {
    fn from(error: Errno) -> Self {
        Self::Error(error)
    }
}

impl PolicyFile {
    pub(super) const fn new(dir: &'static CStr) -> Self {
        Self {
            dir,
            policy: None,
            version: None,
            failure: None,
        }
    }

    /// What the file says now; `None` without a file.
    pub(super) fn read(&mut self) -> Option<Policy> {
        let file = match file::open_read(POLICY) {
            Err(Errno::ENOENT) => {
                self.policy = None;
                self.version = None;
                self.failure = None;
                return None;
            }
            other => other,
        };
        let result = file
            .map_err(Failure::Error)
            .and_then(|file| self.parse(&file));
        if let Err(failure) = result
            && self.failure != Some(failure)
        {
            self.report_failure(failure);
        }
        self.failure = result.err();
        self.policy
    }

    // Not inlined: its buffer would be on the stack of every turn of the loop.
    #[inline(never)]
    fn parse(&mut self, file: &OwnedFd) -> Result<(), Failure> {
        let facts = file::fstat(file)?;
        if facts.kind != Kind::Regular {
            return Err(Failure::NotRegular);
        }
        let version = Version {
            identity: facts.identity,
            size: facts.size,
            changed: facts.changed,
        };
        let mut text = [0; FILE_MAX + 1];
        let mut length = 0;
        while length < text.len() {
            match fd::read(file, &mut text[length..]) {
                Ok(0) => break,
                Ok(count) => length += count,
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let is_known = self.version == Some(version);
        let dir = self.dir;
        let policy = Policy::parse(&text[..length], |trouble| {
            if !is_known {
                report(dir, &trouble);
            }
        });
        self.policy = Some(policy);
        self.version = Some(version);
        Ok(())
    }

    #[cold]
    fn report_failure(&self, failure: Failure) {
        let text = match failure {
            Failure::NotRegular => "not a regular file",
            Failure::Error(error) => errno::text(error),
        };
        let what: [&[u8]; 7] = [
            b"unable to read ",
            self.dir.to_bytes(),
            b"/",
            POLICY.to_bytes(),
            b": ",
            text.as_bytes(),
            b": what it said before holds",
        ];
        REPORTER.warning(&what, None);
    }
}

#[cold]
fn report(dir: &CStr, trouble: &Trouble<'_>) {
    let line = Decimal::new(u64::from(trouble.line));
    let (dir, name) = (dir.to_bytes(), POLICY.to_bytes());
    trouble.kind.describe(|[a, b, c, d]| {
        let line = line.as_bytes();
        let what = [dir, b"/", name, b", line ", line, b": ", a, b, c, d];
        REPORTER.warning(&what, None);
    });
}
