//! A service as svctl knows it: what people call it, and where it is.

use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use daemontools::{Errno, Result};

/// A service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Service {
    /// What people call it: `web`, `web/log`, or a path.
    pub(crate) name: Vec<u8>,
    /// The service directory.
    pub(crate) directory: PathBuf,
    /// Whether svscan looks after it: it is in the tree, and its name does not begin with a
    /// dot.
    pub(crate) enabled: bool,
}

impl Service {
    /// The service directory, for the kernel.
    ///
    /// # Errors
    /// EINVAL for a path with a NUL, which only a command line can't have.
    pub(crate) fn path(&self) -> Result<CString> {
        c_path(&self.directory)
    }

    /// Its logger.
    pub(crate) fn logger(&self) -> Self {
        Self {
            name: [&self.name, &b"/log"[..]].concat(),
            directory: self.directory.join("log"),
            enabled: self.enabled,
        }
    }

    /// Whether it is another service's logger.
    pub(crate) fn is_logger(&self) -> bool {
        self.name.ends_with(b"/log")
    }
}

/// A path, for the kernel.
///
/// # Errors
/// EINVAL for a path with a NUL.
pub(crate) fn c_path(path: &Path) -> Result<CString> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| Errno::EINVAL)
}

/// Bytes as a path.
pub(crate) fn path_of(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}
