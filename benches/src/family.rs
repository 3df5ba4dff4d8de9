//! What the programs of a family are called and how they are started. All of them
//! have `supervise/control` and `supervise/status` in a service directory, and take
//! `d`, `u` and `x` in the first.

use std::path::Path;

/// A family of supervisors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// The reference and ours.
    Daemontools,
    /// Debian's runit.
    Runit,
    /// Debian's s6.
    S6,
}

impl Family {
    /// The program that watches one service.
    pub(crate) const fn supervise(self) -> &'static str {
        match self {
            Self::Daemontools => "supervise",
            Self::Runit => "runsv",
            Self::S6 => "s6-supervise",
        }
    }

    /// The program that watches a folder of services.
    pub(crate) const fn scan(self) -> &'static str {
        match self {
            Self::Daemontools => "svscan",
            Self::Runit => "runsvdir",
            Self::S6 => "s6-svscan",
        }
    }

    /// Its arguments: s6-svscan has a limit of 500 services and looks for new ones
    /// only if it is told to; the others look every five seconds.
    pub(crate) fn scan_arguments(self, folder: &Path) -> Vec<String> {
        let folder = folder.display().to_string();
        match self {
            Self::Daemontools | Self::Runit => vec![folder],
            Self::S6 => ["-c", "20000", "-t", "5000", &folder]
                .map(String::from)
                .to_vec(),
        }
    }

    /// The program that writes a log directory.
    pub(crate) const fn logger(self) -> &'static str {
        match self {
            Self::Daemontools => "multilog",
            Self::Runit => "svlogd",
            Self::S6 => "s6-log",
        }
    }
}
