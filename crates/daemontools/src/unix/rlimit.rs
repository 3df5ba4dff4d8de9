//! Resource limits of a process.

pub use nix::sys::resource::Resource;
use nix::sys::resource::{getrlimit, setrlimit};

use crate::Result;

/// The soft and the hard limit; `u64::MAX` for no limit.
///
/// # Errors
/// Those of `getrlimit(2)`.
pub fn get(resource: Resource) -> Result<(u64, u64)> {
    getrlimit(resource)
}

/// Sets the soft and the hard limit.
///
/// # Errors
/// Those of `setrlimit(2)`.
pub fn set(resource: Resource, (soft, hard): (u64, u64)) -> Result<()> {
    setrlimit(resource, soft, hard)
}

/// Raises the limit on open descriptors to the hard limit. Gives the old limit, for
/// children; `None` if it could not be read.
pub fn raise_descriptors() -> Option<(u64, u64)> {
    let before = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    let _ = setrlimit(Resource::RLIMIT_NOFILE, before.1, before.1);
    Some(before)
}

/// Restores the limit on open descriptors that [`raise_descriptors`] gave.
pub fn restore_descriptors((soft, hard): (u64, u64)) {
    let _ = setrlimit(Resource::RLIMIT_NOFILE, soft, hard);
}
