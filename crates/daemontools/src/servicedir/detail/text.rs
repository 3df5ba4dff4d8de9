//! The lines of the detail file while they are put together.

use crate::buffer::Buffer;
use crate::strerr::Decimal;

/// Length of the file in bytes: room for every line at its longest and for some more,
/// and short enough to be one write within a page.
pub const DETAIL_LEN: usize = 512;

/// The lines of a file, as far as they are written. [`DETAIL_LEN`] has room for all.
#[derive(Default)]
pub(super) struct Text(Buffer<DETAIL_LEN>);

impl Text {
    pub(super) fn number(&mut self, name: &[u8], value: u64) {
        self.line(name, Decimal::new(value).as_bytes());
    }

    pub(super) fn pair(&mut self, name: &[u8], first: u64, second: u64) {
        let (first, second) = (Decimal::new(first), Decimal::new(second));
        self.put(&[name, first.as_bytes(), b" ", second.as_bytes(), b"\n"]);
    }

    pub(super) fn line(&mut self, name: &[u8], value: &[u8]) {
        self.put(&[name, value, b"\n"]);
    }

    fn put(&mut self, parts: &[&[u8]]) {
        for part in parts {
            self.0.push_cut(part);
        }
    }

    /// The lines, filled up with empty ones.
    pub(super) fn filled(&self) -> [u8; DETAIL_LEN] {
        let mut bytes = [b'\n'; DETAIL_LEN];
        bytes[..self.0.len()].copy_from_slice(self.0.as_bytes());
        bytes
    }
}
