//! Accounts of the system's databases, and becoming one of them. What asks the
//! databases must be linked dynamically: they may be anywhere that NSS can reach.

use core::ffi::CStr;
use core::mem::MaybeUninit;

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

/// The user that this process has the rights of.
#[must_use]
pub fn own_user() -> u32 {
    nix::unistd::geteuid().as_raw()
}

/// The account of that name; `None` if there is none, or if nobody could tell.
#[must_use]
pub fn find(name: &CStr) -> Option<Account> {
    let found = lookup(|entry, buffer, found| {
        // SAFETY: the name is a C string; the entry, the text that it points to, as
        // much as the buffer holds, and the result are written to memory of ours.
        unsafe {
            libc::getpwnam_r(
                name.as_ptr(),
                entry.as_mut_ptr(),
                buffer.as_mut_ptr().cast(),
                buffer.len(),
                found,
            )
        }
    });
    found.map(|entry: libc::passwd| Account {
        uid: entry.pw_uid,
        gid: entry.pw_gid,
    })
}

/// The id of the group of that name; `None` if there is none, or if nobody could
/// tell.
#[must_use]
pub fn find_group(name: &CStr) -> Option<u32> {
    let found = lookup(|entry, buffer, found| {
        // SAFETY: as for a user's account.
        unsafe {
            libc::getgrnam_r(
                name.as_ptr(),
                entry.as_mut_ptr(),
                buffer.as_mut_ptr().cast(),
                buffer.len(),
                found,
            )
        }
    });
    found.map(|entry: libc::group| entry.gr_gid)
}

/// Texts of an entry take no more: a group may have thousands of members.
const TEXT_MAX: usize = 16 << 20;

/// What the C library fills in: numbers and pointers, for which all zeroes will do.
trait Entry: Copy {}
impl Entry for libc::passwd {}
impl Entry for libc::group {}

/// Asks with as much room for texts as it takes. The entry's own pointers lead nowhere
/// afterwards. Whoever asks at the same time has an entry of his own.
fn lookup<T: Entry>(ask: impl Fn(&mut MaybeUninit<T>, &mut [u8], &mut *mut T) -> i32) -> Option<T> {
    let mut buffer = vec![0; 1024];
    loop {
        let mut entry = MaybeUninit::zeroed();
        let mut found = core::ptr::null_mut();
        let error = ask(&mut entry, &mut buffer, &mut found);
        if error == Errno::ERANGE as i32 && buffer.len() < TEXT_MAX {
            buffer.resize(buffer.len() * 4, 0);
        } else if error == 0 && !found.is_null() {
            // SAFETY: an entry was all zeroes at first, which will do, whatever was
            // written to it since.
            return Some(unsafe { entry.assume_init() });
        } else if error != Errno::EINTR as i32 {
            return None;
        }
    }
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

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test does not fork")]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_by_several_threads_at_once() {
        let root = Some(Account { uid: 0, gid: 0 });
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        assert_eq!(find(c"root"), root);
                        assert_eq!(find_group(c"root"), Some(0));
                        assert_eq!(find(c"no such account"), None);
                        assert_eq!(find_group(c"\xff"), None);
                    }
                });
            }
        });
    }
}
