//! Paths built without the heap: running out of memory must not end svscan.

use core::ffi::CStr;

use daemontools::strerr::Decimal;
use daemontools::{Errno, Result};

/// Room for a name of 255 bytes and what svscan puts before and after it.
const ROOM: usize = 320;

/// A path, with its NUL.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    bytes: [u8; ROOM],
}

impl Path {
    /// The `parts`, one after the other.
    ///
    /// # Errors
    /// ENAMETOOLONG.
    pub(crate) fn new(parts: &[&[u8]]) -> Result<Self> {
        let mut bytes = [0; ROOM];
        let mut end = 0;
        for part in parts {
            let room = bytes.get_mut(end..end + part.len());
            room.ok_or(Errno::ENAMETOOLONG)?.copy_from_slice(part);
            end += part.len();
        }
        if end == ROOM {
            return Err(Errno::ENAMETOOLONG);
        }
        Ok(Self { bytes })
    }

    /// A name in a directory, which is never too long.
    pub(crate) fn of_name(name: &CStr) -> Self {
        Self::new(&[name.to_bytes()]).unwrap_or(Self { bytes: [0; ROOM] })
    }

    /// An entry in the `/proc` directory of a process.
    ///
    /// # Errors
    /// ENAMETOOLONG.
    pub(crate) fn of_process(pid: u32, entry: &[u8]) -> Result<Self> {
        let pid = Decimal::new(u64::from(pid));
        Self::new(&[b"/proc/", pid.as_bytes(), b"/", entry])
    }

    /// The path for system calls.
    pub(crate) fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or(c"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_is_its_parts_and_an_error_if_too_long() {
        let path = Path::new(&[b"a", b"/", b"log"]).expect("short");
        assert_eq!(path.as_c_str(), c"a/log");
        assert!(Path::new(&[&[b'x'; ROOM - 1]]).is_ok());
        assert_eq!(
            Path::new(&[&[b'x'; ROOM - 1], b"y"]).err(),
            Some(Errno::ENAMETOOLONG)
        );
        assert!(Path::new(&[&[b'x'; ROOM + 1]]).is_err());
    }
}
