//! The functions of `nix::sys::stat` for platforms whose `stat(2)` has 32 bits for inodes,
//! sizes and times: it fails with EOVERFLOW where they do not suffice. Those of `statx(2)`
//! have 64 bits. Where the kernel does not have that call, the C library does what it can.

use core::ffi::CStr;
use core::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd};

use nix::fcntl::{AT_FDCWD, AtFlags};

use crate::{Errno, Result};

/// What the kernel tells about a file, named as in `stat(2)`.
#[derive(Clone, Copy, Debug)]
pub(super) struct FileStat {
    pub(super) st_dev: u64,
    pub(super) st_ino: u64,
    pub(super) st_mode: u32,
    pub(super) st_uid: u32,
    pub(super) st_gid: u32,
    pub(super) st_nlink: u32,
    pub(super) st_size: i64,
    pub(super) st_ctime: i64,
    pub(super) st_ctime_nsec: i64,
}

pub(super) fn stat(path: &CStr) -> Result<FileStat> {
    fstatat(AT_FDCWD, path, AtFlags::empty())
}

pub(super) fn lstat(path: &CStr) -> Result<FileStat> {
    fstatat(AT_FDCWD, path, AtFlags::AT_SYMLINK_NOFOLLOW)
}

pub(super) fn fstat(fd: impl AsFd) -> Result<FileStat> {
    fstatat(fd, c"", AtFlags::AT_EMPTY_PATH)
}

pub(super) fn fstatat(directory: impl AsFd, name: &CStr, flags: AtFlags) -> Result<FileStat> {
    let directory = directory.as_fd().as_raw_fd();
    let mut facts = MaybeUninit::<libc::statx>::uninit();
    // SAFETY: the kernel reads a C string and writes one `statx`.
    let result = unsafe {
        libc::statx(
            directory,
            name.as_ptr(),
            flags.bits(),
            libc::STATX_BASIC_STATS,
            facts.as_mut_ptr(),
        )
    };
    Errno::result(result)?;
    // SAFETY: it was written, or the call had failed.
    Ok(FileStat::from(unsafe { facts.assume_init() }))
}

impl From<libc::statx> for FileStat {
    fn from(facts: libc::statx) -> Self {
        Self {
            st_dev: libc::makedev(facts.stx_dev_major, facts.stx_dev_minor),
            st_ino: facts.stx_ino,
            st_mode: facts.stx_mode.into(),
            st_uid: facts.stx_uid,
            st_gid: facts.stx_gid,
            st_nlink: facts.stx_nlink,
            st_size: facts.stx_size.cast_signed(),
            st_ctime: facts.stx_ctime.tv_sec,
            st_ctime_nsec: facts.stx_ctime.tv_nsec.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inodes_sizes_and_times_past_32_bits_are_kept() {
        // SAFETY: it is made of integers.
        let mut facts: libc::statx = unsafe { MaybeUninit::zeroed().assume_init() };
        // A file of an overlay: its inode has the number of the layer in the upper bits.
        facts.stx_ino = (1 << 63) | 2;
        facts.stx_size = 5 << 30;
        facts.stx_ctime.tv_sec = 1 << 33;
        let stat = FileStat::from(facts);
        assert_eq!(stat.st_ino, (1 << 63) | 2);
        assert_eq!(stat.st_size, 5 << 30);
        assert_eq!(stat.st_ctime, 1 << 33);
    }

    #[test]
    fn it_tells_what_stat_tells() {
        use std::os::unix::fs::MetadataExt;
        let place = tempfile::tempdir().expect("a directory");
        let link = place.path().join("link");
        std::os::unix::fs::symlink("/dev/null", &link).expect("a link");
        let link_c = std::ffi::CString::new(link.to_str().expect("text")).expect("no NUL");
        let file = std::fs::File::open("/proc/self/exe").expect("a file");
        let is = std::fs::metadata(&link).expect("stat");
        for (told, is) in [
            (stat(&link_c), is),
            (
                lstat(&link_c),
                std::fs::symlink_metadata(&link).expect("lstat"),
            ),
            (fstat(&file), file.metadata().expect("fstat")),
        ] {
            let told = told.expect("statx");
            assert_eq!((told.st_dev, told.st_ino), (is.dev(), is.ino()));
            assert_eq!(told.st_mode, is.mode());
            assert_eq!((told.st_uid, told.st_gid), (is.uid(), is.gid()));
            assert_eq!(u64::from(told.st_nlink), is.nlink());
            assert_eq!(told.st_size.cast_unsigned(), is.size());
            assert_eq!(
                (told.st_ctime, told.st_ctime_nsec),
                (is.ctime(), is.ctime_nsec())
            );
        }
    }
}
