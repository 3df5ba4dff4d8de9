//! Labels at the beginning of lines, turned into local time. What is no label that
//! local time can be told of is copied as it is.

use daemontools::tai64n::{LABEL_LEN, Tai64n};
use daemontools::unix::localtime::LocalTime;

use crate::zone::{Text, Zone};

/// A label with more digits than this is no label: what has no end in sight cannot
/// be kept until then.
const DIGITS_MAX: usize = 4096;

/// Digits of a label that are seconds.
const SECONDS_LEN: usize = 16;

/// Where in a line the next byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At its beginning.
    Start,
    /// Within a label, of which `pending` is what has been read.
    Label,
    /// Behind the label, or in a line without one.
    Body,
}

/// Converts a stream, block by block.
#[derive(Debug)]
pub struct Converter<F> {
    place: Place,
    /// The digits of a label that a block ended in.
    pending: Vec<u8>,
    zone: Zone<F>,
    /// The seconds of the last label, in hexadecimal and in local time.
    last: ([u8; SECONDS_LEN], Text),
}

impl<F: Fn(i64) -> Option<LocalTime>> Converter<F> {
    /// A converter by the function that tells local time.
    #[must_use]
    pub const fn new(ask: F) -> Self {
        Self {
            place: Place::Start,
            pending: Vec::new(),
            zone: Zone::new(ask),
            last: ([0; SECONDS_LEN], Text::EMPTY),
        }
    }

    /// Appends `block`, converted. A label that it ends in waits for the next; one
    /// that never ends is lost, as in the reference.
    pub fn feed(&mut self, mut block: &[u8], out: &mut Vec<u8>) {
        while !block.is_empty() {
            block = match self.place {
                Place::Start => self.start(block, out),
                Place::Label => self.label(block, out),
                Place::Body => {
                    let end = memchr::memchr(b'\n', block);
                    self.place = end.map_or(Place::Body, |_| Place::Start);
                    let (line, rest) = block.split_at(end.map_or(block.len(), |end| end + 1));
                    out.extend_from_slice(line);
                    rest
                }
            };
        }
    }

    /// The beginning of a line; gives what is left of the block.
    fn start<'a>(&mut self, block: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
        let Some(rest) = block.strip_prefix(b"@") else {
            self.place = Place::Body;
            return block;
        };
        if let Some((digits, rest)) = rest.split_first_chunk::<LABEL_LEN>()
            && rest.first().is_some_and(|&byte| digit(byte).is_none())
            && self.convert(digits, out)
        {
            self.place = Place::Body;
            return rest;
        }
        self.place = Place::Label;
        self.pending.clear();
        rest
    }

    /// More of a label; gives what is left of the block.
    fn label<'a>(&mut self, block: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
        let end = block.iter().position(|&byte| digit(byte).is_none());
        let (digits, rest) = block.split_at(end.unwrap_or(block.len()));
        let long = self.pending.len() + digits.len() > DIGITS_MAX;
        if !long {
            self.pending.extend_from_slice(digits);
            if end.is_none() {
                return rest;
            }
        }
        self.place = Place::Body;
        let mut last = [b'0'; LABEL_LEN];
        let known = self.pending.len().min(LABEL_LEN);
        last[LABEL_LEN - known..].copy_from_slice(&self.pending[self.pending.len() - known..]);
        if long || !self.convert(&last, out) {
            out.push(b'@');
            out.extend_from_slice(&self.pending);
        }
        if long { block } else { rest }
    }

    /// Appends local time for the last 24 digits of a label; `false` if these are
    /// no digits, or local time cannot be told.
    fn convert(&mut self, digits: &[u8; LABEL_LEN], out: &mut Vec<u8>) -> bool {
        let Some((seconds, nanos)) = digits.split_first_chunk::<SECONDS_LEN>() else {
            return false;
        };
        let Some(nanos) = number(nanos) else {
            return false;
        };
        if self.last.0 != *seconds {
            let Some(text) = number(seconds).and_then(|seconds| {
                let label = Tai64n { seconds, nanos: 0 };
                self.zone.text(label.unix_seconds())
            }) else {
                return false;
            };
            self.last = (*seconds, text);
        }
        out.extend_from_slice(self.last.1.as_bytes());
        fraction(nanos, out);
        true
    }
}

/// The value of a lower-case hexadecimal digit.
const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

/// [`digit`] as a table; 255 for what is none.
const VALUES: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let mut byte = 0;
    while byte < values.len() {
        if let Some(value) = digit(byte as u8) {
            values[byte] = value;
        }
        byte += 1;
    }
    values
};

/// The number that at most 16 hexadecimal digits mean.
fn number(digits: &[u8]) -> Option<u64> {
    let mut number = 0;
    let mut seen = 0;
    for &byte in digits {
        let value = VALUES[usize::from(byte)];
        seen |= value;
        number = number << 4 | u64::from(value & 15);
    }
    (seen < 16).then_some(number)
}

/// Appends nanoseconds in decimal: nine digits, or ten where a label has more than
/// a second of them.
fn fraction(mut nanos: u64, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 10];
    for pair in digits.chunks_exact_mut(2).rev() {
        let two = nanos % 100;
        nanos /= 100;
        pair[0] += (two / 10) as u8;
        pair[1] += (two % 10) as u8;
    }
    let start = usize::from(digits[0] == b'0');
    out.extend_from_slice(&digits[start..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A zone that knows the years up to 2100 and tells the seconds of the day.
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
    fn labels() {
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
    fn what_the_reference_dies_of_is_copied() {
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
    fn only_the_beginning_of_a_line_is_looked_at() {
        let input = "x@400000000000000a00000000\n @400000000000000a00000000\n";
        assert_eq!(converted(&[input.as_bytes()]), input);
    }

    #[test]
    fn a_label_cut_by_the_end_is_lost_and_nothing_else() {
        assert_eq!(converted(&[b"a\n@400000000000000a00000000"]), "a\n");
        assert_eq!(converted(&[b"a\n@"]), "a\n");
        assert_eq!(converted(&[b"a\nb"]), "a\nb");
    }

    #[test]
    fn blocks_may_end_anywhere() {
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
    fn a_label_without_end_is_not_kept() {
        let long = format!("@{}", "0".repeat(DIGITS_MAX + 1));
        let label = "400000000000000a00000000 \n";
        let bytes = format!("{long}{label}");
        assert_eq!(converted(&[bytes.as_bytes()]), bytes);
        assert_eq!(converted(&[long.as_bytes(), label.as_bytes()]), bytes);
        let (first, second) = long.split_at(100);
        assert_eq!(converted(&[first.as_bytes(), second.as_bytes()]), long);
    }
}
