//! What an earlier process left in a log directory: how far it got with the input that
//! the journal holds, and which names its files get, by the rules of the reference.

use core::ffi::CStr;
use std::os::fd::OwnedFd;

use daemontools::Errno;
use daemontools::logdir::Code;
use daemontools::strerr::Fatal;
use daemontools::unix::dir::Dir;
use daemontools::unix::file::{self, Facts, Kind};
use daemontools::unix::lock;

use super::archive::Archive;
use crate::journal::Place;
use crate::message::ME;
use crate::script::LogSpec;

/// Makes a log's directory if it does not exist, enters it and locks it.
pub(super) fn enter(spec: LogSpec) -> Result<(Archive, OwnedFd), Fatal> {
    let path = spec.path.to_bytes();
    // Whether this succeeded, opening the directory tells.
    let _ = file::mkdir(spec.path, 0o700);
    let directory = Dir::open(spec.path)
        .and_then(|directory| file::fchdir(&directory).map(|()| directory))
        .map_err(|error| ME.fatal(&[b"unable to open directory ", path], error))?;
    let lock = file::open_append_nofollow(c"lock", 0o600)
        .and_then(|file| lock::try_exclusive(&file).map(|()| file))
        .map_err(|error| ME.fatal(&[b"unable to lock directory ", path], error))?;
    Ok((Archive::new(spec, directory), lock))
}

/// Names the files that an earlier process left; says whether that process ended well, so
/// that its `current` is continued.
pub(super) fn name_leftovers(archive: &mut Archive) -> Result<bool, Fatal> {
    let path = archive.path();
    if is_safe(path, c"current")? {
        return Ok(true);
    }
    let _ = file::unlink(c"state");
    let _ = file::unlink(c"newstate");
    if is_safe(path, c"processed")? {
        let _ = file::unlink(c"previous");
        archive.add_if_exists(c"processed", Code::Safe);
    } else {
        let _ = file::unlink(c"processed");
        archive.add_if_exists(c"previous", Code::Unfinished);
    }
    archive.add_if_exists(c"current", Code::Unfinished);
    file::open_truncate_nofollow(c"state", 0o644)
        .map_err(|error| ME.fatal(&[b"unable to write to ", path, b"/state"], error))?;
    Ok(false)
}

/// Whether a file exists and is complete: its owner may execute it.
fn is_safe(path: &[u8], name: &CStr) -> Result<bool, Fatal> {
    match file::stat(name) {
        Ok(facts) => Ok(facts.mode & 0o100 != 0),
        Err(Errno::ENOENT) => Ok(false),
        Err(error) => Err(ME.fatal(&[b"unable to stat ", path, b"/", name.to_bytes()], error)),
    }
}

/// How many bytes of the pending input's output are in the log in the working directory.
pub(super) fn written(place: Place) -> u64 {
    if place.inode == 0 {
        return place.done;
    }
    let since = file::open_read_nofollow(c"current").ok().and_then(|fd| {
        let facts = file::fstat(&fd).ok()?;
        let is_same = facts.identity.inode == place.inode && facts.kind == Kind::Regular;
        let grown = facts.size.cast_unsigned().checked_sub(place.size)?;
        is_same.then(|| cut_to_line(place, &facts, &fd).unwrap_or(grown))
    });
    place.done + since.unwrap_or(0)
}

/// Removes the unfinished line that a killed write left at the end of the file, so that
/// the line is whole in the next file. Gives how much of the file since `place` remains. A
/// partial line longer than the buffer here remains, and so does all of a file that has
/// other names.
// Its buffer is on the stack, which has to stay small elsewhere.
#[inline(never)]
fn cut_to_line(place: Place, facts: &Facts, fd: &OwnedFd) -> Option<u64> {
    let mut tail = [0; 4096];
    let size = facts.size.cast_unsigned();
    let len = (size - place.size).min(tail.len() as u64);
    let tail = &mut tail[..usize::try_from(len).ok()?];
    let from = size - len;
    if file::read_at(fd, tail, from.cast_signed()) != Ok(tail.len()) {
        return None;
    }
    let keep = match memchr::memrchr(b'\n', tail) {
        Some(newline) => from + newline as u64 + 1,
        None if from > place.size => size,
        None => place.size,
    };
    if keep < size {
        let writable = file::open_update_nofollow(c"current").ok()?;
        if facts.links != 1 || file::fstat(&writable).ok()?.identity != facts.identity {
            return None;
        }
        file::truncate(&writable, keep.cast_signed()).ok()?;
    }
    Some(keep - place.size)
}
