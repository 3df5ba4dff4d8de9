//! Files and directories. All descriptors are close-on-exec, but for
//! [`open_lock_to_inherit`].

mod content;
mod facts;
mod names;
mod open;
mod safe_path;
#[cfg(any(test, target_pointer_width = "32"))]
mod statx;

use std::os::fd::{AsFd, AsRawFd};

use nix::fcntl::AtFlags;
use nix::sys::stat::{FchmodatFlags, Mode};
use nix::unistd::Gid;

pub use content::{
    ReadError, allocate, offset, punch_hole, read_at, read_start, rewind, sync, truncate, write_at,
};
pub use facts::{Facts, Identity, Kind, fstat, lstat, lstat_in, may_change, may_execute, stat};
pub use names::{
    chdir, fchdir, is_link_to_in, link, link_in, make_unique_directory, mkdir, mkdir_in, read_link,
    rename, rename_in, rename_new, rmdir, rmdir_in, symlink_in, unlink, unlink_in,
};
pub use open::{
    create_exclusive, create_in, open_append, open_append_in, open_append_nofollow, open_directory,
    open_directory_in, open_directory_path, open_lock_to_inherit, open_null, open_path_in,
    open_read, open_read_in, open_read_nofollow, open_truncate, open_truncate_nofollow,
    open_update_in, open_update_nofollow, open_write,
};
pub use safe_path::{PathError, open_directory_safely, open_file_safely};

use crate::Result;
use crate::buffer::Path;
use crate::strerr::Decimal;

/// Sets the permission bits of an open file.
///
/// # Errors
/// Those of `fchmod(2)`.
pub fn set_mode(fd: impl AsFd, mode: u32) -> Result<()> {
    nix::sys::stat::fchmod(fd, Mode::from_bits_truncate(mode))
}

/// Gives an open file to a group; it keeps its owner.
///
/// # Errors
/// Those of `fchownat(2)`.
pub fn set_group(fd: impl AsFd, group: u32) -> Result<()> {
    nix::unistd::fchownat(
        fd,
        c"",
        None,
        Some(Gid::from_raw(group)),
        AtFlags::AT_EMPTY_PATH,
    )
}

/// Sets the permission bits of a file that was opened by [`open_path_in`].
///
/// # Errors
/// Those of `fchmodat(2)`; ENOENT without `/proc`.
pub fn set_mode_of_path(fd: impl AsFd, mode: u32) -> Result<()> {
    let number = Decimal::new(fd.as_fd().as_raw_fd().unsigned_abs().into());
    let path = Path::<32>::new(&[b"/proc/self/fd/", number.as_bytes()])?;
    let mode = Mode::from_bits_truncate(mode);
    let here = nix::fcntl::AT_FDCWD;
    nix::sys::stat::fchmodat(here, path.as_c_str(), mode, FchmodatFlags::FollowSymlink)
}

/// Sets the permission bits that new files do not get.
pub fn set_umask(mask: u32) {
    nix::sys::stat::umask(Mode::from_bits_truncate(mask));
}
