//! Why a service could not be controlled, and the message about it.

use crate::strerr::{Decimal, Reporter};
use crate::{Errno, PERMANENT, TEMPORARY, errno};

/// Why a service, or some of its processes, could not be controlled.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Error {
    /// The service directory could not be entered.
    Chdir(Errno),
    /// No supervise reads the control FIFO.
    NotRunning,
    /// `supervise/control` is not a FIFO.
    NotFifo,
    /// The control FIFO could not be opened.
    Open(Errno),
    /// The commands could not be written.
    Write(Errno),
    /// The processes could not be found; nothing was sent.
    Find(Errno),
    /// `/proc` is missing or hides processes; nothing was sent.
    NoProc,
    /// The process in the status record may be another one by now; nothing was sent.
    Unproven(u32),
    /// Another user may have written the status record; nothing was sent.
    Untrusted,
    /// This process could not be sent its signal.
    Signal(u32, Errno),
    /// All processes that were found were sent the signal, but new ones kept appearing.
    StillForking,
}

impl Error {
    /// The error of looking at a process that exists.
    pub(crate) const fn of_lookup(error: Errno) -> Self {
        match error {
            Errno::ENOENT | Errno::ESRCH => Self::NoProc,
            error => Self::Find(error),
        }
    }

    /// Has `me` write the warning about the service `name`. Gives the exit code for
    /// `--strict`.
    pub(crate) fn warn(self, me: &Reporter, name: &[u8]) -> i32 {
        const CONTROL: &[u8] = b"unable to control ";
        const FIND: &[u8] = b"unable to find all processes of ";
        let warn = |parts: &[&[u8]], error: Option<Errno>| me.warning(parts, error);
        let number = |pid| Decimal::new(u64::from(pid));
        match self {
            Self::Chdir(error) => warn(&[b"unable to chdir to ", name], Some(error)),
            Self::NotRunning => warn(&[CONTROL, name, b": supervise not running"], None),
            Self::NotFifo => warn(&[CONTROL, name, b": supervise/control is not a FIFO"], None),
            Self::Open(error) => warn(&[CONTROL, name], Some(error)),
            Self::Write(error) => warn(&[b"error writing commands to ", name], Some(error)),
            Self::Find(error) => warn(&[FIND, name], Some(error)),
            Self::NoProc => warn(&[FIND, name, b": /proc does not show them"], None),
            Self::Unproven(pid) => warn(
                &[
                    b"unable to tell whether process ",
                    number(pid).as_bytes(),
                    b" is ",
                    name,
                    b": nothing sent",
                ],
                None,
            ),
            Self::Untrusted => warn(
                &[
                    b"unable to believe supervise/status of ",
                    name,
                    b": other users may write it: nothing sent",
                ],
                None,
            ),
            Self::Signal(pid, error) => warn(
                &[
                    b"unable to signal process ",
                    number(pid).as_bytes(),
                    b" of ",
                    name,
                ],
                Some(error),
            ),
            Self::StillForking => warn(&[FIND, name, b": it goes on starting new ones"], None),
        }
        self.exit_code()
    }

    /// The exit code for `--strict`.
    const fn exit_code(self) -> i32 {
        match self {
            Self::NotRunning | Self::NotFifo => PERMANENT,
            Self::Chdir(error) | Self::Open(error) | Self::Write(error) => errno::exit_code(error),
            Self::Find(_)
            | Self::NoProc
            | Self::Unproven(_)
            | Self::Untrusted
            | Self::Signal(..)
            | Self::StillForking => TEMPORARY,
        }
    }
}
