//! `supervise/ready`: the service has this file as a descriptor and writes a newline to it
//! when it is ready. It is a regular file: the newline is on disk, and a supervise that is
//! killed does not lose it.

use std::os::fd::OwnedFd;

use daemontools::buffer::Buffer;
use daemontools::servicedir::READY;
use daemontools::strerr::Decimal;
use daemontools::unix::fd;
use daemontools::unix::file::{self, Kind};
use daemontools::{Errno, Result, procfs};

/// How many bytes of the file are read.
const LENGTH: usize = 512;

/// Removes the file of an earlier process.
pub(super) fn forget() -> Result<()> {
    match file::unlink(READY) {
        Err(Errno::ENOENT) => Ok(()),
        other => other,
    }
}

/// In the child: makes the file anew.
pub(super) fn make() -> Result<OwnedFd> {
    file::create_exclusive(READY, 0o600)
}

/// Whether the newline was written.
pub(super) fn has_newline() -> bool {
    let mut text = [0; LENGTH];
    read(&mut text).is_ok_and(|count| text[..count].contains(&b'\n'))
}

fn read(text: &mut [u8]) -> Result<usize> {
    let file = file::open_read_nofollow(READY)?;
    let facts = file::fstat(&file)?;
    match facts.kind == Kind::Regular && facts.is_ours_alone() {
        true => fd::read(&file, text),
        false => Ok(0),
    }
}

/// Whether a process surely does not have the file as descriptor `number` any more.
pub(super) fn is_closed(pid: u32, number: u8) -> bool {
    let mut entry = Buffer::<8>::new();
    entry.push_cut(b"fd/");
    entry.push_cut(Decimal::new(u64::from(number)).as_bytes());
    match (
        procfs::entry_target(pid, entry.as_bytes()),
        file::lstat(READY),
    ) {
        (Ok(target), Ok(facts)) => target != facts.identity,
        (Err(Errno::ENOENT), Ok(_)) => procfs::start_time(pid).is_some(),
        _ => false,
    }
}
