//! What the kernel tells of a file without its being opened or read: which one it is,
//! of what type, and what this process may do with it. Who compares files does so by
//! these, never by name.

use core::ffi::CStr;
use std::os::fd::AsFd;

use nix::fcntl::AtFlags;
use nix::sys::stat::{FileStat, SFlag};

use crate::Result;

/// What is behind a name or a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    Regular,
    /// A directory.
    Directory,
    /// A FIFO, or a pipe.
    Fifo,
    /// A symbolic link (only from [`lstat`]).
    Link,
    /// Anything else.
    Other,
}

/// Which file it is, whatever it is called: device and inode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// The device.
    pub device: u64,
    /// The inode on that device.
    pub inode: u64,
}

/// What `stat` tells.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Device and inode.
    pub identity: Identity,
    /// Its type.
    pub kind: Kind,
    /// Its permission bits.
    pub mode: u32,
    /// The user id of its owner.
    pub owner: u32,
    /// How many names it has; 0 for a directory that was removed.
    pub links: u64,
    /// Its size in bytes.
    pub size: i64,
    /// When it last changed, by the file system's clock: seconds, nanoseconds.
    pub changed: (i64, i64),
}

impl Facts {
    /// Whether it belongs to this process's user.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.owner == nix::unistd::geteuid().as_raw()
    }

    /// Whether it is a regular file of ours, with one name, that nobody else may read or
    /// write.
    #[must_use]
    pub fn is_private_file(&self) -> bool {
        self.kind == Kind::Regular && self.links == 1 && self.mode == 0o600 && self.is_ours()
    }

    /// Whether it is ours and nobody else may write it: only then is what it says
    /// believed.
    #[must_use]
    pub fn is_ours_alone(&self) -> bool {
        const OTHERS_WRITE: u32 = 0o022;
        self.is_ours() && self.mode & OTHERS_WRITE == 0
    }
}

impl From<FileStat> for Facts {
    fn from(stat: FileStat) -> Self {
        let kind = match SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits()) {
            SFlag::S_IFREG => Kind::Regular,
            SFlag::S_IFDIR => Kind::Directory,
            SFlag::S_IFIFO => Kind::Fifo,
            SFlag::S_IFLNK => Kind::Link,
            _ => Kind::Other,
        };
        #[allow(clippy::useless_conversion, reason = "the width is the platform's")]
        Self {
            identity: Identity {
                device: stat.st_dev,
                inode: stat.st_ino,
            },
            kind,
            mode: stat.st_mode & 0o7777,
            owner: stat.st_uid,
            links: u64::from(stat.st_nlink),
            size: stat.st_size,
            changed: (stat.st_ctime, stat.st_ctime_nsec),
        }
    }
}

/// Facts of what a name leads to.
///
/// # Errors
/// What `stat(2)` says.
pub fn stat(path: &CStr) -> Result<Facts> {
    nix::sys::stat::stat(path).map(Facts::from)
}

/// Facts of a name itself, be it a link.
///
/// # Errors
/// What `lstat(2)` says.
pub fn lstat(path: &CStr) -> Result<Facts> {
    nix::sys::stat::lstat(path).map(Facts::from)
}

/// Facts of a name in an open directory, be it a link.
///
/// # Errors
/// What `fstatat(2)` says.
pub fn lstat_in(directory: impl AsFd, name: &CStr) -> Result<Facts> {
    nix::sys::stat::fstatat(directory, name, AtFlags::AT_SYMLINK_NOFOLLOW).map(Facts::from)
}

/// Facts of an open file.
///
/// # Errors
/// What `fstat(2)` says.
pub fn fstat(fd: impl AsFd) -> Result<Facts> {
    nix::sys::stat::fstat(fd).map(Facts::from)
}

/// Whether this process may execute a file, by its effective user.
///
/// # Errors
/// What `faccessat(2)` says.
pub fn may_execute(path: &CStr) -> Result<()> {
    nix::unistd::faccessat(
        nix::fcntl::AT_FDCWD,
        path,
        nix::unistd::AccessFlags::X_OK,
        AtFlags::AT_EACCESS,
    )
}
