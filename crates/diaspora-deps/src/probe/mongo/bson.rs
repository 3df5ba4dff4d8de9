//! BSON, as far as the answer of a Mongo server needs it: the elements of one document,
//! with their length checked.

/// An element of a document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a> {
    pub(super) name: &'a [u8],
    kind: u8,
    value: &'a [u8],
}

const DOUBLE: u8 = 0x01;
const STRING: u8 = 0x02;
const BOOLEAN: u8 = 0x08;
const INT32: u8 = 0x10;
const INT64: u8 = 0x12;

impl<'a> Element<'a> {
    /// Whether a boolean is true or a number is not 0; `None` for another kind.
    pub(super) fn truth(&self) -> Option<bool> {
        let value = self.value;
        match self.kind {
            BOOLEAN => value.first().map(|&byte| byte != 0),
            INT32 => int(value, 0).map(|number| number != 0),
            INT64 => Some(u64::from_le_bytes(value.try_into().ok()?) != 0),
            DOUBLE => Some(f64::from_le_bytes(value.try_into().ok()?) != 0.0),
            _ => None,
        }
    }

    /// The bytes of a string; `None` for another kind.
    pub(super) fn text(&self) -> Option<&'a [u8]> {
        if self.kind != STRING {
            return None;
        }
        self.value.get(4..self.value.len() - 1)
    }
}

/// The elements of a document; `None` if it is not a complete one.
pub(super) fn elements(document: &[u8]) -> Option<Vec<Element<'_>>> {
    let length = usize::try_from(int(document, 0)?).ok()?;
    let mut rest = document.get(4..length)?;
    let mut elements = Vec::new();
    loop {
        let (&kind, after) = rest.split_first()?;
        if kind == 0 {
            return Some(elements);
        }
        let end = after.iter().position(|&byte| byte == 0)?;
        let (name, value) = (&after[..end], &after[end + 1..]);
        let size = size(kind, value)?;
        let (value, after) = value.split_at_checked(size)?;
        elements.push(Element { name, kind, value });
        rest = after;
    }
}

/// The size of a value of this kind, in bytes.
fn size(kind: u8, value: &[u8]) -> Option<usize> {
    let counted = |extra: usize| {
        let length = usize::try_from(int(value, 0)?).ok()?;
        length.checked_add(extra)
    };
    let until_nul = |value: &[u8]| value.iter().position(|&byte| byte == 0).map(|at| at + 1);
    match kind {
        0x06 | 0x0a | 0x7f | 0xff => Some(0),
        BOOLEAN => Some(1),
        INT32 => Some(4),
        DOUBLE | INT64 | 0x09 | 0x11 => Some(8),
        0x07 => Some(12),
        0x13 => Some(16),
        // String, code, symbol: at least the NUL at the end.
        STRING | 0x0d | 0x0e => counted(4).filter(|&size| size > 4),
        0x03 | 0x04 => counted(0).filter(|&size| size > 4),
        0x05 => counted(5),
        0x0b => {
            let first = until_nul(value)?;
            Some(first + until_nul(&value[first..])?)
        }
        _ => None,
    }
}

/// A number of four bytes, little endian.
pub(super) fn int(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_of_a_document() {
        let document = b"\x1a\0\0\0\x08a\0\x01\x10b\0\0\0\0\0\x02c\0\x03\0\0\0hi\0\0";
        assert_eq!(document.len(), 0x1a);
        let elements = elements(document).expect("complete");
        let values = elements.iter().map(|e| (e.name, e.truth(), e.text()));
        let expected = [
            (&b"a"[..], Some(true), None),
            (b"b", Some(false), None),
            (b"c", None, Some(&b"hi"[..])),
        ];
        assert!(values.eq(expected));
    }

    #[test]
    fn a_length_beyond_the_document_is_refused() {
        assert!(elements(b"\x0c\0\0\0\x02a\0\xff\xff\xff\xffx\0").is_none());
        assert!(elements(b"\xff\0\0\0\0").is_none());
        assert!(elements(b"").is_none());
    }
}
