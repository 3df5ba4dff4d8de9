//! Opening a path whose directories other users may write. A program with more rights
//! than they have must not follow a link of theirs to another place, and must know that
//! a file which it obeys cannot have been written by them. So the path is opened one
//! component at a time.

use core::ffi::CStr;
use core::fmt;
use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use nix::fcntl::{AT_FDCWD, OFlag, openat, readlinkat};
use nix::sys::stat::Mode;
use nix::unistd::geteuid;

use super::facts::{Kind, fstat};
use crate::Errno;

/// How many links are followed: as many as by the kernel.
const LINKS_MAX: usize = 40;

/// Why a path was not opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathError {
    /// A system call failed.
    System(Errno),
    /// This symbolic link may have been made by another user, and leads to a directory
    /// that does not belong to that user.
    Link(CString),
    /// It is not a regular file.
    NotAFile,
    /// Another user may write this component of the path.
    Writable(CString),
}

impl From<Errno> for PathError {
    fn from(error: Errno) -> Self {
        Self::System(error)
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(error) => f.write_str(crate::errno::text(*error)),
            Self::Link(path) => {
                let path = path.to_string_lossy();
                write!(f, "{path} is a link that another user may have put there")
            }
            Self::NotAFile => f.write_str("not a regular file"),
            Self::Writable(path) => {
                let path = path.to_string_lossy();
                write!(f, "other users may change {path}: chown root, chmod go-w")
            }
        }
    }
}

/// Which components are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Policy {
    /// A link of another user only if it leads to a directory of that user: there he
    /// could do himself whatever this program does.
    Links,
    /// Only components that no other user may write.
    All,
}

/// Opens a directory to work in it. A link that another user may have made is followed
/// only if it leads to a directory of that user.
///
/// # Errors
/// [`PathError::Link`] for another such link, and those of `openat(2)` and
/// `readlinkat(2)`.
pub fn open_directory_safely(path: &CStr) -> Result<OwnedFd, PathError> {
    Walk::new(path, Policy::Links)?.directory(path)
}

/// Opens a regular file for reading that no other user but root may write or replace:
/// neither it nor a directory or link on its path.
///
/// # Errors
/// [`PathError::Writable`] names the component that another user may write,
/// [`PathError::NotAFile`] anything but a regular file; and those of `openat(2)` and
/// `readlinkat(2)`.
pub fn open_file_safely(path: &CStr) -> Result<OwnedFd, PathError> {
    let mut walk = Walk::new(path, Policy::All)?;
    walk.walk(path.to_bytes())?;
    let name = walk.file.take().ok_or(PathError::NotAFile)?;
    let file = super::open_read_in(&walk.at, &name)?;
    let facts = fstat(&file)?;
    // The sticky bit protects the files in a directory, but not a file itself.
    let mode = facts.mode & !Mode::S_ISVTX.bits();
    if facts.kind != Kind::Regular {
        return Err(PathError::NotAFile);
    }
    if !is_closed_to_others(facts.owner, facts.group, mode) {
        return Err(PathError::Writable(walk.name()));
    }
    Ok(file)
}

/// Whether only root and this process's user may write a file with this owner, group
/// and mode. In a directory with the sticky bit other users cannot replace files that are
/// not theirs.
fn is_closed_to_others(owner: u32, group: u32, mode: u32) -> bool {
    let (by_group, by_all) = (Mode::S_IWGRP.bits(), Mode::S_IWOTH.bits());
    let sticky = mode & Mode::S_ISVTX.bits() != 0;
    let closed = mode & by_all == 0 && (mode & by_group == 0 || group == 0);
    (owner == 0 || owner == geteuid().as_raw()) && (closed || sticky)
}

/// The components opened so far.
struct Walk {
    /// The last directory.
    at: OwnedFd,
    /// The last component, if it is no directory.
    file: Option<CString>,
    /// The path as it was walked, for messages.
    walked: Vec<u8>,
    policy: Policy,
    /// The other user whose links were followed, and one of these links.
    link_owner: Option<(u32, CString)>,
    links: usize,
}

const STEP: OFlag = OFlag::O_PATH
    .union(OFlag::O_NOFOLLOW)
    .union(OFlag::O_CLOEXEC);

impl Walk {
    fn new(path: &CStr, policy: Policy) -> Result<Self, PathError> {
        if path.is_empty() {
            return Err(Errno::ENOENT.into());
        }
        let start = openat(AT_FDCWD, c".", STEP | OFlag::O_DIRECTORY, Mode::empty())?;
        Ok(Self {
            at: start,
            file: None,
            walked: Vec::new(),
            policy,
            link_owner: None,
            links: 0,
        })
    }

    fn directory(mut self, path: &CStr) -> Result<OwnedFd, PathError> {
        self.walk(path.to_bytes())?;
        if self.file.is_some() {
            return Err(Errno::ENOTDIR.into());
        }
        if let Some((owner, link)) = self.link_owner
            && fstat(&self.at)?.owner != owner
        {
            return Err(PathError::Link(link));
        }
        Ok(self.at)
    }

    fn walk(&mut self, path: &[u8]) -> Result<(), PathError> {
        if path.starts_with(b"/") {
            self.walked = b"/".to_vec();
            self.at = openat(AT_FDCWD, c"/", STEP | OFlag::O_DIRECTORY, Mode::empty())?;
        }
        self.check()?;
        for name in path.split(|&byte| byte == b'/') {
            if !matches!(name, b"" | b".") {
                self.step(name)?;
            }
        }
        Ok(())
    }

    fn step(&mut self, name: &[u8]) -> Result<(), PathError> {
        if self.file.is_some() {
            return Err(Errno::ENOTDIR.into());
        }
        let here = self.walked.len();
        if self.walked.last().is_some_and(|&last| last != b'/') {
            self.walked.push(b'/');
        }
        self.walked.extend_from_slice(name);
        let name = CString::new(name).map_err(|_| Errno::EINVAL)?;
        let next = openat(&self.at, name.as_c_str(), STEP, Mode::empty())?;
        let facts = fstat(&next)?;
        match facts.kind {
            Kind::Directory => {
                self.at = next;
                self.check()
            }
            Kind::Link => {
                self.links += 1;
                if self.links > LINKS_MAX {
                    return Err(Errno::ELOOP.into());
                }
                self.check_link(facts.owner)?;
                let target = readlinkat(&next, c"")?;
                self.walked.truncate(here);
                self.walk(target.as_bytes())
            }
            _ => {
                self.file = Some(name);
                Ok(())
            }
        }
    }

    /// Checks the last directory.
    fn check(&self) -> Result<(), PathError> {
        let facts = fstat(&self.at)?;
        if self.policy == Policy::All && !is_closed_to_others(facts.owner, facts.group, facts.mode)
        {
            return Err(PathError::Writable(self.name()));
        }
        Ok(())
    }

    /// Checks a link in the last directory that belongs to `owner`.
    fn check_link(&mut self, owner: u32) -> Result<(), PathError> {
        let trusted = |user| user == 0 || user == geteuid().as_raw();
        let directory = fstat(&self.at)?;
        let closed = is_closed_to_others(directory.owner, directory.group, directory.mode);
        let maker = match trusted(owner) {
            true if closed => return Ok(()),
            // Our own link, which the owner of the directory may have moved here.
            true => directory.owner,
            false => owner,
        };
        let before = self
            .link_owner
            .as_ref()
            .map_or(maker, |&(before, _)| before);
        if self.policy == Policy::All || trusted(maker) || before != maker {
            return Err(PathError::Link(self.name()));
        }
        self.link_owner = Some((maker, self.name()));
        Ok(())
    }

    fn name(&self) -> CString {
        let name = match self.walked.as_slice() {
            b"" => b".",
            walked => walked,
        };
        CString::new(name).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
