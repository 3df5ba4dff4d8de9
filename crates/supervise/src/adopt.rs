//! Taking over from a supervise that was killed: its service goes on under the same
//! pid, and what the operator wanted is still wanted.
//!
//! A pid alone proves nothing, it may be another process by now. The detail file
//! says when the process started and in which boot; where there is none, as after
//! the C original, the time in the record has to agree with the start time that the
//! kernel tells. What can't be proved is said, and then the service is started as
//! the reference would.

use std::os::fd::{AsFd, OwnedFd};

use daemontools::servicedir::{DETAIL, STATUS};
use daemontools::status::{STATUS_LEN, Status};
use daemontools::tai64n::Tai64n;
use daemontools::unix::clock::{self, Monotonic};
use daemontools::unix::process::Pid;
use daemontools::unix::{fd, file, pidfd, poll};
use daemontools::{Errno, procfs};

use crate::detail::{DETAIL_LEN, Detail, Identity};

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
    let boot = procfs::boot_id();
    let ours = detail.since >= Some(status.since.label());
    let in_charge = ours && boot.is_some() && detail.boot == boot;
    let rebooted = boot.is_some() && detail.boot.is_some() && detail.boot != boot;
    let legacy = match status.pid {
        0 if in_charge => Legacy::Ended(status),
        0 => Legacy::None,
        _ if rebooted => Legacy::None,
        pid => match find(&status, detail.identity.filter(|known| known.pid == pid)) {
            Proof::Same(alive) => Legacy::Alive(alive),
            Proof::Other if in_charge => Legacy::Ended(Status { pid: 0, ..status }),
            Proof::Other => Legacy::None,
            Proof::Missing => Legacy::Unproven(pid),
        },
    };
    (legacy, detail)
}

/// Whether the process of a record still lives.
enum Proof {
    Same(Alive),
    Other,
    Missing,
}

fn find(status: &Status, known: Option<Identity>) -> Proof {
    let Ok(pid) = i32::try_from(status.pid) else {
        return Proof::Other;
    };
    // The descriptor first: what is learned afterwards is about its process, as
    // long as that has not ended.
    let process = match pidfd::open(Pid::from_raw(pid)) {
        Ok(process) => process,
        Err(Errno::ESRCH | Errno::EINVAL) => return Proof::Other,
        Err(_) => return Proof::Missing,
    };
    let born = procfs::start_time(status.pid);
    if poll::has_input(process.as_fd()) {
        return Proof::Other;
    }
    let Some(born) = born else {
        return Proof::Missing;
    };
    let age = procfs::age(born);
    let same = match known {
        Some(known) => known.born == born,
        None => procfs::agrees(status.since, clock::wall(), age),
    };
    match (same, known) {
        (true, _) => Proof::Same(Alive {
            status: *status,
            process,
            born,
            started: Monotonic::now().before(age),
        }),
        (false, Some(_)) => Proof::Other,
        (false, None) if older_than_boot(status.since) => Proof::Other,
        (false, None) => Proof::Missing,
    }
}

/// Whether a record was written before this boot.
fn older_than_boot(since: Tai64n) -> bool {
    let uptime = i64::try_from(clock::since_boot().as_secs()).unwrap_or(i64::MAX);
    let margin = 1 + i64::try_from(procfs::TOLERANCE.as_secs()).unwrap_or(0);
    since.unix_seconds() < clock::wall().unix_seconds() - uptime - margin
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_before_the_boot_is_no_process_of_today() {
        assert!(older_than_boot(Tai64n::from_unix(0, 0)));
        assert!(!older_than_boot(clock::wall()));
    }
}
