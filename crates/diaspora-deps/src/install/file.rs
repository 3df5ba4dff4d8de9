//! Makes a file complete or not at all, and never over one that somebody has changed.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use daemontools::Errno;
use daemontools::unix::fd;
use daemontools::unix::file::{self, PathError};

use crate::error::{Error, FileError};
use crate::read::{self, c_path};

/// Makes a file if it does not exist; gives a word for the report.
pub(super) fn put(path: &Path, text: &str, mode: u32) -> Result<&'static str, Error> {
    match read::regular(path) {
        Ok(found) if found == text.as_bytes() => Ok("unchanged"),
        Ok(_) => Ok("kept, for it was changed"),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            make(path, text, mode, Place::Free)?;
            Ok("made")
        }
        Err(_) if path.symlink_metadata().is_ok_and(|facts| !facts.is_file()) => {
            Ok("kept, for it is no file")
        }
        Err(error) => Err(failed(path, error.into())),
    }
}

/// The same for a file with mode 644, which may have been made with the text `other`.
pub(super) fn put_over(path: &Path, text: &str, other: &str) -> Result<&'static str, Error> {
    match read::regular(path) {
        Ok(found) if found == other.as_bytes() => {
            make(path, text, 0o644, Place::Taken)?;
            Ok("made, in place of the other set's, which nobody had changed")
        }
        _ => put(path, text, 0o644),
    }
}

/// Makes a directory that is to be renamed to `path`, under a name that svscan ignores.
pub(super) fn hidden_directory(path: &Path) -> Result<PathBuf, Error> {
    let made = hidden_names(path).find_map(|hidden| match fs::create_dir(&hidden) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => None,
        made => Some(made.map(|()| hidden)),
    });
    let none = || Err(ErrorKind::AlreadyExists.into());
    made.unwrap_or_else(none)
        .map_err(|error| failed(path, error.into()))
}

/// The error for a file or directory that could not be made.
pub(super) fn failed(path: &Path, cause: FileError) -> Error {
    Error::Make {
        path: path.to_owned(),
        cause,
    }
}

/// Temporary names beside `path`. One that exists belongs to somebody else.
fn hidden_names(path: &Path) -> impl Iterator<Item = PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let hidden = move |number| path.with_file_name(format!(".{name}.{number}.new"));
    (0..100).map(hidden)
}

/// Whether a file has to be replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Free,
    Taken,
}

fn make(path: &Path, text: &str, mode: u32, place: Place) -> Result<(), Error> {
    let made = make_hidden(path, text, mode, place);
    made.map_err(|error| failed(path, FileError::Path(error)))
}

/// Makes a file under a temporary name and links it to its own: unlike a rename, a link
/// never replaces a file that has appeared meanwhile. The directory is opened once, so a
/// change of the path has no effect.
fn make_hidden(path: &Path, text: &str, mode: u32, place: Place) -> Result<(), PathError> {
    let directory = file::open_directory_safely(&c_path(path.parent().ok_or(Errno::EISDIR)?)?)?;
    let name = c_path(Path::new(path.file_name().ok_or(Errno::EISDIR)?))?;
    let mut made = Err(Errno::EEXIST);
    for hidden in hidden_names(path) {
        let new = c_path(Path::new(hidden.file_name().ok_or(Errno::EISDIR)?))?;
        match file::create_in(&directory, &new, mode) {
            Err(Errno::EEXIST) => {}
            other => {
                made = other.map(|out| (out, new));
                break;
            }
        }
    }
    let (out, new) = made?;
    let done = fd::write_all(&out, text.as_bytes())
        // The umask does not count.
        .and_then(|()| file::set_mode(&out, mode))
        .and_then(|()| match place {
            Place::Free => file::link_in(&directory, &new, &name),
            Place::Taken => file::rename_in(&directory, &new, &name),
        });
    let _ = file::unlink_in(&directory, &new);
    done.map_err(PathError::System)
}
