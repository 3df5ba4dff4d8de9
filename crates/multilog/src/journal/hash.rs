//! A number that tells scripts apart, and one that tells runs apart.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};

/// A number that differs from run to run, to make marks of.
pub(crate) fn seed() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// A hash of anything, the same in every run.
pub(crate) fn hash<'a>(words: impl Iterator<Item = &'a [u8]>) -> u64 {
    let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
    words.for_each(|word| word.hash(&mut hasher));
    hasher.finish()
}

/// The FNV-1a hash.
struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_told_apart() {
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
