//! `supervise/` and its FIFOs: their modes read, and set. Each is opened before anything is
//! learned about it, and no link at the place of a FIFO is followed.

use core::ffi::CStr;
use std::fmt;
use std::os::fd::OwnedFd;
use std::path::Path;

use daemontools::servicedir::{CONTROL, OK, SUPERVISE};
use daemontools::unix::file::{self, Facts, Kind};
use daemontools::unix::{account, fifo};
use daemontools::{Errno, PERMANENT, errno};

use super::modes::{Access, Modes};
use crate::service::{c_path, path_of};

/// What could not be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// The system says why, for this file.
    System(&'static CStr, Errno),
    /// It is no FIFO, or has more than one name.
    NotFifo(&'static CStr),
    /// `supervise/` belongs to another user.
    NotOurs,
}

impl Error {
    /// The exit code.
    pub(crate) const fn exit_code(&self) -> i32 {
        match self {
            Self::System(_, error) => errno::exit_code(*error),
            Self::NotFifo(_) | Self::NotOurs => PERMANENT,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(file, error) => {
                write!(f, "{}: {}", file.to_string_lossy(), errno::text(*error))
            }
            Self::NotFifo(file) => write!(f, "{} is no FIFO", file.to_string_lossy()),
            Self::NotOurs => f.write_str("supervise belongs to another user"),
        }
    }
}

/// An open `supervise/` and its FIFOs.
#[derive(Debug)]
pub(crate) struct Place {
    directory: (OwnedFd, Facts),
    ok: (OwnedFd, Facts),
    control: (OwnedFd, Facts),
}

impl Place {
    /// Those of a service directory.
    pub(crate) fn open(service: &Path) -> Result<Self, Error> {
        let directory = directory(service)?;
        let fifo = |path: &'static CStr| {
            let opened = file::open_path_in(&directory, name(path));
            let opened = opened.and_then(|fd| Ok((file::fstat(&fd)?, fd)));
            let (facts, fd) = opened.map_err(|error| Error::System(path, error))?;
            match facts.kind == Kind::Fifo && facts.links == 1 {
                true => Ok((fd, facts)),
                false => Err(Error::NotFifo(path)),
            }
        };
        let (ok, control) = (fifo(OK)?, fifo(CONTROL)?);
        let facts = file::fstat(&directory).map_err(|error| Error::System(SUPERVISE, error))?;
        Ok(Self {
            directory: (directory, facts),
            ok,
            control,
        })
    }

    /// The facts about `supervise/`, `ok` and `control`.
    pub(crate) const fn facts(&self) -> [&Facts; 3] {
        [&self.directory.1, &self.ok.1, &self.control.1]
    }

    /// Sets the modes. On the way nobody has rights that he had neither before nor gets:
    /// first all is the owner's alone.
    pub(crate) fn set(&self, modes: Modes) -> Result<(), Error> {
        if self.directory.1.owner != account::own_user() {
            return Err(Error::NotOurs);
        }
        let parts = [
            (SUPERVISE, &self.directory.0, 0o700, modes.directory),
            (OK, &self.ok.0, 0o600, modes.ok),
            (CONTROL, &self.control.0, 0o600, modes.control),
        ];
        for (path, fd, private, mode) in parts {
            let set = || {
                if mode != private
                    && let Some(group) = modes.group
                {
                    file::set_mode_of_path(fd, private)?;
                    file::set_group(fd, group)?;
                }
                file::set_mode_of_path(fd, mode)
            };
            set().map_err(|error| Error::System(path, error))?;
        }
        Ok(())
    }
}

/// Makes `supervise/` and its FIFOs as supervise would, but with the modes for `access`,
/// which supervise keeps.
pub(crate) fn prepare(service: &Path, access: Access) -> Result<(), Error> {
    let path = service.join(path_of(SUPERVISE.to_bytes()));
    // A link that leads nowhere gets its target.
    let target = std::fs::read_link(&path).map_or(path, |target| service.join(target));
    let make = || match file::mkdir(&c_path(&target)?, 0o700) {
        Ok(()) | Err(Errno::EEXIST) => Ok(()),
        Err(error) => Err(error),
    };
    make().map_err(|error| Error::System(SUPERVISE, error))?;
    let directory = directory(service)?;
    for path in [OK, CONTROL] {
        match fifo::make_in(&directory, name(path)) {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(error) => return Err(Error::System(path, error)),
        }
    }
    Place::open(service)?.set(access.modes())
}

/// Opens `supervise/`, which may be a link.
fn directory(service: &Path) -> Result<OwnedFd, Error> {
    let path = c_path(&service.join(path_of(SUPERVISE.to_bytes())));
    path.and_then(|path| file::open_directory_path(&path))
        .map_err(|error| Error::System(SUPERVISE, error))
}

/// The last part of a path.
fn name(path: &'static CStr) -> &'static CStr {
    let slash = path.to_bytes().iter().rposition(|&byte| byte == b'/');
    &path[slash.map_or(0, |slash| slash + 1)..]
}
