//! Finds the programs of an earlier svscanboot that was killed: svscan and readproctitle
//! run on, with the pipe between them. This svscanboot adopts them. A second svscan would
//! wait for the first, and the messages would be in the title of a process that it does not
//! know. Needs `/proc` and pidfds; without them nothing is found.
//!
//! Any user may call a program `svscan` and start it in the scan directory, so only
//! processes of our user count.

use core::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};

use daemontools::errno::is_temporary;
use daemontools::procfs::ProcPath;
use daemontools::unix::dir::Dir;
use daemontools::unix::process::Pid;
use daemontools::unix::{file, pidfd, poll};
use daemontools::{Result, procfs};

use crate::pipes::Pipe;

/// The programs of an earlier svscanboot.
pub(super) struct Previous {
    /// The pidfd of svscan.
    pub(super) svscan: OwnedFd,
    /// svscan's standard error, if that is a pipe, and the pidfd of the readproctitle that
    /// reads it, if one does.
    pub(super) pipe: Option<(Pipe, Option<OwnedFd>)>,
}

/// The programs of an earlier svscanboot on a directory, if its svscan runs.
///
/// # Errors
/// A temporary failure to find out.
pub(super) fn find(dir: &CStr) -> Result<Option<Previous>> {
    let Some((pid, svscan)) = find_svscan(dir)? else {
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
    Ok(Some(Previous { svscan, pipe }))
}

/// The svscan that works in a directory, if one does: its pid and pidfd.
///
/// # Errors
/// A temporary failure to find out.
pub(super) fn find_svscan(dir: &CStr) -> Result<Option<(u32, OwnedFd)>> {
    match file::stat(dir) {
        Ok(facts) => find_process(b"svscan", |pid| {
            procfs::is_our_process_in(pid, b"svscan", facts.identity)
        }),
        Err(error) if is_temporary(error) => Err(error),
        Err(_) => Ok(None),
    }
}

/// The pidfd of the readproctitle that reads a pipe, if one does.
fn reader(pipe: &OwnedFd) -> Result<Option<OwnedFd>> {
    const NAME: &[u8] = b"readproctitle";
    let identity = file::fstat(pipe)?.identity;
    let found = find_process(NAME, |pid| {
        procfs::is_our_process(pid, NAME, b"fd/0", identity)
    })?;
    Ok(found.map(|(_, process)| process))
}

/// The first process of this name that `is_it` accepts: its pid and pidfd.
fn find_process(
    name: &[u8],
    is_it: impl Fn(u32) -> Result<bool>,
) -> Result<Option<(u32, OwnedFd)>> {
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
    // A process that was found counts even if the rest could not be read.
    match (found, read) {
        (Ok(None), Err(error)) if is_temporary(error) => Err(error),
        (found, _) => found,
    }
}

fn number(entry: &CStr) -> Option<u32> {
    entry.to_str().ok()?.parse().ok()
}

/// Opens the pidfd of a process, and then asks `is_it`: the pid cannot be that of a later
/// process by then.
fn open(pid: u32, is_it: impl Fn(u32) -> Result<bool>) -> Result<Option<(u32, OwnedFd)>> {
    match pidfd::open(Pid::from_raw(pid.cast_signed())) {
        Ok(process) if is_it(pid)? && !poll::has_input(process.as_fd()) => Ok(Some((pid, process))),
        Err(error) if is_temporary(error) => Err(error),
        // It is another process, has ended, or the kernel has no pidfds.
        Ok(_) | Err(_) => Ok(None),
    }
}
