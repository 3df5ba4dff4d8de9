//! Converts the TAI64N label at the beginning of each line to local time. A line without
//! a label, or with one that has no local time, is copied.

use daemontools::tai64n::{LABEL_LEN, Tai64n};
use daemontools::unix::localtime::LocalTime;

use crate::digits::{self, hexadecimal, nanoseconds};
use crate::zone::{Text, Zone};

/// A word with more digits than this is no label. They are kept in memory until the
/// label ends, so there has to be a limit.
const DIGITS_MAX: usize = 4096;

/// The digits of the seconds, which come first in a label.
const SECONDS_LEN: usize = 16;

/// The part of a line that the next byte belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The first byte.
    Start,
    /// A label, whose digits so far are in `pending`.
    Label,
    /// The rest, behind the label or in a line without one.
    Rest,
}

/// Converts a stream block by block.
#[derive(Debug)]
pub struct Converter<F> {
    place: Place,
    /// The digits of a label whose end is in a later block.
    pending: Vec<u8>,
    zone: Zone<F>,
    /// The seconds of the last label and their local time.
    last: ([u8; SECONDS_LEN], Text),
}

impl<F: Fn(i64) -> Option<LocalTime>> Converter<F> {
    /// A converter; `ask` gives the local time at a Unix time.
    #[must_use]
    pub const fn new(ask: F) -> Self {
        Self {
            place: Place::Start,
            pending: Vec::new(),
            zone: Zone::new(ask),
            last: ([0; SECONDS_LEN], Text::EMPTY),
        }
    }

    /// Appends the converted `block` to `out`. A label whose end is not in it is kept for
    /// the next block. At the end of the input such a label is lost, as in the reference.
    pub fn feed(&mut self, mut block: &[u8], out: &mut Vec<u8>) {
        while !block.is_empty() {
            block = match self.place {
                Place::Start => self.start(block, out),
                Place::Label => self.label(block, out),
                Place::Rest => {
                    let end = memchr::memchr(b'\n', block);
                    self.place = end.map_or(Place::Rest, |_| Place::Start);
                    let (line, rest) = block.split_at(end.map_or(block.len(), |end| end + 1));
                    out.extend_from_slice(line);
                    rest
                }
            };
        }
    }

    /// Converts the beginning of a line. Gives the rest of the block.
    fn start<'a>(&mut self, block: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
        let Some(rest) = block.strip_prefix(b"@") else {
            self.place = Place::Rest;
            return block;
        };
        if let Some((digits, rest)) = rest.split_first_chunk::<LABEL_LEN>()
            && rest.first().is_some_and(|&byte| !digits::is_digit(byte))
            && self.convert(digits, out)
        {
            self.place = Place::Rest;
            return rest;
        }
        self.place = Place::Label;
        self.pending.clear();
        rest
    }

    /// Takes more of a label. Gives the rest of the block.
    fn label<'a>(&mut self, block: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
        let end = block.iter().position(|&byte| !digits::is_digit(byte));
        let (digits, rest) = block.split_at(end.unwrap_or(block.len()));
        let long = self.pending.len() + digits.len() > DIGITS_MAX;
        if !long {
            self.pending.extend_from_slice(digits);
            if end.is_none() {
                return rest;
            }
        }
        self.place = Place::Rest;
        let mut last = [b'0'; LABEL_LEN];
        let known = self.pending.len().min(LABEL_LEN);
        last[LABEL_LEN - known..].copy_from_slice(&self.pending[self.pending.len() - known..]);
        if long || !self.convert(&last, out) {
            out.push(b'@');
            out.extend_from_slice(&self.pending);
        }
        if long { block } else { rest }
    }

    /// Appends the local time of a label, its last 24 digits. `false` if they are not all
    /// digits or there is no local time.
    fn convert(&mut self, digits: &[u8; LABEL_LEN], out: &mut Vec<u8>) -> bool {
        let Some((seconds, nanos)) = digits.split_first_chunk::<SECONDS_LEN>() else {
            return false;
        };
        let Some(nanos) = hexadecimal(nanos) else {
            return false;
        };
        if self.last.0 != *seconds {
            let Some(text) = hexadecimal(seconds).and_then(|seconds| {
                let label = Tai64n { seconds, nanos: 0 };
                self.zone.text(label.unix_seconds())
            }) else {
                return false;
            };
            self.last = (*seconds, text);
        }
        out.extend_from_slice(self.last.1.as_bytes());
        nanoseconds(nanos, out);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// UTC from 1970 to 2106, with the number of the day as the day of the month.
    fn utc(unix: i64) -> Option<LocalTime> {
        let day = i32::try_from(unix.div_euclid(86400)).ok()?;
        let second = i32::try_from(unix.rem_euclid(86400)).ok()?;
        (0..50_000).contains(&day).then_some(LocalTime {
            years: 70,
            month: 1,
            day: day + 1,
            hour: second / 3600,
            minute: second / 60 % 60,
            second: second % 60,
        })
    }

    fn converted(blocks: &[&[u8]]) -> String {
        let mut converter = Converter::new(utc);
        let mut out = Vec::new();
        for block in blocks {
            converter.feed(block, &mut out);
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    const EPOCH: &str = "1970-01-01 00:00:00.";

    #[test]
    fn converts_labels_and_their_nanoseconds() {
        for (input, output) in [
            ("@400000000000000a00000000 x\n", "000000000 x\n"),
            ("@400000000000000a3b9ac9ff\n", "999999999\n"),
            ("@400000000000000a3b9aca00x\n", "1000000000x\n"),
            ("@400000000000000affffffff@\n", "4294967295@\n"),
            ("@400000000000000a00000001A", "000000001A"),
            ("@0400000000000000a00000002 \n", "000000002 \n"),
            ("@1400000000000000a00000003 \n", "000000003 \n"),
        ] {
            assert_eq!(converted(&[input.as_bytes()]), format!("{EPOCH}{output}"));
        }
    }

    #[test]
    fn copies_a_line_whose_label_has_no_local_time() {
        for input in [
            "@\n",
            "@foo\n",
            "@ \n",
            "@@400000000000000a00000000 \n",
            "@400000000000000a0000000 \n",
            "@400000000000000A00000000 \n",
            "@000000000000000a00000000 \n",
            "@ffffffffffffffff00000000 \n",
            "@140000000000000a00000000 \n",
            "@\n@\n\n@x",
        ] {
            assert_eq!(converted(&[input.as_bytes()]), input);
        }
    }

    #[test]
    fn converts_a_label_only_at_the_beginning_of_a_line() {
        let input = "x@400000000000000a00000000\n @400000000000000a00000000\n";
        assert_eq!(converted(&[input.as_bytes()]), input);
    }

    #[test]
    fn loses_a_label_without_end_at_the_end_of_input_and_nothing_else() {
        assert_eq!(converted(&[b"a\n@400000000000000a00000000"]), "a\n");
        assert_eq!(converted(&[b"a\n@"]), "a\n");
        assert_eq!(converted(&[b"a\nb"]), "a\nb");
    }

    #[test]
    fn converts_alike_wherever_blocks_end() {
        let input = b"@400000000000000a00000005 one\n@no\n\n@\n@400000000000004b00000006\nx";
        let whole = converted(&[input]);
        assert!(whole.contains("00:01:05.000000006\n"), "{whole}");
        for first in 0..input.len() {
            for second in first..input.len() {
                let blocks = [&input[..first], &input[first..second], &input[second..]];
                assert_eq!(converted(&blocks), whole, "{first} {second}");
            }
        }
    }

    #[test]
    fn copies_a_word_with_too_many_digits() {
        let long = format!("@{}", "0".repeat(DIGITS_MAX + 1));
        let label = "400000000000000a00000000 \n";
        let bytes = format!("{long}{label}");
        assert_eq!(converted(&[bytes.as_bytes()]), bytes);
        assert_eq!(converted(&[long.as_bytes(), label.as_bytes()]), bytes);
        let (first, second) = long.split_at(100);
        assert_eq!(converted(&[first.as_bytes(), second.as_bytes()]), long);
    }
}
