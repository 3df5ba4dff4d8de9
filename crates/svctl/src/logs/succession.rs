//! Which file of a log follows which.
//!
//! A file of a log is `current` first, then it may be `previous` while a processor runs,
//! and in the end it has a name with a label. So files are told by what they are and not by
//! their names: a file that was read under one name is kept open until its last name is
//! known, and as long as it is open its inode is no other file's. A finished file that a
//! processor has written is another file, which begins as the one that was read.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::path::Path;

use daemontools::logdir::Name;
use daemontools::unix::file::Identity;

use super::files::{self, CURRENT, LogFile, PREVIOUS, PROCESSED};

/// How many files whose last names are not known yet are kept open.
const HELD_MAX: usize = 16;
/// How often the directory is read while multilog goes on to the next file meanwhile.
const TRIES: usize = 10;

/// A file that is to be read.
#[derive(Debug)]
pub(super) enum Next {
    /// A finished one.
    Named(Name),
    /// One that will get its last name later.
    Unnamed(LogFile),
    /// `current`.
    Current(LogFile),
}

/// What has come.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The files, in their order.
    pub(super) files: Vec<Next>,
    /// Others may have come, and gone again.
    pub(super) some_are_lost: bool,
}

/// What is known of a log's files.
#[derive(Debug, Default)]
pub(super) struct Succession {
    /// The finished files that have been read, or are about to be.
    known: BTreeSet<Name>,
    /// Files that have been read, whose last names are not known yet.
    held: VecDeque<LogFile>,
}

impl Succession {
    /// Keeps a file open that has been read, until its last name is known.
    pub(super) fn hold(&mut self, file: LogFile) {
        self.held.push_back(file);
        if self.held.len() > HELD_MAX {
            self.held.pop_front();
        }
    }

    /// Finds the files that have come since the last call, in their order.
    ///
    /// # Errors
    /// The directory, or a file in it, can't be read.
    pub(super) fn find(&mut self, directory: &Path) -> io::Result<Found> {
        let mut found = Found::default();
        for _ in 0..TRIES {
            // `current` first: what is finished after that comes behind it.
            let current = LogFile::open(directory, CURRENT)?;
            let unnamed = unnamed(directory)?;
            let finished = files::finished(directory)?;
            let before = current.as_ref().map(|file| file.identity);
            // One that got its name while the directory was read may be missing there.
            let is_unchanged = identity(unnamed.as_ref())
                == identity(self::unnamed(directory)?.as_ref())
                && before == files::identity(directory, CURRENT);
            if !is_unchanged {
                continue;
            }
            self.add_finished(directory, finished, &mut found);
            let is_known =
                |file: &LogFile| self.held_at(file).is_some() || before == Some(file.identity);
            let is_new = |file: &LogFile| !is_known(file) && !file.is_compressed();
            if let Some(unnamed) = unnamed.filter(is_new) {
                found.files.push(Next::Unnamed(unnamed));
            }
            found.files.extend(current.map(Next::Current));
            return Ok(found);
        }
        // multilog is faster. Of the names that came while the directory was read, some may
        // be missing; all that are older than one of them are there the second time.
        let newest = files::finished(directory)?.pop_last();
        let mut finished = files::finished(directory)?;
        finished.retain(|name| Some(*name) <= newest);
        self.add_finished(directory, finished, &mut found);
        Ok(found)
    }

    /// Takes the names that are new, but for those of files that have been read.
    fn add_finished(&mut self, directory: &Path, finished: BTreeSet<Name>, found: &mut Found) {
        let was_first = self.known.is_empty() && self.held.is_empty();
        let mut lost = !self.held.is_empty();
        for &name in finished.difference(&self.known) {
            if !was_first && let Some(at) = self.held_as(directory, &name) {
                self.held.remove(at);
                lost = false;
                continue;
            }
            if lost {
                // The name of the file that was read last is gone already, and so may be
                // those of others.
                let is_previous = files::identity(directory, PREVIOUS)
                    .is_some_and(|identity| self.held.iter().any(|held| held.identity == identity));
                if !is_previous {
                    found.some_are_lost = true;
                }
                lost = false;
            }
            found.files.push(Next::Named(name));
        }
        self.known = finished;
    }

    /// Which of the files that have been read has this name now.
    fn held_as(&self, directory: &Path, name: &Name) -> Option<usize> {
        let file = LogFile::open(directory, files::os(name)).ok()??;
        self.held_at(&file)
    }

    /// Which of the files that have been read this is, or was before a processor.
    fn held_at(&self, file: &LogFile) -> Option<usize> {
        let same = |held: &LogFile| held.identity == file.identity;
        self.held.iter().position(same).or_else(|| {
            let head = file.head()?;
            self.held
                .iter()
                .position(|held| held.head().as_ref() == Some(&head))
        })
    }
}

/// The file that is finished and has no name yet: the one that the processor reads, or,
/// once multilog has removed that one, what it has written.
fn unnamed(directory: &Path) -> io::Result<Option<LogFile>> {
    match LogFile::open(directory, PREVIOUS)? {
        None => LogFile::open(directory, PROCESSED),
        previous => Ok(previous),
    }
}

fn identity(file: Option<&LogFile>) -> Option<Identity> {
    file.map(|file| file.identity)
}
