//! The patterns of `fnmatch(3)`: `?`, `*`, `[...]` with ranges, classes and `!`, and a
//! backslash before a byte that stands for itself.

/// Whether `pattern` matches all of `line`.
pub(crate) fn matches(pattern: &[u8], line: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    // Where to continue if the pattern behind the last star does not match: that star
    // takes one byte more.
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

/// The length of the pattern's first element, if it matches this byte.
fn one(pattern: &[u8], byte: u8) -> Option<usize> {
    match pattern {
        [b'?', ..] => Some(1),
        [b'\\', literal, ..] => (*literal == byte).then_some(2),
        // At the end of a pattern it matches nothing.
        [b'\\'] => None,
        [b'[', rest @ ..] => match bracket(rest, byte) {
            Some((matched, len)) => matched.then_some(len + 1),
            // A bracket that is never closed stands for itself.
            None => (byte == b'[').then_some(1),
        },
        [literal, ..] => (*literal == byte).then_some(1),
        [] => None,
    }
}

/// The text behind a `[`: whether it matches, and its length with the `]`.
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

/// A byte between brackets and its length in the pattern, with a backslash or without.
fn member(text: &[u8]) -> Option<(u8, usize)> {
    match text {
        [b'\\', byte, ..] => Some((*byte, 2)),
        [b'\\'] | [] => None,
        [byte, ..] => Some((*byte, 1)),
    }
}

/// The name of a class like `[:digit:]`, and the class's length in the pattern.
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

/// Whether a byte is in the class of this name, in the C locale; `None` if no class has the
/// name, in which case the pattern matches nothing.
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
