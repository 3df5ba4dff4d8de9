//! Where a log file ends. The rule is the one of the reference's manual: a file is
//! finished at the first newline that leaves it within 2000 bytes of its size, or past
//! that point; and at its size, in the middle of a line, where no such newline comes. So
//! a file never exceeds its size, and where it ends depends on the bytes alone, not on
//! how they were read or written.

/// How close to its size a newline finishes a file, in bytes.
const MARGIN: u64 = 2000;

/// What becomes of the next bytes for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// How many of them belong to the file.
    pub(super) take: usize,
    /// Whether the file is finished after them.
    pub(super) finishes: bool,
}

/// Whether a newline at the end of a file of `len` bytes finishes it.
pub(super) const fn is_near(size: u64, len: u64) -> bool {
    len + MARGIN >= size
}

/// Applies the rule to the next bytes for a file of `len` bytes, which may have `size` at
/// most. A file that is full takes none: it is finished as soon as there is another byte.
pub(super) fn cut(size: u64, len: u64, bytes: &[u8]) -> Cut {
    let bytes_until = |len_then: u64| usize::try_from(len_then.saturating_sub(len));
    let room = bytes_until(size).map_or(bytes.len(), |room| room.min(bytes.len()));
    // The first byte that finishes the file if it is a newline.
    let first = bytes_until(size - MARGIN).map_or(room, |until| until.saturating_sub(1));
    let newline = bytes
        .get(first..room)
        .and_then(|tail| memchr::memchr(b'\n', tail));
    Cut {
        take: newline.map_or(room, |at| first + at + 1),
        finishes: newline.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (bytes in the file, bytes that follow, taken, finished), for files of 4096 bytes:
    /// a newline finishes a file that is 2096 bytes long with it, or longer.
    const ROWS: &[(u64, &[u8], usize, bool)] = &[
        (0, b"", 0, false),
        (0, b"abc\n", 4, false),
        (2000, b"abc\n", 4, false),
        // One byte too few, just enough, one more.
        (2091, b"abc\n", 4, false),
        (2092, b"abc\n", 4, true),
        (2093, b"abc\n", 4, true),
        // The first newline that counts, not the last one.
        (2092, b"a\nbc", 4, false),
        (2092, b"abc\ndef\nghi", 4, true),
        (2094, b"a\nbc", 2, true),
        (2095, b"\n\n", 1, true),
        (3000, b"abc", 3, false),
        (3000, b"abc\ndef\n", 4, true),
        // At the size: with the newline as the last byte, and without one.
        (4092, b"abc\n", 4, true),
        (4093, b"abc\n", 3, false),
        (4095, b"ab\n", 1, false),
        (4095, b"\n", 1, true),
        // Full, or fuller than that: another script had a larger size.
        (4096, b"\n", 0, false),
        (9000, b"abc\n", 0, false),
    ];

    #[test]
    fn the_rule_row_by_row() {
        for &(len, bytes, take, finishes) in ROWS {
            let expected = Cut { take, finishes };
            assert_eq!(
                cut(4096, len, bytes),
                expected,
                "{len} {}",
                bytes.escape_ascii()
            );
        }
    }

    /// The sizes of the files that `bytes` become, given in pieces.
    fn sizes(size: u64, bytes: &[u8], piece: usize) -> Vec<u64> {
        let (mut done, mut len) = (Vec::new(), 0);
        for mut rest in bytes.chunks(piece) {
            while !rest.is_empty() {
                let cut = cut(size, len, rest);
                len += cut.take as u64;
                rest = &rest[cut.take..];
                if cut.finishes || len >= size {
                    done.push(core::mem::take(&mut len));
                }
            }
        }
        done.push(len);
        done
    }

    #[test]
    fn files_are_the_same_however_the_bytes_come() {
        let lengths = [0, 1, 20, 100, 999, 1999, 2000, 2096, 4095, 4096, 5000, 9000];
        let lines = lengths.iter().cycle().take(100);
        let bytes: Vec<u8> = lines
            .flat_map(|&len| vec![b'x'; len].into_iter().chain([b'\n']))
            .collect();
        for size in [4096, 5000, 16_777_215] {
            let whole = sizes(size, &bytes, bytes.len());
            assert_eq!(whole.iter().sum::<u64>(), bytes.len() as u64);
            for piece in [1, 7, 512, 1024, 4097] {
                assert_eq!(
                    sizes(size, &bytes, piece),
                    whole,
                    "{size}, pieces of {piece}"
                );
            }
        }
    }
}
