//! The memory of a journal, and the file that is kept under it: found, made, replaced and
//! removed.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::os::fd::{AsFd, OwnedFd};

use daemontools::Errno;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::file::{self, Identity};
use daemontools::unix::memory::{self, PAGE, Region, Wanted};

use super::file::{KeepError, NAME, NEW, Own, hold, identity_of};
use super::layout::{DIRECTORY, OWN, ROOM, Step, WHICH, words_for};
use super::state::{State, commit};

/// The time between two attempts to have a file.
const AGAIN: Duration = Duration::from_secs(60);

/// The words of a journal. Its input lies behind them.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) words: &'static [AtomicU64],
    region: Region,
    /// The file with the journal's name, if it holds a state of this journal.
    pub(super) file: Option<Identity>,
    /// The earliest time of the next attempt to have a file.
    next_try: Monotonic,
}

impl Store {
    /// Memory of this process alone for a number of logs, and the room for input.
    pub(super) fn new(logs: usize) -> Result<(Self, &'static mut [u8]), Errno> {
        let memory = memory::anonymous_words(words_for(logs), ROOM)?;
        let store = Self {
            words: memory.words,
            region: memory.region,
            file: None,
            next_try: Monotonic::now() + AGAIN,
        };
        Ok((store, memory.bytes))
    }

    /// Whether a successor will find what is stored.
    pub(super) fn is_lasting(&self) -> bool {
        self.region.is_kept()
    }

    /// Whether it is time for another attempt to have a file.
    pub(super) fn is_due(&self) -> bool {
        if self.is_lasting() {
            self.region.is_wanted()
        } else {
            self.file.is_some() || Monotonic::now() >= self.next_try
        }
    }

    /// What another process wanted with the file.
    pub(super) fn wanted(&self) -> Wanted {
        self.region.wanted()
    }

    /// Writes one word, before all words that follow.
    #[inline]
    pub(super) fn write(&self, (index, value): Step) {
        self.words[index].store(value, Ordering::Release);
    }

    /// Makes a state count.
    #[inline]
    pub(super) fn commit(&self, state: &State) {
        let counts = self.words[WHICH].load(Ordering::Relaxed) & 1;
        commit(state, counts).for_each(|step| self.write(step));
    }

    /// How much input there is room for. The file grows if `wanted` bytes need it; where
    /// it cannot, there is room for less.
    pub(super) fn room(&self, wanted: usize) -> usize {
        if !self.is_lasting() {
            return ROOM;
        }
        let head = size_of_val(self.words);
        if self.region.used() < head + wanted {
            // A full disk means small reads, and is nothing to tell.
            let _ = self.region.resize(head + ROOM);
        }
        self.region.used() - head
    }

    /// Gives the room for more than a page of input back to the file system.
    pub(super) fn shrink(&self) {
        let used = size_of_val(self.words) + PAGE;
        if self.is_lasting() && self.region.used() > used {
            let _ = self.region.resize(used);
        }
    }

    /// How much of the memory has to be in the file.
    fn used(&self, state: &State) -> usize {
        let is_small = state.end + state.reading <= PAGE;
        size_of_val(self.words) + if is_small { PAGE } else { ROOM }
    }

    /// Keeps a file that holds the same state and input already.
    pub(super) fn put(
        &mut self,
        directory: impl AsFd,
        bytes: &mut [u8],
        state: &State,
        own: Own,
    ) -> Result<(), KeepError> {
        self.write_identity(DIRECTORY, file::fstat(directory)?.identity);
        self.write_identity(OWN, own.identity());
        self.region
            .keep(own.fd, self.words, bytes, self.used(state))?;
        Ok(())
    }

    /// Keeps a new file, and gives it the journal's name by one rename.
    pub(super) fn put_new(
        &mut self,
        directory: impl AsFd,
        bytes: &mut [u8],
        state: &State,
    ) -> Result<(), KeepError> {
        if let Some(rest) = Own::open(&directory, NEW)? {
            file::unlink_in(&directory, NEW)?;
            drop(rest);
        }
        let fd = file::create_in(&directory, NEW, 0o600)?;
        let put = self.put_named(&directory, fd, bytes, state);
        if put.is_err() {
            self.let_go();
            let _ = file::unlink_in(&directory, NEW);
        }
        put
    }

    fn put_named(
        &mut self,
        directory: impl AsFd,
        fd: OwnedFd,
        bytes: &mut [u8],
        state: &State,
    ) -> Result<(), KeepError> {
        hold(&fd)?;
        let identity = file::fstat(&fd)?.identity;
        self.write_identity(DIRECTORY, file::fstat(&directory)?.identity);
        // The file before stays open, and so locked, until the new one has its name.
        let used = self.used(state);
        let _before = self.region.keep(fd, self.words, bytes, used)?;
        // From here on the words are those of the new file alone.
        self.write_identity(OWN, identity);
        file::rename_in(&directory, NEW, NAME)?;
        if identity_of(&directory, NAME)? != Some(identity) {
            return Err(KeepError::InUse);
        }
        self.file = Some(identity);
        Ok(())
    }

    /// Replaces the file after another process wanted it, or it was lost, or none could be
    /// had. If that fails, a file that does not hold the truth any more is removed.
    pub(super) fn renew(
        &mut self,
        directory: impl AsFd,
        bytes: &mut [u8],
        state: &State,
    ) -> Result<(), KeepError> {
        self.next_try = Monotonic::now() + AGAIN;
        let put = match identity_of(&directory, NAME) {
            // A file that another process has put there may be a successor's.
            Ok(Some(other)) if self.file != Some(other) => Err(KeepError::InUse),
            Ok(_) => self.put_new(&directory, bytes, state),
            Err(error) => Err(error.into()),
        };
        if put.is_err() {
            self.let_go();
            self.remove(directory);
        }
        put
    }

    /// Puts a copy of its file in the file's place.
    pub(super) fn let_go(&self) {
        if self.is_lasting() {
            memory::let_go();
        }
    }

    /// Removes the file, if it still has its name.
    pub(super) fn remove(&mut self, directory: impl AsFd) {
        if let Some(identity) = self.file.take()
            && identity_of(&directory, NAME) == Ok(Some(identity))
        {
            let _ = file::unlink_in(&directory, NAME);
        }
    }

    fn write_identity(&self, at: usize, identity: Identity) {
        self.write((at, identity.device));
        self.write((at + 1, identity.inode));
    }
}
