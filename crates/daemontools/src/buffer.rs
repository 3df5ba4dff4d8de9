//! Bytes in a place of fixed size, for programs that use no heap: one that may have no
//! memory left when a message or a path is put together.

use core::ffi::CStr;

use crate::{Errno, Result};

/// At most `N` bytes.
#[derive(Clone, Copy, Debug)]
pub struct Buffer<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Buffer<N> {
    /// No bytes.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            bytes: [0; N],
            len: 0,
        }
    }

    /// Appends all of `part`, or nothing if there is not enough room; tells which.
    #[must_use]
    pub fn push(&mut self, part: &[u8]) -> bool {
        let Some(room) = self.bytes.get_mut(self.len..self.len + part.len()) else {
            return false;
        };
        room.copy_from_slice(part);
        self.len += part.len();
        true
    }

    /// Appends as much of `part` as there is room for.
    pub fn push_cut(&mut self, part: &[u8]) {
        let part = &part[..part.len().min(N - self.len)];
        self.bytes[self.len..self.len + part.len()].copy_from_slice(part);
        self.len += part.len();
    }

    /// Keeps the first `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// The number of bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no bytes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// The first `M` bytes of the room, also if there are fewer bytes: a copy of a constant
    /// length is faster than an exact one.
    #[must_use]
    pub const fn first_chunk<const M: usize>(&self) -> Option<&[u8; M]> {
        self.bytes.first_chunk()
    }

    /// The bytes, to be changed in place.
    #[must_use]
    pub fn as_mut_bytes(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.len]
    }
}

impl<const N: usize> Default for Buffer<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// A path of fewer than `N` bytes, with the NUL that ends it for the kernel.
#[derive(Clone, Copy, Debug, Default)]
pub struct Path<const N: usize>(Buffer<N>);

impl<const N: usize> Path<N> {
    /// The `parts`, one after the other.
    ///
    /// # Errors
    /// ENAMETOOLONG if there is not enough room.
    pub fn new(parts: &[&[u8]]) -> Result<Self> {
        let mut path = Buffer::new();
        let fits = parts.iter().all(|part| path.push(part)) && path.push(b"\0");
        fits.then_some(Self(path)).ok_or(Errno::ENAMETOOLONG)
    }

    /// The path as the kernel takes it, which ends at its first NUL.
    #[must_use]
    pub fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_until_nul(self.0.as_bytes()).unwrap_or(c"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_does_not_fit_is_left_out_or_cut() {
        let mut buffer = Buffer::<5>::new();
        assert!(buffer.push(b"abc"));
        assert!(!buffer.push(b"def"));
        assert_eq!(buffer.as_bytes(), b"abc");
        buffer.push_cut(b"def");
        assert_eq!(buffer.as_bytes(), b"abcde");
        buffer.push_cut(b"f");
        assert!(buffer.push(b"") && !buffer.push(b"f"));
        buffer.truncate(1);
        buffer.truncate(3);
        assert_eq!(buffer.as_bytes(), b"a");
    }

    #[test]
    fn a_path_needs_room_for_its_nul() {
        let path = Path::<6>::new(&[b"a", b"/", b"log"]).expect("room");
        assert_eq!(path.as_c_str(), c"a/log");
        let too_long = Path::<6>::new(&[b"a/", b"logs"]);
        assert_eq!(too_long.err(), Some(Errno::ENAMETOOLONG));
    }
}
