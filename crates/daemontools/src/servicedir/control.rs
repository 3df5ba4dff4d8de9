//! Writing commands to `supervise/control`. Whatever stands at that name is not trusted
//! to be supervise's FIFO, and a supervise that does not read must not hold up its
//! client.

use core::ffi::CStr;
use core::time::Duration;
use std::os::fd::{AsFd, OwnedFd};

use crate::unix::clock::Monotonic;
use crate::unix::{fd, fifo, poll};
use crate::{Errno, Result};

/// Opens the control FIFO at `path` for writing, without waiting for a reader.
///
/// # Errors
/// ENXIO if no supervise reads it, EINVAL if it is not a FIFO (a symbolic link to one is
/// not), and those of `open(2)`.
pub fn open(path: &CStr) -> Result<OwnedFd> {
    fifo::open_write_nofollow(path)
}

/// Writes all of `commands` in one `write(2)`, so that the commands of two clients are
/// not mixed. Does not wait for room.
///
/// # Errors
/// EAGAIN if there is not enough room, and those of `write(2)`.
pub fn write(control: impl AsFd, commands: &[u8]) -> Result<()> {
    if commands.is_empty() {
        return Ok(());
    }
    loop {
        match fd::write(&control, commands) {
            Ok(count) if count == commands.len() => return Ok(()),
            Ok(_) => return Err(Errno::EAGAIN),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Writes `commands` as [`write()`] does, but waits at most `patience` for room.
///
/// # Errors
/// ETIMEDOUT if there was not enough room in that time, and those of `write(2)`.
pub fn write_within(control: impl AsFd, commands: &[u8], patience: Duration) -> Result<()> {
    let mut deadline = None;
    loop {
        match write(&control, commands) {
            Err(Errno::EAGAIN) => {}
            result => return result,
        }
        let deadline = *deadline.get_or_insert_with(|| Monotonic::now() + patience);
        if !poll::writable_by(control.as_fd(), deadline)? {
            return Err(Errno::ETIMEDOUT);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::unix::file;

    #[test]
    fn writes_to_a_fifo_with_a_reader_and_to_nothing_else() {
        let place = tempfile::tempdir().expect("a directory");
        let path = |name| {
            let path = place.path().join(name);
            CString::new(path.as_os_str().as_bytes()).expect("no NUL")
        };
        let opened = |path: &CStr| open(path).map(drop);
        let (control, link, plain) = (path("control"), path("link"), path("plain"));
        assert_eq!(opened(&control), Err(Errno::ENOENT));
        fifo::make(&control).expect("mkfifo");
        assert_eq!(opened(&control), Err(Errno::ENXIO));
        let reader = file::open_read(&control).expect("a reader");
        symlink("control", place.path().join("link")).expect("symlink");
        std::fs::write(place.path().join("plain"), "").expect("write");
        assert_eq!(opened(&link), Err(Errno::EINVAL));
        assert_eq!(opened(&plain), Err(Errno::EINVAL));

        let writer = open(&control).expect("a writer");
        write(&writer, b"du").expect("room");
        let mut bytes = [0; 8];
        assert_eq!(fd::read(&reader, &mut bytes), Ok(2));
        assert_eq!(&bytes[..2], b"du");
        while write(&writer, &[b'.'; 4096]).is_ok() {}
        while write(&writer, b".").is_ok() {}
        assert_eq!(write(&writer, b"u"), Err(Errno::EAGAIN));
        let timeout = write_within(&writer, b"u", Duration::ZERO);
        assert_eq!(timeout, Err(Errno::ETIMEDOUT));
        drop(reader);
    }
}
