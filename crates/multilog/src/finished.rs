//! The names of finished files: `@`, a label in 24 lower-case hexadecimal digits,
//! a dot, a code. Anything else in the directory is somebody else's, whatever it
//! begins with, and is never removed.

use core::ffi::CStr;

use daemontools::tai64n::{LABEL_LEN, Tai64n};

/// Longest name of a finished file that we look after, with its NUL.
const NAME_MAX: usize = 64;

/// Digits of a label, in their order.
type Label = [u8; LABEL_LEN];

/// The name of a finished file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name {
    bytes: [u8; NAME_MAX],
}

impl Name {
    /// The name for a label and a code.
    pub(crate) fn new(label: Tai64n, code: Code) -> Self {
        let mut bytes = [0; NAME_MAX];
        bytes[0] = b'@';
        bytes[1..=LABEL_LEN].copy_from_slice(&label.label());
        bytes[LABEL_LEN + 1] = b'.';
        bytes[LABEL_LEN + 2] = code as u8;
        Self { bytes }
    }

    /// A name from a directory, if it is that of a finished file.
    pub(crate) fn parse(name: &CStr) -> Option<Self> {
        let name = name.to_bytes();
        if name.len() >= NAME_MAX || name.first() != Some(&b'@') {
            return None;
        }
        let label = name.get(1..=LABEL_LEN)?;
        let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if !label.iter().all(is_digit) || name.get(LABEL_LEN + 1) != Some(&b'.') {
            return None;
        }
        let mut bytes = [0; NAME_MAX];
        bytes[..name.len()].copy_from_slice(name);
        Some(Self { bytes })
    }

    /// The name, for the kernel.
    pub(crate) fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or(c"@")
    }

    fn label(&self) -> Label {
        let mut label = [0; LABEL_LEN];
        label.copy_from_slice(&self.bytes[1..=LABEL_LEN]);
        label
    }
}

/// What is known of a finished file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    /// Complete and safe on the disk.
    Safe = b's',
    /// Was being written when there was an outage.
    Unfinished = b'u',
}

/// How many of the oldest files a survey knows by name.
const KNOWN: usize = 16;

/// What a look at all the finished files of a directory gives.
#[derive(Clone, Debug, Default)]
pub(crate) struct Survey {
    /// How many there are.
    pub(crate) count: u64,
    /// The oldest of them, those with the smallest labels, in order.
    oldest: Vec<Name>,
    newest: Option<Name>,
}

impl Survey {
    /// Takes a name of the directory into account, if it is that of a finished
    /// file; says whether it is.
    pub(crate) fn see(&mut self, name: &CStr) -> bool {
        let Some(name) = Name::parse(name) else {
            return false;
        };
        let is_complete = self.oldest.len() as u64 == self.count;
        self.count += 1;
        self.newest = Some(self.newest.map_or(name, |newest| newest.max(name)));
        let at = self.oldest.partition_point(|older| *older < name);
        if at < self.oldest.len() || (is_complete && at < KNOWN) {
            self.oldest.truncate(KNOWN - 1);
            self.oldest.insert(at, name);
        }
        true
    }

    /// The oldest, unless another look is needed to know it.
    pub(crate) fn oldest(&self) -> Option<Name> {
        self.oldest.first().copied()
    }

    /// The oldest is gone.
    pub(crate) fn forget_oldest(&mut self) {
        if !self.oldest.is_empty() {
            self.oldest.remove(0);
            self.count -= 1;
        }
    }

    /// The label for a file that is finished now: never below the newest, for the
    /// clock may have been set back, and the file with the smallest is removed.
    pub(crate) fn next_label(&self, now: Tai64n) -> Tai64n {
        match self.newest.and_then(|name| parse_label(name.label())) {
            Some(newest) if newest >= now => after(newest),
            _ => now,
        }
    }
}

fn parse_label(label: Label) -> Option<Tai64n> {
    let text = str::from_utf8(&label).ok()?;
    Some(Tai64n {
        seconds: u64::from_str_radix(&text[..16], 16).ok()?,
        nanos: u32::from_str_radix(&text[16..], 16).ok()?,
    })
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
    fn only_our_own_names_are_ours() {
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

    /// Guards against a clock that was set back: the newest file would get the
    /// smallest label, and be removed first.
    #[test]
    fn a_label_is_never_below_the_newest() {
        let mut survey = Survey::default();
        let now = Tai64n::from_unix(1_700_000_000, 5);
        assert_eq!(survey.next_label(now), now);
        let newest = Tai64n::from_unix(1_800_000_000, 999_999_999);
        survey.see(Name::new(newest, Code::Safe).as_c_str());
        survey.see(Name::new(now, Code::Unfinished).as_c_str());
        let next = survey.next_label(now);
        assert_eq!(next, Tai64n::from_unix(1_800_000_001, 0));
        assert_eq!(survey.count, 2);
        assert_eq!(survey.oldest(), Some(Name::new(now, Code::Unfinished)));
    }

    #[test]
    fn the_oldest_are_known_in_order_until_another_look_is_needed() {
        let name = |seconds| Name::new(Tai64n::from_unix(seconds, 0), Code::Safe);
        let total = KNOWN as i64 + 5;
        let mut survey = Survey::default();
        for seconds in 0..total {
            survey.see(name(seconds * 5 % total).as_c_str());
        }
        for seconds in 0..KNOWN as i64 {
            assert_eq!(survey.oldest(), Some(name(seconds)));
            survey.forget_oldest();
            survey.see(name(1000 + seconds).as_c_str());
        }
        assert_eq!((survey.oldest(), survey.count), (None, 5 + KNOWN as u64));
    }
}
