//! Paths of files in `/proc`, put together without the heap.

use core::ffi::CStr;

use crate::Result;
use crate::buffer::Path;
use crate::strerr::Decimal;

/// The path of an entry of one process, such as `/proc/42/fd/1`.
#[derive(Clone, Copy, Debug)]
pub struct ProcPath(Path<48>);

impl ProcPath {
    /// The path of `entry`, such as `fd/1`, of process `pid`.
    ///
    /// # Errors
    /// ENAMETOOLONG for an entry of more than 30 bytes: `/proc` has none.
    pub fn new(pid: u32, entry: &[u8]) -> Result<Self> {
        Self::of_number(pid, entry, b"")
    }

    /// The path of a numbered entry: `kind`, such as `fd/`, and the number in decimal.
    ///
    /// # Errors
    /// As [`ProcPath::new`].
    pub(super) fn of_number(pid: u32, kind: &[u8], number: &[u8]) -> Result<Self> {
        let pid = Decimal::new(u64::from(pid));
        Path::new(&[b"/proc/", pid.as_bytes(), b"/", kind, number]).map(Self)
    }

    /// The path as the kernel takes it.
    #[must_use]
    pub fn as_c_str(&self) -> &CStr {
        self.0.as_c_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Errno;

    #[test]
    fn has_room_for_the_highest_pid_and_descriptor() {
        let path = ProcPath::of_number(u32::MAX, b"fdinfo/", b"4294967295").expect("room");
        assert_eq!(path.as_c_str(), c"/proc/4294967295/fdinfo/4294967295");
        let path = ProcPath::new(1, &[b'x'; 64]);
        assert_eq!(path.err(), Some(Errno::ENAMETOOLONG));
    }
}
