//! Reading the state of a service, by paths from the working directory, which stays as it
//! is. What svstat may read is enough.

use core::ffi::CStr;

use super::detail::{self, DETAIL_LEN, Detail};
use super::ok::{self, Accept};
use super::state::State;
use super::status::{self, Length, Status, StatusError};
use crate::buffer::Path;
use crate::unix::file;
use crate::{Errno, servicedir};

/// The longest path that the kernel takes, with its NUL.
const PATH_MAX: usize = 4096;

/// How often record and detail file are read while they are about different moments.
const TRIES: usize = 8;

/// What could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryError {
    /// The service directory: it is not there, or no directory.
    Directory(Errno),
    /// This file of the service.
    File(&'static CStr, Errno),
}

impl QueryError {
    /// The system's error.
    #[must_use]
    pub const fn errno(self) -> Errno {
        match self {
            Self::Directory(error) | Self::File(_, error) => error,
        }
    }
}

/// What the files of a service say.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// The state.
    pub state: State,
    /// The record; `None` where there is no supervise, or it has not written one yet.
    pub status: Option<Status>,
    /// The detail file that the state was read from.
    pub detail: Detail,
}

/// The state of the service in `directory`.
///
/// # Errors
/// There is no such directory, or one of its files can't be read.
pub fn state(directory: &CStr) -> Result<State, QueryError> {
    reading(directory).map(|reading| reading.state)
}

/// The same, with the detail file that it was read from.
///
/// # Errors
/// As [`state`].
pub fn state_and_detail(directory: &CStr) -> Result<(State, Detail), QueryError> {
    reading(directory).map(|reading| (reading.state, reading.detail))
}

/// The same, with all that it was read from.
///
/// # Errors
/// As [`state`].
pub fn reading(directory: &CStr) -> Result<Reading, QueryError> {
    let mut reading = Reading {
        state: State::Unsupervised,
        status: None,
        detail: Detail::default(),
    };
    if !is_supervised(directory)? {
        return Ok(reading);
    }
    reading.state = State::Changing { up: false };
    for _ in 0..TRIES {
        // supervise writes the record first.
        let Some(status) = read_status(directory)? else {
            continue;
        };
        let detail = read_detail(directory)?;
        reading = Reading {
            state: State::of(&status, &detail),
            status: Some(status),
            detail,
        };
        if !matches!(reading.state, State::Changing { .. }) {
            break;
        }
    }
    Ok(reading)
}

/// The path of a file of a service. ENAMETOOLONG if it is too long, ENOENT for an empty
/// name, which does not mean the root.
///
/// # Errors
/// [`QueryError::Directory`].
pub fn path(directory: &CStr, file: &'static CStr) -> Result<Path<PATH_MAX>, QueryError> {
    if directory.is_empty() {
        return Err(QueryError::Directory(Errno::ENOENT));
    }
    Path::new(&[directory.to_bytes(), b"/", file.to_bytes()]).map_err(QueryError::Directory)
}

/// Calls `use_path` with the path of a file of a service.
///
/// # Errors
/// As [`path`].
pub fn with_path<T>(
    directory: &CStr,
    file: &'static CStr,
    use_path: impl FnOnce(&CStr) -> T,
) -> Result<T, QueryError> {
    // Nearly all are short, and thousands are read: a path of the greatest length takes
    // longer to be moved than the kernel needs for it.
    const SHORT: usize = 128;
    if directory.count_bytes() + file.count_bytes() < SHORT - 1 {
        let parts = [directory.to_bytes(), b"/", file.to_bytes()];
        if let (false, Ok(path)) = (directory.is_empty(), Path::<SHORT>::new(&parts)) {
            return Ok(use_path(path.as_c_str()));
        }
    }
    path(directory, file).map(|path| use_path(path.as_c_str()))
}

fn is_supervised(directory: &CStr) -> Result<bool, QueryError> {
    let asked = with_path(directory, servicedir::OK, |path| {
        ok::is_supervised(path, Accept::Fifo)
    });
    asked?.or_else(|error| {
        // Which part of the path is it about?
        match file::stat(directory) {
            Err(error) => Err(QueryError::Directory(error)),
            Ok(facts) if facts.kind != file::Kind::Directory => {
                Err(QueryError::Directory(Errno::ENOTDIR))
            }
            Ok(_) if error == Errno::ENOENT => Ok(false),
            Ok(_) => Err(QueryError::File(servicedir::OK, error)),
        }
    })
}

/// The record; `None` if supervise has not written one yet.
fn read_status(directory: &CStr) -> Result<Option<Status>, QueryError> {
    let read = |path: &CStr| status::read(path, Length::AtLeast);
    match with_path(directory, servicedir::STATUS, read)? {
        Ok(status) => Ok(Some(status)),
        Err(StatusError::Open(Errno::ENOENT) | StatusError::Length) => Ok(None),
        Err(StatusError::Open(error) | StatusError::Read(error)) => {
            Err(QueryError::File(servicedir::STATUS, error))
        }
    }
}

/// The facts of the detail file; none if there is no such file.
fn read_detail(directory: &CStr) -> Result<Detail, QueryError> {
    let mut buffer = [0; DETAIL_LEN];
    let opened = with_path(directory, servicedir::DETAIL, file::open_read)?;
    match opened.and_then(|file| detail::read(file, &mut buffer)) {
        Ok(text) => Ok(Detail::parse(text)),
        Err(Errno::ENOENT) => Ok(Detail::default()),
        Err(error) => Err(QueryError::File(servicedir::DETAIL, error)),
    }
}
