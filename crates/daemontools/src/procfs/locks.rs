//! Who holds a lock of `flock(2)`. `/proc/locks` tells it by inode and pid, quickly but
//! not exactly; `/proc/PID/fdinfo` tells it exactly.

use core::str;

use super::{ProcPath, each_pid, is_ours};
use crate::unix::dir::Dir;
use crate::unix::fd;
use crate::unix::file::{self, Identity};
use crate::{Errno, Result};

/// Calls `each` with the inode and the pid of every lock of `flock(2)`. The pid is that
/// of the process that took the lock.
///
/// The device is left out: on some file systems it differs from the one that `stat`
/// tells. An inode alone proves nothing, since a user who mounts a file system of his
/// own can give a file any inode. [`holds_flock`] is the proof.
///
/// # Errors
/// Those of opening and reading `/proc/locks`.
pub fn each_flock(mut each: impl FnMut(u64, u32)) -> Result<()> {
    let locks = file::open_read(c"/proc/locks")?;
    each_line(
        |buffer| fd::read(&locks, buffer),
        |line| {
            if let Some((inode, pid)) = parse(line) {
                each(inode, pid);
            }
        },
    )
}

/// Calls `each` with every line of the text that `read` gives. A line longer than the
/// buffer is left out: `/proc/locks` has such lines if thousands wait for one lock.
fn each_line(
    mut read: impl FnMut(&mut [u8]) -> Result<usize>,
    mut each: impl FnMut(&[u8]),
) -> Result<()> {
    let mut buffer = [0; 4096];
    let mut filled = 0;
    let mut skipping = false;
    loop {
        filled += match read(&mut buffer[filled..]) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(Errno::EINTR) => 0,
            Err(error) => return Err(error),
        };
        let mut start = 0;
        while let Some(length) = buffer[start..filled].iter().position(|&byte| byte == b'\n') {
            let line = &buffer[start..start + length];
            if !skipping {
                each(line);
            }
            skipping = false;
            start += length + 1;
        }
        if start == 0 && filled == buffer.len() {
            skipping = true;
            start = filled;
        }
        buffer.copy_within(start..filled, 0);
        filled -= start;
    }
}

/// Inode and pid of a line of `/proc/locks`, such as
/// `1: FLOCK  ADVISORY  WRITE 42 fe:00:987 0 EOF`. `None` for other kinds of locks and for
/// a process that waits for one.
fn parse(line: &[u8]) -> Option<(u64, u32)> {
    let mut fields = str::from_utf8(line).ok()?.split_ascii_whitespace().skip(1);
    if fields.next() != Some("FLOCK") {
        return None;
    }
    let pid = fields.nth(2)?.parse().ok()?;
    let inode = fields.next()?.rsplit(':').next()?.parse().ok()?;
    Some((inode, pid))
}

/// Whether a process has a descriptor of the file `locked` that holds its lock of
/// `flock(2)`. It may have inherited that descriptor from the process that took the lock.
///
/// # Errors
/// ENOENT if there is no such process, EACCES if this process may not look at it, and
/// the others of opening and reading entries of `/proc/PID`.
pub fn holds_flock(pid: u32, locked: Identity) -> Result<bool> {
    let path = |kind: &[u8], number: &[u8]| ProcPath::of_number(pid, kind, number);
    let is_locked_file = |number: &[u8]| {
        let facts = path(b"fd/", number).and_then(|path| file::stat(path.as_c_str()));
        facts.is_ok_and(|facts| facts.identity == locked)
    };
    let mut found = Ok(false);
    Dir::open(path(b"fd", b"")?.as_c_str())?.each(|number, _| {
        let number = number.to_bytes();
        if found == Ok(false) && number.first() != Some(&b'.') && is_locked_file(number) {
            found = path(b"fdinfo/", number).and_then(|path| is_locked(&path));
        }
    })?;
    found
}

/// Who holds a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Another process of this program's user, see [`is_ours`].
    Ours,
    /// No such process; this pid took the lock.
    Other(u32),
    /// No process that `/proc` shows.
    Unknown,
}

/// Finds out whether another process of this program's user holds the lock of the file
/// `locked`. It looks at every process, so it is for when a lock could not be taken.
///
/// # Errors
/// Those of [`each_flock`], [`each_pid`], [`is_ours`] and [`holds_flock`], but for a
/// process that has ended or that this process may not look at.
pub fn flock_holder(locked: Identity) -> Result<Holder> {
    let mut taker = None;
    each_flock(|inode, pid| {
        if inode == locked.inode {
            taker = Some(pid);
        }
    })?;
    let Some(taker) = taker else {
        return Ok(Holder::Unknown);
    };
    let mut ours = Ok(false);
    // The process that took the lock may have ended and left it to a child, so all are
    // looked at.
    each_pid(|pid| {
        if ours == Ok(false) && pid != std::process::id() {
            ours = match is_ours(pid) {
                Ok(true) => holds_flock(pid, locked),
                other => other,
            };
            // It has ended; or it may not be looked at, and then it is not ours.
            if let Err(Errno::ENOENT | Errno::ESRCH | Errno::EACCES | Errno::EPERM) = ours {
                ours = Ok(false);
            }
        }
    })?;
    Ok(if ours? {
        Holder::Ours
    } else {
        Holder::Other(taker)
    })
}

/// Whether the `fdinfo` of a descriptor has a line for a lock of `flock(2)`, such as
/// `lock: 1: FLOCK  ADVISORY  WRITE 42 fe:00:987 0 EOF`.
fn is_locked(fdinfo: &ProcPath) -> Result<bool> {
    let mut text = [0; 1024];
    let text = match file::read_start(fdinfo.as_c_str(), &mut text) {
        Ok(text) => text,
        // The descriptor was closed meanwhile.
        Err(file::ReadError::Open(Errno::ENOENT)) => return Ok(false),
        Err(file::ReadError::Open(error) | file::ReadError::Read(error)) => return Err(error),
    };
    let mut lines = text.split(|&byte| byte == b'\n');
    Ok(lines.any(|line| {
        line.strip_prefix(b"lock:")
            .is_some_and(|lock| parse(lock).is_some())
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_inode_and_pid_of_a_flock_that_is_held() {
        let parse = |line: &str| parse(line.as_bytes());
        let line = "3: FLOCK  ADVISORY  WRITE 9739 fe:00:5793250 0 EOF";
        assert_eq!(parse(line), Some((5_793_250, 9739)));
        assert_eq!(parse("1: POSIX  ADVISORY  WRITE 3 00:27:5 0 EOF"), None);
        assert_eq!(parse("1: -> FLOCK  ADVISORY  WRITE 3 00:27:5 0 EOF"), None);
        assert_eq!(parse("1: FLOCK  ADVISORY  WRITE -1 00:27:5 0 EOF"), None);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn leaves_out_a_line_that_is_too_long_and_no_other() {
        let long = [b' '; 10_000];
        let text = [
            b"first\n",
            &long[..],
            b"\nsecond\n",
            &long[..4096],
            b"\nthird\n",
        ]
        .concat();
        for piece in [1, 7, 4000, 4096] {
            let mut rest = &text[..];
            let mut lines = Vec::new();
            each_line(
                |buffer| {
                    let count = piece.min(rest.len()).min(buffer.len());
                    buffer[..count].copy_from_slice(&rest[..count]);
                    rest = &rest[count..];
                    Ok(count)
                },
                |line| lines.push(line.to_vec()),
            )
            .expect("lines");
            assert_eq!(
                lines,
                [b"first".to_vec(), b"second".to_vec(), b"third".to_vec()]
            );
        }
    }

    #[test]
    fn finds_and_proves_who_holds_a_lock() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = std::fs::File::create(dir.path().join("lock")).expect("a file");
        let (own, identity) = (
            std::process::id(),
            file::fstat(&file).expect("facts").identity,
        );
        assert_eq!(holds_flock(own, identity), Ok(false));
        crate::unix::lock::try_exclusive(&file).expect("the lock");
        let mut found = Vec::new();
        each_flock(|of, pid| found.extend((of == identity.inode).then_some(pid))).expect("locks");
        assert!(found.contains(&own));
        assert_eq!(holds_flock(own, identity), Ok(true));
        // This process does not count as another one of ours.
        assert_eq!(flock_holder(identity), Ok(Holder::Other(own)));
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .stdout(file.try_clone().expect("a copy"))
            .spawn()
            .expect("cat");
        let inherited = flock_holder(identity);
        drop(child.stdin.take());
        child.wait().expect("its end");
        assert_eq!(inherited, Ok(Holder::Ours));
        let elsewhere = Identity {
            device: identity.device + 1,
            ..identity
        };
        assert_eq!(holds_flock(own, elsewhere), Ok(false));
        assert_eq!(holds_flock(u32::MAX, identity), Err(Errno::ENOENT));
    }
}
