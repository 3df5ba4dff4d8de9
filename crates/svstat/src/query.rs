//! Reading the facts about services. A service whose facts can all be read is read by
//! paths from the directory where svstat was started, many of them by two threads. Any
//! other one is read again in the reference's steps, for the reference's message.

use core::ffi::CStr;
use daemontools::buffer::Path;
use daemontools::servicedir::detail::{self, DETAIL_LEN};
use daemontools::servicedir::ok::{self, Accept};
use daemontools::servicedir::status::{self, Length, Status, StatusError};
use daemontools::unix::file;
use daemontools::{Errno, servicedir, shares};

use crate::service::{Error, Service};

/// Reads all services by their paths. `None` for a service of which a fact could not be
/// read.
pub(crate) fn all_by_path(names: &[&CStr]) -> Vec<Option<Service>> {
    shares::each(names, |name| by_path(name))
}

fn by_path(name: &CStr) -> Option<Service> {
    let normally_down = has_down_file(path(name, servicedir::DOWN)?.as_c_str()).ok()?;
    let ok = path(name, servicedir::OK)?;
    let supervised = ok::is_supervised(ok.as_c_str(), Accept::Anything);
    supervised.ok().filter(|&supervised| supervised)?;
    let status = read_status(path(name, servicedir::STATUS)?.as_c_str()).ok()?;
    Some(Service {
        status,
        normally_down,
    })
}

/// Reads one service in the reference's steps. Its directory becomes the working
/// directory; `moved` tells whether it did.
pub(crate) fn by_steps(name: &CStr, moved: &mut bool) -> Result<Service, Error> {
    servicedir::enter(name).map_err(Error::Chdir)?;
    *moved = true;
    let normally_down = has_down_file(servicedir::DOWN).map_err(Error::Down)?;
    if !ok::is_supervised(servicedir::OK, Accept::Anything).map_err(Error::Ok)? {
        return Err(Error::NotRunning);
    }
    let status = read_status(servicedir::STATUS)?;
    Ok(Service {
        status,
        normally_down,
    })
}

fn has_down_file(path: &CStr) -> Result<bool, Errno> {
    match file::stat(path) {
        Err(Errno::ENOENT) => Ok(false),
        result => result.map(|_| true),
    }
}

fn read_status(path: &CStr) -> Result<Status, Error> {
    status::read(path, Length::AtLeast).map_err(|error| match error {
        StatusError::Open(error) => Error::Open(error),
        StatusError::Read(error) => Error::Read(error),
        StatusError::Length => Error::Short,
    })
}

/// The path of a file in a directory. `None` for a name that is too long, and for an
/// empty one, which does not mean the root.
fn path(directory: &CStr, file: &CStr) -> Option<Path<512>> {
    let parts = [directory.to_bytes(), b"/", file.to_bytes()];
    Path::new(&parts).ok().filter(|_| !directory.is_empty())
}

/// The text of the detail file; empty if there is none, as under the reference's
/// supervise.
pub(crate) fn detail(name: &CStr) -> Vec<u8> {
    let read = || {
        let path = path(name, servicedir::DETAIL)?;
        let file = file::open_read(path.as_c_str()).ok()?;
        let mut buffer = [0; DETAIL_LEN];
        Some(detail::read(file, &mut buffer).ok()?.to_vec())
    };
    read().unwrap_or_default()
}
