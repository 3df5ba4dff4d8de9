//! Reading snapshots.

use core::ffi::CStr;

use daemontools::servicedir::detail::{self, DETAIL_LEN, Detail};
use daemontools::servicedir::query::{self, QueryError};
use daemontools::servicedir::state::State;
use daemontools::unix::file;
use daemontools::{Errno, procfs, servicedir, shares};

use super::facts::{Facts, Snapshot};
use crate::service::Service;

/// Reads one service.
pub(crate) fn read(service: &Service) -> Snapshot {
    let path = service.path().map_err(QueryError::Directory);
    path.and_then(|path| snapshot(&path))
        .unwrap_or_else(Snapshot::Unreadable)
}

/// Reads many services.
pub(crate) fn read_all(services: &[Service]) -> Vec<Snapshot> {
    shares::each(services, read)
}

fn snapshot(directory: &CStr) -> Result<Snapshot, QueryError> {
    let reading = query::reading(directory)?;
    if reading.state == State::Unsupervised {
        let leftover = leftover(directory);
        return Ok(Snapshot::Unsupervised { leftover });
    }
    let normally_down = exists(directory, servicedir::DOWN)?;
    Ok(Snapshot::Supervised(Facts::new(&reading, normally_down)))
}

fn exists(directory: &CStr, file: &'static CStr) -> Result<bool, QueryError> {
    match query::with_path(directory, file, file::stat)? {
        Ok(_) => Ok(true),
        Err(Errno::ENOENT) => Ok(false),
        Err(error) => Err(QueryError::File(file, error)),
    }
}

/// The process that a supervise has left, if it still runs: pid and start time tell it
/// from a later one.
fn leftover(directory: &CStr) -> Option<u32> {
    let opened = query::with_path(directory, servicedir::DETAIL, file::open_read);
    let file = opened.ok()?.ok()?;
    let mut buffer = [0; DETAIL_LEN];
    let detail = Detail::parse(detail::read(file, &mut buffer).ok()?);
    if detail.boot.is_none() || detail.boot != procfs::boot_id().ok()? {
        return None;
    }
    let process = detail.process?;
    let runs = procfs::start_time(process.pid) == Some(process.start_time);
    runs.then_some(process.pid)
}
