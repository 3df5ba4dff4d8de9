//! What a svscanboot that was killed has left: svscan and readproctitle run on, with
//! the pipe between them. The next svscanboot goes on with them; a second svscan
//! beside the first would be in its way, and nobody would read the title of the right
//! one. This needs `/proc` and pidfds; without, nothing is found.

use core::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};

use daemontools::procfs;
use daemontools::unix::dir::Dir;
use daemontools::unix::process::Pid;
use daemontools::unix::{file, pidfd, poll};

use crate::path::Path;
use crate::who;

/// The svscan that works in a directory, if one does, and the entry in `/proc` of
/// its standard error.
pub(super) fn svscan(dir: &CStr) -> Option<(OwnedFd, Option<Path>)> {
    let identity = file::stat(dir).ok()?.identity;
    let (pid, process) = find(|pid| who::is(pid, b"svscan", identity))?;
    Some((process, Path::of_process(pid, b"fd/2").ok()))
}

/// The readproctitle that reads a pipe, if one does.
pub(super) fn reader(pipe: &OwnedFd) -> Option<OwnedFd> {
    let identity = file::fstat(pipe).ok()?.identity;
    let is_it = |pid| {
        procfs::is_named(pid, b"readproctitle") && who::leads_to(pid, b"fd/0") == Some(identity)
    };
    find(is_it).map(|(_, process)| process)
}

/// The first process of which `is_it` holds.
fn find(is_it: impl Fn(u32) -> bool) -> Option<(u32, OwnedFd)> {
    let mut found = None;
    let all = Dir::open(c"/proc").ok()?;
    // What was found before the rest could not be read counts.
    let _ = all.each(|entry, _| {
        if found.is_none()
            && let Some(pid) = number(entry)
            && is_it(pid)
        {
            found = open(pid, &is_it).map(|process| (pid, process));
        }
    });
    found
}

fn number(entry: &CStr) -> Option<u32> {
    entry.to_str().ok()?.parse().ok()
}

/// Opens a process, and asks again whether it is the one: now nothing can put
/// another in its place.
fn open(pid: u32, is_it: impl Fn(u32) -> bool) -> Option<OwnedFd> {
    let process = pidfd::open(Pid::from_raw(pid.cast_signed())).ok()?;
    (is_it(pid) && !poll::has_input(process.as_fd())).then_some(process)
}
