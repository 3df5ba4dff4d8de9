//! The journal: what a successor needs in order to continue exactly where this process was
//! killed.
//!
//! Input is read straight into memory under which a file is kept, `.pending` in the first
//! log directory, and stays there until its output is complete in every log. Before the
//! input the file holds the [`State`] twice, and one word says which of the two counts: a
//! process that is killed leaves either the old state or the new one.
//!
//! Whether a read took place is seen in the input: its last bytes were set to a mark
//! before. How much of a write took place is seen in the size of the log file: the state
//! says which file it was, and how large before.

mod file;
mod hash;
mod layout;
mod mark;
mod state;
mod store;
#[cfg(test)]
mod tests;

use std::os::fd::AsFd;

use daemontools::Errno;
use daemontools::tai64n::Tai64n;
use daemontools::unix::clock;
use daemontools::unix::memory::{PAGE, Wanted};

pub(crate) use file::KeepError;
use file::{Found, Own, boot_words, find};
pub(crate) use hash::hash;
pub(crate) use layout::BLOCK;
use layout::Boot;
use mark::Marks;
pub(crate) use state::{Place, State};
use state::{mark_range, reset};
use store::Store;

/// The state in memory, and its copy that outlives this process.
#[derive(Debug)]
pub(crate) struct Journal {
    /// The state; [`Journal::commit`] makes it count.
    pub(crate) state: State,
    store: Store,
    marks: Marks,
}

/// A journal and the room for its input.
pub(crate) type Opened = (Journal, &'static mut [u8]);

impl Journal {
    /// A journal that ends with this process.
    ///
    /// # Errors
    /// What `mmap(2)` says.
    pub(crate) fn private(logs: usize) -> Result<Opened, Errno> {
        let (store, bytes) = Store::new(logs)?;
        let journal = Self {
            state: State::new(logs),
            store,
            marks: Marks::new(),
        };
        Ok((journal, bytes))
    }

    /// Opens the journal in a directory. What an earlier process left is pending. Gives why
    /// no file is kept for a successor, if so.
    ///
    /// # Errors
    /// There is no memory.
    pub(crate) fn open(
        directory: impl AsFd,
        logs: usize,
        script: u64,
    ) -> Result<(Opened, Result<(), KeepError>), Errno> {
        let (mut journal, bytes) = Self::private(logs)?;
        let (found, kept) = journal.begin(directory, bytes, script, boot_words());
        if journal.state.settle(bytes) || found == Found::Other {
            journal.set_time(clock::wall());
        }
        journal.commit();
        Ok(((journal, bytes), kept))
    }

    fn begin(
        &mut self,
        directory: impl AsFd,
        bytes: &mut [u8],
        script: u64,
        boot: Option<Boot>,
    ) -> (Found, Result<(), KeepError>) {
        let Some(boot) = boot else {
            return (Found::Nothing, Err(Errno::ENOSYS.into()));
        };
        let logs = self.state.places.len();
        self.reset(script, &boot);
        let (own, found, state, input) = match find(&directory, &boot, script, logs) {
            Ok(seen) => seen,
            Err(error) => return (Found::Nothing, Err(error)),
        };
        self.state = state;
        bytes[..input.len()].copy_from_slice(&input);
        self.reset(script, &boot);
        self.store.file = own.as_ref().map(Own::identity);
        // Where the disk is full there is no room for another file.
        let kept = match own.filter(|own| found == Found::Same && own.fits(logs)) {
            Some(own) => self.store.put(&directory, bytes, &self.state, own),
            None => Err(KeepError::InUse),
        };
        let new = |_| self.store.put_new(directory, bytes, &self.state);
        (found, kept.or_else(new))
    }

    /// Begins anew with the state, for another script or another boot.
    fn reset(&self, script: u64, boot: &Boot) {
        reset(&self.state, script, boot).for_each(|step| self.store.write(step));
    }

    /// Sets the time of the last read.
    fn set_time(&mut self, now: Tai64n) {
        self.state.now = now;
        if self.state.start == self.state.read_at {
            self.state.line = now;
        }
    }

    /// Whether a successor will find it.
    pub(crate) fn is_lasting(&self) -> bool {
        self.store.is_lasting()
    }

    /// Whether it is time for [`Journal::renew`].
    pub(crate) fn is_due(&self) -> bool {
        self.store.is_due()
    }

    /// Replaces the file after another process wanted it, or it was lost, or none could be
    /// had. Gives what the other process wanted.
    ///
    /// # Errors
    /// No file is kept for now.
    pub(crate) fn renew(
        &mut self,
        directory: impl AsFd,
        bytes: &mut [u8],
    ) -> Result<Wanted, KeepError> {
        let wanted = self.store.wanted();
        self.store.renew(directory, bytes, &self.state)?;
        Ok(wanted)
    }

    /// Makes the state count.
    #[inline]
    pub(crate) fn commit(&self) {
        self.store.commit(&self.state);
    }

    /// Notes the file that a log writes, its size, and how much output is complete with it.
    pub(crate) fn set_place(&mut self, log: usize, inode: u64, size: u64, done: u64) {
        let place = &mut self.state.places[log];
        (place.inode, place.size, place.done) = (inode, size, done);
        self.commit();
    }

    /// Makes room for `count` bytes behind the pending input, or for as many as it can.
    pub(crate) fn make_room(&mut self, bytes: &mut [u8], count: usize) -> usize {
        let (start, end) = (self.state.start, self.state.end);
        let len = end - start;
        let room = self.store.room(len + count);
        if len == 0 {
            (self.state.start, self.state.end, self.state.read_at) = (0, 0, 0);
        } else if end + count > room && start >= len {
            // A read is faster to where a page begins.
            self.move_pending(bytes, if start < PAGE { 0 } else { PAGE - len });
        }
        count.min(room - self.state.end)
    }

    /// Copies the pending input to another place, which it does not overlap.
    fn move_pending(&mut self, bytes: &mut [u8], start: usize) {
        let state = &mut self.state;
        let len = state.end - state.start;
        bytes.copy_within(state.start..state.end, start);
        (state.start, state.end, state.read_at) = (start, start + len, start + len);
        self.commit();
    }

    /// Gives the room that a flow of input needed back to the file system.
    pub(crate) fn shrink(&mut self, bytes: &mut [u8]) {
        if self.state.end > PAGE {
            self.move_pending(bytes, 0);
        }
        self.store.shrink();
    }

    /// Notes that a read is about to bring `count` bytes, and marks the last of them.
    pub(crate) fn begin_read(&mut self, bytes: &mut [u8], count: usize) {
        let mark = self.marks.next(count);
        let (halves, _) = mark.as_chunks();
        for (word, half) in self.state.mark.iter_mut().zip(halves) {
            *word = u64::from_ne_bytes(*half);
        }
        self.state.reading = count;
        // The kernel takes bytes out of a pipe page by page, and stops between two for a
        // kill only where it would wait for the disk: for a page of ours that was given
        // back (`VM_FAULT_RETRY`). A page that was just written to is not given back: that
        // takes bringing it to the disk, and passing it over twice.
        let (first, end) = (self.state.end, self.state.end + count);
        for at in (first..end).step_by(PAGE).chain([end - 1]) {
            bytes[at] = 0;
        }
        let range = mark_range(first, count);
        bytes[range.clone()].copy_from_slice(&mark[..range.len()]);
        self.commit();
    }

    /// Notes that the read has brought nothing, before its mark changes.
    pub(crate) fn cancel_read(&mut self) {
        self.state.reading = 0;
        self.commit();
    }

    /// Adds what a read has brought to the pending input.
    pub(crate) fn end_read(&mut self, count: usize) {
        self.state.reading = 0;
        self.state.read_at = self.state.end;
        self.state.end += count;
        self.set_time(clock::wall());
        self.commit();
    }

    /// Adds a newline to the pending input, which has room for it.
    pub(crate) fn add_newline(&mut self, bytes: &mut [u8]) {
        let state = &mut self.state;
        bytes[state.end] = b'\n';
        state.read_at = state.end;
        state.end += 1;
        self.set_time(self.state.now);
        self.commit();
    }

    /// Puts a copy of its file in the file's place: a system call found no page of it.
    pub(crate) fn let_go(&self) {
        self.store.let_go();
    }

    /// Removes the file.
    pub(crate) fn remove(&mut self, directory: impl AsFd) {
        self.store.remove(directory);
    }
}
