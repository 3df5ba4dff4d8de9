//! What a successor needs in order to go on exactly where this process was killed.
//!
//! Input is read straight into memory under which a file is kept, `.pending` in the
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
//! Where the file cannot be had, or is lost, the same memory belongs to this process
//! alone, and another file is tried for from time to time.

mod file;
mod hash;
mod layout;
mod source;
mod state;
#[cfg(test)]
mod tests;

use core::ffi::CStr;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::os::fd::AsFd;

use daemontools::Errno;
use daemontools::unix::clock::Monotonic;
use daemontools::unix::file::{Identity, fstat};
use daemontools::unix::memory::{self, Region, Wanted};

use file::{BEFORE, Left, Own, boot_words};
pub(crate) use file::{NAME, Trouble};
pub(crate) use hash::{hash, seed};
pub(crate) use layout::{BLOCK, MARK};
use layout::{Boot, ROOM, WHICH, words_for};
pub(crate) use source::{Source, is_exact, source};
pub(crate) use state::{Place, State, mark_range};

/// How long after a try that failed another one is made to have a file.
const AGAIN: Duration = Duration::from_secs(60);

/// The state in memory, and its copy that outlives this process.
#[derive(Debug)]
pub(crate) struct Journal {
    /// The state; [`Journal::commit`] makes it count.
    pub(crate) state: State,
    words: &'static [AtomicU64],
    region: Region,
    /// The name of the file that holds a state, and which file that is.
    file: Option<(&'static CStr, Identity)>,
    /// Not before then another file is tried for.
    next_try: Monotonic,
}

/// A journal and the room for its input.
pub(crate) type Opened = (Journal, &'static mut [u8]);

/// What a journal held when it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing of use.
    Nothing,
    /// What a process of the same script left.
    Same,
    /// What a process of another script left: its input is pending, and may not be
    /// complete in the logs.
    Other,
}

/// What became of a file that was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renewed {
    /// There is another.
    Yes(Wanted),
    /// There is none for now.
    No(Trouble),
}

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
            region: memory.region,
            file: None,
            next_try: Monotonic::now(),
        };
        Ok((journal, memory.bytes))
    }

    /// The journal in a directory, for `logs` logs of a script with this hash: what was
    /// found there, and why no process after this one will find it, if so.
    ///
    /// # Errors
    /// There is no memory.
    pub(crate) fn open(
        directory: impl AsFd,
        logs: usize,
        script: u64,
    ) -> Result<(Opened, Found, Result<(), Trouble>), Errno> {
        let (mut journal, bytes) = Self::private(logs)?;
        let boot = boot_words();
        let (found, kept) = journal.begin(directory, bytes, script, boot.as_ref());
        Ok(((journal, bytes), found, kept))
    }

    fn begin(
        &mut self,
        directory: impl AsFd,
        bytes: &mut [u8],
        script: u64,
        boot: Option<&Boot>,
    ) -> (Found, Result<(), Trouble>) {
        self.next_try = Monotonic::now() + AGAIN;
        self.reset(script, boot.unwrap_or(&[0; 5]));
        let Some(boot) = boot else {
            return (Found::Nothing, Err(Errno::ENOSYS.into()));
        };
        let logs = self.state.places.len();
        let (own, left) = match look(&directory, boot) {
            Ok(seen) => seen,
            Err(trouble) => return (Found::Nothing, Err(trouble)),
        };
        let mut found = Found::Nothing;
        let mut in_place = false;
        if let Some(mut left) = left {
            let fits = left.state.places.len() == logs && !left.bytes.is_empty();
            found = if fits && left.script == script {
                Found::Same
            } else {
                Found::Other
            };
            if !fits {
                let input = left.state.pending(&left.bytes);
                left.state = State::with_input(logs, input);
            }
            bytes[..left.bytes.len()].copy_from_slice(&left.bytes);
            self.state = left.state;
            self.reset(if fits { left.script } else { script }, boot);
            in_place = fits;
        }
        let kept = self.put(&directory, bytes, own, in_place);
        if found == Found::Other && in_place {
            self.hand_over(bytes, script);
        }
        (found, kept)
    }

    /// Keeps a file: the one that is there, if it holds the same, or a new one.
    fn put(
        &mut self,
        directory: impl AsFd,
        bytes: &mut [u8],
        own: Option<Own>,
        in_place: bool,
    ) -> Result<(), Trouble> {
        self.file = own.as_ref().map(|own| (own.name, own.identity()));
        let logs = self.state.places.len();
        if let Some(own) = own {
            let before = (own.name == BEFORE).then(|| own.identity());
            if before.is_none() && in_place && own.fits(logs) {
                self.store_identity(layout::DIRECTORY, fstat(&directory)?.identity);
                self.store_identity(layout::OWN, own.identity());
                if self.region.keep(own.fd, self.words, bytes).is_ok() {
                    return Ok(());
                }
            }
            self.put_new(&directory, bytes)?;
            if let Some(before) = before {
                let new = self.file.replace((BEFORE, before));
                self.remove(&directory);
                self.file = new;
            }
            return Ok(());
        }
        self.put_new(directory, bytes)
    }

    /// Whether a successor will find it.
    pub(crate) fn is_lasting(&self) -> bool {
        self.region.is_kept()
    }

    /// Whether another file has to be tried for now.
    pub(crate) fn is_due(&self) -> bool {
        if self.is_lasting() {
            self.region.is_wanted()
        } else {
            self.file.is_some() || Monotonic::now() >= self.next_try
        }
    }

    /// Tries for another file after one is wanted by others or lost, or none could be had. One that says
    /// what is true no longer does not stay.
    pub(crate) fn renew(&mut self, directory: impl AsFd, bytes: &mut [u8]) -> Renewed {
        self.next_try = Monotonic::now() + AGAIN;
        let wanted = self.region.wanted();
        let put = match file::identity_of(&directory, NAME) {
            // What another has put there may be a successor's work.
            Ok(Some(other)) if self.file != Some((NAME, other)) => Err(Trouble::InUse),
            Ok(_) => self.put_new(&directory, bytes),
            Err(error) => Err(error.into()),
        };
        match put {
            Ok(()) => Renewed::Yes(wanted),
            Err(trouble) => {
                self.let_go();
                self.remove(directory);
                Renewed::No(trouble)
            }
        }
    }

    /// Makes the state count.
    #[inline]
    pub(crate) fn commit(&mut self) {
        let counts = self.words[WHICH].load(Ordering::Relaxed) & 1;
        layout::commit(&self.state, counts).for_each(|step| self.store(step));
    }

    /// Notes which file a log writes, of which size, and how much of the pending input's
    /// output is in files before it or in it at that size.
    pub(crate) fn set_place(&mut self, log: usize, inode: u64, size: u64, done: u64) {
        let place = &mut self.state.places[log];
        (place.inode, place.size, place.done) = (inode, size, done);
        self.commit();
    }

    /// Puts a copy of its file in the file's place: a system call found no page of it.
    pub(crate) fn let_go(&self) {
        if self.is_lasting() {
            memory::let_go();
        }
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

/// The journal that is in a directory, under one name or the other, and what it holds.
fn look(directory: impl AsFd, boot: &Boot) -> Result<(Option<Own>, Option<Left>), Trouble> {
    let identity = fstat(&directory)?.identity;
    if let Some(own) = Own::open(&directory, NAME)? {
        let left = own.read(boot, identity);
        return Ok((Some(own), left));
    }
    // Anybody may call a file so.
    let before = Own::open(&directory, BEFORE).ok().flatten();
    Ok(before
        .and_then(|own| own.read(boot, identity).map(|left| (Some(own), Some(left))))
        .unwrap_or((None, None)))
}
