//! Asking `supervise/ok` whether a supervise runs. It has that FIFO open for reading, so
//! that only while it runs the FIFO can be opened for writing.

use core::ffi::CStr;

use crate::unix::{fifo, file};
use crate::{Errno, Result};

/// What may stand at the name `supervise/ok`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// Whatever can be opened for writing without waiting: the rule of the reference's
    /// svok and svstat.
    Anything,
    /// A FIFO, not reached through a symbolic link at that name.
    Fifo,
}

/// Whether the FIFO at `path` has a reader: then a supervise runs.
///
/// # Errors
/// ENOENT if there is no such name, EINVAL for what is not accepted, and those of
/// `open(2)`.
pub fn is_supervised(path: &CStr, accept: Accept) -> Result<bool> {
    let opened = match accept {
        Accept::Anything => file::open_write(path),
        Accept::Fifo => fifo::open_write_nofollow(path),
    };
    match opened {
        Ok(_) => Ok(true),
        Err(Errno::ENXIO) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn a_reader_makes_the_difference_and_only_the_strict_rule_asks_for_a_fifo() {
        let place = tempfile::tempdir().expect("a directory");
        let file = place.path().join("ok");
        let path = CString::new(file.as_os_str().as_bytes()).expect("no NUL");
        let asked = || [Accept::Anything, Accept::Fifo].map(|accept| is_supervised(&path, accept));
        assert_eq!(asked(), [Err(Errno::ENOENT), Err(Errno::ENOENT)]);
        std::fs::write(&file, "").expect("write");
        assert_eq!(asked(), [Ok(true), Err(Errno::EINVAL)]);
        std::fs::remove_file(&file).expect("unlink");
        fifo::make(&path).expect("mkfifo");
        assert_eq!(asked(), [Ok(false), Ok(false)]);
        let _reader = file::open_read(&path).expect("a reader");
        assert_eq!(asked(), [Ok(true), Ok(true)]);
    }
}
