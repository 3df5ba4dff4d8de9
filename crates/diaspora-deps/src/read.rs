//! Reads regular files only: a FIFO in the place of a file would block the reader. What
//! root is to obey must not be writable by another user.

use core::ffi::CStr;
use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use daemontools::Errno;
use daemontools::unix::file::{self, Kind, PathError};

/// A path for a system call.
pub(crate) fn c_path(path: &Path) -> Result<CString, Errno> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| Errno::EINVAL)
}

/// The path of a file in a directory, for a system call.
pub(crate) fn c_path_in(directory: &Path, file: &CStr) -> Result<CString, Errno> {
    c_path(&directory.join(OsStr::from_bytes(file.to_bytes())))
}

/// The bytes of a regular file.
pub(crate) fn regular(path: &Path) -> io::Result<Vec<u8>> {
    let file = file::open_read(&c_path(path)?)?;
    if file::fstat(&file)?.kind != Kind::Regular {
        return Err(io::Error::other("not a regular file"));
    }
    read_all(File::from(file))
}

/// The bytes of a regular file that no other user may write or replace; `None` if it
/// does not exist.
pub(crate) fn trusted(path: &Path) -> Result<Option<Vec<u8>>, PathError> {
    match file::open_file_safely(&c_path(path)?) {
        Err(PathError::System(Errno::ENOENT)) => Ok(None),
        Err(error) => Err(error),
        Ok(file) => match read_all(File::from(file)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) => Err(Errno::from_raw(error.raw_os_error().unwrap_or(0)).into()),
        },
    }
}

fn read_all(mut file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}
