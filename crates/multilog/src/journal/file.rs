//! The file that outlives the process: how it is opened, and what is taken over
//! from the process before.

use core::ffi::CStr;
use core::sync::atomic::Ordering;
use std::os::fd::AsFd;

use daemontools::unix::file::{self, Facts, Kind};
use daemontools::unix::memory;
use daemontools::{Errno, procfs};

use super::layout::{BOOT, Boot, HEAD, LOGS, MAGIC, ROOM, SCRIPT, load, words_for};
use super::{Journal, Opened, State};

/// The file's name.
pub(crate) const NAME: &CStr = c"pending";

/// No script has so many logs.
const LOGS_MAX: usize = 1 << 20;

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

impl Journal {
    /// The journal in the working directory, for `logs` logs of a script with this
    /// hash; and whether it holds what a process of that very script left.
    ///
    /// # Errors
    /// Why there is none, and will not be.
    pub(crate) fn open(logs: usize, script: u64) -> Result<(Opened, Found), Errno> {
        let boot = boot_words().ok_or(Errno::ENOSYS)?;
        Self::open_at(NAME, logs, script, &boot)
    }

    pub(super) fn open_at(
        path: &CStr,
        logs: usize,
        script: u64,
        boot: &Boot,
    ) -> Result<(Opened, Found), Errno> {
        let fd = file::open_update_nofollow(path, 0o600)?;
        let facts = file::fstat(&fd)?;
        if facts.kind != Kind::Regular || facts.links != 1 {
            return Err(Errno::EINVAL);
        }
        let words = words_for(logs);
        let size = size(words * 8 + ROOM);
        let mut found = Found::Nothing;
        let mut input = Vec::new();
        if holds(&fd, &facts, boot) {
            let old = read_logs(&fd).unwrap_or(logs);
            if old != logs {
                // Another script: take over what is there in its own shape.
                (found, input) = (Found::Other, take_over(&fd, old)?);
            } else if facts.size == size {
                found = Found::Same;
            }
        }
        if found != Found::Same {
            file::truncate(&fd, 0)?;
        }
        file::allocate(&fd, size)?;
        let memory = memory::file(&fd, words, ROOM)?;
        let mut journal = Self {
            state: State::default(),
            words: memory.words,
            lasting: true,
        };
        if found == Found::Same {
            journal.state = load(memory.words, logs);
            if memory.words[SCRIPT].load(Ordering::Relaxed) != script {
                found = Found::Other;
                journal.hand_over(memory.bytes, script);
            }
        } else {
            memory.bytes[..input.len()].copy_from_slice(&input);
            journal.state = State::with_input(logs, 0..input.len());
            journal.reset(script, boot);
        }
        Ok(((journal, memory.bytes), found))
    }

    /// Leaves the pending input to another script with as many logs. It stays where
    /// it is: at no moment is it in no journal.
    fn hand_over(&mut self, bytes: &[u8], script: u64) {
        let input = self.state.pending(bytes);
        self.state = State::with_input(self.state.places.len(), input);
        self.commit();
        self.words[SCRIPT].store(script, Ordering::Release);
    }
}

fn size(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}

fn boot_words() -> Option<Boot> {
    let id = procfs::boot_id().ok()??;
    let mut words = [0; 5];
    for (word, chunk) in words.iter_mut().zip(id.chunks(8)) {
        let mut bytes = [0; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        *word = u64::from_ne_bytes(bytes);
    }
    Some(words)
}

/// Whether the file is a journal of this boot. That of an earlier one says nothing
/// sure about files that may have lost their last bytes since.
pub(super) fn holds(fd: &impl AsFd, facts: &Facts, boot: &Boot) -> bool {
    let mut head = [0; HEAD * 8];
    facts.size >= size(HEAD * 8)
        && file::read_at(fd, &mut head, 0) == Ok(head.len())
        && word(&head, 0) == MAGIC
        && (0..5).all(|index| word(&head, BOOT + index) == boot[index])
}

fn word(bytes: &[u8], index: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[index * 8..index * 8 + 8]);
    u64::from_ne_bytes(word)
}

fn read_logs(fd: &impl AsFd) -> Option<usize> {
    let mut bytes = [0; 8];
    let read = file::read_at(fd, &mut bytes, size(LOGS * 8));
    (read == Ok(8)).then_some(())?;
    usize::try_from(u64::from_ne_bytes(bytes)).ok()
}

/// The pending input in a journal for another number of logs.
fn take_over(fd: &impl AsFd, logs: usize) -> Result<Vec<u8>, Errno> {
    let facts = file::fstat(fd)?;
    if logs > LOGS_MAX || facts.size < size(words_for(logs) * 8 + ROOM) {
        return Ok(Vec::new());
    }
    let memory = memory::file(fd, words_for(logs), ROOM)?;
    let input = load(memory.words, logs).pending(memory.bytes);
    Ok(memory.bytes[input].to_vec())
}
