//! The serialization of redis: commands, and a reader of replies.

use super::protocol::{Readiness, excerpt, first_line, wrong_protocol};

/// Longer than any line of a reply that is not a string.
const LINE_MAX: usize = 1024;
/// Longer than any string in a list.
const STRING_MAX: usize = 4096;

/// A command, an array of strings, which may have any bytes.
pub(super) fn command(words: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// Reads a reply item by item. An item that can't be read is the readiness that it shows:
/// [`Readiness::Incomplete`] where the reply ends inside it.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(reply: &'a [u8]) -> Self {
        Self(reply)
    }

    /// A line that is a status, `+OK`, or an error, `-ERR why`.
    pub(super) fn line(&mut self) -> Result<&'a [u8], Readiness> {
        match self.0.first() {
            None => return Err(Readiness::Incomplete),
            Some(b'+' | b'-' | b'*' | b'$') => {}
            Some(_) => return Err(wrong_protocol("redis", self.0)),
        }
        let line = match first_line(self.0) {
            Some(line) => line,
            None if self.0.len() <= LINE_MAX => return Err(Readiness::Incomplete),
            None => return Err(wrong_protocol("redis", self.0)),
        };
        let end = self.0.iter().position(|&byte| byte == b'\n').unwrap_or(0);
        self.0 = &self.0[end + 1..];
        Ok(line)
    }

    /// A line `*N` or `$N`.
    fn number(&mut self, kind: u8) -> Result<usize, Readiness> {
        let line = self.line()?;
        let digits = line.strip_prefix(&[kind]);
        let number = digits.and_then(|digits| str::from_utf8(digits).ok()?.parse().ok());
        number.ok_or_else(|| unexpected(line))
    }

    /// The length of a list.
    pub(super) fn length(&mut self) -> Result<usize, Readiness> {
        self.number(b'*')
    }

    /// A string of a list.
    pub(super) fn string(&mut self) -> Result<&'a [u8], Readiness> {
        let length = self.number(b'$')?;
        if length > STRING_MAX {
            return Err(wrong_protocol("redis", self.0));
        }
        let Some((string, rest)) = self.0.split_at_checked(length + 2) else {
            return Err(Readiness::Incomplete);
        };
        self.0 = rest;
        string
            .strip_suffix(b"\r\n")
            .ok_or_else(|| wrong_protocol("redis", string))
    }
}

/// The readiness that a line shows in the place of another.
pub(super) fn unexpected(line: &[u8]) -> Readiness {
    match line {
        _ if line.starts_with(b"-NOAUTH") => Readiness::Starting(
            "wants a password: give the probe a password-file in services.toml".to_owned(),
        ),
        [b'-', why @ ..] => Readiness::Starting(excerpt(why)),
        _ => wrong_protocol("redis", line),
    }
}
