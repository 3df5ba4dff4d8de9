//! Paths of the mirror, built without the heap.

use core::ffi::CStr;

use daemontools::{Result, buffer};

/// A path as long as the kernel takes it, with its NUL.
pub(super) type LongPath = buffer::Path<4096>;

/// The path of a name in a directory.
///
/// # Errors
/// ENAMETOOLONG.
pub(super) fn joined(directory: &CStr, name: &CStr) -> Result<LongPath> {
    LongPath::new(&[directory.to_bytes(), b"/", name.to_bytes()])
}
