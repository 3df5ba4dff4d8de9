//! What a svscanboot that was killed has left: svscan and readproctitle run on, with
//! the pipe between them. The next svscanboot goes on with them; a second svscan
//! beside the first would be in its way, and nobody would read the title of the right
//! one. This needs `/proc` and pidfds; without, nothing is found.
//!
//! Anybody may call his program `svscan` and start it in the scan directory: only
//! processes of ours count.

use core::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};

use daemontools::errno::is_temporary;
use daemontools::procfs::ProcPath;
use daemontools::unix::dir::Dir;
use daemontools::unix::process::Pid;
use daemontools::unix::{file, pidfd, poll};
use daemontools::{Result, procfs};

use crate::pair::Pipe;

/// What runs on.
pub(super) struct Survivors {
    /// What svscan is watched by.
    pub(super) svscan: OwnedFd,
    /// Its standard error, if that is a pipe, with what reads it.
    pub(super) pipe: Option<(Pipe, Option<OwnedFd>)>,
}

/// What runs on of a directory's svscanboot, if its svscan does.
///
/// # Errors
/// What keeps us from looking, for now.
pub(super) fn survivors(dir: &CStr) -> Result<Option<Survivors>> {
    let Some((pid, svscan)) = svscan(dir)? else {
        return Ok(None);
    };
    let link = ProcPath::new(pid, b"fd/2")?;
    let pipe = match Pipe::reopen(link.as_c_str()) {
        Ok(pipe) => {
            let reader = reader(&pipe.read)?;
            Some((pipe, reader))
        }
        Err(error) if is_temporary(error) => return Err(error),
        Err(_) => None,
    };
    Ok(Some(Survivors { svscan, pipe }))
}

/// The svscan that works in a directory, if one does: its pid, and what it is watched by.
///
/// # Errors
/// What keeps us from looking, for now.
pub(super) fn svscan(dir: &CStr) -> Result<Option<(u32, OwnedFd)>> {
    match file::stat(dir) {
        Ok(facts) => find(b"svscan", |pid| {
            procfs::is_our_process_in(pid, b"svscan", facts.identity)
        }),
        Err(error) if is_temporary(error) => Err(error),
        Err(_) => Ok(None),
    }
}

/// The readproctitle that reads a pipe, if one does.
fn reader(pipe: &OwnedFd) -> Result<Option<OwnedFd>> {
    const NAME: &[u8] = b"readproctitle";
    let identity = file::fstat(pipe)?.identity;
    let found = find(NAME, |pid| {
        procfs::is_our_process(pid, NAME, b"fd/0", identity)
    })?;
    Ok(found.map(|(_, process)| process))
}

/// The first process of this name of which `is_it` holds.
fn find(name: &[u8], is_it: impl Fn(u32) -> Result<bool>) -> Result<Option<(u32, OwnedFd)>> {
    let mut found = Ok(None);
    let all = match Dir::open(c"/proc") {
        Ok(all) => all,
        Err(error) if is_temporary(error) => return Err(error),
        Err(_) => return Ok(None),
    };
    let read = all.each(|entry, _| {
        if let Ok(None) = found
            && let Some(pid) = number(entry)
            && procfs::has_name(pid, name) != Ok(false)
        {
            found = open(pid, &is_it);
        }
    });
    // What was found before the rest could not be read counts.
    match (found, read) {
        (Ok(None), Err(error)) if is_temporary(error) => Err(error),
        (found, _) => found,
    }
}

fn number(entry: &CStr) -> Option<u32> {
    entry.to_str().ok()?.parse().ok()
}

/// Opens a process, and asks only then whether it is the one: now nothing can put
/// another in its place.
fn open(pid: u32, is_it: impl Fn(u32) -> Result<bool>) -> Result<Option<(u32, OwnedFd)>> {
    match pidfd::open(Pid::from_raw(pid.cast_signed())) {
        Ok(process) if is_it(pid)? && !poll::has_input(process.as_fd()) => Ok(Some((pid, process))),
        Err(error) if is_temporary(error) => Err(error),
        // It has ended; or there are no pidfds: without them nothing is found.
        Ok(_) | Err(_) => Ok(None),
    }
}
