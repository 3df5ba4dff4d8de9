//! Telling a supervise to end: through its control FIFO, by name or, when the
//! directory was removed, through the descriptor that it still holds.

use core::ffi::CStr;
use std::os::fd::OwnedFd;

use daemontools::procfs::ProcPath;
use daemontools::servicedir::control;
use daemontools::servicedir::status::{Status, Want};
use daemontools::servicedir::{CONTROL, Checked, SUPERVISE, SuperviseDir};
use daemontools::unix::dir::Dir;
use daemontools::unix::process::{self, Pid};
use daemontools::unix::signal::Signal;
use daemontools::unix::{fifo, file};
use daemontools::{Errno, Result, procfs};

use crate::path::Path;

/// Takes the service down and leaves.
pub(crate) const DOWN_AND_EXIT: &[u8] = b"dx";
/// Leaves once the service has ended by itself.
pub(crate) const EXIT: &[u8] = b"x";
/// Kills the service and leaves.
pub(crate) const KILL_AND_EXIT: &[u8] = b"dkx";

/// Writes commands to the supervise of the service directory `name`.
///
/// # Errors
/// What opening or writing says; ENXIO if no supervise reads there.
pub(crate) fn by_name(name: &CStr, commands: &[u8]) -> Result<()> {
    let path = Path::new(&[name.to_bytes(), b"/", CONTROL.to_bytes()])?;
    control::write(control::open(path.as_c_str())?, commands)
}

/// Whether the service of the directory `name` is up, shall be, and can take a
/// command: only then is nothing changed for it by a supervise that comes back.
pub(crate) fn is_plainly_up(name: &CStr) -> bool {
    is_told(name, |status| {
        status.pid != 0 && status.want == Want::Up && !status.paused
    })
}

/// Whether the record of the directory `name` is to be believed and says this.
pub(crate) fn is_told(name: &CStr, what: impl FnOnce(Status) -> bool) -> bool {
    matches!(record(name), Ok(Checked::Trusted(status)) if what(status))
}

/// The status record of the directory `name`, if only we may have written it.
///
/// # Errors
/// What opening or reading says.
pub(crate) fn record(name: &CStr) -> Result<Checked<Status>> {
    let path = Path::new(&[name.to_bytes(), b"/", SUPERVISE.to_bytes()])?;
    SuperviseDir::open(path.as_c_str())?.status()
}

/// Whether the working directory of a supervise was removed.
///
/// # Errors
/// What `stat(2)` says of its entry in /proc.
pub(crate) fn is_homeless(pid: u32) -> Result<bool> {
    let path = ProcPath::new(pid, b"cwd")?;
    file::stat(path.as_c_str()).map(|facts| facts.links == 0)
}

/// Writes commands to a supervise whose control FIFO has no name any more.
///
/// # Errors
/// ENOENT if it has no such descriptor; else what opening or writing says.
pub(crate) fn by_descriptor(pid: u32, commands: &[u8]) -> Result<()> {
    control::write(held_control(pid)?, commands)
}

/// Kills a child that has not become a supervise yet: its exec may hang, and nothing runs
/// under it.
///
/// # Errors
/// ESRCH if it is no child of ours that has still our name; else what looking in `/proc`
/// and `kill(2)` say.
pub(crate) fn end_unborn(pid: u32) -> Result<()> {
    let is_child = procfs::process(pid)?.parent == std::process::id();
    if !is_child || !procfs::has_name(pid, b"svscan")? {
        return Err(Errno::ESRCH);
    }
    // One that was not waited for keeps its pid.
    process::kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL)
}

fn held_control(pid: u32) -> Result<OwnedFd> {
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

/// Whether a descriptor's link names a control FIFO, there or removed.
fn is_control(link: &CStr) -> bool {
    let mut buffer = [0; 4096];
    file::read_link(link, &mut buffer).is_ok_and(|text| {
        let text = text.strip_suffix(b" (deleted)").unwrap_or(text);
        text.ends_with(b"/control")
    })
}

/// Opens a FIFO that is ours: who starts us may have handed down another of that name.
fn open_own(link: &CStr) -> Result<OwnedFd> {
    let control = fifo::open_write(link)?;
    match file::fstat(&control)?.is_ours() {
        true => Ok(control),
        false => Err(Errno::EACCES),
    }
}
