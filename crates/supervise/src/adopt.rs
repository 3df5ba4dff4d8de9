//! Taking over from a supervise that was killed: its service goes on under the same
//! pid, and what the operator wanted is still wanted. What is found on the disk and in
//! the kernel is gathered here; what follows from it is decided in [`crate::verdict`].
//!
//! What could not be found out is not guessed: any trouble but "it is not there" is an
//! error, and nothing is started. A second copy costs more than a start that comes
//! later.

use core::ffi::CStr;
use std::os::fd::OwnedFd;

use daemontools::servicedir::status::{Status, Want};
use daemontools::servicedir::{Checked, DETAIL, LOCK, STATUS, SUPERVISE, SuperviseDir};
use daemontools::tai64n::Tai64n;
use daemontools::unix::clock::{self, Monotonic};
use daemontools::unix::process::{self, Pid};
use daemontools::unix::{file, pidfd};
use daemontools::{Errno, Result, procfs};

use crate::verdict::{Clocks, Evidence, Here, Seen, Verdict, judge};
use daemontools::servicedir::detail::{DETAIL_LEN, Detail};

/// What an earlier supervise has left.
#[derive(Debug)]
pub(crate) enum Legacy {
    /// Nothing that counts: the service starts by its `down` file.
    None,
    /// Its service, alive.
    Alive(Alive),
    /// It was killed, and its service has ended since: what was wanted still is.
    Ended(Want),
    /// A process of that pid lives, and nothing proves or disproves that it is the
    /// service.
    Unproven(u32),
    /// Others may have written what is there: none of it counts.
    Strangers,
}

/// A process taken over.
#[derive(Debug)]
pub(crate) struct Alive {
    pub(crate) status: Status,
    /// What is wanted; `None` if it is what the `down` file says.
    pub(crate) want: Option<Want>,
    pub(crate) process: OwnedFd,
    pub(crate) born: u64,
    /// When it started, by the clock that paces.
    pub(crate) started: Monotonic,
}

/// What kept us from finding out.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Trouble with one of supervise's own files.
    File(&'static CStr, Errno),
    /// Trouble with `/proc`.
    Proc(Errno),
    /// Trouble with the process of the record.
    Process(u32, Errno),
}

type Found<T> = core::result::Result<T, Trouble>;

/// Reads what is there. For when the lock is held.
pub(crate) fn legacy(here: &Here) -> Found<(Legacy, Detail)> {
    let own = SuperviseDir::open(SUPERVISE).map_err(|error| Trouble::File(SUPERVISE, error))?;
    let mut text = [0; DETAIL_LEN];
    let detail = own.detail(&mut text);
    let detail = match detail.map_err(|error| Trouble::File(DETAIL, error))? {
        Checked::Trusted(text) => Detail::parse(text),
        Checked::Missing => Detail::default(),
        Checked::Untrusted => return Ok((Legacy::Strangers, Detail::default())),
    };
    let status = own.status().map_err(|error| Trouble::File(STATUS, error))?;
    let legacy = match status {
        Checked::Trusted(status) => judged(status, &detail, here)?,
        Checked::Missing => Legacy::None,
        Checked::Untrusted => Legacy::Strangers,
    };
    Ok((legacy, detail))
}

/// What becomes of a record that is believed.
fn judged(status: Status, detail: &Detail, here: &Here) -> Found<Legacy> {
    let trouble = |error| Trouble::Process(status.pid, error);
    let (seen, process) = look(status.pid).map_err(trouble)?;
    let evidence = Evidence {
        status,
        detail,
        here,
        seen,
        at_home: is_at_home(&status, here).map_err(trouble)?,
    };
    let clocks = Clocks {
        wall: clock::wall(),
        since_boot: clock::since_boot(),
    };
    Ok(match (judge(&evidence, clocks), process, seen) {
        (Verdict::Adopt(want), Some(process), Seen::Born(born)) => Legacy::Alive(Alive {
            status,
            want,
            process,
            born,
            started: Monotonic::now().before(procfs::age(born)),
        }),
        (Verdict::Ended(want), ..) => Legacy::Ended(want),
        (Verdict::Unproven, ..) => Legacy::Unproven(status.pid),
        _ => Legacy::None,
    })
}

/// Where and when this supervise begins.
pub(crate) fn here() -> Found<Here> {
    let boot = procfs::boot_id().map_err(Trouble::Proc)?;
    let directory = file::stat(c".").map_err(|error| Trouble::File(c".", error))?;
    let parent = process::parent();
    let svscan = match procfs::has_name(parent, b"svscan").or_else(unseen(false)) {
        Ok(true) => born(parent),
        Ok(false) => Ok(None),
        Err(error) => Err(error),
    };
    Ok(Here {
        boot,
        init: born(1).map_err(Trouble::Proc)?,
        directory: directory.identity,
        svscan: svscan.map_err(Trouble::Proc)?,
    })
}

/// When a process was started, in clock ticks since boot; `None` where that can't be
/// seen.
fn born(pid: u32) -> Result<Option<u64>> {
    let process = procfs::process(pid).map(|process| Some(process.start_time));
    process.or_else(unseen(None))
}

/// There is no such process, or no `/proc`, or it is not shown to us: an answer too.
fn unseen<T>(answer: T) -> impl FnOnce(Errno) -> Result<T> {
    move |error| match error {
        Errno::ENOENT | Errno::ESRCH | Errno::EACCES | Errno::EPERM => Ok(answer),
        error => Err(error),
    }
}

/// Looks whether there is a process of that pid, and opens it.
fn look(pid: u32) -> Result<(Seen, Option<OwnedFd>)> {
    let Some(number) = i32::try_from(pid).ok().filter(|&pid| pid > 0) else {
        return Ok((Seen::Nobody, None));
    };
    // The descriptor first: what is learned afterwards is about its process, as long as
    // that has not ended.
    let process = match pidfd::open(Pid::from_raw(number)) {
        Ok(process) => process,
        Err(Errno::ESRCH | Errno::EINVAL) => return Ok((Seen::Nobody, None)),
        // A kernel that has none, or a sandbox that lets us have none: never to be
        // found out.
        Err(Errno::ENOSYS | Errno::EPERM) => return Ok((Seen::Hidden, None)),
        Err(error) => return Err(error),
    };
    let born = match procfs::process(pid) {
        Ok(process) => Some(process.start_time),
        // No `/proc`, or one that hides what others run.
        Err(Errno::ENOENT | Errno::ESRCH | Errno::EPERM) => None,
        Err(error) => return Err(error),
    };
    if pidfd::has_ended(&process)? {
        return Ok((Seen::Nobody, None));
    }
    Ok((born.map_or(Seen::Hidden, Seen::Born), Some(process)))
}

/// Whether the record was written in this service directory, as far as that shows
/// without a detail file that says so: the process works here, or the lock was made
/// before the process. In a copy of the directory the lock was made later, however it was
/// copied: the time of a change can't be set.
fn is_at_home(status: &Status, here: &Here) -> Result<bool> {
    let (seconds, nanos) = file::stat(LOCK)?.changed;
    let changed = Tai64n::from_unix(seconds, u32::try_from(nanos).unwrap_or(0));
    if changed <= status.since {
        return Ok(true);
    }
    let place = procfs::entry_target(status.pid, b"cwd");
    place
        .map(|place| place == here.directory)
        .or_else(unseen(false))
}
