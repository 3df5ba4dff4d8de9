//! What a successor needs in order to go on exactly where this process was killed.
//!
//! Input is read straight into a file that is mapped as memory, `pending` in the
//! first log directory, and stays there until its output is complete in every log.
//! Before the input, the same file holds the [`State`]. It is kept twice and one
//! word says which of the two counts, so it changes at once: a process that is
//! killed leaves either the old state or the new one.
//!
//! Two moments cannot be seen in the state. Whether a read took place is seen in
//! the input itself: its last bytes are set to a mark first. How much of a write
//! took place is seen in the size of the log file: the state says which file it
//! was, and how large before.
//!
//! Where the file cannot be had, the same memory belongs to this process alone.

mod file;
mod hash;
mod layout;
mod source;
mod state;
#[cfg(test)]
mod tests;

use core::sync::atomic::{AtomicU64, Ordering};

use daemontools::Errno;
use daemontools::unix::memory;

pub(crate) use file::{Found, NAME};
pub(crate) use hash::{hash, seed};
pub(crate) use layout::{BLOCK, MARK};
use layout::{Boot, ROOM, WHICH, words_for};
pub(crate) use source::{Source, is_exact, source};
pub(crate) use state::{Place, State, mark_range};

/// The state in memory, and its copy that outlives this process.
#[derive(Debug)]
pub(crate) struct Journal {
    /// The state; [`Journal::commit`] makes it count.
    pub(crate) state: State,
    words: &'static [AtomicU64],
    lasting: bool,
}

/// A journal and the room for its input.
pub(crate) type Opened = (Journal, &'static mut [u8]);

impl Journal {
    /// A journal that ends with this process.
    ///
    /// # Errors
    /// What `mmap(2)` says.
    pub(crate) fn private(logs: usize) -> Result<Opened, Errno> {
        let memory = memory::anonymous_words(words_for(logs), ROOM)?;
        let journal = Self {
            state: State::new(logs),
            words: memory.words,
            lasting: false,
        };
        Ok((journal, memory.bytes))
    }

    /// Whether a successor will find it.
    pub(crate) const fn is_lasting(&self) -> bool {
        self.lasting
    }

    /// Makes the state count.
    #[inline]
    pub(crate) fn commit(&mut self) {
        let counts = self.words[WHICH].load(Ordering::Relaxed) & 1;
        layout::commit(&self.state, counts).for_each(|step| self.store(step));
    }

    /// Begins anew with the state, for another script or another boot.
    fn reset(&mut self, script: u64, boot: &Boot) {
        layout::reset(&self.state, script, boot).for_each(|step| self.store(step));
    }

    /// One step, before all that follow.
    #[inline]
    fn store(&self, (index, value): layout::Step) {
        self.words[index].store(value, Ordering::Release);
    }
}
