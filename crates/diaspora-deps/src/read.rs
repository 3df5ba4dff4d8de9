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

use crate::error::{Error, Location, Mistake};

/// More than any file that a person writes: the file of a user may be endless.
const SIZE_MAX: u64 = 8 << 20;

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

/// The text of a file's bytes.
///
/// # Errors
/// They are not UTF-8: the file and the line.
pub(crate) fn text(file: &Path, bytes: Vec<u8>) -> Result<String, Error> {
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let file = file.to_string_lossy();
        let text = String::from_utf8_lossy(error.as_bytes());
        // All bytes before `good` are the same in both.
        let location = Location::of_byte(&file, &text, good);
        let mistake = Mistake::NotUtf8(file.into_owned());
        Error::Mistake { location, mistake }
    })
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

fn read_all(file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = file.take(SIZE_MAX + 1).read_to_end(&mut bytes)?;
    match u64::try_from(read) {
        Ok(read) if read <= SIZE_MAX => Ok(bytes),
        _ => Err(Errno::EFBIG.into()),
    }
}
