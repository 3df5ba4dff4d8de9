//! Why a service could not be told, and how that is said.

use daemontools::strerr::Decimal;
use daemontools::{Errno, PERMANENT, TEMPORARY, errno};

use crate::control::ME;

/// Why a service could not be told, or not all of it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble {
    Chdir(Errno),
    NotRunning,
    NotFifo,
    Control(Errno),
    Write(Errno),
    /// Nothing was sent: the processes could not be found.
    Find(Errno),
    /// Likewise: no `/proc`, or one that hides them.
    NoProc,
    /// Likewise: the process that the record names may be another by now.
    Unproven(u32),
    /// Likewise: somebody else may have written the record.
    Stranger,
    /// This process could not be sent its signal.
    Signal(u32, Errno),
    /// All that were found were sent theirs, but new ones came up to the end.
    Late,
}

impl Trouble {
    /// What finding a process that lives has failed with.
    pub(crate) const fn of_finding(error: Errno) -> Self {
        match error {
            Errno::ENOENT | Errno::ESRCH => Self::NoProc,
            error => Self::Find(error),
        }
    }

    /// Says it of the service `name`; gives the exit code for `--strict`.
    pub(crate) fn warn(self, name: &[u8]) -> i32 {
        const CONTROL: &[u8] = b"unable to control ";
        const FIND: &[u8] = b"unable to find all processes of ";
        let number = |pid| Decimal::new(u64::from(pid));
        match self {
            Self::Chdir(error) => ME.warning(&[b"unable to chdir to ", name], error),
            Self::NotRunning => ME.warning(&[CONTROL, name, b": supervise not running"], None),
            Self::NotFifo => {
                ME.warning(&[CONTROL, name, b": supervise/control is not a FIFO"], None);
            }
            Self::Control(error) => ME.warning(&[CONTROL, name], error),
            Self::Write(error) => ME.warning(&[b"error writing commands to ", name], error),
            Self::Find(error) => ME.warning(&[FIND, name], error),
            Self::NoProc => ME.warning(&[FIND, name, b": /proc does not show them"], None),
            Self::Unproven(pid) => {
                let pid = number(pid);
                let pid = pid.as_bytes();
                let parts: [&[u8]; 5] = [
                    b"unable to tell whether process ",
                    pid,
                    b" is ",
                    name,
                    b": nothing sent",
                ];
                ME.warning(&parts, None);
            }
            Self::Stranger => {
                let parts: [&[u8]; 3] = [
                    b"unable to believe supervise/status of ",
                    name,
                    b": other users may write it: nothing sent",
                ];
                ME.warning(&parts, None);
            }
            Self::Signal(pid, error) => {
                let pid = number(pid);
                let parts: [&[u8]; 4] =
                    [b"unable to signal process ", pid.as_bytes(), b" of ", name];
                ME.warning(&parts, error);
            }
            Self::Late => {
                ME.warning(&[FIND, name, b": it goes on starting new ones"], None);
            }
        }
        match self {
            Self::NotRunning | Self::NotFifo => PERMANENT,
            Self::Chdir(error) | Self::Control(error) | Self::Write(error) => {
                errno::exit_code(error)
            }
            _ => TEMPORARY,
        }
    }
}
