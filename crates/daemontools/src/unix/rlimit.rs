//! Limits on what a process may use.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Raises the limit on open descriptors as far as it goes and gives the limit from
/// before, for children. `None` if it could not be read.
pub fn raise_descriptors() -> Option<(u64, u64)> {
    let before = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    let _ = setrlimit(Resource::RLIMIT_NOFILE, before.1, before.1);
    Some(before)
}

/// Sets the limit on open descriptors back to what [`raise_descriptors`] gave.
pub fn restore_descriptors((soft, hard): (u64, u64)) {
    let _ = setrlimit(Resource::RLIMIT_NOFILE, soft, hard);
}
