//! Makes one directory of the mirror what `plan` says: the system calls.

use core::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};

use daemontools::servicedir::SUPERVISE;
use daemontools::unix::dir::Dir;
use daemontools::unix::fifo;
use daemontools::unix::file::{self, Kind};
use daemontools::{Errno, Result};

use super::paths::{LongPath, joined};
use super::plan::{self, Action, Level, Mirrored, Real};

/// Makes the names in `mirror` those of the directory `real`, an absolute path. What fails
/// does not keep the other names from being made.
///
/// # Errors
/// The first failure.
pub(super) fn refresh(level: Level, real: &CStr, mirror: &OwnedFd) -> Result<()> {
    let mut result = Ok(());
    let mut one = |name: &CStr| {
        if plan::is_ours(level, name.to_bytes()) {
            result = result.and(refresh_name(level, real, mirror, name));
        }
    };
    Dir::open(real)?.each(|name, _| one(name))?;
    // Names that are in the mirror alone.
    let reader = Dir::from_fd(file::open_directory_in(mirror, c".")?);
    reader.each(|name, _| one(name))?;
    if level == Level::Tree {
        // Retired services that have ended since.
        reader.each(|name, _| {
            if matches!(name.to_bytes(), [b'.', next, ..] if *next != b'.') {
                let _ = remove(mirror, name);
            }
        })?;
    } else {
        match file::mkdir_in(mirror, SUPERVISE, 0o700) {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(error) => result = result.and(Err(error)),
        }
    }
    result
}

fn refresh_name(level: Level, real: &CStr, mirror: &OwnedFd, name: &CStr) -> Result<()> {
    let target = joined(real, name)?;
    let target = target.as_c_str();
    let found = mirrored(mirror, name, target)?;
    match plan::action(level, name.to_bytes(), really(target)?, found) {
        Action::Keep => Ok(()),
        Action::Link => file::symlink_in(target, mirror, name),
        Action::Relink => {
            file::unlink_in(mirror, name)?;
            file::symlink_in(target, mirror, name)
        }
        Action::MakeDirectory => make_directory(level, target, mirror, name),
        Action::ReplaceByDirectory => {
            file::unlink_in(mirror, name)?;
            make_directory(level, target, mirror, name)
        }
        Action::Refresh => refresh_below(level, target, &file::open_directory_in(mirror, name)?),
        Action::Unlink => file::unlink_in(mirror, name),
        Action::Retire if level == Level::Tree => {
            let hidden = hidden(name)?;
            file::rename_in(mirror, name, hidden.as_c_str())
        }
        Action::Retire => remove(mirror, name),
    }
}

/// Makes a directory of links under a hidden name first: svscan starts a complete directory
/// at once. If a service had that name before, it gets its directory back.
fn make_directory(level: Level, target: &CStr, mirror: &OwnedFd, name: &CStr) -> Result<()> {
    let first = match level {
        Level::Tree => hidden(name)?,
        _ => LongPath::new(&[name.to_bytes()])?,
    };
    match file::mkdir_in(mirror, first.as_c_str(), 0o700) {
        Ok(()) | Err(Errno::EEXIST) => {}
        Err(error) => return Err(error),
    }
    let directory = file::open_directory_in(mirror, first.as_c_str())?;
    refresh_below(level, target, &directory)?;
    match level {
        Level::Tree => file::rename_in(mirror, first.as_c_str(), name),
        _ => Ok(()),
    }
}

fn refresh_below(level: Level, real: &CStr, mirror: &OwnedFd) -> Result<()> {
    let below = match level {
        Level::Tree => Level::Service,
        Level::Service | Level::Logger => Level::Logger,
    };
    refresh(below, real, mirror)
}

fn hidden(name: &CStr) -> Result<LongPath> {
    LongPath::new(&[b".", name.to_bytes()])
}

fn really(path: &CStr) -> Result<Real> {
    match (file::stat(path), file::lstat(path)) {
        (Ok(facts), _) if facts.kind == Kind::Directory => Ok(Real::Directory),
        (Ok(_), _) => Ok(Real::Other),
        (Err(_), Ok(facts)) if facts.kind == Kind::Link => Ok(Real::Dangling),
        (Err(Errno::ENOENT), _) => Ok(Real::Missing),
        (Err(error), _) => Err(error),
    }
}

fn mirrored(mirror: &OwnedFd, name: &CStr, target: &CStr) -> Result<Mirrored> {
    match file::lstat_in(mirror, name).map(|facts| facts.kind) {
        Ok(Kind::Directory) => Ok(Mirrored::Directory),
        Ok(Kind::Link) if file::is_link_to_in(mirror, name, target)? => Ok(Mirrored::Link),
        Ok(Kind::Link) => Ok(Mirrored::WrongLink),
        Ok(_) => Ok(Mirrored::Other),
        Err(Errno::ENOENT) => Ok(Mirrored::Missing),
        Err(error) => Err(error),
    }
}

/// Removes the links and supervise's files of a service or a logger in which no supervise
/// runs. What the service has made itself stays, and then so does the directory.
fn remove(mirror: impl AsFd, name: &CStr) -> Result<()> {
    let directory = file::open_directory_in(&mirror, name)?;
    if is_supervised(&directory) {
        return Ok(());
    }
    if let Ok(log) = file::open_directory_in(&directory, c"log") {
        if is_supervised(&log) {
            return Ok(());
        }
        drop(log);
        remove(&directory, c"log")?;
    }
    if let Ok(supervise) = file::open_directory_in(&directory, SUPERVISE) {
        unlink_all(supervise, |_| true)?;
        file::rmdir_in(&directory, SUPERVISE)?;
    }
    unlink_all(directory, |kind| kind == Kind::Link)?;
    match file::rmdir_in(&mirror, name) {
        Err(Errno::ENOTEMPTY) => Ok(()),
        result => result,
    }
}

/// Whether a supervise runs in a directory; also true where that is unknown.
fn is_supervised(directory: &OwnedFd) -> bool {
    let asked = file::open_directory_in(directory, SUPERVISE)
        .and_then(|supervise| fifo::has_reader_in(supervise, c"ok"));
    !matches!(asked, Ok(false) | Err(Errno::ENOENT))
}

fn unlink_all(directory: OwnedFd, which: impl Fn(Kind) -> bool) -> Result<()> {
    let directory = Dir::from_fd(directory);
    let mut result = Ok(());
    directory.each(|name, _| {
        let kind = file::lstat_in(&directory, name).map(|facts| facts.kind);
        if let Ok(kind) = kind
            && kind != Kind::Directory
            && which(kind)
        {
            result = result.and(file::unlink_in(&directory, name));
        }
    })?;
    result
}
