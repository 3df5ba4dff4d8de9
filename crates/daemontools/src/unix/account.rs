//! User accounts: looking them up, and changing to one. A program that looks one up must
//! be linked dynamically, because NSS loads libraries.

use core::ffi::CStr;
use core::mem::MaybeUninit;

use crate::{Errno, Result};

// Rust's library needs the unwinder. In a dynamic program it would be a shared library
// of its own, and loading that takes a sixth of the time from exec to exec. This takes
// the unwinder from an archive that every gcc has.
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

/// The effective user id of this process.
#[must_use]
pub fn own_user() -> u32 {
    nix::unistd::geteuid().as_raw()
}

/// The name of the user that this process runs as; `None` if it has no account.
#[must_use]
pub fn own_name() -> Option<String> {
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid());
    Some(user.ok()??.name)
}

/// The account called `name`; `None` if there is none or the databases can't be read.
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

/// The home directory of the account called `name`; `None` as for [`find`].
#[must_use]
pub fn home(name: &CStr) -> Option<std::path::PathBuf> {
    let user = nix::unistd::User::from_name(name.to_str().ok()?);
    Some(user.ok()??.dir)
}

/// The id of the group called `name`; `None` if there is none or the databases can't be
/// read.
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

/// The name of a group; `None` if it has none or the databases can't be read.
#[must_use]
pub fn group_name(gid: u32) -> Option<String> {
    let group = nix::unistd::Group::from_gid(nix::unistd::Gid::from_raw(gid));
    Some(group.ok()??.name)
}

/// The name of a user; `None` if he has none or the databases can't be read.
#[must_use]
pub fn user_name(uid: u32) -> Option<String> {
    let user = nix::unistd::User::from_uid(nix::unistd::Uid::from_raw(uid));
    Some(user.ok()??.name)
}

/// The most memory for the texts of an entry: a group may have thousands of members.
const TEXT_MAX: usize = 16 << 20;

/// An entry that the C library fills in: numbers and pointers, for which all zeroes are
/// valid.
trait Entry: Copy {}
impl Entry for libc::passwd {}
impl Entry for libc::group {}

/// Looks up an entry, with a larger buffer for its texts until they fit. The pointers in
/// the entry are dangling afterwards. Each call has an entry of its own, so several
/// threads may call this at the same time.
fn lookup<T: Entry>(ask: impl Fn(&mut MaybeUninit<T>, &mut [u8], &mut *mut T) -> i32) -> Option<T> {
    let mut buffer = vec![0; 1024];
    loop {
        let mut entry = MaybeUninit::zeroed();
        let mut found = core::ptr::null_mut();
        let error = ask(&mut entry, &mut buffer, &mut found);
        if error == Errno::ERANGE as i32 && buffer.len() < TEXT_MAX {
            buffer.resize(buffer.len() * 4, 0);
        } else if error == 0 && !found.is_null() {
            // SAFETY: an entry was all zeroes at first, which is valid, whatever was
            // written to it since.
            return Some(unsafe { entry.assume_init() });
        } else if error != Errno::EINTR as i32 {
            return None;
        }
    }
}

/// The groups of an account, its primary group `gid` among them.
///
/// # Errors
/// EINVAL if their number is beyond an `int`.
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

/// Sets the group of this process to `gid` and its supplementary groups to `groups`.
///
/// # Errors
/// Those of `setgroups(2)` and `setgid(2)`; EPERM if they differ afterwards.
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

/// Whether the supplementary groups of this process are `groups`, in any order. The
/// kernel sorts them and keeps duplicates.
fn has_only(groups: &[u32]) -> Result<bool> {
    let mut now = vec![0; groups.len() + 1];
    let room = i32::try_from(now.len()).map_err(|_| Errno::EINVAL)?;
    // SAFETY: the kernel writes at most `room` integers.
    let count = unsafe { libc::getgroups(room, now.as_mut_ptr()) };
    let count = usize::try_from(Errno::result(count)?).unwrap_or(0);
    now.truncate(count);
    Ok(count == groups.len() && now.iter().all(|group| groups.contains(group)))
}

/// Sets the real, effective and saved user of this process to `uid`.
///
/// # Errors
/// Those of `setuid(2)`; EPERM if it differs afterwards.
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
    fn several_threads_look_up_accounts_at_once() {
        let root = Some(Account { uid: 0, gid: 0 });
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        assert_eq!(find(c"root"), root);
                        assert_eq!(find_group(c"root"), Some(0));
                        assert_eq!(home(c"root").as_deref(), Some("/root".as_ref()));
                        assert_eq!(home(c"no such account"), None);
                        assert_eq!(find(c"no such account"), None);
                        assert_eq!(find_group(c"\xff"), None);
                    }
                });
            }
        });
    }
}
