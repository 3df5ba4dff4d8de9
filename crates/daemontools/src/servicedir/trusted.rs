//! Reading the files in `supervise/` with the question who may have written them. A
//! program that signals the process in a record, or takes over its pipe, does so with
//! its own rights, often root's: a user who may write the record could name any process.
//! So a file is trusted only if it and `supervise/` belong to this program's user and no
//! other user may write them.

use core::ffi::CStr;
use std::os::fd::OwnedFd;

use super::detail::{self, DETAIL_LEN};
use super::status::{self, Length, Status};
use crate::unix::file::{self, Kind};
use crate::{Errno, Result};

/// Names of the files, relative to `supervise/`.
const STATUS: &CStr = c"status";
const DETAIL: &CStr = c"detail";

/// The content of a file that may be another user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked<T> {
    /// Only this program's user can have written it.
    Trusted(T),
    /// There is no such file, or it is not a record.
    Missing,
    /// Another user may have written it.
    Untrusted,
}

/// An open `supervise/` directory. All files that are read through it are of one
/// service, even if the service directory is replaced meanwhile.
#[derive(Debug)]
pub struct SuperviseDir {
    fd: OwnedFd,
    trusted: bool,
}

impl SuperviseDir {
    /// Opens the `supervise/` at `path`, which the contract allows to be a symbolic
    /// link.
    ///
    /// # Errors
    /// Those of `open(2)`, ENOENT if there is none, and of `fstat(2)`.
    pub fn open(path: &CStr) -> Result<Self> {
        let fd = file::open_directory(path)?;
        let trusted = file::fstat(&fd)?.is_ours_alone();
        Ok(Self { fd, trusted })
    }

    /// The status record. A file that does not have exactly the length of a record is
    /// missing.
    ///
    /// # Errors
    /// Those of `openat(2)`, `fstat(2)` and `read(2)`.
    pub fn status(&self) -> Result<Checked<Status>> {
        Ok(match self.open_file(STATUS)? {
            Checked::Trusted(file) => {
                status::read_open(file, Length::Exact)?.map_or(Checked::Missing, Checked::Trusted)
            }
            Checked::Missing => Checked::Missing,
            Checked::Untrusted => Checked::Untrusted,
        })
    }

    /// The text of the detail file, as much as the buffer holds.
    ///
    /// # Errors
    /// Those of `openat(2)`, `fstat(2)` and `pread(2)`.
    pub fn detail<'a>(&self, buffer: &'a mut [u8; DETAIL_LEN]) -> Result<Checked<&'a [u8]>> {
        Ok(match self.open_file(DETAIL)? {
            Checked::Trusted(file) => Checked::Trusted(detail::read(file, buffer)?),
            Checked::Missing => Checked::Missing,
            Checked::Untrusted => Checked::Untrusted,
        })
    }

    fn open_file(&self, name: &CStr) -> Result<Checked<OwnedFd>> {
        let file = match file::open_read_in(&self.fd, name) {
            Ok(file) => file,
            Err(Errno::ENOENT) => return Ok(Checked::Missing),
            // A symbolic link: supervise makes none.
            Err(Errno::ELOOP) => return Ok(Checked::Untrusted),
            Err(error) => return Err(error),
        };
        let facts = file::fstat(&file)?;
        let trusted = self.trusted && facts.kind == Kind::Regular && facts.is_ours_alone();
        Ok(match trusted {
            true => Checked::Trusted(file),
            false => Checked::Untrusted,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;
    use std::fs::{self, Permissions};
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;

    use super::*;
    use crate::servicedir::status::Want;
    use crate::tai64n::Tai64n;

    const RECORD: Status = Status {
        since: Tai64n::from_unix(1_700_000_000, 0),
        pid: 7,
        paused: false,
        want: Want::Up,
    };

    fn status(directory: &Path) -> Checked<Status> {
        let path = CString::new(directory.as_os_str().as_bytes()).expect("no NUL");
        let directory = SuperviseDir::open(&path).expect("a directory");
        directory.status().expect("an answer")
    }

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("chmod");
    }

    #[test]
    fn trusts_a_record_only_if_no_other_user_may_write_it_or_its_directory() {
        let place = tempfile::tempdir().expect("a directory");
        let (directory, file) = (place.path(), place.path().join("status"));
        mode(directory, 0o700);
        assert_eq!(status(directory), Checked::Missing);
        fs::write(&file, RECORD.pack()).expect("write");
        for (directory_mode, file_mode, expected) in [
            (0o700, 0o644, Checked::Trusted(RECORD)),
            (0o755, 0o600, Checked::Trusted(RECORD)),
            (0o770, 0o644, Checked::Untrusted),
            (0o703, 0o644, Checked::Untrusted),
            (0o700, 0o664, Checked::Untrusted),
            (0o700, 0o646, Checked::Untrusted),
        ] {
            mode(directory, directory_mode);
            mode(&file, file_mode);
            let shown = format!("{directory_mode:o} {file_mode:o}");
            assert_eq!(status(directory), expected, "{shown}");
        }
    }

    #[test]
    fn trusts_no_link_and_no_fifo_and_a_wrong_length_is_missing() {
        let place = tempfile::tempdir().expect("a directory");
        let (directory, file) = (place.path(), place.path().join("status"));
        mode(directory, 0o700);
        fs::write(place.path().join("other"), RECORD.pack()).expect("write");
        symlink("other", &file).expect("symlink");
        assert_eq!(status(directory), Checked::Untrusted);
        fs::remove_file(&file).expect("unlink");
        let fifo = CString::new(file.as_os_str().as_bytes()).expect("no NUL");
        crate::unix::fifo::make(&fifo).expect("mkfifo");
        assert_eq!(status(directory), Checked::Untrusted);
        fs::remove_file(&file).expect("unlink");
        for length in [0, 17, 19] {
            fs::write(&file, vec![0; length]).expect("write");
            mode(&file, 0o644);
            assert_eq!(status(directory), Checked::Missing, "{length}");
        }
    }
}
