//! Lines with a name before each, as pieces that one write puts into a pipe undivided. No
//! I/O.
//!
//! A line becomes `NAME: line`. A line that is too long for one write becomes several
//! pieces, `NAME: `, then `NAME+ ` for each that goes on with the line before. So the line
//! can be put together again: without the newline before each `NAME+ `.

use daemontools::buffer::Buffer;
use daemontools::strerr::MESSAGE_MAX;

/// The longest piece with its newline: PIPE_BUF.
pub(crate) const PIECE_MAX: usize = MESSAGE_MAX;

/// The most bytes of a name that are shown: the length of a file name.
const NAME_MAX: usize = 255;

/// A name as it is shown.
pub(crate) type Name = Buffer<NAME_MAX>;

/// Shows a name. A control byte in it is a `?`.
pub(crate) fn shown(name: &[u8]) -> Name {
    let mut shown = Buffer::new();
    for &byte in name {
        shown.push_cut(&[if byte.is_ascii_control() { b'?' } else { byte }]);
    }
    shown
}

/// What is between the name and the line.
const BEGINS: &[u8] = b": ";
const GOES_ON: &[u8] = b"+ ";

/// Lines on their way.
pub(crate) struct Lines {
    name: Name,
    /// The beginning of a piece, in no output yet.
    held: Buffer<PIECE_MAX>,
    /// The next piece goes on with a line.
    goes_on: bool,
    out: Buffer<PIECE_MAX>,
}

impl Lines {
    /// The lines of a service.
    pub(crate) const fn new(name: Name) -> Self {
        Self {
            name,
            held: Buffer::new(),
            goes_on: false,
            out: Buffer::new(),
        }
    }

    /// Takes as many whole pieces as one write holds. Returns how many bytes of `input`
    /// they stand for, and what is to be written: nothing if there is no whole piece.
    pub(crate) fn take(&mut self, input: &[u8]) -> (usize, &[u8]) {
        self.out.truncate(0);
        let mut taken = 0;
        loop {
            let rest = &input[taken..];
            let room = self.room();
            let window = &rest[..rest.len().min(room + 1)];
            let newline = window.iter().position(|&byte| byte == b'\n');
            let length = match newline {
                Some(at) => at,
                // There is more of it, so that none of the pieces is empty.
                None if window.len() > room => room,
                None => break,
            };
            if self.out.len() + PIECE_MAX - room + length > PIECE_MAX {
                break;
            }
            self.put(&rest[..length]);
            self.goes_on = newline.is_none();
            taken += length + usize::from(newline.is_some());
        }
        (taken, self.out.as_bytes())
    }

    /// Keeps the beginning of a piece: what [`take`](Self::take) leaves when it returns
    /// nothing to write.
    pub(crate) fn hold(&mut self, input: &[u8]) {
        self.held.push_cut(input);
    }

    /// The input has ended: a last line without an end gets one.
    pub(crate) fn finish(&mut self) -> &[u8] {
        self.out.truncate(0);
        if !self.held.is_empty() {
            self.put(&[]);
        }
        self.out.as_bytes()
    }

    /// How many more bytes the next piece has room for, with its newline.
    fn room(&self) -> usize {
        let fixed = self.name.len() + BEGINS.len() + self.held.len() + 1;
        PIECE_MAX - fixed
    }

    fn put(&mut self, end: &[u8]) {
        let mark = if self.goes_on { GOES_ON } else { BEGINS };
        for part in [self.name.as_bytes(), mark, self.held.as_bytes(), end, b"\n"] {
            self.out.push_cut(part);
        }
        self.held.truncate(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is written of `input`, which comes in blocks of this size, each in one write.
    fn writes(input: &[u8], block: usize) -> Vec<Vec<u8>> {
        let mut lines = Lines::new(shown(b"web"));
        let mut writes = Vec::new();
        for block in input.chunks(block) {
            let mut at = 0;
            loop {
                let (taken, out) = lines.take(&block[at..]);
                at += taken;
                if out.is_empty() {
                    break;
                }
                writes.push(out.to_vec());
            }
            lines.hold(&block[at..]);
        }
        writes.push(lines.finish().to_vec());
        writes
    }

    /// Puts the lines together again.
    fn read_back(text: &[u8]) -> Vec<u8> {
        let mut all = Vec::new();
        for line in text.split_inclusive(|&byte| byte == b'\n') {
            if let Some(line) = line.strip_prefix(b"web+ ") {
                assert_eq!(all.pop(), Some(b'\n'));
                all.extend_from_slice(line);
            } else {
                all.extend_from_slice(line.strip_prefix(b"web: ").expect("a name"));
            }
        }
        all
    }

    fn text(input: &[u8]) -> Vec<u8> {
        writes(input, 64 << 10).concat()
    }

    #[test]
    fn each_line_gets_the_name() {
        assert_eq!(text(b"a\n\nb c\n"), b"web: a\nweb: \nweb: b c\n");
        assert_eq!(text(b""), b"");
    }

    #[test]
    fn a_last_line_without_an_end_gets_one() {
        assert_eq!(text(b"a\nb"), b"web: a\nweb: b\n");
    }

    #[test]
    fn several_lines_are_one_write() {
        assert_eq!(writes(b"a\nb\nc\n", 100).len(), 2);
    }

    #[test]
    fn control_bytes_of_the_name_are_not_written() {
        assert_eq!(shown(b"a\nb\x1b").as_bytes(), b"a?b?");
        assert_eq!(shown(&[b'x'; 5000]).len(), NAME_MAX);
    }

    #[test]
    fn every_length_in_every_block_size_reads_back() {
        let most = PIECE_MAX - b"web: \n".len();
        for length in [
            0,
            1,
            most - 1,
            most,
            most + 1,
            2 * most,
            2 * most + 1,
            50_000,
        ] {
            for end in [&b"\n"[..], b"", b"\nnext\n", b"\n\0\xff\n"] {
                let byte = |number| [b'x', 0, 0xff, b'\r'][number % 4];
                let line = (0..length).map(byte);
                let input: Vec<u8> = line.chain(end.iter().copied()).collect();
                for block in [1, 7, most, PIECE_MAX, 64 << 10] {
                    let writes = writes(&input, block);
                    for write in &writes {
                        assert!(write.len() <= PIECE_MAX);
                        assert!(write.is_empty() || write.ends_with(b"\n"));
                        assert!(write.is_empty() || write.starts_with(b"web"));
                    }
                    let mut wanted = input.clone();
                    if !wanted.is_empty() && !wanted.ends_with(b"\n") {
                        wanted.push(b'\n');
                    }
                    let back = read_back(&writes.concat());
                    assert!(back == wanted, "{length} {end:?} {block}");
                }
            }
        }
    }

    #[test]
    fn a_line_that_fits_is_never_cut() {
        let most = PIECE_MAX - b"web: \n".len();
        let line = |length| [vec![b'x'; length], b"\n".to_vec()].concat();
        assert_eq!(writes(&line(most), 7).len(), 2);
        assert!(!text(&line(most)).windows(5).any(|bytes| bytes == b"web+ "));
        assert!(text(&line(most + 1)).ends_with(b"web+ x\n"));
    }
}
