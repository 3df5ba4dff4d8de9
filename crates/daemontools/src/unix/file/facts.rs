//! `stat(2)`: the identity, type and owner of a file, and whether this process may
//! execute it. Files are compared by their identity, never by name.

use core::ffi::CStr;
use std::os::fd::AsFd;

use nix::fcntl::AtFlags;
#[cfg(not(target_pointer_width = "32"))]
use nix::sys::stat as kernel;
use nix::sys::stat::SFlag;

#[cfg(target_pointer_width = "32")]
use super::statx as kernel;

use crate::Result;

/// The type of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    Regular,
    /// A directory.
    Directory,
    /// A FIFO or a pipe.
    Fifo,
    /// A symbolic link; only from [`lstat`] and [`lstat_in`].
    Link,
    /// A unix socket.
    Socket,
    /// Anything else.
    Other,
}

/// The identity of a file: device and inode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// The device.
    pub device: u64,
    /// The inode on that device.
    pub inode: u64,
}

/// The facts about a file.
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
    /// The id of its group.
    pub group: u32,
    /// The number of its names; 0 after it was removed.
    pub links: u64,
    /// Its size in bytes.
    pub size: i64,
    /// The time of its last change (`st_ctime`): Unix seconds, nanoseconds.
    pub changed: (i64, i64),
}

impl Facts {
    /// Whether it belongs to the effective user of this process.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.owner == nix::unistd::geteuid().as_raw()
    }

    /// Whether it is a regular file of this user with one name and mode 0600.
    #[must_use]
    pub fn is_private_file(&self) -> bool {
        self.kind == Kind::Regular && self.links == 1 && self.mode == 0o600 && self.is_ours()
    }

    /// Whether it belongs to this user and no other user may write it. Only then its
    /// content is trusted.
    #[must_use]
    pub fn is_ours_alone(&self) -> bool {
        const OTHERS_WRITE: u32 = 0o022;
        self.is_ours() && self.mode & OTHERS_WRITE == 0
    }
}

impl From<kernel::FileStat> for Facts {
    fn from(stat: kernel::FileStat) -> Self {
        let kind = match SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits()) {
            SFlag::S_IFREG => Kind::Regular,
            SFlag::S_IFDIR => Kind::Directory,
            SFlag::S_IFIFO => Kind::Fifo,
            SFlag::S_IFLNK => Kind::Link,
            SFlag::S_IFSOCK => Kind::Socket,
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
            group: stat.st_gid,
            links: u64::from(stat.st_nlink),
            size: stat.st_size,
            changed: (stat.st_ctime, stat.st_ctime_nsec),
        }
    }
}

/// The facts about the file that a path leads to.
///
/// # Errors
/// Those of `stat(2)`.
pub fn stat(path: &CStr) -> Result<Facts> {
    kernel::stat(path).map(Facts::from)
}

/// The facts about the name itself, which may be a symbolic link.
///
/// # Errors
/// Those of `lstat(2)`.
pub fn lstat(path: &CStr) -> Result<Facts> {
    kernel::lstat(path).map(Facts::from)
}

/// The facts about a name in an open directory, which may be a symbolic link.
///
/// # Errors
/// Those of `fstatat(2)`.
pub fn lstat_in(directory: impl AsFd, name: &CStr) -> Result<Facts> {
    kernel::fstatat(directory, name, AtFlags::AT_SYMLINK_NOFOLLOW).map(Facts::from)
}

/// The facts about an open file.
///
/// # Errors
/// Those of `fstat(2)`.
pub fn fstat(fd: impl AsFd) -> Result<Facts> {
    kernel::fstat(fd).map(Facts::from)
}

/// Fails unless the effective user of this process may execute a file.
///
/// # Errors
/// Those of `faccessat(2)`.
pub fn may_execute(path: &CStr) -> Result<()> {
    nix::unistd::faccessat(
        nix::fcntl::AT_FDCWD,
        path,
        nix::unistd::AccessFlags::X_OK,
        AtFlags::AT_EACCESS,
    )
}

/// Fails unless the effective user of this process may make and remove names in a
/// directory. Nothing is changed there.
///
/// # Errors
/// Those of `faccessat(2)`; EROFS in a file system that is read-only.
pub fn may_change(directory: &CStr) -> Result<()> {
    use nix::unistd::AccessFlags;
    let access = AccessFlags::W_OK | AccessFlags::X_OK;
    nix::unistd::faccessat(nix::fcntl::AT_FDCWD, directory, access, AtFlags::AT_EACCESS)
}
