//! Opening a log: what an earlier process left there gets its names, by the rules
//! of the reference, after it was found out how far that process had got with the
//! input that the journal holds.

use core::ffi::CStr;
use std::os::fd::OwnedFd;

use daemontools::Errno;
use daemontools::strerr::Fatal;
use daemontools::unix::dir::Dir;
use daemontools::unix::file::Kind;
use daemontools::unix::{file, lock};

use crate::ME;
use crate::archive::Archive;
use crate::dir::{Current, Log};
use crate::finished::Code;
use crate::journal::{Journal, Place};
use crate::output::Output;
use crate::rotate::Flow;
use crate::script::LogSpec;

/// A log directory that is locked and not looked into yet.
#[derive(Debug)]
pub(crate) struct Entered {
    spec: LogSpec,
    directory: Dir,
    lock: OwnedFd,
}

/// Makes a log's directory if need be, makes it the working directory, locks it.
///
/// # Errors
/// What the file system refuses.
pub(crate) fn enter(spec: LogSpec) -> Result<Entered, Fatal> {
    let path = spec.path;
    // Whether this worked, opening it tells.
    let _ = file::mkdir(path, 0o700);
    let directory = Dir::open(path)
        .and_then(|directory| file::fchdir(&directory).map(|()| directory))
        .map_err(|error| ME.fatal(&[b"unable to open directory ", path.to_bytes()], error))?;
    let lock = file::open_append_nofollow(c"lock", 0o600)
        .and_then(|file| lock::try_exclusive(&file).map(|()| file))
        .map_err(|error| ME.fatal(&[b"unable to lock directory ", path.to_bytes()], error))?;
    Ok(Entered {
        spec,
        directory,
        lock,
    })
}

impl Entered {
    /// The directory.
    pub(crate) const fn directory(&self) -> &Dir {
        &self.directory
    }

    /// The directory as the script names it.
    pub(crate) fn name(&self) -> &'static [u8] {
        self.spec.path.to_bytes()
    }

    /// Names what was left, and opens `current`.
    ///
    /// # Errors
    /// What the file system refuses.
    pub(crate) fn open(self, index: usize, journal: &mut Journal) -> Result<Log, Fatal> {
        let path = self.spec.path.to_bytes();
        let done = written(journal.state.places[index]);
        let place = &mut journal.state.places[index];
        *place = Place {
            inode: 0,
            size: 0,
            done,
            ..*place
        };
        let selected = place.selected;
        journal.commit();
        let old = stat(path, c"current")?;
        let is_safe = old.is_some_and(|facts| facts.mode & 0o100 != 0);
        if !is_safe {
            self.name_leftovers()?;
        }
        let has_previous = is_safe && file::stat(c"previous").is_ok();
        let fd = file::open_append_nofollow(c"current", 0o600)
            .map_err(|error| ME.fatal(&[b"unable to append to ", path, b"/current"], error))?;
        file::set_mode(&fd, 0o644)
            .map_err(|error| ME.fatal(&[b"unable to set mode of ", path, b"/current"], error))?;
        let size = old.filter(|_| is_safe).map_or(0, |facts| facts.size);
        let inode = file::fstat(&fd).map_or(0, |facts| facts.identity.inode);
        // From here on the size of this file tells how far it is.
        let place = &mut journal.state.places[index];
        (place.inode, place.size) = (inode, size.cast_unsigned());
        journal.commit();
        Ok(Log {
            spec: self.spec,
            index,
            directory: self.directory,
            archive: Archive::new(self.spec),
            has_previous,
            _lock: self.lock,
            current: Current {
                inode,
                fd,
                path: self.spec.path,
                skip: done,
                end: size.cast_unsigned(),
                grown: false,
            },
            size: size - done.cast_signed(),
            sure: 0,
            flow: Flow::default(),
            output: Output::new(),
            selected,
        })
    }

    /// After an outage, or the first time.
    fn name_leftovers(&self) -> Result<(), Fatal> {
        let path = self.spec.path.to_bytes();
        let finish = |name, code| {
            Archive::new(self.spec).take_if_there(name, code, &self.directory);
        };
        let _ = file::unlink(c"state");
        let _ = file::unlink(c"newstate");
        let processed = stat(path, c"processed")?;
        if processed.is_some_and(|facts| facts.mode & 0o100 != 0) {
            let _ = file::unlink(c"previous");
            finish(c"processed", Code::Safe);
        } else {
            let _ = file::unlink(c"processed");
            finish(c"previous", Code::Unfinished);
        }
        finish(c"current", Code::Unfinished);
        file::open_truncate_nofollow(c"state", 0o644)
            .map(drop)
            .map_err(|error| ME.fatal(&[b"unable to write to ", path, b"/state"], error))
    }
}

fn stat(dir: &[u8], name: &CStr) -> Result<Option<file::Facts>, Fatal> {
    match file::stat(name) {
        Ok(facts) => Ok(Some(facts)),
        Err(Errno::ENOENT) => Ok(None),
        Err(error) => Err(ME.fatal(&[b"unable to stat ", dir, b"/", name.to_bytes()], error)),
    }
}

/// How much of the pending input's output is in the log in the working directory.
fn written(place: Place) -> u64 {
    if place.inode == 0 {
        return place.done;
    }
    let since = file::open_read_nofollow(c"current").ok().and_then(|fd| {
        let facts = file::fstat(&fd).ok()?;
        let is_it = facts.identity.inode == place.inode && facts.kind == Kind::Regular;
        let size = facts.size.cast_unsigned();
        let grown = size.checked_sub(place.size).filter(|_| is_it)?;
        Some(cut_to_line(place, size, facts.links, &fd).unwrap_or(grown))
    });
    place.done + since.unwrap_or(0)
}

/// Cuts the unfinished line that a killed write may have left, so that it comes
/// whole into the next file: how much of the file since `place` remains. One with other
/// names is not cut. What it reads into is no part of the stack of those who call it.
#[inline(never)]
fn cut_to_line(place: Place, size: u64, links: u64, fd: &OwnedFd) -> Option<u64> {
    let mut tail = [0; 4096];
    let len = size.checked_sub(place.size)?.min(tail.len() as u64);
    let tail = &mut tail[..usize::try_from(len).ok()?];
    let from = size - len;
    if file::read_at(fd, tail, from.cast_signed()) != Ok(tail.len()) {
        return None;
    }
    let keep = match memchr::memrchr(b'\n', tail) {
        Some(newline) => from + newline as u64 + 1,
        // Of a line as long as this, what is there stays.
        None if from > place.size => size,
        None => place.size,
    };
    if keep < size {
        let same = file::fstat(fd).ok()?.identity;
        let fd = file::open_update_nofollow(c"current").ok()?;
        if links != 1 || file::fstat(&fd).ok()?.identity != same {
            return None;
        }
        file::truncate(&fd, keep.cast_signed()).ok()?;
    }
    Some(keep - place.size)
}
