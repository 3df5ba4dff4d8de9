//! Replacements of values that differ from run to run, such as pids. They are made before the
//! comparison, and only if a case asks for them: everything else must be equal to the byte.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::bytes::Regex;

/// A named replacement, applied to each line of a transcript.
#[derive(Clone, Copy, Debug)]
pub struct Normal {
    /// The kind of value that it replaces.
    pub name: &'static str,
    pattern: &'static LazyLock<Regex>,
    replacement: &'static str,
}

macro_rules! normal {
    ($(#[$doc:meta])* $name:ident, $pattern:literal => $replacement:literal) => {
        $(#[$doc])*
        pub const $name: Normal = {
            static PATTERN: LazyLock<Regex> =
                LazyLock::new(|| Regex::new($pattern).expect("a normaliser's pattern"));
            Normal { name: stringify!($name), pattern: &PATTERN, replacement: $replacement }
        };
    };
}

normal! {
    /// `pid 123` is `pid PID`.
    PIDS, r"(?-u)\bpid [0-9]+" => "pid PID"
}
normal! {
    /// `start 123` in a recorder's log is `start PID`.
    STARTS, r"(?-u)start [0-9]+" => "start PID"
}
normal! {
    /// `12 seconds` is `N seconds`.
    SECONDS, r"(?-u)\b[0-9]+ seconds" => "N seconds"
}
normal! {
    /// A TAI64N label is `@LABEL`; a file's `.s` or `.u` stays.
    LABELS, r"(?-u)@[0-9a-f]{24}" => "@LABEL"
}

normal! {
    /// `svc options:` of 1:0.76-8.1, which has three letters less than the later ones.
    OPTIONS, r"(?-u)(svc options: .* k kill), q quit, 1 usr1, 2 usr2" => "$1"
}

impl Normal {
    /// The text with the replacement made.
    #[must_use]
    pub fn apply<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        self.pattern.replace_all(text, self.replacement.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_replaces_the_value_of_its_name() {
        assert_eq!(
            &*PIDS.apply(b"x: up (pid 77) 3 seconds"),
            b"x: up (pid PID) 3 seconds"
        );
        assert_eq!(
            &*SECONDS.apply(b"x: up (pid 77) 3 seconds"),
            b"x: up (pid 77) N seconds"
        );
        assert_eq!(
            &*LABELS.apply(b"@4000000066f1c0de0badcafe.s \xff"),
            b"@LABEL.s \xff"
        );
        assert_eq!(
            &*OPTIONS.apply(b"svc options: u up, k kill, q quit, 1 usr1, 2 usr2"),
            b"svc options: u up, k kill"
        );
    }
}
