//! The facts about a service, or why they could not be read. No I/O.

use daemontools::servicedir::status::Status;
use daemontools::{Errno, PERMANENT, errno};

/// A service under a supervise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Service {
    /// The status record.
    pub(crate) status: Status,
    /// Whether it has a `down` file: then supervise does not start it at first.
    pub(crate) normally_down: bool,
}

/// Why the facts about a service could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// The directory could not be entered.
    Chdir(Errno),
    /// `stat(2)` of the `down` file failed.
    Down(Errno),
    /// `supervise/ok` could not be opened.
    Ok(Errno),
    /// No supervise has `supervise/ok` open for reading.
    NotRunning,
    /// The status record could not be opened.
    Open(Errno),
    /// The status record could not be read.
    Read(Errno),
    /// The file is too short for a status record.
    Short,
}

impl Error {
    /// The text in the service's line, and the system's error whose text follows it.
    pub(crate) const fn text(self) -> (&'static str, Option<Errno>) {
        match self {
            Self::Chdir(error) => ("unable to chdir: ", Some(error)),
            Self::Down(error) => ("unable to stat down: ", Some(error)),
            Self::Ok(error) => ("unable to open supervise/ok: ", Some(error)),
            Self::NotRunning => ("supervise not running", None),
            Self::Open(error) => ("unable to open supervise/status: ", Some(error)),
            Self::Read(error) => ("unable to read supervise/status: ", Some(error)),
            Self::Short => ("unable to read supervise/status: bad format", None),
        }
    }

    /// The exit code for `--strict`.
    pub(crate) const fn exit_code(self) -> i32 {
        match self.text().1 {
            Some(error) => errno::exit_code(error),
            None => PERMANENT,
        }
    }
}
