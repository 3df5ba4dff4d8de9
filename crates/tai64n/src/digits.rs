//! The digits of a label: hexadecimal to a number, and nanoseconds to decimal. This is
//! where tai64nlocal spends its time.

/// The value of a lower-case hexadecimal digit.
const fn value(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

/// [`value`] of each byte; 255 for bytes that are no digits.
const VALUES: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let mut byte = 0;
    while byte < values.len() {
        if let Some(value) = value(byte as u8) {
            values[byte] = value;
        }
        byte += 1;
    }
    values
};

/// Whether a byte is a lower-case hexadecimal digit.
pub(crate) const fn is_digit(byte: u8) -> bool {
    value(byte).is_some()
}

/// The number of at most 16 lower-case hexadecimal digits; `None` if one is no digit.
pub(crate) fn hexadecimal(digits: &[u8]) -> Option<u64> {
    let mut number = 0;
    let mut seen = 0;
    for &byte in digits {
        let value = VALUES[usize::from(byte)];
        seen |= value;
        number = number << 4 | u64::from(value & 15);
    }
    (seen < 16).then_some(number)
}

/// Appends nanoseconds in decimal: nine digits, or ten if the label has a second or more
/// of them.
pub(crate) fn nanoseconds(mut nanos: u64, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 10];
    for pair in digits.chunks_exact_mut(2).rev() {
        let two = nanos % 100;
        nanos /= 100;
        pair[0] += (two / 10) as u8;
        pair[1] += (two % 10) as u8;
    }
    let start = usize::from(digits[0] == b'0');
    out.extend_from_slice(&digits[start..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lower_case_hexadecimal_digits_make_a_number() {
        assert_eq!(
            hexadecimal(b"0123456789abcdef"),
            Some(0x0123_4567_89ab_cdef)
        );
        assert_eq!(hexadecimal(b""), Some(0));
        for wrong in [&b"A"[..], b"0g", b" 1", b"\xff"] {
            assert_eq!(hexadecimal(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn nanoseconds_have_nine_digits_or_ten() {
        for (nanos, text) in [
            (0, "000000000"),
            (999_999_999, "999999999"),
            (1_000_000_000, "1000000000"),
            (u64::from(u32::MAX), "4294967295"),
        ] {
            let mut out = Vec::new();
            nanoseconds(nanos, &mut out);
            assert_eq!(out, text.as_bytes());
        }
    }
}
