//! The option syntax of the family: single letters, which may be combined (`-du`), with an
//! argument in the same word or the next (`-fFILE`, `-f FILE`). `--` and a lone `-` end
//! the options. We add long options (`--wait`, `--timeout=5`), because the letters of
//! peers mean other things. For a program without long options, any word that begins with
//! `--` ends the options, as in the reference.

use core::ffi::CStr;

use crate::strerr::{Fatal, Reporter};
use crate::{Args, PERMANENT};

/// A long option of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Long {
    /// Its name, without the dashes.
    pub name: &'static str,
    /// Whether it takes a value.
    pub value: Value,
}

impl Long {
    /// A row of a program's table of options.
    #[must_use]
    pub const fn new(name: &'static str, value: Value) -> Self {
        Self { name, value }
    }
}

/// Whether a long option takes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// None.
    No,
    /// One may be given, as `--name=value`.
    May,
    /// One has to be given, as `--name=value` or `--name value`.
    Must,
}

/// One option on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opt<'a> {
    /// A letter, and its argument if it takes one.
    Short(u8, Option<&'a CStr>),
    /// A long option, and its value if it takes one.
    Long(&'static str, Option<&'a CStr>),
    /// A wrong option. Its message has been written; the usage is left to the caller.
    Bad,
}

/// Iterates over the options of a command line.
#[derive(Debug)]
pub struct Getopt<'a> {
    args: &'a Args,
    index: usize,
    /// The letters of the word at `index` that are still to come.
    rest: &'a [u8],
    letters: &'static [u8],
    long: &'static [Long],
}

impl<'a> Getopt<'a> {
    /// The options of `args`: `letters`, of which one followed by `:` takes an argument,
    /// and `long` ones.
    #[must_use]
    pub const fn new(args: &'a Args, letters: &'static str, long: &'static [Long]) -> Self {
        Self {
            args,
            index: 1,
            rest: b"",
            letters: letters.as_bytes(),
            long,
        }
    }

    /// Index of the first argument that is not an option; final once
    /// [`Iterator::next`] has given `None`.
    #[must_use]
    pub const fn index(&self) -> usize {
        self.index
    }

    /// Writes a message such as `program: illegal option -- z`, with the name under which
    /// the program was called.
    fn complain(&self, what: &[u8], option: &[u8]) -> Opt<'a> {
        let called = self.args.get(0).map_or(&b""[..], CStr::to_bytes);
        let name = called.rsplit(|&byte| byte == b'/').next().unwrap_or(called);
        crate::strerr::line(&[name, b": ", what, b" -- ", option]);
        Opt::Bad
    }

    fn short(&mut self, letter: u8) -> Opt<'a> {
        let place = self.letters.iter().position(|&known| known == letter);
        let Some(place) = place.filter(|_| letter != b':') else {
            self.step_word();
            return self.complain(b"illegal option", &[letter]);
        };
        if self.letters.get(place + 1) != Some(&b':') {
            self.step_word();
            return Opt::Short(letter, None);
        }
        let attached = self.args.get(self.index);
        let attached = attached.and_then(|word| tail(word, self.rest.len()));
        let value = attached.or_else(|| {
            self.index += 1;
            self.args.get(self.index)
        });
        self.rest = b"";
        self.index += 1;
        match value {
            Some(value) => Opt::Short(letter, Some(value)),
            None => {
                self.index = self.args.len();
                self.complain(b"option requires an argument", &[letter])
            }
        }
    }

    /// Goes to the next word if no letter of this one is left.
    fn step_word(&mut self) {
        if self.rest.is_empty() {
            self.index += 1;
        }
    }

    fn long(&mut self, word: &'a CStr) -> Opt<'a> {
        let text = &word.to_bytes()[2..];
        let name = text.split(|&byte| byte == b'=').next().unwrap_or(text);
        let has_value = name.len() < text.len();
        self.index += 1;
        let Some(known) = self.long.iter().find(|l| l.name.as_bytes() == name) else {
            return self.complain(b"illegal option", &[b"--", name].concat());
        };
        let value = match (known.value, has_value) {
            (Value::No | Value::May, false) => return Opt::Long(known.name, None),
            (Value::No, true) => {
                return self.complain(b"option takes no argument", &[b"--", name].concat());
            }
            (Value::May | Value::Must, true) => tail(word, text.len() - name.len() - 1),
            (Value::Must, false) => {
                self.index += 1;
                self.args.get(self.index - 1)
            }
        };
        match value {
            Some(value) => Opt::Long(known.name, Some(value)),
            None => {
                self.index = self.index.min(self.args.len());
                self.complain(b"option requires an argument", &[b"--", name].concat())
            }
        }
    }
}

/// The last `len` bytes of a word; `None` if `len` is 0.
fn tail(word: &CStr, len: usize) -> Option<&CStr> {
    let bytes = word.to_bytes_with_nul();
    let start = bytes.len().checked_sub(len + 1)?;
    CStr::from_bytes_with_nul(&bytes[start..])
        .ok()
        .filter(|_| len > 0)
}

impl<'a> Iterator for Getopt<'a> {
    type Item = Opt<'a>;

    fn next(&mut self) -> Option<Opt<'a>> {
        if self.rest.is_empty() {
            let word = self.args.get(self.index)?;
            match word.to_bytes() {
                [b'-', b'-', name @ ..] if name.is_empty() || self.long.is_empty() => {
                    self.index += 1;
                    return None;
                }
                [b'-', b'-', ..] => return Some(self.long(word)),
                [b'-', letters @ ..] if !letters.is_empty() => self.rest = letters,
                _ => return None,
            }
        }
        let (&letter, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(self.short(letter))
    }
}

/// Writes `program: usage: TEXT`. The exit code is [`PERMANENT`].
pub fn usage(me: &Reporter, text: &str) -> Fatal {
    me.plain(&[b"usage: ", text.as_bytes()], None);
    Fatal::new(PERMANENT)
}
