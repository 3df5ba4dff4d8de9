//! Taking over from a supervise that was killed: its service goes on under the same
//! pid, and what the operator wanted is still wanted. What is found on the disk and in
//! the kernel is gathered here; what follows from it is decided in [`crate::verdict`].

use std::os::fd::{AsFd, OwnedFd};

use daemontools::servicedir::{DETAIL, STATUS};
use daemontools::status::{STATUS_LEN, Status};
use daemontools::unix::clock::{self, Monotonic};
use daemontools::unix::process::Pid;
use daemontools::unix::{fd, file, pidfd, poll};
use daemontools::{Errno, procfs};

use crate::detail::{DETAIL_LEN, Detail};
use crate::verdict::{Clocks, Evidence, Seen, Verdict, judge};

/// What an earlier supervise has left.
#[derive(Debug)]
pub(crate) enum Legacy {
    /// Nothing that counts: the service starts by its `down` file.
    None,
    /// Its service, alive.
    Alive(Alive),
    /// It was killed, and its service has ended since: what was wanted still is.
    Ended(Status),
    /// A process of that pid lives, and nothing proves or disproves that it is the
    /// service.
    Unproven(u32),
}

/// A process taken over.
#[derive(Debug)]
pub(crate) struct Alive {
    pub(crate) status: Status,
    pub(crate) process: OwnedFd,
    pub(crate) born: u64,
    /// When it started, by the clock that paces.
    pub(crate) started: Monotonic,
}

/// Reads what is there. For when the lock is held.
pub(crate) fn legacy() -> (Legacy, Detail) {
    let detail = read::<DETAIL_LEN>(DETAIL)
        .map(|(text, len)| Detail::parse(&text[..len]))
        .unwrap_or_default();
    let Some(status) = read_status() else {
        return (Legacy::None, detail);
    };
    let (seen, process) = look(status.pid);
    let evidence = Evidence {
        status,
        detail: &detail,
        boot: procfs::boot_id(),
        seen,
    };
    let clocks = Clocks {
        wall: clock::wall(),
        since_boot: clock::since_boot(),
    };
    let legacy = match (judge(&evidence, clocks), process, seen) {
        (Verdict::Adopt, Some(process), Seen::Born(born)) => Legacy::Alive(Alive {
            status,
            process,
            born,
            started: Monotonic::now().before(procfs::age(born)),
        }),
        (Verdict::Ended(status), ..) => Legacy::Ended(status),
        (Verdict::Unproven, ..) => Legacy::Unproven(status.pid),
        _ => Legacy::None,
    };
    (legacy, detail)
}

/// Looks whether there is a process of that pid, and opens it.
fn look(pid: u32) -> (Seen, Option<OwnedFd>) {
    let Some(pid) = i32::try_from(pid).ok().filter(|&pid| pid > 0) else {
        return (Seen::Nobody, None);
    };
    // The descriptor first: what is learned afterwards is about its process, as
    // long as that has not ended.
    let process = match pidfd::open(Pid::from_raw(pid)) {
        Ok(process) => process,
        Err(Errno::ESRCH | Errno::EINVAL) => return (Seen::Nobody, None),
        Err(_) => return (Seen::Hidden, None),
    };
    let born = procfs::start_time(pid.unsigned_abs());
    if poll::has_input(process.as_fd()) {
        return (Seen::Nobody, None);
    }
    (born.map_or(Seen::Hidden, Seen::Born), Some(process))
}

fn read_status() -> Option<Status> {
    let (record, len) = read::<{ STATUS_LEN + 1 }>(STATUS)?;
    let record: &[u8; STATUS_LEN] = record[..len].try_into().ok()?;
    Some(Status::unpack(record))
}

/// The beginning of a file, and how long it is.
fn read<const MAX: usize>(path: &core::ffi::CStr) -> Option<([u8; MAX], usize)> {
    let mut bytes = [0; MAX];
    let file = file::open_read(path).ok()?;
    let len = fd::read(file, &mut bytes).ok()?;
    Some((bytes, len))
}
