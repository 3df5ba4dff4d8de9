//! The file of a journal: which one is believed, and what it says.

use core::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};

use daemontools::unix::file::{self, Facts, Identity};
use daemontools::unix::lock;
use daemontools::{Errno, procfs};

use super::layout::{BOOT, Boot, DIRECTORY, HEAD, LOGS, MAGIC, OWN, ROOM, SCRIPT, words_for};
use super::state::{State, load};

/// The file's name, which no `*` matches.
pub(super) const NAME: &CStr = c".pending";
/// Its name until it is complete.
pub(super) const NEW: &CStr = c".pending.new";

/// More logs than any script has.
const LOGS_MAX: usize = 1 << 20;

/// Why no file is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeepError {
    /// Another process uses it.
    InUse,
    /// The file with its name is not a private file of this user's. It is left alone.
    Foreign,
    /// A system call failed.
    System(Errno),
}

impl KeepError {
    /// Why, as the end of a message.
    pub(crate) const fn text(self) -> (&'static [u8], Option<Errno>) {
        match self {
            Self::InUse => (b": another process has it", None),
            Self::Foreign => (b": it is not a file of ours alone", None),
            Self::System(error) => (b"", Some(error)),
        }
    }
}

impl From<Errno> for KeepError {
    fn from(error: Errno) -> Self {
        Self::System(error)
    }
}

/// A private file of this user's with the name of a journal, locked.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) fd: OwnedFd,
    facts: Facts,
}

/// What a journal holds.
#[derive(Debug, Default)]
pub(super) struct Left {
    pub(super) script: u64,
    pub(super) state: State,
    pub(super) bytes: Vec<u8>,
}

impl Own {
    /// Opens and locks it; `None` if it does not exist.
    pub(super) fn open(directory: impl AsFd, name: &CStr) -> Result<Option<Self>, KeepError> {
        let fd = match file::open_update_in(&directory, name) {
            Ok(fd) => fd,
            Err(Errno::ENOENT) => return Ok(None),
            Err(Errno::EAGAIN) => return Err(KeepError::InUse),
            // A link, a directory, a socket, and another user's file.
            Err(Errno::ELOOP | Errno::EISDIR | Errno::ENXIO | Errno::EACCES) => {
                return Err(KeepError::Foreign);
            }
            Err(error) => return Err(error.into()),
        };
        let facts = file::fstat(&fd)?;
        if !facts.is_private_file() {
            return Err(KeepError::Foreign);
        }
        hold(&fd)?;
        // Another process may have put a new one in its place meanwhile.
        if identity_of(&directory, name)? != Some(facts.identity) {
            return Err(KeepError::InUse);
        }
        Ok(Some(Self { fd, facts }))
    }

    pub(super) const fn identity(&self) -> Identity {
        self.facts.identity
    }

    /// What it holds, if it is a journal of this boot and of this directory. After another
    /// boot files may have lost their last bytes; a copy's logs are others.
    pub(super) fn read(&self, boot: &Boot, directory: Identity) -> Option<Left> {
        let head = self.words(0, HEAD)?;
        let says = |at: usize, is: Identity| head[at..at + 2] == [is.device, is.inode];
        let is_believed = head[0] == MAGIC
            && head[BOOT..BOOT + boot.len()] == *boot
            && says(DIRECTORY, directory)
            && says(OWN, self.identity());
        is_believed.then(|| self.left(head[LOGS]).unwrap_or_default())
    }

    /// The content of a journal for a number of logs; nothing if it is too short for them.
    fn left(&self, logs: u64) -> Option<Left> {
        let logs = usize::try_from(logs)
            .ok()
            .filter(|&logs| logs <= LOGS_MAX)?;
        let words = self.words(0, words_for(logs))?;
        Some(Left {
            script: words[SCRIPT],
            state: load(&words, logs),
            bytes: self.bytes(words_for(logs) * 8, ROOM)?,
        })
    }

    fn words(&self, at: usize, count: usize) -> Option<Vec<u64>> {
        let bytes = self.bytes(at, count * 8)?;
        let (words, _) = bytes.as_chunks();
        Some(words.iter().map(|word| u64::from_ne_bytes(*word)).collect())
    }

    fn bytes(&self, at: usize, count: usize) -> Option<Vec<u8>> {
        if self.facts.size < size(at + count) {
            return None;
        }
        let mut bytes = vec![0; count];
        (file::read_at(&self.fd, &mut bytes, size(at)) == Ok(count)).then_some(bytes)
    }

    /// Whether it has the length of a journal for a number of logs.
    pub(super) fn fits(&self, logs: usize) -> bool {
        self.facts.size == size(words_for(logs) * 8 + ROOM)
    }
}

/// What a journal held when it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing of use.
    Nothing,
    /// Input and state of a process with the same script.
    Same,
    /// Input of a process with another script. It may not be complete in the logs.
    Other,
}

/// Looks for a journal in a directory, for a script with this hash and number of logs:
/// gives its file, the state to continue with, and the bytes in its room for input.
pub(super) fn find(
    directory: impl AsFd,
    boot: &Boot,
    script: u64,
    logs: usize,
) -> Result<(Option<Own>, Found, State, Vec<u8>), KeepError> {
    let own = Own::open(&directory, NAME)?;
    let identity = file::fstat(&directory)?.identity;
    let left = own.as_ref().and_then(|own| own.read(boot, identity));
    let Some(mut left) = left else {
        return Ok((own, Found::Nothing, State::new(logs), Vec::new()));
    };
    let is_same = left.script == script && left.state.places.len() == logs;
    if is_same && left.state.is_sane() {
        return Ok((own, Found::Same, left.state, left.bytes));
    }
    let input = left.state.pending(&left.bytes);
    Ok((
        own,
        Found::Other,
        State::with_input(logs, input),
        left.bytes,
    ))
}

/// Locks a journal, so that other processes know that it is in use.
pub(super) fn hold(fd: impl AsFd) -> Result<(), KeepError> {
    match lock::try_exclusive(fd) {
        Err(Errno::EAGAIN) => Err(KeepError::InUse),
        result => Ok(result?),
    }
}

/// Which file a name leads to, if it exists.
pub(super) fn identity_of(directory: impl AsFd, name: &CStr) -> Result<Option<Identity>, Errno> {
    match file::lstat_in(directory, name) {
        Ok(facts) => Ok(Some(facts.identity)),
        Err(Errno::ENOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

fn size(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}

/// The id of this boot.
pub(super) fn boot_words() -> Option<Boot> {
    let id = procfs::boot_id().ok()??;
    let mut words = [0; 5];
    for (word, chunk) in words.iter_mut().zip(id.chunks(8)) {
        let mut bytes = [0; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        *word = u64::from_ne_bytes(bytes);
    }
    Some(words)
}
