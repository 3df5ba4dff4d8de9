//! Accounts of the system's databases, and becoming one of them. What asks the
//! databases must be linked dynamically: they may be anywhere that NSS can reach.

use core::ffi::CStr;

use crate::{Errno, Result};

// Rust's library wants the unwinder, which in a dynamic program would come from a
// shared library of its own: a sixth of the time from exec to exec. This takes it
// from the archive, which every gcc brings along.
#[cfg(target_env = "gnu")]
#[link(name = "gcc_eh")]
unsafe extern "C" {}

/// An account's user and its primary group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user id.
    pub uid: u32,
    /// The primary group's id.
    pub gid: u32,
}

/// The account of that name; `None` if there is none, or if nobody could tell.
#[must_use]
pub fn find(name: &CStr) -> Option<Account> {
    // SAFETY: the name is a C string; there is one thread, so nobody else asks.
    let entry = unsafe { libc::getpwnam(name.as_ptr()) };
    // SAFETY: the entry is null or lives until the next question.
    let entry = unsafe { entry.as_ref() }?;
    Some(Account {
        uid: entry.pw_uid,
        gid: entry.pw_gid,
    })
}

/// The id of the group of that name; `None` if there is none, or if nobody could
/// tell.
#[must_use]
pub fn find_group(name: &CStr) -> Option<u32> {
    // SAFETY: the name is a C string; there is one thread, so nobody else asks.
    let entry = unsafe { libc::getgrnam(name.as_ptr()) };
    // SAFETY: the entry is null or lives until the next question.
    unsafe { entry.as_ref() }.map(|entry| entry.gr_gid)
}

/// The groups that an account belongs to, its primary group `gid` among them.
///
/// # Errors
/// EINVAL if there are more than can be counted.
pub fn groups(name: &CStr, gid: u32) -> Result<Vec<u32>> {
    let mut groups = vec![0; 64];
    loop {
        let mut count = i32::try_from(groups.len()).map_err(|_| Errno::EINVAL)?;
        // SAFETY: the name is a C string, and at most `count` groups are written.
        let found =
            unsafe { libc::getgrouplist(name.as_ptr(), gid, groups.as_mut_ptr(), &raw mut count) };
        let needed = usize::try_from(count).unwrap_or(0);
        if found >= 0 {
            groups.truncate(needed);
            return Ok(groups);
        }
        groups.resize(needed.max(2 * groups.len()), 0);
    }
}

/// Makes `gid` the group of this process, and `groups` its only others.
///
/// # Errors
/// What `setgroups(2)` and `setgid(2)` say; EPERM if it is not so afterwards.
pub fn become_group(gid: u32, groups: &[u32]) -> Result<()> {
    // SAFETY: the kernel reads `groups.len()` integers.
    Errno::result(unsafe { libc::setgroups(groups.len(), groups.as_ptr()) })?;
    // SAFETY: setgid takes an integer and touches no memory of ours.
    Errno::result(unsafe { libc::setgid(gid) })?;
    let now = nix::unistd::getresgid()?;
    let same = [now.real, now.effective, now.saved]
        .iter()
        .all(|now| now.as_raw() == gid);
    if same && has_only(groups)? {
        Ok(())
    } else {
        Err(Errno::EPERM)
    }
}

/// Whether this process's supplementary groups are `groups`. The kernel sorts them
/// and keeps what was given twice.
fn has_only(groups: &[u32]) -> Result<bool> {
    let mut now = vec![0; groups.len() + 1];
    let room = i32::try_from(now.len()).map_err(|_| Errno::EINVAL)?;
    // SAFETY: the kernel writes at most `room` integers.
    let count = unsafe { libc::getgroups(room, now.as_mut_ptr()) };
    let count = usize::try_from(Errno::result(count)?).unwrap_or(0);
    now.truncate(count);
    Ok(count == groups.len() && now.iter().all(|group| groups.contains(group)))
}

/// Makes `uid` the user of this process, for good.
///
/// # Errors
/// What `setuid(2)` says; EPERM if it is not so afterwards.
pub fn become_user(uid: u32) -> Result<()> {
    // SAFETY: setuid takes an integer and touches no memory of ours.
    Errno::result(unsafe { libc::setuid(uid) })?;
    let now = nix::unistd::getresuid()?;
    let same = [now.real, now.effective, now.saved]
        .iter()
        .all(|now| now.as_raw() == uid);
    if same { Ok(()) } else { Err(Errno::EPERM) }
}
