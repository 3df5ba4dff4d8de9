//! A line of a log, with the time in its label. No I/O.

use daemontools::servicedir::stamp;
use daemontools::tai64n::{LABEL_LEN, Tai64n};

/// A line, without its newline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// When it was written: by its label, or that of the last line that has one.
    pub(crate) time: Tai64n,
    /// Whether it has a label of its own.
    pub(crate) has_label: bool,
    /// What is behind the label.
    pub(crate) text: Vec<u8>,
}

impl Line {
    /// A line that was written not before `before`.
    pub(crate) fn new(bytes: Vec<u8>, before: Tai64n) -> Self {
        match split(&bytes) {
            Some((time, text)) => Self {
                time,
                has_label: true,
                text: text.to_vec(),
            },
            None => Self {
                time: before,
                has_label: false,
                text: bytes,
            },
        }
    }
}

/// Whether a line with a label begins here.
pub(super) fn begins_with_label(bytes: &[u8]) -> bool {
    split(bytes).is_some()
}

/// The time of the label, and what is behind it and a space.
fn split(bytes: &[u8]) -> Option<(Tai64n, &[u8])> {
    let (digits, rest) = bytes.strip_prefix(b"@")?.split_first_chunk::<LABEL_LEN>()?;
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if !digits.iter().all(is_digit) {
        return None;
    }
    let text = match rest {
        [] => rest,
        [b' ', text @ ..] => text,
        _ => return None,
    };
    Some((stamp::parse(*digits)?, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_an_at_24_digits_and_a_space() {
        let before = Tai64n::from_unix(5, 0);
        let time = Tai64n::from_unix(1_700_000_000, 7);
        let label = String::from_utf8(time.label().to_vec()).expect("digits");
        for (bytes, has_label, text) in [
            (format!("@{label} hello"), true, "hello".to_owned()),
            (format!("@{label}  x"), true, " x".to_owned()),
            (format!("@{label}"), true, String::new()),
            (format!("@{label}x"), false, format!("@{label}x")),
            (
                format!("@{}", &label[1..]),
                false,
                format!("@{}", &label[1..]),
            ),
            (format!("{label} x"), false, format!("{label} x")),
            (String::new(), false, String::new()),
            ("@".to_owned(), false, "@".to_owned()),
        ] {
            let line = Line::new(bytes.clone().into_bytes(), before);
            let expected = Line {
                time: if has_label { time } else { before },
                has_label,
                text: text.into_bytes(),
            };
            assert_eq!(line, expected, "{bytes}");
        }
    }
}
