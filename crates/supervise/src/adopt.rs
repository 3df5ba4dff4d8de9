//! Taking over from a supervise that was killed: its service goes on under the same
//! pid, and what the operator wanted is still wanted.
//!
//! A pid alone proves nothing, it may be another process by now. The detail file
//! says when the process started and in which boot; where there is none, as after
//! the C original, the time in the record has to agree with the start time that the
//! kernel tells. What can't be proved is said, and then the service is started as
//! the reference would.

use core::time::Duration;
use std::os::fd::{AsFd, OwnedFd};

use daemontools::servicedir::{DETAIL, STATUS};
use daemontools::status::{STATUS_LEN, Status};
use daemontools::tai64n::Tai64n;
use daemontools::unix::clock::{self, Monotonic};
use daemontools::unix::process::Pid;
use daemontools::unix::{fd, file, pidfd, poll};
use daemontools::{Errno, procfs};

use crate::detail::{DETAIL_MAX, Detail, Identity};

/// Clock ticks of `/proc` in a second: fixed for programs, whatever the kernel's
/// own are.
const TICKS: u64 = 100;

/// How far the record's time and the process's start may be apart where the record
/// is all there is. It is written right after the fork, but on a busy machine
/// "right after" takes its time. A pid is not used twice within a second.
const TOLERANCE: Duration = Duration::from_secs(1);

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
    let detail = read::<DETAIL_MAX>(DETAIL)
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
    let age = clock::since_boot().saturating_sub(since_boot(born));
    let same = match known {
        Some(known) => known.born == born,
        None => agrees(status.since, clock::wall(), age),
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

/// The time since boot of a start time in ticks.
fn since_boot(born: u64) -> Duration {
    Duration::from_millis(born.saturating_mul(1000 / TICKS))
}

/// Whether a record's time is when a process that is `age` old was started.
fn agrees(since: Tai64n, now: Tai64n, age: Duration) -> bool {
    let nanos =
        |time: Tai64n| i128::from(time.unix_seconds()) * 1_000_000_000 + i128::from(time.nanos);
    let Ok(age) = i128::try_from(age.as_nanos()) else {
        return false;
    };
    (nanos(now) - age - nanos(since)).unsigned_abs() <= TOLERANCE.as_nanos()
}

/// Whether a record was written before this boot.
fn older_than_boot(since: Tai64n) -> bool {
    let uptime = i64::try_from(clock::since_boot().as_secs()).unwrap_or(i64::MAX);
    let margin = 1 + i64::try_from(TOLERANCE.as_secs()).unwrap_or(0);
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
    fn a_record_agrees_with_a_start_within_a_second() {
        let now = Tai64n::from_unix(1000, 500_000_000);
        let age = Duration::from_millis(100_010);
        for (seconds, nanos, same) in [
            (900, 490_000_000, true),
            (900, 0, true),
            (901, 480_000_000, true),
            (899, 480_000_000, false),
            (901, 500_000_000, false),
            (i64::MIN, 0, false),
        ] {
            let since = Tai64n::from_unix(seconds, nanos);
            assert_eq!(agrees(since, now, age), same, "{seconds}.{nanos}");
        }
    }

    #[test]
    fn what_was_written_before_the_boot_is_no_process_of_today() {
        assert!(older_than_boot(Tai64n::from_unix(0, 0)));
        assert!(!older_than_boot(clock::wall()));
    }
}
