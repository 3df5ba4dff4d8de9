//! Patterns. In a simple one, a star matches up to the next appearance of the byte that
//! follows it in the pattern, and never tries a later one; a star at the end matches all
//! the rest.

use core::ffi::CStr;

use super::glob;

/// How many bytes of a line patterns see, its stamp included.
pub(crate) const SEEN: usize = 1000;

/// A pattern.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pattern {
    /// One of stars and bytes that stand for themselves.
    Simple(&'static CStr),
    /// One of `fnmatch(3)`.
    Glob(&'static CStr),
}

impl Pattern {
    /// Whether the pattern matches all of `line`.
    pub(crate) fn matches(self, line: &[u8]) -> bool {
        match self {
            Self::Simple(pattern) => matches(pattern.to_bytes(), line),
            Self::Glob(pattern) => glob::matches(pattern.to_bytes(), line),
        }
    }
}

fn matches(pattern: &[u8], mut line: &[u8]) -> bool {
    let mut rest = pattern;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'*' {
            match line.split_first() {
                Some((&first, left)) if first == byte => line = left,
                _ => return false,
            }
            continue;
        }
        let Some(&next) = rest.first() else {
            return true;
        };
        match memchr::memchr(next, line) {
            Some(at) => line = &line[at..],
            None => return false,
        }
    }
    line.is_empty()
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_table_of_patterns() {
        for (pattern, line, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "anything at all", true),
            ("hello", "hello", true),
            ("hello", "hello world", false),
            ("hello*", "hello world", true),
            ("named[*]: Cleaned *", "named[135]: Cleaned cache", true),
            ("named[*]: Cleaned *", "named[1]3]: Cleaned cache", false),
            ("* fatal: *", "@4000 fatal: out of memory", true),
            ("* fatal: *", "oh no fatal: out of memory", false),
            ("*ab", "aab", false),
            ("*ab", "xab", true),
            ("**", "", false),
            ("**", "a*b", true),
            ("**", "ab", false),
            ("a*", "", false),
        ] {
            let found = matches(pattern.as_bytes(), line.as_bytes());
            assert_eq!(found, expected, "{pattern:?} on {line:?}");
        }
    }
}
