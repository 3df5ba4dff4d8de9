//! Messages for users, `program: fatal: ...` and `program: warning: ...`, each in one
//! write. They are bytes, because names of directories need not be UTF-8. They are part of
//! the contract; diagnostics for developers are in [`crate::diag`].

use core::sync::atomic::{AtomicU32, Ordering};

use crate::buffer::Buffer;
use crate::unix::fd;
use crate::{Errno, TEMPORARY, errno};

/// The longest message: PIPE_BUF, which one write puts into a pipe in one piece.
pub const MESSAGE_MAX: usize = 4096;

/// What to do with a message if standard error is a full pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// Wait until it is read: for commands.
    Wait,
    /// Drop it. The number of dropped messages is written before the next one: for
    /// programs that must never block.
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

/// Writes the messages of one program.
#[derive(Debug)]
pub struct Reporter {
    name: &'static str,
    when_full: WhenFull,
    dropped: AtomicU32,
}

impl Reporter {
    /// For a command.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            when_full: WhenFull::Wait,
            dropped: AtomicU32::new(0),
        }
    }

    /// For a long-lived program, which never waits for the reader of standard error.
    #[must_use]
    pub const fn long_lived(name: &'static str) -> Self {
        Self {
            when_full: WhenFull::Drop,
            ..Self::new(name)
        }
    }

    /// The program's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Writes `program: warning: parts[: error]`.
    pub fn warning(&self, parts: &[&[u8]], error: impl Into<Option<Errno>>) {
        self.write(b": warning: ", parts, error.into());
    }

    /// Writes `program: fatal: parts[: error]`. The exit code is [`TEMPORARY`], which most
    /// programs of the family end with; [`Fatal::with_code`] gives it another.
    pub fn fatal(&self, parts: &[&[u8]], error: impl Into<Option<Errno>>) -> Fatal {
        self.write(b": fatal: ", parts, error.into());
        Fatal::new(TEMPORARY)
    }

    /// Writes `program: parts[: error]`.
    pub fn plain(&self, parts: &[&[u8]], error: impl Into<Option<Errno>>) {
        self.write(b": ", parts, error.into());
    }

    fn write(&self, kind: &[u8], parts: &[&[u8]], error: Option<Errno>) {
        if self.when_full == WhenFull::Drop && !self.has_room() {
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
        // If this fails, there is no other place for a message.
        let _ = fd::write_all(fd::STDERR, message.line());
    }

    /// Whether a message can be written without waiting. Writes the number of messages
    /// dropped before, if there are any.
    fn has_room(&self) -> bool {
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
    /// The digits of `number`.
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
    fn formats_numbers_in_decimal() {
        for number in [0, 7, 10, 4_294_967_295, u64::MAX] {
            assert_eq!(
                Decimal::new(number).as_bytes(),
                number.to_string().as_bytes()
            );
        }
    }

    #[test]
    fn a_message_that_is_too_long_is_cut_and_keeps_its_newline() {
        let mut message = Message::new();
        message.push(&[b'x'; 3 * MESSAGE_MAX]);
        message.push(b"more");
        let line = message.line();
        assert_eq!(line.len(), MESSAGE_MAX);
        assert_eq!(line.last(), Some(&b'\n'));
    }
}
