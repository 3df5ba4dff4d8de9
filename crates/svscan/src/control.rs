//! Commands to a supervise: through its control FIFO by name or, when the directory was
//! removed, through the descriptor that the supervise still holds.

use core::ffi::CStr;
use std::os::fd::OwnedFd;

use daemontools::procfs::ProcPath;
use daemontools::servicedir::{CONTROL, control};
use daemontools::unix::dir::Dir;
use daemontools::unix::process::{self, Pid};
use daemontools::unix::signal::Signal;
use daemontools::unix::{fifo, file};
use daemontools::{Errno, Result, procfs};

use crate::path::Path;
use crate::reporter::REPORTER;

/// Take the service down and exit.
pub(crate) const DOWN_AND_EXIT: &[u8] = b"dx";
/// Exit once the service has ended by itself.
pub(crate) const EXIT: &[u8] = b"x";
/// Kill the service and exit.
pub(crate) const KILL_AND_EXIT: &[u8] = b"dkx";

/// Writes commands to the supervise of the service directory `name`.
///
/// # Errors
/// Those of opening and writing; ENXIO if no supervise reads the FIFO.
pub(crate) fn send(name: &CStr, commands: &[u8]) -> Result<()> {
    let path = Path::new(&[name.to_bytes(), b"/", CONTROL.to_bytes()])?;
    control::write(control::open(path.as_c_str())?, commands)
}

/// Writes commands to the supervise `pid`, whose control FIFO may have no name any more.
///
/// # Errors
/// ENOENT if it has no such descriptor; else those of opening and writing.
pub(crate) fn send_to_process(pid: u32, commands: &[u8]) -> Result<()> {
    control::write(open_held(pid)?, commands)
}

/// Whether the working directory of a process was removed.
///
/// # Errors
/// Those of `stat(2)` on its entry in `/proc`.
pub(crate) fn is_directory_removed(pid: u32) -> Result<bool> {
    let path = ProcPath::new(pid, b"cwd")?;
    file::stat(path.as_c_str()).map(|facts| facts.links == 0)
}

/// Kills a child that has not exec'ed supervise yet: its exec may hang, and no service
/// runs under it.
///
/// # Errors
/// ESRCH if it is no child of this process, or has another name by now; else those of reading
/// `/proc` and of `kill(2)`.
pub(crate) fn kill_before_exec(pid: u32) -> Result<()> {
    let is_child = procfs::process(pid)?.parent == std::process::id();
    if !is_child || !procfs::has_name(pid, REPORTER.name().as_bytes())? {
        return Err(Errno::ESRCH);
    }
    // A child that was not waited for keeps its pid.
    process::kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL)
}

/// Opens the control FIFO that a supervise has open.
fn open_held(pid: u32) -> Result<OwnedFd> {
    let fds = ProcPath::new(pid, b"fd")?;
    let mut found = Err(Errno::ENOENT);
    Dir::open(fds.as_c_str())?.each(|number, _| {
        if found.is_err() && number.to_bytes().first() != Some(&b'.') {
            let link = Path::new(&[fds.as_c_str().to_bytes(), b"/", number.to_bytes()]);
            if let Ok(link) = link
                && is_control(link.as_c_str())
            {
                found = open_own(link.as_c_str());
            }
        }
    })?;
    found
}

/// Whether a descriptor's link names a control FIFO, present or removed.
fn is_control(link: &CStr) -> bool {
    let mut buffer = [0; 4096];
    file::read_link(link, &mut buffer).is_ok_and(|text| {
        let text = text.strip_suffix(b" (deleted)").unwrap_or(text);
        text.ends_with(b"/control")
    })
}

/// Opens a FIFO if its owner is our user: a supervise may have inherited another FIFO with
/// such a name.
fn open_own(link: &CStr) -> Result<OwnedFd> {
    let control = fifo::open_write(link)?;
    match file::fstat(&control)?.is_ours() {
        true => Ok(control),
        false => Err(Errno::EACCES),
    }
}
