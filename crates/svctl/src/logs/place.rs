//! Where the log of a service is: where its logger writes, which the kernel tells by its
//! open files; else where most people have it, in `log/main`.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use daemontools::procfs;
use daemontools::servicedir;
use daemontools::servicedir::status::{self, Length};
use daemontools::{Errno, errno};

use super::files::{self, CURRENT, PREVIOUS, PROCESSED};
use crate::service::{Service, c_path, path_of};

/// Why there is nothing to read.
#[derive(Debug)]
pub(crate) enum NoLog {
    /// It has no logger.
    None,
    /// Nothing tells where its logger writes.
    Unknown,
    /// The files can't be read.
    System(PathBuf, io::Error),
}

impl fmt::Display for NoLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("it has no logger"),
            Self::Unknown => f.write_str(
                "nothing tells where its log is: its logger has no file of a log open, \
                 and log/main holds no log",
            ),
            Self::System(path, error) => {
                write!(f, "unable to read {}: {}", path.display(), text(error))
            }
        }
    }
}

/// The text of the system's error.
pub(super) fn text(error: &io::Error) -> &'static str {
    errno::text(Errno::from_raw(error.raw_os_error().unwrap_or(0)))
}

/// The directory of a service's log.
pub(super) fn find(service: &Service) -> Result<PathBuf, NoLog> {
    let logger = match service.is_logger() {
        true => service.directory.clone(),
        false => service.directory.join("log"),
    };
    if !logger.is_dir() {
        return Err(NoLog::None);
    }
    if let Some(directory) = written_by_logger(&logger) {
        return Ok(directory);
    }
    let usual = logger.join("main");
    match holds_log(&usual) {
        Ok(true) => Ok(usual),
        Ok(false) => Err(NoLog::Unknown),
        Err(error) => Err(NoLog::System(usual, error)),
    }
}

/// Whether a directory holds a log. While multilog goes on to the next file, `current` is
/// not there for a moment: then that file has one of the other names. They are looked for
/// in the order in which a file gets them, so none is missed.
fn holds_log(directory: &Path) -> io::Result<bool> {
    for name in [CURRENT, PREVIOUS, PROCESSED] {
        match std::fs::symlink_metadata(directory.join(name)) {
            Ok(_) => return Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    match files::finished(directory) {
        Ok(names) => Ok(!names.is_empty()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Where the process of a logger has a file of a log open: the directory of the first, if
/// there are several. `None` if it does not run, or may not be looked at.
fn written_by_logger(logger: &Path) -> Option<PathBuf> {
    let path = c_path(&logger.join(path_of(servicedir::STATUS.to_bytes()))).ok()?;
    let status = status::read(&path, Length::AtLeast).ok()?;
    // A process with this pid that is no logger has no such file, or one of its own log.
    procfs::start_time(status.pid)?;
    let mut numbers: Vec<u32> = std::fs::read_dir(format!("/proc/{}/fd", status.pid))
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    numbers.sort_unstable();
    numbers.into_iter().find_map(|number| {
        let file = std::fs::read_link(format!("/proc/{}/fd/{number}", status.pid)).ok()?;
        let name = file.file_name()?.to_str()?;
        // While multilog goes on to the next file, this one has another name already, or none
        // is open. Its lock is always open.
        let is_of_log =
            matches!(name.split(' ').next()?, "lock" | CURRENT | PREVIOUS) || name.starts_with('@');
        let directory = file.parent()?;
        let is_there = is_of_log && holds_log(directory).unwrap_or(false);
        is_there.then(|| directory.to_owned())
    })
}
