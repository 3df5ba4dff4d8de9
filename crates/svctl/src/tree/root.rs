//! Which directory holds the tree.

use std::path::PathBuf;

use daemontools::procfs;

/// The scan directory of a system that says nothing else.
const DEFAULT: &str = "/etc/service";

/// The directory that was given, else `$SVDIR`, else that of process 1 if it is ours, else
/// the default.
pub(super) fn find(given: Option<PathBuf>) -> PathBuf {
    given
        .or_else(from_environment)
        .or_else(of_process_one)
        .unwrap_or_else(|| PathBuf::from(DEFAULT))
}

fn from_environment() -> Option<PathBuf> {
    let directory = std::env::var_os("SVDIR")?;
    (!directory.is_empty()).then(|| PathBuf::from(directory))
}

/// The directory that process 1, or its svscan, looks after: in a container, for example.
fn of_process_one() -> Option<PathBuf> {
    let is = |pid, name: &[u8]| procfs::has_name(pid, name) == Ok(true);
    let svscan = match () {
        () if is(1, b"svscan") || is(1, b"svinit") => 1,
        () if is(1, b"svscanboot") => {
            let mut child = None;
            let look = |process: procfs::Process| {
                if process.parent == 1 && is(process.pid, b"svscan") {
                    child = Some(process.pid);
                }
            };
            procfs::each_process(look).ok()?;
            child?
        }
        () => return None,
    };
    std::fs::read_link(format!("/proc/{svscan}/cwd")).ok()
}
