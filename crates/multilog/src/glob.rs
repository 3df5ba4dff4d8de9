//! Patterns as `fnmatch` knows them: `?`, `*`, `[...]` with ranges, classes and `!`,
//! and a backslash before a byte that is meant as it is.

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
        // At the end it is in front of nothing.
        [b'\\'] => None,
        [b'[', rest @ ..] => match bracket(rest, byte) {
            Some((matched, len)) => matched.then_some(len + 1),
            // Never closed: a bracket like any other byte.
            None => (byte == b'[').then_some(1),
        },
        [literal, ..] => (*literal == byte).then_some(1),
        [] => None,
    }
}

/// What is behind a `[`: whether it matches, and its length with the `]`.
fn bracket(text: &[u8], byte: u8) -> Option<(bool, usize)> {
    let negated = matches!(text.first(), Some(b'!' | b'^'));
    let first = usize::from(negated);
    let mut at = first;
    let mut matched = false;
    loop {
        if at > first && *text.get(at)? == b']' {
            return Some((matched != negated, at + 1));
        }
        if let Some((name, len)) = class(&text[at..]) {
            let Some(is_in) = is_in(name, byte) else {
                return Some((false, text.len()));
            };
            matched |= is_in;
            at += len;
            continue;
        }
        let (low, len) = member(&text[at..])?;
        at += len;
        let mut high = low;
        if let Some([b'-', end, ..]) = text.get(at..)
            && *end != b']'
        {
            let (end, len) = member(&text[at + 1..])?;
            high = end;
            at += 1 + len;
        }
        matched |= (low..=high).contains(&byte);
    }
}

/// A byte between brackets, with or without its backslash, and the length of that.
fn member(text: &[u8]) -> Option<(u8, usize)> {
    match text {
        [b'\\', byte, ..] => Some((*byte, 2)),
        [b'\\'] | [] => None,
        [byte, ..] => Some((*byte, 1)),
    }
}

/// The name of a class like `[:digit:]`, and the length of that.
fn class(text: &[u8]) -> Option<(&[u8], usize)> {
    let rest = text.strip_prefix(b"[:")?;
    let len = rest
        .iter()
        .take_while(|byte| byte.is_ascii_lowercase())
        .count();
    rest[len..]
        .starts_with(b":]")
        .then_some((&rest[..len], len + 4))
}

/// Whether a byte is in the class of this name, whatever the locale; `None` where
/// no class has it, and then the pattern matches nothing.
fn is_in(class: &[u8], byte: u8) -> Option<bool> {
    Some(match class {
        b"alnum" => byte.is_ascii_alphanumeric(),
        b"alpha" => byte.is_ascii_alphabetic(),
        b"blank" => matches!(byte, b' ' | b'\t'),
        b"cntrl" => byte.is_ascii_control(),
        b"digit" => byte.is_ascii_digit(),
        b"graph" => byte.is_ascii_graphic(),
        b"lower" => byte.is_ascii_lowercase(),
        b"print" => byte.is_ascii_graphic() || byte == b' ',
        b"punct" => byte.is_ascii_punctuation(),
        b"space" => byte.is_ascii_whitespace() || byte == 0x0b,
        b"upper" => byte.is_ascii_uppercase(),
        b"xdigit" => byte.is_ascii_hexdigit(),
        _ => return None,
    })
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
            ("a?c", "a/c", true),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("x\\", "x\\", false),
            ("[]a]x", "]x", true),
            ("[!]a]x", "]x", false),
            ("[a-c-]x", "-x", true),
            ("[^a-c]", "b", false),
            ("[^a-c]", "d", true),
            ("[c-a]", "b", false),
            ("[!-b]", "-", false),
            ("[a\\]b]", "]", true),
            ("[+-\\]]", "]", true),
            ("[+-\\]", "\\", false),
            ("[ab", "[ab", true),
            ("[a\\", "[a\\", false),
            ("**x", "yyx", true),
            ("[[:digit:]x]", "7", true),
            ("[[:digit:]x]", "y", false),
            ("[![:space:]]", "\u{b}", false),
            ("[[:alpha:]-z]", "-", true),
            ("[[:none:]n]", "n", false),
            ("[![:none:]]", "n", false),
            ("[[:x-z]", "y", true),
            ("[[:A:]]", "A]", true),
            (".*", ".hidden/x", true),
        ] {
            let found = matches(pattern.as_bytes(), line.as_bytes());
            assert_eq!(found, expected, "{pattern:?} on {line:?}");
        }
    }
}
