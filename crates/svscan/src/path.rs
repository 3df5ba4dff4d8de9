//! Paths built without the heap: running out of memory must not end svscan.

use core::ffi::CStr;

use daemontools::buffer;

/// Room for a name of 255 bytes and the names of files in its directory.
const ROOM: usize = 320;

/// A path, with its NUL.
pub(crate) type Path = buffer::Path<ROOM>;

/// The path of an entry of the scan directory, whose name is never too long.
pub(crate) fn of_name(name: &CStr) -> Path {
    Path::new(&[name.to_bytes()]).unwrap_or_default()
}
