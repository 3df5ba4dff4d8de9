//! Reading the names in a directory through one descriptor, as often as needed and
//! without the heap: svscan does so as long as the machine runs.

use core::ffi::CStr;
use core::mem::offset_of;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use linux_raw_sys::general::linux_dirent64;
use nix::unistd::Whence;

use super::file;
use crate::{Errno, Result};

/// An open directory.
#[derive(Debug)]
pub struct Dir {
    fd: OwnedFd,
}

/// The type of a name, as far as the directory tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// The file system does not tell it.
    Unknown,
    /// Anything else.
    Other,
}

/// The offsets of fields in an entry.
const LENGTH: usize = offset_of!(linux_dirent64, d_reclen);
const KIND: usize = offset_of!(linux_dirent64, d_type);
const NAME: usize = offset_of!(linux_dirent64, d_name);

/// Room for some entries, with their alignment.
#[repr(align(8))]
struct Buffer([u8; 4096]);

impl Dir {
    /// Opens a directory for reading its names.
    ///
    /// # Errors
    /// Those of `open(2)`.
    pub fn open(path: &CStr) -> Result<Self> {
        file::open_directory(path).map(|fd| Self { fd })
    }

    /// For reading the names of a directory that is open for reading.
    #[must_use]
    pub const fn from_fd(fd: OwnedFd) -> Self {
        Self { fd }
    }

    /// Calls `each` with every name, `.` and `..` among them, in the kernel's order.
    ///
    /// # Errors
    /// Those of `getdents64(2)`. `each` may have been called with some names before.
    pub fn each(&self, mut each: impl FnMut(&CStr, Hint)) -> Result<()> {
        nix::unistd::lseek(&self.fd, 0, Whence::SeekSet)?;
        let mut buffer = Buffer([0; 4096]);
        loop {
            let filled = self.fill(&mut buffer)?;
            if filled == 0 {
                return Ok(());
            }
            let mut rest = &buffer.0[..filled];
            while rest.len() > NAME {
                let length = usize::from(u16::from_ne_bytes([rest[LENGTH], rest[LENGTH + 1]]));
                let Some((entry, next)) = rest.split_at_checked(length.max(NAME)) else {
                    return Err(Errno::EIO);
                };
                if let Ok(name) = CStr::from_bytes_until_nul(&entry[NAME..]) {
                    each(name, hint(entry[KIND]));
                }
                rest = next;
            }
        }
    }

    /// Reads the next entries. Gives the number of bytes that they take, 0 at the end.
    fn fill(&self, buffer: &mut Buffer) -> Result<usize> {
        // SAFETY: the kernel writes at most `len` bytes into the buffer.
        let filled = unsafe {
            libc::syscall(
                libc::SYS_getdents64,
                self.fd.as_raw_fd(),
                buffer.0.as_mut_ptr(),
                buffer.0.len(),
            )
        };
        Errno::result(filled).map(|filled| usize::try_from(filled).unwrap_or(0))
    }
}

impl AsFd for Dir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

const fn hint(kind: u8) -> Hint {
    match kind {
        libc::DT_DIR => Hint::Directory,
        libc::DT_LNK => Hint::Link,
        libc::DT_UNKNOWN => Hint::Unknown,
        _ => Hint::Other,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn gives_every_name_of_a_directory_larger_than_the_buffer_each_time() {
        let place = tempfile::tempdir().expect("a directory");
        for number in 0..500 {
            std::fs::create_dir(place.path().join(format!("service-{number}"))).expect("mkdir");
        }
        let path = CString::new(place.path().as_os_str().as_bytes()).expect("no NUL");
        let dir = Dir::open(&path).expect("open");
        for _ in 0..2 {
            let mut names = BTreeSet::new();
            dir.each(|name, hint| {
                assert!(matches!(hint, Hint::Directory | Hint::Unknown));
                assert!(names.insert(name.to_bytes().to_vec()));
            })
            .expect("names");
            assert_eq!(names.len(), 502);
        }
    }
}
