//! What is believed of the files in `supervise/`. A record that somebody else may have
//! written names any process that he likes, and who signals it or takes over its pipe
//! does so with our rights. So a record counts only if `supervise/` and the file itself
//! are ours and nobody else may write them.

use core::ffi::CStr;
use std::os::fd::OwnedFd;

use crate::status::{STATUS_LEN, Status};
use crate::unix::fd;
use crate::unix::file::{self, Kind};
use crate::{Errno, Result};

/// Names of the files, relative to `supervise/`.
const STATUS: &CStr = c"status";
const DETAIL: &CStr = c"detail";

/// What became of reading a file that has to be ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told<T> {
    /// This is what it says.
    By(T),
    /// There is no such file.
    Nothing,
    /// Somebody else may have written it: what it says counts for nothing.
    Stranger,
}

/// An open `supervise/` directory: all that is read through it is of one service,
/// whatever the names lead to meanwhile.
#[derive(Debug)]
pub struct Own {
    directory: OwnedFd,
    ours: bool,
}

impl Own {
    /// Opens the `supervise/` at `path`, which may be a link to it, as the contract
    /// has it.
    ///
    /// # Errors
    /// What `open(2)` and `fstat(2)` say: ENOENT if there is none.
    pub fn open(path: &CStr) -> Result<Self> {
        let directory = file::open_directory(path)?;
        let ours = file::fstat(&directory)?.is_ours_alone();
        Ok(Self { directory, ours })
    }

    /// The status record. One of another length than a record has tells nothing.
    ///
    /// # Errors
    /// What opening, `fstat(2)` and reading say, but for a file that is not there.
    pub fn status(&self) -> Result<Told<Status>> {
        let mut record = [0; STATUS_LEN + 1];
        Ok(match self.read(STATUS, &mut record)? {
            Told::By(read) => match <&[u8; STATUS_LEN]>::try_from(read) {
                Ok(record) => Told::By(Status::unpack(record)),
                Err(_) => Told::Nothing,
            },
            Told::Nothing => Told::Nothing,
            Told::Stranger => Told::Stranger,
        })
    }

    /// The beginning of the detail file, as much as the buffer holds.
    ///
    /// # Errors
    /// As [`status`](Self::status).
    pub fn detail<'a>(&self, buffer: &'a mut [u8]) -> Result<Told<&'a [u8]>> {
        self.read(DETAIL, buffer)
    }

    fn read<'a>(&self, name: &CStr, buffer: &'a mut [u8]) -> Result<Told<&'a [u8]>> {
        let fd = match file::open_read_in(&self.directory, name) {
            Ok(fd) => fd,
            Err(Errno::ENOENT) => return Ok(Told::Nothing),
            // A link: supervise makes none.
            Err(Errno::ELOOP) => return Ok(Told::Stranger),
            Err(error) => return Err(error),
        };
        let facts = file::fstat(&fd)?;
        if !self.ours || facts.kind != Kind::Regular || !facts.is_ours_alone() {
            return Ok(Told::Stranger);
        }
        loop {
            match fd::read(&fd, buffer) {
                Ok(count) => return Ok(Told::By(&buffer[..count])),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error),
            }
        }
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
    use crate::status::Want;
    use crate::tai64n::Tai64n;

    const RECORD: Status = Status {
        since: Tai64n::from_unix(1_700_000_000, 0),
        pid: 7,
        paused: false,
        want: Want::Up,
    };

    fn status(directory: &Path) -> Told<Status> {
        let path = CString::new(directory.as_os_str().as_bytes()).expect("no NUL");
        let own = Own::open(&path).expect("a directory");
        own.status().expect("an answer")
    }

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("chmod");
    }

    #[test]
    fn a_record_counts_only_if_nobody_else_may_write_it_or_put_it_there() {
        let place = tempfile::tempdir().expect("a directory");
        let (directory, file) = (place.path(), place.path().join("status"));
        mode(directory, 0o700);
        assert_eq!(status(directory), Told::Nothing);
        fs::write(&file, RECORD.pack()).expect("write");
        for (directory_mode, file_mode, told) in [
            (0o700, 0o644, Told::By(RECORD)),
            (0o755, 0o600, Told::By(RECORD)),
            (0o770, 0o644, Told::Stranger),
            (0o703, 0o644, Told::Stranger),
            (0o700, 0o664, Told::Stranger),
            (0o700, 0o646, Told::Stranger),
        ] {
            mode(directory, directory_mode);
            mode(&file, file_mode);
            let shown = format!("{directory_mode:o} {file_mode:o}");
            assert_eq!(status(directory), told, "{shown}");
        }
    }

    #[test]
    fn neither_a_link_nor_a_fifo_nor_half_a_record_tells_anything() {
        let place = tempfile::tempdir().expect("a directory");
        let (directory, file) = (place.path(), place.path().join("status"));
        mode(directory, 0o700);
        fs::write(place.path().join("other"), RECORD.pack()).expect("write");
        symlink("other", &file).expect("symlink");
        assert_eq!(status(directory), Told::Stranger);
        fs::remove_file(&file).expect("unlink");
        let fifo = CString::new(file.as_os_str().as_bytes()).expect("no NUL");
        crate::unix::fifo::make(&fifo).expect("mkfifo");
        assert_eq!(status(directory), Told::Stranger);
        fs::remove_file(&file).expect("unlink");
        for length in [0, 17, 19] {
            fs::write(&file, vec![0; length]).expect("write");
            mode(&file, 0o644);
            assert_eq!(status(directory), Told::Nothing, "{length}");
        }
    }
}
