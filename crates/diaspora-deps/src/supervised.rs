//! What supervise tells about services: the status of a service directory, and which
//! processes belong to a service.

use std::path::{Path, PathBuf};

use daemontools::servicedir::detail::{self, DETAIL_LEN, Detail, Stage};
use daemontools::servicedir::ok::{self, Accept};
use daemontools::servicedir::query::{self, QueryError};
use daemontools::servicedir::state::State;
use daemontools::servicedir::status::{self, Length, Status, Want};
use daemontools::unix::file;
use daemontools::{errno, procfs, servicedir};

use crate::config::Config;
use crate::name::Name;
use crate::probe::{self, Alive, Readiness};
use crate::read;

/// The status record of a service directory; `None` if there is none.
pub(crate) fn status(directory: &Path) -> Option<Status> {
    let path = read::c_path_in(directory, servicedir::STATUS).ok()?;
    status::read(&path, Length::Exact).ok()
}

/// The status of a service directory that has a supervise; `None` if it has none.
pub(crate) fn current_status(directory: &Path) -> Option<Status> {
    let path = read::c_path_in(directory, servicedir::OK).ok()?;
    match ok::is_supervised(&path, Accept::Fifo) {
        Ok(true) => status(directory),
        Ok(false) | Err(_) => None,
    }
}

/// The state of the service in this directory, and the facts that it was read from.
pub(crate) fn state(directory: &Path) -> Result<(State, Detail), QueryError> {
    let path = read::c_path(directory).map_err(QueryError::Directory)?;
    query::state_and_detail(&path)
}

/// Whether supervise has ended the restarts of a service: it has finished or failed.
pub(crate) fn has_outcome(directory: &Path) -> bool {
    state(directory).is_ok_and(|(state, _)| state.is_final())
}

/// Whether a service that was told to stop is down: without a process, not about to be
/// started, and its `finish` is over.
pub(crate) fn is_down(directory: &Path) -> bool {
    let is_told = |status: Status| status.pid == 0 && status.want == Want::Down;
    let finishing = State::Staged {
        up: false,
        stage: Stage::Finishing,
    };
    let changing = State::Changing { up: false };
    status(directory).is_some_and(is_told)
        && state(directory).is_ok_and(|(state, _)| state != finishing && state != changing)
}

/// Whether the process of a service runs that has lost its supervise.
pub(crate) fn runs_without_supervise(directory: &Path) -> bool {
    let Some(process) = detail(directory).process else {
        return false;
    };
    procfs::start_time(process.pid) == Some(process.start_time)
}

/// What supervise has written about a service; nothing where there is no such file.
pub(crate) fn detail(directory: &Path) -> Detail {
    let mut buffer = [0; DETAIL_LEN];
    Detail::parse(detail_text(directory, &mut buffer))
}

/// The number of starts of a service; `None` under the C original, which does not count them.
pub(crate) fn starts(directory: &Path) -> Option<u64> {
    let mut buffer = [0; DETAIL_LEN];
    let text = detail_text(directory, &mut buffer);
    let counted = detail::lines(text).any(|(name, _)| name == b"starts");
    counted.then(|| Detail::parse(text).starts)
}

fn detail_text<'a>(directory: &Path, buffer: &'a mut [u8; DETAIL_LEN]) -> &'a [u8] {
    let file =
        read::c_path_in(directory, servicedir::DETAIL).and_then(|path| file::open_read(&path));
    let text = file.and_then(|file| detail::read(file, buffer));
    text.unwrap_or_default()
}

/// The readiness of the service in this directory, as its supervise knows it.
pub(crate) fn readiness(directory: &Path) -> Readiness {
    let asked = read::c_path(directory)
        .map_err(QueryError::Directory)
        .and_then(|path| query::state_and_detail(&path));
    match asked {
        Ok((state, detail)) => probe::readiness(state, &detail),
        Err(QueryError::Directory(error)) => {
            Readiness::Down(format!("no service directory: {}", errno::text(error)))
        }
        Err(QueryError::File(file, error)) => {
            let file = file.to_string_lossy();
            Readiness::Down(format!("unable to read {file}: {}", errno::text(error)))
        }
    }
}

/// The same where the service says itself when it is ready; `None` where supervise does
/// not know of that, or can't be asked.
pub(crate) fn told_readiness(directory: &Path) -> Option<Readiness> {
    let path = read::c_path(directory).ok()?;
    let (state, detail) = query::state_and_detail(&path).ok()?;
    probe::told_readiness(state, &detail)
}

/// The one directory of a scan directory that is called as a service; `None` if there are
/// several.
pub(crate) fn directory(config: &Config, name: &Name, scan_directory: &Path) -> Option<PathBuf> {
    let mut named = directories(config, scan_directory, |found| found == name);
    named.next().filter(|_| named.next().is_none())
}

/// The directories of a scan directory, which need not exist, whose name is selected.
fn directories(
    config: &Config,
    scan_directory: &Path,
    is_selected: impl Fn(&Name) -> bool,
) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(scan_directory).into_iter();
    entries.flatten().flatten().filter_map(move |entry| {
        let name = config.find(&entry.file_name().to_string_lossy())?;
        is_selected(&name).then(|| entry.path())
    })
}

/// The processes that count as those of a service: the processes of its service
/// directories and their descendants. Without a status in any of them, every process counts.
pub(crate) struct Processes(Vec<PathBuf>);

impl Processes {
    /// Those of `service`. `directory` is the scan directory, which need not exist.
    pub(crate) fn new(config: &Config, service: &str, directory: &Path) -> Self {
        Self(directories(config, directory, |name| name.service == service).collect())
    }
}

impl Alive for Processes {
    fn is_alive(&self, pid: u32) -> bool {
        if procfs::start_time(pid).is_none() {
            return false;
        }
        let mut records = self.0.iter().filter_map(|path| status(path)).peekable();
        records.peek().is_none() || records.any(|record| belongs(pid, record.pid))
    }
}

/// Whether `pid` is `root` or descends from it.
fn belongs(mut pid: u32, root: u32) -> bool {
    for _ in 0..16 {
        if pid == root {
            return root != 0;
        }
        match parent(pid) {
            Some(parent) if parent > 1 => pid = parent,
            _ => return false,
        }
    }
    false
}

fn parent(pid: u32) -> Option<u32> {
    procfs::process(pid).ok().map(|process| process.parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_the_supervised_process_or_its_child() {
        let me = std::process::id();
        assert!(belongs(me, me));
        assert!(parent(me).is_some_and(|parent| belongs(me, parent)));
        assert!(!belongs(me, 0));
        assert!(Processes(Vec::new()).is_alive(me));
        assert!(!Processes(Vec::new()).is_alive(u32::MAX));
    }
}
