//! A number that tells scripts apart.

/// The FNV-1a hash of a script's words, each with its length before it.
pub(crate) fn hash<'a>(words: impl Iterator<Item = &'a [u8]>) -> u64 {
    words.fold(0xcbf2_9ce4_8422_2325, |hash, word| {
        let len = word.len().to_ne_bytes();
        let bytes = len.iter().chain(word);
        bytes.fold(hash, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_with_other_words_have_other_hashes() {
        let of = |words: &[&[u8]]| hash(words.iter().copied());
        assert_eq!(of(&[b"t", b"./a"]), of(&[b"t", b"./a"]));
        for other in [
            &[b"./a".as_slice(), b"t"] as &[&[u8]],
            &[b"t", b"./b"],
            &[b"t./a"],
            &[b"t", b"./a", b""],
            &[],
        ] {
            assert_ne!(of(&[b"t", b"./a"]), of(other), "{other:?}");
        }
    }
}
