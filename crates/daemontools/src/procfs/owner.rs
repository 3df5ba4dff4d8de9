//! Which user a process belongs to, its name, and what its entries in `/proc` lead to.
//!
//! A pid may be used again. So open a pidfd first, ask by the pid then, and last check
//! that the process of the pidfd has not ended.
//!
//! A name and a working directory prove nothing: any user may call his program `svscan`
//! and start it anywhere. The user ids of the process are the proof.

use core::str;

use nix::unistd::geteuid;

use super::ProcPath;
use crate::unix::file::{self, Identity, ReadError};
use crate::{Errno, Result};

/// Whether all user ids of a process (real, effective, saved, file system) are the
/// effective user id of this one. The owner of `/proc/PID` is not enough: for a
/// set-user-id program it is root, whoever has started that program.
///
/// # Errors
/// ENOENT or ESRCH if there is no such process or no `/proc`, EIO if the text is not
/// understood, and those of `open(2)` and `read(2)`.
pub fn is_ours(pid: u32) -> Result<bool> {
    let own = geteuid().as_raw();
    Ok(users(pid)?.iter().all(|&id| id == own))
}

/// The user ids of a process: real, effective, saved, file system.
///
/// # Errors
/// As [`is_ours`].
pub fn users(pid: u32) -> Result<[u32; 4]> {
    // Room for the lines up to `Uid:`; the name takes at most 64 bytes there.
    let mut text = [0; 1024];
    let text = file::read_start(ProcPath::new(pid, b"status")?.as_c_str(), &mut text);
    let text = text.map_err(|error| match error {
        ReadError::Open(error) | ReadError::Read(error) => error,
    })?;
    user_ids(text).ok_or(Errno::EIO)
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

/// Whether a process [is ours](is_ours), has the given name, and has `directory` as its
/// working directory. `false` if it has ended, or if this process may not look at it.
///
/// # Errors
/// Those of [`is_ours`] but for ENOENT, ESRCH, EACCES and EPERM.
pub fn is_our_process_in(pid: u32, name: &[u8], directory: Identity) -> Result<bool> {
    is_our_process(pid, name, b"cwd", directory)
}

/// Whether a process [is ours](is_ours), has the given name, and its `entry` in
/// `/proc`, such as `cwd` or `fd/1`, leads to `file`. `false` if it has ended, or if this
/// process may not look at it.
///
/// # Errors
/// Those of [`is_ours`] but for ENOENT, ESRCH, EACCES and EPERM.
pub fn is_our_process(pid: u32, name: &[u8], entry: &[u8], file: Identity) -> Result<bool> {
    let check = || Ok(has_name(pid, name)? && entry_target(pid, entry)? == file && is_ours(pid)?);
    match check() {
        Err(Errno::ENOENT | Errno::ESRCH | Errno::EACCES | Errno::EPERM) => Ok(false),
        other => other,
    }
}

/// Whether a process has the given name. The kernel keeps 15 bytes of a name.
///
/// # Errors
/// ENOENT or ESRCH if there is no such process, and those of `open(2)` and `read(2)`.
pub fn has_name(pid: u32, name: &[u8]) -> Result<bool> {
    let mut comm = [0; 32];
    match file::read_start(ProcPath::new(pid, b"comm")?.as_c_str(), &mut comm) {
        Ok(comm) => Ok(comm.strip_suffix(b"\n") == Some(name)),
        Err(ReadError::Open(error) | ReadError::Read(error)) => Err(error),
    }
}

/// The file that an entry of a process in `/proc`, such as `cwd` or `fd/1`, leads to.
///
/// # Errors
/// ENOENT if there is no such process or entry, EACCES if this process may not look at
/// it, and the others of `stat(2)`.
pub fn entry_target(pid: u32, entry: &[u8]) -> Result<Identity> {
    Ok(file::stat(ProcPath::new(pid, entry)?.as_c_str())?.identity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_all_four_ids() {
        let text = "Name:\tUid: 7\nUmask:\t0022\nUid:\t1\t2\t3\t4\nGid:\t0\t0\t0\t0\n";
        assert_eq!(user_ids(text.as_bytes()), Some([1, 2, 3, 4]));
        for text in ["", "Uid:\t1\t2\t3\n", "Name:\tx\n"] {
            assert_eq!(user_ids(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn this_process_is_ours_and_one_that_does_not_exist_is_an_error() {
        assert_eq!(is_ours(std::process::id()), Ok(true));
        assert_eq!(is_ours(u32::MAX), Err(Errno::ENOENT));
        let here = file::stat(c".").expect("facts").identity;
        assert_eq!(entry_target(std::process::id(), b"cwd"), Ok(here));
        assert_eq!(is_our_process_in(u32::MAX, b"svscan", here), Ok(false));
    }

    #[test]
    fn a_process_has_its_own_name_and_no_other() {
        let pid = std::process::id();
        let own = std::fs::read(format!("/proc/{pid}/comm")).expect("a name");
        assert_eq!(has_name(pid, own.trim_ascii_end()), Ok(true));
        assert_eq!(has_name(pid, b"another"), Ok(false));
        assert_eq!(has_name(u32::MAX, b"another"), Err(Errno::ENOENT));
    }
}
