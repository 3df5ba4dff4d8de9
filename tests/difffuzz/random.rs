//! Random numbers that come again with the same seed.

/// A generator (splitmix64).
pub(crate) struct Random(u64);

impl Random {
    /// The generator of one case.
    pub(crate) fn new(seed: u64, target: &str, number: u64) -> Self {
        let mut random = Self(seed);
        for byte in target.bytes() {
            random.0 = random.next().wrapping_add(byte.into());
        }
        random.0 = random.next().wrapping_add(number);
        random
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `limit`, which is at least 1.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).expect("below a usize")
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of these.
    pub(crate) fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    /// Up to `limit` of what `make` makes.
    pub(crate) fn some<T>(&mut self, limit: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(limit + 1)).map(|_| make(self)).collect()
    }

    /// Up to `limit` bytes, mostly of `alphabet`.
    pub(crate) fn bytes(&mut self, limit: usize, alphabet: &[u8]) -> Vec<u8> {
        self.some(limit, |random| {
            if random.once_in(50) {
                random.next().to_le_bytes()[0]
            } else {
                alphabet[random.below(alphabet.len())]
            }
        })
    }
}
