//! Which names a pattern means. Pure.

/// Whether a name matches: `*` stands for any text, `?` for any byte. A pattern without
/// either matches names that contain it.
pub(crate) fn matches(pattern: &[u8], name: &[u8]) -> bool {
    if pattern.iter().any(|byte| matches!(byte, b'*' | b'?')) {
        return is_whole(pattern, name);
    }
    pattern.is_empty() || name.windows(pattern.len()).any(|part| part == pattern)
}

/// Whether the pattern stands for the whole name. The last star alone is tried again: the
/// ones before it have all the text that they need.
fn is_whole(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut again = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                again = Some((p + 1, n));
                p += 1;
            }
            Some(&byte) if byte == b'?' || byte == name[n] => (p, n) = (p + 1, n + 1),
            _ => match again {
                Some((star, start)) => {
                    again = Some((star, start + 1));
                    (p, n) = (star, start + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_pattern_means_whole_names_and_a_word_those_with_it() {
        for (pattern, name, expected) in [
            ("web", "web", true),
            ("web", "my-web-2", true),
            ("web", "we", false),
            ("", "x", true),
            ("web*", "web-2", true),
            ("web*", "my-web", false),
            ("*web", "web-web", true),
            ("w?b", "wb", false),
            ("w?b", "web", true),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b", "abab", true),
            ("*a*b", "aba", false),
            ("*", "", true),
            ("?", "", false),
        ] {
            let found = matches(pattern.as_bytes(), name.as_bytes());
            assert_eq!(found, expected, "{pattern} {name}");
        }
    }
}
