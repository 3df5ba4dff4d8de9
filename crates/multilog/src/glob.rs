//! Patterns as `fnmatch` knows them: `?`, `*`, `[...]` with ranges and `!`, and a
//! backslash before a byte that is meant as it is.

/// Whether `pattern` matches all of `line`.
pub(crate) fn matches(pattern: &[u8], line: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    // Where to go on when what follows the last star does not match: one byte
    // later than last time.
    let mut again: Option<(usize, usize)> = None;
    loop {
        if pattern.get(at) == Some(&b'*') {
            at += 1;
            again = Some((at, seen));
            continue;
        }
        let Some(&byte) = line.get(seen) else {
            return at == pattern.len();
        };
        if let Some(next) = one(&pattern[at..], byte) {
            (at, seen) = (at + next, seen + 1);
            continue;
        }
        let Some((star, from)) = again else {
            return false;
        };
        again = Some((star, from + 1));
        (at, seen) = (star, from + 1);
    }
}

/// How much of the pattern matches this byte; `None` if it does not.
fn one(pattern: &[u8], byte: u8) -> Option<usize> {
    match pattern {
        [b'?', ..] => Some(1),
        [b'\\', literal, ..] => (*literal == byte).then_some(2),
        [b'[', rest @ ..] => match class(rest, byte) {
            Some((matched, len)) => matched.then_some(len + 1),
            // Never closed: a bracket like any other byte.
            None => (byte == b'[').then_some(1),
        },
        [literal, ..] => (*literal == byte).then_some(1),
        [] => None,
    }
}

/// What is behind a `[`: whether it matches, and its length with the `]`.
fn class(class: &[u8], byte: u8) -> Option<(bool, usize)> {
    let negated = matches!(class.first(), Some(b'!' | b'^'));
    let first = usize::from(negated);
    let mut at = first;
    let mut matched = false;
    loop {
        let mut low = *class.get(at)?;
        if low == b']' && at > first {
            return Some((matched != negated, at + 1));
        }
        if low == b'\\' {
            at += 1;
            low = *class.get(at)?;
        }
        let high = match class.get(at + 1..at + 3) {
            Some(&[b'-', high]) if high != b']' => {
                at += 2;
                high
            }
            _ => low,
        };
        matched |= (low..=high).contains(&byte);
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_table_of_patterns() {
        for (pattern, line, expected) in [
            ("", "", true),
            ("*", "anything", true),
            ("a*b", "a-b-b", true),
            ("a*b", "a-b-c", false),
            ("*err*[0-9]", "an error 7", true),
            ("*err*[!0-9]", "an error 7", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("[]a]x", "]x", true),
            ("[a-c-]x", "-x", true),
            ("[ab", "[ab", true),
            ("**x", "yyx", true),
        ] {
            let found = matches(pattern.as_bytes(), line.as_bytes());
            assert_eq!(found, expected, "{pattern:?} on {line:?}");
        }
    }
}
