//! What stands in front of each line: `@`, a label, a space; or nothing.

use daemontools::tai64n::{LABEL_LEN, Tai64n};

/// Bytes in front of a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp {
    bytes: [u8; LABEL_LEN + 2],
    len: usize,
}

impl Stamp {
    /// No stamp, or that of a moment.
    pub(crate) fn new(wanted: bool, moment: Tai64n) -> Self {
        let mut bytes = [b' '; LABEL_LEN + 2];
        if wanted {
            bytes[0] = b'@';
            bytes[1..=LABEL_LEN].copy_from_slice(&moment.label());
        }
        Self {
            bytes,
            len: if wanted { bytes.len() } else { 0 },
        }
    }

    /// The bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}
