//! Who a process is. Whatever is told by a pid holds only as long as nothing can put
//! another process in its place: so ask after its pidfd was opened, and look then
//! whether it has ended.
//!
//! A name and a working directory prove nothing: anybody may call his program `svscan`
//! and start it anywhere. What counts is whose rights a process has.

use core::str;

use nix::unistd::geteuid;

use super::Entry;
use crate::strerr::Decimal;
use crate::unix::file::{self, Identity, ReadError};
use crate::{Errno, Result};

/// Whether a process is of this process's user in every respect: its real, effective,
/// saved and file system user id. The owner of `/proc/PID` alone is not enough: that
/// of a set-user-id program is root, whoever has started it.
///
/// # Errors
/// ENOENT or ESRCH if there is no such process, or no `/proc`; what opening and
/// reading say; EIO for what makes no sense.
pub fn is_ours(pid: u32) -> Result<bool> {
    // The line stands among the first; a name is at most 64 bytes there.
    let mut text = [0; 1024];
    let text = file::read_start(Entry::new(pid, b"/status").path(), &mut text);
    let text = text.map_err(|error| match error {
        ReadError::Open(error) | ReadError::Read(error) => error,
    })?;
    let ids = user_ids(text).ok_or(Errno::EIO)?;
    let own = geteuid().as_raw();
    Ok(ids.iter().all(|&id| id == own))
}

/// The four ids of the line `Uid:`.
fn user_ids(status: &[u8]) -> Option<[u32; 4]> {
    let lines = status.split(|&byte| byte == b'\n');
    let line = lines
        .into_iter()
        .find_map(|line| line.strip_prefix(b"Uid:"))?;
    let mut ids = str::from_utf8(line).ok()?.split_ascii_whitespace();
    let mut id = || ids.next()?.parse().ok();
    Some([id()?, id()?, id()?, id()?])
}

/// Whether a process is ours, has this name, of at most 15 bytes, and works in this
/// directory. No for one that has ended, and for one that is not ours to look at.
///
/// # Errors
/// What keeps us from looking, for now: see [`is_ours`].
pub fn works_as(pid: u32, name: &[u8], directory: Identity) -> Result<bool> {
    is_ours_and(pid, name, b"cwd", directory)
}

/// Whether a process is ours, has this name, of at most 15 bytes, and has this file as
/// its entry in `/proc`, such as `cwd` or `fd/1`. No for one that has ended, and for
/// one that is not ours to look at.
///
/// # Errors
/// What keeps us from looking, for now: see [`is_ours`].
pub fn is_ours_and(pid: u32, name: &[u8], entry: &[u8], file: Identity) -> Result<bool> {
    let is_it = || Ok(is_called(pid, name)? && leads_to(pid, entry)? == file && is_ours(pid)?);
    match is_it() {
        Err(Errno::ENOENT | Errno::ESRCH | Errno::EACCES | Errno::EPERM) => Ok(false),
        other => other,
    }
}

/// Whether a process has this name, of at most 15 bytes.
///
/// # Errors
/// What opening and reading `/proc/PID/comm` say: ENOENT or ESRCH if there is no such
/// process.
pub fn is_called(pid: u32, name: &[u8]) -> Result<bool> {
    let mut comm = [0; 32];
    match file::read_start(Entry::new(pid, b"/comm").path(), &mut comm) {
        Ok(comm) => Ok(comm.strip_suffix(b"\n") == Some(name)),
        Err(ReadError::Open(error) | ReadError::Read(error)) => Err(error),
    }
}

/// What an entry of a process in `/proc`, such as `cwd` or `fd/1`, leads to.
///
/// # Errors
/// What `stat(2)` says: ENOENT if there is no such process or entry, EACCES if it is not
/// ours to look at.
pub fn leads_to(pid: u32, entry: &[u8]) -> Result<Identity> {
    let path = Entry::of(&[
        b"/proc/",
        Decimal::new(u64::from(pid)).as_bytes(),
        b"/",
        entry,
    ]);
    Ok(file::stat(path.path())?.identity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_four_ids_count() {
        let text = "Name:\tUid: 7\nUmask:\t0022\nUid:\t1\t2\t3\t4\nGid:\t0\t0\t0\t0\n";
        assert_eq!(user_ids(text.as_bytes()), Some([1, 2, 3, 4]));
        for text in ["", "Uid:\t1\t2\t3\n", "Name:\tx\n"] {
            assert_eq!(user_ids(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn this_process_is_ours_and_there_may_be_none() {
        assert_eq!(is_ours(std::process::id()), Ok(true));
        assert_eq!(is_ours(u32::MAX), Err(Errno::ENOENT));
        let here = file::stat(c".").expect("facts").identity;
        assert_eq!(leads_to(std::process::id(), b"cwd"), Ok(here));
        assert_eq!(works_as(u32::MAX, b"svscan", here), Ok(false));
    }
}
