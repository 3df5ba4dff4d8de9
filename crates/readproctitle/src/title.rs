//! Scrolling the title. No I/O.

/// The number of dots that stay at the left.
pub(crate) const DOTS: usize = 3;

/// Appends `input` at the right end of `window`, whose bytes move to the left and out. A
/// NUL would end the word, so NULs are left out. Only the end of a long input is read.
pub(crate) fn push(window: &mut [u8], input: &[u8]) {
    let shown = |byte: &&u8| **byte != 0;
    let count = input.iter().rev().filter(shown).take(window.len()).count();
    window.copy_within(count.., 0);
    let places = window.iter_mut().rev();
    for (place, byte) in places.zip(input.iter().rev().filter(shown).take(count)) {
        *place = *byte;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reference's way: one byte after the other.
    fn slowly(window: &mut [u8], input: &[u8]) {
        for &byte in input.iter().filter(|&&byte| byte != 0) {
            window.rotate_left(1);
            if let Some(last) = window.last_mut() {
                *last = byte;
            }
        }
    }

    #[test]
    fn a_block_gives_the_same_title_as_its_bytes_one_by_one() {
        let inputs: [&[u8]; 8] = [
            b"",
            b"a",
            b"\0",
            b"x\0y\0\0z\n",
            b"0123456789",
            b"\0\0\0",
            b"much more than there is room for\0!",
            b"\xff\x01",
        ];
        for length in 2..12 {
            let mut ours = vec![b'.'; length];
            let mut reference = ours.clone();
            for input in inputs {
                push(&mut ours, input);
                slowly(&mut reference, input);
                assert_eq!(ours, reference, "{length} {input:?}");
            }
        }
    }
}
