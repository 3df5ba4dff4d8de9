//! Marks: what is set in the place of the last bytes that a read is about to bring, so
//! that who comes after a kill can tell whether it brought them.

use std::os::fd::OwnedFd;

use daemontools::unix::{fd, pipe};

use crate::journal::{self, MARK};

/// Where marks come from.
#[derive(Debug)]
pub(crate) struct Marks {
    /// State of a generator of random numbers.
    random: u64,
    /// A pipe to look into the input with.
    glass: Option<(OwnedFd, OwnedFd)>,
}

impl Marks {
    /// They differ from those of other processes.
    pub(crate) fn new() -> Self {
        Self {
            random: journal::seed(),
            glass: None,
        }
    }

    /// The mark for a read of `count` bytes: of it, the first so many.
    pub(crate) fn next(&mut self, count: usize) -> [u8; MARK] {
        if count < MARK
            && let Some(seen) = self.look(count)
        {
            // One so short might be what comes.
            return seen.map(|byte| !byte);
        }
        self.random()
    }

    /// Sixteen bytes that no input is likely to hold.
    fn random(&mut self) -> [u8; MARK] {
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

    /// The next `count` bytes of a pipe, without taking them.
    fn look(&mut self, count: usize) -> Option<[u8; MARK]> {
        if self.glass.is_none() {
            self.glass = fd::pipe().ok();
        }
        let (out, into) = self.glass.as_ref()?;
        let mut seen = [0; MARK];
        let copied = pipe::peek(fd::STDIN, into, count).ok()?;
        let read = fd::read(out, &mut seen[..copied]).ok()?;
        (read == count).then_some(seen)
    }
}
