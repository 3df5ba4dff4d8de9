//! Making the directory `supervise`.

use std::ffi::CString;

use daemontools::servicedir::SUPERVISE;
use daemontools::unix::file;
use daemontools::{Errno, Result};

/// The most text of a `supervise` link that the reference reads.
const LINK_MAX: usize = 256;

/// Makes `supervise`, mode 0700, unless the name exists. If it is a link, makes the
/// directory that the link names: Debian's `update-service` has it in /var/lib/supervise.
///
/// # Errors
/// Only for a link that cannot be read or is too long. A directory that could not be made
/// shows when the lock is taken.
pub(crate) fn make_directory() -> Result<()> {
    if file::mkdir(SUPERVISE, 0o700).is_ok() {
        return Ok(());
    }
    let mut buffer = [0; LINK_MAX];
    match file::read_link(SUPERVISE, &mut buffer) {
        Ok(target) => {
            if let Ok(target) = CString::new(target) {
                let _ = file::mkdir(&target, 0o700);
            }
            Ok(())
        }
        // No link, or no such name.
        Err(Errno::EINVAL | Errno::ENOENT) => Ok(()),
        // The reference's text for it.
        Err(Errno::ENAMETOOLONG) => Err(Errno::UnknownErrno),
        Err(error) => Err(error),
    }
}
