//! Marks: bytes that a read is about to overwrite. They are set in the place of its last
//! bytes, and tell a successor whether the read took place before a kill.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::os::fd::OwnedFd;

use daemontools::unix::{fd, pipe};

use super::layout::MARK;

/// The source of marks.
#[derive(Debug)]
pub(super) struct Marks {
    /// State of a generator of random numbers.
    random: u64,
    /// A pipe to copy the next bytes of the input to, without taking them.
    copy: Option<(OwnedFd, OwnedFd)>,
}

impl Marks {
    /// Its marks differ from those of other processes.
    pub(super) fn new() -> Self {
        Self {
            random: RandomState::new().build_hasher().finish(),
            copy: None,
        }
    }

    /// The mark for a read of `count` bytes, which uses as many of its bytes. A read of
    /// fewer than [`MARK`] bytes might bring random bytes by chance, so its mark is made
    /// of what will be read.
    pub(super) fn next(&mut self, count: usize) -> [u8; MARK] {
        if count < MARK
            && let Some(seen) = self.peek(count)
        {
            return seen.map(|byte| !byte);
        }
        let mut mark = [0; MARK];
        for half in mark.chunks_exact_mut(MARK / 2) {
            // The generator is splitmix64.
            self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = self.random;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            half.copy_from_slice(&(word ^ (word >> 31)).to_ne_bytes());
        }
        mark
    }

    /// The next `count` bytes of a pipe, which stay there.
    fn peek(&mut self, count: usize) -> Option<[u8; MARK]> {
        if self.copy.is_none() {
            self.copy = fd::pipe().ok();
        }
        let (out, into) = self.copy.as_ref()?;
        let mut seen = [0; MARK];
        let copied = pipe::peek(fd::STDIN, into, count).ok()?;
        let read = fd::read(out, &mut seen[..copied]).ok()?;
        (read == count).then_some(seen)
    }
}
