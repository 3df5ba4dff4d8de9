//! Files and directories. Everything is opened close-on-exec.

use core::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};

use nix::fcntl::{AtFlags, FallocateFlags, OFlag, RenameFlags};
use nix::sys::stat::{FileStat, Mode, SFlag};
use nix::unistd::UnlinkatFlags;

use crate::{Errno, Result};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// How many names it has; 0 for a directory that was removed.
    pub links: u64,
    /// Its size in bytes.
    pub size: i64,
    /// When it last changed, by the file system's clock: seconds, nanoseconds.
    pub changed: (i64, i64),
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

/// Facts of an open file.
///
/// # Errors
/// What `fstat(2)` says.
pub fn fstat(fd: impl AsFd) -> Result<Facts> {
    nix::sys::stat::fstat(fd).map(Facts::from)
}

fn open(path: &CStr, flags: OFlag, mode: u32) -> Result<OwnedFd> {
    nix::fcntl::open(
        path,
        flags | OFlag::O_CLOEXEC,
        Mode::from_bits_truncate(mode),
    )
}

/// Opens a file for reading, without waiting for a FIFO's writer.
///
/// # Errors
/// What `open(2)` says.
pub fn open_read(path: &CStr) -> Result<OwnedFd> {
    open(path, OFlag::O_RDONLY | OFlag::O_NONBLOCK, 0)
}

/// Opens /dev/null for reading and writing.
///
/// # Errors
/// What `open(2)` says.
pub fn open_null() -> Result<OwnedFd> {
    open(c"/dev/null", OFlag::O_RDWR, 0)
}

/// Reads the beginning of a file, as much as the buffer holds.
///
/// # Errors
/// [`ReadError`] says whether it could not be opened or could not be read.
pub fn read_start<'a>(
    path: &CStr,
    buffer: &'a mut [u8],
) -> core::result::Result<&'a [u8], ReadError> {
    let fd = open_read(path).map_err(ReadError::Open)?;
    loop {
        match nix::unistd::read(&fd, buffer) {
            Ok(count) => return Ok(&buffer[..count]),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(ReadError::Read(error)),
        }
    }
}

/// Where [`read_start`] failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// The file could not be opened.
    Open(Errno),
    /// It was opened and could not be read.
    Read(Errno),
}

/// Opens a file for writing as it is, without waiting for a FIFO's reader.
///
/// # Errors
/// What `open(2)` says; ENXIO for a FIFO that nobody reads.
pub fn open_write(path: &CStr) -> Result<OwnedFd> {
    open(path, OFlag::O_WRONLY | OFlag::O_NONBLOCK, 0)
}

/// Opens a directory.
///
/// # Errors
/// What `open(2)` says; ENOTDIR for anything else.
pub fn open_directory(path: &CStr) -> Result<OwnedFd> {
    open(path, OFlag::O_RDONLY | OFlag::O_DIRECTORY, 0)
}

/// Opens a file for appending, and makes it with `mode` if it does not exist. A
/// link that was planted in its place is not followed.
///
/// # Errors
/// What `open(2)` says; ELOOP for a link.
pub fn open_append_nofollow(path: &CStr, mode: u32) -> Result<OwnedFd> {
    let flags = OFlag::O_WRONLY | OFlag::O_APPEND | OFlag::O_CREAT;
    open(path, flags | OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW, mode)
}

/// Opens a file for appending, and makes it 0600 if it does not exist. Unlike all
/// others, this descriptor is inherited by a program that is exec'ed: a lock held
/// for that program.
///
/// # Errors
/// What `open(2)` says.
pub fn open_lock_to_inherit(path: &CStr) -> Result<OwnedFd> {
    let flags = OFlag::O_WRONLY | OFlag::O_APPEND | OFlag::O_CREAT | OFlag::O_NONBLOCK;
    nix::fcntl::open(path, flags, Mode::S_IRUSR | Mode::S_IWUSR)
}

/// Makes a new file for writing with `mode`. Whatever had the name is unlinked
/// first, so that a link or a file planted there is neither followed nor written.
///
/// # Errors
/// What `unlink(2)` (but for a name that does not exist) and `open(2)` say.
pub fn create_exclusive(path: &CStr, mode: u32) -> Result<OwnedFd> {
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL;
    match open(path, flags, mode) {
        Err(Errno::EEXIST) => {
            unlink(path)?;
            open(path, flags, mode)
        }
        result => result,
    }
}

/// Removes a name.
///
/// # Errors
/// What `unlink(2)` says.
pub fn unlink(path: &CStr) -> Result<()> {
    nix::unistd::unlinkat(nix::fcntl::AT_FDCWD, path, UnlinkatFlags::NoRemoveDir)
}

/// Gives a file another name, over what has that name.
///
/// # Errors
/// What `rename(2)` says.
pub fn rename(from: &CStr, to: &CStr) -> Result<()> {
    nix::fcntl::renameat(nix::fcntl::AT_FDCWD, from, nix::fcntl::AT_FDCWD, to)
}

/// Gives a file another name, which nothing must have.
///
/// # Errors
/// What `renameat2(2)` says: EEXIST if something has the name, EINVAL or ENOSYS
/// where this cannot be done at once.
pub fn rename_new(from: &CStr, to: &CStr) -> Result<()> {
    let here = nix::fcntl::AT_FDCWD;
    nix::fcntl::renameat2(here, from, here, to, RenameFlags::RENAME_NOREPLACE)
}

/// Makes a directory.
///
/// # Errors
/// What `mkdir(2)` says.
pub fn mkdir(path: &CStr, mode: u32) -> Result<()> {
    nix::unistd::mkdir(path, Mode::from_bits_truncate(mode))
}

/// Makes `path` the working directory.
///
/// # Errors
/// What `chdir(2)` says.
pub fn chdir(path: &CStr) -> Result<()> {
    nix::unistd::chdir(path)
}

/// Makes an open directory the working directory.
///
/// # Errors
/// What `fchdir(2)` says.
pub fn fchdir(fd: impl AsFd) -> Result<()> {
    nix::unistd::fchdir(fd)
}

/// Where a link leads, as text of fewer than `buffer.len()` bytes.
///
/// # Errors
/// EINVAL for what is no link; ENAMETOOLONG if the buffer is filled.
pub fn read_link<'a>(path: &CStr, buffer: &'a mut [u8]) -> Result<&'a [u8]> {
    // SAFETY: the kernel writes at most `buffer.len()` bytes into the buffer.
    let count = unsafe { libc::readlink(path.as_ptr(), buffer.as_mut_ptr().cast(), buffer.len()) };
    let count = usize::try_from(Errno::result(count)?).unwrap_or(0);
    if count >= buffer.len() {
        return Err(Errno::ENAMETOOLONG);
    }
    Ok(&buffer[..count])
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

/// Opens a file for appending, and makes it with `mode` if it does not exist.
///
/// # Errors
/// What `open(2)` says.
pub fn open_append(path: &CStr, mode: u32) -> Result<OwnedFd> {
    let flags = OFlag::O_WRONLY | OFlag::O_APPEND | OFlag::O_CREAT;
    open(path, flags | OFlag::O_NONBLOCK, mode)
}

/// Opens an empty file for writing: made with `mode`, or cut to nothing.
///
/// # Errors
/// What `open(2)` says.
pub fn open_truncate(path: &CStr, mode: u32) -> Result<OwnedFd> {
    let flags = OFlag::O_WRONLY | OFlag::O_TRUNC | OFlag::O_CREAT;
    open(path, flags | OFlag::O_NONBLOCK, mode)
}

/// Opens a file for reading and writing, and makes it with `mode` if it does not
/// exist. A link in its place is not followed.
///
/// # Errors
/// What `open(2)` says; ELOOP for a link.
pub fn open_update_nofollow(path: &CStr, mode: u32) -> Result<OwnedFd> {
    let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_NOFOLLOW;
    open(path, flags | OFlag::O_NONBLOCK, mode)
}

/// Makes a file `len` bytes long, every one of them with its place on the disk.
///
/// # Errors
/// What `ftruncate(2)` and `fallocate(2)` say.
pub fn allocate(fd: impl AsFd, len: i64) -> Result<()> {
    truncate(&fd, len)?;
    nix::fcntl::fallocate(fd, FallocateFlags::empty(), 0, len)
}

/// Cuts or extends a file to `len` bytes.
///
/// # Errors
/// What `ftruncate(2)` says.
pub fn truncate(fd: impl AsFd, len: i64) -> Result<()> {
    nix::unistd::ftruncate(fd, len)
}

/// Makes an open file safe on the disk.
///
/// # Errors
/// What `fsync(2)` says.
pub fn sync(fd: impl AsFd) -> Result<()> {
    nix::unistd::fsync(fd)
}

/// Sets the permission bits of an open file.
///
/// # Errors
/// What `fchmod(2)` says.
pub fn set_mode(fd: impl AsFd, mode: u32) -> Result<()> {
    nix::sys::stat::fchmod(fd, Mode::from_bits_truncate(mode))
}

/// Gives a file a second name.
///
/// # Errors
/// What `link(2)` says.
pub fn link(from: &CStr, to: &CStr) -> Result<()> {
    let here = nix::fcntl::AT_FDCWD;
    nix::unistd::linkat(here, from, here, to, AtFlags::empty())
}

/// Reads at an offset, leaving the file's own offset alone.
///
/// # Errors
/// What `pread(2)` says.
pub fn read_at(fd: impl AsFd, buffer: &mut [u8], offset: i64) -> Result<usize> {
    nix::sys::uio::pread(fd, buffer, offset)
}

/// Writes at an offset, leaving the file's own offset alone.
///
/// # Errors
/// What `pwrite(2)` says.
pub fn write_at(fd: impl AsFd, bytes: &[u8], offset: i64) -> Result<usize> {
    nix::sys::uio::pwrite(fd, bytes, offset)
}

/// Moves a file's offset to its start.
///
/// # Errors
/// What `lseek(2)` says.
pub fn rewind(fd: impl AsFd) -> Result<()> {
    nix::unistd::lseek(fd, 0, nix::unistd::Whence::SeekSet).map(drop)
}

/// Sets which permission bits new files do not get.
pub fn set_umask(mask: u32) {
    nix::sys::stat::umask(Mode::from_bits_truncate(mask));
}
