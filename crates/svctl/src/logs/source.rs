//! A log that is read file after file, and followed while multilog writes it.
//!
//! A file of a log is `current` first, then it may be `previous` while a processor runs,
//! and in the end it has a name with a label. So files are told by what they are and not by
//! their names: a file that was read under one name is kept open until its last name is
//! known, and as long as it is open its inode is no other file's. A finished file that a
//! processor has written is another file, which begins as the one that was read.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use daemontools::logdir::Name;

use super::files::{self, LogFile};
use super::line::Line;
use super::splitter::Splitter;

const CURRENT: &str = "current";
const PREVIOUS: &str = "previous";

/// How much is read at once.
const BLOCK: usize = 64 * 1024;
/// How many files whose last names are not known yet are kept open.
const HELD_MAX: usize = 16;
/// How often the directory is read while multilog goes on to the next file meanwhile.
const TRIES: usize = 10;

/// What went wrong with a log that is read.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Files were removed before they could be read.
    Lost,
    /// Some are compressed, and not shown.
    Compressed,
    /// The system says so.
    System(io::Error),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost => f.write_str("files were removed before they could be read"),
            Self::Compressed => f.write_str("compressed files are not shown"),
            Self::System(error) => {
                write!(f, "unable to read its log: {}", super::place::text(error))
            }
        }
    }
}

/// A file that is to be read.
#[derive(Debug)]
enum Next {
    /// A finished one.
    Named(Name),
    /// One that will get its last name later.
    Unnamed(LogFile),
    /// `current`.
    Current(LogFile),
}

/// What becomes of the file that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It has its last name.
    Named,
    /// It will get it.
    Unnamed,
    /// It is `current`: multilog may write more to it.
    Grows,
}

/// A log.
#[derive(Debug)]
pub(crate) struct Source {
    directory: PathBuf,
    follow: bool,
    splitter: Splitter,
    /// The file that is read.
    open: Option<(LogFile, Fate)>,
    next: VecDeque<Next>,
    /// The finished files that have been read, or are about to be.
    known: BTreeSet<Name>,
    /// Files that have been read, whose last names are not known yet.
    held: VecDeque<LogFile>,
    /// There was nothing more at the last look.
    idle: bool,
    trouble: Option<Trouble>,
    /// It can't be read any more.
    broken: bool,
    /// How many bytes of the next file are not wanted.
    skip: u64,
}

impl Source {
    /// Opens the log in a directory; lines are read from its first file on.
    pub(crate) fn open(directory: &Path, follow: bool) -> io::Result<Self> {
        let mut source = Self {
            directory: directory.to_owned(),
            follow,
            splitter: Splitter::default(),
            open: None,
            next: VecDeque::new(),
            known: BTreeSet::new(),
            held: VecDeque::new(),
            idle: false,
            trouble: None,
            broken: false,
            skip: 0,
        };
        source.find_next()?;
        Ok(source)
    }

    /// Its directory.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Has only the last `lines` lines read. To be called before any is read. Gives how many
    /// of them there are.
    pub(crate) fn seek_back(&mut self, lines: usize) -> io::Result<usize> {
        // They begin behind the newline of the line before them.
        let mut newlines = lines.saturating_add(1);
        let mut is_end = true;
        for at in (0..self.next.len()).rev() {
            let opened;
            let file = match &self.next[at] {
                Next::Unnamed(file) | Next::Current(file) => file,
                Next::Named(name) => match LogFile::open(&self.directory, files::os(name))? {
                    Some(file) if !file.is_compressed() => {
                        opened = file;
                        &opened
                    }
                    _ => continue,
                },
            };
            let length = file.len()?;
            if std::mem::take(&mut is_end) && !self.follow && !file.ends_with_newline(length)? {
                // The last line is complete without one.
                newlines -= 1;
            }
            if let Some(offset) = file.back(length, &mut newlines)? {
                self.next.drain(..at);
                self.skip = offset;
                break;
            }
        }
        Ok(lines.min((lines + 1).saturating_sub(newlines)))
    }

    /// The next line that is complete, if there is one now.
    pub(crate) fn front(&mut self) -> Option<&Line> {
        while self.splitter.front().is_none() && !self.idle {
            self.read();
        }
        self.splitter.front()
    }

    /// Takes it.
    pub(crate) fn pop(&mut self) -> Option<Line> {
        self.splitter.pop()
    }

    /// There may be more by now.
    pub(crate) fn look_again(&mut self) {
        self.idle = self.is_over();
    }

    /// Whether nothing can come any more.
    pub(crate) fn is_over(&self) -> bool {
        self.broken || (!self.follow && self.idle)
    }

    /// What has gone wrong since the last call.
    pub(crate) fn take_trouble(&mut self) -> Option<Trouble> {
        self.trouble.take()
    }

    /// Reads a block, or goes on to the next file, or finds that there is nothing more.
    fn read(&mut self) {
        if let Err(error) = self.step() {
            self.trouble = Some(Trouble::System(error));
            self.broken = true;
            self.idle = true;
        }
    }

    fn step(&mut self) -> io::Result<()> {
        let Some((file, fate)) = &mut self.open else {
            return self.begin_next();
        };
        let mut buffer = [0; BLOCK];
        let bytes = file.read(&mut buffer)?;
        if !bytes.is_empty() {
            self.splitter.feed(bytes);
            return Ok(());
        }
        if *fate == Fate::Grows {
            if !self.follow {
                self.splitter.finish();
                self.idle = true;
                return Ok(());
            }
            let length = file.len()?;
            if length < file.offset {
                // A multilog that began after a crash has cut off half a line.
                file.offset = length;
                self.splitter.forget();
                return Ok(());
            }
            if files::identity(&self.directory, OsStr::new(CURRENT)) == Some(file.identity) {
                self.idle = true;
            } else {
                // multilog has gone on to the next file, and will write nothing more to
                // this one. What it wrote since the last read is still to be read.
                *fate = Fate::Unnamed;
            }
            return Ok(());
        }
        if let Some((file, Fate::Unnamed)) = self.open.take() {
            self.hold(file);
        }
        Ok(())
    }

    /// Keeps a file open that has been read, until its last name is known.
    fn hold(&mut self, file: LogFile) {
        self.held.push_back(file);
        if self.held.len() > HELD_MAX {
            self.held.pop_front();
        }
    }

    fn begin_next(&mut self) -> io::Result<()> {
        let Some(next) = self.next.pop_front() else {
            if !self.follow {
                self.splitter.finish();
                self.idle = true;
                return Ok(());
            }
            self.find_next()?;
            self.idle = self.next.is_empty();
            return Ok(());
        };
        self.open = match next {
            Next::Unnamed(file) => Some((file, Fate::Unnamed)),
            Next::Current(file) => Some((file, Fate::Grows)),
            Next::Named(name) => match LogFile::open(&self.directory, files::os(&name))? {
                Some(file) if file.is_compressed() => {
                    self.trouble = Some(Trouble::Compressed);
                    None
                }
                Some(file) => Some((file, Fate::Named)),
                None => {
                    self.trouble = Some(Trouble::Lost);
                    None
                }
            },
        };
        let skip = std::mem::take(&mut self.skip);
        if let Some((file, _)) = &mut self.open {
            file.offset = skip;
            self.splitter.begin_file();
        }
        Ok(())
    }

    /// Finds the files that have come since the last call, in their order.
    fn find_next(&mut self) -> io::Result<()> {
        for _ in 0..TRIES {
            // `current` first: what is finished after that comes behind it.
            let current = LogFile::open(&self.directory, OsStr::new(CURRENT))?;
            let finished = files::finished(&self.directory)?;
            let previous = LogFile::open(&self.directory, OsStr::new(PREVIOUS))?;
            let before = current.as_ref().map(|file| file.identity);
            if before != files::identity(&self.directory, OsStr::new(CURRENT)) {
                continue;
            }
            self.add_finished(finished);
            let is_known = |file: &LogFile| {
                let same = |held: &LogFile| held.identity == file.identity;
                self.held.iter().any(same) || before == Some(file.identity)
            };
            if let Some(previous) = previous.filter(|file| !is_known(file)) {
                self.next.push_back(Next::Unnamed(previous));
            }
            self.next.extend(current.map(Next::Current));
            return Ok(());
        }
        // multilog is faster. Of the names that came while the directory was read, some may
        // be missing; all that are older than one of them are there the second time.
        let newest = files::finished(&self.directory)?.pop_last();
        let mut finished = files::finished(&self.directory)?;
        finished.retain(|name| Some(*name) <= newest);
        self.add_finished(finished);
        Ok(())
    }

    /// Takes the names that are new, but for those of files that have been read.
    fn add_finished(&mut self, finished: BTreeSet<Name>) {
        let was_first = self.known.is_empty() && self.held.is_empty();
        let mut lost = !self.held.is_empty();
        for &name in finished.difference(&self.known) {
            if !was_first && let Some(at) = self.held_as(&name) {
                self.held.remove(at);
                lost = false;
                continue;
            }
            if lost {
                // The name of the file that was read last is gone already, and so may be
                // those of others.
                let is_previous = files::identity(&self.directory, OsStr::new(PREVIOUS))
                    .is_some_and(|found| self.held.iter().any(|held| held.identity == found));
                if !is_previous {
                    self.trouble = Some(Trouble::Lost);
                }
                lost = false;
            }
            self.next.push_back(Next::Named(name));
        }
        self.known = finished;
    }

    /// Which of the files that have been read has this name now.
    fn held_as(&self, name: &Name) -> Option<usize> {
        let file = LogFile::open(&self.directory, files::os(name)).ok()??;
        let same = |held: &LogFile| held.identity == file.identity;
        self.held.iter().position(same).or_else(|| {
            let head = file.head()?;
            self.held
                .iter()
                .position(|held| held.head().as_ref() == Some(&head))
        })
    }
}

#[cfg(test)]
mod tests;
