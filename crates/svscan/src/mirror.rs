//! The mirror of a scan directory in which supervises cannot work: in a container its root
//! may be read-only, or the user one that nobody knows. The mirror is a directory of our own
//! with the same services. It has a link to every file and a real `supervise/` each, and
//! svinit works there. Nothing is copied, and nothing in it is executed: `run` is a link, so
//! that the mirror may be in a file system that is mounted noexec.
//!
//! If one service directory is not writable, the whole scan directory is mirrored, so that
//! all services are found in one place.

mod links;
mod paths;
mod place;
mod plan;
mod writable;

use core::ffi::CStr;
use std::ffi::CString;
use std::os::unix::ffi::OsStringExt;

use daemontools::Errno;
use daemontools::servicedir::SOURCE;
use daemontools::strerr::Fatal;
use daemontools::unix::file;

use crate::reporter::REPORTER;
use paths::joined;
use place::Place;
use plan::Level;

/// The mirror, which is the working directory.
#[derive(Debug)]
pub(crate) struct Mirror {
    /// The scan directory, an absolute path.
    source: CString,
    place: Place,
    /// That it could not be refreshed has been reported.
    failure_reported: bool,
}

/// Makes the scan directory `directory` the working directory or, if supervises cannot work
/// in it, its mirror below `state`.
///
/// # Errors
/// The directory cannot be used, or there is no place for a mirror; it has been said.
pub(crate) fn prepare(directory: &CStr, state: Option<&CStr>) -> Result<Option<Mirror>, Fatal> {
    let name = directory.to_bytes();
    file::chdir(directory)
        .map_err(|error| REPORTER.fatal(&[b"unable to chdir to ", name], error))?;
    let unreadable = |error| REPORTER.fatal(&[b"unable to read directory ", name], error);
    let Some(refused) = writable::first_refused().map_err(unreadable)? else {
        return Ok(None);
    };
    let source = std::env::current_dir()
        .ok()
        .and_then(|path| CString::new(path.into_os_string().into_vec()).ok())
        .ok_or(Errno::ENOENT)
        .map_err(|error| REPORTER.fatal(&[b"unable to find the path of ", name], error))?;
    let Some(place) = place::open(state)? else {
        let of = joined(directory, refused.directory.as_c_str()).unwrap_or_default();
        let what: [&[u8]; 3] = [
            b"no place for supervise/: mount a tmpfs on /run (docker run --tmpfs /run; \
              Kubernetes: an emptyDir), or give a writable directory by --state; ",
            of.as_c_str().to_bytes(),
            b" cannot be written",
        ];
        return Err(REPORTER.fatal(&what, refused.error));
    };
    let begin = |error| REPORTER.fatal(&[b"unable to make the mirror of ", name], error);
    file::fchdir(&place.root).map_err(begin)?;
    if file::is_link_to_in(&place.root, SOURCE, &source) != Ok(true) {
        let _ = file::unlink_in(&place.root, SOURCE);
        file::symlink_in(&source, &place.root, SOURCE).map_err(begin)?;
    }
    links::refresh(Level::Tree, &source, &place.root).map_err(begin)?;
    Ok(Some(Mirror {
        source,
        place,
        failure_reported: false,
    }))
}

impl Mirror {
    /// Brings the mirror up to date: new services and files appear, removed ones go. A
    /// service that was removed while it runs is hidden and not disturbed. To be called
    /// before each scan.
    pub(crate) fn refresh(&mut self) {
        match links::refresh(Level::Tree, &self.source, &self.place.root) {
            Ok(()) => self.failure_reported = false,
            Err(error) => {
                if !self.failure_reported {
                    let name = self.source.to_bytes();
                    REPORTER.warning(&[b"unable to refresh the mirror of ", name], error);
                }
                self.failure_reported = true;
            }
        }
    }
}

#[cfg(test)]
mod tests;
