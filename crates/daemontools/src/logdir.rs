//! The names of finished files in a log directory: `@`, a label of 24 lower-case
//! hexadecimal digits, a dot, a code. A file with any other name belongs to somebody else.

use core::ffi::CStr;
use std::collections::BTreeSet;

use crate::tai64n::{LABEL_LEN, Tai64n};

/// The longest name of a finished file that is looked after, with its NUL.
const NAME_MAX: usize = 64;

/// The name of a finished file. Names sort by their labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    bytes: [u8; NAME_MAX],
}

/// The last part of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// Complete and safe on the disk.
    Safe = b's',
    /// It was being written when an outage came.
    Unfinished = b'u',
}

impl Name {
    /// The name for a label and a code.
    #[must_use]
    pub fn new(label: Tai64n, code: Code) -> Self {
        let mut bytes = [0; NAME_MAX];
        bytes[0] = b'@';
        bytes[1..=LABEL_LEN].copy_from_slice(&label.label());
        bytes[LABEL_LEN + 1] = b'.';
        bytes[LABEL_LEN + 2] = code as u8;
        Self { bytes }
    }

    /// A name in a directory, if it is the name of a finished file.
    #[must_use]
    pub fn parse(name: &CStr) -> Option<Self> {
        let name = name.to_bytes();
        let (label, rest) = name.strip_prefix(b"@")?.split_at_checked(LABEL_LEN)?;
        let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if name.len() >= NAME_MAX || !label.iter().all(is_digit) || !rest.starts_with(b".") {
            return None;
        }
        let mut bytes = [0; NAME_MAX];
        bytes[..name.len()].copy_from_slice(name);
        Some(Self { bytes })
    }

    /// The name, for the kernel.
    #[must_use]
    pub fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or(c"@")
    }

    fn label(&self) -> Option<Tai64n> {
        let text = str::from_utf8(&self.bytes[1..=LABEL_LEN]).ok()?;
        Some(Tai64n {
            seconds: u64::from_str_radix(&text[..16], 16).ok()?,
            nanos: u32::from_str_radix(&text[16..], 16).ok()?,
        })
    }
}

/// The names of all finished files in a directory, the oldest first.
#[derive(Clone, Debug, Default)]
pub struct Survey(BTreeSet<Name>);

impl Survey {
    /// Adds a name in the directory, if it is the name of a finished file; says whether it
    /// is.
    pub fn add(&mut self, name: &CStr) -> bool {
        let name = Name::parse(name);
        self.0.extend(name);
        name.is_some()
    }

    /// The number of finished files.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// Takes the oldest file out of the survey.
    pub fn take_oldest(&mut self) -> Option<Name> {
        self.0.pop_first()
    }

    /// The label for a file that is finished now. It is above the newest there is, since
    /// the file with the smallest label is removed first and the clock may have been set
    /// back.
    #[must_use]
    pub fn next_label(&self, now: Tai64n) -> Tai64n {
        match self.0.last().and_then(Name::label) {
            Some(newest) if newest >= now => after(newest),
            _ => now,
        }
    }
}

/// The label one nanosecond later.
fn after(label: Tai64n) -> Tai64n {
    if label.nanos < 999_999_999 || label.seconds == u64::MAX {
        let nanos = label.nanos.saturating_add(1);
        return Tai64n { nanos, ..label };
    }
    Tai64n {
        seconds: label.seconds + 1,
        nanos: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_at_a_label_and_a_dot_are_a_finished_file() {
        for name in [
            c"@400000006b04f6532d9f487c.s",
            c"@400000006b04f6532d9f487c.u",
            c"@400000006b04f6532d9f487c.s.gz",
        ] {
            assert_eq!(Name::parse(name).expect("ours").as_c_str(), name);
        }
        for name in [
            c"@400000006b04f6532d9f487c",
            c"@400000006b04f6532d9f487cs",
            c"@400000006B04f6532d9f487c.s",
            c"@400000006b04f6532d9f487g.s",
            c"@mine-and-longer-than-25-bytes.",
            c"400000006b04f6532d9f487c.s",
            c"current",
            c"@",
            c"",
        ] {
            assert_eq!(Name::parse(name), None, "{name:?}");
        }
    }

    /// Guards against a clock that was set back: the newest file would get the smallest
    /// label and be removed first.
    #[test]
    fn a_label_is_above_the_newest() {
        let mut survey = Survey::default();
        let now = Tai64n::from_unix(1_700_000_000, 5);
        assert_eq!(survey.next_label(now), now);
        let newest = Tai64n::from_unix(1_800_000_000, 999_999_999);
        survey.add(Name::new(newest, Code::Safe).as_c_str());
        survey.add(Name::new(now, Code::Unfinished).as_c_str());
        let next = survey.next_label(now);
        assert_eq!(next, Tai64n::from_unix(1_800_000_001, 0));
        assert_eq!(survey.count(), 2);
        assert_eq!(survey.take_oldest(), Some(Name::new(now, Code::Unfinished)));
        assert_eq!(survey.count(), 1);
    }
}
