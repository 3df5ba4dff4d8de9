//! Puts a TAI64N label in front of each line. No I/O.

use daemontools::tai64n::{LABEL_LEN, Tai64n};

/// Length of `@`, the label and a space.
const STAMP_LEN: usize = LABEL_LEN + 2;

/// Labels a stream block by block.
#[derive(Debug)]
pub(crate) struct Stamper {
    /// Whether the next byte begins a line.
    at_start: bool,
}

impl Stamper {
    pub(crate) const fn new() -> Self {
        Self { at_start: true }
    }

    /// Appends `block`, which was read at the time `now`, to `out`, with a label in front
    /// of each line that begins in it.
    pub(crate) fn feed(&mut self, block: &[u8], now: Tai64n, out: &mut Vec<u8>) {
        let mut stamp = [b' '; STAMP_LEN];
        stamp[0] = b'@';
        stamp[1..=LABEL_LEN].copy_from_slice(&now.label());
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', block) {
            self.piece(&block[start..=end], &stamp, out);
            self.at_start = true;
            start = end + 1;
        }
        if start < block.len() {
            self.piece(&block[start..], &stamp, out);
        }
    }

    /// Appends a line or a part of one.
    fn piece(&mut self, piece: &[u8], stamp: &[u8; STAMP_LEN], out: &mut Vec<u8>) {
        if self.at_start {
            out.extend_from_slice(stamp);
        }
        self.at_start = false;
        out.extend_from_slice(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamped(blocks: &[&[u8]]) -> String {
        let mut stamper = Stamper::new();
        let mut out = Vec::new();
        for (second, block) in (0..).zip(blocks) {
            stamper.feed(block, Tai64n::from_unix(second, 1), &mut out);
        }
        String::from_utf8_lossy(&out).replace("@4000000000000", "@4~")
    }

    #[test]
    fn a_line_gets_the_time_of_the_block_in_which_it_begins() {
        assert_eq!(
            stamped(&[b"a\n\nb", b"", b"b\nc\n", b"d"]),
            "@4~00a00000001 a\n@4~00a00000001 \n@4~00a00000001 bb\n\
             @4~00c00000001 c\n@4~00d00000001 d"
        );
    }

    #[test]
    fn no_input_gives_no_output() {
        assert_eq!(stamped(&[b""]), "");
    }
}
