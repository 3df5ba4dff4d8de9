//! The way to a directory, step by step, when others may have laid links on it. Who
//! makes files with more rights than others must not be led elsewhere by a link of
//! theirs; and who obeys what a file says must know that nobody else may have put it
//! there.

use core::ffi::CStr;
use core::fmt;
use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use nix::fcntl::{AT_FDCWD, OFlag, openat, readlinkat};
use nix::sys::stat::{Mode, SFlag, fstat};
use nix::unistd::geteuid;

use crate::Errno;

/// How many links are followed, as by the kernel.
const LINKS_MAX: usize = 40;

/// Why a way was not gone to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// A system call failed.
    System(Errno),
    /// This link is another user's, or may have been put there by one, and does not
    /// lead into a directory of that user's own.
    Link(CString),
    /// What is to be read is no regular file.
    NoFile,
    /// Another user may change this.
    Others(CString),
}

impl From<Errno> for Obstacle {
    fn from(error: Errno) -> Self {
        Self::System(error)
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(error) => f.write_str(crate::errno::text(*error)),
            Self::Link(path) => {
                let path = path.to_string_lossy();
                write!(f, "{path} is a link that another user may have put there")
            }
            Self::NoFile => f.write_str("not a regular file"),
            Self::Others(path) => {
                let path = path.to_string_lossy();
                write!(f, "other users may change {path}: chown root, chmod go-w")
            }
        }
    }
}

/// Which ways are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caution {
    /// Those that no link of another user's leads into a directory which is not that
    /// user's: there he could do himself whatever is done for him.
    Links,
    /// Those of which nobody else may change any part.
    All,
}

/// Opens a directory to do something in it. No link is followed that somebody else may
/// have put there, but for one into a directory of his own.
///
/// # Errors
/// [`Obstacle::Link`] for such a link; what `openat(2)` and `readlinkat(2)` say.
pub fn enter(path: &CStr) -> Result<OwnedFd, Obstacle> {
    Way::new(path, Caution::Links)?.directory(path)
}

/// Opens a directory that nobody else may change or exchange: neither it nor any
/// directory on the way, nor a link. Root's are as good as our own.
///
/// # Errors
/// [`Obstacle::Others`] names what somebody else may change; what `openat(2)` and
/// `readlinkat(2)` say.
pub fn enter_ours(path: &CStr) -> Result<OwnedFd, Obstacle> {
    Way::new(path, Caution::All)?.directory(path)
}

/// Opens a regular file for reading that nobody else may change or exchange, as
/// [`enter_ours`] a directory.
///
/// # Errors
/// As [`enter_ours`]; [`Obstacle::NoFile`] for anything but a regular file.
pub fn open_ours(path: &CStr) -> Result<OwnedFd, Obstacle> {
    let mut way = Way::new(path, Caution::All)?;
    way.walk(path.to_bytes())?;
    let name = way.file.take().ok_or(Obstacle::NoFile)?;
    let file = super::open_read_in(&way.at, &name)?;
    let facts = fstat(&file)?;
    // What the sticky bit says of a directory it does not say of a file.
    let mode = facts.st_mode & !Mode::S_ISVTX.bits();
    if facts.st_mode & SFlag::S_IFMT.bits() != SFlag::S_IFREG.bits() {
        return Err(Obstacle::NoFile);
    }
    if !is_safe_from_others(facts.st_uid, facts.st_gid, mode) {
        return Err(Obstacle::Others(way.name()));
    }
    Ok(file)
}

/// Whether nobody but root and this process's user may write what has this owner,
/// group and mode. In a directory with the sticky bit others may do nothing to what is
/// not theirs.
fn is_safe_from_others(owner: u32, group: u32, mode: u32) -> bool {
    let (by_group, by_all) = (Mode::S_IWGRP.bits(), Mode::S_IWOTH.bits());
    let sticky = mode & Mode::S_ISVTX.bits() != 0;
    let closed = mode & by_all == 0 && (mode & by_group == 0 || group == 0);
    (owner == 0 || owner == geteuid().as_raw()) && (closed || sticky)
}

/// Where we are on the way.
struct Way {
    /// A directory.
    at: OwnedFd,
    /// What in it is no directory, and so the end.
    file: Option<CString>,
    /// The names that led here, for messages.
    passed: Vec<u8>,
    caution: Caution,
    /// Whose links were followed, if another user's.
    planter: Option<(u32, CString)>,
    links: usize,
}

const STEP: OFlag = OFlag::O_PATH
    .union(OFlag::O_NOFOLLOW)
    .union(OFlag::O_CLOEXEC);

impl Way {
    fn new(path: &CStr, caution: Caution) -> Result<Self, Obstacle> {
        if path.is_empty() {
            return Err(Errno::ENOENT.into());
        }
        let start = openat(AT_FDCWD, c".", STEP | OFlag::O_DIRECTORY, Mode::empty())?;
        Ok(Self {
            at: start,
            file: None,
            passed: Vec::new(),
            caution,
            planter: None,
            links: 0,
        })
    }

    fn directory(mut self, path: &CStr) -> Result<OwnedFd, Obstacle> {
        self.walk(path.to_bytes())?;
        if self.file.is_some() {
            return Err(Errno::ENOTDIR.into());
        }
        if let Some((planter, link)) = self.planter
            && fstat(&self.at)?.st_uid != planter
        {
            return Err(Obstacle::Link(link));
        }
        Ok(self.at)
    }

    fn walk(&mut self, path: &[u8]) -> Result<(), Obstacle> {
        if path.starts_with(b"/") {
            self.passed = b"/".to_vec();
            self.at = openat(AT_FDCWD, c"/", STEP | OFlag::O_DIRECTORY, Mode::empty())?;
        }
        self.look()?;
        for name in path.split(|&byte| byte == b'/') {
            if !matches!(name, b"" | b".") {
                self.step(name)?;
            }
        }
        Ok(())
    }

    fn step(&mut self, name: &[u8]) -> Result<(), Obstacle> {
        if self.file.is_some() {
            return Err(Errno::ENOTDIR.into());
        }
        let here = self.passed.len();
        if self.passed.last().is_some_and(|&last| last != b'/') {
            self.passed.push(b'/');
        }
        self.passed.extend_from_slice(name);
        let name = CString::new(name).map_err(|_| Errno::EINVAL)?;
        let next = openat(&self.at, name.as_c_str(), STEP, Mode::empty())?;
        let facts = fstat(&next)?;
        match SFlag::from_bits_truncate(facts.st_mode & SFlag::S_IFMT.bits()) {
            SFlag::S_IFDIR => {
                self.at = next;
                self.look()
            }
            SFlag::S_IFLNK => {
                self.links += 1;
                if self.links > LINKS_MAX {
                    return Err(Errno::ELOOP.into());
                }
                self.judge(facts.st_uid)?;
                let target = readlinkat(&next, c"")?;
                self.passed.truncate(here);
                self.walk(target.as_bytes())
            }
            _ => {
                self.file = Some(name);
                Ok(())
            }
        }
    }

    /// Looks at the directory in which we are.
    fn look(&self) -> Result<(), Obstacle> {
        let facts = fstat(&self.at)?;
        if self.caution == Caution::All
            && !is_safe_from_others(facts.st_uid, facts.st_gid, facts.st_mode)
        {
            return Err(Obstacle::Others(self.name()));
        }
        Ok(())
    }

    /// Says who may have put a link here that belongs to `owner`.
    fn judge(&mut self, owner: u32) -> Result<(), Obstacle> {
        let trusted = |user| user == 0 || user == geteuid().as_raw();
        let directory = fstat(&self.at)?;
        let closed = is_safe_from_others(directory.st_uid, directory.st_gid, directory.st_mode);
        let planter = match trusted(owner) {
            true if closed => return Ok(()),
            // A link of ours that the owner of the directory may have moved here.
            true => directory.st_uid,
            false => owner,
        };
        let before = self.planter.as_ref().map_or(planter, |&(before, _)| before);
        if self.caution == Caution::All || trusted(planter) || before != planter {
            return Err(Obstacle::Link(self.name()));
        }
        self.planter = Some((planter, self.name()));
        Ok(())
    }

    fn name(&self) -> CString {
        let here = b"."[..].to_vec();
        let name = if self.passed.is_empty() {
            here
        } else {
            self.passed.clone()
        };
        CString::new(name).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
