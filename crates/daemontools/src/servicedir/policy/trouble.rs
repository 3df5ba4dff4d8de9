//! What is wrong with a line of `supervise.toml`, and its message.

use super::name::Name;
use crate::strerr::Decimal;

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trouble<'a> {
    /// The number of the line, from 1.
    pub line: u32,
    /// What it is.
    pub kind: Kind<'a>,
}

/// The kinds of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    /// Neither empty, nor a comment, nor `name = value`.
    Form,
    /// The name is none of [`Name::ALL`].
    Unknown(&'a [u8]),
    /// The value is not what the name takes.
    Wants(Name),
    /// An earlier line, of this number, has set it.
    Again(Name, u32),
    /// Longer than [`LINE_MAX`](super::LINE_MAX) bytes.
    LongLine,
    /// The file is longer than [`FILE_MAX`](super::FILE_MAX) bytes; nothing from this line on counts.
    LongFile,
}

impl Kind<'_> {
    /// Gives the parts of the message to `use_parts`, and what that gives.
    pub fn describe<T>(&self, use_parts: impl FnOnce([&[u8]; 4]) -> T) -> T {
        match *self {
            Self::Form => use_parts([b"not of the form NAME = VALUE, ignored", b"", b"", b""]),
            Self::Unknown(word) => use_parts([b"unknown name ", word, b", ignored", b""]),
            Self::Wants(name) => use_parts([
                name.text().as_bytes(),
                b" wants ",
                name.wants().as_bytes(),
                b", ignored",
            ]),
            Self::Again(name, line) => use_parts([
                name.text().as_bytes(),
                b" was set in line ",
                Decimal::new(u64::from(line)).as_bytes(),
                b", ignored",
            ]),
            Self::LongLine => use_parts([b"longer than 200 bytes, ignored", b"", b"", b""]),
            Self::LongFile => use_parts([
                b"past the first 4096 bytes of the file, ignored",
                b"",
                b"",
                b"",
            ]),
        }
    }
}
