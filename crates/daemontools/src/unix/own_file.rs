//! The file that this process executes, as the kernel knows it.

use core::ffi::CStr;

use super::file;

/// The longest path that the kernel tells, with its NUL byte.
pub const PATH_MAX: usize = libc::PATH_MAX.cast_unsigned() as usize;

/// The path of the file, links followed; `None` without `/proc`. After the file was
/// removed or replaced it ends with ` (deleted)`.
pub fn path(buffer: &mut [u8; PATH_MAX]) -> Option<&[u8]> {
    file::read_link(c"/proc/self/exe", buffer).ok()
}

/// The path that was given to `execve(2)`: of a script, the script's.
#[must_use]
pub fn given_path() -> Option<&'static CStr> {
    // SAFETY: takes no pointer.
    let address = unsafe { libc::getauxval(libc::AT_EXECFN) };
    let path = core::ptr::with_exposed_provenance::<core::ffi::c_char>(address as usize);
    // SAFETY: an address that is not null is a C string that the kernel has put behind
    // the environment, for the life of the process; nobody writes to it.
    (!path.is_null()).then(|| unsafe { CStr::from_ptr(path) })
}
