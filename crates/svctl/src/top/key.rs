//! Keys from the bytes that a terminal sends. No I/O.
//!
//! A sequence that is not known is passed over as a whole, and so is pasted text: what is
//! left of it must never be taken for a command.

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Char(char),
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
    Enter,
    Escape,
    Backspace,
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-L.
    Redraw,
}

const ESC: u8 = 0x1b;
const PASTE: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";

/// Collects bytes and gives keys.
#[derive(Debug, Default)]
pub(super) struct Keys {
    bytes: Vec<u8>,
    is_pasting: bool,
}

/// What is at the beginning of the bytes.
enum Found {
    /// A key, or nothing of interest, of so many bytes.
    Key(Option<Key>, usize),
    /// The beginning of something.
    Part,
}

impl Keys {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether there is the beginning of a sequence, which may also be the escape key.
    pub(super) const fn is_partial(&self) -> bool {
        !self.bytes.is_empty()
    }

    /// The next key. `is_all`: no more bytes are to come for what has begun.
    pub(super) fn next(&mut self, is_all: bool) -> Option<Key> {
        while !self.bytes.is_empty() {
            if self.is_pasting {
                let end = find(&self.bytes, PASTE_END)?;
                self.bytes.drain(..end + PASTE_END.len());
                self.is_pasting = false;
                continue;
            }
            let (key, length) = match first(&self.bytes) {
                Found::Key(key, length) => (key, length),
                Found::Part if is_all && self.bytes == [ESC] => (Some(Key::Escape), 1),
                Found::Part if is_all => (None, self.bytes.len()),
                Found::Part => return None,
            };
            self.is_pasting = self.bytes.starts_with(PASTE);
            self.bytes.drain(..length);
            if key.is_some() {
                return key;
            }
        }
        None
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

fn first(bytes: &[u8]) -> Found {
    match bytes {
        [ESC, b'[', rest @ ..] => control_sequence(rest),
        [ESC, b'O', letter, ..] => Found::Key(cursor(*letter), 3),
        [ESC] | [ESC, b'O'] => Found::Part,
        // Escape twice is escape.
        [ESC, ESC, ..] => Found::Key(Some(Key::Escape), 1),
        // With Alt.
        [ESC, _, ..] => Found::Key(None, 2),
        [b'\r' | b'\n', ..] => Found::Key(Some(Key::Enter), 1),
        [0x7f | 0x08, ..] => Found::Key(Some(Key::Backspace), 1),
        [0x03, ..] => Found::Key(Some(Key::Interrupt), 1),
        [0x0c, ..] => Found::Key(Some(Key::Redraw), 1),
        [0..=0x1f, ..] => Found::Key(None, 1),
        _ => character(bytes),
    }
}

/// What follows `ESC [`: parameters, and a letter that ends it.
fn control_sequence(rest: &[u8]) -> Found {
    let Some(end) = rest.iter().position(|byte| (0x40..=0x7e).contains(byte)) else {
        return Found::Part;
    };
    let key = match (&rest[..end], rest[end]) {
        (b"1" | b"7", b'~') => Some(Key::Home),
        (b"4" | b"8", b'~') => Some(Key::End),
        (b"5", b'~') => Some(Key::PageUp),
        (b"6", b'~') => Some(Key::PageDown),
        (b"", letter) => cursor(letter),
        _ => None,
    };
    Found::Key(key, end + 3)
}

const fn cursor(letter: u8) -> Option<Key> {
    Some(match letter {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'H' => Key::Home,
        b'F' => Key::End,
        b'M' => Key::Enter,
        _ => return None,
    })
}

fn character(bytes: &[u8]) -> Found {
    let length = match bytes[0] {
        0..=0x7f => 1,
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf7 => 4,
        _ => return Found::Key(None, 1),
    };
    let Some(bytes) = bytes.get(..length) else {
        return Found::Part;
    };
    let text = std::str::from_utf8(bytes).ok();
    let character = text.and_then(|text| text.chars().next());
    match character {
        Some(character) => Found::Key(Some(Key::Char(character)), length),
        None => Found::Key(None, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(chunks: &[&[u8]]) -> Vec<Key> {
        let mut keys = Keys::default();
        let mut found = Vec::new();
        for chunk in chunks {
            keys.push(chunk);
            found.extend(std::iter::from_fn(|| keys.next(false)));
        }
        found.extend(std::iter::from_fn(|| keys.next(true)));
        found
    }

    #[test]
    fn keys_have_one_or_several_sequences() {
        for (bytes, key) in [
            (&b"\x1b[A"[..], Key::Up),
            (b"\x1bOB", Key::Down),
            (b"\x1b[5~", Key::PageUp),
            (b"\x1b[H", Key::Home),
            (b"\x1b[1~", Key::Home),
            (b"\x1bOF", Key::End),
            (b"\r", Key::Enter),
            (b"\x1b", Key::Escape),
            (b"\x7f", Key::Backspace),
            (b"\x03", Key::Interrupt),
            (b"d", Key::Char('d')),
            ("ß".as_bytes(), Key::Char('ß')),
        ] {
            assert_eq!(keys(&[bytes]), [key], "{bytes:?}");
        }
    }

    #[test]
    fn a_sequence_may_come_in_pieces() {
        assert_eq!(
            keys(&[b"\x1b", b"[", b"6", b"~", b"x"]),
            [Key::PageDown, Key::Char('x')]
        );
        assert_eq!(keys(&[&[0xc3], &[0x9f]]), [Key::Char('ß')]);
        assert_eq!(keys(&[b"\x1b\x1b[A"]), [Key::Escape, Key::Up]);
    }

    #[test]
    fn what_is_not_known_leaves_no_letter_behind() {
        for bytes in [
            &b"\x1b[1;5D"[..],
            b"\x1b[15~",
            b"\x1b[?1;2c",
            b"\x1b[<0;3;4M",
            b"\x1bd",
            b"\x1bOd",
            b"\x01",
            b"\x1b[1;5",
            b"\xff",
            b"\xc3",
        ] {
            assert_eq!(keys(&[bytes]), [], "{bytes:?}");
        }
    }

    #[test]
    fn pasted_text_is_no_command() {
        assert_eq!(
            keys(&[b"\x1b[200~kd", b"t\r\x1b[20", b"1~x"]),
            [Key::Char('x')]
        );
    }
}
