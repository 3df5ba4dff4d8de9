//! What the disk and the kernel say about an earlier supervise.

use core::ffi::CStr;
use std::os::fd::OwnedFd;

use daemontools::servicedir::detail::{DETAIL_LEN, Detail};
use daemontools::servicedir::status::Status;
use daemontools::servicedir::{Checked, DETAIL, LOCK, STATUS, SUPERVISE, SuperviseDir};
use daemontools::strerr::Decimal;
use daemontools::tai64n::Tai64n;
use daemontools::unix::clock;
use daemontools::unix::process::{self, Pid};
use daemontools::unix::{file, pidfd};
use daemontools::{Errno, Result, procfs};

use crate::host::{AdoptError, AdoptResult, PreviousFiles};
use crate::previous::{Clocks, Context, PidOwner};
use crate::reporter::REPORTER;

/// Reads the detail file and the status record. The lock must be held.
pub(super) fn read_previous() -> AdoptResult<PreviousFiles> {
    let failed = |path| move |error| AdoptError::File(path, error);
    let own = SuperviseDir::open(SUPERVISE).map_err(failed(SUPERVISE))?;
    let mut text = [0; DETAIL_LEN];
    let detail = match own.detail(&mut text).map_err(failed(DETAIL))? {
        Checked::Trusted(text) => Detail::parse(text),
        Checked::Missing => Detail::default(),
        Checked::Untrusted => {
            return Ok(PreviousFiles {
                status: Checked::Untrusted,
                detail: Detail::default(),
            });
        }
    };
    let status = own.status().map_err(failed(STATUS))?;
    Ok(PreviousFiles { status, detail })
}

/// Where and when this supervise begins.
pub(super) fn context() -> AdoptResult<Context> {
    let boot = procfs::boot_id().map_err(AdoptError::Proc)?;
    let directory = file::stat(c".").map_err(|error| AdoptError::File(c".", error))?;
    let parent = process::parent();
    let has_name = |name| procfs::has_name(parent, name).or_else(hidden(false));
    let is_svscan = match has_name(b"svscan") {
        Ok(false) => has_name(b"svinit"),
        result => result,
    };
    let svscan = match is_svscan {
        Ok(true) => start_time(parent),
        Ok(false) => Ok(None),
        Err(error) => Err(error),
    };
    Ok(Context {
        boot,
        init: start_time(1).map_err(AdoptError::Proc)?,
        directory: directory.identity,
        svscan: svscan.map_err(AdoptError::Proc)?,
    })
}

pub(super) fn clocks() -> Clocks {
    Clocks {
        wall: clock::wall(),
        since_boot: clock::since_boot(),
    }
}

/// Start time of a process in clock ticks since boot; `None` where it cannot be seen.
fn start_time(pid: u32) -> Result<Option<u64>> {
    let process = procfs::process(pid).map(|process| Some(process.start_time));
    process.or_else(hidden(None))
}

/// The answer where there is no such process, or no `/proc`, or it is hidden from us.
fn hidden<T>(answer: T) -> impl FnOnce(Errno) -> Result<T> {
    move |error| match error {
        Errno::ENOENT | Errno::ESRCH | Errno::EACCES | Errno::EPERM => Ok(answer),
        error => Err(error),
    }
}

/// Opens the process that has a pid now, and reads its start time.
pub(super) fn pid_owner(pid: u32) -> Result<(PidOwner, Option<OwnedFd>)> {
    let Some(number) = i32::try_from(pid).ok().filter(|&pid| pid > 0) else {
        return Ok((PidOwner::None, None));
    };
    // The descriptor comes first: what is read afterwards is about the same process,
    // unless that has ended.
    let process = match pidfd::open(Pid::from_raw(number)) {
        Ok(process) => process,
        Err(Errno::ESRCH | Errno::EINVAL) => return Ok((PidOwner::None, None)),
        // A kernel without pidfds, or a sandbox that refuses them: this never changes.
        Err(Errno::ENOSYS | Errno::EPERM) => return Ok((PidOwner::Hidden, None)),
        Err(error) => return Err(error),
    };
    let start_time = match procfs::process(pid) {
        Ok(process) => Some(process.start_time),
        // No `/proc`, or one that hides the processes of others.
        Err(Errno::ENOENT | Errno::ESRCH | Errno::EPERM) => None,
        Err(error) => return Err(error),
    };
    if pidfd::has_ended(&process)? {
        return Ok((PidOwner::None, None));
    }
    let owner = start_time.map_or(PidOwner::Hidden, PidOwner::StartedAt);
    Ok((owner, Some(process)))
}

/// Whether anything but the detail file shows that the record was written in this service
/// directory: the lock is older than the record, or the process works here. In a copy of
/// the directory the lock is newer, however it was copied: the time of the last change
/// cannot be set.
pub(super) fn is_written_here(status: &Status, context: &Context) -> Result<bool> {
    let (seconds, nanos) = file::stat(LOCK)?.changed;
    let changed = Tai64n::from_unix(seconds, u32::try_from(nanos).unwrap_or(0));
    if changed <= status.since {
        return Ok(true);
    }
    let place = procfs::entry_target(status.pid, b"cwd");
    place
        .map(|place| place == context.directory)
        .or_else(hidden(false))
}

/// Warns that the record does not count, since others may have written it.
pub(super) fn report_untrusted(dir: &CStr) {
    let (dir, supervise) = (dir.to_bytes(), SUPERVISE.to_bytes());
    let what: [&[u8]; 4] = [
        dir,
        b"/",
        supervise,
        b": others may have written there: not believed",
    ];
    REPORTER.warning(&what, None);
}

/// Warns that a process may be the service, and that it is not adopted.
pub(super) fn report_unproven(dir: &CStr, pid: u32) {
    let pid = Decimal::new(u64::from(pid));
    let what: [&[u8]; 5] = [
        b"unable to tell whether process ",
        pid.as_bytes(),
        b" is ",
        dir.to_bytes(),
        b": not taking it over",
    ];
    REPORTER.warning(&what, None);
}
