//! Who holds a lock: `/proc/locks` tells by inode and pid, quickly and not exactly;
//! a process's own descriptors tell exactly.

use core::str;

use super::Entry;
use crate::strerr::Decimal;
use crate::unix::dir::Dir;
use crate::unix::fd;
use crate::unix::file::{self, Identity};
use crate::{Errno, Result};

/// Goes through everything that is locked by `flock`: the file's inode, and the
/// process that took the lock.
///
/// The device is left out: on some file systems it is another than `stat` tells. The
/// inode alone proves nothing, since in a file system of his own a user gives files
/// whatever inode he likes: [`holds_flock`] proves it.
///
/// # Errors
/// What opening or reading `/proc/locks` says.
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

/// Goes through the lines of what is read. One that is longer than the buffer is left
/// out: where thousands wait for one lock, `/proc/locks` has such lines.
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

/// A line of `/proc/locks`, as `1: FLOCK  ADVISORY  WRITE 42 fe:00:987 0 EOF`: the
/// inode and the pid. Nothing for other locks and for who waits for one.
fn parse(line: &[u8]) -> Option<(u64, u32)> {
    let mut fields = str::from_utf8(line).ok()?.split_ascii_whitespace().skip(1);
    if fields.next() != Some("FLOCK") {
        return None;
    }
    let pid = fields.nth(2)?.parse().ok()?;
    let inode = fields.next()?.rsplit(':').next()?.parse().ok()?;
    Some((inode, pid))
}

/// Whether a process has a descriptor of this very file through which it is locked by
/// `flock`. That descriptor may have been inherited from whoever took the lock.
///
/// # Errors
/// What opening or reading entries of `/proc/PID` says: ENOENT if there is no such
/// process, EACCES if it is not ours to look at.
pub fn holds_flock(pid: u32, locked: Identity) -> Result<bool> {
    let pid = Decimal::new(u64::from(pid));
    let entry = |kind: &[u8], number: &[u8]| Entry::of(&[b"/proc/", pid.as_bytes(), kind, number]);
    let mut found = Ok(false);
    Dir::open(entry(b"/fd", b"").path())?.each(|number, _| {
        let number = number.to_bytes();
        let is_it =
            |path: Entry| file::stat(path.path()).is_ok_and(|facts| facts.identity == locked);
        if found == Ok(false) && number.first() != Some(&b'.') && is_it(entry(b"/fd/", number)) {
            found = is_locked(&entry(b"/fdinfo/", number));
        }
    })?;
    found
}

/// Who keeps a file locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A process of ours.
    Ours,
    /// No process of ours; a pid that was seen with the lock.
    Stranger(u32),
    /// Nobody that can be seen from here.
    Unseen,
}

/// Finds out whether a process of ours keeps a file locked by `flock`. Looks at every
/// process: for when a lock is in the way, not for every day.
///
/// # Errors
/// What keeps us from looking, for now.
pub fn holder(locked: Identity) -> Result<Holder> {
    let mut taker = None;
    each_flock(|inode, pid| {
        if inode == locked.inode {
            taker = Some(pid);
        }
    })?;
    let Some(taker) = taker else {
        return Ok(Holder::Unseen);
    };
    let mut ours = Ok(false);
    // The taker may have ended and left the lock to a child: all are looked at.
    super::each_pid(|pid| {
        if ours == Ok(false) && pid != std::process::id() {
            ours = match super::is_ours(pid) {
                Ok(true) => holds_flock(pid, locked),
                other => other,
            };
            // It has ended, or is nobody that we may look at, as no supervise is.
            if let Err(Errno::ENOENT | Errno::ESRCH | Errno::EACCES | Errno::EPERM) = ours {
                ours = Ok(false);
            }
        }
    })?;
    Ok(if ours? {
        Holder::Ours
    } else {
        Holder::Stranger(taker)
    })
}

/// Whether the kernel tells of a lock by `flock` through a descriptor: a line as
/// `lock: 1: FLOCK  ADVISORY  WRITE 42 fe:00:987 0 EOF`.
fn is_locked(fdinfo: &Entry) -> Result<bool> {
    let mut text = [0; 1024];
    let text = match file::read_start(fdinfo.path(), &mut text) {
        Ok(text) => text,
        // It was closed meanwhile.
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
    fn a_lock_is_told_by_inode_and_process() {
        let parse = |line: &str| parse(line.as_bytes());
        let line = "3: FLOCK  ADVISORY  WRITE 9739 fe:00:5793250 0 EOF";
        assert_eq!(parse(line), Some((5_793_250, 9739)));
        assert_eq!(parse("1: POSIX  ADVISORY  WRITE 3 00:27:5 0 EOF"), None);
        assert_eq!(parse("1: -> FLOCK  ADVISORY  WRITE 3 00:27:5 0 EOF"), None);
        assert_eq!(parse("1: FLOCK  ADVISORY  WRITE -1 00:27:5 0 EOF"), None);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn a_line_that_is_too_long_is_left_out_and_no_other() {
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
    fn a_lock_of_our_own_is_found_and_proved() {
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
        // Not by another process of ours: by this one.
        assert_eq!(holder(identity), Ok(Holder::Stranger(own)));
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .stdout(file.try_clone().expect("a copy"))
            .spawn()
            .expect("cat");
        let inherited = holder(identity);
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
