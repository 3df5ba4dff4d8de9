//! Messages to people, `program: fatal: ...` and `program: warning: ...`, each in
//! one write, in raw bytes: names of directories are not UTF-8. They are part of
//! the contract, and nothing to do with diagnostics (see [`crate::diag`]).

use core::sync::atomic::{AtomicU32, Ordering};

use crate::buffer::Buffer;
use crate::unix::fd;
use crate::{Errno, TEMPORARY, errno};

/// The longest message: as much as one write puts into a pipe undivided.
pub const MESSAGE_MAX: usize = 4096;

/// What to do when nobody reads standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Wait, as any command does.
    Wait,
    /// Drop the message, count it, and say so with the next one that gets
    /// through: a program that must never block.
    Drop,
}

/// The message about a failure has been written: the program has only to exit with
/// this code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a program exits with the code of its failure"]
pub struct Fatal {
    code: i32,
}

impl Fatal {
    /// For a message that was not written by [`Reporter::fatal`].
    pub const fn new(code: i32) -> Self {
        Self { code }
    }

    /// The same failure with another exit code.
    pub const fn with_code(self, code: i32) -> Self {
        Self { code }
    }

    /// The exit code.
    #[must_use]
    pub const fn code(self) -> i32 {
        self.code
    }
}

/// A program's voice.
#[derive(Debug)]
pub struct Reporter {
    name: &'static str,
    patience: Patience,
    dropped: AtomicU32,
}

impl Reporter {
    /// The voice of a program that may wait for its reader.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            patience: Patience::Wait,
            dropped: AtomicU32::new(0),
        }
    }

    /// The voice of a long-lived program, which never waits for its reader.
    #[must_use]
    pub const fn long_lived(name: &'static str) -> Self {
        Self {
            patience: Patience::Drop,
            ..Self::new(name)
        }
    }

    /// The program's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// `program: warning: parts[: error]`.
    pub fn warning(&self, parts: &[&[u8]], error: impl Into<Option<Errno>>) {
        self.say(b": warning: ", parts, error.into());
    }

    /// `program: fatal: parts[: error]`. The exit code is [`TEMPORARY`], which most
    /// programs of the family end with; [`Fatal::with_code`] gives it another.
    pub fn fatal(&self, parts: &[&[u8]], error: impl Into<Option<Errno>>) -> Fatal {
        self.say(b": fatal: ", parts, error.into());
        Fatal::new(TEMPORARY)
    }

    /// `program: parts[: error]`: usage, or what an alert says.
    pub fn plain(&self, parts: &[&[u8]], error: impl Into<Option<Errno>>) {
        self.say(b": ", parts, error.into());
    }

    fn say(&self, kind: &[u8], parts: &[&[u8]], error: Option<Errno>) {
        if self.patience == Patience::Drop && !self.may_speak() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut message = Message::new();
        message.push(self.name.as_bytes());
        message.push(kind);
        for part in parts {
            message.push(part);
        }
        if let Some(error) = error {
            message.push(b": ");
            message.push(errno::text(error).as_bytes());
        }
        // Nobody is left to tell when this fails.
        let _ = fd::write_all(fd::STDERR, message.line());
    }

    /// Whether a message can be written without waiting; says first how many
    /// were dropped since the last that got through.
    fn may_speak(&self) -> bool {
        if !fd::writable_now(fd::STDERR) {
            return false;
        }
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped == 0 {
            return true;
        }
        let mut message = Message::new();
        message.push(self.name.as_bytes());
        message.push(b": warning: ");
        message.push(Decimal::new(u64::from(dropped)).as_bytes());
        message.push(b" messages lost: nobody read standard error");
        let _ = fd::write_all(fd::STDERR, message.line());
        fd::writable_now(fd::STDERR)
    }
}

/// Writes one line of `parts` to standard error, without a program's name.
pub fn line(parts: &[&[u8]]) {
    let mut message = Message::new();
    for part in parts {
        message.push(part);
    }
    let _ = fd::write_all(fd::STDERR, message.line());
}

/// One line. What does not fit is cut, but never the newline.
struct Message(Buffer<MESSAGE_MAX>);

impl Message {
    const fn new() -> Self {
        Self(Buffer::new())
    }

    fn push(&mut self, part: &[u8]) {
        self.0.push_cut(part);
    }

    fn line(&mut self) -> &[u8] {
        self.0.truncate(MESSAGE_MAX - 1);
        self.0.push_cut(b"\n");
        self.0.as_bytes()
    }
}

/// A number in decimal digits.
#[derive(Clone, Copy, Debug)]
pub struct Decimal(Buffer<DIGITS_MAX>);

/// Digits of the largest number.
const DIGITS_MAX: usize = 20;

impl Decimal {
    /// Formats `number`.
    #[must_use]
    pub fn new(mut number: u64) -> Self {
        let mut digits = [0; DIGITS_MAX];
        let mut start = DIGITS_MAX;
        loop {
            start -= 1;
            digits[start] = b'0' + u8::try_from(number % 10).unwrap_or(0);
            number /= 10;
            if number == 0 {
                let mut buffer = Buffer::new();
                buffer.push_cut(&digits[start..]);
                return Self(buffer);
            }
        }
    }

    /// The digits.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals() {
        for number in [0, 7, 10, 4_294_967_295, u64::MAX] {
            assert_eq!(
                Decimal::new(number).as_bytes(),
                number.to_string().as_bytes()
            );
        }
    }

    #[test]
    fn a_message_too_long_for_one_write_is_cut_and_still_ends_its_line() {
        let mut message = Message::new();
        message.push(&[b'x'; 3 * MESSAGE_MAX]);
        message.push(b"more");
        let line = message.line();
        assert_eq!(line.len(), MESSAGE_MAX);
        assert_eq!(line.last(), Some(&b'\n'));
    }
}
