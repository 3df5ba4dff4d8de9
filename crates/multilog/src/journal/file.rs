//! The file that outlives the process: what is believed of one that is found, how it is
//! made, and how it is removed.

use core::ffi::CStr;
use core::sync::atomic::Ordering;
use std::os::fd::{AsFd, OwnedFd};

use daemontools::unix::file::{self, Facts, Identity};
use daemontools::unix::lock;
use daemontools::{Errno, procfs};

use super::layout::{
    BOOT, Boot, DIRECTORY, HEAD, LOGS, MAGIC, MAGIC_BEFORE, NEXT, OWN, ROOM, SCRIPT, load,
    words_for,
};
use super::{Journal, State};

/// The file's name: no `*` meets it.
pub(crate) const NAME: &CStr = c".pending";
/// Its name until it is complete.
const NEW: &CStr = c".pending.new";
/// Its name in earlier versions.
pub(crate) const BEFORE: &CStr = c"pending";

/// No script has so many logs.
const LOGS_MAX: usize = 1 << 20;

/// Why there is no journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Another process has it.
    InUse,
    /// What has its name is not a file of ours alone. It is left as it is.
    Foreign,
    /// The system says so.
    System(Errno),
}

impl From<Errno> for Trouble {
    fn from(error: Errno) -> Self {
        Self::System(error)
    }
}

/// A file with the name of a journal that is ours alone, locked.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) name: &'static CStr,
    pub(super) fd: OwnedFd,
    facts: Facts,
}

impl Own {
    /// Opens and locks it; `None` if there is none.
    pub(super) fn open(directory: impl AsFd, name: &'static CStr) -> Result<Option<Self>, Trouble> {
        let fd = match file::open_update_in(&directory, name) {
            Ok(fd) => fd,
            Err(Errno::ENOENT) => return Ok(None),
            Err(Errno::EAGAIN) => return Err(Trouble::InUse),
            // A link, a directory, a socket, and what is somebody else's.
            Err(Errno::ELOOP | Errno::EISDIR | Errno::ENXIO | Errno::EACCES) => {
                return Err(Trouble::Foreign);
            }
            Err(error) => return Err(error.into()),
        };
        let facts = file::fstat(&fd)?;
        if !facts.is_private_file() {
            return Err(Trouble::Foreign);
        }
        hold(&fd)?;
        // Another may have put a new one in its place meanwhile.
        if identity_of(&directory, name)? != Some(facts.identity) {
            return Err(Trouble::InUse);
        }
        Ok(Some(Self { name, fd, facts }))
    }

    pub(super) const fn identity(&self) -> Identity {
        self.facts.identity
    }

    /// What it holds, if it is a journal of this boot and of this directory. That of an
    /// earlier boot says nothing sure about files that may have lost their last bytes
    /// since; a copy's original may have been finished, and the copy's logs are others.
    pub(super) fn read(&self, boot: &Boot, directory: Identity) -> Option<Left> {
        let mut head = [0; HEAD * 8];
        let read = self.facts.size >= size(HEAD * 8)
            && file::read_at(&self.fd, &mut head, 0) == Ok(head.len());
        let says =
            |at, is: Identity| word(&head, at) == is.device && word(&head, at + 1) == is.inode;
        let believed = match word(&head, 0) {
            MAGIC => {
                says(DIRECTORY, directory)
                    && (says(OWN, self.identity()) || says(NEXT, self.identity()))
            }
            MAGIC_BEFORE => self.name == BEFORE,
            _ => false,
        };
        let of_boot = (0..5).all(|index| word(&head, BOOT + index) == boot[index]);
        (read && believed && of_boot).then(|| self.left(usize::try_from(word(&head, LOGS)).ok()))
    }

    /// What a journal for so many logs holds.
    fn left(&self, logs: Option<usize>) -> Left {
        let nothing = Left {
            script: 0,
            state: State::default(),
            bytes: Vec::new(),
        };
        let logs = match logs {
            Some(logs) if logs <= LOGS_MAX => logs,
            _ => return nothing,
        };
        let len = words_for(logs) * 8 + ROOM;
        let mut all = vec![0; len];
        if self.facts.size < size(len) || file::read_at(&self.fd, &mut all, 0) != Ok(len) {
            return nothing;
        }
        let bytes = all.split_off(words_for(logs) * 8);
        let words: Vec<u64> = (0..words_for(logs)).map(|at| word(&all, at)).collect();
        Left {
            script: words[SCRIPT],
            state: load(&words, logs),
            bytes,
        }
    }

    /// Whether a journal for so many logs has this length.
    pub(super) fn fits(&self, logs: usize) -> bool {
        self.facts.size == size(words_for(logs) * 8 + ROOM)
    }
}

/// What a journal held.
#[derive(Debug)]
pub(super) struct Left {
    pub(super) script: u64,
    pub(super) state: State,
    pub(super) bytes: Vec<u8>,
}

/// Locks a journal: it is in use. No other way of opening it or copying its directory
/// tells a process that still runs.
fn hold(fd: impl AsFd) -> Result<(), Trouble> {
    match lock::try_exclusive(fd) {
        Err(Errno::EAGAIN) => Err(Trouble::InUse),
        result => Ok(result?),
    }
}

pub(super) fn identity_of(directory: impl AsFd, name: &CStr) -> Result<Option<Identity>, Errno> {
    match file::lstat_in(directory, name) {
        Ok(facts) => Ok(Some(facts.identity)),
        Err(Errno::ENOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Journal {
    /// Puts a file that holds what the journal does under it, and gives it the journal's
    /// name, in one step.
    pub(super) fn put_new(
        &mut self,
        directory: impl AsFd,
        bytes: &mut [u8],
    ) -> Result<(), Trouble> {
        if let Some(rest) = Own::open(&directory, NEW)? {
            file::unlink_in(&directory, NEW)?;
            drop(rest);
        }
        let fd = file::create_in(&directory, NEW, 0o600)?;
        let put = self.put_named(&directory, fd, bytes);
        if put.is_err() {
            let _ = file::unlink_in(&directory, NEW);
        }
        put
    }

    fn put_named(
        &mut self,
        directory: impl AsFd,
        fd: OwnedFd,
        bytes: &mut [u8],
    ) -> Result<(), Trouble> {
        hold(&fd)?;
        let identity = file::fstat(&fd)?.identity;
        self.store_identity(DIRECTORY, file::fstat(&directory)?.identity);
        self.store_identity(NEXT, identity);
        // It stays open, and who waits for it waits, until the new one has its name.
        let _before = self.region.keep(fd, self.words, bytes)?;
        let named = file::rename_in(&directory, NEW, NAME)
            .and_then(|()| identity_of(&directory, NAME))
            .map_err(Trouble::from)
            .and_then(|now| match now {
                Some(now) if now == identity => Ok(()),
                _ => Err(Trouble::InUse),
            });
        match named {
            Ok(()) => {
                self.store_identity(OWN, identity);
                self.file = Some((NAME, identity));
            }
            Err(_) => self.let_go(),
        }
        named
    }

    pub(super) fn store_identity(&self, at: usize, identity: Identity) {
        self.store((at, identity.device));
        self.store((at + 1, identity.inode));
    }

    /// Removes the file, if it still has its name.
    pub(crate) fn remove(&mut self, directory: impl AsFd) {
        if let Some((name, identity)) = self.file.take()
            && identity_of(&directory, name) == Ok(Some(identity))
        {
            let _ = file::unlink_in(&directory, name);
        }
    }

    /// Leaves the pending input to another script with as many logs. It stays where
    /// it is: at no moment is it in no journal.
    pub(super) fn hand_over(&mut self, bytes: &[u8], script: u64) {
        let input = self.state.pending(bytes);
        self.state = State::with_input(self.state.places.len(), input);
        self.commit();
        self.words[SCRIPT].store(script, Ordering::Release);
    }
}

fn size(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}

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

fn word(bytes: &[u8], index: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[index * 8..index * 8 + 8]);
    u64::from_ne_bytes(word)
}
