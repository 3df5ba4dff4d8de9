//! Where the socket is: at a path, because several client libraries can't write to an
//! abstract name, and in a directory of its own that only its owner may write to.

use core::ffi::CStr;
use std::os::fd::OwnedFd;

use daemontools::buffer::Path;
use daemontools::strerr::Fatal;
use daemontools::unix::file::{self, Kind};
use daemontools::unix::{env, notify_socket};
use daemontools::{Errno, PERMANENT, Result};

use super::reporter::ME;

/// The most bytes of a socket's path, with its NUL.
const PATH_MAX: usize = 108;

/// The name of a socket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    path: Path<PATH_MAX>,
    /// The directory that was made for it.
    directory: Option<Path<PATH_MAX>>,
}

impl Name {
    /// The path, for the program.
    pub(super) fn path(&self) -> &CStr {
        self.path.as_c_str()
    }

    /// Removes what was made. A path that the operator has named stays, for the next start
    /// to replace: that one may have begun already.
    pub(super) fn remove(&self) {
        if let Some(directory) = &self.directory {
            let _ = file::unlink(self.path());
            let _ = file::rmdir(directory.as_c_str());
        }
    }
}

/// Makes the socket at `path`, or in a new directory.
pub(super) fn make(path: Option<&CStr>) -> core::result::Result<(OwnedFd, Name), Fatal> {
    match path {
        Some(path) => at(path),
        None => somewhere().map_err(|error| ME.fatal(&[b"unable to make a socket"], error)),
    }
}

fn at(path: &CStr) -> core::result::Result<(OwnedFd, Name), Fatal> {
    let failed = |error| {
        let what: [&[u8]; 2] = [b"unable to make a socket at ", path.to_bytes()];
        ME.fatal(&what, error)
    };
    if !path.to_bytes().starts_with(b"/") {
        ME.plain(&[b"--socket takes a path that begins with /"], None);
        return Err(Fatal::new(PERMANENT));
    }
    let name = Name {
        path: Path::new(&[path.to_bytes()]).map_err(|error| failed(error).with_code(PERMANENT))?,
        directory: None,
    };
    // What an earlier process left. Anything else than a socket is somebody's file.
    if file::lstat(path).is_ok_and(|facts| facts.kind == Kind::Socket) {
        file::unlink(path).map_err(failed)?;
    }
    let socket = notify_socket::make(path).map_err(failed)?;
    Ok((socket, name))
}

fn somewhere() -> Result<(OwnedFd, Name)> {
    let mut failed = Errno::ENOENT;
    let own = env::get(b"TMPDIR").filter(|path| path.starts_with(b"/"));
    for place in [Some(&b"/run"[..]), own, Some(b"/tmp")] {
        let Some(place) = place else { continue };
        match within(place) {
            Ok(made) => return Ok(made),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// In a new directory below `place`. It can be searched by all, since the program may run
/// as another user, and listed by its owner alone.
fn within(place: &[u8]) -> Result<(OwnedFd, Name)> {
    let directory = file::make_unique_directory(&[place, b"/notifyfd."].concat(), 0o711)?;
    let made = Path::new(&[directory.to_bytes(), b"/socket"]).and_then(|path| {
        let name = Name {
            path,
            directory: Some(Path::new(&[directory.to_bytes()])?),
        };
        Ok((notify_socket::make(name.path())?, name))
    });
    if made.is_err() {
        let _ = file::rmdir(&directory);
    }
    made
}
