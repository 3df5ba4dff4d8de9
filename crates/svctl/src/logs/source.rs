//! A log that is read file after file, and followed while multilog writes it.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::files::{self, CURRENT, LogFile};
use super::line::Line;
use super::splitter::Splitter;
use super::succession::{Next, Succession};

/// How much is read at once.
const BLOCK: usize = 64 * 1024;

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
    succession: Succession,
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
            succession: Succession::default(),
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
            if files::identity(&self.directory, CURRENT) == Some(file.identity) {
                self.idle = true;
            } else {
                // multilog has gone on to the next file, and will write nothing more to
                // this one. What it wrote since the last read is still to be read.
                *fate = Fate::Unnamed;
            }
            return Ok(());
        }
        if let Some((file, Fate::Unnamed)) = self.open.take() {
            self.succession.hold(file);
        }
        Ok(())
    }

    /// Finds the files that have come since the last call.
    fn find_next(&mut self) -> io::Result<()> {
        let found = self.succession.find(&self.directory)?;
        self.next.extend(found.files);
        if found.some_are_lost {
            self.trouble = Some(Trouble::Lost);
        }
        Ok(())
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
}

#[cfg(test)]
mod tests;
