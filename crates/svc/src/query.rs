//! Reading the state of a service, by paths from the working directory, which stays as it
//! is. What svstat may read is enough.

use core::ffi::CStr;

use daemontools::buffer::Path;
use daemontools::servicedir::detail::{self, DETAIL_LEN, Detail};
use daemontools::servicedir::ok::{self, Accept};
use daemontools::servicedir::status::{self, Length, Status, StatusError};
use daemontools::unix::file;
use daemontools::{Errno, servicedir};

use crate::state::State;

/// The longest path that the kernel takes, with its NUL.
const PATH_MAX: usize = 4096;

/// How often record and detail file are read while they are about different moments.
const TRIES: usize = 8;

/// What could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// The service directory: it is not there, or no directory.
    Directory(Errno),
    /// This file of the service.
    File(&'static CStr, Errno),
}

impl Error {
    /// The system's error.
    pub(crate) const fn errno(self) -> Errno {
        match self {
            Self::Directory(error) | Self::File(_, error) => error,
        }
    }
}

/// The state of the service in `directory`.
pub(crate) fn state(directory: &CStr) -> Result<State, Error> {
    if !is_supervised(directory)? {
        return Ok(State::Unsupervised);
    }
    let mut state = State::Changing { up: false };
    for _ in 0..TRIES {
        // supervise writes the record first.
        let Some(status) = read_status(directory)? else {
            continue;
        };
        state = State::of(&status, &read_detail(directory)?);
        if !matches!(state, State::Changing { .. }) {
            break;
        }
    }
    Ok(state)
}

/// The path of a file of a service. ENAMETOOLONG if it is too long, ENOENT for an empty
/// name, which does not mean the root.
pub(crate) fn path(directory: &CStr, file: &'static CStr) -> Result<Path<PATH_MAX>, Error> {
    if directory.is_empty() {
        return Err(Error::Directory(Errno::ENOENT));
    }
    Path::new(&[directory.to_bytes(), b"/", file.to_bytes()]).map_err(Error::Directory)
}

fn is_supervised(directory: &CStr) -> Result<bool, Error> {
    let path = path(directory, servicedir::OK)?;
    ok::is_supervised(path.as_c_str(), Accept::Fifo).or_else(|error| {
        // Which part of the path is it about?
        match file::stat(directory) {
            Err(error) => Err(Error::Directory(error)),
            Ok(facts) if facts.kind != file::Kind::Directory => {
                Err(Error::Directory(Errno::ENOTDIR))
            }
            Ok(_) if error == Errno::ENOENT => Ok(false),
            Ok(_) => Err(Error::File(servicedir::OK, error)),
        }
    })
}

/// The record; `None` if supervise has not written one yet.
fn read_status(directory: &CStr) -> Result<Option<Status>, Error> {
    let path = path(directory, servicedir::STATUS)?;
    match status::read(path.as_c_str(), Length::AtLeast) {
        Ok(status) => Ok(Some(status)),
        Err(StatusError::Open(Errno::ENOENT) | StatusError::Length) => Ok(None),
        Err(StatusError::Open(error) | StatusError::Read(error)) => {
            Err(Error::File(servicedir::STATUS, error))
        }
    }
}

/// The facts of the detail file; none if there is no such file.
fn read_detail(directory: &CStr) -> Result<Detail, Error> {
    let path = path(directory, servicedir::DETAIL)?;
    let mut buffer = [0; DETAIL_LEN];
    let text = file::open_read(path.as_c_str()).and_then(|file| detail::read(file, &mut buffer));
    match text {
        Ok(text) => Ok(Detail::parse(text)),
        Err(Errno::ENOENT) => Ok(Detail::default()),
        Err(error) => Err(Error::File(servicedir::DETAIL, error)),
    }
}
